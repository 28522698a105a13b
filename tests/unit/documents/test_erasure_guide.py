"""The commands that find and erase a person, run as they are written: they delete what is the person's, no more.

In the place of the AWS CLI is a program that prints the secret of addresses and notes how it was called. The calls are
then made of the simulated AWS.
"""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import xform_name

from orchestrator.routing import routes
from orchestrator.users import invitations, store
from orchestrator.users.invitations import Guest
from orchestrator.users.proofs import ProofEndedError
from orchestrator.users.works import REGISTRATION, RESET
from tests.pages import DOCUMENTS
from tests.unit.documents.guide_blocks import blocks, section
from tests.unit.every_tier import world
from tests.unit.users.conftest import live
from tests.unit.users.people import ADMIN, JANE, People, row
from tests.unit.users.users_table import everything

__all__ = ["live", "world"]

PAGE = DOCUMENTS["data-protection.md"]
(FIND,) = blocks(section(PAGE, "## Find a person"), "")
READ, COGNITO, ITEMS, LINKS, ADMINS, ROUTE, FIRST_ADMIN, _SUPPRESSED = blocks(section(PAGE, "## Erase a person"), "")
JOHN = "john@acme.example"
AWS = """#!/bin/sh
if [ "$2" = get-secret-value ]; then printf %s "$SECRET_STRING"; fi
jq --compact-output --null-input '$ARGS.positional' --args -- "$@" >> "$CALLS"
"""
Answers = list[tuple[str, Any]]
Aws = Callable[..., Answers]


@pytest.fixture
def shell(tmp_path: Path) -> Aws:
    """Return what runs blocks of the page in one shell, for a person, and then makes their calls; with the answers."""
    (tmp_path / "aws").write_text(AWS)
    (tmp_path / "aws").chmod(0o755)

    def run(people: People, *of_page: str, email: str = JANE, **values: str) -> Answers:
        (tmp_path / "calls").write_text("")
        script = "\n".join(of_page).replace("jane@acme.example", email.title())
        tables = {"USERS": "users_table", "ROUTES": "routes_table", "TENANTS": "tenants_table"}
        values |= {
            f"--table-name {name} ": f"--table-name {getattr(people.settings, of)} " for name, of in tables.items()
        }
        for written, filled_in in values.items():
            script = script.replace(written, filled_in)
        secret = people.clients.secrets.get_secret_value(SecretId=people.settings.user_keys)["SecretString"]
        env = {
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "CALLS": str(tmp_path / "calls"),
            "SECRET_STRING": secret,
        }
        subprocess.run(["bash", "-euc", script], env=env, check=True, stdout=subprocess.DEVNULL)
        calls = [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]
        return [(call[1], called(people, *call)) for call in calls if call[1] != "get-secret-value"]

    return run


def called(people: People, service: str, operation: str, *options: str) -> Any:
    """Make a call of the AWS CLI of the simulated AWS, and return the answer."""
    client: Any = boto3.client(service, region_name=people.clients.cognito.meta.region_name)  # type: ignore[call-overload]
    model = client.meta.service_model
    (shape,) = [model.operation_model(each) for each in model.operation_names if xform_name(each, "-") == operation]
    members = {xform_name(each, "-"): each for each in (shape.input_shape.members if shape.input_shape else {})}
    given = {name.removeprefix("--"): value for name, value in zip(options[::2], options[1::2], strict=True)}
    given.pop("query", None)
    taken = {members[name]: json.loads(value) if value.startswith("{") else value for name, value in given.items()}
    return getattr(client, operation.replace("-", "_"))(**taken)


def keys_of(people: People) -> set[str]:
    return {item["item"] for item in everything(people.clients) if item["tenantId"] == "acme"}


def invite(people: People, email: str, role: str) -> None:
    invitations.invite(people.clients, people.settings, people.tenant(), Guest(email, "Jane", role))


def erase(shell: Aws, people: People, found: dict[str, Any], email: str) -> Answers:
    """Run steps 1 to 3 for a row, with what it says; all of these are shell variables."""
    values = {
        "USER#01J9ZK4T2W8Q6X0V5N3M7B1C4D": found["item"],
        "=USER_POOL_ID": f"={found['userPoolId']}",
        "=USER_NAME": f"={found['username']}",
        "=USER_SUB": f"={found['sub']}",
    }
    return shell(people, FIND, READ, COGNITO, ITEMS, LINKS, email=email, **values)


def test_the_index_leads_to_a_persons_row_in_each_tenant(live: Callable[..., People], shell: Aws) -> None:
    people = live("pool")
    people.confirm(people.token(REGISTRATION))
    ((_, found),) = shell(people, FIND)
    (key,) = [{name: value["S"] for name, value in each.items()} for each in found["Items"]]
    assert key == {"tenantId": "acme", "item": row(people)["item"], "address": row(people)["address"]}


def test_whoever_is_erased_is_gone_and_all_others_stay(live: Callable[..., People], shell: Aws) -> None:
    """A link that is out for the address is not good any more, and the address can be invited again."""
    people = live("pool")
    others = keys_of(people)
    people.confirm(people.token(REGISTRATION, JOHN))
    johns = keys_of(people) - others
    people.confirm(people.token(REGISTRATION))
    late, jane = people.token(RESET), row(people)
    *_, (_, listed) = erase(shell, people, jane, JANE)
    assert {item["item"]["S"] for item in listed["Items"]} == {
        each for each in keys_of(people) - others - johns if each.startswith(("SECRET#", "LINK#"))
    }
    assert {each for each in keys_of(people) - others - johns if not each.startswith(("SECRET#", "LINK#"))} == set()
    assert johns | others <= keys_of(people)
    with pytest.raises(people.clients.cognito.exceptions.UserNotFoundException):
        people.clients.cognito.admin_get_user(UserPoolId=jane["userPoolId"], Username=jane["username"])
    with pytest.raises(ProofEndedError):
        people.reset(late)
    invite(people, JANE, store.MEMBER)
    assert row(people)["status"] == store.INVITED


def test_an_admin_who_is_erased_counts_no_more(live: Callable[..., People], shell: Aws) -> None:
    people = live("pool")
    invite(people, JANE, store.ADMIN)
    people.receive_all()
    people.confirm(people.tokens()[-1])
    assert admins(people) == 2
    erase(shell, people, row(people), JANE)
    shell(people, READ, ADMINS)
    assert admins(people) == 1


def admins(people: People) -> int:
    (found,) = [item["active"] for item in everything(people.clients) if item["item"] == store.ADMINS]
    return int(found)


def test_the_first_admin_is_gone_from_the_tenants_table_too(live: Callable[..., People], shell: Aws) -> None:
    people = live("pool")
    erase(shell, people, row(people, ADMIN), ADMIN)
    shell(people, READ, FIRST_ADMIN)
    assert ADMIN not in str(people.tenant())
    assert ADMIN not in str(everything(people.clients))
    tenants = people.clients.dynamodb.scan(TableName=people.settings.tenants_table)["Items"]
    assert "REQUEST" not in {str(item["item"]) for item in tenants}


def test_the_invitation_to_a_federated_tenant_lets_nobody_in_afterwards(
    live: Callable[..., People], shell: Aws
) -> None:
    people = live("silo with social providers")
    pool = people.tenant()["resources"]["userPoolId"]
    key = routes.invitation_key(pool, JANE)
    invite(people, JANE, store.MEMBER)
    assert key in keys_of_routes(people)
    shell(people, FIND, READ, ROUTE, **{"=USER_POOL_ID": f"={pool}"})
    assert key not in keys_of_routes(people)


def keys_of_routes(people: People) -> set[str]:
    found = people.clients.dynamodb.scan(TableName=people.settings.routes_table)["Items"]
    return {str(item["routeKey"]) for item in found}
