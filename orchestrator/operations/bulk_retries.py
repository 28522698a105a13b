"""Bulk retries: the tenants that FAILED, by where, why and since when, one after the other at a pace AWS can bear."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws.dynamodb import items
from orchestrator.aws.errors import OnboardingError, PermanentError, RetryableError
from orchestrator.aws.platform_advice import PLATFORM_ADVICE
from orchestrator.onboarding.redo import NOT_REDONE
from orchestrator.operations.retries import Retried
from orchestrator.tenants import tiers, verdicts
from orchestrator.tenants.endings import BEFORE_THE_FIRST_STEP, UNKNOWN_TIER
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import STATUS_INDEX
from orchestrator.tenants.verdicts import Act
from tenant_onboarding.contracts.fields import TIERS

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

A_SECOND = 2.0
"""Tenants retried a second. A retry describes at most four things of Step Functions, which answers 10 to 15 of each a
second; what two silo tenants without identity providers make in user pools is 40 % of Cognito's 15 a second."""

STEPS = (
    BEFORE_THE_FIRST_STEP,
    *dict.fromkeys(
        step for tier in TIERS for federated in (True, False) for step in tiers.path(tier, federated=federated)
    ),
)
"""Where a tenant can have failed."""
REDONE = tuple(step for step in STEPS if step not in {BEFORE_THE_FIRST_STEP, *NOT_REDONE})
"""What can be done again."""
ERRORS = tuple(
    dict.fromkeys(
        (
            *sorted(kind.__name__ for kind in (*RetryableError.__subclasses__(), *PermanentError.__subclasses__())),
            UNKNOWN_TIER,
            *PLATFORM_ADVICE,
        )
    )
)
"""The errors that are explained; beside them Lambda and Step Functions have more of their own."""
AFTER = "~"
"""Behind a timestamp, it sorts after that and before every later one."""
PLATFORMS = ("Lambda.", "Runtime.", "Sandbox.", "States.")

Outcome = Retried | OnboardingError | ClientError | BotoCoreError


@dataclass(frozen=True)
class Which:
    """Which of the FAILED tenants are meant; by default all.

    Attributes:
        step: where they failed.
        error: with which error, as `onboard show` names it.
        since: a timestamp as the records have them: they failed then or later.
        until: another: they failed then or earlier. Those that fail again meanwhile are not retried for ever.

    """

    until: str
    step: str | None = None
    error: str | None = None
    since: str | None = None

    def means(self, row: Record) -> bool:
        """Tell whether a row of the status index is one of them."""
        failure = row.get("failure", {})
        if failure.get("step") in tiers.REMOVALS:  # it is its abandonment that failed
            return False
        return self.step in (None, failure.get("step")) and self.error in (None, failure.get("error"))


def failed(clients: "Clients", settings: "Settings", which: Which, limit: int | None = None) -> list[str]:
    """Return the ids of the tenants that are meant, those that failed first before the others."""
    rows = (row for row in _failed(clients, settings, which) if which.means(row))
    return [str(row["tenantId"]) for row in islice(rows, limit)]


def is_error(name: str) -> bool:
    """Tell whether an execution can have failed with an error of that name."""
    return name in ERRORS or name.startswith(PLATFORMS)


def one_by_one(
    tenant_ids: Iterable[str], retry: Callable[[str], Retried], *, a_second: float = A_SECOND
) -> Iterator[tuple[str, Outcome]]:
    """Retry tenants in their order, no more of them a second than that, and yield what became of each.

    An error at one does not keep the others from being retried.
    """
    due = time.monotonic()
    for tenant_id in tenant_ids:
        now = time.monotonic()
        if due > now:
            time.sleep(due - now)
        due = max(due, now) + 1 / a_second
        try:
            yield tenant_id, retry(tenant_id)
        except (OnboardingError, ClientError, BotoCoreError) as error:
            yield tenant_id, error


def _failed(clients: "Clients", settings: "Settings", which: Which) -> Iterator[Record]:
    """Yield what the status index has of those that may be retried, page by page as it is taken.

    No tenant's time is the end itself of what is asked for: from there DynamoDB would not go on to those of the same
    moment.
    """
    (retried,) = verdicts.accepting(Act.RETRY)
    return items(
        clients.dynamodb.query,
        TableName=settings.tenants_table,
        IndexName=STATUS_INDEX,
        KeyConditionExpression="#status = :retried AND #changed BETWEEN :since AND :until",
        ExpressionAttributeNames={"#status": "status", "#changed": "statusChangedAt"},
        ExpressionAttributeValues={
            ":retried": retried,
            ":since": which.since or "0",
            ":until": f"{which.until}{AFTER}",
        },
    )
