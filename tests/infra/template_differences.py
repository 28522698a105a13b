"""Where two templates differ."""

from collections.abc import Iterator
from typing import Any, NamedTuple

ABSENT = object()
ENDPOINT = "http://127.0.0.1:4566"


class Difference(NamedTuple):
    """A place in the template, and what stands there deployed and locally."""

    path: tuple[str | int, ...]
    deployed: Any
    local: Any


def differences(deployed: Any, local: Any, *path: str | int) -> Iterator[Difference]:
    """Yield every place where two JSON documents differ, as deep as can be told."""
    if isinstance(deployed, dict) and isinstance(local, dict):
        for key in sorted(deployed.keys() | local.keys()):
            yield from differences(deployed.get(key, ABSENT), local.get(key, ABSENT), *path, key)
    elif isinstance(deployed, list) and isinstance(local, list) and len(deployed) == len(local):
        for number, (one, other) in enumerate(zip(deployed, local, strict=True)):
            yield from differences(one, other, *path, number)
    elif deployed != local:
        yield Difference(path, deployed, local)
