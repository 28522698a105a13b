"""Claims: however events, retries and reconciling interleave and fail, a tenant is claimed once and nothing is lost."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from moto.stepfunctions.models import Execution, stepfunctions_backends

from orchestrator import operations, steps
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.onboarding import executions, intake, outcome, reconcile, rejection, retries
from orchestrator.onboarding.envelope import Envelope
from orchestrator.onboarding.request import canonical_sha256
from orchestrator.routing import routes
from orchestrator.steps import complete_onboarding
from orchestrator.tenants import counters, events, kinds, lifecycle, outbox, transitions
from orchestrator.tenants.ledger import Ledger, Record, Turn
from orchestrator.tenants.lifecycle import REJECTED
from orchestrator.tenants.records import RECORD, REQUEST
from orchestrator.tenants.work import Work
from tenant_onboarding.contracts.outgoing import OutgoingEvent
from tests.unit import faults, simulated_aws
from tests.unit.conftest import ACCOUNT, REGION, carry_out, message, tenant_created
from tests.unit.model.stage import (
    FATES,
    LEASE_SECONDS,
    Fate,
    Invocation,
    Stage,
    StagedMachine,
    drop_condition,
    play,
    violates,
)

TENANTS = ("acme", "globex", "initech")
CODES = (None, "A-1", "B-2")
NEW_PLAN = "gold"
"""Unknown until a deployment adds it."""
LAST_STEP = "CompleteOnboarding"
MADE_BEFORE = {
    "region": REGION,
    "userPoolId": f"{REGION}_1",
    "appClientId": "client-1",
    "issuer": "https://issuer.example",
    "groupName": "group",
}
MOST = 12


@dataclass
class Emitted:
    """An event of billing's, and what intake answered to each of its deliveries."""

    event_id: str
    detail: dict[str, Any]
    answers: set[str] = field(default_factory=set)


class ClaimsMachine(StagedMachine):
    """Billing's events for few tenants and keys, the tenants' executions, and all who move a tenant's record."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.emitted: list[Emitted] = []
        self.redrives: Counter[str] = Counter()
        self.owners = 0
        self.records: dict[str, Record] = {}
        self.rejections: dict[str, str] = {}
        self.facts: set[str] = set()
        """The keys of all that was true once, and so is to be published in the end."""

    # What happens

    @precondition(lambda self: not self.crowded and len(self.emitted) < MOST)
    @rule(
        tenant_id=st.sampled_from(TENANTS),
        rival=st.sampled_from(["", "", "", *TENANTS]),
        code=st.sampled_from(CODES),
        tier=st.sampled_from(["pool", "pool", "pool", NEW_PLAN]),
        fate=FATES,
    )
    def billing_emits(self, tenant_id: str, rival: str, code: str | None, tier: str, fate: Fate) -> None:
        routing = {"subdomain": rival or tenant_id} | ({"tenantCode": code} if code else {})
        detail = tenant_created(tenant_id, tier=tier, routing=routing)
        self.emitted.append(Emitted(f"event-{len(self.emitted) + 1}", detail))
        self.let_go(self._deliver(self.emitted[-1]), fate)

    @precondition(lambda self: not self.crowded and self.emitted)
    @rule(which=st.integers(0, MOST), fate=FATES)
    def the_queue_delivers_again(self, which: int, fate: Fate) -> None:
        self.let_go(self._deliver(self.emitted[which % len(self.emitted)]), fate)

    @precondition(lambda self: not self.crowded and self.records)
    @rule(fate=FATES)
    def reconcile_runs(self, fate: Fate) -> None:
        self.let_go(self._reconcile(), fate)

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, MOST))
    def an_execution_fails(self, which: int) -> None:
        simulated_aws.ended(self.running[which % len(self.running)].execution_arn)

    @precondition(lambda self: any(self.redrives[one.name] < 2 for one in self.failed))
    @rule(which=st.integers(0, MOST))
    def an_execution_is_redriven_in_the_console(self, which: int) -> None:
        redrivable = [one for one in self.failed if self.redrives[one.name] < 2]
        redriven = redrivable[which % len(redrivable)]
        redriven.status = "RUNNING"
        self.redrives[redriven.name] += 1

    @precondition(lambda self: not self.crowded and self.executions)
    @rule(which=st.integers(0, MOST), fate=FATES)
    def outcome_is_told_of_an_execution(self, which: int, fate: Fate) -> None:
        """Too early, too late, or again."""
        told = self.executions[which % len(self.executions)].execution_arn
        self.let_go(self.invoke(lambda: outcome.record_outcome(self.clients, self.settings, told)), fate)

    @precondition(lambda self: not self.crowded and self.records)
    @rule(which=st.integers(0, MOST), fate=FATES)
    def an_operator_retries(self, which: int, fate: Fate) -> None:
        tenant_id = sorted(self.records)[which % len(self.records)]
        self.let_go(self.invoke(lambda: operations.retry(self.clients, self.settings, tenant_id)), fate)

    @precondition(lambda self: not self.crowded and self.running)
    @rule(which=st.integers(0, MOST), fate=FATES)
    def the_last_step_runs(self, which: int, fate: Fate) -> None:
        """The steps before have made what it needs."""
        execution = self.running[which % len(self.running)]
        about = json.loads(execution.execution_input)
        tenant_id, redrive = about["tenantId"], self.redrives[execution.name]
        self.owners += 1
        last = Turn(LAST_STEP, f"invocation-{self.owners}", about["attempt"], redrive, self.clock.now + LEASE_SECONDS)
        run = self.invoke(
            lambda: carry_out(self.clients, self.settings, tenant_id, last),
            about=execution,
        )
        self.let_go(run, fate)

    @precondition(lambda self: not self.invocations and self.rejections)
    @rule()
    def a_deployment_adds_a_plan(self) -> None:
        self.settings = self.settings.model_copy(update={"plans": {NEW_PLAN: "pool"}})

    def ended(self, invocation: Invocation) -> None:
        if invocation.error:
            return
        if isinstance(invocation.about, Emitted):
            answered: Any = invocation.answered
            invocation.about.answers.add(answered[0])
        if isinstance(invocation.about, Execution) and invocation.about.status == "RUNNING":
            invocation.about.status = "SUCCEEDED"

    # What must be

    def check(self) -> None:
        items = {(item["tenantId"], item["item"]): item for item in self.stage.items(self.settings.tenants_table)}
        records = {tenant_id: row for (tenant_id, item), row in items.items() if item == RECORD}
        counter_rows = [row for (_, item), row in items.items() if item == counters.COUNTERS]
        self._check_records(records, {tenant_id: items.get((tenant_id, REQUEST)) for tenant_id in records})
        self._check_counters(records, counter_rows)
        self._check_completions(records, [row for row in items.values() if row["tenantId"] == counters.COMPLETIONS])
        self._check_keys(records)
        self._check_rejections(records, [row for (_, item), row in items.items() if item.startswith(REJECTED)])
        self._check_executions(records)
        self._check_bus()

    def _check_records(self, records: dict[str, Record], requests: dict[str, Record | None]) -> None:
        assert set(self.records) <= set(records), "a tenant is gone"
        for tenant_id, record in records.items():
            before = self.records.get(tenant_id, record)
            assert record["requestSha256"] == before["requestSha256"], "a tenant has two payloads"
            [accepted] = [one for one in self.emitted if one.event_id == record["eventId"]]
            assert record["requestSha256"] == canonical_sha256(accepted.detail)
            asked = requests[tenant_id]
            assert asked
            assert json.loads(asked["request"])["routing"]["subdomain"] == record["routing"]["subdomain"]
            assert (before["attempt"], before["redriveCount"]) <= (record["attempt"], record["redriveCount"])
            assert record["status"] == lifecycle.COMPLETED or before["status"] != lifecycle.COMPLETED
            assert bool(record["outbox"]) <= ("unpublished" in record), "nobody would find what is to be published"
            self._note_facts(record)
        self.records = records

    def _note_facts(self, record: Record) -> None:
        tenant_id, attempt, redrive = record["tenantId"], int(record["attempt"]), int(record["redriveCount"])
        self.facts.add(f"{tenant_id}:TenantOnboardingStarted:{attempt}:0")
        if record["status"] == lifecycle.FAILED:
            self.facts.add(f"{tenant_id}:TenantOnboardingFailed:{attempt}:{redrive}")
        if record["status"] == lifecycle.COMPLETED:
            self.facts.add(f"{tenant_id}:TenantOnboarded:{attempt}:{redrive}")

    def _check_counters(self, records: dict[str, Record], rows: list[Record]) -> None:
        counted = Counter[str]()
        for row in rows:
            counted.update({name: int(n) for name, n in row.items() if "#" in name})
        stand = Counter(f"{record['status']}#{record['tier']}" for record in records.values())
        assert {name: n for name, n in counted.items() if n} == stand

    def _check_completions(self, records: dict[str, Record], rows: list[Record]) -> None:
        counted = Counter[str]()
        for row in rows:
            counted[row["item"].partition("#")[0]] += int(row["tenants"])
        done = [record["completedAt"] for record in records.values() if record["status"] == lifecycle.COMPLETED]
        assert counted == Counter(f"{moment[:13]}:00:00Z" for moment in done)

    def _check_keys(self, records: dict[str, Record]) -> None:
        held = {route["routeKey"]: route["tenantId"] for route in self.stage.items(self.settings.routes_table)}
        asked = [(key, tenant_id) for tenant_id, record in records.items() for key in record["routeKeys"]]
        assert sorted(asked) == sorted(held.items()), "a key is held by two tenants, or by none"

    def _check_rejections(self, records: dict[str, Record], rejections: list[Record]) -> None:
        now = {row["item"].removeprefix(f"{REJECTED}#"): row["rejection"] for row in rejections}
        assert self.rejections.items() <= now.items(), "a rejected event stays rejected, with the same reasons"
        assert not now.keys() & {record["eventId"] for record in records.values()}, "a rejected event was accepted"
        self.rejections = now
        self.facts |= {f"{event_id}:TenantOnboardingRejected" for event_id in now}
        for one in self.emitted:
            assert one.answers <= {"started", "repeated"} or one.answers == {"rejected"}, "an event is judged once"

    def _check_executions(self, records: dict[str, Record]) -> None:
        names = [one.name for one in self.executions]
        possible = {f"{key}-{attempt}" for key, row in records.items() for attempt in range(1, int(row["attempt"]) + 1)}
        assert len(set(names)) == len(names)
        assert set(names) <= possible, "an execution was started that no record knows"

    def _check_bus(self) -> None:
        published = self.published
        assert set(published) <= self.facts, "an event was published that is not true"
        assert all(len(details) == 1 for details in published.values()), "one key stands for two events"
        names = {one.name for one in self.executions}
        for key in published:
            tenant_id, kind, *attempt = key.split(":")
            assert kind != "TenantOnboardingStarted" or f"{tenant_id}-{attempt[0]}" in names

    def drain(self) -> None:
        for invocation in list(self.invocations):
            self.let_finish(invocation)
        for one in self.emitted:
            if not one.answers:
                self.let_finish(self._deliver(one))
                assert one.answers, "an event was lost"
        for _ in range(3):
            last = self._reconcile()
            self.let_finish(last)
        assert last.answered == {"started": 0, "recorded": 0, "published": 0, "failed": 0}
        assert set(self.published) == self.facts, "not all that is true was published"
        attempts = {f"{key}-{n}" for key, row in self.records.items() for n in range(1, int(row["attempt"]) + 1)}
        assert {one.name for one in self.executions} == attempts
        for record in self.records.values():
            self._check_end(record)

    def _check_end(self, record: Record) -> None:
        name = kinds.work_of(self.settings, record).execution_name(int(record["attempt"]))
        [execution] = [one for one in self.executions if one.name == name]
        assert not record["outbox"]
        assert "unpublished" not in record
        if record["status"] == lifecycle.FAILED:  # a redrive is noted when its first step begins
            assert execution.status == "FAILED" or self.redrives[name] > record["redriveCount"]
        elif record["status"] != lifecycle.COMPLETED:
            assert (record["status"], execution.status) == (lifecycle.IN_PROGRESS, "RUNNING")

    # What is

    @property
    def executions(self) -> list[Execution]:
        """All executions of the onboarding, in the order of their start."""
        machines = {each.arn: each for each in stepfunctions_backends[ACCOUNT][REGION].state_machines}
        return list(machines[self.settings.state_machine_arn].executions)

    @property
    def running(self) -> list[Execution]:
        """The executions that run."""
        return [one for one in self.executions if one.status == "RUNNING"]

    @property
    def failed(self) -> list[Execution]:
        """The executions that failed."""
        return [one for one in self.executions if one.status == "FAILED"]

    @property
    def published(self) -> dict[str, set[str]]:
        """The details that the bus took, by their keys."""
        found: dict[str, set[str]] = {}
        for effect in self.stage.effects:
            for entry in effect.body["Entries"] if effect.operation == "PutEvents" else []:
                found.setdefault(json.loads(entry["Detail"])["eventKey"], set()).add(entry["Detail"])
        return found

    def _deliver(self, event: Emitted) -> Invocation:
        settings, body = self.settings, message(event.detail, event.event_id)
        return self.invoke(lambda: intake.receive(self.clients, settings, body), about=event)

    def _reconcile(self) -> Invocation:
        """Without its grace, in which others would have the time to finish: it may meet them at work."""
        settings = self.settings
        return self.invoke(lambda: reconcile.reconcile(self.clients, settings, grace_seconds=-1))


Machine = Callable[[], ClaimsMachine]


@pytest.fixture
def machine(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Makes machines whose Step Functions knows redrives, in the time of the model."""
    playing: list[ClaimsMachine] = []
    answer = faults.answer

    def with_redrives(request: AWSPreparedRequest) -> AWSResponse:
        response = answer(request)
        told = json.loads(response.content)
        if "executionArn" in told and "status" in told:
            told["redriveCount"] = playing[-1].redrives[told["name"]]
            response._content = json.dumps(told).encode()  # type: ignore[attr-defined]  # the stubs lack it
        return response

    def new() -> ClaimsMachine:
        playing[:] = [ClaimsMachine(stage)]
        return playing[-1]

    def tick() -> float:
        stage.clock.now += 0.001
        return stage.clock()

    for module in (complete_onboarding, intake, rejection, transitions, retries, outcome, reconcile):
        monkeypatch.setattr(module, "time", SimpleNamespace(time=tick, monotonic=tick))
    monkeypatch.setattr(steps, "Ledger", partial(Ledger, clock=stage.clock))
    monkeypatch.setattr(faults, "answer", with_redrives)
    monkeypatch.setattr(steps.StepContext, "resources", MADE_BEFORE)
    return new


def test_each_tenant_is_claimed_once_and_nothing_is_lost(machine: Machine) -> None:
    play(machine, rounds=3)


# Proof that the machine would notice: each test takes one protection away


def without_condition(action: dict[str, Any]) -> dict[str, Any]:
    """Return the action without what it requires."""
    ((verb, arguments),) = action.items()
    return {verb: {name: value for name, value in arguments.items() if name != "ConditionExpression"}}


def test_claiming_a_tenant_without_condition_is_noticed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    put = intake._put_record
    monkeypatch.setattr(intake, "_put_record", lambda *of: without_condition(put(*of)))
    violates(machine)


def test_reserving_a_key_without_condition_is_noticed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    put = routes.put_new
    monkeypatch.setattr(routes, "put_new", lambda *of: without_condition(put(*of)))
    violates(machine)


def test_accepting_what_was_rejected_before_is_noticed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the check looks for the rejection of an event that never was."""
    check = rejection.never_rejected

    def of_another(settings: Settings, envelope: Envelope) -> dict[str, Any]:
        return check(settings, Envelope("", "another event", envelope.detail))

    monkeypatch.setattr(intake, "never_rejected", of_another)
    violates(machine, first_seed=1)


def test_moving_a_tenant_that_somebody_else_moved_is_noticed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    drop_condition(monkeypatch, "[status] = ? AND [attempt]")
    violates(machine)


def test_taking_an_event_out_before_it_is_published_is_noticed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def the_wrong_way_round(clients: Clients, settings: Settings, work: Work, event: OutgoingEvent) -> None:
        outbox.take_out(clients.dynamodb, work, event)
        events.publish(clients, settings, event)

    monkeypatch.setattr(outbox, "publish_from_outbox", the_wrong_way_round)
    violates(machine, first_seed=5)


def test_saying_that_an_attempt_started_before_it_did_is_noticed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`catch_up` that leaves nothing to `start`."""
    monkeypatch.setattr(executions, "catch_up", outbox.publish_outbox)
    violates(machine)
