"""Published cells, one file each. A file is found by its name; `cell()` in it makes the cell."""
