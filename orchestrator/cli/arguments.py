"""What arguments and options may look like: judged by their form, before anybody is asked."""

import re
from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter, ValidationError

from orchestrator.aws import digits
from orchestrator.identity.shared_pools import POOL_KEY
from orchestrator.users.statuses import ROLE
from tenant_onboarding.contracts.fields import TENANT_ID_PATTERN, EmailAddress, Name

STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
"""CloudFormation: what a stack may be called."""
EVENT_ID = re.compile(r"[!-~]{1,128}")
LONGEST_NAME = 200
USER_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def whole(least: int, most: int | None = None) -> Callable[[object], int]:
    """Return what reads a whole number, in digits, between two; it raises ValueError."""

    def read(value: object) -> int:
        _not_negative(value, least)
        number = int(str(digits.whole(value)))
        if number < least or (most is not None and number > most):
            raise ValueError(f"{number} {_not_between(least, most)}")
        return number

    return read


def fraction(least: float, most: float) -> Callable[[object], float]:
    """Return what reads a number, in digits with at most one point, between two; it raises ValueError."""

    def read(value: object) -> float:
        _not_negative(value, least)
        number = float(str(digits.fraction(value)))
        if not least <= number <= most:
            raise ValueError(f"{number:g} {_not_between(least, most)}")
        return number

    return read


def completed(*values: str) -> Callable[[str], list[str]]:
    """Return what completes a word by those of the values that begin so; it asks nobody."""

    def complete(incomplete: str) -> list[str]:
        return [each for each in values if each.startswith(incomplete)]

    return complete


def tenant_id(value: str) -> str:
    """Return a tenant's id; raises ValueError for what none ever was, so that nobody looks for it."""
    if not re.fullmatch(TENANT_ID_PATTERN, value) or "\n" in value:
        raise ValueError(f"{value!r} must be 2 to 40 characters, each a letter a-z, a digit or a hyphen")
    return value


def stack(value: str) -> str:
    """Return the name of a stack; raises ValueError."""
    if not STACK.fullmatch(value):
        raise ValueError(f"{value!r} must be a letter, then at most 127 letters, digits and hyphens")
    return value


def pool_key(value: str) -> str:
    """Return the key of a shared user pool; raises ValueError."""
    if not POOL_KEY.fullmatch(value):
        raise ValueError(f"{value!r} must be like shared-001")
    return value


def event_id(value: str) -> str:
    """Return the id of an event, or of a message; raises ValueError."""
    if not EVENT_ID.fullmatch(value):
        raise ValueError(f"{value!r} must be 1 to 128 characters without spaces")
    return value


def email(value: str) -> str:
    """Return an email address in lower case, as it signs in; raises ValueError."""
    if not EMAIL.fullmatch(value):
        raise ValueError(f"{value!r} must be an email address, like operator@ops.example")
    return value.lower()


def person(value: str) -> str:
    """Return a person's email address as events take one, in lower case; raises ValueError."""
    return _valid(EmailAddress, value)


def person_or_id(value: str) -> str:
    """Return a person's email address, or the id of a user; raises ValueError."""
    if "@" in value:
        return person(value)
    if not USER_ID.fullmatch(value):
        raise ValueError(f"{value!r} must be an email address or the id of a user")
    return value


def person_name(value: str) -> str:
    """Return what a person is called; raises ValueError."""
    if not 0 < len(value) <= LONGEST_NAME:
        raise ValueError(f"{value[:LONGEST_NAME]!r} must have 1 to {LONGEST_NAME} characters")
    return _valid(Name, value)


def role(value: str) -> str:
    """Return what somebody may do in a tenant, in the product's own words; raises ValueError."""
    if not ROLE.fullmatch(value):
        raise ValueError(f"{value!r} must be a letter, then at most 63 letters, digits, hyphens and underscores")
    return value


def _valid(kind: Any, value: str) -> str:  # Any: an annotated type
    try:
        return str(TypeAdapter(kind).validate_python(value))
    except ValidationError as error:
        raise ValueError(f"{value!r} {error.errors()[0]['msg']}") from None


def _not_negative(value: object, least: float) -> None:
    """Raise ValueError for a number below 0, which is not said to be no number."""
    if re.fullmatch(r"-[0-9]+(\.[0-9]+)?", str(value)):
        raise ValueError(f"{value} must be {least:g} or more")


def _not_between(least: float, most: float | None) -> str:
    return f"must be {least} or more" if most is None else f"must be from {least} to {most}"
