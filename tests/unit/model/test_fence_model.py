"""The fence: however makers and removers interleave, fail and die, nobody is made behind a removal."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from orchestrator import steps
from orchestrator.aws import writes
from orchestrator.aws.dynamodb import Change, items
from orchestrator.aws.errors import PlacementRaisedError, TenantNotLiveError
from orchestrator.identity import cognito
from orchestrator.steps import StepContext
from orchestrator.tenants import fence, kinds, lifecycle
from orchestrator.tenants.ledger import Ledger, Made, Record, Turn, new_step
from orchestrator.tenants.records import RECORD, record_key
from orchestrator.tenants.work import KIND, Kind, Work
from tests.unit.conftest import REGION
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
    with_the_ledger,
)

TENANT = "acme"
MAKE = "MakeSomebody"
RAISE, WAIT, REMOVE = REMOVALS = ("RaisePlacement", "AwaitMakers", "RemoveEverybody")
OFFBOARDING = "OFFBOARDING"
SKEWS = st.sampled_from([0.0, -2.0, 2.0])


def kind_of(name: str, path: tuple[str, ...], statuses: tuple[str, ...] | None) -> Kind:
    """Return a kind of work with these steps."""
    around = None if statuses is None else fence.around(statuses)
    return Kind(name=name, path=lambda _: path, active=("RUNNING",), done="DONE", status="changeStatus", fence=around)


ALLOWED = {"invitation": fence.LIVE, "repair": fence.LIVE_OR_SUSPENDED, "disabling": fence.WHATEVER_STATUS}
"""The tenant's statuses in which each kind of maker may go on; none where the placement alone counts."""
MAKERS = tuple(kind_of(name, (MAKE,), statuses) for name, statuses in ALLOWED.items())
REMOVER = kind_of("removal", REMOVALS, None)


class FenceMachine(StagedMachine):
    """A live tenant, who makes something for it, and who removes all that there is."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        new = cognito.NewUserPool("the user pool", "its owner", REGION)
        self.user_pool_id = cognito.create_user_pool(self.clients, self.settings, new)
        self.owners = 0
        self.met_a_suspension: set[Invocation] = set()
        record = record_key(TENANT) | {"status": lifecycle.COMPLETED}  # as an older release left it: no placement
        works = [_item(kind) for kind in (*MAKERS, REMOVER)]
        for item in (record, *works):
            self.clients.dynamodb.put_item(TableName=self.settings.tenants_table, Item=item)
        self.before = self.items

    # What happens

    @precondition(lambda self: not self.crowded)
    @rule(which=st.integers(0, len(MAKERS) - 1), skew=SKEWS, fate=FATES)
    def a_maker_is_invoked(self, which: int, skew: float, fate: Fate) -> None:
        self.let_go(self._start(MAKERS[which], MAKE, skew), fate)

    @precondition(lambda self: not self.crowded)
    @rule(skew=SKEWS, fate=FATES)
    def the_remover_is_invoked(self, skew: float, fate: Fate) -> None:
        undone = [step for step in REMOVALS if self._entry(REMOVER, step)["status"] != "DONE"]
        self.let_go(self._start(REMOVER, (undone or REMOVALS[-1:])[0], skew), fate)

    @precondition(lambda self: self.something_happened and self.tenant["status"] in fence.LIVE_OR_SUSPENDED)
    @rule()
    def the_tenant_is_suspended_or_resumed(self) -> None:
        self.something_happened = False
        other = lifecycle.SUSPENDED if self.tenant["status"] == lifecycle.COMPLETED else lifecycle.COMPLETED
        change = Change(self.settings.tenants_table, record_key(TENANT)).set("status", other)
        self.clients.dynamodb.update_item(**change.arguments())
        self.before = self.items
        if other == lifecycle.SUSPENDED:
            self.met_a_suspension |= set(self.invocations)

    def act(self, context: StepContext) -> Made:
        """Stand for every step's module."""
        if context.turn.step == MAKE:
            return self._make(context)
        if context.turn.step == RAISE:
            raised = fence.raise_in(Change(self.settings.tenants_table, record_key(TENANT)), fence.FIRST, self.clock())
            return Made(together_with=[raised.set("status", OFFBOARDING).action()])
        if context.turn.step == WAIT:
            fence.check_waited(self.tenant, self.clock())
        else:
            self._remove(context)
        return Made()

    def _make(self, context: StepContext) -> Made:
        name = str(context.record[KIND])
        new = cognito.NewAppClient(self.user_pool_id, name)
        cognito.ensure_app_client(
            context.clients, context.settings, new, in_doubt=context.in_doubt, notes=context.notes
        )
        row = {"TableName": self.settings.tenants_table, "Item": {"tenantId": TENANT, "item": f"USER#{name}"}}
        return Made(together_with=[{"Put": row}])

    def _remove(self, context: StepContext) -> None:
        pool = {"UserPoolId": self.user_pool_id}
        for client in context.clients.cognito.list_user_pool_clients(**pool, MaxResults=60)["UserPoolClients"]:
            context.clients.cognito.delete_user_pool_client(**pool, ClientId=client["ClientId"])
        rows = items(
            context.clients.dynamodb.query,
            TableName=self.settings.tenants_table,
            KeyConditionExpression="tenantId = :tenant AND begins_with(#item, :user)",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues={":tenant": TENANT, ":user": "USER#"},
            ConsistentRead=True,
        )
        for row in list(rows):
            key = {"tenantId": row["tenantId"], "item": row["item"]}
            writes.in_turn(context.clients.dynamodb.delete_item, TableName=self.settings.tenants_table, Key=key)

    # What must be

    def check(self) -> None:
        earlier, self.before = self.before, self.items
        if self._entry(REMOVER, REMOVE)["status"] == "DONE":
            assert not self.made, "somebody was made behind the removal"
        tenant = earlier[RECORD]
        for kind in MAKERS:
            was = earlier[_key(kind)["item"]]["steps"][MAKE]
            if was["status"] != "DONE" and self._entry(kind, MAKE)["status"] == "DONE":
                assert fence.placement_of(tenant) == fence.FIRST, f"{kind.name} finished though the tenant is removed"
                assert not ALLOWED[kind.name] or tenant["status"] in ALLOWED[kind.name], (
                    f"{kind.name} while {tenant['status']}"
                )

    def ended(self, invocation: Invocation) -> None:
        """What is said of a refusal is true, so that the one is given up, and the other goes on later."""
        tenant, kind = self.tenant, invocation.about
        if isinstance(invocation.error, PlacementRaisedError):
            assert fence.placement_of(tenant) > fence.FIRST
        if isinstance(invocation.error, TenantNotLiveError):
            assert kind.name == "invitation"
            assert invocation in self.met_a_suspension

    def drain(self) -> None:
        for invocation in list(self.invocations):
            self.let_finish(invocation)
        self.time_passes(60.0)
        if self.tenant["status"] == lifecycle.SUSPENDED:
            self.the_tenant_is_suspended_or_resumed()
        for kind in MAKERS:
            self.let_finish(self._start(kind, MAKE))
            assert fence.placement_of(self.tenant) > fence.FIRST or self._entry(kind, MAKE)["status"] == "DONE"
        for step in REMOVALS:
            self.something_happened = True
            self.time_passes(60.0)
            self.let_finish(self._start(REMOVER, step))
            assert self._entry(REMOVER, step)["status"] == "DONE", self._entry(REMOVER, step)
        for kind in MAKERS:
            self.let_finish(self._start(kind, MAKE))
        assert not self.made

    # What is

    @property
    def items(self) -> dict[str, Record]:
        """The tenant's items as they are now."""
        return {item["item"]: item for item in self.stage.items(self.settings.tenants_table)}

    @property
    def tenant(self) -> Record:
        """The tenant's record as it is now."""
        return self.items[RECORD]

    @property
    def made(self) -> list[str]:
        """Who is there: in Cognito, and in the table."""
        clients = self.stage.user_pools()[self.user_pool_id].clients.values()
        return [
            *(client.extended_config["ClientName"] for client in clients),
            *(item for item in self.items if item.startswith("USER#")),
        ]

    def _entry(self, kind: Kind, step: str) -> Record:
        found: Record = self.before[_key(kind)["item"]]["steps"][step]
        return found

    def _start(self, kind: Kind, step: str, skew: float = 0.0) -> Invocation:
        self.owners += 1
        turn = Turn(step, f"invocation-{self.owners}", 1, 0, self.clock.now + skew + LEASE_SECONDS)
        work = kinds.named(self.settings, {KIND: kind.name, **_key(kind), fence.PLACEMENT: fence.FIRST})
        assert work
        started = self.invoke(lambda: steps.run(self.clients, self.settings, work, turn), about=kind, skew=skew)
        if self.tenant["status"] == lifecycle.SUSPENDED:
            self.met_a_suspension.add(started)
        return started


def _key(kind: Kind) -> dict[str, str]:
    return {"tenantId": TENANT, "item": f"CHANGE#{kind.name}"}


def _item(kind: Kind) -> Record:
    return {
        **_key(kind),
        KIND: kind.name,
        "changeStatus": kind.running,
        fence.PLACEMENT: fence.FIRST,
        "attempt": 1,
        "redriveCount": 0,
        "steps": {step: new_step() for step in kind.path({})},
        "resources": {},
        "outbox": {},
    }


Machine = Callable[[], FenceMachine]


@pytest.fixture
def machine(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(kinds, "KINDS", (*MAKERS, REMOVER))
    return with_the_ledger(stage, monkeypatch, lambda: FenceMachine(stage))


def test_nobody_is_made_behind_a_removal(machine: Machine) -> None:
    play(machine, rounds=3)


# Proof that the machine would notice: each test takes one protection away


def test_a_begin_without_the_check_is_noticed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def unfenced(_: fence.Fence, dynamodb: Any, work: Work, change: Change) -> Record:  # Any: a client
        writes.transact(dynamodb, [change.action()])
        return dict(dynamodb.get_item(TableName=work.table, Key=dict(work.key), ConsistentRead=True)["Item"])

    monkeypatch.setattr(fence.Fence, "begin", unfenced)
    violates(machine)


def test_a_finish_without_the_check_is_noticed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    finish = Ledger.finish

    def unfenced(ledger: Ledger, *of: Any) -> None:  # Any: whatever finish takes
        without: Work = replace(ledger._work, fence=None)
        monkeypatch.setattr(ledger, "_work", without)
        finish(ledger, *of)

    monkeypatch.setattr(Ledger, "finish", unfenced)
    violates(machine)


def test_a_removal_that_does_not_wait_is_noticed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fence, "check_waited", lambda *_: None)
    violates(machine, first_seed=10)


def remove_while_somebody_is_being_made(machine: Machine) -> FenceMachine:
    """Let a maker begin and stand, the remover go as far as it can 14 seconds later, and the maker go on."""
    played = machine()
    maker = played._start(MAKERS[0], MAKE)
    while maker.call and maker.call.operation != "CreateUserPoolClient":
        played.let(maker)
    played.let_finish(played._start(REMOVER, RAISE))
    played.time_passes(14.0)
    for step in (WAIT, REMOVE):
        if step == WAIT or played._entry(REMOVER, WAIT)["status"] == "DONE":
            played.let_finish(played._start(REMOVER, step))
    played.let_finish(maker)
    return played


def test_a_removal_waits_for_whoever_is_being_made(machine: Machine) -> None:
    played = remove_while_somebody_is_being_made(machine)
    assert played._entry(REMOVER, WAIT)["status"] == "FAILED"
    played.drain()


def test_a_wait_that_is_shorter_than_a_lease_is_noticed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fence, "LONGEST_LEASE_SECONDS", 10.0)
    with pytest.raises(AssertionError, match="behind the removal"):
        remove_while_somebody_is_being_made(machine)


@pytest.mark.parametrize("condition", ["[status] IN", "[placement] = ?"], ids=["any status", "any placement"])
def test_a_condition_that_is_missing_is_noticed(
    condition: str, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop_condition(monkeypatch, condition)
    violates(machine)
