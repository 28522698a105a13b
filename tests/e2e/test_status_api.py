"""The status API on the deployed template: who gets in, by real tokens, and what two operators at once bring about."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import boto3
import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from orchestrator import status
from orchestrator.cli.operators import sign_in
from orchestrator.local.first_sign_in import OWN_PASSWORD, temporary_password
from orchestrator.local.first_sign_in import sign_in as sign_in_as_tenant
from orchestrator.local.ministack import REGION
from orchestrator.operations import deployment
from orchestrator.operations.operators import create_user
from tests.e2e.world import World, tenant

SECONDS = 30
Tokens = dict[str, str]


def answering(*words: str) -> Callable[[str], str]:
    """Return somebody who answers what a sign-in asks for with these words, one after the other."""
    left = list(words)
    return lambda _: left.pop(0)


def people(user_pool_id: str, client_id: str, *groups: str) -> Tokens:
    """Make a user of these groups, sign in for the first time, and return the tokens."""
    cognito = boto3.client("cognito-idp")
    email = f"{'-and-'.join(groups) or 'nobody'}@ops.example"
    password = create_user(cognito, user_pool_id, email, mailed=False)
    assert password
    for group in groups:
        cognito.admin_add_user_to_group(UserPoolId=user_pool_id, Username=email, GroupName=group)
    return sign_in(cognito, user_pool_id, client_id, email, answering(password, OWN_PASSWORD))


def another_pool() -> Tokens:
    """Return the tokens of a user pool that somebody else made, with a group of the same name."""
    cognito: Any = boto3.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="other", UsernameAttributes=["email"])["UserPool"]["Id"]
    flows = ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = cognito.create_user_pool_client(UserPoolId=pool, ClientName="other", ExplicitAuthFlows=flows)
    cognito.create_group(UserPoolId=pool, GroupName="operators")
    try:
        return people(pool, client["UserPoolClient"]["ClientId"], "operators")
    finally:
        cognito.delete_user_pool(UserPoolId=pool)


def another_client(user_pool_id: str) -> str:
    """Return an access token of the operators' user pool, by an app client that is not the API's."""
    cognito: Any = boto3.client("cognito-idp")
    flows = ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = cognito.create_user_pool_client(UserPoolId=user_pool_id, ClientName="other", ExplicitAuthFlows=flows)
    client_id = client["UserPoolClient"]["ClientId"]
    asked = answering(OWN_PASSWORD)
    return str(sign_in(cognito, user_pool_id, client_id, "operators@ops.example", asked)["AccessToken"])


def forged(token: str, **changes: Any) -> str:
    """Return a token like another one, signed by somebody else under the same key's name."""
    kid = jwt.get_unverified_header(token)["kid"]
    claims = jwt.decode(token, options={"verify_signature": False}) | changes
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})


def unsigned(token: str) -> str:
    """Return a token that says of itself that it needs no signature."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims, "", algorithm="none", headers={"kid": jwt.get_unverified_header(token)["kid"]})


def expired(user_pool_id: str, client_id: str) -> str:
    """Return an access token of the API's own app client that has run out; its hour is a second for a moment."""
    cognito: Any = boto3.client("cognito-idp")
    kept = cognito.describe_user_pool_client(UserPoolId=user_pool_id, ClientId=client_id)["UserPoolClient"]
    same = {
        name: kept[name] for name in ("UserPoolId", "ClientId", "ClientName", "ExplicitAuthFlows", "TokenValidityUnits")
    }
    brief = {"AccessTokenValidity": 1, "TokenValidityUnits": kept["TokenValidityUnits"] | {"AccessToken": "seconds"}}
    cognito.update_user_pool_client(**same | brief)
    token = sign_in(cognito, user_pool_id, client_id, "operators@ops.example", answering(OWN_PASSWORD))["AccessToken"]
    cognito.update_user_pool_client(**same, AccessTokenValidity=kept["AccessTokenValidity"])
    until = jwt.decode(token, options={"verify_signature": False})["exp"]
    assert until - time.time() <= 1
    time.sleep(max(0.0, until + 1 - time.time()))
    return str(token)


@dataclass
class Api:
    """The deployed API, and a tenant in it."""

    url: str
    tenant_id: str

    def ask(self, method: str, path: str, token: str | None) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.request(method, f"{self.url}{path}", headers=headers, timeout=SECONDS)


@pytest.fixture(scope="module")
def outputs(running_world: World) -> dict[str, str]:
    return deployment.outputs()


@pytest.fixture(scope="module")
def api(running_world: World) -> Api:
    running_world.onboard(tenant("watched"))
    return Api(running_world.stack.api_url, "watched")


@pytest.fixture(scope="module")
def tokens(running_world: World, outputs: dict[str, str], api: Api) -> dict[str, str | None]:
    """A token of everybody who might ask."""
    pool, client = outputs["OperatorsUserPoolId"], outputs["OperatorsClientId"]
    operator, viewer, nobody = people(pool, client, "operators"), people(pool, client, "viewers"), people(pool, client)
    access = operator["AccessToken"]
    (mail,) = running_world.mails_to(f"first.user@{api.tenant_id}.example")
    aws = running_world.stack.clients, running_world.stack.ministack.endpoint
    resources = running_world.show(api.tenant_id)["resources"]
    admin = sign_in_as_tenant(*aws, resources, temporary_password(mail))
    return {
        "nobody": None,
        "nonsense": "nonsense",
        "an operator": access,
        "a viewer": viewer["AccessToken"],
        "one of no group": nobody["AccessToken"],
        "an operator's ID token": operator["IdToken"],
        "a tenant's admin": admin.access_token,
        "another user pool": another_pool()["AccessToken"],
        "another app client": another_client(pool),
        "signed by somebody else": forged(access),
        "a viewer who writes a group in": forged(viewer["AccessToken"], **{"cognito:groups": ["operators"]}),
        "expired": expired(pool, client),
        "unsigned": unsigned(access),
    }


READS_AND_ACTS = {
    "nobody": (401, 401),
    "nonsense": (401, 401),
    "an operator": (200, 409),
    "a viewer": (200, 403),
    "one of no group": (403, 403),
    "an operator's ID token": (401, 401),
    "a tenant's admin": (401, 401),
    "another user pool": (401, 401),
    "another app client": (401, 401),
    "signed by somebody else": (401, 401),
    "a viewer who writes a group in": (401, 401),
    "expired": (401, 401),
    "unsigned": (401, 401),
}
"""What reading answers, and acting on a tenant that is COMPLETED, whose admin has signed in."""


@pytest.mark.parametrize("who", READS_AND_ACTS)
def test_who_may_read_and_who_may_act(api: Api, tokens: dict[str, str | None], who: str) -> None:
    reads, acts = READS_AND_ACTS[who]
    for path in ("/onboardings", "/onboardings/summary", f"/onboardings/{api.tenant_id}"):
        assert (path, api.ask("GET", path, tokens[who]).status_code) == (path, reads)
    for act in ("retry", "resend-welcome"):
        assert api.ask("POST", f"/onboardings/{api.tenant_id}/{act}", tokens[who]).status_code == acts
    assert api.ask("GET", "/openapi.json", tokens[who]).status_code == 200
    assert api.ask("GET", "/openapi.json/", tokens[who]).status_code in {401, 403, 404}


def test_the_matrix_is_of_everybody(tokens: dict[str, str | None]) -> None:
    assert tokens.keys() == READS_AND_ACTS.keys()


def test_a_tenant_is_shown_as_the_command_line_shows_it(
    running_world: World, api: Api, tokens: dict[str, str | None]
) -> None:
    found = api.ask("GET", f"/onboardings/{api.tenant_id}", tokens["a viewer"])
    assert found.json() == running_world.show(api.tenant_id)
    assert found.headers["Cache-Control"] == "no-store"


def test_pages_and_summary_are_the_tables(running_world: World, api: Api, tokens: dict[str, str | None]) -> None:
    seen, cursor = [], ""
    while cursor is not None:
        page = api.ask("GET", f"/onboardings?status=COMPLETED&limit=3{cursor}", tokens["a viewer"]).json()
        seen += page["onboardings"]
        cursor = page["nextCursor"] and f"&cursor={page['nextCursor']}"
    stack = running_world.stack
    assert seen == status.list_tenants(stack.clients, stack.settings, status="COMPLETED", limit=1000)
    summary = api.ask("GET", "/onboardings/summary", tokens["a viewer"]).json()
    assert sum(summary["tenants"]["COMPLETED"].values()) == len(seen)
    assert summary["sharedPools"][0]["region"] == REGION


def test_two_operators_who_retry_at_once_start_one_attempt(
    running_world: World, api: Api, tokens: dict[str, str | None]
) -> None:
    ses, sender = running_world.stack.clients.ses_once, running_world.stack.settings.sender
    ses.delete_email_identity(EmailIdentity=sender)
    try:
        running_world.emit(tenant("stopped"))
        assert running_world.wait_for("stopped", "FAILED", "COMPLETED")["status"] == "FAILED"
    finally:
        ses.create_email_identity(EmailIdentity=sender)
    token = tokens["an operator"]
    with ThreadPoolExecutor(4) as operators:
        answers = list(operators.map(lambda _: api.ask("POST", "/onboardings/stopped/retry", token), range(4)))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]
    page = running_world.wait_for("stopped", "COMPLETED", "FAILED")
    assert (page["status"], page["attempt"]) == ("COMPLETED", 2)
    sent = api.ask("POST", "/onboardings/stopped/resend-welcome", token)
    assert (sent.status_code, sent.json()["sent"]) == (200, True)
    assert len(running_world.mails_to("first.user@stopped.example")) == 2
