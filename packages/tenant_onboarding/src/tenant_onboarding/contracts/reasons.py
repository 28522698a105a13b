"""Why an event is rejected: each wrong field by its path, in words that repeat nothing of its values."""

import re
from collections.abc import Iterator

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from tenant_onboarding.contracts.base import Contract
from tenant_onboarding.contracts.identity_providers import PROVIDER_TYPES

WORDS = {
    "bool_type": "must be true or false",
    "dict_type": "must be a JSON object",
    "extra_forbidden": "is not a field of this event; remove it",
    "greater_than_equal": "must be at least {ge}",
    "int_type": "must be a whole number",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a JSON array",
    "literal_error": "must be {expected}",
    "missing": "is required",
    "model_attributes_type": "must be a JSON object",
    "model_type": "must be a JSON object",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must not be empty",
    "string_type": "must be a string",
    "string_unicode": "must be valid Unicode",
    "too_long": "must have at most {max_length} items",
    "too_short": "must not be empty",
    "union_tag_invalid": f"must be one of {', '.join(PROVIDER_TYPES)}",
    "union_tag_not_found": "is required",
}
"""What we say for pydantic's error types; in braces a limit of the model, never what was received."""
KEY = "[key]"
"""What pydantic adds to the location of a refused key of an object; the key itself comes before."""
FIELD_NAME = re.compile(r"[A-Za-z0-9_:-]{1,64}")
REASONS_MAX = 50
TEXT_MAX = 300


class Reason(Contract):
    """One reason why an event was rejected: the field's path, and what would be right."""

    field: str
    message: str


def reasons(error: ValidationError) -> list[Reason]:
    """Return what was wrong with an event."""
    return [_reason(detail) for detail in error.errors(include_url=False, include_input=False)[:REASONS_MAX]]


def between_fields(piece: Contract, *place: str | int) -> Iterator[Reason]:
    """Yield what is wrong between fields of an event that was read without its rules, as a stored one is."""
    for name, field in type(piece).model_fields.items():
        value = getattr(piece, name)
        below = (*place, field.alias or name)
        if isinstance(value, Contract):
            yield from between_fields(value, *below)
        for index, each in enumerate(value if isinstance(value, list) else ()):
            if isinstance(each, Contract):
                yield from between_fields(each, *below, index)
    for rule in type(piece).__pydantic_decorators__.model_validators.values():
        try:
            rule.func(piece)
        except PydanticCustomError as error:
            within = (error.context or {}).get("field", ())
            yield Reason(field=_path((*place, *within)) or "detail", message=error.message()[:TEXT_MAX])


def _reason(detail: ErrorDetails) -> Reason:
    context = detail.get("ctx", {})
    words = WORDS.get(detail["type"])
    message = words.format_map(context) if words else detail["msg"]
    field = _path((*detail["loc"], *_within(detail["type"], context)))
    return Reason(field=field or "detail", message=message[:TEXT_MAX])


def _within(error_type: str, context: dict[str, tuple[str | int, ...]]) -> tuple[str | int, ...]:
    """Return the way from what was refused to the field that is to blame."""
    return ("type",) if error_type.startswith("union_tag") else context.get("field", ())


def _path(location: tuple[str | int, ...]) -> str:
    """Return a field's path; a made-up name that looks like no field's is not repeated, for it may be anybody's."""
    parts = [
        part
        for index, part in enumerate(location)
        # A provider's type, by which its model is chosen, is no field.
        if part != KEY and not (part in PROVIDER_TYPES and index and isinstance(location[index - 1], int))
    ]
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{_field_name(part)}" for part in parts)
    return path.removeprefix(".")[:TEXT_MAX]


def _field_name(name: str) -> str:
    return name if FIELD_NAME.fullmatch(name) else "(unreadable name)"
