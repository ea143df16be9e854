"""The acceptance test of a charge point as rules: facts in, verdict out. Pure."""
