"""A temporary password meets every policy that a user pool may have, and survives being mailed and copied."""

import string

import pytest

from orchestrator.identity.temporary_passwords import MINIMUM_LENGTH, SYMBOLS, temporary_password

KINDS = (string.ascii_uppercase, string.ascii_lowercase, string.digits, SYMBOLS)
COGNITO_SYMBOLS = set("^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+=")
"""What Amazon Cognito counts as a symbol."""


@pytest.mark.parametrize(("asked", "length"), [(0, 16), (8, 16), (16, 16), (17, 17), (99, 99)])
def test_a_password_is_as_long_as_the_policy_asks_and_never_short(asked: int, length: int) -> None:
    assert {len(temporary_password(asked)) for _ in range(50)} == {length}


@pytest.mark.parametrize("length", [MINIMUM_LENGTH, 99])
def test_a_password_has_every_kind_of_character_and_no_other(length: int) -> None:
    for _ in range(200):
        password = temporary_password(length)
        assert all(set(password) & set(kind) for kind in KINDS)
        assert set(password) <= set("".join(KINDS))


def test_cognito_counts_every_symbol_as_one() -> None:
    assert set(SYMBOLS) <= COGNITO_SYMBOLS


@pytest.mark.parametrize("character", "<>&\"'`\\ ")
def test_no_character_changes_in_html_or_on_the_way_to_the_clipboard(character: str) -> None:
    assert character not in SYMBOLS


def test_no_two_passwords_are_alike_and_no_place_is_reserved_for_a_kind() -> None:
    draws = [temporary_password() for _ in range(200)]
    assert len(set(draws)) == 200
    for kind in KINDS:
        assert any(password[0] in kind for password in draws)
