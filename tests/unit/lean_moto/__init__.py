"""moto with the same answers for a fraction of the time.

    with mock_aws(), lean_moto.installed():
        boto3.client("dynamodb").update_item(...)

moto looks for what answers a URL, reads an expression and lists a class's methods anew at each call, and copies whole
tables before a transaction. What depends on nothing but the call's text is remembered here, and what a call cannot
touch is not copied. `test_lean_moto.py` holds both to one answer.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from tests.unit.lean_moto import answering, copies, expressions, serializing

SHORT_WAYS = (*answering.SHORT_WAYS, *copies.SHORT_WAYS, *expressions.SHORT_WAYS, *serializing.SHORT_WAYS)
"""What stands in for what: the object, the name of its attribute, and the other function."""
LONG_WAYS = tuple((target, name, vars(target)[name]) for target, name, _ in SHORT_WAYS)


@contextmanager
def installed() -> Iterator[None]:
    """Let moto take the short ways inside the block."""
    with _taken(SHORT_WAYS):
        yield


@contextmanager
def left_out() -> Iterator[None]:
    """Let moto be as it is inside the block, also where the short ways are installed."""
    with _taken(LONG_WAYS):
        yield


@contextmanager
def _taken(ways: tuple[tuple[Any, str, Any], ...]) -> Iterator[None]:
    with ExitStack() as stack:
        for target, name, function in ways:
            stack.enter_context(mock.patch.object(target, name, function))
        yield
