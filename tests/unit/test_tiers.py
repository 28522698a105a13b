"""What a plan stands for, what each tier may carry, and the steps that lead there."""

from typing import Any

import pytest

from orchestrator import tiers
from orchestrator.contracts import Reason, TenantCreated
from orchestrator.contracts.fields import TIERS, Tier
from orchestrator.contracts.identity_providers import SOCIAL_TYPES
from orchestrator.settings import Settings
from tests.unit.conftest import ACCOUNT, REGION, tenant_created
from tests.unit.test_provider_contracts import LEAST, OIDC, SAML

ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:tenant-onboarding/acme/sso-AbC123"
ELSEWHERE = "eu-west-1"


@pytest.fixture
def offering(settings: Settings) -> Settings:
    """Settings that offer a second Region to silo tenants."""
    return settings.model_copy(update={"regions": (ELSEWHERE,)})


def problems(settings: Settings, tier: Tier, **changes: Any) -> list[str]:
    """Return the fields of acme's event that its tier, or the deployment, cannot carry."""
    return [problem.field for problem in found(settings, tier, **changes)]


def found(settings: Settings, tier: Tier, **changes: Any) -> list[Reason]:
    request = TenantCreated.model_validate(tenant_created("acme", tier=tier, **changes))
    return list(tiers.problems(settings, tier, request))


# Plans


@pytest.mark.parametrize(
    ("plan", "tier"),
    [("basic", "pool"), ("standard", "bridge"), ("premium", "silo"), *((tier, tier) for tier in TIERS)],
)
def test_a_plan_stands_for_a_tier_and_a_tier_for_itself(settings: Settings, plan: str, tier: Tier) -> None:
    assert tiers.of_plan(settings, plan) == tier
    assert tiers.plan_problems(settings, tenant_created(tier=plan)) == []


@pytest.mark.parametrize("tier", TIERS)
def test_a_tiers_own_name_is_accepted_whatever_the_plans_are(settings: Settings, tier: Tier) -> None:
    for plans in ({}, {"silo": "pool", "pool": "silo", "bridge": "pool"}):
        chosen = settings.model_copy(update={"plans": plans})
        assert tiers.plan_problems(chosen, {"tier": tier}) == []
        assert tiers.of_plan(chosen, tier) == tier


@pytest.mark.parametrize("plan", ["gold", "Premium", "PREMIUM", "Silo", "premium2", "basic.pool", "plan"])
def test_an_unknown_plan_is_refused_and_the_known_ones_are_named(settings: Settings, plan: str) -> None:
    message = "must be one of pool, bridge, silo, basic, standard, premium"
    assert tiers.plan_problems(settings, {"tier": plan}) == [Reason(field="tier", message=message)]
    with pytest.raises(KeyError):
        tiers.of_plan(settings, plan)


def test_without_plans_the_tiers_alone_are_named(settings: Settings) -> None:
    without = settings.model_copy(update={"plans": {}})
    expected = [Reason(field="tier", message="must be one of pool, bridge, silo")]
    assert tiers.plan_problems(without, {"tier": "basic"}) == expected


@pytest.mark.parametrize(
    "detail",
    [
        *(None, 7, "pool", [], [{"tier": "gold"}], {}),
        *({"tier": tier} for tier in (None, 7, True, float("nan"), [], ["gold"], {"gold": 1})),
        *({"tier": tier} for tier in ("", "gold!", "\ud800", "g" * 65)),
    ],
    ids=ascii,
)
def test_of_what_can_be_no_plan_the_contract_speaks_alone(settings: Settings, detail: Any) -> None:
    assert tiers.plan_problems(settings, detail) == []


# What a tier may carry

POLICY = {"security": {"passwordPolicy": {"minimumLength": 20}}}
CARRIES: list[tuple[dict[str, Any], dict[Tier, list[str]]]] = [
    ({}, {"pool": [], "bridge": [], "silo": []}),
    (
        {"identityProviders": [], "appClient": None, "security": None, "region": None},
        {"pool": [], "bridge": [], "silo": []},
    ),
    ({"identityProviders": [SAML]}, {"pool": ["identityProviders"], "bridge": [], "silo": []}),
    ({"appClient": {}}, {"pool": ["appClient"], "bridge": [], "silo": []}),
    (
        {"appClient": {"callbackUrls": ["https://acme.example/"]}},
        {"pool": ["appClient"], "bridge": [], "silo": []},
    ),
    ({"security": {}}, {"pool": ["security"], "bridge": ["security"], "silo": []}),
    (POLICY, {"pool": ["security"], "bridge": ["security"], "silo": []}),
    ({"region": REGION}, {"pool": ["region"], "bridge": ["region"], "silo": []}),
    ({"region": ELSEWHERE}, {"pool": ["region"], "bridge": ["region"], "silo": []}),
    ({"region": "us-east-1"}, {"pool": ["region"], "bridge": ["region"], "silo": ["region"]}),
    (
        POLICY | {"identityProviders": [SAML], "appClient": {}, "region": REGION},
        {
            "pool": ["identityProviders", "appClient", "security", "region"],
            "bridge": ["security", "region"],
            "silo": [],
        },
    ),
]


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize(("asked", "expected"), CARRIES, ids=lambda value: ",".join(value)[:60])
def test_what_a_tier_cannot_carry_is_said_at_once(
    offering: Settings, tier: Tier, asked: dict[str, Any], expected: dict[Tier, list[str]]
) -> None:
    assert problems(offering, tier, **asked) == expected[tier]


@pytest.mark.parametrize("offered", [(), (ELSEWHERE,), (ELSEWHERE, REGION)])
def test_the_regions_offered_are_the_home_region_and_those_of_the_settings(
    settings: Settings, offered: tuple[str, ...]
) -> None:
    chosen = settings.model_copy(update={"regions": offered})
    expected = (REGION, ELSEWHERE) if offered else (REGION,)
    assert tiers.offered_regions(chosen) == expected
    for region in expected:
        assert found(chosen, "silo", region=region) == []
    message = f"must be one of the Regions offered: {', '.join(expected)}"
    assert found(chosen, "silo", region="us-east-1") == [Reason(field="region", message=message)]


@pytest.mark.parametrize(
    ("feature_plan", "size", "expected"),
    [
        ("LITE", 0, []),
        ("LITE", 1, ["security.passwordPolicy.passwordHistorySize"]),
        ("ESSENTIALS", 24, []),
        ("PLUS", 24, []),
    ],
)
def test_former_passwords_are_remembered_above_the_feature_plan_lite(
    settings: Settings, feature_plan: str, size: int, expected: list[str]
) -> None:
    chosen = settings.model_copy(update={"feature_plan": feature_plan})
    asked = {"passwordPolicy": {"passwordHistorySize": size}}
    assert problems(chosen, "silo", security=asked) == expected


# Identity providers


@pytest.mark.parametrize("kind", LEAST)
def test_a_social_provider_is_possible_where_the_user_pool_is_the_tenants_own(settings: Settings, kind: str) -> None:
    """Cognito names a social provider after its type: aws-cli#3179, terraform-provider-aws#4822."""
    provider = LEAST[kind] | ({} if kind == "SAML" else {"clientSecretArn": ARN})
    assert problems(settings, "silo", identityProviders=[provider]) == []
    expected = ["identityProviders[0].type"] if kind in SOCIAL_TYPES else []
    assert problems(settings, "bridge", identityProviders=[provider]) == expected


@pytest.mark.parametrize("kind", [kind for kind in LEAST if kind != "SAML"])
@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("/acme/", "/globex/"),
        ("/acme/", "/acme-2/"),
        ("/acme/", "/acm/"),
        ("/acme/", "/ACME/"),
        ("/acme/", "/acme"),
        ("/acme/", "/"),
        ("/acme/", "/globex/acme/"),
        ("secret:tenant-onboarding/", "secret:other/"),
        ("secret:tenant-onboarding/", "secret:tenant-onboarding-2/"),
        ("secret:tenant-onboarding/", "secret:x/tenant-onboarding/"),
        ("secret:tenant-onboarding/", "secret:/tenant-onboarding/"),
        (ACCOUNT, "210987654321"),
        (REGION, ELSEWHERE),
        (REGION, "eu-central-2"),
    ],
)
def test_a_secret_that_is_not_the_tenants_own_is_refused(settings: Settings, kind: str, part: str, other: str) -> None:
    foreign = ARN.replace(part, other)
    assert foreign != ARN
    [problem] = found(settings, "silo", identityProviders=[LEAST[kind] | {"clientSecretArn": foreign}])
    assert problem.field == "identityProviders[0].clientSecretArn"
    assert problem.message == (
        f"must name a secret of this account and Region {REGION} whose name begins with tenant-onboarding/acme/"
    )


def test_a_longer_tenant_id_has_its_own_secrets(settings: Settings) -> None:
    own = ARN.replace("/acme/", "/acme-2/")
    for arn, expected in ((own, []), (ARN, ["identityProviders[0].clientSecretArn"])):
        event = tenant_created("acme-2", tier="silo", identityProviders=[OIDC | {"clientSecretArn": arn}])
        found = tiers.problems(settings, "silo", TenantCreated.model_validate(event))
        assert [problem.field for problem in found] == expected


@pytest.mark.parametrize(
    "name",
    [
        "tenant-onboarding/acme/a/b/c-AbC123",
        "tenant-onboarding/acme/x_y+z=1@2.3-AbC123",
        "tenant-onboarding/acme/acme-AbC123",
    ],
)
def test_below_its_own_folder_a_secret_may_have_any_name(settings: Settings, name: str) -> None:
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:tenant-onboarding/acme/{name}"
    assert problems(settings, "bridge", identityProviders=[OIDC | {"clientSecretArn": arn}]) == []


def test_the_folder_of_secrets_is_a_setting(settings: Settings) -> None:
    chosen = settings.model_copy(update={"secret_prefix": "product/prod"})
    arn = ARN.replace("tenant-onboarding/", "product/prod/")
    assert problems(chosen, "silo", identityProviders=[OIDC | {"clientSecretArn": arn}]) == []
    assert problems(chosen, "silo", identityProviders=[OIDC | {"clientSecretArn": ARN}])


def test_a_secret_stays_in_the_home_region_wherever_the_user_pool_is(offering: Settings) -> None:
    home = OIDC | {"clientSecretArn": ARN}
    there = OIDC | {"clientSecretArn": ARN.replace(REGION, ELSEWHERE)}
    assert problems(offering, "silo", region=ELSEWHERE, identityProviders=[home]) == []
    expected = ["identityProviders[0].clientSecretArn"]
    assert problems(offering, "silo", region=ELSEWHERE, identityProviders=[there]) == expected


def test_of_several_providers_each_is_judged(settings: Settings) -> None:
    google = LEAST["Google"] | {"name": "google", "clientSecretArn": ARN.replace("/acme/", "/globex/")}
    oidc = OIDC | {"name": "oidc", "clientSecretArn": ARN.replace(ACCOUNT, "210987654321")}
    assert problems(settings, "bridge", identityProviders=[SAML, google, oidc]) == [
        "identityProviders[1].type",
        "identityProviders[1].clientSecretArn",
        "identityProviders[2].clientSecretArn",
    ]


def test_what_a_tier_cannot_carry_is_told_without_repeating_it(settings: Settings) -> None:
    marked = OIDC | {"clientSecretArn": ARN.replace("/acme/", "/s3cr3t-marker/")}
    for problem in found(settings, "pool", identityProviders=[marked], region="us-east-1"):
        assert "s3cr3t-marker" not in problem.message
        assert "us-east-1" not in problem.message


# The way through the workflow

FIRST: dict[Tier, list[str]] = {
    "pool": ["AssignSharedPool", "CreateTenantGroup"],
    "bridge": ["AssignSharedPool", "CreateTenantGroup"],
    "silo": ["CreateUserPool", "ConfigureUserPool", "CreateTenantGroup"],
}
LAST = ["RegisterRouting", "SendWelcomeEmail", "CompleteOnboarding"]
MIDDLE: dict[tuple[Tier, bool], list[str]] = {
    ("pool", False): ["CreateTenantAdmin"],
    ("pool", True): ["CreateIdentityProviders"],
    ("bridge", False): ["CreateAppClient", "CreateTenantAdmin"],
    ("bridge", True): ["CreateIdentityProviders", "CreateAppClient"],
    ("silo", False): ["CreateAppClient", "CreateTenantAdmin"],
    ("silo", True): ["CreateIdentityProviders", "CreateAppClient"],
}


@pytest.mark.parametrize(("tier", "federated"), MIDDLE)
def test_each_tier_has_its_steps_in_their_order(tier: Tier, federated: bool) -> None:
    assert list(tiers.path(tier, federated=federated)) == FIRST[tier] + MIDDLE[tier, federated] + LAST


@pytest.mark.parametrize("tier", TIERS)
def test_a_federated_tenant_has_no_local_admin(tier: Tier) -> None:
    assert "CreateTenantAdmin" not in tiers.path(tier, federated=True)
    assert "CreateTenantAdmin" in tiers.path(tier, federated=False)
