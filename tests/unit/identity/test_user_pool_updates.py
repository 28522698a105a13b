"""An update changes what it is to change, and nothing else of a user pool."""

from typing import Any

import botocore.session
import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.identity import cognito
from orchestrator.identity.desired_settings import DESCRIBED_AS, OF_APP_CLIENT, OF_USER_POOL
from orchestrator.identity.user_pool_updates import (
    NEVER_SENT_OF_CLIENT,
    SENT_ALONG,
    SENT_ALONG_OF_CLIENT,
    whole,
    whole_client,
)
from orchestrator.tenants import lifecycle
from tests.unit import faults
from tests.unit.every_tier import CASES, world
from tests.unit.identity.user_pools import SHARED, pool_id
from tests.unit.operations.undoing import Undoing, undoing

__all__ = ["pool_id", "undoing", "world"]

OF_THE_MOMENT = ("DeletionProtection", "LastModifiedDate")
LOST_BY_MOTO = ("UsernameConfiguration",)
"""No update takes it, nor changes it at AWS."""


def described(clients: Clients, pool_id: str) -> dict[str, Any]:
    found: Any = clients.cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    return {name: value for name, value in found.items() if name not in OF_THE_MOMENT + LOST_BY_MOTO}


def test_every_parameter_that_an_update_takes_is_sent_along() -> None:
    """One that is new in Cognito's model fails this test until somebody decides about it."""
    model = botocore.session.get_session().get_service_model("cognito-idp")
    shape: Any = model.operation_model("UpdateUserPool").input_shape
    assert {"UserPoolId", "PoolName", *SENT_ALONG} == set(shape.members)
    assert set(SENT_ALONG) <= set(model.shape_for("UserPoolType").members)  # type: ignore[attr-defined]  # a structure


def test_every_parameter_that_an_update_of_an_app_client_takes_is_sent_along_or_has_a_reason() -> None:
    """One that is new in Cognito's model fails this test until somebody decides about it; no secret is sent."""
    model = botocore.session.get_session().get_service_model("cognito-idp")
    shape: Any = model.operation_model("UpdateUserPoolClient").input_shape
    described: Any = model.shape_for("UserPoolClientType")
    assert {"UserPoolId", "ClientId", *SENT_ALONG_OF_CLIENT, *NEVER_SENT_OF_CLIENT} == set(shape.members)
    assert set(SENT_ALONG_OF_CLIENT) <= set(described.members)
    assert not set(NEVER_SENT_OF_CLIENT) & set(described.members)
    assert not any("Secret" in name for name in SENT_ALONG_OF_CLIENT)


def test_what_creates_a_user_pool_or_an_app_client_has_a_rule_for_each_parameter_and_no_other(
    settings: Settings,
) -> None:
    """Whatever is named when one is created is compared, or somebody has said why not."""
    new = cognito.NewAppClient("", "shared", ("https://acme.app.example/back",), identity_providers=("Sso",))
    assert set(cognito.user_pool_parameters(settings, SHARED)) == set(OF_USER_POOL)
    assert set(cognito.app_client_parameters(settings, new)) == set(OF_APP_CLIENT)
    model = botocore.session.get_session().get_service_model("cognito-idp")
    described: Any = model.shape_for("UserPoolType")
    assert {DESCRIBED_AS.get(name, name) for name in OF_USER_POOL} <= set(described.members)


@pytest.mark.parametrize("name", SENT_ALONG_OF_CLIENT)
def test_each_setting_of_an_app_client_that_an_update_does_not_change_is_sent_as_it_was(name: str) -> None:
    """Whatever it is: with all that Cognito can describe, an update of another setting takes it along."""
    described = {each: f"the {each}" for each in (*SENT_ALONG_OF_CLIENT, "ClientId", "ClientSecret", "CreationDate")}
    sent = whole_client(described, AuthSessionValidity=15)
    assert sent[name] == (15 if name == "AuthSessionValidity" else f"the {name}")
    assert set(sent) == set(SENT_ALONG_OF_CLIENT)


def test_what_an_update_of_an_app_client_would_reset_is_noticed(clients: Clients, pool_id: str) -> None:
    """As Cognito does, the simulated one resets what it is not given."""
    made = clients.cognito.create_user_pool_client(
        UserPoolId=pool_id, ClientName="shared", WriteAttributes=["name"], ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"]
    )["UserPoolClient"]
    which: Any = {"UserPoolId": pool_id, "ClientId": made["ClientId"]}
    for name in ("WriteAttributes", "ExplicitAuthFlows"):
        whole_of_it = whole_client(made)
        clients.cognito.update_user_pool_client(**which, **whole_of_it)
        found: Any = clients.cognito.describe_user_pool_client(**which)["UserPoolClient"]
        assert found[name] == whole_of_it[name]
        del whole_of_it[name]
        clients.cognito.update_user_pool_client(**which, **whole_of_it)
        found = clients.cognito.describe_user_pool_client(**which)["UserPoolClient"]
        assert found.get(name) != whole_client(made)[name]


def test_a_user_pool_without_protection_is_as_it_was(clients: Clients, settings: Settings, pool_id: str) -> None:
    cognito.set_mfa(clients.cognito, pool_id, "ON")
    before = described(clients, pool_id)
    found: Any = clients.cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    clients.cognito.update_user_pool(UserPoolId=pool_id, **whole(found, DeletionProtection="INACTIVE"))
    assert described(clients, pool_id) == before
    assert before["Policies"] == cognito.user_pool_parameters(settings, SHARED)["Policies"]
    found = clients.cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    assert found["DeletionProtection"] == "INACTIVE"


def test_of_two_names_for_one_setting_the_newer_is_sent() -> None:
    found = {
        "Policies": {"PasswordPolicy": {"TemporaryPasswordValidityDays": 7}},
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True, "UnusedAccountValidityDays": 7},
    }
    assert whole(found)["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    del found["Policies"]
    assert whole(found)["AdminCreateUserConfig"] == found["AdminCreateUserConfig"]


def test_a_text_that_is_empty_is_left_out() -> None:
    """Cognito takes none, and has none to lose."""
    assert whole({"SmsVerificationMessage": "", "AutoVerifiedAttributes": []}) == {"AutoVerifiedAttributes": []}


def test_an_abandonment_that_cannot_delete_a_user_pool_leaves_it_as_it_was(undoing: Undoing) -> None:
    security = {"mfa": "ON", "passwordPolicy": {"minimumLength": 30}}
    undoing.fail_before(CASES["silo"], "SendWelcomeEmail", security=security)
    user_pool_id = undoing.record["resources"]["userPoolId"]
    before = described(undoing.world.clients, user_pool_id)
    undoing.abandon()
    denied = faults.access_denied("cognito-idp:DeleteUserPool")
    with undoing.world.wire.strikes("DeleteUserPool", denied, times=faults.ALWAYS):
        assert undoing.undo() == lifecycle.FAILED
    after = described(undoing.world.clients, user_pool_id)
    assert undoing.world.wire.count("UpdateUserPool") == 1
    gone_first = {"Domain", "EstimatedNumberOfUsers"}
    assert {k: v for k, v in after.items() if k not in gone_first} == {
        k: v for k, v in before.items() if k not in gone_first
    }


@pytest.mark.parametrize("name", ["LambdaConfig", "AdminCreateUserConfig", "Policies", "MfaConfiguration"])
def test_what_would_be_reset_is_noticed(name: str, clients: Clients, pool_id: str) -> None:
    """As Cognito does, moto resets what it is not given."""
    cognito.set_mfa(clients.cognito, pool_id, "ON")
    before = described(clients, pool_id)
    found: Any = clients.cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    lacking = whole(found)
    del lacking[name]
    clients.cognito.update_user_pool(UserPoolId=pool_id, **lacking)
    assert described(clients, pool_id).get(name) != before[name]
