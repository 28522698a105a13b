"""What the last run of `onboard converge` wrote down, and by which wishes it went: one read, for the doctor."""

import hashlib
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.aws import writes
from orchestrator.identity import cognito, desired_settings, server_client_settings
from orchestrator.tenants.counters import COUNTERS
from orchestrator.tenants.ledger import timestamp
from orchestrator.tenants.records import by_key

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

KEY = {"tenantId": f"{COUNTERS}#CONVERGED", "item": COUNTERS}
"""Beside the counters, as whoever examines a deployment may read these and no tenant."""


def wishes(settings: "Settings") -> str:
    """Return the fingerprint of what release and deployment want of every user pool and app client."""
    pool = cognito.NewUserPool("", "", settings.region)
    clients = (cognito.NewAppClient("", "", ("https://a.example",), identity_providers=each) for each in ((), ("P",)))
    wanted = [
        cognito.user_pool_parameters(settings, pool),
        *(cognito.app_client_parameters(settings, client) for client in clients),
        server_client_settings.parameters("", ""),
        [settings.callback_path, settings.logout_path],
        {name: rule.name for name, rule in (desired_settings.OF_USER_POOL | desired_settings.OF_APP_CLIENT).items()},
    ]
    return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()


def write(clients: "Clients", settings: "Settings", counted: Mapping[Any, int]) -> None:
    """Write down what a run that came to its end has counted, by result, in the place of what an earlier one wrote."""
    numbers = {name: int(number) for name, number in counted.items()}
    note = KEY | {"wishes": wishes(settings), "endedAt": timestamp(time.time()), "counted": numbers}
    writes.in_turn(clients.dynamodb.put_item, TableName=settings.tenants_table, Item=note)


def read(clients: "Clients", settings: "Settings") -> dict[str, Any] | None:
    """Return what was written down last: `wishes`, `endedAt` and `counted`; None if no run has come to its end."""
    return next(iter(by_key(clients, settings, [KEY])), None)
