"""One file for each measure of the table; each is a function from a Bench to rows."""
