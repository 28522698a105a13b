"""What the functions of the sign-in path share: somebody waits for them, so nothing here is slow to import."""

import os
from typing import Any

from aws_lambda_powertools import Logger

from orchestrator.aws.clients import Clients
from tenant_onboarding.authorizer import registry

logger = Logger(service="tenant-onboarding", level=os.environ.get("ONBOARDING_LOG_LEVEL", "INFO"))
FOR_A_SNAPSHOT = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start"
"""Whether all environments will begin with the memory of this one: what takes time to make is made at once, then."""
TELLS_NO_PERSON = ("client#", "tenant#")
"""The kinds of keys that may be logged; others are made from a person's address."""


def find(clients: Clients, key: str) -> dict[str, Any] | None:
    """Return what the registry has for a key, None if it leads nowhere; the log tells whose app client it is."""
    route = registry.resolve(clients.registry, os.environ["ONBOARDING_ROUTES_TABLE"], key)
    if key.startswith(TELLS_NO_PERSON):
        logger.append_keys(routeKey=key, **({"clientOfTenant": route["tenantId"]} if route else {}))
    return route
