"""Statistics of rated answers: the case is the unit, and a value that cannot be computed is ``None``."""
