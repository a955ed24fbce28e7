"""The whole answer on one page that needs nothing else: question, tables, figures, claims, configuration."""
