"""What a host name, an email address, a tenant's id and its code can look like, and what is called how.

Nothing here is slow to import.
"""

import re
from typing import Final, Literal

STACK_NAME = "TenantOnboarding"
"""The onboarding stack's, unless whoever deploys it says another."""
SOURCE = "tenant.onboarding"
"""Of our own events; nobody else may speak in it."""
TENANT_CREATED = "TenantCreated"
"""The detail type of what billing or signup says of a new tenant."""
PREFIX = "ONBOARDING_"
"""Of the variables that tell a function about the deployment."""
EMAIL_MAX = 254
"""RFC 5321: a path has at most 256 octets, two of them angle brackets."""
USERNAME_MAX = 128
"""Cognito: characters of a user name; where tenants share a user pool, ours is `{tenantId}/{email}`."""
DOMAIN_MAX = 253
"""DNS, RFC 1035: 255 octets on the wire, two of them lengths."""
IN_SOME_LABELS = "-\u00b7\u0375\u05f3\u05f4\u200c\u200d\u30fb"
"""RFC 5892: beside letters, marks and digits; most of these in some context only, which idna looks at."""
TENANT_ID = "custom:tenantId"
TENANT_TIER = "custom:tenantTier"
TENANT_ROLE = "custom:tenantRole"
"""What a user pool calls the attributes that bind a user to its tenant."""
USER_ID = "custom:userId"
"""What it calls the id that we gave a user; one that was made without has its `sub` for an id."""
INVITE_ONLY: Final = "INVITE_ONLY"
EMAIL_DOMAINS: Final = "EMAIL_DOMAINS"
OPEN: Final = "OPEN"
SignUp = Literal["INVITE_ONLY", "EMAIL_DOMAINS", "OPEN"]
"""Who may register with a tenant: the invited alone, also who has an address at its verified domains, or anybody."""
LOCALE = re.compile(r"(?P<language>[A-Za-z]{2,3})(-(?P<script>[A-Za-z]{4}))?(-(?P<region>[A-Za-z]{2}|[0-9]{3}))?")
"""BCP 47, of its parts those that tell what people read: language, script and region."""
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def routes_table(stack_name: str) -> str:
    """Return the name of a stack's routing registry, by which whoever signs people in reads it, wherever that is."""
    return f"{stack_name}-routes"


def is_tenant_id(value: object) -> bool:
    """Tell whether a value could be a tenant's id, one of former times too: a new one has no hyphen at either end."""
    return isinstance(value, str) and re.fullmatch(r"[a-z0-9-]{2,40}", value) is not None


def is_label(value: str) -> bool:
    """Tell whether a value is a DNS label, in lower case."""
    return LABEL.fullmatch(value) is not None


def is_domain(value: str) -> bool:
    """Tell whether a value is the name of a domain, in lower case."""
    labels = value.split(".")
    if len(value) > DOMAIN_MAX or len(labels) < 2 or labels[-1][:1].isdigit():  # noqa: PLR2004  # digits, 0x7f too, end an IP address
        return False
    return all(is_label(label) for label in labels)


def ascii_domain(value: str) -> str | None:
    """Return a domain name as DNS has it, in lower case and of ASCII, from what people type; None if it is none.

    What is not ASCII is encoded label by label (UTS #46), as browsers do it. A label that looks like ASCII and is not,
    such as one of full-width letters, is none.
    """
    if value.isascii():
        return lower if is_domain(lower := value.lower()) else None
    if len(value) > DOMAIN_MAX:
        return None
    labels = [each.lower() if each.isascii() else _encoded(each) for each in value.split(".")]
    return domain if is_domain(domain := ".".join(labels)) else None


def _encoded(label: str) -> str:
    """Return a label as DNS has it; empty if it can be none, or is ASCII in disguise."""
    import unicodedata

    import idna

    kinds = (unicodedata.category(each) for each in label if each not in IN_SOME_LABELS)
    if not all(kind[0] in "LM" or kind == "Nd" for kind in kinds):
        return ""
    try:
        encoded = idna.encode(label, uts46=True).decode()
    except UnicodeError:  # which idna's errors are
        return ""
    return encoded if encoded.startswith("xn--") else ""


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
