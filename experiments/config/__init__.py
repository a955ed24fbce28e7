"""From conf to frozen records: composed, checked, drawn."""
