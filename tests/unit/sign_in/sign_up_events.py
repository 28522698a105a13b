"""Cognito's events before somebody is made a user, and what the registry has for them."""

import copy
import json
from typing import Any

from orchestrator.sign_in.sign_up import BY_PROVIDER
from tests.unit.sign_in.token_events import EVENTS, PROVIDER, route

GOOGLE = "Google_112233445566778899001"
ADDRESS = "jane.doe@acme.example"
"""Of the documented event, in lower case."""
SOCIAL = ["Google", "Facebook", "LoginWithAmazon", "SignInWithApple"]


def documented(name: str = "external_provider") -> dict[str, Any]:
    """Return an event as Cognito sends it."""
    event: dict[str, Any] = json.loads((EVENTS / f"pre_sign_up_{name}.json").read_text())
    return event


def through(user_name: str = GOOGLE, *, source: str = BY_PROVIDER, **attributes: str | None) -> dict[str, Any]:
    """Return the event of somebody who comes through a provider; None takes an attribute away."""
    event = copy.deepcopy(documented()) | {"userName": user_name, "triggerSource": source}
    given = event["request"]["userAttributes"] | attributes
    event["request"]["userAttributes"] = {name: value for name, value in given.items() if value is not None}
    return event


def client_route(sign_up: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return the route of a silo tenant's app client, with its own provider and every social one."""
    says = {"signUp": sign_up} if sign_up else {}
    return route("silo", identityProviders=[PROVIDER, *SOCIAL]) | says | changes
