"""What DynamoDB charges for one request, from the items that it touched: the rules of its documentation, no guess.

A write costs a unit a KB of the item before or after it, whichever is larger, twice that in a transaction; besides, in
each index, what the entry's change takes there. A read costs a unit for 4 KB, half of that unless it is consistent.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WRITE_BYTES = 1_024
READ_BYTES = 4_096
TRANSACTIONAL = 2
CONTAINER_BYTES = 3
"""DynamoDB: a list or a map takes 3 bytes and 1 for each element, beside its content."""

Item = Mapping[str, Any]
"""Attributes as they are on the wire: each value an object with its type."""


def item_bytes(item: Item) -> int:
    """Return how large an item is: its names and its values."""
    return sum(len(name.encode()) + value_bytes(value) for name, value in item.items())


def value_bytes(value: Mapping[str, Any]) -> int:
    """Return how large a value is; raises ValueError for a type that no item of ours has."""
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return math.ceil(len(content.lstrip("-").replace(".", "")) / 2) + 1
        case "BOOL" | "NULL":
            return 1
        case "M":
            return CONTAINER_BYTES + len(content) + item_bytes(content)
        case "L":
            return CONTAINER_BYTES + len(content) + sum(value_bytes(each) for each in content)
        case "SS":
            return sum(len(each.encode()) for each in content)
        case _:
            raise ValueError(f"unknown type {kind}")


@dataclass(frozen=True)
class Index:
    """A global secondary index: its name, its own key, and every attribute that its entries have."""

    name: str
    key: Sequence[str]
    projected: frozenset[str]

    def entry(self, item: Item | None) -> dict[str, Any] | None:
        """Return the entry of an item; None if there is no item, or it lacks a part of the key."""
        if item is None or not set(self.key) <= item.keys():
            return None
        return {name: value for name, value in item.items() if name in self.projected}

    def units(self, before: Item | None, after: Item | None) -> int:
        """Return what a change takes in the index: nothing, one write, or two where the entry moves."""
        old, new = self.entry(before), self.entry(after)
        if old == new:
            return 0
        moved = old and new and any(old[name] != new[name] for name in self.key)
        return _writes(old) + _writes(new) if moved else max(_writes(old), _writes(new))


def write_units(before: Item | None, after: Item | None, indexes: Sequence[Index] = (), *, transactional: bool) -> int:
    """Return what a write takes, indexes included; one that its condition refuses takes a unit too."""
    table = max(_writes(before), _writes(after), 1) * (TRANSACTIONAL if transactional else 1)
    return table + sum(index.units(before, after) for index in indexes)


def read_units(items: Sequence[Item], *, consistent: bool) -> float:
    """Return what reading these together takes; what is not there takes as much as the smallest item."""
    units = max(1, math.ceil(sum(item_bytes(item) for item in items) / READ_BYTES))
    return float(units) if consistent else units / 2


def indexes_of(description: Mapping[str, Any]) -> tuple[Index, ...]:
    """Return the indexes of a table from what DescribeTable says."""
    own = [part["AttributeName"] for part in description["KeySchema"]]
    return tuple(
        Index(
            name=index["IndexName"],
            key=(key := [part["AttributeName"] for part in index["KeySchema"]]),
            projected=frozenset((*own, *key, *index["Projection"].get("NonKeyAttributes", ()))),
        )
        for index in description.get("GlobalSecondaryIndexes", ())
    )


def key_of(item: Item, description: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item's key in its table."""
    return {part["AttributeName"]: item[part["AttributeName"]] for part in description["KeySchema"]}


def name_of(table: str, key: Item) -> str:
    """Return a text that names one item of all tables."""
    return f"{table} {json.dumps(key, sort_keys=True)}"


def _writes(item: Item | None) -> int:
    return math.ceil(item_bytes(item) / WRITE_BYTES) if item else 0
