"""What becomes of our emails, told as Amazon SES tells it: by the queue, and by way of its dead letters."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from orchestrator.emails import reports
from orchestrator.operations import dead_letters, deployment
from orchestrator.tenants.ledger import timestamp
from orchestrator.tenants.records import read_item
from orchestrator.users import budgets, mail_reports, works
from tests.e2e.aws_proxy import Call, Strike
from tests.e2e.dead_letters import reached
from tests.e2e.faults import throttled
from tests.e2e.mail_feedback import RECIPIENT, event, of_person, tell
from tests.e2e.world import World, tenant, wait_until

ADDRESS = "5f" * 32
FEW_RECEIVES = 3
MOST = 100


def told_of(world: World, tenant_id: str) -> str:
    """Return what is shown of a tenant's welcome email."""
    return str(world.show(tenant_id)["welcomeEmail"]["status"])


def test_a_bounce_is_shown_and_the_tenant_stays_completed(everything: World) -> None:
    """By the queue, the function and the grants that the template has; what SES told before it changes nothing."""
    page = everything.onboard(tenant("bounced"))
    assert page["welcomeEmail"]["status"] == reports.SENT
    for what in ("bounce", "delivery", "bounce"):
        tell(event(what, "bounced", messageId=page["welcomeEmail"]["messageId"]))
    wait_until(lambda: told_of(everything, "bounced") == reports.BOUNCED, "the bounce to be recorded")
    after = everything.show("bounced")
    assert after["status"] == "COMPLETED"
    assert after["welcomeEmail"]["reason"] == "Permanent General 5.1.1 550"
    assert "resend-welcome bounced" in after["welcomeEmail"]["nextAction"]


def test_what_becomes_of_an_email_to_a_person_stands_beside_the_proof_and_a_bounce_counts_once(
    everything: World,
) -> None:
    clients, settings = deployment.find()
    table, key = settings.users_table, works.proof_key("mailed", ADDRESS)
    clients.dynamodb.put_item(TableName=table, Item=dict(key))
    now = time.time()
    sent_at, before = timestamp(now), budgets.of_day(clients, settings, now)[budgets.BOUNCED]

    def told() -> str:
        return str((mail_reports.of(read_item(clients.dynamodb, table, key)) or {}).get("status"))

    for what in ("bounce", "delivery", "bounce", "complaint"):
        tell(of_person(what, "mailed", ADDRESS, messageId=f"to a person at {sent_at}", timestamp=sent_at))
    wait_until(lambda: told() == reports.COMPLAINED, "the complaint to be recorded")
    everything.wait_until_quiet()
    assert budgets.of_day(clients, settings, now)[budgets.BOUNCED] == before + 1
    clients.dynamodb.delete_item(TableName=table, Key=key)  # nobody else's inventory is to find it


def test_a_bounce_that_cannot_be_written_becomes_a_dead_letter_and_its_replay_records_it(everything: World) -> None:
    """So does what cannot be read; of others nothing is held up."""
    sent = {
        tenant_id: everything.onboard(tenant(tenant_id))["welcomeEmail"]["messageId"]
        for tenant_id in ("bounced-late", "delivered")
    }
    clients, queues = reached()
    (letters,) = (queue for queue in queues if queue.name == "mail_feedback")

    def look() -> dict[str, dict[str, Any]]:
        return {each["messageId"]: each for each in dead_letters.look(clients, letters, MOST)["messages"]}

    with few_receives(), everything.proxy.struck_by(throttling("bounced-late")):
        lost = tell(event("bounce", "bounced-late", messageId=sent["bounced-late"]))
        unreadable = tell(event("bounce", "NO TENANT"))
        tell(event("delivery", "delivered", messageId=sent["delivered"]))
        wait_until(lambda: {lost, unreadable} <= look().keys(), "two dead letters")
    assert told_of(everything, "bounced-late") == reports.SENT
    wait_until(lambda: told_of(everything, "delivered") == reports.DELIVERED, "the delivery to be recorded")
    assert [look()[each]["tenantId"] for each in (lost, unreadable)] == ["bounced-late", None]
    assert RECIPIENT in dead_letters.find(clients, [letters], [lost], MOST)[lost].page()["body"]

    (handled,) = dead_letters.replay(clients, queues, deployment.targets(), [lost], MOST)
    assert handled.message == "replayed to the mail_feedback queue"
    wait_until(lambda: told_of(everything, "bounced-late") == reports.BOUNCED, "the bounce to be recorded")
    (handled,) = dead_letters.discard(clients, [letters], [unreadable], MOST)
    assert handled.done
    assert not {lost, unreadable} & look().keys()


def throttling(tenant_id: str) -> Callable[[Call], Strike | None]:
    """Return what strikes each write of what was told of a tenant's email."""

    def choose(call: Call) -> Strike | None:
        is_it = call.function == "mail_feedback" and f'"{tenant_id}"'.encode() in call.body
        return throttled if is_it else None

    return choose


@contextmanager
def few_receives() -> Iterator[None]:
    """Let the queue give up sooner than after twelve minutes, for the length of a with block."""
    sqs: Any = reached()[0].sqs  # Any: names of attributes are literals
    url, names = deployment.outputs()["MailFeedbackQueueUrl"], ["RedrivePolicy", "VisibilityTimeout"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    redrive = json.loads(found["RedrivePolicy"]) | {"maxReceiveCount": FEW_RECEIVES}
    sooner = {"RedrivePolicy": json.dumps(redrive), "VisibilityTimeout": "1"}
    sqs.set_queue_attributes(QueueUrl=url, Attributes=sooner)
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=found)
