"""What AWS documents and the emulator hides, played at the proxy: each fault by name, deterministic, at the wire.

AWS denies what is gone, as grants name user pools by their tag; its reads lag behind creates; a plain write that meets
a transaction is refused; Amazon SES has a quota a day; and clocks differ.
"""

import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import boto3

from orchestrator.identity.user_pool_updates import whole
from tests.e2e.aws_proxy import Answer, Call, Strike
from tests.e2e.faults import Fault, LetThrough, lost_response, refused

PLAIN_WRITES = ("dynamodb:UpdateItem", "dynamodb:PutItem", "dynamodb:DeleteItem")
LAG_READS = 3
"""Both looks of a step in doubt, and the first one after it has created a twin; by number, so that no clock decides."""
IDS = {
    "CreateUserPool": ("UserPool", "Id"),
    "CreateUserPoolClient": ("UserPoolClient", "ClientId"),
    "CreateGroup": ("Group", "GroupName"),
    "AdminCreateUser": ("User", "Username"),
    "CreateIdentityProvider": ("IdentityProvider", "ProviderName"),
    "CreateUserPoolDomain": ("", "Domain"),
}
"""By what each create's result is known again: in its answer, or in what was asked."""


def denied_as_gone(call: Call, let_through: LetThrough) -> Answer:
    """A user pool that is gone bears no tag, so whoever may use some by their tag is denied."""
    status, fields, content = let_through()
    if status == 400 and b"ResourceNotFoundException" in content and b"ser pool" in content:
        return refused("AccessDeniedException", f"User: the function is not authorized to perform: {call.operation}")
    return status, fields, content


def conflict(call: Call, let_through: LetThrough) -> Answer:
    """A transaction holds the item, so a plain write is refused, and the SDK does not repeat it."""
    return refused("TransactionConflictException", "Transaction is ongoing for the item")


def daily_quota(call: Call, let_through: LetThrough) -> Answer:
    """Amazon SES has sent what the account may send in a day; its code is that of the rate."""
    return refused("TooManyRequestsException", "Daily message quota exceeded.", status=429)


def gone(call: Call, let_through: LetThrough) -> Answer:
    """Somebody has deleted the user pool a moment ago, so the call is denied."""
    delete_user_pool(json.loads(call.body)["UserPoolId"])
    return denied_as_gone(call, let_through)


def lagging(call: Call, let_through: LetThrough) -> Answer:
    """The create takes effect, its answer is lost, and the next three reads do not show what it made."""
    return lost_response(call, let_through)


HIDDEN: tuple[Strike, ...] = (conflict, daily_quota, gone, lagging)
EXPLAINED = {strike.__name__: (strike.__doc__ or "").rstrip(".") for strike in HIDDEN}


def user_pools(cognito: Any) -> list[str]:
    """Return the ids of all user pools; a stack that many tests share has more than one page of them."""
    return list(cognito.get_paginator("list_user_pools").paginate(MaxResults=60).search("UserPools[].Id"))


def delete_user_pool(user_pool_id: str) -> None:
    """Delete a user pool as somebody would in the console, if it is there: its domain and its protection go first."""
    cognito: Any = boto3.client("cognito-idp")
    if user_pool_id not in user_pools(cognito):
        return
    described = cognito.describe_user_pool(UserPoolId=user_pool_id)["UserPool"]
    if domain := described.get("Domain"):
        cognito.delete_user_pool_domain(UserPoolId=user_pool_id, Domain=domain)
    cognito.update_user_pool(UserPoolId=user_pool_id, **whole(described, DeletionProtection="INACTIVE"))
    cognito.delete_user_pool(UserPoolId=user_pool_id)


def leave_one(message: str) -> None:
    """Delete all but the first of the resources that a failure's message names, as its next action says."""
    cognito: Any = boto3.client("cognito-idp")
    for twin in message.rpartition(": ")[2].split(", ")[1:]:
        if " of user pool " in message:
            delete_user_pool(twin)
            continue
        for pool_id in user_pools(cognito):
            pages = cognito.get_paginator("list_user_pool_clients").paginate(UserPoolId=pool_id)
            if twin in set(pages.search("UserPoolClients[].ClientId")):
                cognito.delete_user_pool_client(UserPoolId=pool_id, ClientId=twin)


@dataclass
class Lag(Fault):
    """Strikes a create, then hides what it made from the tenant's next reads."""

    seconds: float = math.inf
    """No longer than so, where the clock is played."""
    hidden: set[str] = field(default_factory=set)
    reads_left: int = 0
    ends: float = math.inf

    def choose(self, call: Call) -> Strike | None:
        """Return what happens to a call; None lets it pass."""
        if super().choose(call):
            return self._lose
        reads = call.operation.removeprefix("cognito-idp:").startswith(("List", "Describe", "Get", "AdminGet"))
        of_tenant = call.tenant_id == self.tenant_id and call.operation.startswith("cognito-idp:")
        if not (of_tenant and reads and self.reads_left and time.time() < self.ends):
            return None
        self.reads_left -= 1
        return self._hide

    def _lose(self, call: Call, let_through: LetThrough) -> Answer:
        outer, name = IDS[call.operation.partition(":")[2]]

        def noted() -> Answer:
            answer = let_through()
            said = json.loads(answer[2] or b"{}").get(outer, {}) if outer else json.loads(call.body)
            self.hidden.add(said[name])
            self.reads_left, self.ends = LAG_READS, time.time() + self.seconds
            return answer

        return self.strike(call, noted)

    def _hide(self, call: Call, let_through: LetThrough) -> Answer:
        status, fields, content = let_through()
        said = json.loads(content or b"{}")
        asked = json.loads(call.body or b"{}")
        if "DomainDescription" in said:
            shown = {} if asked["Domain"] in self.hidden else said["DomainDescription"]
            return status, fields, json.dumps({"DomainDescription": shown}).encode()
        if self.hidden & {str(value) for value in asked.values()}:
            if asked.get("UserPoolId") in self.hidden:
                return refused("AccessDeniedException", "A user pool that is not seen bears no tag")
            code = "UserNotFoundException" if "Username" in asked else "ResourceNotFoundException"
            return refused(code, "It does not exist.")
        listed = {name: self._without(value) for name, value in said.items()}
        return status, fields, json.dumps(listed).encode()

    def _without(self, listed: Any) -> Any:  # Any: what an answer holds
        if not isinstance(listed, list):
            return listed
        return [each for each in listed if not (isinstance(each, dict) and self.hidden & {*map(str, each.values())})]


@contextmanager
def clock_ahead(seconds: float) -> Iterator[None]:
    """Let the clock of whoever runs this be ahead of everybody's."""
    now = time.time
    with mock.patch.object(time, "time", side_effect=lambda: now() + seconds):
        yield
