"""Analyses of stored sweeps: what decides a result, by how much, and in which part of the space of doubt."""
