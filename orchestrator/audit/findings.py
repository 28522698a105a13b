"""What an audit finds in what it has seen; what a stack at work is about to make or write down is nobody's fault."""

from collections.abc import Iterator
from typing import Any

from orchestrator.audit.readings import Contents, Seen, Tenant
from orchestrator.identity import server_clients, shared_pools
from orchestrator.identity.tenant_resources import app_client_name
from orchestrator.tenants.ledger import Record
from tenant_onboarding.authorizer import registry

Finding = dict[str, Any]
COUNTERS = ("groups", "appClients", "identityProviders")


def compare(seen: Seen) -> tuple[list[Finding], list[str]]:
    """Return each counter beside what is there and what is awaited, and the keys of rows that changed meanwhile."""
    compared: list[Finding] = []
    changing: list[str] = []
    for key, contents in seen.contents.items():
        row, now = seen.rows_before[key], seen.rows.get(key, {})
        if any(row[counter] != now.get(counter) for counter in COUNTERS):
            changing.append(key)
            continue
        found, awaited = _found(seen, row, contents), _awaited(seen, key, contents)
        where = {"poolKey": key, "userPoolId": row["resources"]["userPoolId"]}
        compared += [
            {**where, "counter": name, "counted": int(row[name]), "found": found[name], "awaited": awaited[name]}
            for name in COUNTERS
        ]
    return compared, changing


def missing(seen: Seen) -> Iterator[Finding]:
    """Yield what rows and records name and Cognito lacks."""
    home = seen.user_pools[seen.settings.region]
    for key, row in seen.rows_before.items():
        user_pool_id = row["resources"].get("userPoolId")
        if user_pool_id and user_pool_id not in home:
            yield _finding("user pool", user_pool_id, user_pool_id, f"{key} names it")
    for user_pool_id in sorted(seen.untriggered):
        yield _finding("trigger", "PreTokenGenerationConfig", user_pool_id, "its tokens say no tenant")
    for tenant in seen.tenants.values():
        if tenant.still and tenant.tier == "silo" and _lost(seen, tenant):
            user_pool_id = tenant.resource("userPoolId")
            yield _finding("user pool", user_pool_id, user_pool_id, f"tenant {tenant.tenant_id} names it")
    for key, contents in seen.contents.items():
        yield from _missing_inside(seen, key, contents)


def orphans(seen: Seen) -> Iterator[Finding]:
    """Yield what is there, and no row and no record knows."""
    for pool in seen.unnamed:
        if not _is_being_made(seen, pool.owner, pool.user_pool_id):
            why = f"tagged as {pool.owner}'s, which does not name it"
            yield _finding("user pool", pool.name, pool.user_pool_id, why)
    for key, contents in seen.contents.items():
        yield from _orphans_inside(seen, key, contents)
    for route in seen.routes:
        if why := _leads_nowhere(seen, route):
            yield _finding("route", route["routeKey"], route.get("target", {}).get("userPoolId"), why)


def _found(seen: Seen, row: Record, contents: Contents) -> dict[str, int]:
    return {
        # Each provider takes a place among the groups, whether Cognito has made its group yet or not.
        "groups": len(contents.groups - _automatic_groups(row, contents)) + len(contents.providers),
        "appClients": len(contents.app_clients.keys() - _being_converged(seen, row, contents)),
        "identityProviders": len(contents.providers),
    }


def _awaited(seen: Seen, key: str, contents: Contents) -> dict[str, int]:
    """Return what the tenants placed in a user pool are still to get, as their places are counted beforehand."""
    awaited = dict.fromkeys(COUNTERS, 0)
    for tenant in _placed(seen, key):
        if tenant.may_lack("CreateTenantGroup"):
            awaited["groups"] += tenant.tenant_id not in contents.groups
        if tenant.tier == "bridge" and tenant.may_lack("CreateAppClient"):
            awaited["appClients"] += not _own_clients(seen, tenant, contents)
        if tenant.may_lack("CreateIdentityProviders"):
            made = sum(name.startswith(tenant.provider_prefix) for name in contents.providers)
            lacking = max(int(tenant.record.get("identityProviderCount", 0)) - made, 0)
            awaited["identityProviders"] += lacking
            awaited["groups"] += lacking
    return awaited


def _missing_inside(seen: Seen, key: str, contents: Contents) -> Iterator[Finding]:
    resources = seen.rows_before[key]["resources"]
    user_pool_id = resources["userPoolId"]
    for name in ("appClientId", server_clients.RESOURCE):
        if name in resources and resources[name] not in contents.app_clients:
            yield _finding("app client", resources[name], user_pool_id, f"{key} names it")
    for tenant in _placed(seen, key):
        if not tenant.still:
            continue
        named = [("group", tenant.resource("groupName"), contents.groups)]
        named += [("identity provider", name, contents.providers) for name in tenant.providers]
        if tenant.tier == "bridge":
            named.append(("app client", tenant.resource("appClientId"), set(contents.app_clients)))
        for kind, name, there in named:
            if name and name not in there:
                yield _finding(kind, name, user_pool_id, f"tenant {tenant.tenant_id} names it")


def _orphans_inside(seen: Seen, key: str, contents: Contents) -> Iterator[Finding]:
    row, placed = seen.rows_before[key], _placed(seen, key)
    user_pool_id, why = row["resources"]["userPoolId"], f"in {key}; no tenant's there"
    known = {tenant.tenant_id for tenant in placed} | _automatic_groups(row, contents)
    for name in sorted(contents.groups - known):
        yield _finding("group", name, user_pool_id, why)
    of_row = {row["resources"].get(name) for name in ("appClientId", server_clients.RESOURCE)}
    own = (of_row | _being_converged(seen, row, contents)).union(
        *(_own_clients(seen, tenant, contents) for tenant in placed)
    )
    for client_id in sorted(contents.app_clients.keys() - own):
        yield _finding("app client", client_id, user_pool_id, f"{contents.app_clients[client_id]}, {why}")
    making = tuple(tenant.provider_prefix for tenant in placed if tenant.may_be_making("CreateIdentityProviders"))
    written = {name for tenant in placed for name in tenant.providers}
    for name in sorted(contents.providers - written):
        if not name.startswith(making):
            yield _finding("identity provider", name, user_pool_id, why)


def _leads_nowhere(seen: Seen, route: Record) -> str:
    """Say why a route leads to nothing that there is; empty if it leads where it should, or nowhere yet."""
    tenant = seen.tenants.get(route.get("tenantId", ""))
    target = route.get("target", {})
    client = server_clients.RESOURCE if registry.is_internal(route) else "appClientId"
    leads = (target.get("userPoolId"), target.get("appClientId"))
    if route.get("shared"):
        made = [row["resources"] for row in seen.rows.values()]
        shared = [(each.get("userPoolId"), each.get(client)) for each in made]
        return "" if leads in shared else "no shared user pool has that app client"
    if tenant is None:
        return f"there is no tenant {route.get('tenantId')}"
    if route["state"] != registry.ACTIVE:
        return ""
    if leads != (tenant.resource("userPoolId"), tenant.resource(client)):
        return f"tenant {tenant.tenant_id} has another user pool or app client"
    return "that user pool is not there" if tenant.still and _lost(seen, tenant) else ""


def _is_being_made(seen: Seen, owner: str, user_pool_id: str) -> bool:
    """Tell whether an owner names a user pool by now, or may have made it and not written down."""
    kind, _, tenant_id = owner.partition("/")
    if kind == "silo":
        tenant = seen.tenants.get(tenant_id)
        return tenant is not None and (
            tenant.resource("userPoolId") == user_pool_id or tenant.may_be_making("CreateUserPool")
        )
    row = seen.rows.get(owner)
    return row is not None and (
        row["resources"].get("userPoolId") == user_pool_id or row["steps"]["CreateUserPool"]["status"] != "DONE"
    )


def _lost(seen: Seen, tenant: Tenant) -> bool:
    """Tell whether a tenant's user pool is not there; its Region was looked at, as its record names it."""
    user_pool_id = tenant.resource("userPoolId")
    return bool(user_pool_id) and user_pool_id not in seen.user_pools.get(tenant.resource("region"), set())


def _placed(seen: Seen, key: str) -> list[Tenant]:
    return [tenant for tenant in seen.tenants.values() if tenant.resource("sharedPoolKey") == key]


def _own_clients(seen: Seen, tenant: Tenant, contents: Contents) -> set[str]:
    """Return the ids of a tenant's own app clients: what is written down, and what may be about to be."""
    name = app_client_name(seen.settings, tenant.tenant_id)
    making = tenant.may_be_making("CreateAppClient")
    written = tenant.resource("appClientId")
    return {each for each, named in contents.app_clients.items() if each == written or (making and named == name)}


def _being_converged(seen: Seen, row: Record, contents: Contents) -> set[str]:
    """Return our server's own app client where the row does not name it yet: convergence may be making it."""
    if server_clients.RESOURCE in row["resources"]:
        return set()
    name = server_clients.name(shared_pools.user_pool(seen.settings, row["poolKey"]))
    return {each for each, named in contents.app_clients.items() if named == name}


def _automatic_groups(row: Record, contents: Contents) -> set[str]:
    """Return the names of the groups that Cognito makes for identity providers."""
    return {f"{row['resources']['userPoolId']}_{provider}" for provider in contents.providers}


def _finding(kind: str, name: str, user_pool_id: str | None, why: str) -> Finding:
    return {"kind": kind, "name": name, "userPoolId": user_pool_id, "why": why}
