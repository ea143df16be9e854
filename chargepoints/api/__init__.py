"""The operator's REST API: one module for each noun, its shapes in `schemas`. No logic: selectors and services."""
