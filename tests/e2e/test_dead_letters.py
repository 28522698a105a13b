"""A dead letter of the deployed stack: seen, replayed, and its tenant is onboarded as if nothing had been."""

import json
from typing import Any

import boto3

from orchestrator.operations import dead_letters, deployment
from orchestrator.tenants.records import read_record
from tenant_onboarding.names import TENANT_CREATED
from tests.e2e.dead_letters import reached
from tests.e2e.world import World, tenant

EVENT_ID = "0dd1e77e-0000-4000-8000-000000000001"
MOST = 100


def test_an_event_that_intake_could_not_handle_is_seen_replayed_and_its_tenant_completed(everything: World) -> None:
    clients, queues = reached()
    intake = queues[0]
    body = json.dumps(
        {
            "version": "0",
            "id": EVENT_ID,
            "detail-type": TENANT_CREATED,
            "source": "billing",
            "time": "2026-01-01T00:00:00Z",
            "detail": tenant("revived"),
        }
    )
    message_id = clients.sqs.send_message(QueueUrl=intake.url, MessageBody=body)["MessageId"]

    def look() -> list[dict[str, Any]]:
        return list(dead_letters.look(clients, intake, MOST)["messages"])

    for _ in range(2):  # the first look hides nothing from the second
        (seen,) = [each for each in look() if each["messageId"] == message_id]
        assert (seen["eventId"], seen["tenantId"]) == (EVENT_ID, "revived")
    found = dead_letters.find(clients, queues, [message_id], MOST)
    assert found[message_id].page()["body"] == body
    assert everything.show("revived") == {}

    (handled,) = dead_letters.replay(clients, queues, deployment.targets(), [message_id], MOST)
    assert handled.done, handled.message
    assert everything.wait_for("revived", "COMPLETED", "FAILED")["status"] == "COMPLETED"
    record = read_record(everything.stack.clients.dynamodb, everything.stack.settings.tenants_table, "revived")
    assert record
    assert record["eventId"] == EVENT_ID
    assert message_id not in {each["messageId"] for each in look()}


def test_whatever_a_rule_of_the_stack_delivers_to_can_be_replayed_to(everything: World) -> None:
    events, bus = boto3.client("events"), everything.stack.settings.event_bus
    rules = [
        (rule["Name"], each)
        for each in (bus, "default")
        for rule in events.list_rules(EventBusName=each)["Rules"]
        if rule["Name"] != "observer"
    ]
    delivered_to = {
        target["Arn"]
        for name, each in rules
        for target in events.list_targets_by_rule(Rule=name, EventBusName=each)["Targets"]
    }
    assert len(delivered_to) >= 5  # intake, parameters, outcome, reconcile, capacity
    assert delivered_to <= deployment.targets().keys()
