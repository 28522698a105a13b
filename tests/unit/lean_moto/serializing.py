"""Answers as JSON: under which of its many names moto looks for a member is worked out once for each shape."""

from typing import Any

from moto.core.serialize import (
    AttributePickerContext,
    BaseJSONSerializer,
    JSONSerializer,
    ResponseSerializer,
    XFormedAttributePicker,
)

_get_value = ResponseSerializer.get_value
_serialize_structure = BaseJSONSerializer._serialize_type_structure
_MISSING = object()


def serialize_structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """Serialize a structure; of a dict, no member is looked for that has none of its keys."""
    plain = type(self) is JSONSerializer and _picks_by_name(self._value_picker)
    if not plain or type(value) is not dict or shape.is_document_type:
        _serialize_structure(self, serialized, value, shape, key)
        return
    if key and shape.name == "AttributeValue" and (given := _as_it_goes_out(value)) is not None:
        self._default_serialize(serialized, given, shape, key)
        return
    wrapper = self.MAP_TYPE() if key else serialized
    keys = value.keys()
    for member, member_shape, names in _members(self, shape):
        if not keys.isdisjoint(names):
            self._serialize_structure_member(wrapper, value, member_shape, member)
    if key:
        self._default_serialize(serialized, wrapper, shape, key)


def _as_it_goes_out(value: Any) -> dict[str, Any] | None:
    """Return a value of DynamoDB that is as it is to be answered; None if it may not be: moto looks at it closely."""
    if type(value) is not dict or len(value) != 1:
        return None
    ((kind, inner),) = value.items()
    if kind == "M" and type(inner) is dict:
        made: Any = {name: _as_it_goes_out(each) for name, each in inner.items()}
        return None if None in made.values() else {kind: made}
    if kind == "L" and type(inner) is list:
        made = [_as_it_goes_out(each) for each in inner]
        return None if None in made else {kind: made}
    return {kind: inner} if type(inner) is _KINDS.get(kind) else None


_KINDS = {"S": str, "N": str, "BOOL": bool, "NULL": bool}
"""What a value of a kind is in Python."""


def get_value(self: ResponseSerializer, value: Any, key: str, shape: Any) -> Any:
    """Return a member of what is serialized, by the first of its names that is there."""
    picker = self._value_picker
    if (
        type(picker) is not XFormedAttributePicker
        or picker.response_transformers
        or hasattr(value, "Meta")
        or "." in key
    ):
        return _get_value(self, value, key, shape)
    names = _names(self, shape, key, type(value))
    if type(value) is dict:
        for name in names:
            if name in value:
                return value[name]
        return None
    for name in names:
        found = _get(value, name)
        if found is not _MISSING:
            return found
    return None


def _picks_by_name(picker: Any) -> bool:
    return type(picker) is XFormedAttributePicker and not picker.response_transformers


def _get(value: Any, name: str) -> Any:
    if not hasattr(value, "__getitem__"):
        return getattr(value, name, _MISSING)
    try:
        return value[name]
    except (KeyError, IndexError, TypeError, AttributeError):
        return _MISSING


def _members(serializer: Any, shape: Any) -> list[tuple[str, Any, tuple[str, ...]]]:
    found: list[tuple[str, Any, tuple[str, ...]]] | None = shape.__dict__.get("lean_members")
    if found is None:
        for member in shape.members.values():
            member.parent = shape
        found = [(name, member, _names(serializer, member, name, dict)) for name, member in shape.members.items()]
        shape.lean_members = found
    return found


def _names(serializer: Any, shape: Any, key: str, kind: type) -> tuple[str, ...]:
    """Return the names under which moto looks for a member in an object of a class that gives no aliases itself."""
    known: dict[tuple[str, type], tuple[str, ...]] = shape.__dict__.setdefault("lean_names", {})
    if (key, kind) not in known:
        context = AttributePickerContext(obj=type(kind.__name__, (), {})(), key=key, shape=shape)
        known[key, kind] = tuple(dict.fromkeys(XFormedAttributePicker().get_possible_keys(context)))
    return known[key, kind]


SHORT_WAYS: tuple[tuple[Any, str, Any], ...] = (
    (BaseJSONSerializer, "_serialize_type_structure", serialize_structure),
    (ResponseSerializer, "get_value", get_value),
)
