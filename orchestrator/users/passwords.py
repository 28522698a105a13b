"""Passwords: what a tenant's policy asks of one, so that it is judged before Amazon Cognito is asked.

As docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html has it.
"""

import string
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenant_onboarding.contracts.tenant_created import PasswordPolicy

MAXIMUM_LENGTH = 256
SYMBOLS = frozenset("^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- ")
"""What Cognito counts as symbols; a space only where it is neither first nor last, and there is none there."""

REFUSED_BY_COGNITO = ("InvalidPasswordException", "PasswordHistoryPolicyViolationException")
"""Of the tenant's policy it may know more than we: former passwords, or what somebody has set by hand."""
NOT_TAKEN = "It must be another one: it was used before, or breaks a rule that was set in Amazon Cognito."


class PasswordRefusedError(Exception):
    """The tenant's policy does not take the password; `rules` says what it lacks, a sentence each."""

    def __init__(self, rules: list[str]) -> None:
        super().__init__()
        self.rules = rules


def broken_rules(password: str, policy: "PasswordPolicy") -> list[str]:
    """Return what a password lacks, a sentence each, as whoever chose it is told; none if the policy takes it."""
    wanted = [
        (len(password) >= policy.minimum_length, f"It must have at least {policy.minimum_length} characters."),
        (len(password) <= MAXIMUM_LENGTH, f"It must have at most {MAXIMUM_LENGTH} characters."),
        (password == password.strip(), "It must neither begin nor end with a space."),
        (not any(map(_controls, password)), "It must have no line break or other control character."),
        (not policy.require_lowercase or _has(password, string.ascii_lowercase), "It must have a lower-case letter."),
        (not policy.require_uppercase or _has(password, string.ascii_uppercase), "It must have an upper-case letter."),
        (not policy.require_numbers or _has(password, string.digits), "It must have a digit."),
        (not policy.require_symbols or _has(password, SYMBOLS), "It must have a symbol, such as ! or -."),
    ]
    return [rule for holds, rule in wanted if not holds]


def _controls(character: str) -> bool:
    return unicodedata.category(character) == "Cc"


def _has(password: str, characters: "str | frozenset[str]") -> bool:
    return not set(password).isdisjoint(characters)
