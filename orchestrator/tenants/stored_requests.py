"""A stored request is read back as it was taken: what a later contract would refuse is no reason to lose a tenant.

Nothing is judged. Fields that this version does not know are left out, as those of a later one are after a roll-back.
"""

import json
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

from tenant_onboarding.contracts.base import Contract
from tenant_onboarding.contracts.tenant_created import TenantCreated

Model = TypeVar("Model", bound=Contract)


class UnreadableError(ValueError):
    """A stored request lacks what this version cannot do without; `field` says what, by its path."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(field)


def read(stored: str) -> TenantCreated:
    """Return a request from its stored JSON; raises UnreadableError if a field that is required is not there."""
    try:
        detail = json.loads(stored)
    except ValueError:
        raise UnreadableError("detail") from None
    return from_plain(detail)


def from_plain(detail: Any) -> TenantCreated:  # Any: JSON
    """Return a request from its JSON, by the contract's fields and without its rules; raises UnreadableError."""
    return _contract(TenantCreated, detail, "")


def _contract(model: type[Model], value: Any, path: str) -> Model:
    if not isinstance(value, dict):
        raise UnreadableError(path or "detail")
    values = {}
    for name, field in model.model_fields.items():
        alias = field.alias or name
        below = f"{path}.{alias}".removeprefix(".")
        if alias in value:
            values[name] = _value(field.annotation, value[alias], below)
        elif field.is_required():
            raise UnreadableError(below)
    return cast("Model", model.model_construct(set(values), **values))


def _value(kind: Any, value: Any, path: str) -> Any:  # Any: an annotation, and JSON
    origin, arguments = get_origin(kind), get_args(kind)
    if value is None:
        return None
    if origin is Annotated:
        return _value(arguments[0], value, path)
    if origin in (Union, UnionType):
        return _value(_one_of(arguments, value, path), value, path)
    if origin is list:
        if not isinstance(value, list):
            raise UnreadableError(path)
        return [_value(arguments[0], each, f"{path}[{index}]") for index, each in enumerate(value)]
    if isinstance(kind, type) and issubclass(kind, Contract):
        return _contract(kind, value, path)
    return value


def _one_of(kinds: tuple[Any, ...], value: Any, path: str) -> Any:
    """Return the kind that a value is of: the only one, or of several contracts that of its `type`."""
    some = [kind for kind in kinds if kind is not NoneType]
    if len(some) == 1:
        return some[0]
    named = value.get("type") if isinstance(value, dict) else None
    for kind in some:
        if named in get_args(kind.model_fields["type"].annotation):
            return kind
    raise UnreadableError(f"{path}.type")
