"""The authorizer of a product's own HTTP API: lets a request in by a verified token, and tells the API whose it is.

Whatever goes wrong, the request is refused: with a reason in the log and none in the answer. What a warm environment
needs it has in memory.
"""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from tenant_onboarding.authorizer.dynamodb import Reader
from tenant_onboarding.authorizer.key_sets import KEY_SET, KeySets
from tenant_onboarding.authorizer.log import places, say
from tenant_onboarding.authorizer.route_cache import RouteCache
from tenant_onboarding.authorizer.token_verifier import Identity, Reason, RefusedError, TokenVerifier
from tenant_onboarding.names import PREFIX

ROUTES_TABLE = f"{PREFIX}ROUTES_TABLE"
APP_DOMAIN = f"{PREFIX}APP_DOMAIN"
JWKS_ADDRESS = "AUTHORIZER_JWKS_ADDRESS"
TOKEN_USES = "AUTHORIZER_TOKEN_USES"  # noqa: S105  # a name
HOST_HEADER = "AUTHORIZER_HOST_HEADER"
"""The header that says at which host the product was asked; empty: at any."""
PAYLOAD = "2.0"
OURS = (Reason.KEYS_UNAVAILABLE, Reason.ERROR)
"""Reasons that are ours to mend, and errors in the log; by any other, the caller is refused rightly."""


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer whether a request is let in, and whose it is; never raises."""
    try:
        identity = _authorize(event)
    except RefusedError as refusal:
        _log(event, refusal.reason, refusal.about)
    except Exception as error:  # its text may name anything
        _log(event, Reason.ERROR, {"error": type(error).__name__, "where": places(error)})
    else:
        return {"isAuthorized": True, "context": context_of(identity)}
    return {"isAuthorized": False}


def _authorize(event: dict[str, Any]) -> Identity:
    if event.get("version") != PAYLOAD:
        raise RefusedError(Reason.UNKNOWN_EVENT)
    headers = event["headers"]
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise RefusedError(Reason.NO_TOKEN)
    return verifier().verify(token.strip(" "), headers.get(os.environ[HOST_HEADER]))


@cache
def verifier() -> TokenVerifier:
    """Return the verifier of this execution environment, with all that it remembers."""
    environment = os.environ
    return TokenVerifier(
        RouteCache(Reader(), environment[ROUTES_TABLE]),
        KeySets(environment.get(JWKS_ADDRESS) or KEY_SET),
        token_uses=environment[TOKEN_USES].split(","),
        app_domain=environment[APP_DOMAIN] if environment[HOST_HEADER] else None,
    )


def context_of(identity: Identity) -> dict[str, Any]:
    """Return what the API finds at `event.requestContext.authorizer.lambda`."""
    return {
        "tenantId": identity.tenant_id,
        "tier": identity.tier,
        "role": identity.role,
        "groups": list(identity.groups),
        "userId": identity.user_id,
        "subject": identity.subject,
    }


def _log(event: object, reason: Reason, about: Mapping[str, object]) -> None:
    """Say why a request is refused, by ids; its own is that of the API's access log."""
    request = event.get("requestContext") if isinstance(event, dict) else None
    request_id = request.get("requestId") if isinstance(request, dict) else None
    known = request_id if isinstance(request_id, str) else None
    say("ERROR" if reason in OURS else "WARNING", "refused", reason=reason, requestId=known, **about)


if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
    verifier()  # what takes time to make is part of the snapshot that all environments start from
