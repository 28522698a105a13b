"""`onboard users` on people who are there: who is listed and changed, and that a refusal names an accepted command."""

from collections.abc import Callable

import pytest

from orchestrator.operations import deployment
from orchestrator.tenants.records import record_key
from orchestrator.users import members
from orchestrator.users.invitations import Guest, invite
from tests.unit.cli.advice import command_of
from tests.unit.cli.command_line import Run, deploy, document, outputs_of, refusal, wrong_use
from tests.unit.cli.command_line import run as onboard
from tests.unit.every_tier import world
from tests.unit.faults import answered, refused
from tests.unit.users.company import due, in_cognito, joins
from tests.unit.users.company import row as row_of
from tests.unit.users.conftest import live
from tests.unit.users.people import ADMIN, JANE, PASSWORD, People, signs_in
from tests.unit.users.users_table import everything

__all__ = ["live", "onboard", "world"]

JOHN = "john@acme.example"
OF_JANE = ("acme", JANE)


@pytest.fixture
def people(live: Callable[..., People]) -> People:
    """The people of acme, whose stack a command line finds by its outputs."""
    return of_a_deployed_stack(live("pool"))


def of_a_deployed_stack(people: People) -> People:
    people.settings = people.settings.model_copy(update={"member_roles": ("editor",)})
    deploy("TenantOnboarding", outputs_of(people.settings))
    return people


def test_who_is_disabled_enabled_and_removed_is_so_in_cognito_too(people: People, onboard: Run) -> None:
    jane = joins(people, JANE)
    assert onboard("users", "disable", *OF_JANE).out == f"{JANE} of acme is DISABLED, as member\n"
    assert not signs_in(people, JANE, PASSWORD)
    assert onboard("users", "disable", *OF_JANE).code == 0
    assert onboard("users", "enable", "acme", jane["userId"]).out == f"{JANE} of acme is ACTIVE, as member\n"
    assert signs_in(people, JANE, PASSWORD)
    assert document(onboard("users", "role", *OF_JANE, "editor", "--json"))["role"] == "editor"
    assert (in_cognito(people, jane) or {})["custom:tenantRole"] == "editor"
    shown = document(onboard("users", "show", *OF_JANE, "--json"))["operations"]
    assert [(each["what"], each["status"]) for each in shown] == [
        ("ROLE", "DONE"),
        ("ENABLE", "DONE"),
        ("DISABLE", "DONE"),
    ]
    assert all(each["by"].startswith("arn:aws:") for each in shown)
    assert "DISABLE by arn:aws:" in onboard("users", "show", *OF_JANE).out
    assert onboard("users", "remove", *OF_JANE, "--yes").out == f"{JANE} of acme is REMOVED\n"
    assert in_cognito(people, jane) is None
    assert due(people) == []
    assert [each for each in everything(people.clients) if JANE in str(each)] == []


def test_nobody_is_removed_before_somebody_agrees(people: People, onboard: Run) -> None:
    joins(people, JANE)
    assert "add --yes" in wrong_use(onboard("users", "remove", *OF_JANE))
    assert row_of(people, JANE)["status"] == "ACTIVE"


def test_an_invitation_is_withdrawn_and_its_role_changed_without_cognito(people: People, onboard: Run) -> None:
    invite(people.clients, people.settings, people.tenant(), Guest(JANE))
    assert "INVITED, as admin" in onboard("users", "role", *OF_JANE, "admin").out
    assert "REMOVED" in onboard("users", "remove", *OF_JANE, "--yes").out
    assert command_of(refusal(onboard("users", "remove", *OF_JANE, "--yes"))) == ["users", "invite", "acme", JANE]


REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "the last admin, disabled": (("users", "disable", "acme", ADMIN), "the last admin of acme"),
    "the last admin, removed": (("users", "remove", "acme", ADMIN, "--yes"), "the last admin of acme"),
    "the last admin, a member": (("users", "role", "acme", ADMIN, "member"), "the last admin of acme"),
    "nobody": (("users", "disable", "acme", JOHN), "has no user"),
    "no tenant": (("users", "enable", "nobody", JANE), "no tenant nobody"),
    "no tenant to list": (("users", "list", "nobody"), "no tenant nobody"),
    "an invitation, disabled": (("users", "disable", *OF_JANE), "is INVITED, and cannot be disabled"),
    "an authenticator of nobody": (("users", "reset-mfa", *OF_JANE), "has no authenticator yet"),
    "a cursor of another list": (("users", "list", "acme", "--cursor", "bm9uZQ"), "--cursor"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_says_why_and_names_a_command_that_is_accepted(case: str, people: People, onboard: Run) -> None:
    invite(people.clients, people.settings, people.tenant(), Guest(JANE))
    words, why = REFUSED[case]
    line = refusal(onboard(*words))
    assert why in line
    accepted = onboard(*command_of(line))
    assert accepted.code == 0, accepted.err


def test_a_role_that_the_deployment_has_not_is_refused(people: People, onboard: Run) -> None:
    joins(people, JANE)
    said = refusal(onboard("users", "role", *OF_JANE, "auditor"))
    assert said.startswith("auditor is no role of this deployment, which has admin, member, editor")
    assert row_of(people, JANE)["role"] == "member"


def test_nobody_of_a_tenant_that_leaves_is_changed(people: People, onboard: Run) -> None:
    joins(people, JANE)
    people.clients.dynamodb.update_item(
        TableName=people.settings.tenants_table,
        Key=record_key("acme"),
        UpdateExpression="SET #status = :leaves",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":leaves": "ABANDONING"},
    )
    line = refusal(onboard("users", "disable", *OF_JANE))
    assert "acme is ABANDONING" in line
    assert onboard(*command_of(line)).code == 0


def test_pages_have_everybody_once_and_a_search_or_a_status_has_whom_it_names(people: People, onboard: Run) -> None:
    for number in range(4):
        joins(people, f"p{number}@acme.example")
    invite(people.clients, people.settings, people.tenant(), Guest(JANE))
    first = document(onboard("users", "list", "acme", "--limit", 4, "--json"))
    last = document(onboard("users", "list", "acme", "--limit", 4, "--cursor", first["nextCursor"], "--json"))
    listed = [each["email"] for each in first["users"] + last["users"]]
    assert last["nextCursor"] is None
    assert sorted(listed) == sorted([ADMIN, JANE, *(f"p{number}@acme.example" for number in range(4))])
    ran = onboard("users", "list", "acme", "--limit", 4)
    assert onboard(*command_of(ran.err.strip().removeprefix("onboard: "))).out.count("@acme.example") >= 2
    invited = document(onboard("users", "list", "acme", "--status", "invited", "--json"))["users"]
    assert [each["email"] for each in invited] == [JANE]
    found = document(onboard("users", "list", "acme", "--search", "P2", "--json"))["users"]
    assert [each["email"] for each in found] == ["p2@acme.example"]
    assert "must be one of INVITED" in wrong_use(onboard("users", "list", "acme", "--status", "GONE"))


def test_a_page_is_a_constant_number_of_calls_and_makes_nobody_a_monthly_active_user(
    people: People, onboard: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AdminGetUser would."""
    monkeypatch.setattr(deployment, "find", lambda _: (people.clients, people.settings))
    for number in range(12):
        joins(people, f"p{number}@acme.example")
    counted = []
    for limit in (3, 1_000):
        before = len(people.wire.operations())
        onboard("users", "list", "acme", "--limit", limit)
        counted.append(sorted(people.wire.operations()[before:]))
    assert all(set(each) <= {"GetItem", "Query", "ListUsers"} and len(each) <= 4 for each in counted)
    assert "ListUsers" in counted[-1]


def test_a_list_says_how_many_there_are_by_status_once_everybody_was_counted(people: People, onboard: Run) -> None:
    joins(people, JANE)
    joins(people, JOHN)
    onboard("users", "disable", "acme", JOHN)
    assert document(onboard("users", "list", "acme", "--json"))["people"] == {"active": 2, "admins": 1, "disabled": 1}
    last = onboard("users", "list", "acme").out.splitlines()[-1]
    assert last == "acme has 2 active, 1 of them admins, and 1 disabled"
    people.clients.dynamodb.put_item(
        TableName=people.settings.users_table, Item={"tenantId": "acme", "item": "ADMINS", "active": 1}
    )
    assert document(onboard("users", "list", "acme", "--json"))["people"] is None


def test_whoever_never_signed_in_is_listed_with_what_lets_them_in(people: People, onboard: Run) -> None:
    joins(people, JOHN)
    invite(people.clients, people.settings, people.tenant(), Guest(JANE))
    listed = document(onboard("users", "list", "acme", "--json"))["users"]
    advice = {each["email"]: each["nextAction"] for each in listed}
    assert advice[JOHN] is None
    assert advice[JANE] == f"onboard users resend acme {JANE}"
    assert advice[ADMIN] == "has not signed in yet: onboard resend-welcome acme"
    assert onboard(*command_of(f"do: {advice[JANE]}")).code == 0
    waiting = document(onboard("users", "list", "acme", "--never-signed-in", "--json"))["users"]
    assert {each["email"] for each in waiting} == {JANE, ADMIN}
    admin = row_of(people, ADMIN)
    people.clients.cognito.admin_set_user_password(
        UserPoolId=admin["userPoolId"], Username=admin["username"], Password=PASSWORD, Permanent=True
    )
    waiting = document(onboard("users", "list", "acme", "--never-signed-in", "--json"))["users"]
    assert {each["email"] for each in waiting} == {JANE}


def test_a_lost_authenticator_is_forgotten_and_every_session_ends(
    people: People, onboard: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployment, "find", lambda _: (people.clients, people.settings))
    jane = joins(people, JANE)
    with people.wire.strikes("AdminDeleteSoftwareToken", answered()) as forgotten:
        ran = onboard("users", "reset-mfa", *OF_JANE)
    assert (ran.code, forgotten.struck, people.wire.count("AdminUserGlobalSignOut")) == (0, 1, 1)
    assert people.wire.bodies("AdminDeleteSoftwareToken")[0]["Username"] == jane["username"]
    with people.wire.strikes("AdminDeleteSoftwareToken", refused("InvalidAction")):
        assert "the local AWS cannot do this" in refusal(onboard("users", "reset-mfa", *OF_JANE))
    with people.wire.strikes("AdminDeleteSoftwareToken", refused("UserNotFoundException")):
        line = refusal(onboard("users", "reset-mfa", *OF_JANE))
    assert command_of(line) == ["users", "remove", "acme", JANE]


def test_the_authenticator_of_a_providers_user_is_the_providers(live: Callable[..., People], onboard: Run) -> None:
    people = of_a_deployed_stack(live("bridge with SAML"))
    invite(people.clients, people.settings, people.tenant(), Guest(JANE))
    people.clients.dynamodb.update_item(
        TableName=people.settings.users_table,
        Key={name: row_of(people, JANE)[name] for name in ("tenantId", "item")},
        UpdateExpression="SET #status = :active, username = :name REMOVE expiresAt",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":active": "ACTIVE", ":name": "saml_jane"},
    )
    assert "which knows the authenticator" in refusal(onboard("users", "reset-mfa", *OF_JANE))


def test_what_is_wanted_of_a_list_is_part_of_its_cursor(people: People, onboard: Run) -> None:
    joins(people, JANE)
    cursor = members.page(people.clients, people.settings, "acme", 1, None).cursor
    line = refusal(onboard("users", "list", "acme", "--status", "ACTIVE", "--cursor", cursor))
    assert "is not of this list" in line
