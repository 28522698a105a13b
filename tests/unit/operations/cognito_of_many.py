"""A Cognito with a thousand user pools at the wire, and the register of users: both hold plain settings.

Calls are counted by a clock of its own. As Cognito does, an update resets all that it is not given, and what is there
cannot be made again. moto would take minutes for so many.
"""

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from orchestrator.identity import rate_quotas
from tests.unit import faults
from tests.unit.faults import ALWAYS, DeathError, Wire
from tests.unit.operations.lagging import Clock

Strike = Callable[[AWSPreparedRequest], AWSResponse]
ALMOST_A_SECOND = 1 - 1e-6
"""What comes a second later is in the next one, however the clock rounds."""
FACTOR = "SoftwareTokenMfaConfiguration"
NEVER_RESET = ("Id", "Name", "Domain", "SchemaAttributes", "UserPoolTags", FACTOR)
READS = ("DescribeUserPool", "DescribeUserPoolClient", "GetUserPoolMfaConfig", "AdminGetUser")
REGISTERS = "TransactWriteItems"


@dataclass
class CognitoOfMany:
    """What there is by its ids, what was called when, and after how many calls everything ends."""

    clock: Clock
    user_pools: dict[str, dict[str, Any]] = field(default_factory=dict)
    app_clients: dict[str, dict[str, Any]] = field(default_factory=dict)
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By their usernames."""
    register: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """The items of the users table by tenant and item, as they pass over the wire."""
    calls: list[tuple[str, str, float]] = field(default_factory=list)
    """Each operation with the user pool, if it names one, and the second in which it was called."""
    ends_after: int | None = None

    def state(self) -> Any:
        """Return all that it holds."""
        return deepcopy((self.user_pools, self.app_clients, self.users, self.register))

    def registered(self, tenant_id: str) -> list[dict[str, Any]]:
        """Return the items of a tenant in the register."""
        return [item for (holder, _), item in self.register.items() if holder == tenant_id]

    def counted(self) -> Counter[str]:
        """Return how often each operation was called."""
        return Counter(operation for operation, *_ in self.calls)

    def changes(self) -> Counter[str]:
        """Return how often each operation that changes something was called."""
        return Counter({operation: times for operation, times in self.counted().items() if operation not in READS})

    def fullest_second(self, *, of_a_user_pool: bool = False) -> dict[str, int]:
        """Return by quota, or operation, how many calls came within the second that had most, wherever it begins."""
        moments: dict[tuple[str, str], list[float]] = {}
        for operation, pool_id, moment in self.calls:
            if operation == REGISTERS:
                continue
            key = (operation, pool_id) if of_a_user_pool else (rate_quotas.of(operation), "")
            moments.setdefault(key, []).append(moment)
        fullest: dict[str, int] = {}
        for (name, _), each in moments.items():
            most = max(bisect_left(each, begin + ALMOST_A_SECOND) - at for at, begin in enumerate(each))
            fullest[name] = max(most, fullest.get(name, 0))
        return fullest

    @contextmanager
    def answering(self, wire: Wire) -> Iterator[None]:
        """Let it answer in place of moto."""
        answers = {
            "DescribeUserPool": self._describe_user_pool,
            "UpdateUserPool": self._update_user_pool,
            "AddCustomAttributes": self._add_custom_attributes,
            "CreateUserPoolDomain": self._create_domain,
            "GetUserPoolMfaConfig": self._get_mfa,
            "SetUserPoolMfaConfig": self._set_mfa,
            "DescribeUserPoolClient": self._describe_app_client,
            "UpdateUserPoolClient": self._update_app_client,
            "AdminGetUser": self._get_user,
            REGISTERS: self._put_into_register,
        }
        with ExitStack() as answering:
            for operation, answer in answers.items():
                answering.enter_context(wire.strikes(operation, self._counting(operation, answer), times=ALWAYS))
            yield

    def _counting(self, operation: str, answer: Callable[[dict[str, Any]], Strike]) -> Strike:
        def strike(request: AWSPreparedRequest) -> AWSResponse:
            body = json.loads(request.body or b"{}")  # type: ignore[arg-type]  # no files here
            self.calls.append((operation, body.get("UserPoolId", ""), self.clock()))
            answered = answer(body)
            if len(self.calls) == self.ends_after:
                raise DeathError
            return answered(request)

        return strike

    def _describe_user_pool(self, body: dict[str, Any]) -> Strike:
        return faults.answered(UserPool=self.user_pools[body["UserPoolId"]])

    def _update_user_pool(self, body: dict[str, Any]) -> Strike:
        _reset(self.user_pools, body.pop("UserPoolId"), body)
        return faults.answered()

    def _add_custom_attributes(self, body: dict[str, Any]) -> Strike:
        schema = self.user_pools[body["UserPoolId"]]["SchemaAttributes"]
        added = [each | {"Name": f"custom:{each['Name']}"} for each in body["CustomAttributes"]]
        if {each["Name"] for each in added} & {each["Name"] for each in schema}:
            return faults.refused("InvalidParameterException", "Existing attribute already has that name")
        schema += added
        return faults.answered()

    def _create_domain(self, body: dict[str, Any]) -> Strike:
        pool = self.user_pools[body["UserPoolId"]]
        if "Domain" in pool:
            return faults.refused("InvalidParameterException", "User pool already has a domain configured")
        pool["Domain"] = body["Domain"]
        return faults.answered()

    def _get_mfa(self, body: dict[str, Any]) -> Strike:
        pool = self.user_pools[body["UserPoolId"]]
        return faults.answered(**{name: pool[name] for name in ("MfaConfiguration", FACTOR) if name in pool})

    def _set_mfa(self, body: dict[str, Any]) -> Strike:
        pool = self.user_pools[body.pop("UserPoolId")]
        pool.pop(FACTOR, None)
        pool |= body
        return faults.answered(**body)

    def _describe_app_client(self, body: dict[str, Any]) -> Strike:
        return faults.answered(UserPoolClient=self.app_clients[body["ClientId"]])

    def _update_app_client(self, body: dict[str, Any]) -> Strike:
        schema = {each["Name"] for each in self.user_pools[body["UserPoolId"]]["SchemaAttributes"]}
        if {name for name in body["ReadAttributes"] if name.startswith("custom:")} - schema:
            return faults.refused("InvalidParameterException", "Invalid read attributes specified")
        _reset(self.app_clients, body.pop("ClientId"), body)
        return faults.answered()

    def _get_user(self, body: dict[str, Any]) -> Strike:
        return faults.answered(**self.users[body["Username"]])

    def _put_into_register(self, body: dict[str, Any]) -> Strike:
        """Take what is put; the tenant's record, which is checked beside it, it takes to be as it was seen."""
        put = [each["Put"]["Item"] for each in body["TransactItems"] if "Put" in each]
        items = {(each["tenantId"]["S"], each["item"]["S"]): each for each in put}
        if items.keys() & self.register.keys():
            return faults.cancelled("ConditionalCheckFailed")
        self.register |= items
        return faults.answered()


def _reset(held: dict[str, dict[str, Any]], which: str, body: dict[str, Any]) -> None:
    kept = {name: value for name, value in held[which].items() if name in NEVER_RESET}
    held[which] = kept | {name: value for name, value in body.items() if name != "PoolName"}
