"""Holders: which tenant has a host, a tenant code or an email domain, by the routes table, one read a key."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tenant_onboarding.authorizer import registry, resolver

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings
    from orchestrator.status.tenant import Document

KINDS: "dict[resolver.By, str]" = {"host": "host", "code": "tenantCode", "email": "emailDomain"}
"""What is found by each way, as a tenant's `routing` calls it."""


def holders(clients: "Clients", settings: "Settings", text: str) -> "list[Document]":
    """Return who holds a host or its first label, a code, an email domain or that of an address, in whatever state.

    Two consistent reads at most. An email domain is found once a tenant's claim to it is verified.
    """
    found = []
    for by, value in _could_be(settings.app_domain, text):
        key = resolver.route_key(settings.app_domain, by, value)
        route = registry.read(clients.dynamodb, settings.routes_table, key) if key else {}
        if key and route:
            named = key.partition("#")[2] + (f".{settings.app_domain}" if by == "host" else "")
            found.append({"kind": KINDS[by], "value": named, "tenantId": route["tenantId"], "state": route["state"]})
    return found


def email_domain(settings: "Settings", text: str) -> str | None:
    """Return the email domain that a text is, or that of an address; None for anything else and for a host of ours."""
    if "." not in text or resolver.route_key(settings.app_domain, "host", text):
        return None
    key = resolver.route_key(settings.app_domain, "email", text if "@" in text else f"anybody@{text}")
    return key.partition("#")[2] if key else None


def _could_be(app_domain: str, text: str) -> "Iterator[tuple[resolver.By, str]]":
    if "@" in text:
        yield "email", text
    elif "." in text:
        yield "host", text
        yield "email", f"anybody@{text}"
    else:
        yield "host", f"{text}.{app_domain}"
        yield "code", text
