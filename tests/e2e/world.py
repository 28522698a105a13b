"""A deployed local stack as the outside sees it: events in on the bus, everything else observed."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from orchestrator import status
from orchestrator.local.first_sign_in import delivered_mails
from orchestrator.local.ministack import free_port
from orchestrator.local.rewrites import AWS_RUNTIME
from orchestrator.local.stack import LocalStack, local_stack
from orchestrator.tenants.events import put
from orchestrator.tenants.records import read_record
from tenant_onboarding.names import SOURCE, TENANT_CREATED
from tests.e2e.aws_proxy import ENDED_TLS, AwsProxy, aws_proxy

WAIT_SECONDS = 90
SILO_REGION = "eu-west-1"
"""Where silo tenants may have their user pool, beside the home Region."""


@dataclass
class World:
    """The stack, the calls its functions make, and what it says on the bus."""

    stack: LocalStack
    proxy: AwsProxy
    bus_queue: str
    heard: list[dict[str, Any]] = field(default_factory=list)

    def emit(self, detail: object) -> str:
        """Put a TenantCreated on the bus and return its event id."""
        text = detail if isinstance(detail, str) else json.dumps(detail)
        bus = self.stack.settings.event_bus
        return put(self.stack.clients.events, bus, source="billing", detail_type=TENANT_CREATED, detail=text)

    def show(self, tenant_id: str) -> dict[str, Any]:
        """Return a tenant's document; empty if there is none."""
        return status.show(self.stack.clients, self.stack.settings, tenant_id) or {}

    def record(self, tenant_id: str) -> dict[str, Any]:
        """Return a tenant's record; empty if there is none."""
        return read_record(self.stack.clients.dynamodb, self.stack.settings.tenants_table, tenant_id) or {}

    def wait_for(self, tenant_id: str, *statuses: str) -> dict[str, Any]:
        """Return the tenant's document once it has one of the statuses."""
        wait_until(lambda: self.show(tenant_id).get("status") in statuses, f"{tenant_id} to be {statuses}")
        return self.show(tenant_id)

    def onboard(self, detail: dict[str, Any]) -> dict[str, Any]:
        """Emit an event, wait until the tenant is completed and all was said, and return its document."""
        self.emit(detail)
        page = self.wait_for(detail["tenantId"], "COMPLETED", "FAILED")
        assert page["status"] == "COMPLETED", page["failure"]
        self.wait_for_event("TenantOnboarded", detail["tenantId"])
        return page

    def calls_of_one_onboarding(self, detail: dict[str, Any]) -> Counter[str]:
        """Onboard a tenant while nothing else happens, and return the AWS calls that this took."""
        wait_until(self.has_every_parameter, "the parameters of the tenants before")
        self.wait_until_quiet()
        start = len(self.proxy.calls)
        self.onboard(detail)
        wait_until(lambda: "ssm:PutParameter" in self.proxy.calls[start:], f"the parameter of {detail['tenantId']}")
        self.wait_until_quiet()
        return self.proxy.counted_since(start)

    def rejection(self, event_id: str) -> dict[str, Any]:
        """Return the recorded rejection of an event once there is one."""

        def found() -> list[dict[str, Any]]:
            rows = status.list_rejected(self.stack.clients, self.stack.settings, limit=1000)
            return [row for row in rows if row["eventId"] == event_id]

        wait_until(lambda: bool(found()), f"event {event_id} to be rejected")
        return found()[0]

    def stop(self, tenant_id: str) -> None:
        """Stop a tenant's execution, as somebody may in the console."""
        boto3.client("stepfunctions").stop_execution(executionArn=self.show(tenant_id)["executionArn"])

    def last_words(self, tenant_id: str) -> str:
        """Return what the ledger and Step Functions know of a tenant's latest execution, to explain what went wrong."""
        page, stepfunctions = self.show(tenant_id), boto3.client("stepfunctions")
        if not page.get("executionArn"):
            return "it never started"
        history = stepfunctions.get_execution_history(
            executionArn=page["executionArn"], reverseOrder=True, maxResults=8
        )["events"]
        steps = [f"{step['name']} {step['status']} {step['error'] or ''}" for step in page["steps"]]
        events = [{name: value for name, value in event.items() if value and name != "id"} for event in history]
        return f"attempt {page['attempt']}; {steps}; {events}"

    def listen(self) -> list[dict[str, Any]]:
        """Return what the bus has carried since the last time."""
        sqs, news = boto3.client("sqs"), []
        while messages := sqs.receive_message(QueueUrl=self.bus_queue, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                news.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.bus_queue, ReceiptHandle=message["ReceiptHandle"])
        self.heard += news
        return news

    def events(self, detail_type: str, tenant_id: str | None) -> list[dict[str, Any]]:
        """Return what the bus has carried of one type about one tenant."""
        self.listen()
        return [
            event["detail"]
            for event in self.heard
            if event["detail-type"] == detail_type and event["detail"].get("tenantId") == tenant_id
        ]

    def wait_for_event(self, detail_type: str, tenant_id: str | None) -> dict[str, Any]:
        """Return the first event of a type about a tenant once the bus has carried it."""
        wait_until(lambda: bool(self.events(detail_type, tenant_id)), f"{detail_type} of {tenant_id}")
        return self.events(detail_type, tenant_id)[0]

    def put_secret(self, name: str, text: str) -> str:
        """Put a client secret into Secrets Manager and return its ARN."""
        return boto3.client("secretsmanager").create_secret(Name=name, SecretString=text)["ARN"]

    def has_every_parameter(self) -> bool:
        """Tell whether each completed tenant has its SSM parameter; a throttled one is written half a minute later."""
        completed = status.list_tenants(self.stack.clients, self.stack.settings, status="COMPLETED", limit=1000)
        prefix = f"{self.stack.settings.parameter_prefix}/tenants"
        pages = boto3.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=prefix)
        return sum(len(page["Parameters"]) for page in pages) == len(completed)

    def wait_until_quiet(self) -> None:
        """Return once the functions have made no call for a second: what was in flight has landed."""

        def quiet() -> bool:
            before = len(self.proxy.calls)
            time.sleep(1)
            return len(self.proxy.calls) == before

        wait_until(quiet, "the functions to be quiet")

    def mails(self) -> list[dict[str, Any]]:
        """Return every email that was delivered."""
        return delivered_mails(self.stack.ministack.endpoint)

    def mails_to(self, address: str) -> list[dict[str, Any]]:
        """Return the emails delivered to an address."""
        return [mail for mail in self.mails() if address in mail["To"]]


def wait_until(holds: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS) -> None:
    """Wait until something holds; raises AssertionError saying what did not come."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"waited {seconds} s in vain for {what}"
        time.sleep(0.1)


def tenant(tenant_id: str, **more: Any) -> dict[str, Any]:
    """Return the detail of an event for a pool tenant."""
    return {
        "tenantId": tenant_id,
        "tenantName": f"{tenant_id.title()} Company",
        "tier": "pool",
        "admin": {"email": f"first.user@{tenant_id}.example", "name": f"Founder of {tenant_id}"},
        "routing": {"subdomain": tenant_id, "tenantCode": tenant_id.upper()},
        **more,
    }


CERTIFICATE = (
    "MIIBFzCBv6ADAgECAgEBMAoGCCqGSM49BAMCMBYxFDASBgNVBAMMC2lkcC5leGFtcGxlMB4XDTI2MDEwMTAwMDAwMFoXDTQ2MDEw"
    "MTAwMDAwMFowFjEUMBIGA1UEAwwLaWRwLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQ13IMlsqtgq7k/Ug4JvZga"
    "zDkaoQ3vZ+YHeiATIjMTO1ETkmayU8ypuyc1uk3AYnAUs9gTf/9tNMSgZ/xurgoZMAoGCCqGSM49BAMCA0cAMEQCIHxrX1kssFAa"
    "t5no+ssvAKzUl30vwDs8LU5py0Is5gZcAiBhYxtb/Q/mZSbfoLJs8YP7xU2DFS7QyBnAg4XHPgc6Zw=="
)
"""Self-signed, of nobody; its key was thrown away."""
METADATA = (
    '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.{0}.example/saml">'
    '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
    f'<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
    f"<ds:X509Certificate>{CERTIFICATE}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
    'Location="https://idp.{0}.example/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>'
)


def saml(tenant_id: str) -> dict[str, Any]:
    """Return a SAML provider; every tenant's bears the same name."""
    return {"name": "Sso", "type": "SAML", "metadataDocument": METADATA.format(tenant_id)}


SECRET = "a client secret that nobody may see"


def oidc(world: World, tenant_id: str) -> dict[str, Any]:
    """Return an OIDC provider whose client secret is in Secrets Manager."""
    return {
        "name": "Oidc",
        "type": "OIDC",
        "issuer": f"https://idp.{tenant_id}.example",
        "clientId": "product",
        "clientSecretArn": world.put_secret(f"tenant-onboarding/{tenant_id}/oidc", SECRET),
    }


def federated(tenant_id: str) -> dict[str, Any]:
    """Return the detail of an event for a bridge tenant with its own identity provider."""
    return tenant(tenant_id, tier="bridge", identityProviders=[saml(tenant_id)])


@contextmanager
def world(
    *,
    verify_sender: bool = True,
    wait_scale: float = 0.05,
    runtime: str = AWS_RUNTIME,
    assembly: Path | None = None,
    **context: str,
) -> Iterator[World]:
    """Run a stack with IAM enforced, behind a proxy, with an observer on its bus; `context` is the CDK's.

    With an `assembly` it is another release's, and the context is the one that this was synthesized with.

    Nothing runs by the clock: whoever wants what a schedule does invokes it.
    """
    port = free_port()
    with (
        aws_proxy(port, ENDED_TLS) as proxy,
        local_stack(
            port,
            enforce_iam=True,
            wait_scale=wait_scale,
            functions_endpoint=proxy.endpoint,
            functions_runtime=runtime,
            context={"regions": SILO_REGION, **context},
            assembly=assembly,
        ) as stack,
    ):
        _stop_schedules()
        if verify_sender:
            stack.clients.ses_once.create_email_identity(EmailIdentity=stack.settings.sender)
        yield World(stack, proxy, _observe(stack))


def _stop_schedules() -> None:
    events = boto3.client("events")
    for rule in events.list_rules()["Rules"]:
        if "ScheduleExpression" in rule:
            events.disable_rule(Name=rule["Name"])


def _observe(stack: LocalStack) -> str:
    sqs, events = boto3.client("sqs"), boto3.client("events")
    url = sqs.create_queue(QueueName="observer")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bus, pattern = stack.settings.event_bus, json.dumps({"source": [SOURCE]})
    events.put_rule(Name="observer", EventBusName=bus, EventPattern=pattern)
    events.put_targets(Rule="observer", EventBusName=bus, Targets=[{"Id": "observer", "Arn": arn}])
    return url
