"""How fast a file of a million rows comes in, beside the straightforward way and beside the limit."""
