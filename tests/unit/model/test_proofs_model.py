"""Proofs: however links are asked for and used at once, fail and die, an address is one user, with a true password."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from orchestrator.aws.dynamodb import Item
from orchestrator.aws.errors import OnboardingError
from orchestrator.identity import cognito
from orchestrator.tenants import fence
from orchestrator.tenants.ledger import Ledger
from orchestrator.tenants.records import record_key
from orchestrator.users import counts, invitations, links, proofs, requests, statuses, store, works
from orchestrator.users.invitations import Guest
from orchestrator.users.proofs import Brought, ProofEndedError
from orchestrator.users.refusals import UnderWayError
from orchestrator.users.requests import Request
from orchestrator.users.works import REGISTRATION, RESET, Claim, Purpose
from tests.unit.conftest import REGION
from tests.unit.faults import DeathError
from tests.unit.model.stage import (
    AT_ONCE,
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
from tests.unit.users.people import JANE

USERNAME = f"acme/{JANE}"
SENT_AT = "2999-01-01T00:00:00.000Z"
"""Of each request: none is ever too old."""
LATEST = 6
"""Of so many links that were mailed last, people click on one."""


class ProofsMachine(StagedMachine):
    """A live tenant, and somebody who registers, is invited, forgets the password and clicks on whatever was mailed."""

    def __init__(self, stage: Stage, tokens: list[str]) -> None:
        super().__init__(stage)
        self.tokens = tokens
        tokens.clear()
        self.numbers = 0
        self.was_active = False
        self.told, self.begun_by_then = "", 0
        """The password that somebody was told last to have, and how many had begun by then."""
        new = cognito.NewUserPool("the user pool", "its owner", REGION)
        self.user_pool_id = cognito.create_user_pool(self.clients, self.settings, new)
        self.clients.cognito.create_group(UserPoolId=self.user_pool_id, GroupName="acme")
        self._put(self.settings.tenants_table, self._tenant())
        target = {"userPoolId": self.user_pool_id, "region": REGION, "identityProviders": []}
        route = {"routeKey": "subdomain#acme", "tenantId": "acme", "state": "ACTIVE", "target": target}
        self._put(self.settings.routes_table, route)

    def _tenant(self) -> Item:
        return record_key("acme") | {
            "status": "COMPLETED",
            "attempt": 1,
            fence.PLACEMENT: fence.FIRST,
            "tier": "pool",
            "tenantName": "Acme Inc.",
            "federated": False,
            "signUp": "OPEN",
            "routing": {"subdomain": "acme"},
            "resources": {"userPoolId": self.user_pool_id, "groupName": "acme"},
        }

    def _put(self, table: str, item: Item) -> None:
        self.clients.dynamodb.put_item(TableName=table, Item=item)

    # What happens

    @precondition(lambda self: not self.crowded)
    @rule(
        purpose=st.sampled_from([REGISTRATION, REGISTRATION, RESET]), skew=st.sampled_from([0.0, -2.0, 2.0]), fate=FATES
    )
    def a_link_is_asked_for(self, purpose: Purpose, skew: float, fate: Fate) -> None:
        self.let_go(self._asks(purpose, skew), fate)

    @precondition(lambda self: not self.crowded)
    @rule(fate=FATES)
    def somebody_is_invited(self, fate: Fate) -> None:
        guest = Guest(JANE, "Jane", statuses.ADMIN)
        self.let_go(self.invoke(lambda: invitations.invite(self.clients, self.settings, self._tenant(), guest)), fate)

    @precondition(lambda self: self.tokens and not self.crowded)
    @rule(which=st.integers(0, LATEST - 1), skew=st.sampled_from([0.0, -2.0, 2.0]), fate=FATES)
    def somebody_clicks(self, which: int, skew: float, fate: Fate) -> None:
        latest = self.tokens[-LATEST:]
        self.let_go(self._clicks(latest[which % len(latest)], skew), fate)

    @precondition(lambda self: any(each.about for each in self.invocations))
    @rule(which=st.integers(0, AT_ONCE - 1))
    def somebody_who_clicked_stands_before_the_password(self, which: int) -> None:
        """Where two who click at once would do most harm."""
        clicked = [each for each in self.invocations if each.about]
        chosen = clicked[which % len(clicked)]
        while chosen in self.invocations and chosen.call and chosen.call.operation != "AdminSetUserPassword":
            self.let(chosen)

    # What must be

    def check(self) -> None:
        rows = [item for item in self._items() if item["item"].startswith(store.ROW)]
        assert len(rows) <= 1, "an address is two users"
        assert len(self._users()) <= 1, "there is a twin in Cognito"
        active = [row for row in rows if row["status"] == statuses.ACTIVE]
        assert active or not self.was_active, "a user is gone"
        self.was_active = bool(active)
        if self.told:
            has = self._users()[USERNAME].password
            later = int(has.rpartition("-")[2]) > self.begun_by_then
            assert has == self.told or later, "somebody has changed a password that another was told to have"
        for row in active:
            user = self._users()[USERNAME]
            assert (row["sub"], row["userId"]) == (user.id, user.attribute_lookup["custom:userId"])
            assert user.attribute_lookup["custom:tenantRole"] == row["role"]
            assert [group.group_name for group in user.groups] == ["acme"]
            (admins,) = [item.get("active", 0) for item in self._items() if item["item"] == counts.ADMINS] or [0]
            assert admins == (row["role"] == statuses.ADMIN), "admins are miscounted"

    def ended(self, invocation: Invocation) -> None:
        """Whoever is told that it is done has the password that was chosen."""
        if invocation.about and invocation.error is None:
            assert self._users()[USERNAME].password == invocation.about, "somebody was told so who cannot sign in"
            self.told, self.begun_by_then = invocation.about, self.numbers
        expected = (OnboardingError, ProofEndedError, UnderWayError, DeathError)
        if isinstance(invocation.error, AssertionError):
            raise invocation.error
        assert invocation.error is None or isinstance(invocation.error, expected) or _of_aws(invocation.error)

    def drain(self) -> None:
        for invocation in list(self.invocations):
            self.let_finish(invocation)
        self.time_passes(60.0)
        self.let_finish(self._asks(REGISTRATION if not self.was_active else RESET))
        self.let_finish(self._clicks(self.tokens[-1]))
        assert self.was_active

    # What is

    def _items(self) -> list[Item]:
        return [item for item in self.stage.items(self.settings.users_table) if item["tenantId"] == "acme"]

    def _users(self) -> dict[str, Any]:
        return dict(self.stage.user_pools()[self.user_pool_id].users)

    def _claim(self, skew: float) -> Claim:
        self.numbers += 1
        return Claim(f"invocation-{self.numbers}", self.clock.now + skew + LEASE_SECONDS)

    def _asks(self, purpose: Purpose, skew: float = 0.0) -> Invocation:
        claim = self._claim(skew)
        body = Request(f"request-{self.numbers}", purpose, JANE, SENT_AT, tenant_id="acme").to_json()
        return self.invoke(lambda: requests.receive(self.clients, self.settings, body, claim), skew=skew)

    def _clicks(self, token: str, skew: float = 0.0) -> Invocation:
        claim = self._claim(skew)
        password = f"Correct-Horse-{self.numbers}"
        brought = Brought(f"acme.{self.settings.app_domain}", token, password)
        use = proofs.reset if self.was_active else proofs.confirm
        return self.invoke(lambda: use(self.clients, self.settings, brought, claim), about=password, skew=skew)


Machine = Callable[[], ProofsMachine]


@pytest.fixture
def machine(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Machine:
    stage.settings = stage.settings.model_copy(update={"mails_per_address_hour": 10_000})
    new_token, tokens = links.new_token, list[str]()

    def noted() -> str:
        tokens.append(new_token())
        return tokens[-1]

    monkeypatch.setattr(links, "new_token", noted)
    monkeypatch.setattr(works, "Ledger", partial(Ledger, clock=stage.clock))
    return lambda: ProofsMachine(stage, tokens)


def _of_aws(error: BaseException) -> bool:
    return isinstance(error, BotoCoreError | ClientError)


def test_an_address_is_one_user_whatever_happens_at_once(machine: Machine) -> None:
    play(machine, rounds=2)


# Proof that the machine would notice: each test takes one protection away


def test_a_lease_that_is_missing_is_noticed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    drop_condition(monkeypatch, "leaseUntil")
    violates(machine, first_seed=18)
