"""Long lists of Cognito: what an invocation has no time to look through, the next one of the step goes on with.

Cognito lists 60 user pools a call, and an account may have 10,000 of them.
"""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import is_code
from orchestrator.tenants.notes import LOOKS, Notes

PAGE = 60
"""Cognito: at most so many a call."""


def look_through(
    operation: Callable[..., Any],
    key: str,
    wanted: Callable[[Any], str],
    notes: Notes,
    *,
    most: int | None = None,
    **arguments: str,
) -> list[str]:  # Any: what boto3 lists
    """Return what `wanted` says of each item of a list, where it says anything; `most` ends the look with so many.

    Raises TransientError where time ends before the list does; the place is noted, and the look of the same number in
    the next try goes on there.
    """
    look = notes.number(f"{key} {' '.join(arguments.values())}".strip())
    known: dict[str, Any] = (notes.get(LOOKS) or {}).get(look, {"found": [], "next": ""})
    found, place = list(known["found"]), known["next"]
    while place is not None and (most is None or len(found) < most):
        onward = {"NextToken": place} if place else {}
        try:
            answer = operation(**arguments, MaxResults=PAGE, **onward)
        except ClientError as error:
            if not place or place != known["next"] or not is_code(error, "InvalidParameterException"):
                raise
            found, place = [], ""  # the place is too old
            continue
        found += [name for name in map(wanted, answer[key]) if name]
        place = answer.get("NextToken")
        notes.remember(LOOKS, (notes.get(LOOKS) or {}) | {look: {"found": found, "next": place}})
        if place and not notes.has_time:
            raise notes.stopped(f"Looking through {key}")
    return found
