"""What is gone is denied, as AWS grants user pools by their tag: an abandonment goes on, and others' things stay."""

from typing import Any

import pytest

from orchestrator.identity import shared_pools
from orchestrator.tenants import lifecycle
from tests.unit import faults
from tests.unit.every_tier import CASES, world
from tests.unit.identity.user_pools import delete_pool
from tests.unit.operations.undoing import Undoing, undoing
from tests.unit.strict_cognito import Rules

__all__ = ["undoing", "world"]


@pytest.fixture(autouse=True)
def by_tag(cognito_rules: Rules) -> Any:
    """Functions use user pools by their tag, as they do on AWS."""
    cognito_rules.by_tag = True
    yield
    cognito_rules.by_tag = False


@pytest.mark.parametrize("step", ["CreateTenantGroup", "SendWelcomeEmail", "CompleteOnboarding"])
@pytest.mark.parametrize("case", CASES)
def test_a_tenant_whose_user_pool_is_gone_is_abandoned_at_the_first_try(case: str, step: str, undoing: Undoing) -> None:
    undoing.fail_before(CASES[case], step)
    delete_pool(undoing.world.clients, undoing.record["resources"]["userPoolId"])
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED, undoing.told
    assert undoing.everything()["cognito"] == {}
    assert not [route for route in undoing.everything()["routes"].values() if not route.get("shared")]
    for row in shared_pools.list_rows(undoing.world.clients, undoing.world.settings):
        assert (row["groups"], row["appClients"]) == (0, 2)


@pytest.mark.parametrize("step", ["RemoveTenantUsers", "RemoveAppClient", "RemoveTenantGroup", "VerifyAbandonment"])
def test_so_is_one_whose_user_pool_goes_while_it_is_abandoned(step: str, undoing: Undoing) -> None:
    undoing.fail_before(CASES["bridge with SAML"], "CompleteOnboarding")
    user_pool_id = undoing.record["resources"]["userPoolId"]
    undoing.abandon()
    undoing.undo(until=step)
    delete_pool(undoing.world.clients, user_pool_id)
    assert undoing.undo() == lifecycle.ABANDONED, undoing.told


@pytest.mark.parametrize("strike", [faults.lost_response, faults.death_after, faults.server_error_after_effect])
def test_a_deletion_whose_answer_is_lost_was_one(strike: Any, undoing: Undoing) -> None:
    """The SDK's repeat is denied, as the user pool is gone by then."""
    undoing.fail_before(CASES["silo"], "CompleteOnboarding")
    undoing.abandon()
    with undoing.world.wire.strikes("DeleteUserPool", strike) as lost:
        assert undoing.undo() == lifecycle.ABANDONED, undoing.told
    assert lost.struck == 1
    assert undoing.everything()["cognito"] == {}


def test_a_user_pool_that_a_listing_lacks_once_is_not_gone(undoing: Undoing) -> None:
    undoing.fail_before(CASES["silo"], "CompleteOnboarding")
    undoing.abandon()
    wire, denied = undoing.world.wire, faults.access_denied("cognito-idp:DescribeUserPool")
    with (
        wire.strikes("ListUserPools", faults.answered(UserPools=[])),
        wire.strikes("DescribeUserPool", denied),
    ):
        assert undoing.undo() == lifecycle.FAILED
    assert undoing.told[-1].code == "AccessDeniedException"


@pytest.mark.parametrize("case", ["pool", "bridge", "silo"])
def test_a_denial_on_a_user_pool_that_is_there_is_a_denial(case: str, undoing: Undoing) -> None:
    undoing.fail_before(CASES[case], "CompleteOnboarding")
    before = undoing.everything()
    undoing.abandon()
    with undoing.world.wire.strikes("ListUsers", faults.access_denied("cognito-idp:ListUsers"), times=faults.ALWAYS):
        assert undoing.undo() == lifecycle.FAILED
    assert (undoing.told[-1].code, undoing.everything()) == ("AccessDeniedException", before)


@pytest.mark.parametrize("operation", ["DescribeUserPool", "DescribeIdentityProvider"])
def test_what_is_listed_and_not_shown_is_not_taken_for_gone(operation: str, undoing: Undoing) -> None:
    """A read that lags must not leave anything behind."""
    case = "silo" if operation == "DescribeUserPool" else "bridge with SAML"
    undoing.fail_before(CASES[case], "CompleteOnboarding")
    undoing.world.onboard(CASES["pool"], "globex")
    kept = {name for name in undoing.everything()["cognito"] if "shared" in name}
    undoing.abandon()
    with undoing.world.wire.strikes(operation, faults.refused("ResourceNotFoundException")) as lag:
        assert undoing.undo() == lifecycle.ABANDONED, undoing.told
    assert lag.struck == 1
    assert set(undoing.everything()["cognito"]) == kept
    assert not any(pool["providers"] for pool in undoing.everything()["cognito"].values())


def test_an_app_client_that_is_not_shown_is_looked_for_in_the_list(undoing: Undoing) -> None:
    undoing.fail_before(CASES["bridge"], "CompleteOnboarding")
    undoing.abandon()
    with undoing.world.wire.strikes("DescribeUserPoolClient", faults.refused("ResourceNotFoundException")) as lag:
        assert undoing.undo(until="RemoveIdentityProviders") == lifecycle.ABANDONING
    assert lag.struck == 1
    assert undoing.world.wire.count("DeleteUserPoolClient") == 1


@pytest.mark.parametrize("owner", ["", "globex"])
@pytest.mark.parametrize("status", ["CONFIRMED", "FORCE_CHANGE_PASSWORD"])
def test_a_user_of_the_admins_name_that_is_not_the_tenants_keeps_nobody_back_and_stays(
    status: str, owner: str, undoing: Undoing
) -> None:
    undoing.fail_before(CASES["pool"], "CreateTenantAdmin")
    pool_id, username = undoing.record["resources"]["userPoolId"], CASES["pool"].username
    attributes: Any = [{"Name": "custom:tenantId", "Value": owner}] if owner else []
    undoing.world.clients.cognito.admin_create_user(UserPoolId=pool_id, Username=username, UserAttributes=attributes)
    undoing.set_status(pool_id, username, status)
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED, undoing.told
    (pool,) = undoing.everything()["cognito"].values()
    assert pool["users"] == {username}
