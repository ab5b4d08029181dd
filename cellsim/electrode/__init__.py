"""Laws at a point of solid or of its interface with the solution."""
