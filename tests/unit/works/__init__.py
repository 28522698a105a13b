"""A third kind of work, which only the tests know, and what holds of every kind that is on the list."""
