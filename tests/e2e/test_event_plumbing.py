"""Events on a bus that names its sources: publishers of every kind, Stripe's subscriptions, and a replay."""

import json
import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from orchestrator import status
from orchestrator.cli import program
from orchestrator.local import assembly
from orchestrator.local.stack import LocalStack
from orchestrator.local.synth import synthesize
from orchestrator.tenants.events import put
from tenant_onboarding.names import TENANT_CREATED
from tenant_onboarding.publisher import Publisher
from tests.e2e.world import World, tenant, wait_until, world
from tests.publishers import KINDS, ROOT, run

STRIPE = json.loads((ROOT / "examples/stripe/customer.subscription.created.json").read_text())
ARCHIVE = "TenantOnboarding-BusArchive"


@pytest.fixture(scope="module")
def guarded() -> Iterator[World]:
    """A stack that takes events of billing and of the Stripe adapter."""
    with world(eventSources="billing,stripe") as running:
        yield running


@pytest.fixture(scope="module")
def stripe_bus(guarded: World) -> str:
    """The adapter, deployed beside the stack; returns the bus on which Stripe's events arrive."""
    adapter = assembly.find(synthesize(app="examples.stripe.app"), "StripeAdapter")
    parameters = {"StripeEventSource": STRIPE["source"], "EventBusName": guarded.stack.settings.event_bus}
    return guarded.stack.deploy(adapter, parameters)["StripeBusName"]


def happens(stack: LocalStack, bus: str, detail_type: str, detail: dict[str, Any]) -> None:
    """Let Stripe speak; the local AWS lets nobody put events in a partner's name, so the source is another."""
    put(stack.clients.events, bus, source="stripe.example", detail_type=detail_type, detail=json.dumps(detail))


def subscription(tenant_id: str, **changes: Any) -> dict[str, Any]:
    """Return the detail of Stripe's event for a tenant; `changes` are of the subscription."""
    detail: dict[str, Any] = deepcopy(STRIPE["detail"])
    detail["data"]["object"]["metadata"] |= {"tenantId": tenant_id, "subdomain": tenant_id}
    detail["data"]["object"] |= changes
    return detail


def rejections(everything: World) -> list[dict[str, Any]]:
    return status.list_rejected(everything.stack.clients, everything.stack.settings, limit=100)


def test_an_event_of_another_source_is_not_taken(guarded: World) -> None:
    bus, detail = guarded.stack.settings.event_bus, json.dumps(tenant("unasked"))
    put(guarded.stack.clients.events, bus, source="onboard.cli", detail_type=TENANT_CREATED, detail=detail)
    guarded.onboard(tenant("asked"))
    guarded.wait_until_quiet()
    assert guarded.show("unasked") == {}


@pytest.mark.parametrize("kind", [*KINDS, "publisher"])
def test_what_a_publisher_puts_on_the_bus_becomes_a_tenant(guarded: World, kind: str, tmp_path: Path) -> None:
    detail, bus = tenant(f"by-{kind}"), guarded.stack.settings.event_bus
    if kind == "publisher":
        (event_id,) = Publisher(bus, source="billing").publish([detail])
    else:
        file = tmp_path / "detail.json"
        file.write_text(json.dumps(detail))
        done = run(kind, tmp_path, bus, [file], guarded.stack.environment | {"NO_PROXY": "127.0.0.1"})
        assert done.returncode == 0, done.stderr
        event_id = done.stdout.split()[0]
    assert guarded.wait_for(f"by-{kind}", "COMPLETED", "FAILED")["status"] == "COMPLETED"
    assert guarded.record(f"by-{kind}")["eventId"] == event_id


def test_a_subscription_at_stripe_becomes_a_tenant_once(guarded: World, stripe_bus: str) -> None:
    for _ in range(2):
        happens(guarded.stack, stripe_bus, STRIPE["detail-type"], STRIPE["detail"])
    page = guarded.wait_for("vandelay", "COMPLETED", "FAILED")
    assert (page["status"], page["tier"], page["attempt"]) == ("COMPLETED", "pool", 1)
    assert page["tenantName"] == 'Vandelay "Latex" Industries'
    assert guarded.mails_to("admin@vandelay.example")


def test_a_subscription_that_waits_for_its_first_payment_becomes_a_tenant_with_it(
    guarded: World, stripe_bus: str
) -> None:
    happens(guarded.stack, stripe_bus, STRIPE["detail-type"], subscription("kramerica", status="incomplete"))
    paid = subscription("kramerica", status="active")
    renamed = deepcopy(paid) | {"type": "customer.subscription.updated"}
    renamed["data"]["previous_attributes"] = {"description": None}
    happens(guarded.stack, stripe_bus, "customer.subscription.updated", renamed)
    guarded.onboard(tenant("meanwhile"))
    assert guarded.show("kramerica") == {}
    paid["data"]["previous_attributes"] = {"status": "incomplete"}
    happens(guarded.stack, stripe_bus, "customer.subscription.updated", paid)
    assert guarded.wait_for("kramerica", "COMPLETED", "FAILED")["status"] == "COMPLETED"


def test_a_subscription_without_its_metadata_is_rejected_with_every_reason(guarded: World, stripe_bus: str) -> None:
    before = len(rejections(guarded))
    happens(guarded.stack, stripe_bus, STRIPE["detail-type"], subscription("dunder", metadata={"tenantId": "dunder"}))
    wait_until(lambda: len(rejections(guarded)) > before, "the rejection")
    (rejected,) = (each for each in rejections(guarded) if each["tenantId"] == "dunder")
    fields = {reason["field"] for reason in rejected["reasons"]}
    assert fields == {"tenantName", "tier", "admin.email", "routing.subdomain"}
    assert guarded.show("dunder") == {}


@pytest.fixture
def archive(guarded: World) -> Iterator[None]:
    """What CloudFormation makes on AWS, as the template has it: the local one does not know the type."""
    events, bus = guarded.stack.clients.events, guarded.stack.settings.event_bus
    (folder,) = {synthesize({"regions": "eu-west-1", "eventSources": "billing,stripe"})}
    template = json.loads((folder / "TenantOnboarding.template.json").read_text())
    (made,) = (each["Properties"] for each in template["Resources"].values() if each["Type"] == "AWS::Events::Archive")
    events.create_archive(
        ArchiveName=ARCHIVE,
        EventSourceArn=events.describe_event_bus(Name=bus)["Arn"],
        EventPattern=json.dumps(made["EventPattern"]),
        RetentionDays=made["RetentionDays"],
    )
    yield
    events.delete_archive(ArchiveName=ARCHIVE)


def test_a_replay_onboards_who_was_missed_and_changes_nothing_else(guarded: World, archive: None) -> None:
    """The rule of intake is off for one event, as if it had been deployed wrong."""
    events, bus = guarded.stack.clients.events, guarded.stack.settings.event_bus
    before = guarded.onboard(tenant("kept"))
    guarded.emit(tenant("kept"))
    (rule,) = events.list_rules(EventBusName=bus, NamePrefix="TenantOnboarding-TenantCreated")["Rules"]
    events.disable_rule(Name=rule["Name"], EventBusName=bus)
    guarded.emit(tenant("missed"))
    events.enable_rule(Name=rule["Name"], EventBusName=bus)
    emitted = time.time()
    wait_until(lambda: time.time() > emitted + 1, "the end of the second, as a replay is of whole ones")

    asked = ["replay", "--since", "2020-01-01", "--until", "0m", "--yes"]
    ran = CliRunner().invoke(program.app, asked, catch_exceptions=False)
    assert (ran.exit_code, "is COMPLETED" in ran.stdout) == (0, True)

    assert guarded.wait_for("missed", "COMPLETED", "FAILED")["status"] == "COMPLETED"
    guarded.wait_until_quiet()
    after = guarded.show("kept")
    assert (after["status"], after["attempt"], after["updatedAt"]) == ("COMPLETED", 1, before["updatedAt"])
    assert guarded.show("unasked") == {}
