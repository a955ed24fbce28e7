"""Sweeps: a study planned, computed by one machine or many, and stored so that nothing is lost."""
