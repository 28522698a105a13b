"""What of a request may still change: whatever no resource that is there, or may be there, was made from.

No step alters what another has made, and nothing of a tenant is made twice. So a field can change until the first step
that builds it into something is done or in doubt; HELD_BY names these steps. After that it contradicts what there is.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import is_code
from orchestrator.identity import identity_providers
from orchestrator.tenants import tiers
from orchestrator.tenants.commands import command
from orchestrator.tenants.ledger import Record
from tenant_onboarding.contracts.identity_providers import IdentityProvider
from tenant_onboarding.contracts.reasons import Reason
from tenant_onboarding.contracts.tenant_created import AppClient, Security, TenantCreated

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

PROVIDERS = "identityProviders"
METADATA = "metadata"
PASSWORD_POLICY = (
    "minimumLength",
    "requireLowercase",
    "requireUppercase",
    "requireNumbers",
    "requireSymbols",
    "temporaryPasswordValidityDays",
    "passwordHistorySize",
)
HELD_BY: dict[str, tuple[str, ...]] = {
    "tenantName": (),
    "tier": ("AssignSharedPool", "CreateUserPool"),
    "region": ("CreateUserPool",),
    **{f"security.passwordPolicy.{name}": ("CreateUserPool",) for name in PASSWORD_POLICY},
    "security.mfa": ("ConfigureUserPool",),
    PROVIDERS: ("CreateIdentityProviders", "CreateAppClient"),
    "appClient.callbackUrls": ("CreateAppClient",),
    "appClient.logoutUrls": ("CreateAppClient",),
    "admin.email": ("CreateTenantAdmin", "SendWelcomeEmail"),
    "admin.name": ("CreateTenantAdmin",),
    "admin.locale": (),
    "routing.subdomain": ("CreateAppClient", "RegisterRouting"),
    "routing.tenantCode": ("RegisterRouting",),
    "routing.emailDomains": (),
    "users.signUp": ("RegisterRouting",),
    METADATA: (),
}
"""Each field of an event, with the steps that build it into something; the tenant's id alone never changes.

The email domains are claimed only, whatever shows the tenant's name can bear another, and the next email can be in
another language. Nothing is made of metadata.
"""
HOLDER = {
    "AssignSharedPool": "the tenant's place in a shared user pool",
    "CreateUserPool": "the tenant's user pool",
    "ConfigureUserPool": "the tenant's user pool",
    "CreateIdentityProviders": "what there is in Cognito",
    "CreateAppClient": "the tenant's app client",
    "CreateTenantAdmin": "the tenant's admin in Cognito",
    "RegisterRouting": "the tenant's routing, which is in use",
    "SendWelcomeEmail": "the welcome email, which is sent",
}
MENDS_ITSELF = ("ConfigureUserPool", "CreateIdentityProviders")
"""Until they are done these may be run again with another request: they bring up to it what they made before."""
OF_SEVERAL_CALLS = ("CreateTenantAdmin",)
"""Refused in a later call, these leave what an earlier one made; so for them to have begun is to be in doubt."""


@dataclass(frozen=True)
class Difference:
    """A field by its path, identity providers by their names, and what was and is now asked for; None for nothing."""

    field: str
    before: str | None
    after: str | None

    @property
    def held_as(self) -> str:
        """The field's entry in HELD_BY."""
        whole = next((name for name in (PROVIDERS, METADATA) if self.field.startswith(f"{name}.")), None)
        return whole or self.field


def differences(settings: "Settings", record: Record, before: TenantCreated, after: TenantCreated) -> list[Difference]:
    """Return in what two requests of a tenant differ, as far as it makes a difference to the tenant."""
    was = _values(settings, before, record["tier"])
    now = _values(settings, after, tiers.of_plan(settings, after.tier))
    come_or_gone = was.keys() ^ now.keys()
    return [
        Difference(field, was.get(field), now.get(field))
        for field in dict.fromkeys((*was, *now))
        if was.get(field) != now.get(field) and field.rpartition(".")[0] not in come_or_gone
    ]


def contradictions(
    clients: "Clients",
    record: Record,
    asked: Record,
    before: TenantCreated,
    after: TenantCreated,
    changed: list[Difference],
) -> Iterator[Reason]:
    """Yield each changed field that something made holds, with what holds it and what to do.

    `asked` is what the record is to hold. Looks in Cognito for identity providers that are no longer asked for, as the
    record does not tell which were made.
    """
    held = {each.held_as for each in changed if each.field != "tier" or record["tier"] != asked["tier"]}
    for field in (field for field in HELD_BY if field in held):
        step = next((step for step in HELD_BY[field] if holds(record, step)), "")
        if step:
            yield Reason(field=field, message=_held(record, step))
        elif field == PROVIDERS:
            yield from _provider_contradictions(clients, record, before, after)


def holds(record: Record, step: str) -> bool:
    """Tell whether a step has made what the tenant's fields are built into, or may have."""
    entry = record["steps"].get(step, {"status": "PENDING", "begun": 0, "settled": 0})
    if entry["status"] == "DONE":
        return True
    if step in MENDS_ITSELF:
        return False
    return bool(entry["begun"] > (0 if step in OF_SEVERAL_CALLS else entry["settled"]))


def _held(record: Record, step: str) -> str:
    done = record["steps"][step]["status"] == "DONE"
    doubt = "" if done else f" ({step} is in doubt)"
    return f"{'is' if done else 'may be'} part of {HOLDER[step]} already{doubt}; {_way_out(record)}"


def _way_out(record: Record) -> str:
    return f"abandon the tenant, then emit it anew: {command('abandon', record['tenantId'])}"


def _provider_contradictions(
    clients: "Clients", record: Record, before: TenantCreated, after: TenantCreated
) -> Iterator[Reason]:
    number = len(before.identity_providers)
    if holds(record, "AssignSharedPool") and number != len(after.identity_providers):
        message = f"must stay {number}, for so many has the tenant a place in its shared user pool; {_way_out(record)}"
        yield Reason(field=PROVIDERS, message=message)
    entry = record["steps"].get("CreateIdentityProviders", {"begun": 0, "settled": 0})
    if not entry["begun"]:
        return
    kept = {_in_cognito(record, provider) for provider in after.identity_providers}
    for provider in before.identity_providers:
        name, _ = of_cognito = _in_cognito(record, provider)
        if of_cognito in kept:
            continue
        in_doubt = entry["begun"] > entry["settled"] or "userPoolId" not in record["resources"]
        if in_doubt or _is_there(clients, record, name):
            message = f"{'may be' if in_doubt else 'is'} in Cognito already, as {name}: keep it, or {_way_out(record)}"
            yield Reason(field=f"{PROVIDERS}.{provider.name}", message=message)


def _in_cognito(record: Record, provider: IdentityProvider) -> tuple[str, str]:
    """Return the name and type of a provider: what of it no update changes."""
    return identity_providers.name_of(record["tenantId"], provider), provider.type


def _is_there(clients: "Clients", record: Record, name: str) -> bool:
    resources = record["resources"]
    cognito = clients.in_region(resources["region"]).cognito
    try:
        cognito.describe_identity_provider(UserPoolId=resources["userPoolId"], ProviderName=name)
    except ClientError as error:
        if not is_code(error, "ResourceNotFoundException"):
            raise
        return False
    return True


def _values(settings: "Settings", request: TenantCreated, tier: str) -> dict[str, str]:
    """Return every field that says something, as text; what was left out says what it stands for."""
    whole = request.model_copy(
        update={
            "tier": tier if tier == request.tier else f"{request.tier} ({tier})",
            "region": request.region or settings.region,
            "app_client": request.app_client or AppClient(),
            "security": request.security or Security(),
        }
    )
    values = dict(_leaves(whole.model_dump(by_alias=True, exclude={"identity_providers"})))
    for provider in request.identity_providers:
        path = f"{PROVIDERS}.{provider.name}"
        values[path] = provider.type
        for name, value in provider.model_dump(by_alias=True, exclude={"name", "type"}, exclude_none=True).items():
            values[f"{path}.{name}"] = _text(value)
    return values


def _leaves(values: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{name}.")
        elif value is not None:
            yield f"{above}{name}", _text(value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
