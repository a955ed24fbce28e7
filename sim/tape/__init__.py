"""A month written down once as array operations and played for every block of worlds (decision 50)."""
