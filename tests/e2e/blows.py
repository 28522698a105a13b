"""What a fault sweep strikes with: every fault at every call, or a sample of them that a seed chooses."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from tests.e2e.aws_proxy import Strike
from tests.e2e.faults import FAULTS, LASTING, lost_response, read_timeout
from tests.e2e.hidden_faults import IDS, PLAIN_WRITES, conflict, daily_quota, gone, lagging

FOR_EVER = 1_000_000
FAILS_AT = "ses:SendEmail"
NOT_REPEATABLE = ("cognito-idp:CreateUserPool", "cognito-idp:CreateUserPoolClient", "ses:SendEmail")
"""What AWS does twice when it is asked twice; the others know a repeat by its name."""

ONCE_A_PROCESS = ("secretsmanager:GetSecretValue",)
"""What a process asks once and then knows: only a new one can be struck there, whosever tenant it works for."""

BESIDE_THE_WORKFLOW = ("ssm:PutParameter",)
"""What a function does that has a queue of its own, before or after the workflow's next call."""


@dataclass(frozen=True)
class Blow:
    """One fault at one call: the `number`-th of an operation in a variant's onboarding, `times` in a row."""

    variant: str
    operation: str
    number: int
    strike: Strike
    times: int = 1
    after: str = ""
    """The operation before it in the workflow."""
    abandons: bool = False
    """It strikes the abandonment of a tenant that failed for another reason."""

    @property
    def fault(self) -> str:
        """What happens, in words."""
        name = self.strike.__name__.replace("_", " ")
        often = {1: "", FOR_EVER: ", until an operator steps in"}.get(self.times, f", {self.times} times in a row")
        return f"{name}{often}"

    def __str__(self) -> str:
        what = f"abandoned {self.variant}" if self.abandons else self.variant
        return f"{what}: {self.fault}, at {self.operation} {self.number}"


def blows(variant: str, calls: list[str], strikes: Iterable[Strike] = FAULTS) -> Iterator[Blow]:
    """Yield every fault at every call, two lost answers in a row for what creates, and what lasts where it can."""
    strikes, counted = tuple(strikes), Counter[str]()
    for before, operation in _in_turn(calls):
        counted[operation] += 1
        for strike in strikes:
            if strike is read_timeout and operation not in NOT_REPEATABLE:
                continue
            yield Blow(variant, operation, counted[operation], strike, after=before)
        if "Create" in operation and lost_response in strikes:
            yield Blow(variant, operation, counted[operation], lost_response, times=2, after=before)
        if operation.startswith(("cognito-idp:", "ses:")):
            for strike in (each for each in LASTING if each in strikes):
                yield Blow(variant, operation, counted[operation], strike, times=FOR_EVER, after=before)


def _in_turn(calls: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each operation with the one before it, whatever a function beside the workflow does in between."""
    before = ""
    for operation in calls:
        yield before, operation
        if operation not in BESIDE_THE_WORKFLOW:
            before = operation


def hidden_blows(variant: str, calls: list[str], *, abandons: bool = False) -> Iterator[Blow]:
    """Yield what AWS does at these calls and the emulator hides, each where it can happen."""
    counted = Counter[str]()
    for before, operation in _in_turn(calls):
        counted[operation] += 1
        service, _, name = operation.partition(":")
        blow = replace(Blow(variant, operation, counted[operation], conflict, after=before), abandons=abandons)
        if operation in PLAIN_WRITES:
            yield blow
        if operation == FAILS_AT:
            yield replace(blow, strike=daily_quota, times=FOR_EVER)
        if not abandons and name in IDS:
            yield replace(blow, strike=lagging)
        if abandons and variant == "silo" and service == "cognito-idp" and name != "ListUserPools":
            yield replace(blow, strike=gone)


OneBlow = TypeVar("OneBlow", bound=Blow)


def sample(all_blows: list[OneBlow], seed: str, number: int) -> list[OneBlow]:
    """Return as many of the blows as asked for, in their order: the same seed chooses the same.

    Every kind of tenant meets each fault, and has each call struck, at least once, if it takes more than asked for.
    """
    shuffled = random.Random(seed).sample(all_blows, len(all_blows))
    met: set[tuple[bool, str, str]] = set()
    needed: list[OneBlow] = []
    others: list[OneBlow] = []
    for blow in shuffled:
        meets = {(blow.abandons, blow.variant, met_with) for met_with in (blow.fault, blow.operation)}
        (others if meets <= met else needed).append(blow)
        met |= meets
    chosen = {*needed, *others[: max(0, number - len(needed))]}
    return [blow for blow in all_blows if blow in chosen]
