"""From a model and a step to a solution."""
