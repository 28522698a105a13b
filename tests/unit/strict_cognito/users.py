"""Users and their attributes."""

import string
from typing import Any

from tests.unit.strict_cognito.call import Call, RefusalError


def attributes_are_in_the_schema(call: Call) -> None:
    """An attribute is a standard one or in the user pool's schema [I: aws-amplify/amplify-js#2167]."""
    for name, _ in _attributes(call):
        if call.attribute(name) is None:
            raise RefusalError(
                f"Attributes did not conform to the schema: {name}: Attribute does not exist in the schema."
            )


def immutable_attributes_stay(call: Call) -> None:
    """An immutable attribute is written only when the user is created [M: Mutable; I: aws-amplify/amplify-js#3526]."""
    for name, _ in _attributes(call):
        attribute = call.attribute(name)
        if attribute and not attribute.mutable:
            raise RefusalError(f"user.{name}: Attribute cannot be updated.")


def values_fit_their_length(call: Call) -> None:
    """A text has the length that the schema allows; an update to nothing deletes [M]."""
    for name, value in _attributes(call):
        attribute = call.attribute(name)
        bounds = (attribute and attribute.string_constraints) or {}
        deletes = call.operation == "AdminUpdateUserAttributes" and not value
        if not deletes and not int(bounds.get("MinLength", 0)) <= len(value) <= int(bounds.get("MaxLength", 2048)):
            raise RefusalError(f"Attributes did not conform to the schema: {name}: String length is out of bounds.")


def a_temporary_password_meets_the_policy(call: Call) -> None:
    """A temporary password meets the user pool's policy [M: TemporaryPassword]; symbols are those of [D: passwords]."""
    password = call.body.get("TemporaryPassword")
    policy: dict[str, Any] = call.pool.extended_config.get("Policies", {}).get("PasswordPolicy", {})
    required = {
        "RequireUppercase": string.ascii_uppercase,
        "RequireLowercase": string.ascii_lowercase,
        "RequireNumbers": string.digits,
        "RequireSymbols": string.punctuation,
    }
    lacks = [
        name for name, characters in required.items() if policy.get(name) and not set(password or "") & {*characters}
    ]
    if password and (lacks or len(password) < policy.get("MinimumLength", 8)):
        raise RefusalError("Password did not conform with policy", "InvalidPasswordException")


def _attributes(call: Call) -> list[tuple[str, str]]:
    return [(each["Name"], each.get("Value", "")) for each in call.body.get("UserAttributes", [])]
