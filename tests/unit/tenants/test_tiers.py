"""What a plan stands for, what each tier may carry, and the steps that lead there."""

from typing import Any

import pytest

from orchestrator.aws.settings import Settings
from orchestrator.tenants import tiers
from tenant_onboarding.contracts.fields import TIERS, Tier
from tenant_onboarding.contracts.identity_providers import SOCIAL_TYPES
from tenant_onboarding.contracts.reasons import Reason
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tests.unit.conftest import ACCOUNT, REGION, tenant_created
from tests.unit.tenant_onboarding.sample_providers import LEAST, OIDC, SAML, saml

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
    """Return all that is said of acme's event, which the contract accepts."""
    event = tenant_created("acme", tier=tier, **changes)
    request = TenantCreated.model_validate(event)
    return [*at_sight(settings, event), *tiers.problems(settings, tier, request)]


def at_sight(settings: Settings, detail: Any) -> list[Reason]:
    """Return what is said of an event whether or not the contract accepts it."""
    return list(tiers.problems_at_sight(settings, detail))


# Plans


@pytest.mark.parametrize(
    ("plan", "tier"),
    [("basic", "pool"), ("standard", "bridge"), ("premium", "silo"), *((tier, tier) for tier in TIERS)],
)
def test_a_plan_stands_for_a_tier_and_a_tier_for_itself(settings: Settings, plan: str, tier: Tier) -> None:
    assert tiers.of_plan(settings, plan) == tier
    assert at_sight(settings, tenant_created(tier=plan)) == []


@pytest.mark.parametrize("tier", TIERS)
def test_a_tiers_own_name_is_accepted_whatever_the_plans_are(settings: Settings, tier: Tier) -> None:
    for plans in ({}, {"silo": "pool", "pool": "silo", "bridge": "pool"}):
        chosen = settings.model_copy(update={"plans": plans})
        assert at_sight(chosen, {"tier": tier}) == []
        assert tiers.of_plan(chosen, tier) == tier


@pytest.mark.parametrize("plan", ["gold", "Premium", "PREMIUM", "Silo", "premium2", "basic.pool", "plan"])
def test_an_unknown_plan_is_refused_and_the_known_ones_are_named(settings: Settings, plan: str) -> None:
    message = "must be one of pool, bridge, silo, basic, standard, premium"
    assert at_sight(settings, {"tier": plan}) == [Reason(field="tier", message=message)]
    with pytest.raises(KeyError):
        tiers.of_plan(settings, plan)


def test_without_plans_the_tiers_alone_are_named(settings: Settings) -> None:
    without = settings.model_copy(update={"plans": {}})
    expected = [Reason(field="tier", message="must be one of pool, bridge, silo")]
    assert at_sight(without, {"tier": "basic"}) == expected


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
    assert at_sight(settings, detail) == []


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


@pytest.mark.parametrize(
    ("field", "messages"),
    [
        ("identityProviders", {"pool": "are not possible on tier pool; use bridge or silo"}),
        ("appClient", {"pool": "is not possible on tier pool, whose app client is shared"}),
        ("security", dict.fromkeys(["pool", "bridge"], "is possible on tier silo only")),
        ("region", dict.fromkeys(["pool", "bridge"], "is possible on tier silo only")),
    ],
)
@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("value", [7, "x", True, {}, {"a": 1}, [1], 0, "", False], ids=repr)
def test_what_a_tier_cannot_carry_is_said_whatever_stands_there(
    settings: Settings, field: str, messages: dict[str, str], tier: Tier, value: object
) -> None:
    expected = [Reason(field=field, message=messages[tier])] if tier in messages else []
    assert at_sight(settings, {"tier": tier, field: value}) == expected
    plan = next(plan for plan, its_tier in settings.plans.items() if its_tier == tier)
    assert at_sight(settings, {"tier": plan, field: value}) == expected
    assert [reason.field for reason in at_sight(settings, {"tier": "gold", field: value})] == ["tier"]
    assert at_sight(settings, {field: value}) == []


@pytest.mark.parametrize("tier", TIERS)
def test_an_optional_field_that_is_null_or_an_empty_list_asks_for_nothing(settings: Settings, tier: Tier) -> None:
    assert at_sight(settings, {"tier": tier} | dict.fromkeys(tiers.CARRIED)) == []
    assert at_sight(settings, {"tier": tier} | {field: [] for field in tiers.CARRIED}) == []


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
        ("arn:aws:", "arn:aws-us-gov:"),
        ("arn:aws:", "arn:aws-cn:"),
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


@pytest.mark.parametrize("partition", ["aws", "aws-us-gov", "aws-cn"])
def test_a_secret_is_of_the_stacks_own_partition(settings: Settings, partition: str) -> None:
    arn = settings.state_machine_arn.replace("arn:aws:", f"arn:{partition}:")
    there = settings.model_copy(update={"state_machine_arn": arn})
    for asked in ("aws", "aws-us-gov", "aws-cn"):
        provider = OIDC | {"clientSecretArn": ARN.replace("arn:aws:", f"arn:{asked}:")}
        expected = [] if asked == partition else ["identityProviders[0].clientSecretArn"]
        assert problems(there, "bridge", identityProviders=[provider]) == expected


@pytest.mark.parametrize(
    ("offered", "refused"),
    [(("SAML", "OIDC"), []), (("OIDC",), ["SAML"]), (("SAML",), ["OIDC"]), ((), ["SAML", "OIDC"])],
)
def test_which_providers_may_share_a_user_pool_is_a_setting(
    settings: Settings, offered: tuple[str, ...], refused: list[str]
) -> None:
    chosen = settings.model_copy(update={"bridge_providers": offered})
    providers = [SAML, OIDC | {"name": "oidc", "clientSecretArn": ARN}]
    expected = [
        Reason(field=f"identityProviders[{index}].type", message=f"{each['type']} is possible on tier silo only")
        for index, each in enumerate(providers)
        if each["type"] in refused
    ]
    assert found(chosen, "bridge", identityProviders=providers) == expected
    assert found(chosen, "silo", identityProviders=providers) == []


@pytest.mark.parametrize(("most", "brought"), [(0, 1), (1, 2), (2, 3), (19, 20)])
def test_more_providers_than_a_shared_user_pool_has_room_for_are_refused_at_the_door(
    settings: Settings, most: int, brought: int
) -> None:
    """No shared user pool could ever take the tenant, not even an empty one."""
    chosen = settings.model_copy(update={"identity_providers_per_pool": most})
    several = [saml(number) for number in range(brought)]
    message = f"are too many: at most {most} fit into a shared user pool; use silo"
    assert found(chosen, "bridge", identityProviders=several) == [Reason(field="identityProviders", message=message)]
    assert found(chosen, "bridge", identityProviders=several[:most]) == []
    assert found(chosen, "silo", identityProviders=several) == []


def test_a_longer_tenant_id_has_its_own_secrets(settings: Settings) -> None:
    own = ARN.replace("/acme/", "/acme-2/")
    for arn, expected in ((own, []), (ARN, ["identityProviders[0].clientSecretArn"])):
        event = tenant_created("acme-2", tier="silo", identityProviders=[OIDC | {"clientSecretArn": arn}])
        problems = tiers.problems(settings, "silo", TenantCreated.model_validate(event))
        assert [problem.field for problem in problems] == expected


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


# Addresses

OWN = "acme.app.product.example"
OTHERS = [
    "https://globex.app.product.example/auth/callback",
    "https://GLOBEX.App.Product.EXAMPLE/auth/callback",
    "https://globex.app.product.example:8443",
    "https://globex.app.product.example?next=1",
    "https://www.app.product.example/",
    "https://a.acme.app.product.example/",
    "https://acme.globex.app.product.example/",
    "https://notacme.app.product.example/",
    "https://acme-2.app.product.example/",
    "https://app.product.example/",
    "https://APP.product.example",
]
"""Hosts that the product, or another tenant, is to be found at."""
FITTING = [
    f"https://{OWN}",
    f"https://{OWN}/another/path?x=1",
    f"https://{OWN}:8443/",
    "https://ACME.App.Product.Example/",
    "https://acme.example/",
    "https://product.example/",
    "https://www.product.example/",
    "https://acme.product.example/",
    "https://notapp.product.example/",
    "https://globex.notapp.product.example/",
    "https://app-product.example/",
    "https://app.product.example.acme.example/",
    "https://acme.example/app.product.example",
    "https://acme.example/?https://globex.app.product.example/",
    "https://globex.app.product.acme.example/",
]
"""The tenant's own host, and foreign domains, however they look."""
LISTS = ["callbackUrls", "logoutUrls"]


@pytest.mark.parametrize("tier", ["bridge", "silo"])
@pytest.mark.parametrize("field", LISTS)
@pytest.mark.parametrize("address", OTHERS)
def test_no_tenants_sign_in_leads_to_another_host_of_the_product(
    settings: Settings, address: str, field: str, tier: Tier
) -> None:
    asked = {field: ["https://acme.example/", address]}
    message = f"must not be another host of app.product.example than {OWN}"
    assert found(settings, tier, appClient=asked) == [Reason(field=f"appClient.{field}[1]", message=message)]


@pytest.mark.parametrize("field", LISTS)
@pytest.mark.parametrize("address", FITTING)
def test_the_tenants_own_host_and_foreign_domains_are_taken(settings: Settings, address: str, field: str) -> None:
    assert found(settings, "bridge", appClient={field: [address]}) == []


def test_a_domain_that_only_ends_like_the_products_is_foreign(settings: Settings) -> None:
    chosen = settings.model_copy(update={"app_domain": "app.example"})
    addresses = ["https://notapp.example/", "https://acme.notapp.example/", "https://app.example.acme.example/"]
    assert found(chosen, "silo", appClient={"callbackUrls": addresses}) == []


def test_each_such_address_is_named(settings: Settings) -> None:
    asked = dict.fromkeys(LISTS, OTHERS)
    expected = [f"appClient.{field}[{index}]" for field in LISTS for index in range(len(OTHERS))]
    assert problems(settings, "silo", appClient=asked) == expected


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
