"""File formats of measured records: one module each, with a `FORMAT`. A file put here is a format that is known."""
