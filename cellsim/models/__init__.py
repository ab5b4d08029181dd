"""Cell models: each states its unknowns and its equations; nothing else knows them."""
