"""Everything that there is, counted from outside: what Cognito has, what the tables say, and where the two disagree."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3

from orchestrator.aws.dynamodb import Item, items
from orchestrator.identity import shared_pools
from orchestrator.identity.identity_providers import name_prefix
from orchestrator.tenants import counters, lifecycle, metadata
from orchestrator.tenants.records import RECORD, left_in_doubt, read_record
from orchestrator.users import budgets, counts, statuses, store
from tenant_onboarding import names
from tenant_onboarding.names import STACK_NAME

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings
    from tests.e2e.world import World

OPERATORS = f"{STACK_NAME}.operators"
"""The user pool of those who use the status API: no tenant's."""
OF_SERVER = "-server"
"""What the name of our server's own app client ends in, after that of its user pool."""


@dataclass(frozen=True)
class Complaint:
    """What is wrong: its kind (duplicate, false success, orphan, wrong, stuck ...) and the facts."""

    kind: str
    text: str


@dataclass(frozen=True)
class UserPool:
    """A user pool and all that is in it, by name."""

    id: str
    name: str
    domain: str | None
    clients: dict[str, str]
    groups: list[str]
    users: dict[str, dict[str, str]]
    """The attributes of each, by its user name."""
    providers: list[str]

    @property
    def server_clients(self) -> list[str]:
        """The ids of our server's own app clients, of which there is to be one."""
        return [client for client, name in self.clients.items() if name == f"{self.name}{OF_SERVER}"]

    @property
    def counted_groups(self) -> int:
        """How many groups it has: Cognito makes one for each provider, which not every emulator does."""
        return len([name for name in self.groups if not name.startswith(f"{self.id}_")]) + len(self.providers)


@dataclass(frozen=True)
class Inventory:
    """Cognito's side and the tables' side of one moment."""

    user_pools: list[UserPool]
    records: dict[str, Item]
    routes: dict[str, Item]
    shared: list[Item]
    counters: Counter[str]
    completions: Counter[str]
    """Of tenants, by hour."""
    found_by: list[tuple[str, str]]
    """What lists find tenants by: `KEY=VALUE` of metadata, and the id of a tenant."""
    register: dict[str, list[Item]]
    """What the users table has, by tenant."""

    def complaints(self, tenant_id: str) -> Iterator[Complaint]:
        """Yield what is not exactly one, or not where the record says."""
        record = self.records.get(tenant_id)
        if record is None:
            yield Complaint("stuck", f"{tenant_id} has no record")
            return
        if record["status"] == "ABANDONED":
            yield from self.remains(tenant_id)
            return
        yield from self._metadata(tenant_id, record)
        yield from self._register(tenant_id, record)
        for what, found, expected in self._resources(tenant_id, record):
            kind = "duplicate" if len(found) > len(expected) else "false success"
            if record["status"] != "COMPLETED" and kind == "false success":
                continue
            if sorted(found) != sorted(map(str, expected)):
                yield Complaint(kind, f"{tenant_id}: {what} {found}, recorded {expected}")
        if record["status"] == "COMPLETED":
            yield from self._routes(tenant_id, record)

    def remains(self, tenant_id: str) -> Iterator[Complaint]:
        """Yield what there is of a tenant, by its names, wherever it is."""
        prefix = name_prefix(tenant_id)
        for pool in self.user_pools:
            found = {
                "app client": [name for name in pool.clients.values() if name.endswith(f"-tenant-{tenant_id}")],
                "group": [name for name in pool.groups if name == tenant_id or f"_{prefix}" in name],
                "user": [name for name in pool.users if tenant_id in name],
                "identity provider": [name for name in pool.providers if name.startswith(prefix)],
                "user pool": [pool.name] if pool.name.endswith(f"-silo-{tenant_id}") else [],
            }
            for what, left in found.items():
                yield from (Complaint("orphan", f"{tenant_id}: {what} {name} is left") for name in left)
        for key, route in self.routes.items():
            if route.get("tenantId") == tenant_id:
                yield Complaint("orphan", f"{tenant_id}: route {key} is left")
        for pair, of in self.found_by:
            if of == tenant_id:
                yield Complaint("orphan", f"{tenant_id}: it is found by {pair}")
        for item in self.register.get(tenant_id, ()):
            yield Complaint("orphan", f"{tenant_id}: {item['item']} is left in the register")
        if pairs := metadata.of(self.records.get(tenant_id, {})):
            yield Complaint("orphan", f"{tenant_id}: metadata {pairs} is left in its record")

    def _metadata(self, tenant_id: str, record: Item) -> Iterator[Complaint]:
        """Yield what a tenant is found by and does not have, and what it has and is not found by."""
        has = {f"{key}={value}" for key, value in metadata.of(record).items()}
        found = {pair for pair, of in self.found_by if of == tenant_id}
        for pair in found - has:
            yield Complaint("orphan", f"{tenant_id}: it is found by {pair}, which it does not have")
        for pair in has - found:
            yield Complaint("false success", f"{tenant_id}: it is not found by {pair}")

    def _register(self, tenant_id: str, record: Item) -> Iterator[Complaint]:
        """Yield where the register has another than the one local admin, or one who is not made yet."""
        made = record["resources"].get("adminUsername")
        items = {item["item"]: item for item in self.register.get(tenant_id, ())}
        rows = [item for name, item in items.items() if name.startswith(store.ROW)]
        if record["federated"]:
            yield from self._invited(tenant_id, record, rows, set(items))
            return
        if not made and record["steps"].get("CreateTenantAdmin", {}).get("undone"):
            return  # the row gives way once the admin is made again
        if [row["username"] for row in rows] != [made] * bool(made):
            kind = "duplicate" if len(rows) > bool(made) else "false success"
            yield Complaint(kind, f"{tenant_id}: registered are {[row['username'] for row in rows]}, made is {made}")
        for row in rows:
            pool = next((pool for pool in self.user_pools if pool.id == row["userPoolId"]), None)
            there = (pool.users if pool else {}).get(row["username"], {})
            wanted = (there.get(names.USER_ID) or there.get("sub"), there.get("sub"))
            if (row["userId"], row["sub"]) != wanted:
                yield Complaint("wrong", f"{tenant_id}: registered is {row['userId']}, {row['sub']}, there is {wanted}")
            beside = {f"EMAIL#{row['address']}", f"IDENTITY#{row['userPoolId']}#{row['sub']}", counts.ADMINS}
            if items.keys() - {row["item"]} != beside or items[counts.ADMINS]["active"] != 1:
                yield Complaint("wrong", f"{tenant_id}: beside the row there are {sorted(items)}")

    def _invited(self, tenant_id: str, record: Item, rows: list[Item], items: set[str]) -> Iterator[Complaint]:
        """Yield where the register has another of a federated tenant than its one admin, INVITED once it is done."""
        done = record["status"] in lifecycle.LIVE
        if len(rows) != done:
            kind = "duplicate" if len(rows) > done else "false success"
            yield Complaint(kind, f"{tenant_id}: {len(rows)} are invited, and it is {record['status']}")
        for row in rows:
            said = (row["email"], row["role"], row["status"])
            if said != (record["admin"]["email"], statuses.ADMIN, statuses.INVITED):
                yield Complaint("wrong", f"{tenant_id}: invited is {said}")
            if items != {row["item"], f"EMAIL#{row['address']}"}:
                yield Complaint("wrong", f"{tenant_id}: beside the row there are {sorted(items)}")

    def _resources(self, tenant_id: str, record: Item) -> Iterator[tuple[str, list[str], list[Any]]]:
        """Yield what there is of each kind beside what the record says there is."""
        tier, made = record["tier"], record["resources"]
        pool = next((pool for pool in self.user_pools if pool.id == made.get("userPoolId")), None)
        own_pools = [pool.id for pool in self.user_pools if pool.name == f"{STACK_NAME}-silo-{tenant_id}"]
        yield "user pools", own_pools, [made.get("userPoolId")] if tier == "silo" else []
        name = f"{STACK_NAME}-tenant-{tenant_id}"
        clients = [client for pool in self.user_pools for client, called in pool.clients.items() if called == name]
        yield "app clients", clients, [made.get("appClientId")] if tier != "pool" else []
        if tier == "silo":
            yield "our server's own app clients", pool.server_clients if pool else [], [made.get("serverClientId")]
        groups = [group for pool in self.user_pools for group in pool.groups if group == tenant_id]
        yield "groups", groups, [tenant_id]
        users = [user for pool in self.user_pools for user in pool.users if tenant_id in user]
        yield "users", users, [] if record["federated"] else [made.get("adminUsername")]
        recorded = [provider["name"] for provider in made.get("identityProviders", [])]
        there = [name for name in (pool.providers if pool else []) if name in recorded]
        yield "identity providers", there, recorded or ["missing"] * int(record["identityProviderCount"])
        yield "domains", [pool.domain] if pool and pool.domain else [], [str(made.get("domain")).partition(".")[0]]

    def _routes(self, tenant_id: str, record: Item) -> Iterator[Complaint]:
        made = record["resources"]
        target = {name: made.get(name) for name in ("region", "userPoolId", "appClientId", "issuer")}
        own = [f"tenant#{tenant_id}"] if record["tier"] == "pool" else []
        keys = (*record["routeKeys"], f"client#{made.get('userPoolId')}#{made.get('appClientId')}", *own)
        servers: tuple[str, ...] = ()
        if record["tier"] == "silo":
            servers = _keys_of_server(made)
            yield from self._routes_of_server(tenant_id, made)
        for key in (key for key, route in self.routes.items() if route.get("tenantId") == tenant_id):
            if key not in (*keys, *servers) and not (key.startswith("saml#") and record["identityProviderCount"]):
                yield Complaint("orphan", f"{tenant_id}: route {key} is of nothing that it has")
        for key in keys:
            route = self.routes.get(key, {})
            shared = route.get("shared") and record["tier"] == "pool"
            if route.get("state") != "ACTIVE" or not (shared or route.get("tenantId") == tenant_id):
                yield Complaint(
                    "false success", f"{tenant_id}: {key} is {route.get('state')} of {route.get('tenantId')}"
                )
            elif not target.items() <= route["target"].items():
                yield Complaint("false success", f"{tenant_id}: {key} leads to {route['target']}")

    def _routes_of_server(self, whose: str, made: Item) -> Iterator[Complaint]:
        """Yield where our server's own app client is not registered as such, of a tenant or a shared user pool."""
        target = {name: made.get(name) for name in ("userPoolId", "serverClientId")}
        for key in _keys_of_server(made):
            route = self.routes.get(key, {})
            leads = {"userPoolId": route.get("target", {}).get("userPoolId")}
            leads["serverClientId"] = route.get("target", {}).get("appClientId")
            if (route.get("state"), route.get("internal"), leads) != ("ACTIVE", True, target):
                yield Complaint("false success", f"{whose}: {key} is {route}")

    def drift(self, *, counters: bool = True) -> Iterator[Complaint]:
        """Yield what no record knows, and every counter that is not what there is."""
        records = self.records.values()
        pools = {each["resources"].get("userPoolId") for each in (*records, *self.shared)}
        kinds = ("appClientId", "serverClientId")
        clients = {each["resources"].get(kind) for each in (*records, *self.shared) for kind in kinds}
        providers = {
            provider["name"] for each in records for provider in each["resources"].get("identityProviders", [])
        }
        for pool in self.user_pools:
            if pool.id not in pools and pool.name not in self._looked_for("CreateUserPool"):
                yield Complaint("orphan", f"nobody's user pool: {pool.name}")
            yield from (
                Complaint("orphan", f"nobody's app client: {name}")
                for client, name in pool.clients.items()
                if client not in clients and name not in self._looked_for("CreateAppClient")
                if name.removesuffix(OF_SERVER) not in self._looked_for("ConfigureUserPool")
            )
            yield from (
                Complaint("orphan", f"nobody's identity provider: {name}")
                for name in pool.providers
                if name not in providers
            )
        for row in (each for each in self.shared if each["status"] == shared_pools.OPEN):
            yield from self._routes_of_server(row["poolKey"], row["resources"])
        of_tenants = {each for each in self.register if not each.startswith(budgets.OF_MAIL)}
        for tenant_id in of_tenants - self.records.keys():
            yield Complaint("orphan", f"nobody's users: {tenant_id} is in the register")
        for pair, of in self.found_by:
            if of not in self.records:
                yield Complaint("orphan", f"nobody's metadata: {pair} of {of}")
        if counters:
            yield from self._counters()

    def _looked_for(self, step: str) -> set[str]:
        """Return by name what the next tenant will look for: of shared user pools that a step left half open."""
        opening = [row for row in self.shared if row["status"] == shared_pools.OPENING]
        return {f"{STACK_NAME}-{row['poolKey']}" for row in opening if left_in_doubt(row, step)}

    def _counters(self) -> Iterator[Complaint]:
        statuses = Counter(
            name
            for record in self.records.values()
            for name in counters.counters_of(record["status"], record["tier"], record.get("failure"))
        )
        if statuses != +self.counters:
            yield Complaint("miscounted", f"tenants are counted as {dict(self.counters)} and are {dict(statuses)}")
        completed = [record["completedAt"] for record in self.records.values() if record["status"] == "COMPLETED"]
        hours = Counter(f"{moment[:13]}:00:00Z" for moment in completed)
        if hours != self.completions:
            yield Complaint("miscounted", f"completions are counted as {dict(self.completions)} and are {dict(hours)}")
        for row in (each for each in self.shared if each["status"] == shared_pools.OPEN):
            pool = next((pool for pool in self.user_pools if pool.id == row["resources"].get("userPoolId")), None)
            there = {
                "groups": pool.counted_groups if pool else 0,
                "appClients": len(pool.clients) if pool else 0,
                "identityProviders": len(pool.providers) if pool else 0,
            }
            counted = {name: int(row[name]) for name in there}
            if counted != there:
                yield Complaint("miscounted", f"{row['poolKey']} counts {counted} and has {there}")


def _keys_of_server(made: Item) -> tuple[str, str]:
    pool_id = made.get("userPoolId")
    return f"client#{pool_id}#{made.get('serverClientId')}", f"internal#{pool_id}"


def every(operation: str, key: str, region: str | None = None, **arguments: str) -> Iterator[Item]:
    """Yield what Cognito lists in a Region, from all pages: at home, if none is named."""
    client: Any = boto3.client("cognito-idp", region_name=region)
    for page in client.get_paginator(operation).paginate(**arguments, PaginationConfig={"PageSize": 60}):
        yield from page[key]


def take_inventory(world: "World") -> Inventory:
    """Count everything there is now in a stack."""
    return inventory_of(world.stack.clients, world.stack.settings)


def inventory_of(clients: "Clients", settings: "Settings") -> Inventory:
    """Count everything there is now, in whichever AWS the clients lead to."""

    def scan(table: str) -> list[Item]:
        return list(items(clients.dynamodb.scan, TableName=table, ConsistentRead=True))

    tenants = scan(settings.tenants_table)
    counted: Counter[str] = Counter()
    completions: Counter[str] = Counter()
    rows = [counters.counter_key(shard) for shard in range(counters.COUNTER_SHARDS)]
    for item in tenants:
        if item["tenantId"] == counters.COMPLETIONS:
            completions[item["item"].partition("#")[0]] += int(item["tenants"])
        if {name: item[name] for name in ("tenantId", "item")} in rows:
            counted.update({name: int(item[name]) for name in item.keys() - counters.counter_key(0)})
    register: dict[str, list[Item]] = {}
    for item in scan(settings.users_table):
        register.setdefault(item["tenantId"], []).append(item)
    return Inventory(
        user_pools=[
            _look_into(pool["Id"], pool["Name"])
            for pool in every("list_user_pools", "UserPools")
            if pool["Name"] != OPERATORS
        ],
        records={item["tenantId"]: item for item in tenants if item["item"] == RECORD},
        routes={item["routeKey"]: item for item in scan(settings.routes_table)},
        shared=shared_pools.list_rows(clients, settings),
        counters=counted,
        completions=completions,
        register=register,
        found_by=[
            (item["tenantId"].removeprefix(metadata.partition("")), item["item"])
            for item in tenants
            if item["tenantId"].startswith(metadata.partition(""))
        ],
    )


def unrecorded(clients: "Clients", settings: "Settings", tenant_id: str) -> Iterator[Complaint]:
    """Yield what bears the tenant's id and is neither in its record nor known there to be in doubt."""
    record = read_record(clients.dynamodb, settings.tenants_table, tenant_id) or {}
    in_doubt = {name for name, step in record["steps"].items() if step["begun"] > step["settled"]}
    there = {pool["Id"]: pool["Name"] for pool in every("list_user_pools", "UserPools")}
    pools = [pool_id for pool_id, name in there.items() if name.endswith(f"-{tenant_id}")]
    if "CreateUserPool" not in in_doubt and set(pools) - {record["resources"].get("userPoolId")}:
        yield Complaint("orphan", f"{tenant_id}: user pools {pools} are in no record")
    for pool_id in {record["resources"].get("userPoolId")} & set(there):
        app_clients = [
            client["ClientId"]
            for client in every("list_user_pool_clients", "UserPoolClients", UserPoolId=pool_id)
            if client["ClientName"].endswith(f"-{tenant_id}")
        ]
        if "CreateAppClient" not in in_doubt and set(app_clients) - {record["resources"].get("appClientId")}:
            yield Complaint("orphan", f"{tenant_id}: app clients {app_clients} are in no record")


def _look_into(pool_id: str, name: str) -> UserPool:
    of_pool = {"UserPoolId": pool_id}
    cognito: Any = boto3.client("cognito-idp")
    return UserPool(
        id=pool_id,
        name=name,
        domain=cognito.describe_user_pool(**of_pool)["UserPool"].get("Domain"),
        clients={
            client["ClientId"]: client["ClientName"]
            for client in every("list_user_pool_clients", "UserPoolClients", **of_pool)
        },
        groups=[group["GroupName"] for group in every("list_groups", "Groups", **of_pool)],
        users={
            user["Username"]: {each["Name"]: each.get("Value", "") for each in user["Attributes"]}
            for user in every("list_users", "Users", **of_pool)
        },
        providers=[p["ProviderName"] for p in every("list_identity_providers", "Providers", **of_pool)],
    )
