"""One address is one user of a tenant, one user of Cognito is one user, and the admins are counted with them."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import cancellation_codes
from orchestrator.users import counts, statuses, store
from orchestrator.users.store import User
from tests.unit import faults
from tests.unit.faults import Wire
from tests.unit.users.users_table import everything, kinds, rows

TABLE = "users"
JANE = User(
    user_id="01ARYZ6S41TSV4RRFFQ69G5FAV",
    tenant_id="acme",
    email="Jane@acme.example",
    address="5f" * 32,
    name="Jane",
    role=statuses.ADMIN,
    status=statuses.ACTIVE,
    created_at="2026-12-01T00:00:00.000Z",
    user_pool_id="eu-central-1_Shared001",
    username="acme/Jane@acme.example",
    sub="0f1e2d3c-0000-4000-8000-000000000001",
)
AGAIN = replace(JANE, user_id="01ARYZ6S41TSV4RRFFQ69G5FAW", sub="0f1e2d3c-0000-4000-8000-000000000002")
ALL = ["ADMINS", "EMAIL", "IDENTITY", "USER"]


def enter(clients: Clients, user: User) -> None:
    """Register a tenant's first user."""
    writes.transact(clients.dynamodb, store.first(TABLE, user))


def test_a_row_says_who_a_user_is_and_no_key_says_the_address(clients: Clients) -> None:
    enter(clients, JANE)
    assert rows(clients) == [
        {
            "tenantId": "acme",
            "item": f"USER#{JANE.user_id}",
            "userId": JANE.user_id,
            "email": "Jane@acme.example",
            "address": JANE.address,
            "name": "Jane",
            "role": "admin",
            "status": "ACTIVE",
            "createdAt": "2026-12-01T00:00:00.000Z",
            "userPoolId": "eu-central-1_Shared001",
            "username": "acme/Jane@acme.example",
            "sub": JANE.sub,
        }
    ]
    assert kinds(clients) == ALL
    assert not [item["item"] for item in everything(clients) if "@" in item["item"]]


def test_who_has_no_name_has_no_empty_one(clients: Clients) -> None:
    enter(clients, replace(JANE, name=""))
    assert "name" not in rows(clients)[0]


@pytest.mark.parametrize(("role", "status", "counted"), [("admin", "ACTIVE", 1), ("member", "ACTIVE", 0)])
def test_active_admins_are_counted(clients: Clients, role: str, status: statuses.Status, counted: int) -> None:
    enter(clients, replace(JANE, role=role, status=status))
    (count,) = [item["active"] for item in everything(clients) if item["item"] == counts.ADMINS]
    assert count == counted


def test_one_address_in_two_tenants_is_two_users_and_is_found_in_both(clients: Clients) -> None:
    enter(clients, JANE)
    enter(clients, replace(AGAIN, tenant_id="globex"))
    assert [kinds(clients, tenant_id) for tenant_id in ("acme", "globex")] == [ALL, ALL]
    found: Any = clients.dynamodb.query(
        TableName=TABLE,
        IndexName=store.ADDRESS_INDEX,
        KeyConditionExpression="address = :address",
        ExpressionAttributeValues={":address": JANE.address},
    )["Items"]
    assert [(item["tenantId"], item["item"]) for item in found] == [
        ("acme", f"USER#{JANE.user_id}"),
        ("globex", f"USER#{AGAIN.user_id}"),
    ]


@pytest.mark.parametrize(
    "rival",
    [
        AGAIN,
        replace(AGAIN, address="00" * 32),
        replace(JANE, address="00" * 32, sub=AGAIN.sub),
        replace(AGAIN, address="00" * 32, sub=JANE.sub),
    ],
    ids=["same address", "a second first user", "same id", "same user of Cognito"],
)
def test_of_two_that_cannot_both_be_one_is_registered_whole_and_the_other_not_at_all(
    clients: Clients, wire: Wire, rival: User
) -> None:
    """Also where the rival comes between."""
    with (
        wire.strikes("TransactWriteItems", faults.preceded_by(lambda: enter(clients, JANE))),
        pytest.raises(ClientError) as refused,
    ):
        enter(clients, rival)
    assert "ConditionalCheckFailed" in cancellation_codes(refused.value)
    assert [row["userId"] for row in rows(clients)] == [JANE.user_id]
    assert kinds(clients) == ALL


def test_a_user_takes_the_place_of_the_one_before_in_one_write(clients: Clients) -> None:
    enter(clients, JANE)
    writes.transact(clients.dynamodb, store.only(TABLE, AGAIN, store.of_tenant(clients.dynamodb, TABLE, "acme")))
    assert [row["userId"] for row in rows(clients)] == [AGAIN.user_id]
    assert kinds(clients) == ALL


def test_what_is_forgotten_is_gone_of_one_tenant_alone_also_if_that_is_said_twice(clients: Clients) -> None:
    enter(clients, JANE)
    enter(clients, replace(AGAIN, tenant_id="globex"))
    found = store.of_tenant(clients.dynamodb, TABLE, "acme")
    for _ in range(2):
        writes.transact(clients.dynamodb, store.forget(TABLE, found))
    assert (kinds(clients), kinds(clients, "globex")) == ([], ALL)


def test_a_row_is_found_by_its_address(clients: Clients) -> None:
    enter(clients, JANE)
    found = store.of_tenant(clients.dynamodb, TABLE, "acme")
    assert (store.row_of(found, JANE.address) or {})["userId"] == JANE.user_id
    assert store.row_of(found, "00" * 32) is None


INVITED = replace(JANE, status=statuses.INVITED, user_pool_id="", username="", sub="")


def write(clients: Clients, actions: list[dict[str, Any]]) -> None:
    writes.transact(clients.dynamodb, actions)


def refusal(clients: Clients, actions: list[dict[str, Any]]) -> list[str]:
    """Return the codes with which a transaction is refused."""
    with pytest.raises(ClientError) as refused:
        writes.transact(clients.dynamodb, actions)
    return cancellation_codes(refused.value)


def test_who_is_invited_has_an_address_and_nobody_in_cognito(clients: Clients) -> None:
    write(clients, store.invited(TABLE, INVITED))
    assert kinds(clients) == ["EMAIL", "USER"]
    assert not {"sub", "username", "userPoolId"} & rows(clients)[0].keys()
    assert store.find(clients.dynamodb, TABLE, "acme", JANE.address) == INVITED.row
    assert store.of(INVITED.row) == INVITED


def test_an_address_is_invited_once(clients: Clients) -> None:
    write(clients, store.invited(TABLE, INVITED))
    assert "ConditionalCheckFailed" in refusal(clients, store.invited(TABLE, replace(INVITED, user_id="another")))


def test_an_invitation_becomes_a_user_and_the_admins_are_counted(clients: Clients) -> None:
    write(clients, store.invited(TABLE, INVITED))
    write(clients, store.confirmed(TABLE, JANE, INVITED.row))
    assert rows(clients) == [JANE.row]
    assert kinds(clients) == ALL
    assert "ConditionalCheckFailed" in refusal(clients, store.confirmed(TABLE, JANE, INVITED.row))


def test_whom_cognito_knows_by_another_id_goes_by_that(clients: Clients) -> None:
    write(clients, store.invited(TABLE, INVITED))
    known = replace(JANE, user_id="of-cognito", role=statuses.MEMBER)
    write(clients, store.confirmed(TABLE, known, INVITED.row))
    assert rows(clients) == [known.row]
    assert store.find(clients.dynamodb, TABLE, "acme", JANE.address) == known.row


def test_whoever_has_an_address_meanwhile_keeps_it(clients: Clients) -> None:
    write(clients, store.confirmed(TABLE, JANE, None))
    rival = replace(JANE, user_id="another", sub="another")
    assert "ConditionalCheckFailed" in refusal(clients, store.confirmed(TABLE, rival, None))
    assert "ConditionalCheckFailed" in refusal(
        clients, store.confirmed(TABLE, replace(rival, address="6a" * 32, sub=JANE.sub), None)
    )


def test_a_user_who_changed_is_no_longer_still_the_same(clients: Clients) -> None:
    write(clients, store.confirmed(TABLE, JANE, None))
    write(clients, [store.is_still(TABLE, JANE.row)])
    assert refusal(clients, [store.is_still(TABLE, replace(JANE, status="DISABLED").row)]) == ["ConditionalCheckFailed"]
