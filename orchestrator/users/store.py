"""The users table: a row for each user, and beside it the items by which there is no second one.

All items of a tenant are one partition. They change together, in the transaction of whoever makes or removes the user,
so what writes here returns actions of TransactWriteItems:

    USER#{userId}                  the row
    EMAIL#{address}                an address, hashed, is one user of a tenant; in two tenants it is two
    IDENTITY#{userPoolId}#{sub}    a user of Amazon Cognito is one user
    ADMINS                         how many of the tenant's admins are ACTIVE
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from orchestrator.aws.dynamodb import Item, items

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

ADDRESS_INDEX = "address-tenantId"
"""Who has an address, over all tenants."""
ROW = "USER#"
ADMINS = "ADMINS"
ADMIN = "admin"
"""The role of who may do all in a tenant; any other is the product's to know."""
Status = Literal["INVITED", "ACTIVE", "DISABLED", "REMOVED"]
"""INVITED, then ACTIVE and DISABLED by turns, at last REMOVED."""
ACTIVE: Status = "ACTIVE"


@dataclass(frozen=True)
class User:
    """A user as the register has it; `address` is hashed, `sub` and `username` are Cognito's own."""

    user_id: str
    tenant_id: str
    email: str
    address: str
    name: str
    role: str
    status: Status
    created_at: str
    user_pool_id: str
    username: str
    sub: str

    def items(self) -> list[Item]:
        """Return all that there is of a user who is the only one of a tenant."""
        own = {"userId": self.user_id}
        row = own | {
            "email": self.email,
            "address": self.address,
            "role": self.role,
            "status": self.status,
            "createdAt": self.created_at,
            "userPoolId": self.user_pool_id,
            "username": self.username,
            "sub": self.sub,
        }
        named = {"name": self.name} if self.name else {}
        admins = int((self.role, self.status) == (ADMIN, ACTIVE))
        return [
            self._key(f"{ROW}{self.user_id}") | row | named,
            self._key(f"EMAIL#{self.address}") | own,
            self._key(f"IDENTITY#{self.user_pool_id}#{self.sub}") | own,
            self._key(ADMINS) | {"active": admins},
        ]

    def _key(self, item: str) -> Item:
        return {"tenantId": self.tenant_id, "item": item}


def of_tenant(dynamodb: "DynamoDBClient", table: str, tenant_id: str) -> list[Item]:
    """Return all items of a tenant as they are now."""
    return list(
        items(
            dynamodb.query,
            TableName=table,
            ConsistentRead=True,
            KeyConditionExpression="tenantId = :tenantId",
            ExpressionAttributeValues={":tenantId": tenant_id},
        )
    )


def row_of(found: Collection[Item], address: str) -> Item | None:
    """Return the row of an address among a tenant's items; None if nobody has it."""
    return next((item for item in found if item["item"].startswith(ROW) and item["address"] == address), None)


def first(table: str, user: User, known: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return the actions that register a tenant's first user.

    They are refused if one of the user's items is there and not known to be.
    """
    return [_put(table, item, anew=item["item"] not in known) for item in user.items()]


def only(table: str, user: User, found: Sequence[Item]) -> list[dict[str, Any]]:
    """Return the actions that make a user the only one of a tenant, in place of `found`, all items that it has.

    They are refused if one of the user's items is there and not among those.
    """
    kept = {item["item"] for item in user.items()}
    known = {item["item"] for item in found}
    return [*first(table, user, known), *forget(table, [item for item in found if item["item"] not in kept])]


def forget(table: str, found: Sequence[Item]) -> list[dict[str, Any]]:
    """Return the actions that remove items, at most as many as a transaction takes; what is gone is no error."""
    keys = [{name: item[name] for name in ("tenantId", "item")} for item in found]
    return [{"Delete": {"TableName": table, "Key": key}} for key in keys]


def _put(table: str, item: Item, *, anew: bool) -> dict[str, Any]:
    put: dict[str, Any] = {"TableName": table, "Item": item}
    if anew:
        put |= {"ConditionExpression": "attribute_not_exists(#item)", "ExpressionAttributeNames": {"#item": "item"}}
    return {"Put": put}
