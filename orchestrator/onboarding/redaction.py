"""A secret has no place in an event and is refused there; what is refused is kept without it."""

import json
import re
from typing import Any

REMOVED = "(removed)"
SECRET_NAME = re.compile(r"(secrets?|password|privatekey|apikey|token|credentials?)$")
SECRET_TEXT = re.compile(
    r'("[^"]{0,64}(?:secrets?|password|private[_-]?key|api[_-]?key|token|credentials?)"\s*:\s*")(?:[^"\\]|\\.)*+("?)',
    re.IGNORECASE,
)


def without_secrets(body: str) -> str:
    """Return a message without the values of fields whose names say that they are secret.

    One without such a field, readable or not, is returned as it is.
    """
    found = False

    def redacted(fields: list[tuple[str, Any]]) -> dict[str, Any]:  # Any: JSON
        nonlocal found
        found = found or any(names_a_secret(name) for name, _ in fields)
        return {name: REMOVED if names_a_secret(name) else value for name, value in fields}

    try:
        message = json.loads(body, object_pairs_hook=redacted)
        return json.dumps(message, ensure_ascii=False) if found else body
    except (ValueError, RecursionError):
        return SECRET_TEXT.sub(rf"\1{REMOVED}\2", body)


def names_a_secret(name: str) -> bool:
    """Tell whether what bears this name is a secret."""
    return bool(SECRET_NAME.search(re.sub(r"[^a-z]", "", name.lower())))
