"""A stored request is read back as it was taken: what a later contract would refuse is no reason to lose a tenant.

Nothing is judged. Fields that this version does not know are left out, as those of a later one are after a roll-back.
"""

import json
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

from pydantic import ConfigDict, TypeAdapter, ValidationError

from tenant_onboarding.contracts.base import Contract
from tenant_onboarding.contracts.tenant_created import Security, TenantCreated

Model = TypeVar("Model", bound=Contract)


class UnreadableError(ValueError):
    """A stored request lacks what this version cannot do without; `field` says what, by its path."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(field)


Leaf = Callable[[Any, Any], Any]  # Any: an annotation, and JSON
"""Returns what is kept of a value of a kind."""


def read(stored: str) -> TenantCreated:
    """Return a request from its stored JSON; raises UnreadableError if a field that is required is not there."""
    return _read(TenantCreated, stored, "")


def read_security(stored: str) -> Security:
    """Return security settings from their stored JSON; raises UnreadableError as `read` does."""
    return _read(Security, stored, "security")


def _read(model: type[Model], stored: str, path: str) -> Model:
    try:
        detail = json.loads(stored)
    except ValueError:
        raise UnreadableError(path or "detail") from None
    return _contract(model, detail, path, lambda _, value: value)


def put_right(detail: Any) -> TenantCreated:  # Any: JSON
    """Return a request of which some values break today's rules: those stay as they are, the others get their form.

    Raises UnreadableError.
    """
    return _contract(TenantCreated, detail, "", _in_todays_form)


def _in_todays_form(kind: Any, value: Any) -> Any:  # Any: as above
    try:
        return TypeAdapter(kind, config=ConfigDict(strict=True)).validate_python(value)
    except ValidationError:
        return value


def _contract(model: type[Model], value: Any, path: str, leaf: Leaf) -> Model:
    if not isinstance(value, dict):
        raise UnreadableError(path or "detail")
    values = {}
    for name, field in model.model_fields.items():
        alias = field.alias or name
        below = f"{path}.{alias}".removeprefix(".")
        if alias in value:
            kind = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
            values[name] = _value(kind, value[alias], below, leaf)
        elif field.is_required():
            raise UnreadableError(below)
    return cast("Model", model.model_construct(set(values), **values))


def _value(kind: Any, value: Any, path: str, leaf: Leaf) -> Any:  # Any: an annotation, and JSON
    inner = _inner(kind, value, path)
    if value is None or inner is None:
        return None
    if get_origin(inner) is list:
        if not isinstance(value, list):
            raise UnreadableError(path)
        return [_value(get_args(inner)[0], each, f"{path}[{index}]", leaf) for index, each in enumerate(value)]
    if isinstance(inner, type) and issubclass(inner, Contract):
        return _contract(inner, value, path, leaf)
    return leaf(kind, value)


def _inner(kind: Any, value: Any, path: str) -> Any:
    """Return the type that a value is of, without what is asked of it."""
    while True:
        origin, arguments = get_origin(kind), get_args(kind)
        if origin is Annotated:
            kind = arguments[0]
        elif origin in (Union, UnionType):
            kind = _one_of(arguments, value, path)
        else:
            return kind


def _one_of(kinds: tuple[Any, ...], value: Any, path: str) -> Any:
    """Return the kind that a value is of: the only one, or of several contracts that of its `type`."""
    some = [kind for kind in kinds if kind is not NoneType]
    if value is None or len(some) == 1:
        return some[0]
    named = value.get("type") if isinstance(value, dict) else None
    for kind in some:
        if named in get_args(kind.model_fields["type"].annotation):
            return kind
    raise UnreadableError(f"{path}.type")
