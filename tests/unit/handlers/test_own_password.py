"""One's own password: proved, judged and replaced; whatever fails, one password is good, and no session outlives it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import Change
from orchestrator.users.app_client import RefusedError
from orchestrator.users.member_contract import ME_PASSWORD
from tests.unit import faults
from tests.unit.every_tier import world
from tests.unit.handlers.account_api import errors, kind, problem
from tests.unit.handlers.api_gateway import Answer
from tests.unit.handlers.logs_and_metrics import Told, log, told
from tests.unit.handlers.members_function import BOSS, TENANTS, Company, change_row, company, sessions
from tests.unit.users.people import OTHER, PASSWORD

__all__ = ["company", "log", "told", "world"]

CALLS = ["AdminInitiateAuth", "RevokeToken", "AdminUserGlobalSignOut", "AdminSetUserPassword", "AdminUserGlobalSignOut"]


def change(company: Company, current: str = PASSWORD, new: str = OTHER, *, token: str | None = None) -> Answer:
    """Ask for another password, by default as acme's admin."""
    return company.ask("PUT", ME_PASSWORD, {"currentPassword": current, "newPassword": new}, token=token)


def lets_in(company: Company, password: str, tenant_id: str = "acme", email: str = BOSS) -> bool:
    """Tell whether somebody signs in by a password."""
    try:
        company.sign_ins.sign_in(tenant_id, password, email)
    except RefusedError:
        return False
    return True


@pytest.mark.parametrize("tenant_id", TENANTS)
def test_the_new_password_is_good_the_old_one_is_not_and_all_sessions_end(tenant_id: str, company: Company) -> None:
    token, others = company.token(tenant_id), sessions(company, tenant_id, f"colleague@{tenant_id}.example")
    answer = change(company, token=token)
    assert (answer.status, answer.text) == (204, "")
    assert sessions(company, tenant_id) == 0
    assert (lets_in(company, PASSWORD, tenant_id), lets_in(company, OTHER, tenant_id)) == (False, True)
    assert lets_in(company, PASSWORD, tenant_id, f"colleague@{tenant_id}.example"), "somebody else's stays"
    assert sessions(company, tenant_id, f"colleague@{tenant_id}.example") == others + 1


def test_it_takes_these_calls(company: Company) -> None:
    token = company.token()
    company.people.wire.attempts.clear()
    assert change(company, token=token).status == 204
    made = [each for each in company.people.wire.operations() if each not in {"GetItem"}]
    assert made == CALLS


REFUSED: dict[str, Callable[[Company, dict[str, str]], object]] = {
    "a wrong password": lambda company, user: None,
    "a lock": lambda company, user: [lets_in(company, "wrong") for _ in range(5)],
    "somebody disabled by hand": lambda company, user: company.people.clients.cognito.admin_disable_user(**user),
    "somebody deleted by hand": lambda company, user: company.people.clients.cognito.admin_delete_user(**user),
}


def test_whoever_does_not_prove_the_password_is_told_one_thing(
    company: Company, log: list[dict[str, Any]], told: Callable[[], Told]
) -> None:
    token, user, found = company.token(), company.sign_ins.user("acme", BOSS), set()
    for what, act in REFUSED.items():
        act(company, user)
        told()
        answer = change(company, "wrong" if what == "a wrong password" else PASSWORD, token=token)
        found.add((answer.status, kind(answer), answer.text))
        assert ("SignInsRefused", {}, 1.0) in told()
        assert log[-1]["message"] == "not proved", what
        company.sign_ins.cognito.attempts.clear()
    assert len(found) == 1
    assert next(iter(found))[:2] == (401, "not-signed-in")
    assert company.people.wire.count("AdminSetUserPassword") == 0


def test_a_colleagues_password_proves_nothing(company: Company) -> None:
    """Whose token it is, is who changes; another's password is a wrong one."""
    company.people.clients.cognito.admin_set_user_password(
        **company.sign_ins.user("acme", "colleague@acme.example"), Password=OTHER, Permanent=True
    )
    assert kind(change(company, OTHER, "Third-Horse-9-Battery")) == "not-signed-in"
    assert lets_in(company, PASSWORD)


def test_the_new_password_is_judged_before_anything_is_asked(company: Company) -> None:
    token = company.token()
    company.people.wire.attempts.clear()
    answer = change(company, "whatever", "short", token=token)
    assert (answer.status, kind(answer)) == (400, "password-refused")
    assert {each["pointer"] for each in problem(answer)["errors"]} == {"/body/newPassword"}
    assert company.people.wire.count("AdminInitiateAuth") == 0


@pytest.mark.parametrize("code", ["InvalidPasswordException", "PasswordHistoryPolicyViolationException"])
def test_cognito_may_know_more_of_passwords(code: str, company: Company) -> None:
    token = company.token()
    with company.people.wire.strikes("AdminSetUserPassword", faults.refused(code)):
        answer = change(company, token=token)
    assert (answer.status, kind(answer)) == (400, "password-refused")
    assert lets_in(company, PASSWORD)


def test_a_second_factor_is_asked_for_after_the_password_which_is_proof_enough(company: Company) -> None:
    token = company.token()
    company.sign_ins.want_mfa("acme", "OPTIONAL")
    user = company.sign_ins.user("acme", BOSS)
    company.sign_ins.cognito.enrol(user["UserPoolId"], user["Username"])
    assert kind(change(company, "wrong", token=token)) == "not-signed-in"
    assert change(company, token=token).status == 204


def test_who_comes_from_a_provider_has_no_password(company: Company) -> None:
    token = company.token()
    change_row(company, username="AcmeSSO_boss")
    answer = change(company, token=token)
    assert (answer.status, kind(answer)) == (409, "federated")
    assert problem(answer)["signInAddress"] == "https://acme.app.product.example"


def test_who_is_disabled_or_of_a_suspended_tenant_changes_nothing(company: Company) -> None:
    token = company.token()
    change_row(company, status="DISABLED")
    assert kind(change(company, token=token)) == "not-a-member"
    change_row(company, status="ACTIVE")
    suspended = Change("tenants", {"tenantId": "acme", "item": "RECORD"}).set("status", "SUSPENDED")
    writes.in_turn(company.people.clients.dynamodb.update_item, **suspended.arguments())
    assert kind(change(company, token=token)) == "suspended"
    assert company.people.wire.count("AdminSetUserPassword") == 0


@pytest.mark.parametrize("body", [{}, {"currentPassword": PASSWORD}, {"newPassword": OTHER}, {"password": OTHER}])
def test_both_passwords_are_needed(body: dict[str, str], company: Company) -> None:
    assert errors(company.ask("PUT", ME_PASSWORD, body))


@pytest.mark.parametrize("fault", [faults.unreachable, faults.server_error_after_effect], ids=["before", "after"])
@pytest.mark.parametrize("at", range(len(CALLS)))
def test_whatever_fails_one_password_is_good_and_a_repeat_ends_it(at: int, fault: Any, company: Company) -> None:
    """The call fails as often as it is tried; no session of before goes on by a password that was replaced."""
    token, operation, seen = company.token(), CALLS[at], CALLS[:at].count(CALLS[at])
    with company.people.wire.strikes(operation, fault, times=faults.ALWAYS, spare=seen):
        answer = change(company, token=token)
    assert (answer.status, kind(answer)) == (503, "unavailable")
    good = [each for each in (PASSWORD, OTHER) if lets_in(company, each)]
    assert len(good) == 1
    if good == [OTHER]:
        assert sessions(company) == 1, "the one that has just begun"
    assert change(company, good[0], "Third-Horse-9-Battery", token=token).status == 204
    assert sessions(company) == 0


def test_no_password_is_logged(company: Company, log: list[dict[str, Any]]) -> None:
    token = company.token()
    change(company, "Wrong-Horse-5-Battery", token=token)
    with company.people.wire.strikes("AdminSetUserPassword", faults.server_error):
        change(company, token=token)
    change(company, token=token)
    written = json.dumps(log)
    assert "password changed" in written
    for secret in (PASSWORD, OTHER, "Wrong-Horse-5-Battery", token, BOSS):
        assert secret not in written
