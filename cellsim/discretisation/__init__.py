"""Grids, and where the unknowns live. Knows no battery word."""
