"""A tenant's people by their own tokens: oneself, and for admins all of the tenant; never anybody of another."""

import json
from typing import Any

import pytest

from handlers import members, proofs
from orchestrator.aws import writes
from orchestrator.aws.dynamodb import Change
from orchestrator.users.member_contract import ME, USERS
from tests.unit import faults
from tests.unit.every_tier import world
from tests.unit.handlers.account_api import errors, kind, problem
from tests.unit.handlers.members_function import BOSS, TENANTS, Company, company
from tests.unit.users.company import counted, counts, row
from tests.unit.users.people import JANE

__all__ = ["company", "world"]


@pytest.mark.parametrize("tenant_id", TENANTS)
def test_whoever_is_there_sees_oneself(tenant_id: str, company: Company) -> None:
    answer = company.ask("GET", ME, token=company.token(tenant_id, f"colleague@{tenant_id}.example"))
    known = row(company.people, f"colleague@{tenant_id}.example", tenant_id)
    assert (answer.status, answer.document) == (
        200,
        {
            "userId": known["userId"],
            "tenantId": tenant_id,
            "email": f"colleague@{tenant_id}.example",
            "name": "colleague",
            "role": "member",
            "status": "ACTIVE",
            "createdAt": known["createdAt"],
        },
    )


def test_an_admin_lists_the_tenants_people_page_by_page(company: Company) -> None:
    found, cursor = [], ""
    for _ in range(9):
        answer = company.ask("GET", f"{USERS}?limit=1{cursor}")
        assert answer.status == 200
        found += answer.document["users"]
        if not answer.document["nextCursor"]:
            break
        cursor = f"&cursor={answer.document['nextCursor']}"
    assert {each["tenantId"] for each in found} == {"acme"}
    assert sorted(each["email"] for each in found) == sorted(["admin@acme.example", BOSS, "colleague@acme.example"])
    assert [each["userId"] for each in found] == sorted(each["userId"] for each in found)


@pytest.mark.parametrize(("search", "whom"), [("COLL", ["colleague@acme.example"]), ("bo", [BOSS]), ("oss", [])])
def test_a_search_is_for_the_beginning_of_an_address_or_a_name(search: str, whom: list[str], company: Company) -> None:
    answer = company.ask("GET", f"{USERS}?search={search}")
    assert [each["email"] for each in answer.document["users"]] == whom


def test_a_cursor_is_of_its_tenants_list_alone(company: Company) -> None:
    mine = company.ask("GET", f"{USERS}?limit=1").document["nextCursor"]
    refused = company.ask("GET", f"{USERS}?limit=1&cursor={mine}", token=company.token("globex"))
    assert "/query/cursor" in errors(refused)


def test_an_admin_invites_by_a_role_that_there_is(company: Company) -> None:
    asked = {"email": "New@Acme.Example", "name": "New", "role": "editor"}
    answer = company.ask("POST", USERS, asked)
    assert (answer.status, answer.document["status"], answer.document["role"]) == (201, "INVITED", "editor")
    again = company.ask("POST", USERS, asked)
    assert (again.status, again.document) == (200, answer.document)
    assert [each.answer for each in company.people.receive_all()] == ["mailed", "repeated"]
    assert "/body/role" in errors(company.ask("POST", USERS, asked | {"role": "owner"}))
    assert "/body/tenantId" in errors(company.ask("POST", USERS, asked | {"tenantId": "globex"}))
    taken = company.ask("POST", USERS, {"email": "colleague@acme.example"})
    assert (taken.status, kind(taken)) == (409, "user-exists")


def test_an_admin_has_another_link_mailed(company: Company) -> None:
    company.ask("POST", USERS, {"email": "new@acme.example"})
    answer = company.ask("POST", f"{company.user('new@acme.example')}/resend-invitation")
    assert (answer.status, answer.text) == (202, "{}")
    assert [each.answer for each in company.people.receive_all()] == ["mailed", "mailed"]
    refused = company.ask("POST", f"{company.user('colleague@acme.example')}/resend-invitation")
    assert (refused.status, kind(refused)) == (409, "not-invited")


def test_an_admin_changes_disables_enables_and_removes(company: Company) -> None:
    path = company.user("colleague@acme.example")
    token = company.token(email="colleague@acme.example")
    assert company.ask("PATCH", path, {"role": "editor"}).document["role"] == "editor"
    assert company.ask("PATCH", path, {"status": "DISABLED"}).document["status"] == "DISABLED"
    assert kind(company.ask("GET", ME, token=token)) == "not-a-member", "a token that is still good"
    assert company.ask("PATCH", path, {"status": "ACTIVE"}).document["status"] == "ACTIVE"
    assert company.ask("DELETE", path).status == 204
    assert kind(company.ask("GET", path)) == kind(company.ask("DELETE", path)) == "no-such-user"
    assert counts(company.people) == counted(company.people)


def test_a_removal_that_failed_goes_on_when_asked_again(company: Company) -> None:
    """To all others who is being removed is gone already."""
    path, token = company.user("colleague@acme.example"), company.token()
    with company.people.wire.strikes("AdminDeleteUser", faults.access_denied("it"), times=1):
        assert company.ask("DELETE", path, token=token).status == 500
    assert company.ask("GET", path, token=token).status == 404
    assert "colleague@acme.example" not in company.ask("GET", USERS, token=token).text
    assert company.ask("DELETE", path, token=token).status == 204
    assert company.people.wire.count("AdminDeleteUser") == 2
    assert company.ask("DELETE", path, token=token).status == 404


@pytest.mark.parametrize("body", [{}, {"role": "editor", "status": "ACTIVE"}, {"status": "REMOVED"}, {"name": "x"}])
def test_a_change_is_one_of_two(body: dict[str, str], company: Company) -> None:
    assert errors(company.ask("PATCH", company.user("colleague@acme.example"), body))


def test_the_last_admin_stays(company: Company) -> None:
    company.ask("DELETE", company.user("admin@acme.example"))
    for answer in (
        company.ask("DELETE", ME),
        company.ask("DELETE", company.user(BOSS)),
        company.ask("PATCH", company.user(BOSS), {"role": "member"}),
        company.ask("PATCH", company.user(BOSS), {"status": "DISABLED"}),
    ):
        assert (answer.status, kind(answer)) == (409, "last-admin")


def test_whoever_is_there_changes_the_own_name_and_leaves(company: Company) -> None:
    token = company.token(email="colleague@acme.example")
    assert company.ask("PATCH", ME, {"name": "Another"}, token=token).document["name"] == "Another"
    assert company.ask("DELETE", ME, token=token).status == 204
    assert kind(company.ask("GET", ME, token=token)) == "not-a-member"


NEEDS_AN_ADMIN = [
    ("GET", USERS, None),
    ("POST", USERS, {"email": "new@acme.example"}),
    ("GET", f"{USERS}/other", None),
    ("PATCH", f"{USERS}/other", {"role": "admin"}),
    ("DELETE", f"{USERS}/other", None),
    ("POST", f"{USERS}/other/resend-invitation", None),
]


@pytest.mark.parametrize(("method", "path", "body"), NEEDS_AN_ADMIN)
def test_only_admins_look_after_people(method: str, path: str, body: Any, company: Company) -> None:
    """Whose row says member, whatever the token says; also a moment after it did."""
    answer = company.ask(method, path, body, token=company.token(email="colleague@acme.example"))
    assert (answer.status, kind(answer)) == (403, "not-allowed")
    admins = company.token()
    company.people.clients.dynamodb.update_item(
        **Change("users", {"tenantId": "acme", "item": f"USER#{row(company.people, BOSS)['userId']}"})
        .set("role", "member")
        .arguments()
    )
    demoted = company.ask(method, path, body, token=admins)
    assert (demoted.status, kind(demoted)) == (403, "not-allowed")


@pytest.mark.parametrize(("method", "path", "body"), [*NEEDS_AN_ADMIN, ("GET", ME, None), ("DELETE", ME, None)])
@pytest.mark.parametrize("token", ["", "no.token.atall", "x"])
def test_nobody_gets_in_without_a_token(method: str, path: str, body: Any, token: str, company: Company) -> None:
    answer = company.ask(method, path, body, token=token)
    assert (answer.status, kind(answer)) == (401, "not-signed-in")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("of", TENANTS)
@pytest.mark.parametrize("mine", TENANTS)
def test_nobody_of_another_tenant_is_seen_or_changed(mine: str, of: str, company: Company) -> None:
    """All tenants' admins by all tenants' ids, and at all tenants' hosts: the diagonal alone."""
    token, path = company.token(mine), company.user(f"colleague@{of}.example", of)
    assert company.ask("GET", path, token=token).status == (200 if mine == of else 404)
    if mine != of:
        for method, body in (("PATCH", {"role": "admin"}), ("DELETE", None)):
            assert kind(company.ask(method, path, body, token=token)) == "no-such-user"
    at_host = company.ask("GET", ME, token=token, at=company.sign_ins.host(of))
    assert at_host.status == (200 if mine == of else 403)


def test_at_a_host_that_is_nobodys_there_is_no_caller(company: Company) -> None:
    assert kind(company.ask("GET", ME, at="nobody.app.product.example")) == "not-allowed"


def test_a_suspended_tenants_people_are_told_so(company: Company) -> None:
    token = company.token("tyrell")
    suspended = Change("tenants", {"tenantId": "tyrell", "item": "RECORD"}).set("status", "SUSPENDED")
    writes.in_turn(company.people.clients.dynamodb.update_item, **suspended.arguments())
    answer = company.ask("GET", ME, token=token)
    assert (answer.status, kind(answer)) == (403, "suspended")


def test_whom_the_register_does_not_know_is_no_member(company: Company) -> None:
    """Somebody made in Cognito by hand, as the stand-in's Jane is."""
    found: Any = company.sign_ins.sign_in("acme", email=JANE)
    assert kind(company.ask("GET", ME, token=found.access_token)) == "not-a-member"


def test_every_path_and_problem_is_described() -> None:
    described = json.loads(proofs.description())["paths"]
    for path, methods in members.ALLOWED.items():
        of_path = described[path.replace("<", "{").replace(">", "}")]
        assert {name.upper() for name in of_path} == set(methods)
        assert all("401" in each["responses"] and "403" in each["responses"] for each in of_path.values())


def test_no_answer_names_a_request_in_its_body(company: Company) -> None:
    assert problem(company.ask("GET", f"{USERS}/other"))["detail"] == "List the tenant's users."
