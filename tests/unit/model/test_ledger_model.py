"""The ledger: however invocations of a step interleave, fail, die and wake up late, one resource of it is made."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from moto.cognitoidp.models import CognitoIdpUserPoolClient

from orchestrator import operations
from orchestrator.aws.dynamodb import Change
from orchestrator.aws.errors import OnboardingError, translate
from orchestrator.identity import cognito, lost_answers
from orchestrator.steps import StepContext
from orchestrator.tenants import ledger, lifecycle, transitions
from orchestrator.tenants.ledger import LEASE_MARGIN_SECONDS, Begun, Made, Record, Turn, new_step
from orchestrator.tenants.records import RECORD, record_key
from tests.unit.conftest import REGION, carry_out
from tests.unit.model.stage import (
    FATES,
    LEASE_SECONDS,
    SETTLED,
    Fate,
    Invocation,
    Stage,
    StagedMachine,
    drop_condition,
    play,
    violates,
    with_the_ledger,
)

TENANT = "acme"
STEPS = ("AssignSharedPool", "CreateTenantGroup", "CreateTenantAdmin", "RegisterRouting")
"""Four of a pool tenant's; here each makes an app client of its name, of which Cognito happily makes twins."""
CREATE = "CreateUserPoolClient"


@dataclass
class Protection:
    """What a test may switch off."""

    lease_seconds: float = LEASE_SECONDS


class LedgerMachine(StagedMachine):
    """One tenant's record; who works on it, and what they have made."""

    def __init__(self, stage: Stage, protection: Protection) -> None:
        super().__init__(stage)
        self.protection = protection
        new = cognito.NewUserPool("the user pool", "its owner", REGION)
        self.user_pool_id = cognito.create_user_pool(self.clients, self.settings, new)
        self.redrives = [0, 0]
        """Of each attempt's execution; the attempts count from 1."""
        self.owners = 0
        self.began_anew = False
        self.born: dict[str, float] = {}
        """When each resource was first seen."""
        self.doubtful: set[str] = set()
        self.violations: list[str] = []
        self.clients.dynamodb.put_item(TableName=self.settings.tenants_table, Item=_new_record())
        self.before = self.record

    # What happens

    @precondition(lambda self: not self.crowded)
    @rule(
        ahead=st.sampled_from([0, 0, 0, 1, -1]),
        older_attempt=st.sampled_from([0] * 7 + [1]),
        older_redrive=st.sampled_from([0] * 7 + [1]),
        skew=st.sampled_from([0.0, -2.0, 2.0]),
        fate=FATES,
    )
    def is_invoked(self, ahead: int, older_attempt: int, older_redrive: int, skew: float, fate: Fate) -> None:
        """Step Functions invokes the function; an invocation of an older attempt or redrive may have taken its time."""
        done = [step for step in STEPS if self.before["steps"][step]["status"] == "DONE"]
        step = STEPS[max(0, min(len(done) + ahead, len(STEPS) - 1))]
        attempt = max(1, int(self.before["attempt"]) - older_attempt)
        self.began_anew = True
        begun = self._start(step, attempt, max(0, self.redrives[attempt] - older_redrive), skew)
        self.let_go(begun, fate)

    @precondition(lambda self: self.began_anew and self.before["status"] in lifecycle.ACTIVE)
    @rule()
    def the_execution_fails(self) -> None:
        self.began_anew = False
        redrive = self.redrives[int(self.before["attempt"])]
        change = Change(self.settings.tenants_table, record_key(TENANT)).set("redriveCount", redrive)
        transitions.move(self.clients.dynamodb, self.settings.tenants_table, self.before, lifecycle.FAILED, change)
        self.before = self.record

    @precondition(lambda self: self.before["status"] == lifecycle.FAILED)
    @rule()
    def the_operator_retries(self) -> None:
        assert operations.retry(self.clients, self.settings, TENANT).attempt == len(self.redrives)
        self.redrives.append(0)
        self.before = self.record

    @precondition(lambda self: self.before["status"] == lifecycle.FAILED and self.redrives[-1] < 3)
    @rule()
    def somebody_redrives_in_the_console(self) -> None:
        """Without a word to the record: it learns so from the first step that begins."""
        self.redrives[-1] += 1

    def act(self, context: StepContext) -> Made:
        """Stand for every step's module: make its resource, or find it."""
        step, there = context.turn.step, self.made()
        if context.record["steps"][step]["status"] == "DONE" or self.before["steps"][step]["status"] == "DONE":
            self.violations.append(f"{step} acts though it is done")
        if not context.in_doubt and there[step]:
            self.violations.append(f"{step} is not in doubt, but {there[step]} exist")
        if context.in_doubt and step not in self.doubtful:
            self.violations.append(f"{step} is in doubt, though all was answered clearly")
        new = cognito.NewAppClient(self.user_pool_id, step)
        made = cognito.ensure_app_client(
            context.clients, context.settings, new, in_doubt=context.in_doubt, notes=context.notes
        )
        return Made(resources={step: made})

    # What must be

    def disturbed(self, invocation: Invocation, operation: str, fault: str) -> None:
        turn: Turn = invocation.about
        if not (fault in SETTLED and operation in (CREATE, "ListUserPoolClients")):
            self.doubtful.add(turn.step)

    def observe(self, invocation: Invocation, event: Callable[[], object]) -> None:
        earlier = self.before
        super().observe(invocation, lambda: self._without_the_newest(invocation, event))
        self.sound = False
        self._check_who_wrote(invocation.about, earlier, self.before)
        self.sound = True

    def _without_the_newest(self, invocation: Invocation, event: Callable[[], object]) -> None:
        """Cognito promises no read after create, so no list shows what is younger than two seconds."""
        lists = invocation.call and invocation.call.operation.startswith("List")
        newest = [made for made, born in self.born.items() if lists and born > self.clock.now - 2]
        hidden = {made: self._clients.pop(made) for made in newest}
        event()
        self._clients.update(hidden)

    def check(self) -> None:
        record, there, earlier = self.record, self.made(), self.before
        self.born |= {made: self.clock.now for made in self._clients if made not in self.born}
        assert not self.violations
        for step in STEPS:
            entry, before = record["steps"][step], earlier["steps"][step]
            assert there[step] <= 1, f"{there[step]} were made by {step}"
            assert entry["settled"] <= entry["begun"]
            assert entry["begun"] >= before["begun"], "counters are never reset"
            assert entry["settled"] >= before["settled"], "counters are never reset"
            if before["status"] == "DONE":
                assert entry == before, "a done step stays as it is"
            if entry["status"] == "DONE":
                assert there[step] == 1
                assert record["resources"][step] in self.born
            else:
                assert step not in record["resources"]
        self.before = record

    def _check_who_wrote(self, turn: Turn, before: Record, after: Record) -> None:
        if before == after:
            return
        ours, were = after["steps"][turn.step], before["steps"][turn.step]
        others = [step for step in STEPS if step != turn.step]
        assert all(after["steps"][step] == before["steps"][step] for step in others), "it wrote to another's step"
        if were.get("leaseOwner") == turn.owner:  # it settles what it began
            assert ours["begun"] == were["begun"]
            return
        asked, recorded = (turn.attempt, turn.redrive_count), (before["attempt"], before["redriveCount"])
        assert asked >= recorded, "a superseded invocation wrote"
        if asked > recorded:  # it noted its redrive, and may not begin by the same write
            assert ours == were
            assert after["redriveCount"] == turn.redrive_count
            return
        assert (ours.get("leaseOwner"), ours["begun"]) == (turn.owner, were["begun"] + 1)
        assert were.get("leaseUntil", 0) / 1000 < self.clock.now + LEASE_MARGIN_SECONDS, "it took a lease that held"

    def drain(self) -> None:
        self.time_passes(6.0)
        for step in STEPS:  # while the old ones stand where they stand
            self.let_finish(self._start(step, int(self.before["attempt"]), self.redrives[-1]))
        for invocation in list(self.invocations):
            self.let_finish(invocation)
        self.time_passes(60.0)
        if self.before["status"] == lifecycle.FAILED:
            self.the_operator_retries()
        for step in STEPS:
            self.let_finish(self._start(step, int(self.before["attempt"]), self.redrives[-1]))
        assert {step["status"] for step in self.before["steps"].values()} == {"DONE"}
        assert self.made() == dict.fromkeys(STEPS, 1)

    # What is

    @property
    def record(self) -> Record:
        """The record as it is now."""
        (found,) = [item for item in self.stage.items(self.settings.tenants_table) if item["item"] == RECORD]
        return found

    def made(self) -> Counter[str]:
        """How many resources of each step there are."""
        return Counter(client.extended_config["ClientName"] for client in self._clients.values())

    @property
    def _clients(self) -> dict[str, CognitoIdpUserPoolClient]:
        return self.stage.user_pools()[self.user_pool_id].clients

    def _start(self, step: str, attempt: int, redrive: int, skew: float = 0.0) -> Invocation:
        self.owners += 1
        lease_until = self.clock.now + skew + self.protection.lease_seconds
        turn = Turn(step, f"invocation-{self.owners}", attempt, redrive, lease_until)
        return self.invoke(
            lambda: carry_out(self.clients, self.settings, TENANT, turn),
            about=turn,
            skew=skew,
        )


def _new_record() -> dict[str, Any]:
    return {
        **record_key(TENANT),
        "status": lifecycle.IN_PROGRESS,
        "tier": "pool",
        "federated": False,
        "attempt": 1,
        "redriveCount": 0,
        "steps": {step: new_step() for step in STEPS},
        "resources": {},
        "outbox": {},
    }


Machine = Callable[[], LedgerMachine]


@pytest.fixture
def protection() -> Protection:
    return Protection()


@pytest.fixture
def machine(stage: Stage, protection: Protection, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return with_the_ledger(stage, monkeypatch, lambda: LedgerMachine(stage, protection))


def test_each_step_makes_one_resource_whatever_happens_to_its_invocations(machine: Machine) -> None:
    play(machine, rounds=3)


# Proof that the machine would notice: each test takes one protection away


def test_never_being_in_doubt_is_noticed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "Begun", lambda record, in_doubt, notes: Begun(record, in_doubt=False, notes=notes))
    violates(machine)


@pytest.mark.parametrize(
    "condition",
    ["leaseUntil", "leaseOwner", "[attempt] = ?", "<> ?"],
    ids=["a lease that holds nobody off", "anybody may finish", "superseded begins", "done begins"],
)
def test_a_condition_that_is_missing_is_noticed(
    condition: str, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop_condition(monkeypatch, condition)
    violates(machine)


def test_a_lease_that_ends_before_the_function_is_noticed(machine: Machine, protection: Protection) -> None:
    protection.lease_seconds = 5.0
    violates(machine)


def test_an_sdk_that_repeats_a_create_by_itself_is_noticed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    clients = machine().clients
    monkeypatch.setitem(vars(clients), "cognito_once", clients.cognito)
    violates(machine)


def test_taking_an_unclear_answer_for_settled_is_noticed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def as_settled(error: Exception) -> OnboardingError:
        failure = translate(error)
        failure.settled = True
        return failure

    monkeypatch.setattr(ledger, "translate", as_settled)
    violates(machine)


def test_looking_only_once_in_doubt_is_noticed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    find_or_create = lost_answers.find_or_create

    def hasty(**how: Any) -> object:
        find, looks = how["find"], []

        def once() -> list[object]:
            looks.append(1)
            return list(find()) if len(looks) == 1 else []

        return find_or_create(**how | {"find": once})

    monkeypatch.setattr(lost_answers, "find_or_create", hasty)
    violates(machine, first_seed=14)
