"""Shared user pools (shards): assigned by a transaction below their limits, each opened once however many wait.

One row a shared user pool: its ids, its counters beside the limits, and a ledger of its own. A row goes
OPENING → OPEN by the same begin / act / finish as a tenant's steps. The limits in force are those of the settings,
for rows of any age; a row's own copy of them is for those who read it without the settings. An operator may let an
OPEN row be CLOSED, and OPEN again: a CLOSED one keeps its tenants and takes no more.
"""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from random import randrange
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import Change, items
from orchestrator.aws.errors import ConfigurationError, OnboardingError, TenantConflictError
from orchestrator.identity import cognito, server_clients
from orchestrator.identity.presence import excused
from orchestrator.tenants.ledger import Begun, Ledger, Made, Record, Turn, new_step, timestamp
from orchestrator.tenants.refusals import DoneError
from orchestrator.tenants.work import Kind, Work

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

logger = logging.getLogger(__name__)

OPENING = "OPENING"
OPEN = "OPEN"
CLOSED = "CLOSED"
OPENING_STEPS = ("CreateUserPool", "ConfigureUserPool", "CreateAppClient")
POOL_KEY = re.compile(r"shared-([0-9]+)")
EMPTY = {"groups": 0, "appClients": 2, "identityProviders": 0}
"""What is counted in a shared user pool without tenants: its shared app client, and our server's own."""
SHARED_POOL = Kind(
    name="sharedPool",
    path=lambda _: OPENING_STEPS,
    active=(OPENING,),
    done=OPEN,
    key=("region", "poolKey"),
    table=lambda settings: settings.shared_pools_table,
)
"""The opening of one is a work without executions: whoever needs a place carries it out."""
_turns = count(randrange(1_000))  # noqa: S311  # no secret: where a process begins
"""Tenants go to the open user pools in turn. By chance one would often get more a second than Cognito lets it take."""


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


def choose(clients: "Clients", settings: "Settings", turn: Turn, demand: Demand) -> Record:
    """Return an open row with room, opening the next shared user pool where that is due.

    Of the open ones with room the first `open_shards` take tenants; one that was opened ahead of need waits its turn.
    While there is an open one, nothing that keeps another from opening keeps a tenant from being placed. Else raises
    TransientError while another invocation opens the only one, ConfigurationError if even an empty one has too little
    room, and what opening raises.
    """
    rows = list_rows(clients, settings)
    roomy = [row for row in rows if row["status"] == OPEN and has_room(settings, row, demand)]
    if len(roomy) < settings.open_shards:
        opening = next_opening(rows)
        if not roomy or not (opening and being_opened(opening)):
            try:
                _check_fits(settings, demand)
                return open_next(clients, settings, turn, rows)
            except OnboardingError as error:
                if not roomy:
                    raise
                logger.warning("opening another shared user pool failed: %s %s", type(error).__name__, error.code)
    taking = roomy[: settings.open_shards]
    return taking[next(_turns) % len(taking)]


def list_rows(clients: "Clients", settings: "Settings") -> list[Record]:
    """Return the rows of the home Region; one call for up to a thousand, which is Cognito's default number of pools."""
    rows = items(
        clients.dynamodb.query,
        TableName=settings.shared_pools_table,
        KeyConditionExpression="#region = :region",
        ExpressionAttributeNames={"#region": "region"},
        ExpressionAttributeValues={":region": settings.region},
        ConsistentRead=True,
    )
    return list(rows)


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


def limits(settings: "Settings") -> dict[str, int]:
    """Return the limits in force, which hold for every row from the deployment on that changes them."""
    return {
        "groups": settings.groups_per_pool,
        "appClients": settings.app_clients_per_pool,
        "identityProviders": settings.identity_providers_per_pool,
    }


def owner(settings: "Settings", pool_key: str) -> str:
    """Return by whom a shared user pool is known again: this deployment, and its row."""
    return f"{settings.deployment_id}/{pool_key}"


def user_pool(settings: "Settings", pool_key: str) -> cognito.NewUserPool:
    """Return the user pool of a row as it is to be."""
    return cognito.NewUserPool(f"{settings.stack_name}-{pool_key}", owner(settings, pool_key), settings.region)


def app_client(settings: "Settings", pool_key: str, user_pool_id: str) -> cognito.NewAppClient:
    """Return the app client of all pool tenants in it as it is to be."""
    return cognito.NewAppClient(user_pool_id, user_pool(settings, pool_key).name)


def has_room(settings: "Settings", row: Record, demand: Demand) -> bool:
    """Tell whether every counter that the demand raises stays within its limit."""
    most = limits(settings)
    return all(row[counter] + amount <= most[counter] for counter, amount in demand.places.items() if amount)


def take_place(settings: "Settings", row: Record, demand: Demand) -> dict[str, Any]:
    """Return the action that takes a tenant's places, refused if the row is full or closed by now."""
    change = Change(settings.shared_pools_table, row_key(row)).require("[status] = ?", OPEN)
    for counter, amount in demand.places.items():
        if amount:
            change.increase(counter, amount).require(f"[{counter}] <= ?", limits(settings)[counter] - amount)
    return change.action()


def release_place(settings: "Settings", row: Record, demand: Demand) -> dict[str, Any]:
    """Return the action that gives a tenant's places back, whatever state the row is in by now."""
    change = Change(settings.shared_pools_table, row_key(row)).require("attribute_exists([poolKey])")
    for counter, amount in demand.places.items():
        if amount:
            change.increase(counter, -amount)
    return change.action()


def demand_of(record: Record) -> Demand:
    """Return the places that a tenant takes."""
    return Demand(app_clients=int(record["tier"] == "bridge"), identity_providers=int(record["identityProviderCount"]))


def row_key(row: Record) -> dict[str, str]:
    """Return the key of a row."""
    return {"region": row["region"], "poolKey": row["poolKey"]}


def next_opening(rows: list[Record]) -> Record | None:
    """Return the row that is to be opened next; there is never more than one."""
    return next((row for row in rows if row["status"] == OPENING), None)


def being_opened(row: Record) -> bool:
    """Tell whether an invocation is opening the row right now."""
    now = time.time() * 1000
    return any(step.get("leaseUntil", 0) > now for step in row["steps"].values())


def open_next(clients: "Clients", settings: "Settings", turn: Turn, rows: list[Record]) -> Record:
    """Open the next shared user pool and return its row: whoever calls, however many at once, there is one.

    `turn` says who does it and until when; attempt and redrive are the row's own. Raises TransientError while another
    invocation is at it, and what opening raises; whoever comes next goes on from there.
    """
    row = next_opening(rows) or _add_row(clients, settings, _next_number(rows))
    ledger = Ledger(clients.dynamodb, Work(settings.shared_pools_table, row_key(row), SHARED_POOL))
    opening = _Opening(clients, settings, row["poolKey"])
    own = replace(turn, attempt=int(row["attempt"]), redrive_count=int(row["redriveCount"]), execution_arn="")
    for step, act in opening.acts.items():
        try:
            ledger.perform(replace(own, step=step), partial(_patiently, act))
        except DoneError as done:
            opening.resources |= done.record["resources"]
    return row | {"status": OPEN, "resources": opening.resources}


def _patiently(act: Callable[[Begun], Made], begun: Begun) -> Made:
    """Act, and let what the step before has just made be waited for."""
    try:
        return act(begun)
    except ClientError as error:
        raise excused(error, begun.record, OPENING_STEPS[0]) from None


def _check_fits(settings: "Settings", demand: Demand) -> None:
    """Raise ConfigurationError for a tenant that fits into no shared user pool: every try would open one more."""
    if not has_room(settings, EMPTY, demand):
        raise ConfigurationError(
            f"A tenant that needs {demand.places} fits into no shared user pool: its limits are {limits(settings)}",
            code="LimitsTooSmall",
        )


def _next_number(rows: list[Record]) -> int:
    """Return a number above every row's, so that none is given twice where a row was removed."""
    numbered = (POOL_KEY.fullmatch(row["poolKey"]) for row in rows)
    return max((int(found[1]) for found in numbered if found), default=0) + 1


def _add_row(clients: "Clients", settings: "Settings", number: int) -> Record:
    row: Record = {
        "region": settings.region,
        "poolKey": f"shared-{number:03d}",
        "status": OPENING,
        "attempt": 1,
        "redriveCount": 0,
        "steps": {step: new_step() for step in OPENING_STEPS},
        "resources": {},
        **EMPTY,
        "limits": limits(settings),
    }
    writes.if_it_holds(  # else: somebody was faster; whoever begins first opens it
        clients.dynamodb.put_item,
        TableName=settings.shared_pools_table,
        Item=row,
        ConditionExpression="attribute_not_exists(poolKey)",
    )
    return row


class _Opening:
    """What the steps of opening do; each knows what the ones before have made."""

    def __init__(self, clients: "Clients", settings: "Settings", pool_key: str) -> None:
        self._clients = clients
        self._settings = settings
        self._pool_key = pool_key
        self._user_pool = user_pool(settings, pool_key)
        self.resources: dict[str, str] = {}
        self.acts = dict(zip(OPENING_STEPS, (self._create, self._configure, self._create_client), strict=True))

    def _create(self, begun: Begun) -> Made:
        clients, settings = self._clients, self._settings
        pool_id = cognito.ensure_user_pool(
            clients, settings, self._user_pool, in_doubt=begun.in_doubt, notes=begun.notes
        )
        return self._made(userPoolId=pool_id)

    def _configure(self, begun: Begun) -> Made:
        clients, settings, new = self._clients, self._settings, self._user_pool
        pool_id = self.resources["userPoolId"]
        prefix = cognito.configure_user_pool(clients.cognito, settings, new, pool_id)
        client = server_clients.wanted(new, pool_id)
        server = server_clients.ensure(clients, settings, client, in_doubt=begun.in_doubt, notes=begun.notes)
        made = self._made(domainPrefix=prefix, **server)
        now = timestamp(time.time())
        return replace(
            made,
            # A row that an earlier release began does not count it.
            amend=lambda change: change.set("appClients", EMPTY["appClients"]),
            together_with=server_clients.routes(settings.routes_table, new.region, self.resources, now),
            refusal=TenantConflictError(f"A route of our server's own app client in {pool_id} is another's"),
        )

    def _create_client(self, begun: Begun) -> Made:
        clients, settings = self._clients, self._settings
        new = app_client(settings, self._pool_key, self.resources["userPoolId"])
        client_id = cognito.ensure_app_client(clients, settings, new, in_doubt=begun.in_doubt, notes=begun.notes)
        return replace(self._made(appClientId=client_id), amend=lambda change: change.set("status", OPEN))

    def _made(self, **resources: str) -> Made:
        self.resources |= resources
        return Made(resources=resources)
