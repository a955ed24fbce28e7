"""What is stored, read again: found, asked, compared, explained, drawn."""
