"""One stack for all end-to-end tests: the synthesized template, IAM enforced, events in on the bus."""

from collections.abc import Iterator

import pytest

from orchestrator.local.product import Product, product
from tests.e2e.people import Person, everybody
from tests.e2e.world import World, tenant, world

FIRST_TENANTS = tuple(f"early-{number}" for number in range(8))


@pytest.fixture(scope="session")
def running_world() -> Iterator[World]:
    with world() as running:
        # Eight tenants at once on a fresh stack: all want the shared user pool that none has opened yet.
        for tenant_id in FIRST_TENANTS:
            running.emit(tenant(tenant_id))
        for tenant_id in FIRST_TENANTS:
            running.wait_for(tenant_id, "COMPLETED", "FAILED")
        yield running


@pytest.fixture
def everything(running_world: World) -> World:
    """The stack, with the first tenants onboarded."""
    return running_world


@pytest.fixture(scope="session")
def people(running_world: World) -> dict[str, Person]:
    """Somebody of each of seven tenants, signed in."""
    return everybody(running_world)


@pytest.fixture(scope="session")
def sample(running_world: World) -> Iterator[Product]:
    """The sample product, deployed beside the stack."""
    with product(running_world.stack) as deployed:
        yield deployed
