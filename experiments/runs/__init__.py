"""One run: its worlds simulated, its tables, code book, summary and manifest written."""
