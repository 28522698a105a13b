"""DynamoDB: updates composed piece by piece, every name and value as a placeholder, and what is read page by page."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count, islice
from math import inf
from typing import Any, Self

from botocore.exceptions import ClientError

from tenant_onboarding.authorizer.dynamodb import plain

CONDITION_FAILED = "ConditionalCheckFailed"
CONDITION_FAILED_EXCEPTION = "ConditionalCheckFailedException"
INVALID_PATH = "ValidationException"
INVALID_IN_TRANSACTION = "ValidationError"
"""The same of an action of a transaction."""

Item = dict[str, Any]


class Change:
    """One conditional update of one item, for UpdateItem and TransactWriteItems alike."""

    def __init__(self, table: str, key: dict[str, str]) -> None:
        self._table = table
        self._key = key
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}
        self._numbers = count()
        self._sets: dict[str, str] = {}
        self._removes: list[str] = []
        self._conditions: list[str] = []

    def set(self, path: str, value: object) -> Self:
        """Set the attribute at a dotted path; of two values for one path the later holds."""
        name = self._path(path)
        self._values.pop(self._sets.get(name, ""), None)
        self._sets[name] = self._value(value)
        return self

    def set_once(self, path: str, value: object) -> Self:
        """Set the attribute unless it is there already."""
        name = self._path(path)
        self._sets[name] = f"if_not_exists({name}, {self._value(value)})"
        return self

    def equal(self, path: str, other: str) -> Self:
        """Set the attribute to what another of the item is before this change."""
        self._sets[self._path(path)] = self._path(other)
        return self

    def increase(self, path: str, amount: int = 1, start: int = 0) -> Self:
        """Add to a number; an absent one counts as `start`."""
        return self._increase(self._path(path), amount, start)

    def increase_named(self, name: str, amount: int = 1) -> Self:
        """Add to a number of the item itself, whose name may contain dots."""
        return self._increase(self._name(name), amount)

    def _increase(self, name: str, amount: int, start: int = 0) -> Self:
        self._sets[name] = f"if_not_exists({name}, {self._value(start)}) + {self._value(amount)}"
        return self

    def remove(self, *paths: str) -> Self:
        """Remove attributes, if they are there."""
        self._removes += [self._path(path) for path in paths]
        return self

    def require(self, condition: str, *operands: object) -> Self:
        """Require a condition: `[path]` stands for an attribute, each `?` for the next operand."""
        head, *tail = condition.split("[")
        text = head + "".join(self._path(path) + rest for path, rest in (part.split("]", 1) for part in tail))
        for operand in operands:
            text = text.replace("?", self._value(operand), 1)
        self._conditions.append(f"({text})")
        return self

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of UpdateItem; a refusal carries the item as it is."""
        sets = [f"{path} = {value}" for path, value in self._sets.items()]
        sections = [("SET", sets), ("REMOVE", self._removes)]
        arguments: dict[str, Any] = {
            "TableName": self._table,
            "Key": self._key,
            "UpdateExpression": " ".join(f"{verb} {', '.join(parts)}" for verb, parts in sections if parts),
            "ExpressionAttributeNames": self._names,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if self._values:
            arguments["ExpressionAttributeValues"] = self._values
        if self._conditions:
            arguments["ConditionExpression"] = " AND ".join(self._conditions)
        return arguments

    def action(self) -> dict[str, Any]:
        """Return the same as an action of TransactWriteItems."""
        return {"Update": self.arguments()}

    def _path(self, path: str) -> str:
        return ".".join(self._name(part) for part in path.split("."))

    def _name(self, name: str) -> str:
        known = {known: placeholder for placeholder, known in self._names.items()}
        placeholder = known.get(name, f"#n{len(self._names)}")
        self._names[placeholder] = name
        return placeholder

    def _value(self, value: object) -> str:
        placeholder = f":v{next(self._numbers)}"
        self._values[placeholder] = value
        return placeholder


@dataclass(frozen=True)
class Page:
    """What one call of Query or Scan found.

    Attributes:
        items: what it found; nothing where only the count was asked for.
        count: how many it found.
        end: the key that the next page begins after, as DynamoDB says it; None if this is the last page.

    """

    items: list[Item]
    count: int
    end: Item | None


def pages(
    operation: Callable[..., Any], *, after: Mapping[str, Any] | None = None, most: int | None = None, **arguments: Any
) -> Iterator[Page]:  # Any: what Query and Scan take and answer
    """Yield the pages of a client's Query or Scan, each of which is asked for when it is taken: `next` is one call.

    DynamoDB ends a page at 1 MB, or after `Limit` items. The first page begins after the key `after`. With `most`, no
    call asks for more items than are still wanted, and the pages end once so many were found.
    """
    left = inf if most is None else most
    onward = {"ExclusiveStartKey": after} if after else {}
    while left > 0:
        limit = {} if most is None else {"Limit": left}
        answer = operation(**arguments, **limit, **onward)
        page = Page([dict(item) for item in answer.get("Items", ())], answer["Count"], answer.get("LastEvaluatedKey"))
        yield page
        if page.end is None:
            return
        left -= page.count
        onward = {"ExclusiveStartKey": page.end}


def items(operation: Callable[..., Any], **arguments: Any) -> Iterator[Item]:  # Any: as above
    """Yield the items of `pages`; the next page is asked for once those of the one before are taken."""
    return (item for page in pages(operation, **arguments) for item in page.items)


def bounded(read: Iterable[Page], most_pages: int, enough: float = inf) -> tuple[list[Item], bool]:
    """Return the items of as many pages as it takes to have enough, and whether `most_pages` were too few for that."""
    found: list[Item] = []
    for page in islice(read, most_pages):
        found += page.items
        if len(found) >= enough or page.end is None:
            return found, False
    return found, True


def is_code(error: ClientError, code: str) -> bool:
    """Tell whether AWS answered with that error code."""
    return error.response.get("Error", {}).get("Code") == code


def refused_item(response: Any) -> Item:
    """Return the item that made a condition fail, from an error response or a cancellation reason; empty if none."""
    return {name: plain(value) for name, value in (response.get("Item") or {}).items()}
