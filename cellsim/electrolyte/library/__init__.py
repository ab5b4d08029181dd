"""Published electrolytes, one module each, found by name through `cellsim.registry`."""
