"""No name, no address, no password and no token is in any log, execution or event, whatever goes wrong on the way."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import jwt
import pytest
import requests

from orchestrator import operations
from orchestrator.aws.dynamodb import items
from orchestrator.local.first_sign_in import OWN_PASSWORD, sign_in, temporary_password
from orchestrator.local.ministack import REGION
from orchestrator.local.product import Product
from orchestrator.operations import dead_letters, deployment
from orchestrator.tenants import lifecycle
from tenant_onboarding.authorizer.dynamodb import plain
from tenant_onboarding.names import TENANT_CREATED
from tests.e2e import named_people
from tests.e2e.dead_letters import reached
from tests.e2e.journey import invoke
from tests.e2e.mail_feedback import event, tell
from tests.e2e.named_people import LARGE_ITEM, NO_ADDRESS, NOT_VERIFIED, once, says
from tests.e2e.people import SECONDS, host_of, me
from tests.e2e.personal_data import Leak, Left, leaks, left_behind, spellings
from tests.e2e.world import World, saml, tenant, wait_until
from tests.erasure_guide import ADMINS, FIND, FIRST_ADMIN, READ, Shell

POOL, BRIDGE, SILO, DEAD, WRONG = ("quill-pool", "quill-bridge", "quill-silo", "quill-dead", "quill-wrong")
MOST = 100


def of_people(tenant_id: str, **more: Any) -> dict[str, Any]:
    """Return the detail of an event whose people have names that programs like to write in other ways."""
    admin = {"email": f"zoe+{tenant_id}@o-quill.example", "name": f"Zoë O'Quill/{tenant_id}"}
    return tenant(tenant_id, admin=admin, tenantName=f"Øster & Quill {tenant_id}", **more)


@dataclass
class Told:
    """Whatever the run was told and must have kept to itself."""

    secrets: set[str] = field(default_factory=set)

    def of(self, tenant_id: str, **more: Any) -> dict[str, Any]:
        """Return a tenant's event, and remember whom it names."""
        detail = of_people(tenant_id, **more)
        self.secrets |= {detail["admin"]["email"], detail["admin"]["name"], detail["tenantName"]}
        return detail


@pytest.fixture(scope="module")
def told(running_world: World, sample: Product) -> Told:
    """A run through all that names people: tenants of every tier, and whatever can go wrong for them."""
    told, world = Told(), running_world
    _fail_and_retry(world, told)
    _fail_and_abandon(world, told)
    _come_back_to_the_queue(world, told)
    _be_refused(world, told)
    _come_from_the_dead_letters(world, told)
    _sign_in(world, sample, told)
    told.secrets |= named_people.join(world)
    _reconcile()
    world.wait_until_quiet()
    return told


def _fail_and_retry(world: World, told: Told) -> None:
    """SES refuses the email, naming whom it is for; the retry sends it, and it is sent anew on demand."""
    detail = told.of(POOL)
    address = detail["admin"]["email"]
    with world.proxy.struck_by(once("ses:SendEmail", address, says("MessageRejected", NOT_VERIFIED, address))):
        world.emit(detail)
        assert world.wait_for(POOL, "FAILED", "COMPLETED")["failure"]["step"] == "SendWelcomeEmail"
    assert address in world.show(POOL)["failure"]["message"], "the record may say it, and its reader must know"
    operations.retry(world.stack.clients, world.stack.settings, POOL)
    world.wait_for(POOL, "COMPLETED")
    operations.resend_welcome(world.stack.clients, world.stack.settings, POOL)


def _fail_and_abandon(world: World, told: Told) -> None:
    """Cognito refuses a user, naming him; the tenant is given up."""
    detail = told.of(SILO, tier="silo")
    address = detail["admin"]["email"]
    strike = says("InvalidParameterException", NO_ADDRESS, address)
    with world.proxy.struck_by(once("cognito-idp:AdminCreateUser", address, strike)):
        world.emit(detail)
        assert world.wait_for(SILO, "FAILED", "COMPLETED")["status"] == "FAILED"
    operations.abandon(world.stack.clients, world.stack.settings, SILO)
    assert world.wait_for(SILO, lifecycle.ABANDONED, lifecycle.FAILED)["status"] == lifecycle.ABANDONED


def _come_back_to_the_queue(world: World, told: Told) -> None:
    """DynamoDB refuses what intake and mail_feedback write, quoting it; each event comes back and is taken.

    One of SES's nobody can read, so it comes back again and again.
    """
    detail = told.of(BRIDGE, tier="bridge", identityProviders=[saml(BRIDGE)])
    address = detail["admin"]["email"]
    strike = says("ValidationException", LARGE_ITEM, json.dumps(detail))
    choose = once("dynamodb:TransactWriteItems", address, strike)
    recipient = of_people(POOL)["admin"]["email"]
    hear = once("dynamodb:UpdateItem", "welcomeFeedback", says("ValidationException", LARGE_ITEM, recipient))
    with world.proxy.struck_by(choose), world.proxy.struck_by(hear):
        tell(event("bounce", POOL, recipient))
        tell(event("bounce", f"Zoë of {POOL}", recipient))
        world.onboard(detail)
        wait_until(lambda: "welcomeFeedback" in world.record(POOL), "the bounce to be recorded")


def _be_refused(world: World, told: Told) -> None:
    """Events that are wrong in each way: a field, a conflict, another content, no event at all."""
    taken = told.of(WRONG, routing={"subdomain": POOL})
    changed = told.of(POOL) | {"tenantName": "Øster the Second"}
    no_address = told.of(WRONG) | {"admin": {"email": "Zoë O'Quill the Third <zoe@o-quill.example>"}}
    told.secrets |= {"Øster the Second", "Zoë O'Quill the Third"}
    for detail in (taken, changed, no_address):
        world.rejection(world.emit(detail))
    clients, _ = reached()
    unreadable = "No event of Zoë O'Quill the Fourth"
    told.secrets.add("Zoë O'Quill the Fourth")
    clients.sqs.send_message(QueueUrl=deployment.outputs()["IntakeQueueUrl"], MessageBody=unreadable)


def _come_from_the_dead_letters(world: World, told: Told) -> None:
    """An event that was put aside is looked at and replayed."""
    clients, queues = reached()
    event = {"id": "0dd1e77e-0000-4000-8000-000000000002", "detail-type": TENANT_CREATED, "source": "billing"}
    body = json.dumps({"version": "0", "time": "2026-01-01T00:00:00Z", "detail": told.of(DEAD)} | event)
    message_id = clients.sqs.send_message(QueueUrl=queues[0].url, MessageBody=body)["MessageId"]
    (handled,) = dead_letters.replay(clients, queues, deployment.targets(), [message_id], MOST)
    assert handled.done, handled.message
    world.wait_for(DEAD, "COMPLETED")


def _sign_in(world: World, sample: Product, told: Told) -> None:
    """The admin signs in, is asked by address where, and shows tokens where they are good, and where not."""
    address = of_people(POOL)["admin"]["email"]
    mails = world.mails_to(address)
    told.secrets |= {OWN_PASSWORD, *(temporary_password(mail) for mail in mails)}
    resources = world.show(POOL)["resources"]
    person = sign_in(world.stack.clients, world.stack.ministack.endpoint, resources, temporary_password(mails[-1]))
    forged = jwt.encode({"email": address, "name": of_people(POOL)["admin"]["name"]}, "k" * 32, algorithm="HS256")
    told.secrets |= {person.access_token, person.id_token, forged}
    assert me(sample, host_of(POOL), person.access_token)[0] == 200
    for host, token in (
        (host_of(BRIDGE), person.access_token),
        (host_of(POOL), person.id_token),
        (host_of(POOL), forged),
    ):
        assert me(sample, host, token)[0] in (401, 403)
    for query in ({"email": address}, {"host": host_of(POOL)}, {"host": address}, {"name": "Zoë O'Quill/quill-pool"}):
        requests.get(world.stack.config_url, params=query, timeout=SECONDS)
    for authorization in (person.id_token, forged):
        headers = {"Authorization": f"Bearer {authorization}"}
        assert requests.get(f"{world.stack.api_url}/tenants", headers=headers, timeout=SECONDS).status_code in (
            401,
            403,
        )


def _reconcile() -> None:
    """Whatever was left is looked through."""
    functions = boto3.client("lambda").list_functions()["Functions"]
    (name,) = [each["FunctionName"] for each in functions if "Reconcile" in each["FunctionName"]]
    boto3.client("lambda").invoke(FunctionName=name, Payload=b"{}")


def test_nothing_that_is_left_behind_names_a_person_or_holds_a_password_or_a_token(
    running_world: World, told: Told
) -> None:
    assert leaks(told.secrets, left_behind(running_world)) == []


def test_what_was_looked_through_is_the_whole_run(running_world: World, told: Told) -> None:
    """Of every tenant, of every error on the way, and of each kind of place."""
    everywhere = list(left_behind(running_world))
    for tenant_id in (POOL, BRIDGE, SILO, DEAD):
        for kind in ("log", "history", "event"):
            assert [left for left in everywhere if left.place.startswith(kind) and tenant_id in left.text], tenant_id
    logged = [left.text for left in everywhere if left.place.startswith("log")]
    for code in ("MessageRejected", "InvalidParameterException", "ValidationException"):
        assert [line for line in logged if code in line], code
    for code in ("ValidationException", "UnreadableError"):
        assert [line for line in logged if "mail feedback failed" in line and code in line], code
    functions = ("Intake", "Placement", "Routing", "Welcome", "Removal", "MailFeedback", "Reconcile", "Resolver")
    for function in (*functions, "Authorizer"):
        assert [left for left in everywhere if left.place.startswith("log") and function in left.place], function
    events = {left.place for left in everywhere if left.place.startswith("event")}
    assert events >= {
        f"event Tenant{what}"
        for what in ("OnboardingStarted", "Onboarded", "OnboardingFailed", "OnboardingRejected", "Abandoned")
    }
    assert not [left for left in everywhere if left.place.startswith("dead letter") and "quill" in left.text]


def stored(world: World) -> Iterator[Left]:
    """Yield all that the tables hold."""
    settings = world.stack.settings
    for table in (settings.tenants_table, settings.routes_table, settings.shared_pools_table, settings.users_table):
        for item in items(world.stack.clients.dynamodb.scan, TableName=table):
            yield Left(f"{table} {item.get('item')}", json.dumps(item, default=str))


def attributes(item: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of an item, as the AWS CLI prints it."""
    return {name: plain(value) for name, value in item.items()}


def users_of(user_pool_id: str) -> Iterator[Left]:
    """Yield all users of a user pool."""
    for page in boto3.client("cognito-idp").get_paginator("list_users").paginate(UserPoolId=user_pool_id):
        yield from (Left(f"user pool {user_pool_id}", json.dumps(each, default=str)) for each in page["Users"])


@pytest.fixture
def planted(running_world: World, told: Told) -> Iterator[str]:
    """A name, put into a log in every spelling, into an execution and into an event."""
    logs, stepfunctions, secret = boto3.client("logs"), boto3.client("stepfunctions"), sorted(told.secrets)[0]
    logs.create_log_group(logGroupName="planted")
    logs.create_log_stream(logGroupName="planted", logStreamName="planted")
    for spelling in spellings(secret).values():
        line: Any = [{"timestamp": 1_800_000_000_000, "message": f"before {spelling} after"}]
        logs.put_log_events(logGroupName="planted", logStreamName="planted", logEvents=line)
    definition = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
    role = boto3.client("iam").list_roles()["Roles"][0]["Arn"]
    machine = stepfunctions.create_state_machine(name="planted", definition=definition, roleArn=role)["stateMachineArn"]
    stepfunctions.start_execution(stateMachineArn=machine, input=json.dumps({"name": secret}))
    yield secret
    logs.delete_log_group(logGroupName="planted")
    stepfunctions.delete_state_machine(stateMachineArn=machine)


def test_whatever_had_been_there_would_have_been_found(running_world: World, planted: str) -> None:
    """The control: without it, looking in the wrong place or for the wrong text would pass."""

    def found() -> list[Leak]:
        return leaks({planted}, left_behind(running_world))

    wait_until(lambda: any(leak.place == "execution of planted" for leak in found()), "the planted execution")
    assert {leak.spelling for leak in found() if leak.place == "log planted"} == set(spellings(planted))
    assert {leak.place for leak in found()} >= {"log planted", "execution of planted", "history of planted"}
    heard = [Left("event TenantOnboarded", json.dumps({"detail": {"tenantName": planted}}))]
    assert leaks({planted}, heard)


def test_a_person_is_erased_as_the_document_says(running_world: World, told: Told, tmp_path: Path) -> None:
    """Of a tenant that works on: afterwards no table and no user pool knows who its admin was."""
    stack = running_world.stack
    table, users = stack.settings.tenants_table, stack.settings.users_table
    address, people = of_people(DEAD)["admin"]["email"], set(of_people(DEAD)["admin"].values())
    shell = Shell(tmp_path, stack.settings, REGION)
    ((_, listed),) = shell.run(FIND, email=address)
    (found,) = [attributes(each) for each in listed["Items"]]
    assert found["tenantId"] == DEAD
    places = {f"{table} RECORD", f"{table} REQUEST", f"{users} {found['item']}"}
    assert {leak.place for leak in leaks(people, stored(running_world))} == places
    of_tenant, row = {"=acme ": f"={DEAD} "}, {"USER#01J9ZK4T2W8Q6X0V5N3M7B1C4D": found["item"]}
    ((_, read),) = shell.run(READ, email=address, **of_tenant, **row)
    person = attributes(read["Item"])
    pool = person["userPoolId"]
    assert leaks(people, users_of(pool))

    shell.erase(person, email=address, **of_tenant)
    shell.run(FIND, READ, ADMINS, FIRST_ADMIN, email=address, **of_tenant, **row)
    assert leaks({*people, found["address"]}, [*stored(running_world), *users_of(pool)]) == []
    assert running_world.show(DEAD)["status"] == "COMPLETED"
    invoke("Reconcile")
    ((_, admins),) = shell.run(READ, email=address, **of_tenant, **dict.fromkeys(row, "ADMINS"))
    assert admins["Item"]["active"] == {"N": "0"}
