"""Who acted on a tenant: the last actions, on its record, each as a rule by the very write that carries it out.

Two are carried out elsewhere: a stop is listed just before Step Functions is asked for it, and an email that is sent
again just after Amazon SES took it. Any other that is not listed did not happen, or long ago, and one that is listed
did. Each is listed only on top of those that its writer saw, so of two at once none is lost. Nothing of the normal path
writes here. An abandonment forgets who, and keeps what and when.
"""

import time
from dataclasses import dataclass
from typing import Any

from orchestrator.aws.dynamodb import Change
from orchestrator.tenants.ledger import Record, timestamp

ACTIONS = "actions"
KEPT = 10
"""Actions, the latest; each step writes the whole record, so it must stay small."""
TRIES = 4
"""So often an action is listed anew where another was listed meanwhile, and nothing else changed."""
LONGEST = 200
"""Characters of who acted that are kept; an ARN of a role's session may have some 150."""
STACK = "reconcile"
"""Who goes on with what a fault interrupted."""


@dataclass(frozen=True)
class Action:
    """What is done to a tenant, in the words of the command, and who does it.

    `by` is a principal's ARN, `operator/` and an id in Cognito, or STACK; None if nobody told.
    """

    what: str
    by: str | None = None

    def listed(self, record: Record, attempt: int) -> dict[str, list[Record]]:
        """Return the attribute of a record, as it was seen, that lists this action too.

        `attempt` is the one that it begins or goes on with. It says as well which failure it came after.
        """
        entry: Record = {"at": timestamp(time.time()), "what": self.what, "attempt": attempt}
        if self.by:
            entry["by"] = self.by[:LONGEST]
        if failure := record.get("failure"):
            entry["after"] = {"step": failure["step"], "error": failure["error"]}
        return {ACTIONS: [*record.get(ACTIONS, [])[1 - KEPT :], entry]}

    def note(self, change: Change, record: Record, attempt: int) -> None:
        """Let a change of a record list this action too, and hold only if no other was listed since."""
        change.set(ACTIONS, self.listed(record, attempt)[ACTIONS])
        require_as_seen(change, record)


GO_ON = Action("go on", STACK)
OUTSIDE = Action("redrive")
"""By the console of Step Functions, say; CloudTrail knows by whom."""


def require_as_seen(change: Change, record: Record) -> None:
    """Let a change of a record hold only if it lists what it did when it was read."""
    if ACTIONS in record:
        change.require(f"[{ACTIONS}] = ?", record[ACTIONS])
    else:
        change.require(f"attribute_not_exists([{ACTIONS}])")


def forget_who(change: Change, record: Record) -> None:
    """Let a change keep of a record's actions only what was done, and when."""
    if acts := record.get(ACTIONS):
        change.set(ACTIONS, [{name: each[name] for name in each if name != "by"} for each in acts])


def document(record: Record) -> list[dict[str, Any]]:
    """Return the actions that are known, the earliest first, with null for what is not."""
    told = ("at", "by", "what", "after")
    return [
        {name: each.get(name) for name in told} | {"attempt": int(each["attempt"])} for each in record.get(ACTIONS, [])
    ]
