"""The lines of the matrix, by what they are about."""
