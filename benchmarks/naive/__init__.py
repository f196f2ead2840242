"""The baseline: the Django app that a good developer writes in a day, on the same PostgreSQL, Redis and Granian.

Not made slow on purpose: its columns that are looked up have indexes, its connections persist, its logs are quiet, its
task is one transaction. It differs from ours in one thing: it works row by row, with the tools' usual defaults.
"""
