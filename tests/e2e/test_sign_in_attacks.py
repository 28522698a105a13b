"""Attacks with real tokens and real passwords: whatever is changed, swapped or carried elsewhere lets nobody in."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product as every
from threading import Thread
from typing import Any

import boto3
import jwt
import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from handlers.pre_sign_up import REFUSAL
from orchestrator.local import first_sign_in
from orchestrator.local.product import Product
from tests.e2e.people import DENIED, FEDERATED, KINDS, ROUND, Person, claims, me
from tests.e2e.world import World


def encoded(document: dict[str, Any]) -> str:
    return jwt.utils.base64url_encode(json.dumps(document).encode()).decode()


def tampered(token: str, **changed: Any) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{encoded(claims(token) | changed)}.{signature}"


def with_header(token: str, **changed: Any) -> str:
    _, payload, signature = token.split(".")
    return f"{encoded(jwt.get_unverified_header(token) | changed)}.{payload}.{signature}"


@pytest.mark.parametrize("victim", [f"{ROUND}-pool-too", f"{ROUND}-bridge", f"{ROUND}-silo"])
def test_a_real_token_that_is_changed_lets_nobody_in(
    people: dict[str, Person], sample: Product, everything: World, victim: str
) -> None:
    person, other = people[f"{ROUND}-pool"], people[victim]
    token = person.token("access")
    theirs = {name: claims(other.token("access"))[name] for name in ("iss", "client_id", "tenantId", "tenantTier")}
    key_id = jwt.get_unverified_header(other.token("access"))["kid"]
    jwks = f"{everything.stack.ministack.endpoint}/{other.resources['userPoolId']}/.well-known/jwks.json"
    public = (
        jwt.PyJWKClient(jwks).get_signing_key(key_id).key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    forged = {
        "their tenant": tampered(token, tenantId=victim),
        "their tenant and group": tampered(token, tenantId=victim, **{"cognito:groups": [victim]}),
        "all that is theirs": tampered(token, **theirs),
        "all that is theirs, and their key's id": with_header(tampered(token, **theirs), kid=key_id),
        "no signature": with_header(tampered(token, **theirs), alg="none").rsplit(".", 1)[0] + ".",
        "no algorithm": with_header(tampered(other.token("access")), alg="none"),
        "another algorithm": with_header(other.token("access"), alg="HS256"),
        "a longer life": tampered(other.token("access"), exp=claims(token)["exp"] + 86_400),
        "an ID token for an access token": tampered(other.token("id"), token_use="access"),
    }
    if key_id != jwt.get_unverified_header(token)["kid"]:
        forged["their key's id"] = with_header(token, kid=key_id)
    signing_input = f"{encoded({'alg': 'HS256', 'kid': key_id, 'typ': 'JWT'})}.{other.token('access').split('.')[1]}"
    digest = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = jwt.utils.base64url_encode(digest.sign(signing_input.encode(), public)).decode()
    forged["signed with the public key"] = f"{signing_input}.{signature}"
    for name, each in forged.items():
        assert me(sample, other.host, each) == DENIED, name
        assert me(sample, person.host, each) == DENIED, name
    assert me(sample, other.host, other.token("access"))[0] == 200


@dataclass
class Judge:
    """The deployed authorizer with other settings, asked without an API before it."""

    name: str
    environment: dict[str, str]

    def let_in(self, token: str, host: str) -> bool:
        event = {
            "version": "2.0",
            "type": "REQUEST",
            "headers": {"authorization": f"Bearer {token}", "host": host},
            "requestContext": {"requestId": "of-a-test"},
        }
        answer = boto3.client("lambda").invoke(FunctionName=self.name, Payload=json.dumps(event).encode())
        judged: dict[str, Any] = json.load(answer["Payload"])
        assert judged["isAuthorized"] or judged == {"isAuthorized": False}
        return bool(judged["isAuthorized"])

    def log_group(self) -> str:
        configuration = boto3.client("lambda").get_function_configuration(FunctionName=self.name)
        return configuration["LoggingConfig"]["LogGroup"]

    def set(self, **changed: str) -> None:
        variables = self.environment | changed
        boto3.client("lambda").update_function_configuration(
            FunctionName=self.name, Environment={"Variables": variables}
        )


@pytest.fixture
def judge(sample: Product) -> Iterator[Judge]:
    """The function itself: the API goes on to ask its published version."""
    functions = [
        each
        for page in boto3.client("lambda").get_paginator("list_functions").paginate()
        for each in page["Functions"]
        if each["Handler"] == "tenant_onboarding.authorizer.handler.handler"
    ]
    (function,) = functions
    judge = Judge(function["FunctionName"], function["Environment"]["Variables"])
    yield judge
    judge.set()


def test_told_to_take_id_tokens_it_takes_those_alone(people: dict[str, Person], judge: Judge) -> None:
    """As on the feature plan LITE."""
    judge.set(AUTHORIZER_TOKEN_USES="id")
    hosts = {person.host: person.tenant_id for person in people.values()}
    for person, (host, tenant_id), kind in every(people.values(), hosts.items(), KINDS):
        wanted = tenant_id == person.tenant_id and kind == "id"
        assert judge.let_in(person.token(kind), host) == wanted, (person.tenant_id, host, kind)


def test_why_a_request_is_refused_is_a_line_of_json_in_the_functions_log(
    people: dict[str, Person], judge: Judge
) -> None:
    """By its reason and by ids; the token is not in it."""
    person, other = people[f"{ROUND}-pool"], people[f"{ROUND}-silo"]
    token = person.token("access")
    assert not judge.let_in(token, other.host)
    logs, group = boto3.client("logs"), judge.log_group()
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    found = [event["message"] for page in pages for event in page["events"]]
    lines = [json.loads(line) for line in found if line.startswith("{")]
    told = next(line for line in reversed(lines) if line.get("requestId") == "of-a-test")
    wanted = {"level": "WARNING", "message": "refused", "reason": "OTHER_HOST"}
    wanted |= {"tenantId": person.tenant_id, "hostTenantId": other.tenant_id, "user": claims(token)["sub"]}
    assert {name: told[name] for name in wanted} == wanted
    assert [line for line in found if token in line] == []


def test_a_token_lets_in_from_its_begin_to_its_end(people: dict[str, Person], judge: Judge) -> None:
    """Tokens with the claims of real ones, by a key that the authorizer is told to be the user pools'."""
    person = people[f"{ROUND}-pool"]
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    key_set = {"keys": [public | {"kid": "of-the-test", "use": "sig", "alg": "RS256"}]}
    now = int(time.time())

    def token(**changed: Any) -> str:
        said = claims(person.token("access")) | {"iat": now, "exp": now + 300} | changed
        return jwt.encode(said, key, algorithm="RS256", headers={"kid": "of-the-test"})

    with serving(json.dumps(key_set).encode()) as address:
        judge.set(AUTHORIZER_JWKS_ADDRESS=f"{address}/{{userPoolId}}")
        judged = {
            "valid": judge.let_in(token(), person.host),
            "over": judge.let_in(token(iat=now - 900, exp=now - 300), person.host),
            "without an end": judge.let_in(token(exp=None), person.host),
            "not begun": judge.let_in(token(nbf=now + 300), person.host),
            "an ID token's use": judge.let_in(token(token_use="id"), person.host),
            "another tenant's": judge.let_in(token(tenantId=FEDERATED), person.host),
            "by the user pool's own key": judge.let_in(person.token("access"), person.host),
        }
    assert [name for name, held in judged.items() if held] == ["valid"]


@contextmanager
def serving(document: bytes) -> Iterator[str]:
    """Serve a document on loopback for the length of a with block; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "null", "ey" * 5000])
def test_what_is_no_token_lets_nobody_in(people: dict[str, Person], sample: Product, token: str) -> None:
    assert me(sample, people[f"{ROUND}-pool"].host, token) in (DENIED, (401, {"message": "Unauthorized"}))


def test_without_a_token_nobody_is_let_in(people: dict[str, Person], sample: Product) -> None:
    assert me(sample, people[f"{ROUND}-pool"].host, None) == (401, {"message": "Unauthorized"})


@pytest.mark.parametrize(
    ("whose", "through"),
    [
        (f"{ROUND}-bridge", f"{ROUND}-bridge-too"),
        (f"{ROUND}-bridge", FEDERATED),
        (f"{ROUND}-bridge", f"{ROUND}-pool"),
        (f"{ROUND}-pool", f"{ROUND}-bridge"),
        (f"{ROUND}-pool", FEDERATED),
    ],
)
def test_a_user_who_enters_through_another_tenants_app_client_gets_no_token(
    people: dict[str, Person], everything: World, whose: str, through: str
) -> None:
    """All of them are in one user pool, where an app client of local users keeps nobody out who knows a password."""
    user, door = people[whose], people[through]
    assert user.resources["userPoolId"] == door.resources["userPoolId"]
    clients = everything.stack.clients
    mixed = user.resources | {"appClientId": door.resources["appClientId"]}
    password = first_sign_in.OWN_PASSWORD
    with pytest.raises(ClientError, match=r"Signing in is not possible here|not enabled for the client"):
        first_sign_in.by_password(clients, mixed, password)


def test_nobody_signs_up_alone(people: dict[str, Person], everything: World) -> None:
    """Only administrators make users, and where the local Cognito does not mind, the trigger refuses."""
    resources = people[f"{ROUND}-pool"].resources
    cognito = everything.stack.clients.cognito
    pool = cognito.describe_user_pool(UserPoolId=resources["userPoolId"])["UserPool"]
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    name = f"{ROUND}-pool/stranger@evil.example"
    with pytest.raises(ClientError, match=REFUSAL):
        cognito.sign_up(ClientId=resources["appClientId"], Username=name, Password=first_sign_in.OWN_PASSWORD)
    with pytest.raises(cognito.exceptions.UserNotFoundException):
        cognito.admin_get_user(UserPoolId=resources["userPoolId"], Username=name)


BY_A_TOKEN: dict[str, dict[str, Any]] = {
    "get_user": {},
    "update_user_attributes": {"UserAttributes": [{"Name": "name", "Value": "Somebody else"}]},
    "change_password": {"PreviousPassword": first_sign_in.OWN_PASSWORD, "ProposedPassword": "Another-Horse-8-Battery"},
    "associate_software_token": {},
    "set_user_mfa_preference": {"SoftwareTokenMfaSettings": {"Enabled": False}},
    "global_sign_out": {},
    "delete_user": {},
}
"""What Cognito lets somebody do to oneself by an access token that has the scope of self-service."""


@pytest.mark.parametrize("kind", ["pool", "bridge", "silo", "federated"])
def test_no_token_is_a_key_to_cognito(people: dict[str, Person], everything: World, kind: str) -> None:
    """By whichever way somebody signed in, and after a refresh too; the user stays as it is and goes on signing in."""
    person = people[f"{ROUND}-{kind}"]
    cognito = everything.stack.clients.in_region(person.resources["region"]).cognito
    token = person.token("access")
    assert "aws.cognito.signin.user.admin" not in claims(token)["scope"].split()
    for operation, more in BY_A_TOKEN.items():
        with pytest.raises(ClientError, match="does not have required scopes") as refused:
            getattr(cognito, operation)(AccessToken=token, **more)
        assert refused.value.response["Error"]["Code"] == "NotAuthorizedException", operation


def test_a_user_of_no_tenant_gets_no_token(people: dict[str, Person], everything: World) -> None:
    """As whoever makes users by hand leaves them: a tenant's id in the name alone binds nobody to that tenant."""
    resources = people[f"{ROUND}-pool"].resources
    cognito, password = everything.stack.clients.cognito, first_sign_in.OWN_PASSWORD
    user: Any = {"UserPoolId": resources["userPoolId"], "Username": f"{ROUND}-pool/by-hand@evil.example"}
    cognito.admin_create_user(**user, MessageAction="SUPPRESS")
    try:
        cognito.admin_set_user_password(**user, Password=password, Permanent=True)
        with pytest.raises(ClientError, match="Signing in is not possible here"):
            first_sign_in.by_password(
                everything.stack.clients, resources | {"adminUsername": user["Username"]}, password
            )
    finally:
        cognito.admin_delete_user(**user)


def test_a_user_who_writes_another_tenants_id_on_itself_gets_no_token(
    people: dict[str, Person], everything: World
) -> None:
    """Nobody can, by a token or at all; where an administrator's call could, the name contradicts."""
    person, victim = people[f"{ROUND}-pool"], people[f"{ROUND}-pool-too"]
    cognito, resources = everything.stack.clients.cognito, person.resources
    described = cognito.describe_user_pool_client(
        UserPoolId=resources["userPoolId"], ClientId=resources["appClientId"]
    )["UserPoolClient"]
    assert described["WriteAttributes"]
    assert not [name for name in described["WriteAttributes"] if name.startswith("custom:")]

    user: Any = {"UserPoolId": resources["userPoolId"], "Username": resources["adminUsername"]}

    def write(tenant_id: str) -> None:
        """As the local Cognito lets an administrator, and the real one nobody."""
        cognito.admin_update_user_attributes(**user, UserAttributes=[{"Name": "custom:tenantId", "Value": tenant_id}])

    try:
        write(victim.tenant_id)
        with pytest.raises(ClientError, match="Signing in is not possible here"):
            first_sign_in.by_password(everything.stack.clients, resources, first_sign_in.OWN_PASSWORD)
    finally:
        write(person.tenant_id)
    assert first_sign_in.by_password(everything.stack.clients, resources, first_sign_in.OWN_PASSWORD)
