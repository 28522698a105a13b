"""Who may put events on the bus: the kinds of values with which a deployment names sources and accounts."""

import re
from typing import Annotated

from pydantic import BeforeValidator

from orchestrator.contracts import SOURCE

ACCOUNT = re.compile(r"[0-9]{12}")
EVENT_SOURCE = re.compile(r"(?!aws\.)[A-Za-z0-9._/-]{1,100}")
"""EventBridge: a source that begins with aws. is AWS's or a partner's."""
MOST = 20
"""Accounts, and sources: the policy of a bus may have 10 KB, an event pattern 4,096 characters."""
BY_COMMAS = "separated by commas without spaces"


def _sources(value: object) -> tuple[str, ...]:
    examples = f"like billing.app.example, neither AWS's nor {SOURCE}"
    names = _few(value, EVENT_SOURCE, f"must be at most {MOST} different sources, {BY_COMMAS}, {examples}")
    if SOURCE in names:
        raise ValueError(f"must not hold {SOURCE}, in which the orchestrator speaks")
    return names


def _accounts(value: object) -> tuple[str, ...]:
    return _few(value, ACCOUNT, f"must be at most {MOST} different AWS accounts of 12 digits, {BY_COMMAS}")


def _few(value: object, kind: re.Pattern[str], message: str) -> tuple[str, ...]:
    """Return names from text with commas or a list: each one of a kind, none there twice, and not too many."""
    names = (value.split(",") if value else []) if isinstance(value, str) else value
    if (
        not isinstance(names, list | tuple)
        or not all(isinstance(name, str) and kind.fullmatch(name) for name in names)
        or len(set(names)) < len(names)
        or len(names) > MOST
    ):
        raise ValueError(message)
    return tuple(names)


EventSources = Annotated[tuple[str, ...], BeforeValidator(_sources)]
EventAccounts = Annotated[tuple[str, ...], BeforeValidator(_accounts)]
