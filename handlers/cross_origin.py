"""Which other origins' pages may ask a function: those at tenants' hosts, and the product's own. Never every page."""

from typing import TYPE_CHECKING

from tenant_onboarding.names import is_label

if TYPE_CHECKING:
    from orchestrator.aws.settings import Settings

HTTPS = "https://"
TOLD_APART = {"Vary": "Origin"}
"""An answer to one page is none to another's."""
READABLE = {"Access-Control-Expose-Headers": "Retry-After, X-Request-Id"}
KEPT_SECONDS = 7200
"""As long as browsers keep what they were told at the most."""


def is_allowed(origin: str, settings: "Settings") -> bool:
    """Tell whether pages of an origin, as a browser names it, may ask: exactly those, in no other spelling."""
    if origin in settings.product_origins:
        return True
    label, _, domain = origin.removeprefix(HTTPS).partition(".")
    return origin.startswith(HTTPS) and domain == settings.app_domain and is_label(label)


def headers(origin: str, settings: "Settings") -> dict[str, str]:
    """Return what lets a page of an origin read an answer, if it may; browsers keep no cookie or token for it."""
    if not is_allowed(origin, settings):
        return dict(TOLD_APART)
    return TOLD_APART | READABLE | {"Access-Control-Allow-Origin": origin}


def preflight(methods: tuple[str, ...]) -> dict[str, str]:
    """Return what a browser asks before it sends what a form could not: methods, and whatever header tools add.

    For browsers `*` is every header but Authorization, which has to be named.
    """
    return {
        "Access-Control-Allow-Headers": "*, Authorization",
        "Access-Control-Allow-Methods": ", ".join(methods),
        "Access-Control-Max-Age": str(KEPT_SECONDS),
        "Allow": ", ".join((*methods, "OPTIONS")),
    }
