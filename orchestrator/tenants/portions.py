"""Portions: what a step that is too long for one invocation has done so far, and where its next invocation goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.aws.dynamodb import Change


@dataclass(frozen=True)
class Portion:
    """A part of what a step does, which is done; the step goes on after it, in another invocation."""

    cursor: str = ""
    """Where the next portion begins; empty for the step's beginning."""
    count: int = 0
    """How much was done, in whatever the step counts."""


def so_far(record: Mapping[str, Any], step: str) -> Portion:
    """Return how far a step is, by the work's item: the next cursor, and the count of all portions."""
    entry = record["steps"].get(step, {})
    return Portion(entry.get("cursor", ""), int(entry.get("count", 0)))


def write(change: Change, path: str, portion: Portion) -> None:
    """Let a change note a portion in a step's entry, which is in doubt no more.

    Whatever an earlier begin may have done is part of what is done now, and none of the next portion.
    """
    change.set(f"{path}.cursor", portion.cursor).increase(f"{path}.count", portion.count)
    change.equal(f"{path}.settled", f"{path}.begun")
