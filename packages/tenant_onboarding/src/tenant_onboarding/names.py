"""What a host name, an email address, a tenant's id and its code can look like, and what is called how.

Nothing here is slow to import.
"""

import re

STACK_NAME = "TenantOnboarding"
"""The onboarding stack's, unless whoever deploys it says another."""
PREFIX = "ONBOARDING_"
"""Of the variables that tell a function about the deployment."""
EMAIL_MAX = 254
"""RFC 5321: a path has at most 256 octets, two of them angle brackets."""
TENANT_ID = "custom:tenantId"
TENANT_TIER = "custom:tenantTier"
TENANT_ROLE = "custom:tenantRole"
"""What a user pool calls the attributes that bind a user to its tenant."""
LOCALE = re.compile(r"(?P<language>[A-Za-z]{2,3})(-(?P<script>[A-Za-z]{4}))?(-(?P<region>[A-Za-z]{2}|[0-9]{3}))?")
"""BCP 47, of its parts those that tell what people read: language, script and region."""
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def routes_table(stack_name: str) -> str:
    """Return the name of a stack's routing registry, by which whoever signs people in reads it, wherever that is."""
    return f"{stack_name}-routes"


def is_tenant_id(value: object) -> bool:
    """Tell whether a value could be a tenant's id."""
    return isinstance(value, str) and re.fullmatch(r"[a-z0-9-]{3,40}", value) is not None


def is_label(value: str) -> bool:
    """Tell whether a value is a DNS label, in lower case."""
    return LABEL.fullmatch(value) is not None


def is_domain(value: str) -> bool:
    """Tell whether a value is the name of a domain, in lower case."""
    labels = value.split(".")
    if len(value) > 253 or len(labels) < 2 or labels[-1][:1].isdigit():  # noqa: PLR2004  # DNS; digits, 0x7f too, end an IP address
        return False
    return all(is_label(label) for label in labels)


def is_tenant_code(value: str) -> bool:
    """Tell whether a value could be a tenant's code."""
    return re.fullmatch(r"[A-Z0-9](?:[A-Z0-9-]{0,30}[A-Z0-9])?", value) is not None


def canonical_locale(value: str) -> str | None:
    """Return a locale as BCP 47 recommends to write it, such as zh-Hant-TW; None if it is none."""
    match = LOCALE.fullmatch(value)
    if not match:
        return None
    parts = match["language"].lower(), (match["script"] or "").title(), (match["region"] or "").upper()
    return "-".join(filter(None, parts))
