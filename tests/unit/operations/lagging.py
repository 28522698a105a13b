"""A stack of an earlier release: what its user pools and app clients lack of what this one makes, and what is kept."""

from collections.abc import Iterator
from typing import Any

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.identity.paced_calls import PacedCalls
from orchestrator.identity.user_pool_updates import whole, whole_client
from orchestrator.operations import convergence
from orchestrator.operations.convergence import Converged
from orchestrator.tenants.ledger import Record

LOST_BY_MOTO = ("UsernameConfiguration",)
"""No update takes it, nor changes it at AWS."""


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


def run(clients: Clients, settings: Settings, *, dry_run: bool = False, clock: Clock | None = None) -> list[Converged]:
    """Converge all there is; return what became of each user pool and app client."""
    return [each for each in run_all(clients, settings, dry_run=dry_run, clock=clock) if each.kind != "admin"]


def run_all(
    clients: Clients, settings: Settings, *, dry_run: bool = False, clock: Clock | None = None
) -> list[Converged]:
    """Converge all there is; return what became of each, admins among them."""
    clock = clock or Clock()
    owners = convergence.owners(clients, settings)
    paced = PacedCalls(clock=clock, sleep=clock.sleep)
    return [each for found in convergence.converge(clients, settings, owners, paced, dry_run=dry_run) for each in found]


def user_pool(clients: Clients, pool_id: str) -> dict[str, Any]:
    """Return a user pool as Cognito describes it."""
    found: Any = clients.cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    return {name: value for name, value in found.items() if name not in ("LastModifiedDate", *LOST_BY_MOTO)}


def app_client(clients: Clients, pool_id: str, client_id: str) -> dict[str, Any]:
    """Return an app client as Cognito describes it."""
    found: Any = clients.cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId=client_id)["UserPoolClient"]
    return {name: value for name, value in found.items() if name != "LastModifiedDate"}


def change_user_pool(clients: Clients, pool_id: str, **changes: Any) -> None:
    """Let a user pool have other settings, and nothing else change."""
    clients.cognito.update_user_pool(UserPoolId=pool_id, **whole(user_pool(clients, pool_id), **changes))


def change_app_client(clients: Clients, record: Record, **changes: Any) -> None:
    """Let a tenant's app client have other settings, and nothing else change."""
    which = record["resources"]["userPoolId"], record["resources"]["appClientId"]
    found = app_client(clients, *which)
    clients.cognito.update_user_pool_client(UserPoolId=which[0], ClientId=which[1], **whole_client(found, **changes))


def settings_of(outcomes: list[Converged]) -> Iterator[str]:
    """Yield the settings that differed, each with the name of what it is a setting of."""
    for outcome in outcomes:
        kind = "client" if outcome.app_client_id else "pool"
        yield from (f"{kind} {outcome.name}: {each.setting}" for each in outcome.differences)
