"""The adapter's function."""
