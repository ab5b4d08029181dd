"""Time integration and the linear algebra that it needs."""
