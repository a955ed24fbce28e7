"""Minds: who decides what, from what, by which rule."""
