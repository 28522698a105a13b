"""A Cognito with a thousand user pools at the wire: it holds them as plain settings, and counts calls by its own clock.

As Cognito does, an update resets all that it is not given. moto would take minutes for so many.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from orchestrator.identity import rate_quotas
from tests.unit import faults
from tests.unit.faults import ALWAYS, DeathError, Wire
from tests.unit.operations.lagging import Clock

ALMOST_A_SECOND = 1 - 1e-6
"""What comes a second later is in the next one, however the clock rounds."""
NEVER_RESET = ("Id", "Name", "Domain", "SchemaAttributes", "UserPoolTags")
OPERATIONS = ("DescribeUserPool", "UpdateUserPool", "DescribeUserPoolClient", "UpdateUserPoolClient")


@dataclass
class CognitoOfMany:
    """User pools and app clients by their ids, what was called when, and after how many calls everything ends."""

    clock: Clock
    user_pools: dict[str, dict[str, Any]]
    app_clients: dict[str, dict[str, Any]]
    calls: list[tuple[str, str, float]] = field(default_factory=list)
    """Each operation with the user pool and the second in which it was called."""
    ends_after: int | None = None

    def state(self) -> Any:
        """Return all that it holds."""
        return deepcopy((self.user_pools, self.app_clients))

    def counted(self) -> Counter[str]:
        """Return how often each operation was called."""
        return Counter(operation for operation, *_ in self.calls)

    def fullest_second(self, *, of_a_user_pool: bool = False) -> dict[str, int]:
        """Return by quota how many calls came within the second that had most of them, wherever it begins."""
        moments: dict[tuple[str, str], list[float]] = {}
        for operation, pool_id, moment in self.calls:
            key = (operation, pool_id) if of_a_user_pool else (rate_quotas.of(operation), "")
            moments.setdefault(key, []).append(moment)
        fullest: dict[str, int] = {}
        for (name, _), each in moments.items():
            most = max(
                sum(other < begin + ALMOST_A_SECOND for other in each[at : at + 20]) for at, begin in enumerate(each)
            )
            fullest[name] = max(most, fullest.get(name, 0))
        return fullest

    @contextmanager
    def answering(self, wire: Wire) -> Iterator[None]:
        """Let it answer in place of moto."""
        with ExitStack() as answering:
            for operation in OPERATIONS:
                answering.enter_context(wire.strikes(operation, self._answer_to(operation), times=ALWAYS))
            yield

    def _answer_to(self, operation: str) -> Any:  # Any: a strike
        def answer(request: AWSPreparedRequest) -> AWSResponse:
            body = json.loads(request.body or b"{}")  # type: ignore[arg-type]  # no files here
            self.calls.append((operation, body["UserPoolId"], self.clock()))
            fields = self._do(operation, body)
            if len(self.calls) == self.ends_after:
                raise DeathError
            return faults.answered(**fields)(request)

        return answer

    def _do(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        name = "UserPoolClient" if operation.endswith("Client") else "UserPool"
        held = self.app_clients if name == "UserPoolClient" else self.user_pools
        which = body.pop("ClientId") if name == "UserPoolClient" else body.pop("UserPoolId")
        if operation.startswith("Update"):
            kept = {key: value for key, value in held[which].items() if key in NEVER_RESET}
            held[which] = kept | {key: value for key, value in body.items() if key != "PoolName"}
        return {name: held[which]}
