"""`onboard listen` as somebody in another terminal has it: it hears a tenant, and ends without a trace, however."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from orchestrator.cli import exit_status
from orchestrator.operations import listening
from tests.e2e.terminal import SECONDS, interruptible
from tests.e2e.world import World, tenant, wait_until


@contextmanager
def listener(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run `onboard listen` for the length of a with block; it listens already."""
    command = [sys.executable, "-m", "orchestrator.cli", "listen", *arguments]
    with interruptible():
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
        )
    with process:
        try:
            assert process.stderr
            assert process.stderr.readline() == "Listening. Ctrl-C ends it.\n"
            yield process
        finally:
            process.kill()


def left(world: World) -> list[tuple[bool, str]]:
    """Return whether there is a rule, and the address of the queue, of each slot that has either."""
    clients, settings = world.stack.clients, world.stack.settings
    found = []
    for slot in listening.slots(settings):
        has_rule, url = listening._has_rule(clients, settings, slot), listening._url(clients, slot)
        found += [(has_rule, url)] if has_rule or url else []
    return found


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_tells_a_tenants_events_and_leaves_nothing_when_it_is_ended(everything: World, ending: int) -> None:
    tenant_id = f"heard-{ending}"
    with listener("--json", tenant_id) as process:
        everything.emit(tenant(f"other-{ending}"))
        everything.emit(tenant(tenant_id))
        assert process.stdout
        heard = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.send_signal(ending)
        assert (process.wait(SECONDS), process.stderr and process.stderr.read()) == (exit_status.INTERRUPTED, "")
    assert {each["detail-type"] for each in heard} == {"TenantOnboardingStarted", "TenantOnboarded"}
    assert {each["detail"]["tenantId"] for each in heard} == {tenant_id}
    assert left(everything) == []


def test_one_that_is_killed_leaves_a_slot_that_the_next_one_removes_once_it_has_ended(everything: World) -> None:
    with listener() as process:
        process.kill()
        assert process.wait(SECONDS) == -signal.SIGKILL
    ((has_rule, url),) = left(everything)
    assert has_rule
    assert listening.remove_ended(everything.stack.clients, everything.stack.settings) == []
    everything.stack.clients.sqs.tag_queue(QueueUrl=url, Tags={listening.HELD_UNTIL: "0"})
    with listener() as process:
        wait_until(lambda: len(left(everything)) == 1, "the slot to be removed")
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == exit_status.INTERRUPTED
    assert left(everything) == []


def test_nobody_but_the_rule_puts_anything_into_the_queue(everything: World) -> None:
    """Not even who may do everything in the account."""
    sqs = everything.stack.clients.sqs
    with listening.listening(everything.stack.clients, everything.stack.settings):
        ((_, url),) = left(everything)
        with pytest.raises(sqs.exceptions.ClientError, match="AccessDenied"):
            sqs.send_message(QueueUrl=url, MessageBody="{}")
