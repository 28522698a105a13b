"""Shared user pools: however their openers and tenants interleave and fail, places and counters agree and none is
overfilled, opened twice or opened for nothing."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from orchestrator import steps
from orchestrator.aws import writes
from orchestrator.aws.errors import ConfigurationError
from orchestrator.identity import shared_pool_capacity, shared_pools
from orchestrator.identity.shared_pools import EMPTY, OPEN, Demand
from orchestrator.steps import assign_shared_pool
from orchestrator.tenants import ledger, lifecycle
from orchestrator.tenants.ledger import Begun, Ledger, Record, Turn, new_step
from orchestrator.tenants.records import record_key
from tests.unit.conftest import carry_out
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

STEP = "AssignSharedPool"
LIMITS = {"groups": 3, "appClients": 3, "identityProviders": 2}
SMALL = {"groups_per_pool": 3, "app_clients_per_pool": 3, "identity_providers_per_pool": 2}
FITS_NOWHERE = 3
"""Identity providers; each brings a group besides the tenant's own."""
DEMANDS = {
    "pool": Demand(),
    **{f"bridge with {number}": Demand(app_clients=1, identity_providers=number) for number in range(FITS_NOWHERE + 1)},
}
MOST_TENANTS = 9


class ShardsMachine(StagedMachine):
    """Tenants in want of a place, and the shared user pools that are opened for them."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.demands: dict[str, Demand] = {}
        self.owners = 0

    # What happens

    @initialize(open_shards=st.sampled_from([1, 2]))
    def is_deployed(self, open_shards: int) -> None:
        self.settings = self.settings.model_copy(update={"open_shards": open_shards, **SMALL})

    @precondition(lambda self: not self.crowded and len(self.demands) < MOST_TENANTS)
    @rule(
        kind=st.sampled_from(["pool", "pool", *DEMANDS]),
        fate=FATES,
        skew=st.sampled_from([0.0, 2.0]),
    )
    def a_tenant_comes(self, kind: str, fate: Fate, skew: float) -> None:
        tenant_id = f"tenant-{len(self.demands) + 1}"
        self.demands[tenant_id] = DEMANDS[kind]
        self.clients.dynamodb.put_item(
            TableName=self.settings.tenants_table, Item=_new_record(tenant_id, self.demands[tenant_id])
        )
        self.let_go(self._start(tenant_id, skew), fate)

    @precondition(lambda self: not self.crowded and self.demands)
    @rule(which=st.integers(0, MOST_TENANTS), fate=FATES)
    def a_tenants_step_is_tried_again(self, which: int, fate: Fate) -> None:
        """Also while an earlier invocation is still at work, or after it was done."""
        waiting = [tenant_id for tenant_id, place in self.places.items() if not place] or sorted(self.demands)
        self.let_go(self._start(waiting[which % len(waiting)]), fate)

    @precondition(lambda self: not self.crowded)
    @rule(fate=FATES)
    def the_schedule_opens_ahead(self, fate: Fate) -> None:
        self.owners += 1
        turn = Turn("", f"tick-{self.owners}", 1, 0, self.clock.now + LEASE_SECONDS)
        self.let_go(self.invoke(lambda: shared_pool_capacity.tick(self.clients, self.settings, turn)), fate)

    # What must be

    def check(self) -> None:
        rows = {row["poolKey"]: row for row in self.stage.items(self.settings.shared_pools_table)}
        placed = self.places
        assert set(filter(None, placed.values())) <= set(rows)
        for key, row in rows.items():
            tenants = [tenant_id for tenant_id, place in placed.items() if place == key]
            self._check_counters(row, tenants)
        empty = [key for key in rows if key not in placed.values()]
        assert len(empty) <= self.settings.open_shards, "one was opened though enough have room"
        self._check_user_pools(rows)

    def _check_counters(self, row: Record, tenants: list[str]) -> None:
        taken = Counter(EMPTY)
        for tenant_id in tenants:
            taken.update(self.demands[tenant_id].places)
        assert {counter: row[counter] for counter in LIMITS} == {counter: taken[counter] for counter in LIMITS}
        assert all(taken[counter] <= limit for counter, limit in LIMITS.items()), "a user pool is overfilled"
        assert row["status"] == OPEN or not tenants

    def _check_user_pools(self, rows: dict[str, Record]) -> None:
        there = self.stage.user_pools()
        named = Counter(pool.name.removeprefix(f"{self.settings.stack_name}-") for pool in there.values())
        assert set(named) <= set(rows)
        assert set(named.values()) <= {1}, "a user pool was opened twice"
        for pool in there.values():
            made = Counter(client.extended_config["ClientName"] for client in pool.clients.values())
            assert len(made) <= EMPTY["appClients"]
            assert set(made.values()) <= {1}, "an app client was made twice"
        for key, row in rows.items():
            if row["status"] == OPEN:
                assert there[row["resources"]["userPoolId"]].name.endswith(key)
                ours = {row["resources"][name] for name in ("appClientId", "serverClientId")}
                assert set(there[row["resources"]["userPoolId"]].clients) == ours

    def drain(self) -> None:
        for tenant_id in [one for one, place in self.places.items() if not place]:  # while the old ones stand there
            self.let_finish(self._start(tenant_id))
        for invocation in list(self.invocations):
            self.let_finish(invocation)
        self.time_passes(60.0)
        answers = {tenant_id: self._assign(tenant_id) for tenant_id in self.demands}
        for tenant_id, demand in self.demands.items():
            if demand.identity_providers < FITS_NOWHERE:
                assert self.places[tenant_id], f"{tenant_id} has no place: {answers[tenant_id]}"
            else:
                assert not self.places[tenant_id]
                assert isinstance(answers[tenant_id], ConfigurationError)

    # What is

    @property
    def places(self) -> dict[str, str]:
        """The key of the shared user pool that each tenant is in, empty if it is in none."""
        records = self.stage.items(self.settings.tenants_table)
        return {record["tenantId"]: record["resources"].get("sharedPoolKey", "") for record in records}

    def _assign(self, tenant_id: str) -> BaseException | None:
        """Let the workflow try until it has an answer that no repeat changes."""
        for _ in range(4):
            assigning = self._start(tenant_id)
            self.let_finish(assigning)
            if not getattr(assigning.error, "retryable", False):
                break
        return assigning.error

    def _start(self, tenant_id: str, skew: float = 0.0) -> Invocation:
        self.owners += 1
        settings, lease_until = self.settings, self.clock.now + skew + LEASE_SECONDS
        turn = Turn(STEP, f"invocation-{self.owners}", 1, 0, lease_until)
        return self.invoke(
            lambda: carry_out(self.clients, settings, tenant_id, turn),
            about=tenant_id,
            skew=skew,
        )


def _new_record(tenant_id: str, demand: Demand) -> dict[str, Any]:
    return {
        **record_key(tenant_id),
        "status": lifecycle.IN_PROGRESS,
        "tier": "bridge" if demand.app_clients else "pool",
        "federated": demand.identity_providers > 0,
        "identityProviderCount": demand.identity_providers,
        "attempt": 1,
        "redriveCount": 0,
        "steps": {STEP: new_step()},
        "resources": {},
        "outbox": {},
    }


Machine = Callable[[], ShardsMachine]


@pytest.fixture
def machine(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Makes machines in which every lease is of the model's time."""
    for module in (steps, shared_pools):
        monkeypatch.setattr(module, "Ledger", partial(Ledger, clock=stage.clock))
    monkeypatch.setattr(shared_pools, "time", SimpleNamespace(time=stage.clock))
    return lambda: ShardsMachine(stage)


def test_every_tenant_gets_one_place_and_no_user_pool_is_overfilled_or_opened_twice(machine: Machine) -> None:
    play(machine, rounds=1)


# Proof that the machine would notice: each test takes one protection away


def test_taking_a_place_beyond_the_limit_is_noticed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    drop_condition(monkeypatch, "<= ?")
    violates(machine, first_seed=1)


def test_a_lease_that_holds_no_other_opener_off_is_noticed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    drop_condition(monkeypatch, "leaseUntil")
    violates(machine)


def test_an_opener_that_is_never_in_doubt_is_noticed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "Begun", lambda record, in_doubt, notes: Begun(record, in_doubt=False, notes=notes))
    violates(machine)


def test_a_place_that_is_not_taken_with_the_record_is_noticed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if taking the place and recording it were two writes."""
    act = assign_shared_pool.act

    def in_two_writes(context: steps.StepContext) -> ledger.Made:
        made = act(context)
        writes.transact(context.clients.dynamodb, list(made.together_with))
        return ledger.Made(resources=made.resources)

    monkeypatch.setattr(assign_shared_pool, "act", in_two_writes)
    violates(machine)


def test_opening_one_for_a_demand_that_fits_nowhere_is_noticed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_room = shared_pools.has_room

    def as_if_an_empty_one_held_anything(*of: Any) -> bool:  # Any: the settings, a row and a demand
        row = next(part for part in of if isinstance(part, dict))
        return row.get("status") != OPEN or has_room(*of)

    monkeypatch.setattr(shared_pools, "has_room", as_if_an_empty_one_held_anything)
    violates(machine)
