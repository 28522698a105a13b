"""A shared user pool is closed for new tenants, or opened again: one write, conditional on what was seen."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import CONDITION_FAILED_EXCEPTION, Change, is_code, refused_item

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings


def change_status(clients: "Clients", settings: "Settings", pool_key: str, before: str, after: str) -> str | None:
    """Let a row go from one status to another; return the one that it had, None if there is no such row.

    A row whose status is not `before` stays as it is.
    """
    key = {"region": settings.region, "poolKey": pool_key}
    change = Change(settings.shared_pools_table, key).set("status", after).require("[status] = ?", before)
    try:
        writes.in_turn(clients.dynamodb.update_item, **change.arguments())
    except ClientError as error:
        if not is_code(error, CONDITION_FAILED_EXCEPTION):
            raise
        return refused_item(error.response).get("status")
    return before
