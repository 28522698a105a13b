"""An abandonment removes nothing that is in use, another's or shared, whatever the record says."""

import pytest

from orchestrator.aws.dynamodb import Change
from orchestrator.operations import retry
from orchestrator.tenants import lifecycle
from tests.unit import faults
from tests.unit.every_tier import CASES, OWN_CLIENT, SHARED_POOL, SILO_POOL, user_pools, world
from tests.unit.identity.providers import ACME
from tests.unit.operations.undoing import Undoing, confirm, undoing

__all__ = ["undoing", "world"]


def test_a_user_who_signed_in_keeps_the_tenant_whole(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "CompleteOnboarding")
    before = undoing.everything()
    confirm(undoing, "acme/admin@acme.example")
    undoing.abandon()
    assert undoing.undo() == lifecycle.FAILED
    failure = undoing.record["failure"]
    assert (failure["step"], failure["error"]) == ("CheckNobodySignedIn", "AbandonmentError")
    assert "acme/admin@acme.example" in failure["message"]
    assert "onboard retry acme" in failure["nextAction"]
    assert undoing.everything() == before
    (told,) = [event for event in undoing.world.stack.published("TenantOnboardingFailed") if event["attempt"] == 2]
    assert "admin@" not in str(told)


def test_a_tenant_whose_abandonment_removed_nothing_can_be_retried(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "CompleteOnboarding")
    confirm(undoing, "acme/admin@acme.example")
    undoing.abandon()
    undoing.undo()
    assert retry(undoing.world.clients, undoing.world.settings, "acme").attempt == 3
    undoing.run("CompleteOnboarding")
    assert undoing.record["status"] == lifecycle.COMPLETED
    assert undoing.world.stack.counters() == {"COMPLETED#pool": 1}


def test_a_silo_user_who_signed_in_keeps_the_tenant_whole(undoing: Undoing) -> None:
    undoing.fail_before(CASES["silo"], "CompleteOnboarding")
    before = undoing.everything()
    confirm(undoing, "admin@acme.example")
    undoing.abandon()
    assert undoing.undo() == lifecycle.FAILED
    assert undoing.everything() == before


def test_a_silo_user_who_signs_in_at_the_last_moment_keeps_the_user_pool(undoing: Undoing) -> None:
    undoing.fail_before(CASES["silo"], "CompleteOnboarding")
    undoing.abandon()
    sign_in = faults.preceded_by(lambda: confirm(undoing, "admin@acme.example"))
    with undoing.world.wire.strikes("UpdateUserPool", sign_in):
        assert undoing.undo() == lifecycle.FAILED
    assert undoing.record["failure"]["step"] == "RemoveUserPool"
    assert undoing.world.wire.count("DeleteUserPool") == 0
    assert user_pools(undoing.world.clients)[SILO_POOL]["users"] == {"admin@acme.example"}
    (created,), (unprotected,) = (undoing.world.wire.bodies(f"{name}UserPool") for name in ("Create", "Update"))
    assert unprotected["LambdaConfig"] == created["LambdaConfig"]


@pytest.mark.parametrize("where", ["by its name", "in its group"])
def test_somebody_whom_an_identity_provider_let_in_keeps_the_tenant_whole(where: str, undoing: Undoing) -> None:
    undoing.fail_before(CASES["bridge with SAML"], "CompleteOnboarding")
    pool_id, cognito = undoing.record["resources"]["userPoolId"], undoing.world.clients.cognito
    username = f"{ACME}-AcmeSSO_4711" if where == "by its name" else "linked"
    cognito.admin_create_user(UserPoolId=pool_id, Username=username)
    undoing.set_status(pool_id, username, "EXTERNAL_PROVIDER")
    if where == "in its group":
        group = f"{pool_id}_{ACME}-AcmeSSO"
        cognito.create_group(UserPoolId=pool_id, GroupName=group)
        cognito.admin_add_user_to_group(UserPoolId=pool_id, Username=username, GroupName=group)
    before = undoing.everything()
    undoing.abandon()
    assert undoing.undo() == lifecycle.FAILED
    assert undoing.record["failure"]["step"] == "CheckNobodySignedIn"
    assert undoing.everything() == before


def test_the_group_that_cognito_made_for_a_provider_goes_with_it(undoing: Undoing) -> None:
    undoing.world.onboard(CASES["pool"], "globex")
    before = undoing.everything()
    undoing.fail_before(CASES["bridge with SAML"], "CompleteOnboarding")
    pool_id = undoing.record["resources"]["userPoolId"]
    undoing.world.clients.cognito.create_group(UserPoolId=pool_id, GroupName=f"{pool_id}_{ACME}-AcmeSSO")
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED
    assert undoing.everything() == before


def test_what_bears_the_tenants_names_and_is_not_its_own_stays(undoing: Undoing) -> None:
    undoing.fail_before(CASES["bridge with SAML"], "CreateTenantGroup")
    pool_id, cognito = undoing.record["resources"]["userPoolId"], undoing.world.clients.cognito
    cognito.create_group(UserPoolId=pool_id, GroupName="acme", Description="somebody else's")
    attributes = [{"Name": "custom:tenantId", "Value": "globex"}]
    cognito.admin_create_user(UserPoolId=pool_id, Username="acme/x@globex.example", UserAttributes=attributes)  # type: ignore[arg-type]  # the stubs' TypedDict
    provider = {"ProviderType": "SAML", "ProviderDetails": {"MetadataURL": "https://idp.x.example/m"}}
    cognito.create_identity_provider(UserPoolId=pool_id, ProviderName=f"{ACME}-Other", **provider)  # type: ignore[arg-type]  # the same
    undoing.world.stack.change(steps=undoing.record["steps"] | {"CreateIdentityProviders": {**BEGUN}})
    theirs = undoing.everything()["cognito"]
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED, undoing.told
    assert undoing.everything()["cognito"] == theirs


BEGUN = {"status": "FAILED", "begun": 1, "settled": 1}


def test_a_user_pool_of_that_name_with_another_owner_stays(undoing: Undoing) -> None:
    path = undoing.world.claim(CASES["silo"])
    with undoing.world.wire.strikes("CreateUserPool", faults.death_before), pytest.raises(faults.DeathError):
        undoing.run(path[0], lease=-1)
    cognito = undoing.world.clients.cognito
    cognito.create_user_pool(PoolName=SILO_POOL, UserPoolTags={"tenant-onboarding:owner": "other/silo/acme"})
    undoing.fail()
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED
    assert set(user_pools(undoing.world.clients)) == {SILO_POOL}


def test_an_app_client_that_the_record_names_by_mistake_stays(undoing: Undoing) -> None:
    undoing.fail_before(CASES["bridge"], "RegisterRouting")
    pool = user_pools(undoing.world.clients)[SHARED_POOL]
    undoing.world.stack.change(resources=undoing.record["resources"] | {"appClientId": pool["clients"][SHARED_POOL]})
    undoing.abandon()
    assert undoing.undo() == lifecycle.FAILED
    assert undoing.record["failure"]["step"] == "VerifyAbandonment"
    assert SHARED_POOL in user_pools(undoing.world.clients)[SHARED_POOL]["clients"]
    assert OWN_CLIENT in undoing.record["failure"]["message"] or "app client" in undoing.record["failure"]["message"]


def test_a_key_that_another_tenant_holds_stays(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "RegisterRouting")
    key = {"routeKey": "subdomain#acme"}
    change = Change("routes", key).set("tenantId", "globex")
    undoing.world.clients.dynamodb.update_item(**change.arguments())
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED
    left = undoing.world.stack.routes()
    assert {key for key, route in left.items() if "shared" not in route} == {"subdomain#acme"}


@pytest.mark.parametrize("silo", [True, False])
def test_no_call_of_an_abandonment_could_delete_a_shared_user_pool(undoing: Undoing, *, silo: bool) -> None:
    undoing.world.onboard(CASES["pool"], "globex")
    undoing.fail_before(CASES["silo" if silo else "bridge"], "RegisterRouting")
    undoing.abandon()
    undoing.world.wire.attempts.clear()
    undoing.undo()
    shared = user_pools(undoing.world.clients)[SHARED_POOL]["id"]
    deleting = ("DeleteUserPool", "DeleteUserPoolDomain", "UpdateUserPool")
    struck = [body["UserPoolId"] for operation in deleting for body in undoing.world.wire.bodies(operation)]
    assert len(struck) == (3 if silo else 0)
    assert shared not in struck
