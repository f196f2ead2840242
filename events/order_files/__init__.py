"""Reads files of orders for `manage.py import_orders`: docs/import.md.

forms       what kind of file it is, how its text is encoded, what separates its columns
tables      the file as rows, one at a time
names       which column means what, by its name alone
mapping     the same as the operator wants it: columns, statuses, constants, how dates and amounts are written
assembly    rows into orders, an order's items being rows of their own
survey      a first pass: how much there is, and what would go wrong half-way
applying    orders through Add orders, each once; the dry run
journal     how far an import has come
refusals    what was refused, as a file for the spreadsheet it came from
importing   all of it, in order
"""
