"""The ids that we give users and requests: ULIDs, which say nothing of whose they are."""

import secrets
import time

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32, as github.com/ulid/spec has it: no letter that is read as a digit or as another."""
CHARACTERS = 26
RANDOM_BITS = 80


def new_ulid() -> str:
    """Return a ULID: the milliseconds of now in ten characters, by which ids sort, then 80 random bits in sixteen."""
    number = time.time_ns() // 1_000_000 << RANDOM_BITS | secrets.randbits(RANDOM_BITS)
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(CHARACTERS)))
