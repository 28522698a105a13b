"""The simulated AWS of the tests in process: how it is switched on, and a stack is deployed into it.

Tests have all this as fixtures; `running` is for who has none.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from joserfc import jwk
from moto import mock_aws
from moto.core.models import botocore_stubber
from moto.sesv2.responses import SESV2Response
from moto.utilities.utils import load_resource

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from tests.sdk import SharedClients, models_read_once, unsigned
from tests.unit import lean_moto, strict_cognito
from tests.unit.faults import Wire

ACCOUNT = "123456789012"
REGION = "eu-central-1"
SENDER = "welcome@product.example"
CONFIGURATION_SET = "TenantOnboarding"
EVENT_BUS = "tenant-onboarding"
USER_KEYS = "user-keys"
SESSION_KEYS = "session-keys"
PROOF_REQUESTS = "proof-requests"
STATE_MACHINE = "tenant-onboarding"
ABANDONMENT = "tenant-abandonment"

SEND_QUOTA = {"Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": 0.0}
"""What SES says of an account, which moto does not simulate."""
TABLES: dict[str, Any] = {
    "tenants": {
        "KeySchema": [("tenantId", "HASH"), ("item", "RANGE")],
        "Indexes": [
            {
                "IndexName": "status-statusChangedAt",
                "KeySchema": [("status", "HASH"), ("statusChangedAt", "RANGE")],
                "Projection": {
                    "ProjectionType": "INCLUDE",
                    "NonKeyAttributes": [
                        "attempt",
                        "completedAt",
                        "currentStep",
                        "failure",
                        "rejection",
                        "requestedAt",
                        "tenantName",
                        "tier",
                        "updatedAt",
                    ],
                },
            },
            {
                "IndexName": "unpublished-unpublishedSince",
                "KeySchema": [("unpublished", "HASH"), ("unpublishedSince", "RANGE")],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
            {
                "IndexName": "item-tenantId",
                "KeySchema": [("item", "HASH"), ("tenantId", "RANGE")],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
            {
                "IndexName": "due-dueAt",
                "KeySchema": [("due", "HASH"), ("dueAt", "RANGE")],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
        ],
    },
    "routes": {"KeySchema": [("routeKey", "HASH")]},
    "shared-pools": {"KeySchema": [("region", "HASH"), ("poolKey", "RANGE")]},
    "users": {
        "KeySchema": [("tenantId", "HASH"), ("item", "RANGE")],
        "Indexes": [
            {
                "IndexName": "address-tenantId",
                "KeySchema": [("address", "HASH"), ("tenantId", "RANGE")],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
        ],
    },
}
"""The tables of `infra/tables.py`: keys are strings, billing is on demand."""


@contextmanager
def session_on(wire: Wire) -> Iterator[boto3.Session]:
    """Make a session whose calls pass over a wire, and whose surroundings name no real account."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
            patch.delenv(name, raising=False)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            patch.setenv(name, "/dev/null")
        session = boto3.Session("testing", "testing", region_name=REGION)
        session.events.unregister("before-send", botocore_stubber)  # type: ignore[arg-type]  # the stubs know no answering hook
        session.events.register("before-send", wire)  # type: ignore[arg-type]  # the same
        yield session


@contextmanager
def switched_on() -> Iterator[None]:
    """Let moto answer inside the block, as fast as it can."""
    key = jwk.RSAKey.import_key(load_resource("cognitoidp/resources/jwks-private.json"))
    with mock_aws(), lean_moto.installed(), unsigned(), pytest.MonkeyPatch.context() as patch:
        # Every simulated user pool would prepare the same key anew, for a tenth of a second.
        patch.setattr(jwk.RSAKey, "import_key", lambda *_: key)
        patch.setattr(SESV2Response, "get_account", lambda _: json.dumps({"SendQuota": SEND_QUOTA}), raising=False)
        yield


@contextmanager
def running(wire: Wire | None = None) -> Iterator[tuple[Clients, Settings]]:
    """Deploy a small stack into a simulated AWS of its own, for the length of a with block; `wire` counts its calls."""
    with (
        models_read_once(),
        session_on(wire or Wire()) as session,
        SharedClients(session).standing_in(),
        switched_on(),
        strict_cognito.enforced(),
    ):
        clients = Clients(session)
        deploy(clients)
        yield clients, small_stack()


def small_stack() -> Settings:
    """Return the settings of a stack with small shared user pools and no waiting."""
    return Settings(
        stack_name="TenantOnboarding",
        deployment_id="0f1e",
        account_id=ACCOUNT,
        region=REGION,
        tenants_table="tenants",
        routes_table="routes",
        shared_pools_table="shared-pools",
        users_table="users",
        user_keys=USER_KEYS,
        session_keys=SESSION_KEYS,
        event_bus=EVENT_BUS,
        app_domain="app.product.example",
        sender=SENDER,
        configuration_set=CONFIGURATION_SET,
        sender_identity_arn=f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{SENDER}",
        token_claims_arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:TenantOnboarding-token-claims:live",
        pre_sign_up_arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:TenantOnboarding-pre-sign-up:live",
        in_doubt_wait_seconds=0,
        proof_requests_queue=f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{PROOF_REQUESTS}",
        state_machine_arn=f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{STATE_MACHINE}",
        abandonment_state_machine_arn=f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{ABANDONMENT}",
    )


def deploy(clients: Clients) -> None:
    """Make the stack's tables, bus, workflows and verified sender."""
    for name, table in TABLES.items():
        _create_table(clients, name, table)
    clients.secrets.create_secret(Name=USER_KEYS, SecretString=json.dumps({"address": "of the tests"}))
    clients.secrets.create_secret(Name=SESSION_KEYS, SecretString=json.dumps({"0": "of the tests"}))
    clients.events.create_event_bus(Name=EVENT_BUS)
    clients.ses_once.create_email_identity(EmailIdentity=SENDER)
    clients.sqs.create_queue(QueueName=PROOF_REQUESTS)
    for machine in (STATE_MACHINE, ABANDONMENT):
        clients.stepfunctions.create_state_machine(
            name=machine,
            definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}),
            roleArn=f"arn:aws:iam::{ACCOUNT}:role/workflow",
        )


def _create_table(clients: Clients, name: str, table: dict[str, Any]) -> None:
    def key_schema(keys: list[tuple[str, str]]) -> list[dict[str, str]]:
        return [{"AttributeName": attribute, "KeyType": kind} for attribute, kind in keys]

    indexes = [index | {"KeySchema": key_schema(index["KeySchema"])} for index in table.get("Indexes", [])]
    schemas = [key_schema(table["KeySchema"]), *(index["KeySchema"] for index in indexes)]
    names = {key["AttributeName"] for schema in schemas for key in schema}
    arguments: Any = {"GlobalSecondaryIndexes": indexes} if indexes else {}
    clients.dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=schemas[0],
        AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"} for attribute in sorted(names)],
        **arguments,
    )
