"""A password is judged by the tenant's policy as Amazon Cognito judges it, so that nobody is refused half-way."""

import string

import pytest

from orchestrator.users.passwords import MAXIMUM_LENGTH, SYMBOLS, broken_rules
from tenant_onboarding.contracts.tenant_created import PasswordPolicy
from tests.sdk import model_of

GOOD = "Correct-Horse-7"
DEFAULT = PasswordPolicy()
NONE = PasswordPolicy.model_validate(
    {"minimumLength": 8} | {f"require{kind}": False for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols")}
)


def test_a_good_one_breaks_no_rule() -> None:
    assert broken_rules(GOOD, DEFAULT) == []


@pytest.mark.parametrize(
    ("password", "lacks"),
    [
        ("Correct-7", "at least 12 characters"),
        ("Correct-Horse-7\nBattery", "no line break"),
        ("C" * MAXIMUM_LENGTH + "-7c", "at most 256 characters"),
        (f" {GOOD}", "neither begin nor end with a space"),
        (f"{GOOD}\t", "neither begin nor end with a space"),
        (GOOD.upper(), "a lower-case letter"),
        (GOOD.lower(), "an upper-case letter"),
        ("Correct-Horse-X", "a digit"),
        ("CorrectHorse777", "a symbol"),
        ("ÀÉÎÕÜàéîõü-7777", "a lower-case letter"),
    ],
)
def test_each_rule_says_what_is_lacking(password: str, lacks: str) -> None:
    assert any(lacks in rule for rule in broken_rules(password, DEFAULT))


def test_a_policy_asks_for_no_more_than_it_says() -> None:
    assert broken_rules("longenough", NONE) == []
    assert broken_rules("short", NONE) == ["It must have at least 8 characters."]


def test_the_symbols_are_those_of_ascii_and_the_space() -> None:
    assert {*string.punctuation, " "} == SYMBOLS


def test_no_longer_one_is_offered_than_cognito_takes() -> None:
    assert model_of("cognito-idp").shape_for("PasswordType").metadata["max"] == MAXIMUM_LENGTH
