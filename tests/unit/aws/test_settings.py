"""What a deployment chooses is read from the environment once, and a wrong choice is named."""

import pytest
from pydantic import ValidationError

from orchestrator.aws.settings import Settings

LEAST = {
    "AWS_REGION": "eu-central-1",
    "ONBOARDING_STACK_NAME": "TenantOnboarding",
    "ONBOARDING_DEPLOYMENT_ID": "0f1e",
    "ONBOARDING_ACCOUNT_ID": "123456789012",
    "ONBOARDING_TENANTS_TABLE": "tenants",
    "ONBOARDING_ROUTES_TABLE": "routes",
    "ONBOARDING_SHARED_POOLS_TABLE": "shared-pools",
    "ONBOARDING_USERS_TABLE": "users",
    "ONBOARDING_EVENT_BUS": "tenant-onboarding",
    "ONBOARDING_APP_DOMAIN": "app.product.example",
    "ONBOARDING_SENDER": "welcome@product.example",
}


def read(**chosen: str) -> Settings:
    """Return the settings of an environment, each name without its prefix and in small letters."""
    return Settings.from_environment(LEAST | {f"ONBOARDING_{name.upper()}": value for name, value in chosen.items()})


def test_what_nobody_chose_has_a_default() -> None:
    settings = read()
    assert (settings.region, settings.regions) == ("eu-central-1", ())
    assert settings.plans == {"basic": "pool", "standard": "bridge", "premium": "silo"}
    assert (settings.secret_prefix, settings.feature_plan) == ("tenant-onboarding", "ESSENTIALS")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("gold=silo", {"gold": "silo"}),
        ("basic=pool,Team 2.0=bridge,premium=silo", {"basic": "pool", "Team 2.0": "bridge", "premium": "silo"}),
        ("free=pool,trial=pool", {"free": "pool", "trial": "pool"}),
    ],
)
def test_plans_are_pairs_of_a_plan_and_its_tier(text: str, expected: dict[str, str]) -> None:
    assert read(plans=text).plans == expected


@pytest.mark.parametrize("text", ["gold", "gold=", "gold=Silo", "gold=premium", "gold=silo=pool"])
def test_a_plan_without_a_tier_is_no_plan(text: str) -> None:
    with pytest.raises(ValidationError, match="plans"):
        read(plans=text)


@pytest.mark.parametrize(
    ("text", "expected"), [("", ()), ("eu-west-1", ("eu-west-1",)), ("eu-west-1,us-east-1", ("eu-west-1", "us-east-1"))]
)
def test_regions_are_separated_by_commas(text: str, expected: tuple[str, ...]) -> None:
    assert read(regions=text).regions == expected


@pytest.mark.parametrize(("text", "expected"), [("", ()), ("SAML", ("SAML",)), ("OIDC,SAML", ("OIDC", "SAML"))])
def test_which_providers_bridge_tenants_may_bring_can_be_chosen(text: str, expected: tuple[str, ...]) -> None:
    assert read().bridge_providers == ("SAML", "OIDC")
    assert read(bridge_providers=text).bridge_providers == expected


@pytest.mark.parametrize("partition", ["aws", "aws-us-gov", "aws-cn"])
def test_the_partition_is_that_of_the_workflow(partition: str) -> None:
    arn = f"arn:{partition}:states:eu-central-1:123456789012:stateMachine:tenant-onboarding"
    assert read(state_machine_arn=arn).partition == partition


def test_without_a_workflow_the_partition_is_the_usual_one() -> None:
    assert read().partition == "aws"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("feature_plan", "lite"),
        ("access_token_minutes", "4"),
        ("refresh_token_days", "3651"),
        ("identity_providers_per_pool", "1001"),
        ("groups_per_pool", "10001"),
        ("in_doubt_wait_seconds", "-1"),
    ],
)
def test_a_choice_beyond_what_cognito_allows_is_named(name: str, value: str) -> None:
    with pytest.raises(ValidationError, match=name):
        read(**{name: value})


@pytest.mark.parametrize("name", LEAST)
def test_what_must_be_chosen_and_is_not_is_named(name: str) -> None:
    environment = {key: value for key, value in LEAST.items() if key != name}
    field = name.removeprefix("ONBOARDING_").removeprefix("AWS_").lower()
    with pytest.raises(ValidationError, match=field):
        Settings.from_environment(environment)


def test_what_is_no_setting_is_left_alone() -> None:
    assert Settings.from_environment(LEAST | {"PATH": "/bin", "ONBOARDING_NOVELTY": "1"}) == read()


def test_settings_are_trusted_for_nobody_can_change_them() -> None:
    with pytest.raises(ValidationError):
        read().region = "us-east-1"  # type: ignore[misc]  # that is the point
