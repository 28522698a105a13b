"""Every path of every tier in one run: what functions may do, they do here.

Where a call is made in doubt only, one lost answer brings the doubt about. Two things are played to the functions, as
no local engine has them: that an execution can be redriven, and that it was.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
import requests

from handlers.pre_sign_up import REFUSAL
from orchestrator import operations
from orchestrator.cli.operators import sign_in as sign_in_as_operator
from orchestrator.local import saml_provider
from orchestrator.local.first_sign_in import OWN_PASSWORD, temporary_password
from orchestrator.local.product import product
from orchestrator.onboarding import executions
from orchestrator.operations import deployment
from orchestrator.operations.operators import create_user
from orchestrator.tenants import due, lifecycle
from orchestrator.tenants.records import record_key
from tenant_onboarding.names import TENANT_ID
from tests.e2e import journey_of_people
from tests.e2e.accounts import FIRST, SECOND, Somebody
from tests.e2e.aws_proxy import Answer, Call, Strike
from tests.e2e.faults import JSON, LetThrough, denied, lost_response, refused
from tests.e2e.granted import without
from tests.e2e.mail_feedback import event, of_person, tell
from tests.e2e.people import SECONDS, me, sign_in
from tests.e2e.social import ask as asked_of_the_trigger
from tests.e2e.social import social
from tests.e2e.world import SILO_REGION, World, federated, oidc, tenant, wait_until

LONG_AGO = "2026-01-01T00:00:00.000Z"
"""Reconcile takes for left behind what is older than two minutes."""
GROUPS = 5
"""A shared user pool is nearly full with four groups, so that the schedule opens the next."""
FAILS = {
    "fails-retried": tenant("fails-retried"),
    "fails-redriven": tenant("fails-redriven"),
    "fails-amended": tenant("fails-amended", tier="bridge"),
    "fails-redone": tenant("fails-redone", tier="bridge"),
    "fails-pool": tenant("fails-pool"),
    "fails-federated": federated("fails-federated"),
    "fails-silo": tenant("fails-silo", tier="silo"),
}
"""Tenants whose welcome cannot be sent while the grant of sending is taken away."""


@dataclass
class Once:
    """Strikes the first call of an operation by a function, whoever it is for, that has `naming` in it."""

    function: str
    operation: str
    naming: str = ""
    strike: Strike = lost_response
    struck: bool = False

    def choose(self, call: Call) -> Strike | None:
        """Return what happens to a call; None lets it pass."""
        if self.struck or (call.function, call.operation) != (self.function, self.operation):
            return None
        self.struck = self.naming in call.body.decode()
        return self.strike if self.struck else None


OF_NEW_USER_POOLS = ("CreateUserPool", "CreateUserPoolDomain", "CreateUserPoolClient")
IN_DOUBT = (
    *(Once("placement", f"cognito-idp:{name}") for name in OF_NEW_USER_POOLS),
    Once("placement", "cognito-idp:CreateGroup"),
    Once("placement", "cognito-idp:AdminCreateUser"),
    Once("placement", "cognito-idp:CreateIdentityProvider", naming='"SAML"'),
    Once("placement", "cognito-idp:CreateIdentityProvider", naming='"OIDC"'),
)
"""What takes effect without the function learning so: it looks, and adopts what it finds."""
WHILE_OPENING_AHEAD = tuple(Once("capacity", f"cognito-idp:{name}") for name in OF_NEW_USER_POOLS)


@dataclass
class Journey:
    """What came of the run."""

    world: World
    refused: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The tenants that failed while a grant was taken away."""
    faults: list[Once] = field(default_factory=list)
    rejected: str = ""
    """The id of the event that was rejected."""

    def run(self) -> None:
        """Go every way once."""
        self._onboard()
        self._open_ahead()
        self._refuse()
        with without_grant("Welcome", "ses:SendEmail"):
            for detail in FAILS.values():
                self.world.emit(detail)
            for tenant_id in FAILS:
                self.refused[tenant_id] = self.world.wait_for(tenant_id, "FAILED", "COMPLETED")
        token = operator_token()
        self._retry(token)
        self._abandon(token)
        self._never_started()
        self._wait_in_vain()
        self._read(token)
        self._sign_in()
        self._register()
        self._come_from_a_social_provider()
        self._sign_in_without_the_sdk()
        self._look_after_people()
        tell(event("bounce", "goes-pool"))
        tell(of_person("bounce", "goes-pool", "5f" * 32))
        wait_until(lambda: "welcomeFeedback" in self.world.record("goes-pool"), "the bounce to be recorded")
        wait_until(self.world.has_every_parameter, "every parameter")
        self.world.wait_until_quiet()

    @contextmanager
    def _struck(self, *faults: Once) -> Iterator[None]:
        self.faults += faults
        with ExitStack() as stack:
            for fault in faults:
                stack.enter_context(self.world.proxy.struck_by(fault.choose))
            yield

    def _completed(self, tenant_id: str) -> None:
        page = self.world.wait_for(tenant_id, "COMPLETED", "FAILED")
        assert page["status"] == "COMPLETED", page["failure"]

    def _onboard(self) -> None:
        """One of each tier, federated and not, at home and elsewhere; one of them twice."""
        vaulted = tenant("goes-vaulted", tier="silo", identityProviders=[oidc(self.world, "goes-vaulted")])
        details = [
            tenant("goes-bridge", tier="bridge"),
            federated("goes-federated"),
            tenant("goes-silo", tier="silo"),
            tenant("goes-abroad", tier="silo", region=SILO_REGION),
            vaulted,
        ]
        with self._struck(*IN_DOUBT):
            self.world.onboard(tenant("goes-pool"))
            self.world.emit(tenant("goes-pool"))
            for detail in details:
                self.world.emit(detail)
            for detail in details:
                self._completed(detail["tenantId"])

    def _open_ahead(self) -> None:
        with self._struck(*WHILE_OPENING_AHEAD):
            wait_until(lambda: invoke("Capacity")["opened"] == 1, "the next shared user pool to be opened")
        self.world.wait_for_event("SharedPoolNearlyFull", None)

    def _refuse(self) -> None:
        self.rejected = self.world.emit(tenant("goes-pool", tenantName="Another"))
        self.world.rejection(self.rejected)

    def _retry(self, token: str) -> None:
        """By the next attempt, by a redrive, with another request; one welcome comes twice, one admin is another."""
        world = self.world
        make_again(world, "fails-retried")
        redone = ask(world, "POST", "/onboardings/fails-retried/retry?redo=CreateTenantAdmin", token)
        assert redone.status_code == 202, redone.json()
        self._completed("fails-retried")
        assert ask(world, "POST", "/onboardings/fails-retried/resend-welcome", token).json()["sent"]

        amended = FAILS["fails-amended"] | {"tenantName": "Amended Company"}
        assert operations.amend(world.stack.clients, world.stack.settings, "fails-amended", amended).attempt == 2
        self._completed("fails-amended")
        redone = ask(world, "POST", "/onboardings/fails-redone/retry?redo=CreateAppClient", token)
        assert redone.status_code == 202, redone.json()
        self._completed("fails-redone")

        with world.proxy.struck_by(redrives):
            answer = ask(world, "POST", "/onboardings/fails-redriven/retry", token)
            assert answer.json()["how"] == "redriven", answer.json()
            age(world, "fails-redriven")
            assert invoke("Reconcile")["recorded"] == 1

    def _abandon(self, token: str) -> None:
        """One whose removal is refused at first; two whose removal is begun by whoever finds that it was not."""
        world, clients, settings = self.world, self.world.stack.clients, self.world.stack.settings
        with self._struck(Once("removal", "cognito-idp:AdminDeleteUser", strike=denied)):
            assert operations.abandon(clients, settings, "fails-pool").attempt == 2
            assert world.wait_for("fails-pool", "FAILED", "ABANDONED")["status"] == "FAILED"
        age(world, "fails-pool", status=lifecycle.ABANDONING)
        assert invoke("Reconcile")["recorded"] == 1
        age(world, "fails-pool", status=lifecycle.ABANDONING)
        assert ask(world, "POST", "/onboardings/fails-pool/retry", token).status_code == 409
        assert operations.abandon(clients, settings, "fails-pool").attempt == 3

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(executions, "start", lambda *_: None)
            for tenant_id in ("fails-federated", "fails-silo"):
                assert operations.abandon(clients, settings, tenant_id).attempt == 2
        assert ask(world, "POST", "/onboardings/fails-federated/retry", token).status_code == 409
        age(world, "fails-silo")
        assert invoke("Reconcile")["recorded"] == 1
        for tenant_id in ("fails-pool", "fails-federated", "fails-silo"):
            page = world.wait_for(tenant_id, "ABANDONED", "FAILED")
            assert page["status"] == "ABANDONED", page["failure"]
        world.onboard(FAILS["fails-pool"])

    def _never_started(self) -> None:
        with self._struck(Once("intake", "states:StartExecution", strike=denied)):
            self.world.emit(tenant("never-started"))
            self.world.wait_for("never-started", "PENDING")
            wait_until(lambda: self.faults[-1].struck, "its start to be refused")
        age(self.world, "never-started")
        assert invoke("Reconcile")["started"] + invoke("Reconcile")["published"] >= 1
        self._completed("never-started")

    def _wait_in_vain(self) -> None:
        """An event that a later version had parked has waited for a day, and is rejected."""
        detail = {"tenantId": "goes-pool"}
        text = json.dumps({"id": "waits", "detail-type": "TenantNoted", "detail": detail})
        item: Any = due.key("goes-pool", due.PARKED, "waits") | {"due": f"{due.PARKED}#0", "dueAt": LONG_AGO}
        item |= {"body": text, "parkedAt": LONG_AGO, "meant": "", "announces": "TenantNoteRejected"}
        clients, settings = self.world.stack.clients, self.world.stack.settings
        clients.dynamodb.put_item(TableName=settings.tenants_table, Item=item)
        invoke("Reconcile")  # or the one of the schedule, which may have come before
        self.world.rejection("waits")

    def _read(self, token: str) -> None:
        for path in (
            "/onboardings?summary=true",
            "/onboardings?status=COMPLETED&tier=silo",
            "/onboardings?search=goes",
            "/onboardings?search=somebody@nobody.example",
            "/onboardings/summary",
            "/onboardings/goes-pool",
            "/rejections",
            f"/rejections/{self.rejected}",
            "/openapi.json",
            "/",
        ):
            answer = ask(self.world, "GET", path, token)
            assert answer.status_code == 200, (path, answer.text)
        assert "not allowed" not in json.dumps(invoke("Preflight"))

    def _sign_in(self) -> None:
        """Somebody of each tier, at home and elsewhere: found by host, code and address, bound, and let in."""
        url, domain = self.world.stack.config_url, self.world.stack.settings.app_domain
        found = [
            requests.get(url, params=asked, timeout=SECONDS).status_code
            for asked in (
                {"host": f"goes-pool.{domain}"},
                {"code": "goes-silo"},
                {"email": "somebody@nobody.example"},
            )
        ]
        assert found == [200, 200, 404]
        with product(self.world.stack) as sample:
            for tenant_id in ("goes-pool", "goes-bridge", "goes-federated", "goes-silo", "goes-abroad"):
                person = sign_in(self.world, tenant_id)
                status, body = me(sample, person.host, person.token("access"))
                assert (status, body["tenantId"]) == (200, tenant_id)
        endpoint, made = self.world.stack.ministack.endpoint, self.world.show("goes-federated")["resources"]
        callback = f"https://goes-federated.{domain}/auth/callback"
        redirect = saml_provider.authorize(endpoint, made, callback)
        assert saml_provider.sign_in(endpoint, made, callback, redirect, "jane@goes-federated.example").access_token

    def _register(self) -> None:
        """Somebody registers by two links, of which the first fails, and forgets the password; somebody may not."""
        self.world.onboard(tenant("goes-open", users={"signUp": "OPEN"}))
        by_domain = tenant("goes-by-domain", users={"signUp": "EMAIL_DOMAINS"})
        by_domain["routing"] |= {"emailDomains": ["goes-by-domain.example"]}
        self.world.onboard(by_domain)
        refused = Somebody(self.world, "goes-by-domain", "jane@goes-by-domain.example")
        assert refused.ask("register", email=refused.email).status_code == 202
        jane = Somebody(self.world, "goes-open", "jane@goes-open.example")
        link, named = jane.link("register"), jane.link("register", name="Jane Doe")
        with self._struck(Once("proofs", "cognito-idp:AdminSetUserPassword", strike=denied)):
            assert jane.click(link, FIRST).status_code == 500
        assert jane.click(named, FIRST).status_code == 201
        assert jane.click(jane.link("forgot-password"), SECOND).status_code == 204

    def _come_from_a_social_provider(self) -> None:
        """Where the address decides, and where an invitation does, at home and elsewhere."""
        at_home, elsewhere = ("goes-social", "EMAIL_DOMAINS"), ("goes-invited", "INVITE_ONLY")
        for (tenant_id, sign_up), more in ((at_home, {}), (elsewhere, {"region": SILO_REGION})):
            made = self.world.onboard(social(self.world, tenant_id, sign_up) | more)["resources"]
            assert asked_of_the_trigger(self.world, made, f"jane@{tenant_id}.example") == REFUSAL

    def _sign_in_without_the_sdk(self) -> None:
        """With a new password that is refused at first; the next key is announced meanwhile."""
        admin = Somebody(self.world, "goes-open", "first.user@goes-open.example")
        (mail,) = self.world.mails_to(admin.email)
        asked = admin.ask("sign-in", email=admin.email, password=temporary_password(mail)).json()
        answer = {"session": asked["session"], "answers": {"newPassword": FIRST}}
        with self._struck(Once("sessions", "cognito-idp:AdminRespondToAuthChallenge", strike=_too_weak)):
            assert admin.ask("challenge", **answer).status_code == 400
        tokens = admin.ask("challenge", **answer).json()
        assert admin.ask("refresh", refreshToken=tokens["refreshToken"]).status_code == 200
        assert admin.ask("sign-out", refreshToken=tokens["refreshToken"]).status_code == 204
        invoke("SessionKeys")

    def _look_after_people(self) -> None:
        """By an admin and by themselves; and reconcile finishes what failed of each change."""
        admin, colleague = journey_of_people.of_an_admin(self.world, "goes-open")
        path = f"/{colleague.ask('GET', '/me').json()['userId']}"
        journey_of_people.of_oneself(colleague)
        journey_of_people.uncount(self.world, "goes-open")
        for operation, method, body in journey_of_people.LEFT_BEHIND:
            with self._struck(Once("members", f"cognito-idp:{operation}", strike=denied)):
                assert admin.ask(method, path, **body).status_code == 500
            journey_of_people.make_due(self.world)
            invoke("Reconcile")
        assert admin.ask("GET", path).status_code == 404


def _too_weak(_: Call, __: LetThrough) -> Answer:
    return refused("InvalidPasswordException", "Password did not conform with policy")


def redrives(call: Call) -> Strike | None:
    """Play Step Functions as it redrives, which is an execution that it says it could redrive, and does."""
    if call.operation == "states:DescribeExecution":
        return _redrivable
    if call.operation == "states:RedriveExecution":
        return lambda *_: (200, [JSON], json.dumps({"redriveDate": 0}).encode())
    return None


def runs() -> Callable[[Call], Strike | None]:
    """Return what plays Step Functions as it runs whatever execution is asked for, until one is stopped."""
    now = datetime.now(UTC).timestamp()
    told: dict[str, dict[str, Any]] = {
        "states:DescribeExecution": {"status": "RUNNING", "startDate": now},
        "states:StopExecution": {"stopDate": now},
    }

    def play(call: Call) -> Strike | None:
        answer = told.get(call.operation)
        if answer is None:
            return None
        if call.operation == "states:StopExecution":
            told.clear()
        return lambda *_: (200, [JSON], json.dumps(answer).encode())

    return play


def _redrivable(call: Call, let_through: LetThrough) -> Answer:
    status, fields, content = let_through()
    return status, fields, json.dumps(json.loads(content) | {"redriveStatus": "REDRIVABLE"}).encode()


def physical(name: str) -> str:
    """Return the name of the function that the stack knows by the beginning of its logical id."""
    names = [each["FunctionName"] for each in boto3.client("lambda").list_functions()["Functions"]]
    (found,) = (each for each in names if f"-{name}Function" in each)
    return found


def invoke(name: str) -> dict[str, Any]:
    """Let a function run now, as by its schedule, and return its answer; the local AWS may throttle it."""
    functions, found = boto3.client("lambda"), dict[str, Any]()

    def ran() -> bool:
        answer = functions.invoke(FunctionName=physical(name), Payload=b"null")
        found.update(json.load(answer["Payload"]) or {})
        return "FunctionError" not in answer

    wait_until(ran, f"{name} to run")
    return found


def age(world: World, tenant_id: str, **more: str) -> None:
    """Let a record be as it is for long."""
    values = {"statusChangedAt": LONG_AGO, **more}
    world.stack.clients.dynamodb.update_item(
        TableName=world.stack.settings.tenants_table,
        Key=record_key(tenant_id),
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
        ExpressionAttributeNames={f"#{name}": name for name in values},
        ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
    )


def make_again(world: World, tenant_id: str) -> None:
    """Replace a tenant's admin by one of the same name, as somebody may in the console: it has no id of ours."""
    made, cognito = world.record(tenant_id)["resources"], boto3.client("cognito-idp")
    of_user: Any = {"UserPoolId": made["userPoolId"], "Username": made["adminUsername"]}
    cognito.admin_delete_user(**of_user)
    own: Any = [{"Name": TENANT_ID, "Value": tenant_id}]
    cognito.admin_create_user(**of_user, UserAttributes=own, MessageAction="SUPPRESS")


def operator_token() -> str:
    """Make an operator, sign in, and return the access token."""
    cognito, outputs, email = boto3.client("cognito-idp"), deployment.outputs(), "journey@ops.example"
    user_pool_id, client_id = outputs["OperatorsUserPoolId"], outputs["OperatorsClientId"]
    words = [create_user(cognito, user_pool_id, email, mailed=False), OWN_PASSWORD]
    cognito.admin_add_user_to_group(UserPoolId=user_pool_id, Username=email, GroupName="operators")
    return str(
        sign_in_as_operator(cognito, user_pool_id, client_id, email, lambda _: words.pop(0) or "")["AccessToken"]
    )


def ask(world: World, method: str, path: str, token: str) -> requests.Response:
    """Ask the status API."""
    headers = {"Authorization": f"Bearer {token}"}
    return requests.request(method, f"{world.stack.api_url}{path}", headers=headers, timeout=SECONDS)


@contextmanager
def without_grant(name: str, action: str) -> Iterator[None]:
    """Take an action away from a deployed function's role, for the length of a with block."""
    iam = boto3.client("iam")
    role = boto3.client("lambda").get_function_configuration(FunctionName=physical(name))["Role"].rpartition("/")[2]
    policies = {
        each: iam.get_role_policy(RoleName=role, PolicyName=each)["PolicyDocument"]
        for each in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    for each, document in policies.items():
        iam.put_role_policy(RoleName=role, PolicyName=each, PolicyDocument=json.dumps(without(document, action)))
    try:
        yield
    finally:
        for each, document in policies.items():
            iam.put_role_policy(RoleName=role, PolicyName=each, PolicyDocument=json.dumps(document))
