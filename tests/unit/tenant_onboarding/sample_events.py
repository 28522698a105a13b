"""Valid TenantCreated events of every tier, the paths of all their fields, and how tests change what is at one."""

import copy
import re
from typing import Any

Json = Any  # Any: what json.loads returns

SILO: Json = {
    "tenantId": "acme",
    "tenantName": "Acme Inc.",
    "tier": "silo",
    "admin": {"email": "admin@acme.example", "name": "Acme Admin"},
    "routing": {"subdomain": "acme", "emailDomains": ["acme.example"], "tenantCode": "ACME-42"},
    "identityProviders": [
        {"name": "AcmeSSO", "type": "SAML", "metadataUrl": "https://idp.acme.example/metadata"},
    ],
    "security": {"mfa": "OPTIONAL", "passwordPolicy": {"minimumLength": 14}},
}
POOL: Json = {
    "tenantId": "globex",
    "tenantName": "Globex",
    "tier": "pool",
    "admin": {"email": "admin@globex.example"},
    "routing": {"subdomain": "globex"},
}
BRIDGE: Json = POOL | {"tier": "bridge", "identityProviders": SILO["identityProviders"]}
PASSWORD_POLICY: Json = {
    "minimumLength": 14,
    "requireLowercase": True,
    "requireUppercase": True,
    "requireNumbers": False,
    "requireSymbols": False,
    "temporaryPasswordValidityDays": 3,
    "passwordHistorySize": 5,
}
FULL: Json = SILO | {
    "appClient": {
        "callbackUrls": ["https://desk.acme.example/signed-in"],
        "logoutUrls": ["https://desk.acme.example/bye"],
    },
    "security": {"mfa": "ON", "passwordPolicy": PASSWORD_POLICY},
    "region": "eu-central-1",
    "users": {"signUp": "OPEN"},
    "metadata": {"stripeCustomer": "cus_NffrFeUfNV2Hib"},
}
"""Every field there is; what identity providers may have beside is in sample_providers.py."""

REQUIRED = [
    "tenantId",
    "tenantName",
    "tier",
    "admin",
    "admin.email",
    "routing",
    "routing.subdomain",
    "identityProviders[0].name",
    "identityProviders[0].type",
]
NULLABLE = [
    "admin.name",
    "routing.tenantCode",
    "appClient",
    "security",
    "region",
]
LISTS = ["routing.emailDomains", "identityProviders", "appClient.callbackUrls", "appClient.logoutUrls"]
OBJECTS = ["", "admin", "routing", "identityProviders[0]", "appClient", "security", "security.passwordPolicy", "users"]
STRINGS = [
    "tenantId",
    "tenantName",
    "tier",
    "admin.email",
    "admin.name",
    "routing.subdomain",
    "routing.emailDomains[0]",
    "routing.tenantCode",
    "identityProviders[0].name",
    "identityProviders[0].type",
    "identityProviders[0].metadataUrl",
    "appClient.callbackUrls[0]",
    "appClient.logoutUrls[0]",
    "security.mfa",
    "users.signUp",
    "region",
    "metadata.stripeCustomer",
]
NUMBERS = [
    "security.passwordPolicy.minimumLength",
    "security.passwordPolicy.temporaryPasswordValidityDays",
    "security.passwordPolicy.passwordHistorySize",
]
BOOLEANS = [
    "security.passwordPolicy.requireLowercase",
    "security.passwordPolicy.requireUppercase",
    "security.passwordPolicy.requireNumbers",
    "security.passwordPolicy.requireSymbols",
]
EVERYWHERE = sorted({*OBJECTS, *STRINGS, *NUMBERS, *BOOLEANS, *LISTS} - {""})


def steps_of(path: str) -> list[str | int]:
    return [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)]


def at(detail: Json, path: str) -> Json:
    """Return what is at a path, written as in our reasons."""
    for step in steps_of(path):
        detail = detail[step]
    return detail


def changed(path: str, value: Json, detail: Json = FULL) -> Json:
    """Return the event with another value at a path."""
    *parents, last = steps_of(path)
    detail = copy.deepcopy(detail)
    target = detail
    for step in parents:
        target = target[step]
    target[last] = value
    return detail


def extended(path: str, name: str, value: Json = 1) -> Json:
    """Return the event with one more field in the object at a path."""
    detail = copy.deepcopy(FULL)
    at(detail, path)[name] = value
    return detail


def without(path: str) -> Json:
    """Return the event without the field at a path."""
    *parents, last = steps_of(path)
    detail = copy.deepcopy(FULL)
    target: Json = detail
    for step in parents:
        target = target[step]
    del target[last]
    return detail


def dns_name(length: int) -> str:
    """Return a domain name of exactly that many characters."""
    labels = "".join("." if index % 60 == 30 else "d" for index in range(length - len(".example")))
    return f"{labels}.example"


DOMAIN = "routing.emailDomains[0]"
PROVIDER = "identityProviders[0].name"
METADATA = "identityProviders[0].metadataUrl"
CALLBACK = "appClient.callbackUrls[0]"
LOGOUT = "appClient.logoutUrls[0]"
LENGTH = "security.passwordPolicy.minimumLength"
DAYS = "security.passwordPolicy.temporaryPasswordValidityDays"
HISTORY = "security.passwordPolicy.passwordHistorySize"


KINDS: dict[str, tuple[Json, ...]] = {
    "null": (None,),
    "boolean": (True, False),
    "integer": (0, 1),
    "number": (1.5, float("nan")),
    "string": ("text", ""),
    "array": ([], ["text"], [None]),
    "object": ({"text": 1},),
}
