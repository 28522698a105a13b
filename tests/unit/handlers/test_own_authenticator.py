"""One's own authenticator: set up and removed by password and code, and no token for it outlives the call."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import Change
from orchestrator.users import server_client
from orchestrator.users.member_contract import ME_MFA
from tests.unit import faults
from tests.unit.every_tier import world
from tests.unit.handlers.account_api import errors, kind
from tests.unit.handlers.api_gateway import Answer
from tests.unit.handlers.logs_and_metrics import log
from tests.unit.handlers.members_function import BOSS, TENANTS, Company, change_row, company, sessions
from tests.unit.sign_in_at_cognito.authenticators import STEP_SECONDS
from tests.unit.sign_in_at_cognito.examples import another
from tests.unit.users.people import PASSWORD

__all__ = ["company", "log", "world"]

SETTING_UP = ["AdminInitiateAuth", "AssociateSoftwareToken", "RevokeToken"]
TURNING_ON = ["AdminInitiateAuth", "VerifySoftwareToken", "AdminSetUserMFAPreference", "RevokeToken"]
REMOVING = [
    "AdminInitiateAuth",
    "AdminRespondToAuthChallenge",
    "RevokeToken",
    "AdminSetUserMFAPreference",
    "AdminDeleteSoftwareToken",
]


@pytest.fixture(autouse=True)
def servers_clients() -> Iterator[None]:
    """No app client is kept from earlier tests."""
    server_client._of_period.cache_clear()
    yield
    server_client._of_period.cache_clear()


def post(company: Company, token: str, code: str | None = None, password: str = PASSWORD) -> Answer:
    """Ask for a secret, or turn its authenticator on."""
    return company.ask("POST", ME_MFA, {"password": password} | ({"code": code} if code else {}), token=token)


def delete(company: Company, token: str, code: str = "000000", password: str = PASSWORD) -> Answer:
    """Ask for no authenticator."""
    return company.ask("DELETE", ME_MFA, {"password": password, "code": code}, token=token)


def offered(company: Company, tenant_id: str = "acme", mfa: str = "OPTIONAL") -> str:
    """Let a tenant offer, or demand, a second factor; return its admin's access token."""
    token = company.token(tenant_id)
    company.sign_ins.want_mfa(tenant_id, mfa)
    change = Change("tenants", {"tenantId": tenant_id, "item": "RECORD"}).set("security", json.dumps({"mfa": mfa}))
    writes.in_turn(company.people.clients.dynamodb.update_item, **change.arguments())
    company.people.wire.attempts.clear()
    return token


def set_up(company: Company, token: str) -> str:
    """Set up an authenticator; return its secret."""
    secret = str(post(company, token).document["secretCode"])
    assert post(company, token, company.sign_ins.code(secret)).status == 204
    later(company)
    return secret


def later(company: Company) -> None:
    """Let the authenticator show another code."""
    company.sign_ins.cognito.ahead += 2 * STEP_SECONDS


def challenge(company: Company, tenant_id: str = "acme") -> str:
    """Return what a sign-in asks for, empty if for nothing."""
    asked = {"USERNAME": company.sign_ins.user(tenant_id, BOSS)["Username"], "PASSWORD": PASSWORD}
    at = company.sign_ins.door(tenant_id).app_client
    found = at.initiate("ADMIN_USER_PASSWORD_AUTH", asked, company.sign_ins.caller)
    return str(found.get("ChallengeName", ""))


def of_server(company: Company) -> list[str]:
    """Return the app clients of sessions that can go on, but for the tenants' own."""
    own = {company.sign_ins.record(each)["resources"]["appClientId"] for each in TENANTS}
    grants = company.sign_ins.cognito.grants.values()
    return [each.at[1] for each in grants if not each.revoked and each.at[1] not in own]


def to_cognito(company: Company) -> list[str]:
    """Return the calls to Cognito about a user."""
    about_users = {*SETTING_UP, *TURNING_ON, *REMOVING}
    return [each for each in company.people.wire.operations() if each in about_users]


@pytest.mark.parametrize("tenant_id", TENANTS)
def test_an_authenticator_is_set_up_asked_for_and_removed(tenant_id: str, company: Company) -> None:
    token = offered(company, tenant_id)
    begun = post(company, token)
    assert (begun.status, begun.document.keys()) == (200, {"secretCode"})
    assert to_cognito(company) == SETTING_UP
    assert challenge(company, tenant_id) == "", "nothing is on yet"
    company.people.wire.attempts.clear()
    code = company.sign_ins.code(begun.document["secretCode"])
    done = post(company, token, code)
    assert (done.status, done.text) == (204, "")
    assert to_cognito(company) == TURNING_ON
    assert challenge(company, tenant_id) == "SOFTWARE_TOKEN_MFA"
    later(company)
    company.people.wire.attempts.clear()
    assert delete(company, token, company.sign_ins.code(begun.document["secretCode"])).status == 204
    assert to_cognito(company) == REMOVING
    assert challenge(company, tenant_id) == ""
    assert of_server(company) == []
    assert sessions(company, tenant_id) > 0, "the person's own sessions go on"


def test_the_secret_of_the_app_client_goes_along_with_each_call(company: Company) -> None:
    token = offered(company)
    post(company, token)
    described: Any = server_client.find(
        company.people.clients, company.people.settings, company.sign_ins.record("acme")["resources"]
    )
    (begun,), (revoked,) = (company.people.wire.bodies(name) for name in ("AdminInitiateAuth", "RevokeToken"))
    assert begun["ClientId"] == revoked["ClientId"] == described.client_id
    assert begun["AuthParameters"]["SECRET_HASH"] == described.secret_hash("acme/boss@acme.example")
    assert revoked["ClientSecret"] == described.secret


def test_who_does_not_prove_password_and_code_is_told_one_thing(company: Company) -> None:
    token = offered(company)
    secret = set_up(company, token)
    code, found = company.sign_ins.code(secret), set()
    for answer in (
        post(company, token, password="wrong"),
        post(company, token, code, password="wrong"),
        delete(company, token, code, password="wrong"),
        delete(company, token, another(code)),
    ):
        found.add((answer.status, kind(answer), answer.text))
    assert len(found) == 1
    assert next(iter(found))[:2] == (401, "not-signed-in")
    for _ in range(5):
        post(company, token, password="wrong")
    locked = delete(company, token, code)
    assert (locked.status, locked.text) == (401, next(iter(found))[2])
    company.sign_ins.cognito.attempts.clear()
    assert challenge(company) == "SOFTWARE_TOKEN_MFA"
    assert of_server(company) == []


def test_a_colleagues_code_removes_nothing(company: Company) -> None:
    token = offered(company)
    set_up(company, token)
    user = company.sign_ins.user("acme", "colleague@acme.example")
    theirs = company.sign_ins.cognito.enrol(user["UserPoolId"], user["Username"])
    assert kind(delete(company, token, company.sign_ins.code(theirs))) == "not-signed-in"
    assert challenge(company) == "SOFTWARE_TOKEN_MFA"


def test_a_wrong_code_of_a_new_authenticator_is_said_at_the_field(company: Company) -> None:
    token = offered(company)
    assert errors(post(company, token, "000000")).keys() == {"/body/code"}, "none is begun"
    secret = post(company, token).document["secretCode"]
    code = company.sign_ins.code(secret)
    assert errors(post(company, token, another(code))).keys() == {"/body/code"}
    assert post(company, token, code).status == 204
    assert of_server(company) == []


def test_who_has_one_removes_it_before_setting_up_another(company: Company) -> None:
    token = offered(company)
    secret = set_up(company, token)
    for code in (None, company.sign_ins.code(secret)):
        answer = post(company, token, code)
        assert (answer.status, kind(answer)) == (409, "authenticator-exists")
    assert delete(company, token, company.sign_ins.code(secret)).status == 204
    assert post(company, token).status == 200


def test_a_removal_can_be_repeated(company: Company) -> None:
    token = offered(company)
    secret = set_up(company, token)
    for _ in range(2):
        assert delete(company, token, company.sign_ins.code(secret)).status == 204
    assert of_server(company) == []


def test_where_a_second_factor_is_demanded_the_next_sign_in_sets_up_another(company: Company) -> None:
    """A silo tenant's own choice: removed, none can be set up but by signing in."""
    token = offered(company, "tyrell")
    secret = set_up(company, token)
    offered_again = Change("tenants", {"tenantId": "tyrell", "item": "RECORD"}).set(
        "security", json.dumps({"mfa": "ON"})
    )
    writes.in_turn(company.people.clients.dynamodb.update_item, **offered_again.arguments())
    company.sign_ins.want_mfa("tyrell", "ON")
    assert delete(company, token, company.sign_ins.code(secret)).status == 204
    assert challenge(company, "tyrell") == "MFA_SETUP"
    answer = post(company, token)
    assert (answer.status, kind(answer)) == (409, "set-up-at-sign-in")
    assert delete(company, token).status == 204, "there is none"
    assert of_server(company) == []


def test_a_tenant_without_second_factors_says_so_before_anything_is_asked(company: Company) -> None:
    token = offered(company, "tyrell", "OFF")
    for answer in (post(company, token), post(company, token, "000000"), delete(company, token)):
        assert (answer.status, kind(answer)) == (409, "mfa-off")
    assert to_cognito(company) == []


def test_a_user_pool_that_has_none_by_hand_is_told_alike(company: Company) -> None:
    token = offered(company)
    company.people.clients.cognito.set_user_pool_mfa_config(
        UserPoolId=company.sign_ins.user("acme")["UserPoolId"], MfaConfiguration="OFF"
    )
    assert kind(post(company, token)) == "mfa-off"
    assert of_server(company) == []


def test_who_has_no_password_here_has_no_authenticator_here(company: Company) -> None:
    token = offered(company)
    change_row(company, username="AcmeSSO_boss")
    assert kind(post(company, token)) == kind(delete(company, token)) == "federated"
    change_row(company, status="DISABLED")
    assert kind(post(company, token)) == kind(delete(company, token)) == "not-a-member"
    assert to_cognito(company) == []


@pytest.mark.parametrize("body", [None, {}, {"code": "000000"}, {"password": PASSWORD, "code": "12345678"}])
def test_both_are_needed_for_a_removal(body: Any, company: Company) -> None:
    answer = company.ask("DELETE", ME_MFA, body)
    assert answer.status == 400


@pytest.mark.parametrize("fault", [faults.unreachable, faults.server_error_after_effect], ids=["before", "after"])
@pytest.mark.parametrize("what", ["begin", "on", "off"])
@pytest.mark.parametrize("at", range(5))
def test_whatever_fails_it_can_be_brought_to_an_end(what: str, at: int, fault: Any, company: Company) -> None:
    """The call fails as often as it is tried, and no session that we know of goes on."""
    calls = {"begin": SETTING_UP, "on": TURNING_ON, "off": REMOVING}[what]
    operation = calls[min(at, len(calls) - 1)]
    token = offered(company)
    secret = set_up(company, token) if what == "off" else ""
    if what == "on":
        secret = post(company, token).document["secretCode"]
    with company.people.wire.strikes(operation, fault, times=faults.ALWAYS):
        code = company.sign_ins.code(secret) if secret else ""
        answer = delete(company, token, code) if what == "off" else post(company, token, code or None)
    assert (answer.status, kind(answer)) == (503, "unavailable")
    lost = fault is faults.server_error_after_effect and operation.startswith(("AdminInitiate", "AdminRespond"))
    assert lost or operation == "RevokeToken" or of_server(company) == []
    later(company)
    if what == "off":
        assert delete(company, token, company.sign_ins.code(secret)).status == 204
        assert challenge(company) == ""
    elif challenge(company) == "":
        set_up(company, token)
    assert what == "off" or challenge(company) == "SOFTWARE_TOKEN_MFA"


def test_a_token_that_cognito_does_not_take_is_a_defect(company: Company, log: list[dict[str, Any]]) -> None:
    """As one without the scope of self-service would be: nobody's password is wrong then."""
    token = offered(company)
    with company.people.wire.strikes("AssociateSoftwareToken", faults.refused("NotAuthorizedException")):
        answer = post(company, token)
    assert (answer.status, kind(answer)) == (500, "defect")
    assert log[-1]["code"] == "NotAuthorizedException"
    assert of_server(company) == []


def test_neither_password_nor_code_nor_secret_nor_token_is_logged(company: Company, log: list[dict[str, Any]]) -> None:
    token = offered(company)
    secret = set_up(company, token)
    code = company.sign_ins.code(secret)
    delete(company, token, another(code))
    delete(company, token, code)
    written = json.dumps(log)
    for done in ("authenticator begun", "authenticator set up", "not proved", "authenticator removed"):
        assert done in written
    for hidden in (PASSWORD, secret, f'"{code}"', token, BOSS, *company.sign_ins.cognito.access):
        assert hidden not in written
