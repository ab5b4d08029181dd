"""What a result depends on, and how much."""
