"""The lengths, patterns and values that the service model states; the SDK checks only the minimum of a length."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel

from tests.unit.strict_cognito.call import Call, RefusalError

OF_EACH_CATEGORY = {"L": "é", "M": "\u0301", "N": "½", "P": "«", "S": "€", "Z": "\u00a0", "C": "\u0080"}
"""A character beyond ASCII for each major category of Unicode."""
OF_PREFIX_DOMAINS_ONLY = "DomainType"
"""The model forbids the dots that every custom domain has."""


def a_request_fits_the_service_model(call: Call) -> None:
    """Every value has the length, range, pattern and choice that the model states [M].

    User pools and app clients are thereby named in ASCII letters, digits, spaces and `_+=,.@-`, ≤ 128; that letters
    beyond ASCII are refused, as Java's `\\w` would, is NC. Groups and users: anything visible, ≤ 128. Identity
    providers: 3 to 32 visible characters, `_` only as the second. Their identifiers: like user pools without the
    comma, ≤ 40, and ≤ 50 of them.
    """
    shape = _service().operation_model(call.operation).input_shape
    for path, constraint in _violations(shape, call.body, call.operation):
        raise RefusalError(f"1 validation error detected: Value at '{path}' failed to satisfy constraint: {constraint}")


@cache
def _service() -> ServiceModel:
    return botocore.session.get_session().get_service_model("cognito-idp")


def _violations(shape: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    yield from ((path, constraint) for constraint in _broken(shape, value))
    if shape.type_name == "structure":
        for name, member in value.items():
            if name in shape.members:
                yield from _violations(shape.members[name], member, name)
    elif shape.type_name == "list":
        for number, member in enumerate(value, start=1):
            yield from _violations(shape.member, member, f"{path}.{number}.member")
    elif shape.type_name == "map":
        for key, member in value.items():
            yield from _violations(shape.key, key, path)
            yield from _violations(shape.value, member, f"{path}.{key}")


def _broken(shape: Any, value: Any) -> Iterator[str]:
    limits = shape.metadata
    if shape.name == OF_PREFIX_DOMAINS_ONLY or shape.type_name in {"structure", "boolean"}:
        return
    size, measure = (value, "value") if isinstance(value, int) else (len(value), "length")
    if size < limits.get("min", size):
        yield f"Member must have {measure} greater than or equal to {limits['min']}"
    if size > limits.get("max", size):
        yield f"Member must have {measure} less than or equal to {limits['max']}"
    if "enum" in limits and value not in limits["enum"]:
        yield f"Member must satisfy enum value set: {limits['enum']}"
    if "pattern" in limits and not _pattern(limits["pattern"]).fullmatch(_by_category(value)):
        yield f"Member must satisfy regular expression pattern: {limits['pattern']}"


@cache
def _pattern(java: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\p\{(\w)\}", lambda named: _members(named[1]), java), re.ASCII)


def _members(category: str) -> str:
    own = [character for character in map(chr, range(128)) if unicodedata.category(character)[0] == category]
    return re.escape("".join(own)) + OF_EACH_CATEGORY[category]


def _by_category(value: str) -> str:
    """Return a text with one character standing for all of its category beyond ASCII; Python's `re` knows no others."""
    return "".join(each if each.isascii() else OF_EACH_CATEGORY[unicodedata.category(each)[0]] for each in value)
