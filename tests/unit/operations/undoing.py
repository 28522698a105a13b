"""A tenant that failed, and the operator who abandons it: what tests of abandonments, struck or not, start from.

moto runs no workflow: `undo` walks the path of the abandonment as the workflow would, retries included.
"""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from moto.cognitoidp.models import cognitoidp_backends

from orchestrator.aws.errors import OnboardingError, RetryableError
from orchestrator.onboarding.outcome import RECORDED, record_outcome
from orchestrator.operations import Abandonment, abandon
from orchestrator.tenants import lifecycle, tiers
from orchestrator.tenants.ledger import Record
from tests.unit import faults
from tests.unit.conftest import ABANDONMENT, ACCOUNT, REGION, carry_out, turn
from tests.unit.every_tier import CASES, Case, World, user_pools
from tests.unit.faults import DeathError
from tests.unit.simulated_aws import arn_of, ended
from tests.unit.users import users_table

TRIES = 4
NEIGHBOURS = {"globex": "pool", "initech": "bridge with SAML"}
COUNTED = ("groups", "appClients", "identityProviders")
Snapshot = dict[str, Any]
_owners = itertools.count(1)
"""Of invocations, each of which is one's own also where an AWS is given back that earlier ones left."""


@dataclass
class Undoing:
    """One stack in which acme fails and is abandoned, beside tenants that stay."""

    world: World
    told: list[OnboardingError] = field(default_factory=list)

    def fail_before(self, case: Case, step: str, **changes: Any) -> None:
        """Onboard acme until just before a step, and let its execution fail there."""
        what = "fail before", case, step, repr(changes)
        self.world.once(what, lambda: self._fail_before(case, step, **changes))

    def _fail_before(self, case: Case, step: str, **changes: Any) -> None:
        path = self.world.claim(case, **changes)
        for name in path[: path.index(step)]:
            self.run(name)
        self.fail()

    def run(self, step: str, **which: Any) -> None:
        """Run a step of acme's current attempt."""
        self.world.run(step, attempt=int(self.record["attempt"]), **which)

    def fail(self, error: str = "States.Timeout", cause: str | None = None) -> None:
        """Let the execution of acme's onboarding fail, and the record say so."""
        arn = ended(arn_of(attempt=int(self.record["attempt"])), error=error, cause=cause)
        assert record_outcome(self.world.clients, self.world.settings, arn) == RECORDED

    def fail_removal(self) -> None:
        """Let the execution of acme's abandonment fail, and the record say so."""
        arn = ended(arn_of(attempt=int(self.record["attempt"]), machine=ABANDONMENT), error="States.Timeout")
        assert record_outcome(self.world.clients, self.world.settings, arn) == RECORDED

    def abandon(self) -> Abandonment:
        """Begin to abandon acme."""
        return abandon(self.world.clients, self.world.settings, "acme")

    def undo(self, until: str = "") -> str:
        """Walk the abandonment that is under way, to its end or until a step; return the status that acme has then."""
        record = self.record
        assert record["status"] == lifecycle.ABANDONING
        for step in tiers.removal_path(record["tier"]):
            if step == until:
                break
            if error := self._try(step, int(record["attempt"])):
                self.told.append(error)
                arn = arn_of(attempt=int(record["attempt"]), machine=ABANDONMENT)
                cause = json.dumps({"errorMessage": f"{step}: {error.code}", "errorType": type(error).__name__})
                ended(arn, error=type(error).__name__, cause=cause)
                record_outcome(self.world.clients, self.world.settings, arn)
                break
        return str(self.record["status"])

    def _try(self, step: str, attempt: int) -> OnboardingError | None:
        last: OnboardingError | None = None
        for _ in range(TRIES):
            claim = turn(step, f"removal-{next(_owners)}", attempt=attempt, lease=-1)
            try:
                carry_out(
                    self.world.clients,
                    self.world.settings,
                    "acme",
                    claim,
                )
            except RetryableError as error:
                last = error
            except DeathError:
                continue  # Lambda tells the workflow, which tries again; the lease has run out by then
            except OnboardingError as error:
                return error
            else:
                return None
        return last

    def set_status(self, user_pool_id: str, username: str, status: str) -> None:
        """Let a user have the status that a sign-in gives; moto's own way there takes a password nobody knows."""
        user: Any = cognitoidp_backends[ACCOUNT][REGION].admin_get_user(user_pool_id, username)
        user.status = status

    @property
    def record(self) -> Record:
        """Acme's record."""
        return self.world.stack.record()

    def everything(self) -> Snapshot:
        """Return all that is there, but acme's record: Cognito, routes, users, shared user pools, what is counted."""
        rows = self.world.clients.dynamodb.scan(TableName="shared-pools")["Items"]
        return {
            "cognito": user_pools(self.world.clients),
            "routes": self.world.stack.routes(),
            "users": users_table.everything(self.world.clients),
            "shared": {str(row["poolKey"]): {name: row[name] for name in COUNTED} for row in rows},
        }


@pytest.fixture
def undoing(world: World) -> Undoing:
    """A stack where nobody is at home."""
    return Undoing(world)


@pytest.fixture
def neighbours(undoing: Undoing) -> None:
    for tenant_id, case in NEIGHBOURS.items():
        undoing.world.onboard(CASES[case], tenant_id)


def steps_of(case: Case) -> tuple[str, ...]:
    return tiers.path(case.tier, federated=bool(case.providers))


def fail_at(undoing: Undoing, operation: str, spare: int = 0) -> None:
    """Let an abandonment fail as its function lacks an action."""
    denied = faults.access_denied(operation)
    with undoing.world.wire.strikes(operation, denied, times=faults.ALWAYS, spare=spare):
        assert undoing.undo() == lifecycle.FAILED


def confirm(undoing: Undoing, username: str) -> None:
    """Let a user have signed in and chosen a password."""
    undoing.set_status(undoing.record["resources"]["userPoolId"], username, "CONFIRMED")
