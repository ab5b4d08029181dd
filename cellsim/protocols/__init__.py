"""What is done to a cell, step by step."""
