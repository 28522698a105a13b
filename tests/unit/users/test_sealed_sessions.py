"""A sealed session is good as it was given, to whom it was given, for fifteen minutes, and in no other way."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest

from orchestrator.users.sealed_sessions import MOST_CHARACTERS, Challenged, SealBrokenError, seal, unseal

KEY, NOW = "a key", 1_764_000_000.0
LONGEST = Challenged("t" * 40, "u" * 128, "NEW_PASSWORD_REQUIRED", "s" * 2_048)
"""A tenant's id has at most 40 characters, a user name 128, Cognito's session 2,048."""
CHALLENGED = Challenged("acme", "acme/jane@acme.example", "MFA_SETUP", "of Cognito")


def broken(text: str, key: str = KEY, now: float = NOW) -> bool:
    """Tell whether a text is no session."""
    try:
        unseal([key], text, now)
    except SealBrokenError:
        return True
    return False


@pytest.mark.parametrize("challenged", [CHALLENGED, LONGEST], ids=["short", "longest"])
def test_what_is_sealed_is_opened_again(challenged: Challenged) -> None:
    sealed = seal(KEY, challenged, NOW)
    assert len(sealed) < MOST_CHARACTERS
    assert unseal(["another", KEY], sealed, NOW + 15 * 60 - 1) == challenged


def test_it_ends() -> None:
    sealed = seal(KEY, CHALLENGED, NOW)
    assert not broken(sealed, now=NOW + 15 * 60 - 1)
    assert broken(sealed, now=NOW + 15 * 60)


def test_two_are_never_alike_and_say_nothing() -> None:
    one, other = seal(KEY, CHALLENGED, NOW), seal(KEY, CHALLENGED, NOW)
    assert one != other
    whole = urlsafe_b64decode(one + "=" * (-len(one) % 4))
    for part in (b"acme", b"jane", b"MFA", b"Cognito"):
        assert part not in whole


def test_a_change_anywhere_breaks_it() -> None:
    sealed = seal(KEY, CHALLENGED, NOW)
    whole = urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        assert broken(urlsafe_b64encode(changed).decode().rstrip("="))
    for end in range(0, len(sealed), 4):
        assert broken(sealed[:end])


@pytest.mark.parametrize("text", ["", "a", "é", "\ud800", "A" * MOST_CHARACTERS, "A" * 100_000, "=" * 8, "not base64!"])
def test_whatever_else_is_none(text: str) -> None:
    assert broken(text)


def test_another_key_opens_none() -> None:
    assert broken(seal("another", CHALLENGED, NOW))
