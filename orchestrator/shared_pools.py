"""Shared user pools (shards): assigned by a transaction below their limits, each opened once however many wait.

One row a shared user pool: its ids, its counters beside Cognito's limits, and a ledger of its own. A row goes
OPENING → OPEN by the same begin / act / finish as a tenant's steps.
"""

import logging
import time
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator import cognito
from orchestrator.dynamodb import CONDITION_FAILED_EXCEPTION, Change, is_code
from orchestrator.errors import ConfigurationError, OnboardingError
from orchestrator.ledger import Begun, DoneError, Ledger, Made, Record, Turn, new_step

if TYPE_CHECKING:
    from orchestrator.clients import Clients
    from orchestrator.settings import Settings

logger = logging.getLogger(__name__)

OPENING = "OPENING"
OPEN = "OPEN"
OPENING_STEPS = ("CreateUserPool", "ConfigureUserPool", "CreateAppClient")


@dataclass(frozen=True)
class Demand:
    """The places a tenant takes in a shared user pool; an identity provider brings a group of its own."""

    app_clients: int = 0
    identity_providers: int = 0

    @property
    def places(self) -> dict[str, int]:
        """The counters and by how much they rise."""
        return {
            "groups": 1 + self.identity_providers,
            "appClients": self.app_clients,
            "identityProviders": self.identity_providers,
        }


def choose(clients: "Clients", settings: "Settings", turn: Turn, tenant_id: str, demand: Demand) -> Record:
    """Return an open row with room, opening the next shared user pool where that is due.

    While there is an open one, nothing that keeps another from opening keeps a tenant from being placed. Else raises
    TransientError while another invocation opens the only one, ConfigurationError if even an empty one has too little
    room, and what opening raises.
    """
    rows = list_rows(clients, settings)
    roomy = [row for row in rows if row["status"] == OPEN and has_room(row, demand)]
    if len(roomy) < settings.open_shards:
        opening = next((row for row in rows if row["status"] == OPENING), None)
        if not roomy or not (opening and _being_opened(opening)):
            try:
                return _open(clients, settings, turn, opening or _add_row(clients, settings, len(rows) + 1, demand))
            except OnboardingError as error:
                if not roomy:
                    raise
                logger.warning("opening another shared user pool failed: %s %s", type(error).__name__, error.code)
    return roomy[zlib.crc32(tenant_id.encode()) % len(roomy)]


def list_rows(clients: "Clients", settings: "Settings") -> list[Record]:
    """Return the rows of the home Region; one call for up to a thousand, which is Cognito's default number of pools."""
    pages = clients.dynamodb.get_paginator("query").paginate(
        TableName=settings.shared_pools_table,
        KeyConditionExpression="#region = :region",
        ExpressionAttributeNames={"#region": "region"},
        ExpressionAttributeValues={":region": settings.region},
        ConsistentRead=True,
    )
    return [row for page in pages for row in page["Items"]]


def describe(row: Record) -> dict[str, Any]:
    """Return a row as a document: its state, its user pool, and each counter beside its limit."""
    return {
        "region": row["region"],
        "poolKey": row["poolKey"],
        "status": row["status"],
        "userPoolId": row["resources"].get("userPoolId"),
        "appClientId": row["resources"].get("appClientId"),
        **{counter: int(row[counter]) for counter in row["limits"]},
        "limits": {counter: int(limit) for counter, limit in row["limits"].items()},
    }


def has_room(row: Record, demand: Demand) -> bool:
    """Tell whether every counter stays within its limit."""
    return all(row[counter] + amount <= row["limits"][counter] for counter, amount in demand.places.items())


def take_place(settings: "Settings", row: Record, demand: Demand) -> dict[str, Any]:
    """Return the action that takes a tenant's places, refused if the row is full or closed by now."""
    key = {"region": row["region"], "poolKey": row["poolKey"]}
    change = Change(settings.shared_pools_table, key).require("[status] = ?", OPEN)
    for counter, amount in demand.places.items():
        if amount:
            change.increase(counter, amount).require(f"[{counter}] <= ?", row["limits"][counter] - amount)
    return change.action()


def _being_opened(row: Record) -> bool:
    now = time.time() * 1000
    return any(step.get("leaseUntil", 0) > now for step in row["steps"].values())


def _add_row(clients: "Clients", settings: "Settings", number: int, demand: Demand) -> Record:
    row: Record = {
        "region": settings.region,
        "poolKey": f"shared-{number:03d}",
        "status": OPENING,
        "attempt": 1,
        "redriveCount": 0,
        "steps": {step: new_step() for step in OPENING_STEPS},
        "resources": {},
        "groups": 0,
        "appClients": 1,
        "identityProviders": 0,
        "limits": {
            "groups": settings.groups_per_pool,
            "appClients": settings.app_clients_per_pool,
            "identityProviders": settings.identity_providers_per_pool,
        },
    }
    if not has_room(row, demand):  # or every try would open one more
        raise ConfigurationError(
            f"A tenant that needs {demand.places} fits into no shared user pool: its limits are {row['limits']}",
            code="LimitsTooSmall",
        )
    try:
        clients.dynamodb.put_item(
            TableName=settings.shared_pools_table, Item=row, ConditionExpression="attribute_not_exists(poolKey)"
        )
    except ClientError as error:
        if not is_code(error, CONDITION_FAILED_EXCEPTION):
            raise  # else: another tenant was faster; whoever begins first opens it
    return row


def _open(clients: "Clients", settings: "Settings", turn: Turn, row: Record) -> Record:
    key = {"region": row["region"], "poolKey": row["poolKey"]}
    ledger = Ledger(clients.dynamodb, settings.shared_pools_table, key, active=(OPENING,))
    opening = _Opening(clients, settings, row["poolKey"])
    for step, act in opening.acts.items():
        try:
            ledger.perform(replace(turn, step=step, attempt=1, redrive_count=0, execution_arn=""), act)
        except DoneError as done:
            opening.resources |= done.record["resources"]
    return row | {"status": OPEN, "resources": opening.resources}


class _Opening:
    """What the steps of opening do; each knows what the ones before have made."""

    def __init__(self, clients: "Clients", settings: "Settings", pool_key: str) -> None:
        self._clients = clients
        self._settings = settings
        self._name = f"{settings.stack_name}-{pool_key}"
        owner = f"{settings.deployment_id}/{pool_key}"
        self._user_pool = cognito.NewUserPool(self._name, owner, settings.region)
        self.resources: dict[str, str] = {}
        self.acts = dict(zip(OPENING_STEPS, (self._create, self._configure, self._create_client), strict=True))

    def _create(self, begun: Begun) -> Made:
        pool_id = cognito.find_or_create(
            in_doubt=begun.in_doubt,
            find=lambda: cognito.find_user_pools(self._clients.cognito, self._user_pool),
            create=lambda: cognito.create_user_pool(self._clients, self._settings, self._user_pool),
            wait_seconds=self._settings.in_doubt_wait_seconds,
            what=f"user pool {self._name}",
        )
        return self._made(userPoolId=pool_id)

    def _configure(self, _begun: Begun) -> Made:
        pool_id = self.resources["userPoolId"]
        prefix = cognito.configure_user_pool(self._clients.cognito, self._settings, self._user_pool, pool_id)
        return self._made(domainPrefix=prefix)

    def _create_client(self, begun: Begun) -> Made:
        pool_id = self.resources["userPoolId"]
        client_id = cognito.find_or_create(
            in_doubt=begun.in_doubt,
            find=lambda: cognito.find_app_clients(self._clients.cognito, pool_id, self._name),
            create=lambda: cognito.create_app_client(
                self._clients, self._settings, cognito.NewAppClient(pool_id, self._name)
            ),
            wait_seconds=self._settings.in_doubt_wait_seconds,
            what=f"app client {self._name}",
        )
        return replace(self._made(appClientId=client_id), amend=lambda change: change.set("status", OPEN))

    def _made(self, **resources: str) -> Made:
        self.resources |= resources
        return Made(resources=resources)
