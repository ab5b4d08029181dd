"""Parameters that move: towards data, or towards a better cell."""
