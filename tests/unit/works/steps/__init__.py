"""The two steps of a greeting."""
