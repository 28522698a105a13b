"""What the functions of the sign-in path share: somebody waits for them, so nothing here is slow to import."""

import os

from aws_lambda_powertools import Logger

from orchestrator.aws.clients import Clients
from tenant_onboarding.authorizer import registry
from tenant_onboarding.authorizer.registry import Route

logger = Logger(service="tenant-onboarding", level=os.environ.get("ONBOARDING_LOG_LEVEL", "INFO"))
FOR_A_SNAPSHOT = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start"
"""Whether all environments will begin with the memory of this one: what takes time to make is made at once, then."""
TELLS_NO_PERSON = ("client#", "tenant#")
"""The kinds of keys that may be logged; others are made from a person's address."""


def find(clients: Clients, key: str) -> list[Route]:
    """Return what the registry has for a key, none if it leads nowhere; the log tells whose app client it is."""
    found = registry.resolve_all(clients.registry, os.environ["ONBOARDING_ROUTES_TABLE"], key)
    if key.startswith(TELLS_NO_PERSON):
        logger.append_keys(routeKey=key, **({"clientOfTenant": found[0]["tenantId"]} if found else {}))
    return found
