"""Dead letters: a look loses none, a replay sends the very same event, and none is deleted before it was accepted."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest
import typer.main
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from typer.core import TyperGroup

from orchestrator import status
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.cli import dead_letters as command_of_dead_letters
from orchestrator.cli import program
from orchestrator.onboarding import intake
from orchestrator.onboarding.redaction import REMOVED
from orchestrator.onboarding.rejection import RAW_KEPT_BYTES
from orchestrator.operations import dead_letters, deployment
from orchestrator.operations.dead_letters import DeadLetterQueue, Handled
from orchestrator.tenants import lifecycle
from orchestrator.users.requests import Request
from tests.unit.cli.command_line import Run, deploy, document, refusal, run, wrong_use
from tests.unit.conftest import ACCOUNT, REGION, message, tenant_created
from tests.unit.faults import DeathError, Wire, answered, death_after, lost_response, preceded_by, refused, unreachable
from tests.unit.kept_aws import KeptAws

__all__ = ["run"]


OUTCOME = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:outcome:live"
FOREIGN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:somebody-elses:live"
STATUS_CHANGE = json.dumps(
    {
        "id": "event-2",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {"name": "acme-1", "input": '{"attempt":1,"tenantId":"acme"}'},
    }
)
BOUNCE = (Path(__file__).parents[2] / "events/ses/bounce.json").read_text()
POISON = "not JSON, \u009b31m and no event"
MOST = 100


@dataclass(frozen=True)
class Post:
    """The queues of a stack, what is put into them and what is in them."""

    clients: Clients
    queues: tuple[DeadLetterQueue, ...]
    targets: dict[str, str]

    def put(self, name: str, body: str, **attributes: str) -> str:
        """Put a message into a dead-letter queue; returns its id."""
        named: Any = {key: {"DataType": "String", "StringValue": value} for key, value in attributes.items()}
        url = self.queue(name).url
        return self.clients.sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=named)["MessageId"]

    def queue(self, name: str) -> DeadLetterQueue:
        """Return the dead-letter queue of this name."""
        return next(queue for queue in self.queues if queue.name == name)

    def source(self, name: str) -> str:
        """Return the address of the queue whose dead letters these are."""
        return self.queue(name).source_url or ""

    def bodies(self, url: str) -> list[str]:
        """Return what is visible in a queue, to whoever asks now."""
        answer = self.clients.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [each["Body"] for each in answer.get("Messages", [])]

    def dead(self, name: str) -> list[str]:
        """Return what is visible in a dead-letter queue."""
        return self.bodies(self.queue(name).url)

    def count(self, url: str) -> int:
        """Return how many messages a queue holds, those in somebody's hands included."""
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(value) for value in found.values())

    def look(self, name: str, limit: int = MOST) -> dict[str, Any]:
        """Look at a dead-letter queue."""
        return dead_letters.look(self.clients, self.queue(name), limit)

    def replay(self, *message_ids: str, limit: int = MOST) -> list[Handled]:
        """Replay these messages, or all."""
        return list(dead_letters.replay(self.clients, self.queues, self.targets, message_ids or None, limit))

    def discard(self, *message_ids: str) -> list[Handled]:
        """Discard these messages."""
        return list(dead_letters.discard(self.clients, self.queues, message_ids, MOST))


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulated SQS has all its messages on one server."""
    monkeypatch.setattr(dead_letters, "WAIT_SECONDS", 0)


@pytest.fixture
def post(clients: Clients, wire: Wire, kept: KeptAws) -> Post:
    """A deployed stack, found by its outputs, with nothing in its queues."""
    fed = ("Intake", "Parameters", "MailFeedback", "ProofRequests")
    names = [*fed, *(f"{name}DeadLetter" for name in fed), "RuleDeadLetter"]
    template = {
        "Resources": {name: {"Type": "AWS::SQS::Queue"} for name in names},
        "Outputs": {f"{name}QueueUrl": {"Value": {"Ref": name}} for name in names},
    }
    stack: Any = {"StackName": "TenantOnboarding", "TemplateBody": json.dumps(template)}
    kept.once("queues", lambda: boto3.client("cloudformation").create_stack(**stack))
    targets = deployment.targets() | {OUTCOME: OUTCOME}
    wire.attempts.clear()
    _, queues = deployment.dead_letter_queues()
    return Post(clients, queues, targets)


def event(tenant_id: str = "acme", event_id: str = "event-1") -> str:
    """Return an event as it lies in a queue."""
    return message(tenant_created(tenant_id), event_id)


def arn_of(url: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{url.rsplit('/', 1)[-1]}"


@pytest.fixture
def invoked(wire: Wire) -> Iterator[list[AWSPreparedRequest]]:
    """The invocations that Lambda accepted."""
    requests: list[AWSPreparedRequest] = []

    def accept(request: AWSPreparedRequest) -> AWSResponse:
        requests.append(request)
        return answered()(request)

    with wire.strikes("Invoke", accept, times=100):
        yield requests


# Looking


def test_a_look_says_what_each_message_is_and_leaves_it_there(post: Post) -> None:
    first, second = post.put("intake", event()), post.put("intake", POISON)
    seen = post.look("intake")
    assert (seen["queue"], seen["waiting"], seen["inHand"]) == ("intake", 2, 0)
    known = {each["messageId"]: each for each in seen["messages"]}
    assert known[first]["sentAt"] <= known[second]["sentAt"]
    facts = ("eventId", "detailType", "tenantId", "error", "receives")
    assert [known[first][fact] for fact in facts] == ["event-1", "TenantCreated", "acme", None, 1]
    assert [known[second][fact] for fact in facts] == [None, None, None, None, 1]
    assert sorted(post.dead("intake")) == sorted([event(), POISON])


def test_a_count_that_lags_behind_is_never_less_than_what_is_seen(post: Post, wire: Wire) -> None:
    post.put("intake", event())
    counts = {"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0"}
    with wire.strikes("GetQueueAttributes", answered(Attributes=counts)):
        assert post.look("intake")["waiting"] == 1


def test_a_look_at_nothing_finds_nothing(post: Post) -> None:
    assert post.look("rules") == {"queue": "rules", "waiting": 0, "inHand": 0, "messages": []}


@pytest.mark.parametrize(
    "body", ["[]", '"text"', "7", "null", '{"id": 7, "detail-type": [], "detail": {"tenantId": 8}}']
)
def test_a_body_of_another_shape_is_shown_without_facts(post: Post, body: str) -> None:
    post.put("intake", body)
    [seen] = post.look("intake")["messages"]
    assert (seen["eventId"], seen["detailType"], seen["tenantId"]) == (None, None, None)


def test_what_a_rule_could_not_deliver_says_where_and_why(post: Post) -> None:
    why = {"RULE_ARN": "arn:rule", "TARGET_ARN": OUTCOME, "ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "no right"}
    post.put("rules", STATUS_CHANGE, **why)
    [seen] = post.look("rules")["messages"]
    assert (seen["ruleArn"], seen["targetArn"], seen["error"], seen["message"]) == tuple(why.values())
    assert (seen["eventId"], seen["tenantId"]) == ("event-2", "acme")


def test_what_was_told_of_an_email_names_its_tenant_and_on_its_page_the_recipient(post: Post) -> None:
    message_id = post.put("mail_feedback", BOUNCE)
    [seen] = post.look("mail_feedback")["messages"]
    assert (seen["detailType"], seen["tenantId"]) == ("Email Bounced", "acme")
    assert "recipient@" not in json.dumps(seen)
    assert "recipient@" in dead_letters.find(post.clients, post.queues, [message_id], MOST)[message_id].page()["body"]


def test_a_request_for_a_link_names_its_tenant_if_it_is_an_invitation(post: Post) -> None:
    """Of any other request only the host is known; its address is on its page alone."""
    about = ("jane@acme.example", "2026-01-01T00:00:00.000Z")
    registration = Request("1", "REGISTRATION", *about, host="acme.app.example")
    for request, tenant_id in ((registration, None), (Request("2", "INVITATION", *about, tenant_id="acme"), "acme")):
        message_id = post.put("proof_requests", request.to_json())
        (seen,) = [each for each in post.look("proof_requests")["messages"] if each["messageId"] == message_id]
        assert seen["tenantId"] == tenant_id
        assert "jane@" not in json.dumps(seen)


def test_a_stack_of_an_earlier_release_has_no_queue_of_requests_for_links(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = {name: url for name, url in deployment.outputs().items() if not name.startswith("ProofRequests")}
    monkeypatch.setattr(deployment, "_outputs", lambda _: earlier)
    _, queues = deployment.dead_letter_queues()
    assert [each.name for each in queues] == ["intake", "parameters", "mail_feedback", "rules"]


@pytest.mark.parametrize(("limit", "seen"), [(100, 25), (12, 12), (1, 1)])
def test_a_look_is_bounded_and_gives_all_back(post: Post, wire: Wire, limit: int, seen: int) -> None:
    ids = {post.put("intake", event(f"tenant-{number}")) for number in range(25)}
    found = post.look("intake", limit)
    assert (found["waiting"], len(found["messages"])) == (25, seen)
    assert {each["messageId"] for each in found["messages"]} <= ids
    assert wire.count("ReceiveMessage") <= seen // 10 + 2
    assert {each["messageId"] for each in post.look("intake")["messages"]} == ids


def test_a_message_that_comes_twice_is_seen_once(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters, "HOLD_SECONDS", 0)
    ids = [post.put("intake", event(f"tenant-{number}")) for number in range(3)]
    assert sorted(each["messageId"] for each in post.look("intake")["messages"]) == sorted(ids)


def test_a_lost_answer_hides_messages_for_a_while_and_the_count_says_that_there_are_more(
    post: Post, wire: Wire
) -> None:
    post.put("intake", event())
    with wire.strikes("ReceiveMessage", lost_response):
        seen = post.look("intake")
    assert (seen["waiting"], seen["messages"]) == (1, [])
    assert post.look("intake")["inHand"] == 1
    assert {each["VisibilityTimeout"] for each in wire.bodies("ReceiveMessage")} == {dead_letters.HOLD_SECONDS}


def test_what_cannot_be_given_back_is_left_to_sqs(post: Post, wire: Wire) -> None:
    post.put("intake", event())
    with wire.strikes("ChangeMessageVisibilityBatch", unreachable, times=3):
        assert len(post.look("intake")["messages"]) == 1
    assert post.count(post.queue("intake").url) == 1


def test_messages_are_found_in_any_queue_and_no_further_than_needed(post: Post, wire: Wire) -> None:
    wanted = [post.put("intake", event()), post.put("rules", STATUS_CHANGE)]
    found = dead_letters.find(post.clients, post.queues, wanted, MOST)
    assert {letter.queue.name for letter in found.values()} == {"intake", "rules"}
    assert found.keys() == set(wanted)
    wire.attempts.clear()
    dead_letters.find(post.clients, post.queues, wanted[:1], MOST)
    assert wire.count("ReceiveMessage") == 1
    assert dead_letters.find(post.clients, post.queues, ["unknown"], MOST) == {}


def test_a_secret_is_not_shown(post: Post) -> None:
    message_id = post.put("intake", message(tenant_created() | {"clientSecret": "hush"}))
    page = dead_letters.find(post.clients, post.queues, [message_id], MOST)[message_id].page()
    assert "hush" not in json.dumps(page)
    assert REMOVED in page["body"]


# Replaying


@pytest.mark.parametrize("name", ["intake", "parameters", "mail_feedback", "proof_requests"])
@pytest.mark.parametrize("body", [event(), POISON, ' {"detail" : {} }\n'])
def test_a_replay_sends_the_very_same_body_to_where_it_came_from(post: Post, name: str, body: str) -> None:
    message_id = post.put(name, body)
    assert post.replay(message_id) == [Handled(message_id, True, f"replayed to the {name} queue")]
    assert post.bodies(post.source(name)) == [body]
    assert post.dead(name) == []


def test_what_a_rule_could_not_deliver_to_a_queue_goes_to_that_queue(post: Post) -> None:
    source = post.source("intake")
    message_id = post.put("rules", event(), TARGET_ARN=arn_of(source), ERROR_CODE="NO_PERMISSIONS")
    [handled] = post.replay()
    assert handled == Handled(message_id, True, f"replayed to {source.rsplit('/', 1)[-1]}")
    assert post.bodies(source) == [event()]
    assert post.dead("rules") == []


def test_what_a_rule_could_not_deliver_to_a_function_is_given_to_it(
    post: Post, invoked: list[AWSPreparedRequest]
) -> None:
    message_id = post.put("rules", STATUS_CHANGE, TARGET_ARN=OUTCOME)
    assert post.replay(message_id) == [Handled(message_id, True, "replayed to outcome")]
    [request] = invoked
    assert (
        request.url == f"https://lambda.{REGION}.amazonaws.com/2015-03-31/functions/{quote_plus(OUTCOME)}/invocations"
    )
    assert request.headers["X-Amz-Invocation-Type"] == b"Event"
    assert request.body == STATUS_CHANGE.encode()
    assert post.dead("rules") == []


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({}, "does not say where it was bound"),
        ({"TARGET_ARN": FOREIGN}, "is not of this stack"),
        ({"TARGET_ARN": f"arn:aws:sqs:{REGION}:999999999999:intake"}, "is not of this stack"),
        ({"TARGET_ARN": "nonsense"}, "is not of this stack"),
    ],
)
def test_what_was_bound_for_nowhere_of_ours_is_refused_and_stays(
    post: Post, invoked: list[AWSPreparedRequest], attributes: dict[str, str], why: str
) -> None:
    message_id = post.put("rules", STATUS_CHANGE, **attributes)
    [handled] = post.replay(message_id)
    assert not handled.done
    assert why in handled.message
    assert invoked == []
    assert post.dead("rules") == [STATUS_CHANGE]


def test_every_queue_of_the_stack_is_a_target_by_its_arn(post: Post) -> None:
    for queue in post.queues:
        assert post.targets[arn_of(queue.url)] == queue.url


def test_all_are_replayed_of_all_queues_each_once(post: Post, wire: Wire) -> None:
    bodies = {event(f"tenant-{number}", f"event-{number}") for number in range(12)}
    for body in bodies:
        post.put("intake", body)
    post.put("parameters", event())
    post.put("mail_feedback", BOUNCE)
    handled = post.replay()
    assert [each.done for each in handled] == [True] * 14
    sent = wire.bodies("SendMessage")[14:]
    assert {each["MessageBody"] for each in sent if each["QueueUrl"] == post.source("intake")} == bodies
    assert len(sent) == 14
    assert [post.count(queue.url) for queue in post.queues] == [0] * 5


def test_a_replay_of_all_is_bounded(post: Post) -> None:
    for number in range(5):
        post.put("intake", event(f"tenant-{number}"))
    assert len(post.replay(limit=3)) == 3
    assert len(post.dead("intake")) == 2


def test_one_that_is_refused_stays_and_the_others_go(post: Post, wire: Wire) -> None:
    for tenant_id in ("one", "two"):
        post.put("intake", event(tenant_id))
    with wire.strikes("SendMessage", refused("AccessDenied", "no right")):
        handled = post.replay()
    assert [each.done for each in handled] == [False, True]
    assert handled[0].message == "was refused and stays here: SendMessage: no right"
    assert len(post.dead("intake")) == len(post.bodies(post.source("intake"))) == 1


@pytest.mark.parametrize("strike", [lost_response, unreachable, refused("InternalError", status=500)])
def test_a_message_whose_sending_is_in_doubt_stays_and_nothing_more_is_tried(
    post: Post, wire: Wire, strike: Callable[[AWSPreparedRequest], AWSResponse]
) -> None:
    for tenant_id in ("one", "two"):
        post.put("intake", event(tenant_id))
    with wire.strikes("SendMessage", strike, times=3):
        [handled] = post.replay()
    assert not handled.done
    assert handled.message.startswith("may have been sent or not, and stays here; replaying it again is safe: ")
    assert handled.message.endswith(". Stopped here.")
    assert wire.count("DeleteMessage") == 0
    assert len(post.dead("intake")) == 2


def test_a_message_whose_deletion_is_in_doubt_is_said_to_be_replayed_all_the_same(post: Post, wire: Wire) -> None:
    for tenant_id in ("one", "two"):
        post.put("intake", event(tenant_id))
    with wire.strikes("DeleteMessage", unreachable, times=3):
        [handled] = post.replay()
    assert not handled.done
    assert handled.message.startswith("replayed to the intake queue, but it may still be here; to replay it again")
    assert len(post.bodies(post.source("intake"))) == 1
    assert len(post.dead("intake")) == 2


def test_however_often_an_event_is_replayed_there_is_one_tenant(post: Post, wire: Wire, settings: Settings) -> None:
    post.put("intake", event())
    with wire.strikes("SendMessage", lost_response, times=3):
        post.replay()
    with wire.strikes("DeleteMessage", unreachable, times=3):
        post.replay()
    [handled] = post.replay()
    assert handled.done
    arrived = post.bodies(post.source("intake"))
    assert arrived == [event()] * 5
    answers = [intake.receive(post.clients, settings, body)[0] for body in arrived]
    assert answers == [intake.STARTED] + [intake.REPEATED] * 4
    page = status.show(post.clients, settings, "acme")
    assert page
    assert (page["status"], page["attempt"]) == (lifecycle.IN_PROGRESS, 1)


def test_a_poison_message_is_answered_by_intake_when_it_is_replayed(post: Post, settings: Settings) -> None:
    post.put("intake", POISON)
    post.replay()
    [arrived] = post.bodies(post.source("intake"))
    assert intake.receive(post.clients, settings, arrived)[0] == "rejected"


def test_an_operator_who_dies_between_sending_and_deleting_leaves_the_message(post: Post, wire: Wire) -> None:
    post.put("intake", event())
    with wire.strikes("SendMessage", death_after), pytest.raises(DeathError):
        post.replay()
    assert post.count(post.queue("intake").url) == 1
    assert post.bodies(post.source("intake")) == [event()]


def test_of_two_operators_at_once_one_replays_and_the_other_is_told_so(post: Post, wire: Wire) -> None:
    message_id = post.put("intake", event())
    others: list[Handled] = []
    with wire.strikes("SendMessage", preceded_by(lambda: others.extend(post.replay(message_id)))):
        assert post.replay(message_id) == [Handled(message_id, True, "replayed to the intake queue")]
    assert others == [Handled(message_id, False, dead_letters.not_seen(MOST))]
    assert post.bodies(post.source("intake")) == [event()]


def test_what_is_not_there_is_said_and_the_others_are_replayed(post: Post) -> None:
    message_id = post.put("parameters", event())
    handled = post.replay("unknown", message_id)
    assert [(each.message_id, each.done) for each in handled] == [(message_id, True), ("unknown", False)]
    assert f"try again in {dead_letters.HOLD_SECONDS} seconds" in handled[1].message


def test_all_that_was_not_asked_for_is_given_back(post: Post) -> None:
    ids = [post.put("intake", event(f"tenant-{number}")) for number in range(5)]
    post.replay(ids[4])
    assert len(post.dead("intake")) == 4


def test_a_replay_looks_no_further_than_needed(post: Post, wire: Wire) -> None:
    message_id = post.put("intake", event())
    post.replay(message_id)
    assert wire.count("ReceiveMessage") == 1


# Discarding


def test_what_is_discarded_is_gone_and_nothing_else(post: Post) -> None:
    lost, kept = post.put("intake", event("lost")), post.put("intake", event("kept"))
    assert post.discard(lost) == [Handled(lost, True, "discarded")]
    assert post.dead("intake") == [event("kept")]
    assert post.bodies(post.source("intake")) == []
    assert [each.done for each in post.discard(lost, kept)] == [True, False]


def test_a_discard_that_is_refused_or_in_doubt_says_so(post: Post, wire: Wire) -> None:
    message_id = post.put("intake", event())
    with wire.strikes("DeleteMessage", refused("AccessDenied", "no right")):
        assert post.discard(message_id) == [Handled(message_id, False, "was not discarded: DeleteMessage: no right")]
    with wire.strikes("DeleteMessage", lost_response, times=3):
        [handled] = post.discard(message_id)
    assert not handled.done
    assert "may be discarded or not" in handled.message
    assert post.count(post.queue("intake").url) == 0


# The command line


def test_the_queues_are_listed_as_one_document_or_a_table(post: Post, run: Run) -> None:
    message_id = post.put("intake", event())
    found = document(run("dlq", "list", "--json"))
    waiting = {"intake": 1, "parameters": 0, "mail_feedback": 0, "proof_requests": 0, "rules": 0}
    assert [(each["queue"], each["waiting"]) for each in found] == list(waiting.items())
    assert [each["queue"] for each in document(run("dlq", "list", "--queue", "rules", "--json"))] == ["rules"]
    ran = run("dlq", "list")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[:5] == ["intake: about 1", *(f"{name}: none" for name in list(waiting)[1:])]
    assert message_id in ran.out.replace("\n", "")
    ran = run("dlq", "list", "--queue", "intake", "--limit", 1)
    assert "about 1\n" in ran.out


def test_a_message_is_shown_as_one_document_or_a_page_that_cannot_steer_a_terminal(post: Post, run: Run) -> None:
    message_id = post.put("intake", event() + "\u009b31m")
    assert document(run("dlq", "show", message_id, "--json"))["body"] == event() + "\u009b31m"
    ran = run("dlq", "show", message_id)
    assert (ran.code, ran.err) == (0, "")
    assert "\u009b" not in ran.out
    assert "\\x9b31m" in ran.out


def test_messages_are_replayed_and_each_is_told_of(post: Post, run: Run) -> None:
    message_id = post.put("intake", event())
    ran = run("dlq", "replay", message_id, "unknown")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.splitlines()[0] == f"{message_id}: replayed to the intake queue"
    assert ran.out.splitlines()[1].startswith("unknown: is not among the messages seen, at most 100 a queue: ")
    assert post.bodies(post.source("intake")) == [event()]


def test_all_messages_are_replayed_and_said_if_there_may_be_more(post: Post, run: Run) -> None:
    for tenant_id in ("one", "two"):
        post.put("intake", event(tenant_id))
    ran = run("dlq", "replay", "--all", "--queue", "intake", "--limit", 1)
    assert (ran.code, ran.out.splitlines()[1:]) == (0, ["there may be more; run it again"])
    assert len(run("dlq", "replay", "--all").out.splitlines()) == 1
    assert run("dlq", "replay", "--all").out == "nothing to replay\n"


def test_a_discard_shows_asks_and_deletes(post: Post, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    message_id = post.put("intake", event())

    def says(answer: str) -> SimpleNamespace:
        def readline(*_: object) -> str:
            assert post.dead("intake") == [event()]  # nobody waits for the operator
            return answer

        return SimpleNamespace(readline=readline)

    for refusing in ("n\n", ""):
        monkeypatch.setattr(sys, "stdin", says(refusing))
        assert run("dlq", "discard", message_id).code == 1
    assert post.dead("intake") == [event()]
    monkeypatch.setattr(sys, "stdin", says("y\n"))
    ran = run("dlq", "discard", message_id)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.index("admin@acme.example") < ran.out.index("Delete 1 of these for good?")
    assert ran.out.endswith(f"{message_id}: discarded\n")
    assert post.dead("intake") == []


def test_a_discard_that_is_agreed_to_beforehand_does_not_ask(post: Post, run: Run) -> None:
    message_id = post.put("intake", event())
    assert run("dlq", "discard", message_id, "--yes").code == 0
    assert post.dead("intake") == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "unknown"), "unknown is not among the messages seen"),
        (("discard", "unknown", "--yes"), "unknown is not among the messages seen"),
        (("list", "--stack", "Elsewhere"), "No stack Elsewhere found"),
    ],
)
def test_what_cannot_be_is_one_line_on_stderr(post: Post, run: Run, arguments: tuple[str, ...], says: str) -> None:
    assert says in refusal(run("dlq", *arguments))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("replay",), "give either ids of messages or --all"),
        (("replay", "x", "--all"), "give either ids of messages or --all"),
        (
            ("list", "--queue", "other"),
            "--queue other: must be one of intake, parameters, mail_feedback, proof_requests, rules",
        ),
    ],
)
def test_what_means_nothing_is_wrong_use(run: Run, arguments: tuple[str, ...], says: str) -> None:
    assert says in wrong_use(run("dlq", *arguments))


def test_the_queues_that_can_be_named_are_those_that_there_are(post: Post) -> None:
    assert tuple(queue.name for queue in post.queues) == deployment.DEAD_LETTER_QUEUES


def test_nothing_is_discarded_if_one_of_them_was_not_found(post: Post, run: Run) -> None:
    message_id = post.put("intake", event())
    assert "unknown" in refusal(run("dlq", "discard", message_id, "unknown", "--yes"))
    assert post.dead("intake") == [event()]


def test_a_stack_from_before_there_were_these_outputs_is_one_line_on_stderr(wire: Wire, run: Run) -> None:
    deploy("Older", {"IntakeDeadLetterQueueUrl": "https://queue.example"})
    assert "The stack Older has no output 'IntakeQueueUrl'" in refusal(run("dlq", "list", "--stack", "Older"))


# The page for operators

OPERATIONS = (Path(__file__).parents[3] / "docs/operations.md").read_text()


def test_the_page_explains_each_command_and_each_queue(post: Post) -> None:
    group = typer.main.get_command(program.app)
    assert isinstance(group, TyperGroup)
    dlq = group.commands["dlq"]
    assert isinstance(dlq, TyperGroup)
    assert re.findall(r"^\| `onboard dlq (\w+)", OPERATIONS, re.MULTILINE) == list(dlq.commands)
    assert re.findall(r"^\| `(\w+)` \| `\w+DeadLetterQueueUrl`", OPERATIONS, re.MULTILINE) == [
        queue.name for queue in post.queues
    ]


def test_the_figures_of_the_page_are_those_of_the_code() -> None:
    assert f"after {dead_letters.HOLD_SECONDS} seconds at the latest" in OPERATIONS
    assert f"looks at {command_of_dead_letters.MOST} messages of a queue" in OPERATIONS
    assert f"the first {RAW_KEPT_BYTES // 1024} KB as they came" in OPERATIONS
