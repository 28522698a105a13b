"""How many AWS calls a sign-in through the account API takes, beside the SDK's way: `python -m benchmarks.sign_ins`.

In process, on a simulated AWS with a strict stand-in for signing in at Cognito. The SDK's way is SRP in the page.
Exit status 1 if any takes more than two calls more. The secret of session keys is counted as if each environment
were new; it reads it every five minutes. A user pool's keys are fetched once an hour, which is no call of AWS's API.
"""

import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from orchestrator.users import session_keys
from orchestrator.users.sessions import Tokens
from tests.unit.conftest import carry_out, turn
from tests.unit.every_tier import World
from tests.unit.faults import Wire
from tests.unit.kept_aws import KeptAws
from tests.unit.simulated_aws import Stack
from tests.unit.simulation import running
from tests.unit.users.sign_ins import OTHER, SignIns, signing_in

TIERS = {"pool": "acme", "bridge": "hooli", "silo": "tyrell"}
BY_THE_SDK = {"sign in": 2, "first sign-in": 3, "go on": 1, "sign out": 1}
"""InitiateAuth and RespondToAuthChallenge, once more for a new password; InitiateAuth; RevokeToken."""
MOST_MORE = 2


class Anew:
    """Does everything anew: nothing is kept."""

    def once(self, what: object, make: Callable[[], Any]) -> Any:  # noqa: ARG002  # as `KeptAws` has it
        """Return what `make` returns."""
        return make()


def main() -> int:
    """Print a line a way to sign in, with the calls on each tier."""
    counted = {tier: _counts(tenant_id) for tier, tenant_id in TIERS.items()}
    print(f"{'AWS calls':<16} {'by the SDK':>10} " + " ".join(f"{tier:>8}" for tier in TIERS))
    for what, by_the_sdk in BY_THE_SDK.items():
        print(f"{what:<16} {by_the_sdk:>10} " + " ".join(f"{counted[tier][what]:>8}" for tier in TIERS))
    return int(any(found > BY_THE_SDK[what] + MOST_MORE for each in counted.values() for what, found in each.items()))


def _counts(tenant_id: str) -> dict[str, int]:
    with _people(tenant_id) as people:
        found: dict[str, int] = {}
        people.make_temporary(tenant_id)
        with _counted(people.wire, found, "first sign-in"):
            people.answer(tenant_id, people.challenge(tenant_id).session, newPassword=OTHER)
        with _counted(people.wire, found, "sign in"):
            tokens = people.sign_in(tenant_id, OTHER)
        assert isinstance(tokens, Tokens)
        with _counted(people.wire, found, "go on"):
            people.refresh(tenant_id, tokens.refresh_token)
        with _counted(people.wire, found, "sign out"):
            people.sign_out(tenant_id, tokens.refresh_token)
        return found


@contextmanager
def _people(tenant_id: str) -> Iterator[SignIns]:
    wire, numbers = Wire(), itertools.count(1)
    with running(wire) as (clients, settings):

        def run(*names: str, tenant_id: str = "acme") -> None:
            for name in names:
                carry_out(clients, settings, tenant_id, turn(name, f"invocation-{next(numbers)}"))

        stack = Stack(clients, settings, wire, list)
        with signing_in(World(clients, settings, wire, run, stack, cast("KeptAws", Anew())), tenant_id) as people:
            yield people


@contextmanager
def _counted(wire: Wire, found: dict[str, int], what: str) -> Iterator[None]:
    session_keys._of_period.cache_clear()
    wire.attempts.clear()
    yield
    found[what] = len(wire.attempts)


if __name__ == "__main__":
    sys.exit(main())
