"""Portions: whatever gets lost between two of them, each is done once, in its turn, and none is skipped."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from orchestrator import steps
from orchestrator.aws.dynamodb import Change
from orchestrator.identity import cognito
from orchestrator.onboarding import retries
from orchestrator.steps import StepContext
from orchestrator.tenants import kinds, ledger, portions, transitions
from orchestrator.tenants.ledger import Begun, Made, Record, Turn, new_step
from orchestrator.tenants.portions import Portion
from tests.unit.conftest import REGION
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
from tests.unit.works.greeting import GREETING, KEY, new_item

STEP = "WriteGreeting"
PEOPLE = 4
"""Each is a portion, for whom an app client is made, of which Cognito happily makes twins."""
CREATE = "CreateUserPoolClient"


class PortionsMachine(StagedMachine):
    """One step of one work, and whom it has served."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        new = cognito.NewUserPool("the user pool", "its owner", REGION)
        self.user_pool_id = cognito.create_user_pool(self.clients, self.settings, new)
        self.redrives = [0, 0]
        """Of each attempt's execution; the attempts count from 1."""
        self.owners = 0
        self.doubtful: set[int] = set()
        """The portions of which a call met a fault that left open what it did."""
        self.violations: list[str] = []
        item = new_item() | {"steps": {STEP: new_step()}}
        self.clients.dynamodb.put_item(TableName=self.settings.tenants_table, Item=item)
        self.before = self.item

    # What happens

    @precondition(lambda self: not self.crowded)
    @rule(
        older_attempt=st.sampled_from([0] * 5 + [1]),
        older_redrive=st.sampled_from([0] * 5 + [1]),
        skew=st.sampled_from([0.0, -2.0, 2.0]),
        fate=FATES,
    )
    def is_invoked(self, older_attempt: int, older_redrive: int, skew: float, fate: Fate) -> None:
        """By the loop of the workflow, its retries, or long ago by an older attempt or redrive."""
        attempt = max(1, int(self.before["attempt"]) - older_attempt)
        self.let_go(self._start(attempt, max(0, self.redrives[attempt] - older_redrive), skew), fate)

    @precondition(lambda self: self.before["changeStatus"] == GREETING.running)
    @rule()
    def the_execution_fails(self) -> None:
        redrive = self.redrives[int(self.before["attempt"])]
        change = Change(self.settings.tenants_table, dict(KEY)).set("redriveCount", redrive)
        transitions.move(self.clients.dynamodb, self.settings.tenants_table, self.before, GREETING.failed, change)
        self.before = self.item

    @precondition(lambda self: self.before["changeStatus"] == GREETING.failed)
    @rule()
    def the_next_attempt_starts(self) -> None:
        assert retries.start_next(self.clients, self.settings, self.before, {})
        self.redrives.append(0)
        self.before = self.item

    @precondition(lambda self: self.before["changeStatus"] == GREETING.failed and self.redrives[-1] < 3)
    @rule()
    def somebody_redrives_in_the_console(self) -> None:
        self.redrives[-1] += 1

    def act(self, context: StepContext) -> Made:
        """Serve the person at the cursor."""
        person = int(context.portion.cursor or 0)
        if context.portion.count != person:
            self.violations.append(f"{context.portion.count} are counted at {person}")
        if not context.in_doubt and self.served()[person]:
            self.violations.append(f"{person} is served already, and nobody is in doubt")
        if context.in_doubt and person not in self.doubtful:
            self.violations.append(f"the portion of {person} is in doubt, though all was answered clearly")
        new = cognito.NewAppClient(self.user_pool_id, str(person))
        cognito.ensure_app_client(
            context.clients, context.settings, new, in_doubt=context.in_doubt, notes=context.notes
        )
        if person < PEOPLE - 1:
            return Made(portion=Portion(str(person + 1), 1))
        return Made({"people": PEOPLE})

    # What must be

    def disturbed(self, invocation: Invocation, operation: str, fault: str) -> None:
        if not (fault in SETTLED and operation in (CREATE, "ListUserPoolClients")):
            self.doubtful.add(int(self.before["steps"][STEP].get("cursor") or 0))

    def observe(self, invocation: Invocation, event: Callable[[], object]) -> None:
        earlier = self.before
        super().observe(invocation, event)
        self.sound = False
        self._check_who_wrote(invocation.about, earlier, self.before)
        self.sound = True

    def check(self) -> None:
        item, served = self.item, self.served()
        entry, before = item["steps"][STEP], self.before["steps"][STEP]
        cursor, was = int(entry.get("cursor") or 0), int(before.get("cursor") or 0)
        assert not self.violations
        assert cursor in (was, was + 1), "a portion is skipped or undone"
        assert entry["begun"] >= before["begun"], "counters are never reset"
        assert entry["settled"] >= before["settled"], "counters are never reset"
        assert entry["settled"] <= entry["begun"]
        assert entry.get("count", 0) == cursor
        done = PEOPLE if entry["status"] == "DONE" else cursor
        assert all(served[person] == 1 for person in range(done)), f"{served} at {done}"
        assert served[done] <= 1, f"{served[done]} were made for {done}"
        assert not any(served[person] for person in range(done + 1, PEOPLE)), "a portion was done before its turn"
        if before["status"] == "DONE":
            assert entry == before, "a done step stays as it is"
        if cursor > was:
            assert entry["status"] == "RUNNING"
            assert not {"leaseOwner", "leaseUntil"} & entry.keys(), "a portion that is done keeps no lease"
        self.before = item

    def _check_who_wrote(self, turn: Turn, before: Record, after: Record) -> None:
        ours, were = after["steps"][STEP], before["steps"][STEP]
        if before == after or were.get("leaseOwner") == turn.owner:
            return
        asked, recorded = (turn.attempt, turn.redrive_count), (before["attempt"], before["redriveCount"])
        assert asked >= recorded, "a superseded invocation wrote"
        if asked == recorded:
            assert (ours.get("leaseOwner"), ours["begun"]) == (turn.owner, were["begun"] + 1)

    def drain(self) -> None:
        for invocation in list(self.invocations):
            self.let_finish(invocation)
        self.time_passes(60.0)
        if self.before["changeStatus"] == GREETING.failed:
            self.the_next_attempt_starts()
        for _ in range(PEOPLE):
            self.let_finish(self._start(int(self.before["attempt"]), self.redrives[-1]))
        assert self.before["steps"][STEP]["status"] == "DONE"
        assert self.served() == Counter(range(PEOPLE))

    # What is

    @property
    def item(self) -> Record:
        """The work's item as it is now."""
        (found,) = [item for item in self.stage.items(self.settings.tenants_table) if item["item"] == KEY["item"]]
        return found

    def served(self) -> Counter[int]:
        """How many app clients each person has."""
        there = self.stage.user_pools()[self.user_pool_id].clients.values()
        return Counter(int(client.extended_config["ClientName"]) for client in there)

    def _start(self, attempt: int, redrive: int, skew: float = 0.0) -> Invocation:
        self.owners += 1
        turn = Turn(STEP, f"invocation-{self.owners}", attempt, redrive, self.clock.now + skew + LEASE_SECONDS)
        work = kinds.work_of(self.settings, self.before)
        return self.invoke(lambda: steps.run(self.clients, self.settings, work, turn), about=turn, skew=skew)


Machine = Callable[[], PortionsMachine]


@pytest.fixture
def machine(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(kinds, "KINDS", (*kinds.KINDS, GREETING))
    return with_the_ledger(stage, monkeypatch, lambda: PortionsMachine(stage))


def test_each_portion_is_done_once_whatever_happens_between_two_of_them(machine: Machine) -> None:
    play(machine, rounds=3)


# Proof that the machine would notice: each test takes one protection away


def test_never_being_in_doubt_is_noticed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "Begun", lambda record, in_doubt, notes: Begun(record, in_doubt=False, notes=notes))
    violates(machine)


@pytest.mark.parametrize(
    "condition",
    ["leaseUntil", "leaseOwner", "[attempt] = ?"],
    ids=["no lease", "anybody finishes", "superseded begins"],
)
def test_a_condition_that_is_missing_is_noticed(
    condition: str, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop_condition(monkeypatch, condition)
    violates(machine)


def test_a_cursor_that_is_not_kept_is_noticed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    write = portions.write

    def without_the_cursor(change: Change, path: str, portion: Portion) -> None:
        write(change, path, Portion("", portion.count))

    monkeypatch.setattr(portions, "write", without_the_cursor)
    violates(machine)


def test_doubt_that_outlasts_its_portion_is_noticed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def settles_one(change: Any, path: str, portion: Portion) -> None:
        change.set(f"{path}.cursor", portion.cursor).increase(f"{path}.count", portion.count)
        change.increase(f"{path}.settled")

    monkeypatch.setattr(portions, "write", settles_one)
    violates(machine)
