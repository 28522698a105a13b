"""What is written into the routing registry: keys are reserved, activated and given up.

A key is reserved with the tenant's claim and becomes active when the tenant's identity is in place. Each key is an
item with a condition, so two tenants never hold one.
"""

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import Change
from orchestrator.tenants import tiers
from tenant_onboarding.authorizer import registry
from tenant_onboarding.contracts.identity_providers import SamlProvider

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from orchestrator.aws.settings import Settings
    from orchestrator.tenants.ledger import Record
    from tenant_onboarding.contracts.identity_providers import IdentityProvider
    from tenant_onboarding.contracts.tenant_created import Routing

RESERVED = "RESERVED"
UNVERIFIED = "UNVERIFIED"
OF_SHARED_CLIENT = ("region", "userPoolId", "appClientId", "issuer", "domain", "tier")
"""What of a target is the same for all tenants of a shared app client."""

Reservation = tuple[str, dict[str, Any]]
"""The field that asks for a key, and the action that claims it."""


def domain_claim_key(domain: str, tenant_id: str) -> str:
    """Return the route key of a tenant's unverified claim to an email domain."""
    return f"domain-claim#{domain}#{tenant_id}"


def saml_keys(provider: SamlProvider) -> list[str]:
    """Return the route keys of a SAML provider, of which a shared user pool can tell no two apart.

    There are two where its address could be spelled more simply: under the one that it has in the event, other tenants
    may have claimed it before equal addresses were one key.
    """
    names = dict.fromkeys((provider.identity, provider.spelled))
    return [f"saml#{hashlib.sha256(name.encode()).hexdigest()}" for name in names]


def exclusive_keys(routing: "Routing") -> dict[str, str]:
    """Return the keys that only one tenant can hold, each with the field that asks for it."""
    keys = {registry.subdomain_key(routing.subdomain): "routing.subdomain"}
    if routing.tenant_code:
        keys[registry.code_key(routing.tenant_code)] = "routing.tenantCode"
    return keys


def reservations(table: str, tenant_id: str, routing: "Routing", now: str) -> Iterator[Reservation]:
    """Yield the actions that claim a tenant's keys, each with the field that asks for it."""
    for key, field in exclusive_keys(routing).items():
        item = {"routeKey": key, "tenantId": tenant_id, "state": RESERVED, "reservedAt": now}
        yield field, put_new(table, item)
    for domain in routing.email_domains:
        # Anybody may claim a domain, nobody gets its mail addresses routed before it is verified.
        key = domain_claim_key(domain, tenant_id)
        item = {"routeKey": key, "tenantId": tenant_id, "state": UNVERIFIED, "reservedAt": now, "token": new_token()}
        yield "routing.emailDomains", put_new(table, item)


def new_token() -> str:
    """Return what proves one claim to an email domain, and no other: not that of another tenant, nor a later one."""
    return secrets.token_hex(16)


def saml_claims(table: str, tenant_id: str, providers: "list[IdentityProvider]", now: str) -> Iterator[Reservation]:
    """Yield the actions that claim the SAML providers of a bridge tenant, each with the field that asks for it.

    In a shared user pool nobody else may bring one that answers under the same name.
    """
    for index, provider in enumerate(providers):
        if isinstance(provider, SamlProvider):
            field = "metadataDocument" if provider.metadata_document else "metadataUrl"
            for key in saml_keys(provider):
                item = {"routeKey": key, "tenantId": tenant_id, "state": RESERVED, "reservedAt": now}
                yield f"identityProviders[{index}].{field}", put_new(table, item)


def address(settings: "Settings", record: "Record") -> str:
    """Return the address at which a tenant's people find the product."""
    return f"https://{record['routing']['subdomain']}.{settings.app_domain}"


def target(settings: "Settings", record: "Record") -> dict[str, Any]:
    """Return what a tenant's keys lead to: its user pool, and how its people sign in there."""
    resources = record["resources"]
    return {
        **{name: resources[name] for name in ("region", "userPoolId", "appClientId", "issuer")},
        "domain": resources.get("domain"),
        "identityProviders": [provider["name"] for provider in resources.get("identityProviders", [])],
        "tier": record["tier"],
        "signInAddress": address(settings, record),
        "userNameTemplate": tiers.USER_NAMES[record["tier"]],
    }


def put_new(table: str, item: dict[str, Any]) -> dict[str, Any]:
    """Return the action that makes a route, refused if its key is taken."""
    return {
        "Put": {
            "TableName": table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(routeKey)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def activations(table: str, tenant_id: str, keys: list[str], target: dict[str, Any], now: str) -> list[dict[str, Any]]:
    """Return the actions that let a tenant's reserved keys lead to `target`; safe to repeat."""
    return [
        Change(table, {"routeKey": key})
        .set("state", registry.ACTIVE)
        .set("target", target)
        .set("activatedAt", now)
        .require("[tenantId] = ?", tenant_id)
        .action()
        for key in keys
    ]


def own_client(table: str, tenant_id: str, target: dict[str, Any], now: str) -> dict[str, Any]:
    """Return the action that registers a tenant's own app client; safe to repeat, refused if it is another tenant's."""
    return _own(table, registry.client_key(target["userPoolId"], target["appClientId"]), tenant_id, target, now)


def own_tenant(table: str, tenant_id: str, target: dict[str, Any], now: str) -> dict[str, Any]:
    """Return the action that registers a tenant of a shared app client; safe to repeat, refused if it is another's.

    No token from before its first time is good, so a repetition keeps that.
    """
    return _own(table, registry.tenant_key(tenant_id), tenant_id, target, now)


def invitation_key(user_pool_id: str, address: str) -> str:
    """Return the route key of an invitation, by which a social provider's person is let into a user pool."""
    return registry.invitation_key(user_pool_id, address)


def invitation(  # all by keyword
    *, table: str, tenant_id: str, user_pool_id: str, address: str, until: str, now: str
) -> dict[str, Any]:
    """Return the action that lets a social provider's person with that address in until a time, as `timestamp` says it.

    Safe to repeat, refused if the address is invited there by another tenant.
    """
    return (
        Change(table, {"routeKey": invitation_key(user_pool_id, address)})
        .set("tenantId", tenant_id)
        .set("state", registry.ACTIVE)
        .set("target", {registry.UNTIL: until})
        .set("activatedAt", now)
        .require("attribute_not_exists([routeKey]) OR [tenantId] = ?", tenant_id)
        .action()
    )


def removal(table: str, tenant_id: str, key: str) -> dict[str, Any]:
    """Return the action that removes a tenant's route; safe to repeat, refused if it is another tenant's."""
    return {
        "Delete": {
            "TableName": table,
            "Key": {"routeKey": key},
            "ConditionExpression": "attribute_not_exists(routeKey) OR tenantId = :tenantId",
            "ExpressionAttributeValues": {":tenantId": tenant_id},
        }
    }


def swap(held: Iterable[Reservation], wanted: Iterable[Reservation]) -> list[Reservation]:
    """Return the actions that give up the keys which only `held` claims, and claim those which only `wanted` does.

    Each comes with its field. Giving up is refused for a key that is another tenant's, or in use already.
    """
    old, new = ({_item(action)["routeKey"]: (field, action) for field, action in each} for each in (held, wanted))
    given_up = [(field, _give_up(action)) for key, (field, action) in old.items() if key not in new]
    return given_up + [claim for key, claim in new.items() if key not in old]


def keys_of(tenant_id: str, routing: "Routing", providers: "list[IdentityProvider]") -> list[str]:
    """Return every key that a tenant's claim may have reserved, its app client's apart."""
    domains = [domain_claim_key(domain, tenant_id) for domain in routing.email_domains]
    verified = [registry.domain_key(domain) for domain in routing.email_domains]
    saml = [key for provider in providers if isinstance(provider, SamlProvider) for key in saml_keys(provider)]
    return [*exclusive_keys(routing), *domains, *verified, *saml]


def release(dynamodb: "DynamoDBClient", table: str, tenant_id: str, keys: Iterable[str]) -> None:
    """Give up the keys that are this tenant's, reserved or active; others' stay. Safe to repeat."""
    for key in keys:
        writes.if_it_holds(
            dynamodb.delete_item,
            TableName=table,
            Key={"routeKey": key},
            ConditionExpression="tenantId = :tenant",
            ExpressionAttributeValues={":tenant": tenant_id},
        )


def register_shared_client(dynamodb: "DynamoDBClient", table: str, target: dict[str, Any], now: str) -> None:
    """Register a shared user pool's app client once; a user's own attribute tells whose user it is."""
    key = registry.client_key(target["userPoolId"], target["appClientId"])
    common = {name: target[name] for name in OF_SHARED_CLIENT if name in target}
    item: dict[str, Any] = {
        "routeKey": key,
        "shared": True,
        "state": registry.ACTIVE,
        "target": common,
        "activatedAt": now,
    }
    condition = "attribute_not_exists(routeKey)"
    writes.if_it_holds(dynamodb.put_item, TableName=table, Item=item, ConditionExpression=condition)


def _own(table: str, key: str, tenant_id: str, target: dict[str, Any], now: str) -> dict[str, Any]:
    return (
        Change(table, {"routeKey": key})
        .set("tenantId", tenant_id)
        .set("state", registry.ACTIVE)
        .set("target", target)
        .set_once("activatedAt", now)
        .require("attribute_not_exists([routeKey]) OR [tenantId] = ?", tenant_id)
        .action()
    )


def _give_up(claim: dict[str, Any]) -> dict[str, Any]:
    item = _item(claim)
    return {
        "Delete": {
            "TableName": claim["Put"]["TableName"],
            "Key": {"routeKey": item["routeKey"]},
            "ConditionExpression": "attribute_not_exists(routeKey) OR (tenantId = :tenantId AND #state = :state)",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {":tenantId": item["tenantId"], ":state": item["state"]},
        }
    }


def _item(claim: dict[str, Any]) -> dict[str, Any]:
    return dict(claim["Put"]["Item"])
