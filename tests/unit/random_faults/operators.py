"""What billing and operators do to a tenant in a run: anything, several at once, and in the end what they are told."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from orchestrator import operations
from orchestrator.onboarding import executions, intake
from orchestrator.onboarding.redo import MADE
from orchestrator.tenants import lifecycle
from tests.e2e.hidden_faults import leave_one
from tests.unit.cli.advice import command_of
from tests.unit.conftest import message
from tests.unit.model.stage import Stage
from tests.unit.random_faults.clockwork import Clockwork, Working
from tests.unit.random_faults.strikes import Strikes
from tests.unit.random_faults.witness import Witness
from tests.unit.random_faults.workflow import UNSUCCESSFUL, Workflow

AHEAD_SECONDS = 60.0
"""By how much an operator's clock may be ahead."""
OFTEN = {
    "retry": 6,
    "redo": 2,
    "amend": 4,
    "abandon": 4,
    "emit again": 2,
    "deliver again": 1,
    "emit changed": 2,
    "stop": 3,
    "redrive": 1,
    "sign in": 1,
}
"""How often each is done, beside the others."""
KEENER = 5
MOST_ACTS = 10
RECEIVED_AGAIN_SECONDS = 10.0
INTAKE_SECONDS = 9.0
SIGNED_IN = re.compile(r"The user (?P<username>\S+) of .* has signed in")
COMMAND_SECONDS = 120.0
"""For a command at a terminal; a person waits longer than a function lives."""


@dataclass
class Operators:
    """Billing and the operators of one tenant; `acted` is how often they did something."""

    clockwork: Clockwork
    witness: Witness
    strikes: Strikes
    dice: random.Random
    workflow: Workflow
    detail: dict[str, Any]
    told: list[str] = field(default_factory=list)
    """What was done and what came of it, in words."""
    events: int = 0
    emitted: dict[str, str] = field(default_factory=dict)
    acted: int = 0
    at_leisure: bool = False
    """They do nothing but what they are told."""
    keen_on: str = ""
    """What they do oftener than in other runs."""

    def __post_init__(self) -> None:
        """Decide what they are keen on."""
        self.keen_on = self.dice.choice((*OFTEN, "abandon", "amend"))

    def emit(self, detail: dict[str, Any], event_id: str = "") -> None:
        """Put an event on the bus; its queue delivers it until intake has taken it."""
        self.events += not event_id
        event_id = event_id or f"event-{self.events}"
        sent = datetime.fromtimestamp(self.clockwork.clock.now, UTC).isoformat(timespec="seconds")
        self._deliver(self.emitted.setdefault(event_id, message(detail, event_id, sent)))

    def act(self) -> None:
        """Do something, whatever the tenant's status is."""
        if self.at_leisure or self.acted >= MOST_ACTS:
            return
        self.acted += 1
        often = [number * (KEENER if name == self.keen_on else 1) for name, number in OFTEN.items()]
        name = self.dice.choices(list(OFTEN), often)[0]
        if name == "emit again":
            self._say(name, "sent")
            self.emit(self.detail)
        elif name == "emit changed":
            self._say(name, "sent")
            self.emit(self._changed())
        elif name == "deliver again":
            self._say(name, "sent")
            self._deliver(self.dice.choice(list(self.emitted.values())))
        elif name == "redo":
            self.command("retry", redo=self.dice.choice(list(MADE)))
        else:
            self.command(name)

    def command(self, name: str, redo: str = "") -> None:
        """Run a command; its outcome is for its operator to read."""
        clients, settings, tenant_id = self.witness.clients, self.witness.settings, self.witness.tenant_id
        works: dict[str, Callable[[], object]] = {
            "retry": lambda: operations.retry(clients, settings, tenant_id, redo=redo).message,
            "abandon": lambda: operations.abandon(clients, settings, tenant_id).message,
            "amend": lambda: _amended(operations.amend(clients, settings, tenant_id, detail)),
            "stop": self._stop,
            "redrive": self._redrive,
            "sign in": self._sign_in,
        }
        detail = self._changed()
        if name in ("retry", "abandon") and self.dice.random() < 0.5:
            self.strikes.end_what_lasts()
        said = f"{name} --redo {redo}" if redo else name
        skew = self.dice.choice((0.0, 0.0, AHEAD_SECONDS))

        def tell(working: Working) -> None:
            self._say(said, repr(working.error) if working.error else working.invocation.answered)

        self.clockwork.invoke(f"operator's {name}", works[name], seconds=COMMAND_SECONDS, skew=skew, then=tell)

    def follow(self) -> None:
        """Do what the tenant's failure says is to be done next, and end what it says is to be ended."""
        failure = self.witness.record["failure"]
        self.strikes.end_what_lasts()
        if failure["error"] == "AmbiguousResourceError":
            leave_one(failure["message"])
        name, tenant_id, *rest = command_of(failure["nextAction"])
        if name == "abandon" and (named := SIGNED_IN.match(failure["message"])):
            self._delete_user(named["username"])
        assert tenant_id == self.witness.tenant_id
        self._say("follows", f"{failure['error']}: {failure['nextAction']}")
        self.command(name, redo=rest[1] if rest[:1] == ["--redo"] else "")

    def _stop(self) -> object:
        """Stop an execution that runs, as somebody does in the console."""
        record = self.witness.record
        if record and record["status"] in lifecycle.UNDER_WAY:
            arn = executions.arn_of(self.witness.settings, record)
            self.witness.clients.stepfunctions.stop_execution(executionArn=arn)
            return f"stopped {arn.rpartition(':')[2]}"
        return "nothing runs"

    def _redrive(self) -> object:
        """Redrive the latest execution, as somebody does in the console."""
        arn = str(self.witness.record.get("executionArn", ""))
        run = self.workflow.runs.get(arn)
        if run is None or run.execution.status not in UNSUCCESSFUL or not self.workflow.redrives.redrivable:
            return "cannot be redriven"
        self.workflow.redrives.redrive(arn)
        self.workflow.look()
        return f"redrove {arn.rpartition(':')[2]}"

    def _sign_in(self) -> object:
        """Sign in with the temporary password, as the tenant's first user does once it has come."""
        made = self.witness.record.get("resources", {})
        user = self._user(str(made.get("userPoolId")), str(made.get("adminUsername")))
        if not self.witness.mailers or user is None:
            return "nobody can"
        user.status = "CONFIRMED"
        return "signed in"

    def _delete_user(self, username: str) -> None:
        """Delete somebody who has signed in, wherever that is, as they are told who want the tenant to go."""
        for user_pool_id, pool in Stage.user_pools().items():
            if username in pool.users:
                self.witness.clients.cognito.admin_delete_user(UserPoolId=user_pool_id, Username=username)

    @staticmethod
    def _user(user_pool_id: str, username: str) -> Any:  # Any: moto's
        pool = Stage.user_pools().get(user_pool_id)
        return pool.users.get(username) if pool else None

    def _deliver(self, body: str) -> None:
        clients, settings = self.witness.clients, self.witness.settings

        def received(working: Working) -> None:
            if working.error:
                self.clockwork.later(RECEIVED_AGAIN_SECONDS, lambda: self._deliver(body))
            else:
                self._say("intake", working.invocation.answered)

        self.clockwork.invoke(
            "intake", lambda: intake.receive(clients, settings, body)[0], seconds=INTAKE_SECONDS, then=received
        )

    def _changed(self) -> dict[str, Any]:
        """Return the event with one of its fields otherwise."""
        number = self.dice.randint(1, 3)
        detail, tenant_id = self.detail, self.witness.tenant_id
        routing, admin = detail["routing"], detail["admin"]
        return detail | self.dice.choice(
            [
                {"tenantName": f"Name {number}"},
                {"routing": routing | {"subdomain": f"{tenant_id}-{number}"}},
                {"routing": routing | {"tenantCode": f"CODE-{number}"}},
                {"admin": admin | {"email": f"user.{number}@{tenant_id}.example"}},
                {"metadata": {"customer": tenant_id, "number": str(number)}},
            ]
        )

    def _say(self, what: str, came_of_it: object) -> None:
        self.told.append(f"{self.clockwork.clock.now % 100_000:9.2f} {what}: {came_of_it}")


def _amended(answer: operations.Amended) -> str:
    reasons = "; ".join(f"{each.field} {each.message}" for each in answer.reasons)
    return f"{answer.message} {reasons}".strip()
