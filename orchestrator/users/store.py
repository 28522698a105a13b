"""The users table: a row for each user, and beside it the items by which there is no second one.

All items of a tenant are one partition. They change together, in the transaction of whoever makes or removes the user,
so what writes here returns actions of TransactWriteItems:

    USER#{userId}                  the row
    EMAIL#{address}                an address, hashed, is one user of a tenant; in two tenants it is two
    IDENTITY#{userPoolId}#{sub}    a user of Amazon Cognito is one user
    ADMINS                         how many are ACTIVE: of the tenant's admins, of all its people, and who is DISABLED
    SECRET#{sha256}                what a link carries, hashed: which address it proves, for what, until when

and the items of `works`.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.aws.dynamodb import Change, Item, items
from orchestrator.tenants.records import read_item
from orchestrator.users import counts
from orchestrator.users.statuses import INVITED, REMOVED, Status

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

ADDRESS_INDEX = "address-tenantId"
"""Who has an address, over all tenants."""
EXPIRES_AT = "expiresAt"
"""When DynamoDB removes an item, in epoch seconds; it may do so late, so readers look at the clock, too."""
ROW = "USER#"
EMAIL = "EMAIL#"
OPERATION = "operation"
"""The attribute of a row that names what is under way with the user: at most one operation at a time."""
REMEMBERED_SECONDS = 30 * 24 * 3600
"""For so long a row without personal data says that somebody was removed."""


@dataclass(frozen=True)
class User:
    """A user as the register has it; `address` is hashed.

    `user_pool_id`, `username` and `sub` are what Cognito has; empty while somebody is INVITED.
    """

    user_id: str
    tenant_id: str
    email: str
    address: str
    name: str
    role: str
    status: Status
    created_at: str
    user_pool_id: str = ""
    username: str = ""
    sub: str = ""
    ends: int = 0
    """Until when an invitation is good, in epoch seconds; 0 if it has no end."""

    def items(self) -> list[Item]:
        """Return all that there is of a user who is the only one of a tenant."""
        return [self.row, self.by_email, *self.by_identity, counts.first(self.row)]

    @property
    def row(self) -> Item:
        """The row; of somebody who is INVITED it says nothing of Cognito, where there is nobody yet."""
        known = {
            "userId": self.user_id,
            "email": self.email,
            "address": self.address,
            "name": self.name,
            "role": self.role,
            "status": self.status,
            "createdAt": self.created_at,
            "userPoolId": self.user_pool_id,
            "username": self.username,
            "sub": self.sub,
            EXPIRES_AT: self.ends,
        }
        return self._key(f"{ROW}{self.user_id}") | {name: value for name, value in known.items() if value}

    @property
    def by_email(self) -> Item:
        """The item by which the address is this user."""
        ends = {EXPIRES_AT: self.ends} if self.ends else {}
        return self._key(f"{EMAIL}{self.address}") | {"userId": self.user_id} | ends

    @property
    def by_identity(self) -> list[Item]:
        """The item by which a user of Cognito is this one; none while there is nobody in Cognito."""
        if not self.sub:
            return []
        return [self._key(f"IDENTITY#{self.user_pool_id}#{self.sub}") | {"userId": self.user_id}]

    def _key(self, item: str) -> Item:
        return {"tenantId": self.tenant_id, "item": item}


def of(row: Item) -> User:
    """Return the user that a row is."""
    return User(
        user_id=row["userId"],
        tenant_id=row["tenantId"],
        email=row["email"],
        address=row["address"],
        name=row.get("name", ""),
        role=row["role"],
        status=row["status"],
        created_at=row["createdAt"],
        user_pool_id=row.get("userPoolId", ""),
        username=row.get("username", ""),
        sub=row.get("sub", ""),
        ends=int(row.get(EXPIRES_AT, 0)),
    )


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


def find(dynamodb: "DynamoDBClient", table: str, tenant_id: str, address: str) -> Item | None:
    """Return the row of who has an address in a tenant, as it is now; None if nobody has it. Two reads at most.

    Whose invitation has ended is nobody any more.
    """
    held = read_item(dynamodb, table, {"tenantId": tenant_id, "item": f"{EMAIL}{address}"})
    return read(dynamodb, table, tenant_id, held["userId"]) if held else None


def read(dynamodb: "DynamoDBClient", table: str, tenant_id: str, user_id: str) -> Item | None:
    """Return the row of a user as it is now; None if there is none, one was removed, or an invitation has ended.

    Whoever is being removed is there, as REMOVED with an operation, until that is over.
    """
    row = read_item(dynamodb, table, row_key(tenant_id, user_id))
    return row if row and is_there(row, time.time()) else None


def is_there(row: Item, now: float) -> bool:
    """Tell whether a row is somebody's: not of who was removed, once that is over, nor of an ended invitation."""
    is_gone = row["status"] == REMOVED and OPERATION not in row
    return not is_gone and not 0 < row.get(EXPIRES_AT, 0) <= now


def row_of(found: Collection[Item], address: str) -> Item | None:
    """Return the row of an address among a tenant's items; None if nobody has it."""
    return next((item for item in found if item["item"].startswith(ROW) and item.get("address") == address), None)


def is_row(item: Item) -> bool:
    """Tell whether an item of a tenant is somebody's row."""
    return bool(item["item"].startswith(ROW))


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


def invited(table: str, user: User) -> list[dict[str, Any]]:
    """Return the actions that register somebody who is INVITED; refused if anybody of the tenant has the address."""
    return [_put(table, item, anew=True) for item in (user.row, user.by_email)]


def entered(table: str, user: User) -> list[dict[str, Any]]:
    """Return the actions that register somebody who is in Cognito; refused if the address or that user is anybody's."""
    actions = [_put(table, item, anew=True) for item in (*user.by_identity, user.row, user.by_email)]
    return [*actions, *counts.changed(table, None, user.row)]


def confirmed(table: str, user: User, invitation: Item | None) -> list[dict[str, Any]]:
    """Return the actions by which somebody is ACTIVE who has proved the address; `invitation` is the row until now.

    They are refused if the address, or the user of Cognito, has become anybody's meanwhile, or the invitation another.
    A user whom Cognito knows by another id than the invitation gave goes by Cognito's, which nobody can change.
    """
    if invitation is None:
        return entered(table, user)
    was = {"tenantId": user.tenant_id, "item": invitation["item"]}
    names, values = {"#item": "item", "#status": "status"}, {":item": was["item"], ":invited": INVITED}
    held = {
        "ConditionExpression": "#item = :item AND #status = :invited",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }
    actions = [_put(table, item, anew=True) for item in user.by_identity]
    actions.append(_put(table, user.by_email, anew=False))  # also as it would end with the invitation
    if was["item"] == user.row["item"]:
        actions.append({"Put": {"TableName": table, "Item": user.row, **held}})
    else:
        actions += [{"Delete": {"TableName": table, "Key": was, **held}}, _put(table, user.row, anew=True)]
    return [*actions, *counts.changed(table, invitation, user.row)]


def prolonged(table: str, row: Item, ends: int) -> list[dict[str, Any]]:
    """Return the actions by which an invitation that ends is good until then; refused if it is none any more."""
    changes = [
        Change(table, {"tenantId": row["tenantId"], "item": item}) for item in (row["item"], f"{EMAIL}{row['address']}")
    ]
    of_row, of_email = (change.set(EXPIRES_AT, ends).require("[userId] = ?", row["userId"]) for change in changes)
    return [of_row.require("[status] = ?", INVITED).action(), of_email.action()]


def row_key(tenant_id: str, user_id: str) -> dict[str, str]:
    """Return the key of a user's row."""
    return {"tenantId": tenant_id, "item": f"{ROW}{user_id}"}


def settled(table: str, row: Item) -> dict[str, Any]:
    """Return the action by which a user's operation is over; refused if the row names another."""
    change = Change(table, row_key(row["tenantId"], row["userId"])).remove(OPERATION)
    return change.require(f"[{OPERATION}] = ?", row[OPERATION]).action()


def invitation_ended(table: str, row: Item) -> list[dict[str, Any]]:
    """Return the actions that remove somebody who is INVITED; refused if that is so no more, or the address another's.

    An invitation that has just ended by itself may have made room for another.
    """
    user = of(row)
    is_still_invited = {
        "ConditionExpression": "#status = :status",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {":status": INVITED},
    }
    is_of_this_user = {
        "ConditionExpression": "userId = :userId",
        "ExpressionAttributeValues": {":userId": row["userId"]},
    }
    of_row, of_email = ({"TableName": table, "Key": _key_of(item)} for item in (row, user.by_email))
    return [{"Delete": of_row | is_still_invited}, {"Delete": of_email | is_of_this_user}]


def _key_of(item: Item) -> dict[str, str]:
    return {name: item[name] for name in ("tenantId", "item")}


def removed(table: str, row: Item, now: float) -> list[dict[str, Any]]:
    """Return the actions by which a user is REMOVED: the row says no more than that, and the address is free.

    They are refused if the row names another operation than it did. `now` in epoch seconds.
    """
    known = ("tenantId", "item", "userId", "role", "status", "createdAt")
    tombstone = {name: row[name] for name in known} | {EXPIRES_AT: int(now) + REMEMBERED_SECONDS}
    only_this = {
        "ConditionExpression": "#operation = :operation",
        "ExpressionAttributeNames": {"#operation": OPERATION},
        "ExpressionAttributeValues": {":operation": row[OPERATION]},
    }
    user = of(row)
    gone = forget(table, [user.by_email, *user.by_identity])
    return [{"Put": {"TableName": table, "Item": tombstone, **only_this}}, *gone]


def is_still(table: str, row: Item) -> dict[str, Any]:
    """Return the ConditionCheck that a user has the status that its row says."""
    return {
        "ConditionCheck": {
            "TableName": table,
            "Key": {name: row[name] for name in ("tenantId", "item")},
            "ConditionExpression": "#status = :status",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {":status": row["status"]},
        }
    }


def forget(table: str, found: Sequence[Item]) -> list[dict[str, Any]]:
    """Return the actions that remove items, at most as many as a transaction takes; what is gone is no error."""
    keys = [{name: item[name] for name in ("tenantId", "item")} for item in found]
    return [{"Delete": {"TableName": table, "Key": key}} for key in keys]


def _put(table: str, item: Item, *, anew: bool) -> dict[str, Any]:
    put: dict[str, Any] = {"TableName": table, "Item": item}
    if anew:
        put |= {
            "ConditionExpression": "attribute_not_exists(#item) OR #ends <= :now",
            "ExpressionAttributeNames": {"#item": "item", "#ends": EXPIRES_AT},
            "ExpressionAttributeValues": {":now": int(time.time())},
        }
    return {"Put": put}
