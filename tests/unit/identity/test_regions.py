"""A silo tenant's user pool is created only where the trigger is that its people's tokens need."""

from collections.abc import Callable

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import ConfigurationError, OnboardingError, ThrottledError
from orchestrator.aws.settings import Settings
from orchestrator.tenants.ledger import Record
from tests.unit import faults
from tests.unit.conftest import ACCOUNT
from tests.unit.faults import Wire
from tests.unit.simulated_aws import deploy_trigger

ELSEWHERE = "eu-west-1"
FUNCTION = f"arn:aws:lambda:{ELSEWHERE}:{ACCOUNT}:function:TenantOnboarding-token-claims"

Create = Callable[..., Record]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The settings of a stack that offers another Region."""
    return settings.model_copy(update={"regions": (ELSEWHERE,)})


@pytest.fixture
def create(claim: Callable[..., Record], run: Callable[..., None], record_of: Callable[..., Record]) -> Create:
    """Claim a silo tenant in a Region and run CreateUserPool, or run it again; returns the record."""
    claimed: list[Record] = []

    def create(region: str | None = ELSEWHERE) -> Record:
        if not claimed:
            claimed.append(claim(tier="silo", **({"region": region} if region else {})))
        run("CreateUserPool")
        return record_of()

    return create


def test_without_the_trigger_nothing_is_created(create: Create, wire: Wire) -> None:
    """The failure names the Region, what it lacks and what to deploy there."""
    with pytest.raises(ConfigurationError) as refused:
        create()
    assert refused.value.message == (
        f"{ELSEWHERE} has no {FUNCTION}:live, without which nobody could sign in at a user pool there"
    )
    assert refused.value.code == "RegionNotDeployed"
    assert refused.value.next_action == f"Deploy TenantOnboardingRegional in {ELSEWHERE}, then retry."
    assert wire.count("CreateUserPool") == 0


def test_once_the_trigger_is_deployed_a_retry_goes_on(create: Create, clients: Clients, wire: Wire) -> None:
    """What failed for want of it needs nothing else."""
    with pytest.raises(ConfigurationError):
        create()
    deploy_trigger(clients, ELSEWHERE)
    assert create()["resources"]["userPoolId"].startswith(f"{ELSEWHERE}_")
    assert wire.count("CreateUserPool") == 1


def test_a_function_without_its_alias_is_no_trigger(create: Create, clients: Clients, wire: Wire) -> None:
    """User pools call the alias: what starts from a snapshot is the version behind it."""
    deploy_trigger(clients, ELSEWHERE, alias=None)
    with pytest.raises(ConfigurationError, match="has no"):
        create()
    assert wire.count("CreateUserPool") == 0


def test_at_home_nobody_asks_for_it(create: Create, settings: Settings, wire: Wire) -> None:
    """The home Region's trigger is deployed with the function that creates the user pool."""
    assert create(None)["resources"]["userPoolId"].startswith(f"{settings.region}_")
    assert wire.count("GetFunctionConfiguration") == 0


@pytest.mark.parametrize(
    ("code", "expected"),
    [("AccessDeniedException", ConfigurationError), ("TooManyRequestsException", ThrottledError)],
)
def test_an_answer_that_tells_nothing_is_an_error_of_its_own(
    code: str, expected: type[OnboardingError], create: Create, clients: Clients, wire: Wire
) -> None:
    """Only an answer that the trigger is missing says so; no other lets a user pool be created."""
    deploy_trigger(clients, ELSEWHERE)
    with (
        wire.strikes("GetFunctionConfiguration", faults.refused(code), times=faults.ALWAYS),
        pytest.raises(expected) as told,
    ):
        create()
    assert told.value.code == code
    assert wire.count("CreateUserPool") == 0
