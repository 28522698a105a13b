"""Writes to DynamoDB that wait their turn.

What meets a transaction on its item is refused, not queued, be it a transaction itself or a plain write, and the SDK
does not repeat it. Nothing was written then, so here it is tried again; any other refusal raises ClientError at once.
"""

import time
from collections.abc import Callable
from random import uniform
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import CONDITION_FAILED_EXCEPTION, Change, is_code
from orchestrator.aws.errors import cancellation_codes

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

CONFLICT = "TransactionConflictException"
"""What a plain write is refused with; of a transaction, a reason says so."""
ACTIONS_MAX = 100
"""TransactWriteItems takes no more."""
CONFLICT_TRIES = 6
"""So many, waiting up to 0.1 s x 2^try between two: 3 s in all."""

T = TypeVar("T")


def check(required: Change) -> dict[str, Any]:
    """Return what a change requires, alone, as an action of a transaction."""
    arguments = required.arguments()
    del arguments["UpdateExpression"]
    return {"ConditionCheck": arguments}


def transact(dynamodb: "DynamoDBClient", actions: list[dict[str, Any]]) -> None:
    """Write all or nothing."""
    in_turn(dynamodb.transact_write_items, TransactItems=actions)


def in_turn(operation: Callable[..., T], **arguments: Any) -> T:  # Any: of PutItem, UpdateItem, DeleteItem
    """Carry out a client's operation that writes, and return what it answers."""
    for number in range(CONFLICT_TRIES - 1):
        try:
            return operation(**arguments)
        except ClientError as error:
            if not is_code(error, CONFLICT) and "TransactionConflict" not in cancellation_codes(error):
                raise
            time.sleep(uniform(0, 0.1 * 2**number))  # noqa: S311  # jitter needs no cryptography
    return operation(**arguments)


def if_it_holds(operation: Callable[..., object], **arguments: Any) -> bool:  # Any: of PutItem, UpdateItem, DeleteItem
    """Carry out a client's operation that writes; return False if its condition does not hold, so it wrote nothing."""
    try:
        in_turn(operation, **arguments)
    except ClientError as error:
        if not is_code(error, CONDITION_FAILED_EXCEPTION):
            raise
        return False
    return True
