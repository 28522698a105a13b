"""What there is of people in the end, counted from outside, and where it disagrees with what they were told."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import boto3

from orchestrator.aws.dynamodb import Item, items
from orchestrator.users import addresses, budgets, counts, statuses, store, works
from tenant_onboarding import names
from tests.e2e.inventory import Complaint, every
from tests.e2e.people_blows import LOOKED_AFTER, MAIL, MAILS
from tests.e2e.people_story import NAME, Outcome
from tests.e2e.people_town import Town

OPERATIONS = 4
"""How many an admin asks for of whoever is looked after."""
OF_A_PERSON = (store.ROW, store.EMAIL, "IDENTITY#")


class Truth:
    """What the register and Cognito have, and which mails arrived."""

    def __init__(self, town: Town) -> None:
        clients, settings = town.world.stack.clients, town.world.stack.settings
        self.items = list(items(clients.dynamodb.scan, TableName=settings.users_table, ConsistentRead=True))
        self.mails = Counter(address for mail in town.world.mails() for address in mail["To"])
        self.tenants = town.tenants
        self.users: dict[str, dict[str, dict[str, str]]] = {}
        """By user pool, the attributes of each by user name, and its status."""
        for pool_id in {record["resources"]["userPoolId"] for record in town.tenants.values()}:
            self.users[pool_id] = {
                user["Username"]: {each["Name"]: each.get("Value", "") for each in user["Attributes"]}
                | {"status": user["UserStatus"]}
                for user in every("list_users", "Users", UserPoolId=pool_id)
            }
        cognito: Any = boto3.client("cognito-idp")
        self.members = {
            tenant_id: {
                user["Username"]
                for page in cognito.get_paginator("list_users_in_group").paginate(
                    UserPoolId=record["resources"]["userPoolId"], GroupName=record["resources"]["groupName"]
                )
                for user in page["Users"]
            }
            for tenant_id, record in town.tenants.items()
        }

    def of(self, tenant_id: str) -> list[Item]:
        """Return a tenant's items."""
        return [item for item in self.items if item["tenantId"] == tenant_id]


def judge(town: Town, outcomes: Sequence[Outcome]) -> None:
    """Add to each outcome what is wrong of its person, and to the last of a tenant what is wrong of the tenant."""
    truth, last = Truth(town), {outcome.tenant_id: outcome for outcome in outcomes}
    clients, settings = town.world.stack.clients, town.world.stack.settings
    for outcome in outcomes:
        address = addresses.hashed(clients, settings, outcome.email)
        if outcome.blow.variant == LOOKED_AFTER:
            outcome.complaints += _of_nobody(truth, outcome)
        else:
            outcome.complaints += _of_person(truth, outcome, address)
            requested = len(set(town.requests[outcome.email]))
            outcome.complaints += _of_mails(truth, outcome, address, requested)
        if not outcome.struck:
            outcome.complain("untested", "was never struck")
    for tenant_id, outcome in last.items():
        outcome.complaints += _of_tenant(truth, tenant_id)


def _of_person(truth: Truth, outcome: Outcome, address: str) -> Iterator[Complaint]:
    def wrong(kind: str, text: str) -> Complaint:
        return Complaint(kind, f"{outcome.email}: {text}")

    there = truth.of(outcome.tenant_id)
    rows = [item for item in there if item["item"].startswith(store.ROW) and item.get("address") == address]
    if len(rows) != 1 or rows[0]["status"] != statuses.ACTIVE:
        yield wrong("duplicate" if len(rows) > 1 else "false success", f"the register has {rows}")
        return
    (row,) = rows
    record = truth.tenants[outcome.tenant_id]
    pool_id = record["resources"]["userPoolId"]
    users = {name: user for name, user in truth.users[pool_id].items() if user.get("email") == outcome.email}
    if list(users) != [row["username"]]:
        yield wrong("duplicate" if len(users) > 1 else "false success", f"Cognito has {list(users)}, the row {row}")
        return
    (user,) = users.values()
    expected = {
        "email_verified": "true",
        "name": NAME,
        "status": "CONFIRMED",
        names.TENANT_ID: outcome.tenant_id,
        names.TENANT_TIER: record["tier"],
        names.TENANT_ROLE: outcome.role,
        names.USER_ID: outcome.user_id,
    }
    if not expected.items() <= user.items():
        yield wrong("wrong", f"Cognito says {user}, expected {expected}")
    said = (row["email"], row["role"], row["userId"], row.get("name"), row["sub"], row["userPoolId"])
    if said != (outcome.email, outcome.role, outcome.user_id, NAME, user["sub"], pool_id):
        yield wrong("wrong", f"the row says {said}")
    if row["username"] not in truth.members[outcome.tenant_id]:
        yield wrong("wrong", "is not in the tenant's group")
    mine = {item["item"] for item in there if item.get("userId") == row["userId"]}
    beside = {row["item"], f"{store.EMAIL}{address}", f"IDENTITY#{pool_id}#{user['sub']}"}
    if {each for each in mine if each.startswith(OF_A_PERSON)} != beside:
        yield wrong("wrong", f"beside the row there are {sorted(mine)}")


def _of_nobody(truth: Truth, outcome: Outcome) -> Iterator[Complaint]:
    """Whoever was removed is gone, but for the row that says so and the operations that led there, all over."""
    there = truth.of(outcome.tenant_id)
    pool_id = truth.tenants[outcome.tenant_id]["resources"]["userPoolId"]
    if left := [name for name, user in truth.users[pool_id].items() if user.get("email") == outcome.email]:
        yield Complaint("false success", f"{outcome.email}: Cognito has {left}")
    mine = [item for item in there if item.get("userId") == outcome.user_id]
    rows = [item for item in mine if item["item"].startswith(OF_A_PERSON)]
    if [item.get("status") for item in rows] != [statuses.REMOVED] or store.OPERATION in rows[0]:
        yield Complaint("false success", f"{outcome.email}: the register has {rows}")
    operations = [item for item in mine if item["item"].startswith("OP#")]
    undone = [item for item in operations if item[works.OPERATION.status] != works.DONE]
    if undone or len(operations) != OPERATIONS:
        kind = "stuck" if undone else "duplicate"
        yield Complaint(
            kind, f"{outcome.email}: operations {[(item['what'], item['opStatus']) for item in operations]}"
        )


def _of_mails(truth: Truth, outcome: Outcome, address: str, requested: int) -> Iterator[Complaint]:
    """One mail for each request, charged once; two only where nobody could know whether the first had left."""
    there = truth.of(outcome.tenant_id)
    links = [item for item in there if item["item"].startswith("LINK#") and item["proofOf"] == address]
    if not 1 <= requested <= outcome.asked or len(links) != requested:
        text = f"{outcome.email}: asked {outcome.asked} times, {requested} on the queue, {len(links)} works of mailing"
        yield Complaint("wrong", text)
    if undone := [link for link in links if link[works.LINK.status] != works.DONE]:
        yield Complaint("stuck", f"{outcome.email}: not mailed {undone}")
    blow = outcome.blow
    may_repeat = blow.function == MAILS and MAIL in (blow.operation, blow.after)
    most = requested + (min(blow.times, 2) if may_repeat else 0)
    if not requested <= truth.mails[outcome.email] <= most:
        kind = "duplicate" if truth.mails[outcome.email] > most else "false success"
        yield Complaint(kind, f"{outcome.email}: {truth.mails[outcome.email]} mails, {requested} requests")
    key = f"{budgets.OF_ADDRESS}{address}"
    counters = [name for _, name in budgets.CLASSES.values()]
    charged = sum(int(item.get(name, 0)) for item in truth.items if item["tenantId"] == key for name in counters)
    if charged != requested:
        yield Complaint("miscounted", f"{outcome.email}: charged {charged} mails, {requested} requests")
    if [item for item in there if item["item"] == f"PROOF#{address}" and item["proofStatus"] != works.DONE]:
        late = truth.mails[outcome.email] > len(outcome.links)
        if not late:
            yield Complaint("stuck", f"{outcome.email}: the proof is not over")


def _of_tenant(truth: Truth, tenant_id: str) -> Iterator[Complaint]:
    """Whoever is in Cognito is in the register, and all are counted."""
    there = truth.of(tenant_id)
    rows = [item for item in there if item["item"].startswith(store.ROW) and item["status"] != statuses.REMOVED]
    record = truth.tenants[tenant_id]
    users = {
        name
        for name, user in truth.users[record["resources"]["userPoolId"]].items()
        if user.get(names.TENANT_ID) == tenant_id or tenant_id in name
    }
    registered = {row["username"] for row in rows if row["status"] == statuses.ACTIVE}
    for name in users ^ registered:
        yield Complaint("orphan", f"{tenant_id}: {name} is in Cognito or in the register, not in both")
    counted = [int(item["active"]) for item in there if item["item"] == counts.ADMINS]
    if counted != [sum(row["role"] == statuses.ADMIN for row in rows)]:
        yield Complaint("miscounted", f"{tenant_id}: {counted} admins are counted")
    emails = [item for item in there if item["item"].startswith(store.EMAIL)]
    if len(emails) != len(rows):
        yield Complaint("orphan", f"{tenant_id}: {len(emails)} addresses of {len(rows)} users")
    links = sum(item["item"].startswith("LINK#") for item in there)
    charged = sum(int(item["mailed"]) for item in truth.items if item["tenantId"] == f"{budgets.OF_TENANT}{tenant_id}")
    if charged != links:
        yield Complaint("miscounted", f"{tenant_id}: charged {charged} mails of {links} requests")
