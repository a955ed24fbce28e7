"""How fast the laboratory is, beside others who do the same and beside the machine's own limit."""
