"""One lever at a time, every world against itself."""
