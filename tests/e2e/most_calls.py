"""How many AWS calls an onboarding makes at most, on every tier."""

MOST_CALLS = {"pool": 26, "bridge": 29, "silo": 34}
MORE_ELSEWHERE = 1
"""In another Region than home: whether the trigger is there."""
