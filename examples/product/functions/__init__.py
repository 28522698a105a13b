"""The two functions of the sample product; each needs nothing but the standard library."""
