"""What every answer to a browser or program has in common, whichever function gives it. It is quick to import."""

from collections.abc import Mapping
from typing import Any

SAFE = {"Strict-Transport-Security": "max-age=31536000", "X-Content-Type-Options": "nosniff"}
"""Only by https from then on, for a year; and nothing is taken for another kind of content than it is."""


def method_of(event: Mapping[str, Any]) -> str:
    """Return the method of a request as API Gateway hands it over, empty if it says none."""
    request = event.get("requestContext") or {}
    return str((request.get("http") or {}).get("method", ""))


def finished(event: Mapping[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer with the headers that each one has, and if only those were asked for without its body."""
    whole = answer | {"headers": SAFE | answer["headers"]}
    return whole | {"body": "", "isBase64Encoded": False} if method_of(event) == "HEAD" else whole
