"""What people are struck with: every fault at every call of the functions that mail or take links, or change users."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tests.e2e.aws_proxy import Answer, Call, Strike
from tests.e2e.blows import FOR_EVER, NOT_REPEATABLE, Blow
from tests.e2e.faults import FAULTS, LASTING, Fault, LetThrough, lost_response, read_timeout, refused
from tests.e2e.hidden_faults import IDS, PLAIN_WRITES, Lag, conflict, daily_quota, lagging

MAILS, TAKES, CHANGES = "proof_requests", "proofs", "members"
"""The functions: behind the queue, before it, and of whoever has a token."""
FUNCTIONS = frozenset({MAILS, TAKES, CHANGES})
REGISTRATION, INVITATION, FORGOTTEN = "registration", "invitation", "forgotten password"
LOOKED_AFTER = "looked after"
"""An admin gives somebody a role, disables, enables and removes them."""
STORIES = (REGISTRATION, INVITATION, FORGOTTEN, LOOKED_AFTER)
TIERS = ("pool", "bridge", "silo")
MAIL = "ses:SendEmail"
FIRST_IN_A_PROCESS = ("secretsmanager:GetSecretValue", "ses:/v2/email/account")
"""What a process asks once, and then not for a minute or ever; only a new one can be struck there."""


def transaction_conflict(call: Call, let_through: LetThrough) -> Answer:
    """Another transaction holds an item, so all of this one is refused, and the SDK does not repeat it."""
    parts = json.loads(call.body)["TransactItems"]
    reasons = [{"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}]
    reasons += [{"Code": "None"}] * (len(parts) - 1)
    status, fields, content = refused("TransactionCanceledException", "Transaction cancelled")
    return status, fields, json.dumps(json.loads(content) | {"CancellationReasons": reasons}).encode()


OF_TRANSACTIONS = {transaction_conflict.__name__: (transaction_conflict.__doc__ or "").rstrip(".")}


@dataclass(frozen=True)
class PersonBlow(Blow):
    """One fault at one call of a function; the variant is what somebody was about, `after` the mail if it had left."""

    tier: str = "pool"
    function: str = TAKES

    def __str__(self) -> str:
        return f"{self.variant}, {self.tier}: {self.fault}, at {self.operation} {self.number} of {self.function}"

    def chooser(self, tenant_id: str) -> tuple[Fault, Callable[[Call], Strike | None]]:
        """Return the fault of a tenant, and what strikes by it the calls of this function alone."""
        kind = Lag if self.strike is lagging else Fault
        fault = kind(tenant_id, self.operation, self.strike, self.number, self.times)
        reads = kind is Lag
        return fault, lambda call: fault.choose(call) if reads or call.function == self.function else None


def blows(story: str, tier: str, calls: list[tuple[str, str]]) -> Iterator[PersonBlow]:
    """Yield what strikes each call of a story, each a function and an operation, where it can happen."""
    counted, mailed = Counter[tuple[str, str]](), False
    for function, operation in calls:
        counted[function, operation] += 1
        first = PersonBlow(
            variant=story,
            operation=operation,
            number=counted[function, operation],
            strike=lost_response,
            after=MAIL if mailed and function == MAILS else "",
            tier=tier,
            function=function,
        )
        mailed = mailed or operation == MAIL
        yield from _at(first)


def _at(first: PersonBlow) -> Iterator[PersonBlow]:
    service, _, name = first.operation.partition(":")
    for strike in FAULTS:
        if strike is not read_timeout or first.operation in NOT_REPEATABLE:
            yield replace(first, strike=strike)
    if name.startswith("AdminCreate"):
        yield replace(first, times=2)
    if service == "cognito-idp" or first.operation == MAIL:
        yield from (replace(first, strike=strike, times=FOR_EVER) for strike in LASTING)
    if first.operation == MAIL:
        yield replace(first, strike=daily_quota, times=FOR_EVER)
    if name in IDS:
        yield replace(first, strike=lagging)
    if first.operation in PLAIN_WRITES:
        yield replace(first, strike=conflict)
    if name == "TransactWriteItems":
        yield replace(first, strike=transaction_conflict)
