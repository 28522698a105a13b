"""DynamoDB's tables and values, copied and measured: what a call can touch, and no copy of a copy."""

import copy
from collections import defaultdict
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

from moto.dynamodb import models
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DDBType, DynamoType
from moto.dynamodb.models.table import Table

Keys = set[tuple[str, DynamoType, DynamoType | None]]

_transact = DynamoDBBackend.transact_write_items
_size = DynamoType.size
_to_regular_json = DynamoType.to_regular_json
_touched: ContextVar[Keys | None] = ContextVar("_touched", default=None)


def transact_write_items(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    """Write all or nothing; what moto keeps for a rollback is what the transaction names."""
    token = _touched.set(_keys(self, transact_items))
    try:
        _transact(self, transact_items)
    finally:
        _touched.reset(token)


def _keys(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> Keys | None:
    keys: Keys = set()
    for item in transact_items:
        for operation in item.values():
            table = backend.tables.get(operation["TableName"])
            key = operation.get("Key") or operation.get("Item")
            if table is None or key is None or not set(table.table_key_attrs) <= key.keys():
                return None
            values = [DynamoType(key[name]) for name in table.table_key_attrs]
            keys.add((table.name, values[0], values[1] if values[1:] else None))
    return keys


def deepcopy(original: Any) -> Any:
    """Return a copy; of a table in a transaction, one with what the transaction does not touch left as it is."""
    keys = _touched.get()
    if keys is None or not isinstance(original, Table) or original.stream_shard is not None:
        return copy.deepcopy(original)
    table = object.__new__(type(original))
    table.__dict__.update(original.__dict__)
    table.items = defaultdict(dict)
    for key, below in original.items.items():
        table.items[key] = dict(below) if isinstance(below, dict) else below
    for name, hash_key, range_key in keys:
        if name == table.name and hash_key in table.items:
            _copy_item(table.items, hash_key, range_key)
    return table


def _copy_item(items: Any, hash_key: DynamoType, range_key: DynamoType | None) -> None:
    at, key = (items, hash_key) if range_key is None else (items[hash_key], range_key)
    if key in at:
        at[key] = copy.deepcopy(at[key])


def copied_value(self: DynamoType, memo: dict[int, Any]) -> DynamoType:
    """Return a copy of a value; there are no circles."""
    value = object.__new__(DynamoType)
    value.type = kind = self.type
    if kind == DDBType.LIST:
        value.value = [copied_value(each, memo) for each in self.value]
    elif kind == DDBType.MAP:
        value.value = {name: copied_value(each, memo) for name, each in self.value.items()}
    elif kind in _SETS:
        value.value = list(self.value)
    else:
        value.value = self.value
    return value


_SETS = (DDBType.STRING_SET, DDBType.NUMBER_SET, DDBType.BINARY_SET)


def to_regular_json(self: DynamoType) -> dict[str, Any]:
    """Return a value as plain Python, made of nothing that belongs to the table."""
    kind, value = self.type, self.value
    if kind == DDBType.MAP:
        return {kind: {name: to_regular_json(each) for name, each in value.items()}}
    if kind == DDBType.LIST:
        return {kind: [to_regular_json(each) for each in value]}
    if kind in _PLAIN:
        return {kind: value}
    return _to_regular_json(self)


def size(self: DynamoType) -> int:
    """Return the bytes that a value counts for."""
    kind, value = self.type, self.value
    if kind == DDBType.MAP:
        return sum(len(name.encode()) + size(each) for name, each in value.items())
    if kind == DDBType.LIST:
        return sum(size(each) for each in value)
    if kind == DDBType.STRING:
        return len(value) if value.isascii() else len(value.encode())
    return _size(self)


_PLAIN = (DDBType.STRING, DDBType.NUMBER, DDBType.BOOLEAN, DDBType.NULL)

SHORT_WAYS: tuple[tuple[Any, str, Any], ...] = (
    (DynamoDBBackend, "transact_write_items", transact_write_items),
    (models, "copy", SimpleNamespace(deepcopy=deepcopy)),
    (DynamoType, "__deepcopy__", copied_value),
    (DynamoType, "to_regular_json", to_regular_json),
    (DynamoType, "size", size),
)
