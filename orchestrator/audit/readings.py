"""What an audit sees, in an order in which a stack at work looks right.

A record is written before anything is made for its tenant, and a row before its user pool. So what is made is looked at
first, and then who is known: rows, what is in the shared user pools, routes, records, user pools, the rows once more.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import is_code, pages
from orchestrator.identity import shared_pools
from orchestrator.identity.identity_providers import name_prefix
from orchestrator.identity.marks import OWNER_TAG, STACK_TAG
from orchestrator.identity.user_pool_addresses import in_region
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.records import RECORD, read_record

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

PAUSE_SECONDS = 0.25
"""Between calls. Cognito: 5 lists a second in a user pool, 15 in an account, which onboardings need too."""
MOST_CALLS = 2_000
PAGE = {"PageSize": 60}
"""Cognito: at most 60 a page."""
GRACE_SECONDS = 120.0
"""What a tenant that moved so lately lacks is not missing: what was listed may be older."""
STEPS = ("CreateUserPool", "CreateTenantGroup", "CreateIdentityProviders", "CreateAppClient")


class TooManyCallsError(Exception):
    """The audit needs more calls than it may make; nothing was found out."""


class Reader:
    """Reads slowly and counts the calls."""

    def __init__(self, most_calls: int) -> None:
        self.calls = 0
        self._most_calls = most_calls

    def pages(self, client: Any, operation: str, **arguments: Any) -> Iterator[Any]:  # Any: whatever boto3 lists
        """Yield the pages of a list of Cognito's; raises TooManyCallsError."""
        for page in client.get_paginator(operation).paginate(**arguments):
            self.count()
            yield page

    def count(self) -> None:
        """Count a call, and pause; raises TooManyCallsError."""
        self.calls += 1
        if self.calls > self._most_calls:
            raise TooManyCallsError(f"This deployment takes more than {self._most_calls} calls to AWS to audit")
        time.sleep(PAUSE_SECONDS)


@dataclass(frozen=True)
class Tenant:
    """What a record says of a tenant's places and resources."""

    record: Record
    still: bool
    """Whether it did not move lately."""

    @property
    def tenant_id(self) -> str:
        """The tenant's id, which is its group's name."""
        return str(self.record["tenantId"])

    @property
    def tier(self) -> str:
        """The tenant's tier."""
        return str(self.record["tier"])

    @property
    def provider_prefix(self) -> str:
        """What the names of its identity providers in a shared user pool begin with."""
        return name_prefix(self.tenant_id)

    @property
    def providers(self) -> list[str]:
        """The names of its identity providers that are written down."""
        return [provider["name"] for provider in self.resource("identityProviders") or []]

    def resource(self, name: str) -> Any:  # Any: an id, a name or a list
        """Return a resource that the record names, or None."""
        return self.record["resources"].get(name)

    def may_be_making(self, step: str) -> bool:
        """Tell whether a step that is not done may have made something that is not written down yet."""
        entry = self.record.get("steps", {}).get(step)
        return entry is not None and entry["status"] != "DONE"

    def may_lack(self, step: str) -> bool:
        """Tell whether what a step makes need not be there yet, or not in a list that is older than the record."""
        return not self.still or self.may_be_making(step)


@dataclass(frozen=True)
class Contents:
    """What is in a shared user pool."""

    groups: set[str]
    app_clients: dict[str, str]
    """Names by id."""
    providers: set[str]


@dataclass(frozen=True)
class UserPool:
    """A user pool that bears this deployment's tags, and that neither a row nor a record named when it was listed."""

    region: str
    user_pool_id: str
    name: str
    owner: str
    """Without the deployment: `shared-001`, or `silo/acme`."""


@dataclass(frozen=True)
class Seen:
    """All that was seen."""

    settings: "Settings"
    rows_before: dict[str, Record]
    rows: dict[str, Record]
    contents: dict[str, Contents]
    """By the row's key; none of rows without a user pool, or whose user pool is not there."""
    routes: list[Record]
    tenants: dict[str, Tenant]
    user_pools: dict[str, set[str]]
    """The ids of all in each Region where a row or a record has one."""
    unnamed: list[UserPool]
    untriggered: set[str]
    """The ids of those that a row or a record names and that do not ask the trigger before they issue tokens."""


def look(clients: "Clients", settings: "Settings", reader: Reader) -> Seen:
    """Look at everything once; raises TooManyCallsError."""
    before = _rows(clients, settings, reader)
    contents = {
        key: found
        for key, row in before.items()
        if row["status"] != shared_pools.OPENING
        and (found := _contents(clients, reader, row["resources"]["userPoolId"])) is not None
    }
    items = list(_items(clients, reader, settings.routes_table))
    tenants = _tenants(clients, settings, reader)
    user_pools, unnamed, untriggered = _user_pools(clients, settings, reader, before, tenants)
    tenants |= _beginners(clients, settings, reader, unnamed)
    rows = _rows(clients, settings, reader)
    return Seen(settings, before, rows, contents, items, tenants, user_pools, unnamed, untriggered)


def _rows(clients: "Clients", settings: "Settings", reader: Reader) -> dict[str, Record]:
    reader.count()
    return {row["poolKey"]: row for row in shared_pools.list_rows(clients, settings)}


def _contents(clients: "Clients", reader: Reader, user_pool_id: str) -> Contents | None:
    """Return what is in a user pool; None if it is not there."""

    def listed(operation: str, name: str) -> list[Any]:
        pages = reader.pages(clients.cognito, operation, UserPoolId=user_pool_id, PaginationConfig=PAGE)
        return [each for page in pages for each in page[name]]

    try:
        groups = listed("list_groups", "Groups")
    except ClientError as error:
        if not is_code(error, "ResourceNotFoundException"):
            raise
        return None
    return Contents(
        groups={each["GroupName"] for each in groups},
        app_clients={
            each["ClientId"]: each["ClientName"] for each in listed("list_user_pool_clients", "UserPoolClients")
        },
        providers={each["ProviderName"] for each in listed("list_identity_providers", "Providers")},
    )


def _items(clients: "Clients", reader: Reader, table: str, **which: Any) -> Iterator[Record]:  # Any: of Scan
    for page in pages(clients.dynamodb.scan, TableName=table, ConsistentRead=True, **which):
        reader.count()
        yield from page.items


def _tenants(clients: "Clients", settings: "Settings", reader: Reader) -> dict[str, Tenant]:
    """Return all tenants; a scan, as each item stays in its place in a table, while in an index it moves."""
    attributes = ["tenantId", "tier", "region", "updatedAt", "identityProviderCount", "resources"]
    names = {f"#{name}": name for name in ("item", "status", "steps", *attributes)}
    wanted = [*(f"#{name}" for name in attributes), *(f"#steps.{step}.#status" for step in STEPS)]
    records = _items(
        clients,
        reader,
        settings.tenants_table,
        FilterExpression="#item = :record",
        ProjectionExpression=", ".join(wanted),
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={":record": RECORD},
    )
    return {record["tenantId"]: _tenant(record) for record in records}


def _tenant(record: Record) -> Tenant:
    return Tenant(record, still=record["updatedAt"] < timestamp(time.time() - GRACE_SECONDS))


def _user_pools(
    clients: "Clients", settings: "Settings", reader: Reader, rows: dict[str, Record], tenants: dict[str, Tenant]
) -> tuple[dict[str, set[str]], list[UserPool], set[str]]:
    """Return the ids of all user pools by Region, those of ours that nobody names, and named ones without trigger."""
    named = {row["resources"].get("userPoolId") for row in rows.values()}
    named |= {tenant.resource("userPoolId") for tenant in tenants.values()}
    regions = {settings.region} | {str(tenant.record.get("region", settings.region)) for tenant in tenants.values()}
    found: dict[str, set[str]] = {}
    unnamed: list[UserPool] = []
    untriggered: set[str] = set()
    for region in sorted(regions):
        cognito = clients.in_region(region).cognito
        pages = reader.pages(cognito, "list_user_pools", PaginationConfig=PAGE)
        pools = [pool for page in pages for pool in page["UserPools"]]
        listed = {pool["Id"]: pool["Name"] for pool in pools}
        found[region] = set(listed)
        trigger = in_region(settings.token_claims_arn, region)
        for pool in pools:
            if pool["Id"] in named and _trigger_of(pool) != trigger:
                reader.count()  # lists may leave out what is asked for one by one
                described = cognito.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]
                if _trigger_of(described) != trigger:
                    untriggered.add(pool["Id"])
        for user_pool_id, name in listed.items():
            if user_pool_id not in named and name.startswith(f"{settings.stack_name}-"):
                reader.count()
                tags = cognito.describe_user_pool(UserPoolId=user_pool_id)["UserPool"].get("UserPoolTags", {})
                deployment, _, owner = tags.get(OWNER_TAG, "").partition("/")
                if (deployment, tags.get(STACK_TAG)) == (settings.deployment_id, settings.stack_name):
                    unnamed.append(UserPool(region, user_pool_id, name, owner))
    return found, unnamed, untriggered


def _trigger_of(user_pool: Any) -> str | None:  # Any: of a list, or described
    config = user_pool.get("LambdaConfig", {}).get("PreTokenGenerationConfig", {})
    return cast("str | None", config.get("LambdaArn"))


def _beginners(clients: "Clients", settings: "Settings", reader: Reader, unnamed: list[UserPool]) -> dict[str, Tenant]:
    """Return the owners of unnamed user pools as they are now: they may have begun after the records were read."""
    found: dict[str, Tenant] = {}
    for tenant_id in {pool.owner.removeprefix("silo/") for pool in unnamed if pool.owner.startswith("silo/")}:
        reader.count()
        if record := read_record(clients.dynamodb, settings.tenants_table, tenant_id):
            found[tenant_id] = _tenant(record)
    return found
