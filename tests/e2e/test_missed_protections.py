"""Each protection is switched off once, and is missed: so the sweep would find what it protects from."""

import re
import time
from shlex import quote

import pytest

from orchestrator import operations
from tests.e2e import unprotected
from tests.e2e.blows import Blow
from tests.e2e.faults import lost_response
from tests.e2e.held_calls import Hold
from tests.e2e.inventory import take_inventory
from tests.e2e.sweep import TENANT_PATTERN, Sweep
from tests.e2e.world import WAIT_SECONDS, tenant, wait_until, world


def start_of(protection: str) -> str:
    """Return what a function's interpreter runs so that the protection is off."""
    return f"{quote(unprotected.__file__)} {protection}"


@pytest.mark.parametrize(
    ("protection", "blow"),
    [
        ("sdk_retries", Blow("silo", "cognito-idp:CreateUserPool", 1, lost_response)),
        ("no_look", Blow("bridge", "cognito-idp:CreateUserPoolClient", 1, lost_response)),
    ],
)
def test_without_a_protection_the_sweep_finds_a_duplicate(protection: str, blow: Blow) -> None:
    with world(runtime=start_of(protection)) as unsafe:
        unsafe.proxy.tenant_pattern = re.compile(TENANT_PATTERN)
        unsafe.onboard(tenant("opener"))
        (outcome,) = Sweep(unsafe, [blow], report=lambda _: None).run()
    assert outcome.status == "COMPLETED"
    assert {"duplicate", "orphan"} <= {complaint.kind for complaint in outcome.complaints}


def test_without_a_lease_an_old_attempt_that_wakes_up_makes_a_twin() -> None:
    hold = Hold("sleeper", "cognito-idp:CreateUserPoolClient", seconds=WAIT_SECONDS / 2)
    with world(runtime=start_of("no_lease")) as unsafe, unsafe.proxy.struck_by(hold.choose):
        unsafe.emit(tenant("sleeper", tier="bridge"))
        wait_until(lambda: hold.held, "the create to be under way")
        unsafe.stop("sleeper")
        unsafe.wait_for("sleeper", "FAILED")
        operations.retry(unsafe.stack.clients, unsafe.stack.settings, "sleeper")
        wait_until(lambda: hold.let_go, "the old call to arrive")
        time.sleep(1)
        unsafe.wait_until_quiet()
        kinds = {complaint.kind for complaint in take_inventory(unsafe).complaints("sleeper")}
    assert "duplicate" in kinds
