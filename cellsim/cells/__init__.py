"""Cells as trees of parameters."""
