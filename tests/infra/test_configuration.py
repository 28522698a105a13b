"""What a deployment may choose: bounds, what is said of a mistake, where it goes, and what the document says of it."""

import re
from types import SimpleNamespace
from typing import Any

import annotated_types
import botocore.session
import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from infra.configuration.choices import Configuration
from infra.configuration.stages import Stage
from infra.configuration.value_types import AUTH_FLOWS, BRIDGE_PROVIDERS, OAUTH_SCOPES, RETENTIONS, WITHOUT_SNAPSTART
from orchestrator.aws.settings import Plans, Settings
from orchestrator.local.synth import CONTEXT
from orchestrator.tenants.tiers import offered_regions
from tenant_onboarding.contracts.fields import TIERS, PlanName, RedirectAddress
from tenant_onboarding.contracts.identity_providers import PROVIDER_TYPES, SOCIAL_TYPES
from tests.infra.choices import FIELDS
from tests.infra.source import ROOT
from tests.infra.template import chosen as template_of
from tests.infra.template import orchestrating, text

DEPLOYMENT = (ROOT / "docs/deployment.md").read_text()
ROWS = {
    key: (default, allowed)
    for key, default, allowed in re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| [^|]+ \|$", DEPLOYMENT, re.MULTILINE)
}
OF_THE_STACK_ALONE = {
    "alarm_email",
    "api_certificate",
    "api_domain",
    "api_domain_only",
    "alarm_failures",
    "alarm_oldest_minutes",
    "alarms",
    "create_sender_identity",
    "email_templates",
    "keep_data",
    "archive_days",
    "event_accounts",
    "event_sources",
    "local",
    "log_retention_days",
    "operators_mfa",
    "reserved_for_tokens",
    "runbook",
    "sender_identity",
}
"""What no function reads."""


CERTIFICATE = "arn:aws:acm:eu-central-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef"


def configured(**context: object) -> Configuration:
    """Return the configuration in an app's context."""
    app: Any = SimpleNamespace(node=SimpleNamespace(try_get_context=context.get))
    return Configuration.from_context(app)


def bounds(field: Any) -> dict[str, Any]:
    """Return the least and the most that a number may be."""
    found: dict[str, Any] = {}
    for each in field.metadata:
        if isinstance(each, annotated_types.Ge):
            found["least"] = each.ge
        if isinstance(each, annotated_types.Le):
            found["most"] = each.le
    return found


def test_nothing_has_to_be_chosen() -> None:
    assert configured() == Configuration()


def test_a_choice_is_text_on_the_command_line() -> None:
    chosen = configured(local="true", groupsPerPool="7", inDoubtWaitSeconds="0.5", unknown="ignored")
    assert (chosen.local, chosen.groups_per_pool, chosen.in_doubt_wait_seconds) == (True, 7, 0.5)


BAD: dict[str, list[object]] = {
    "local": ["perhaps"],
    "appDomain": [
        "",
        "example",
        "App.example",
        "https://app.example",
        "app.example\n",
        "a-.example",
        f"{'a' * 182}.example",
    ],
    "apiCertificate": [
        "none",
        "01234567-89ab-cdef-0123-456789abcdef",
        "arn:aws:acm:eu-central-1:111122223333:certificate/",
        "arn:aws:acm:eu-central-1:1111222233:certificate/1",
        "arn:aws:acm::111122223333:certificate/1",
        "arn:aws:iam::111122223333:server-certificate/1",
        f"{CERTIFICATE}\n",
        f"{CERTIFICATE}*",
        [CERTIFICATE],
    ],
    "apiDomain": [
        "accounts",
        "Accounts.product.example",
        "https://accounts.product.example",
        "accounts.product.example/account",
        "*.product.example",
        "accounts.product.example.",
        "accounts.product.example\n",
        f"{'a' * 246}.example",
        "accounts.product.example",
        ["accounts.product.example"],
    ],
    "apiDomainOnly": ["perhaps", "", "true"],
    "sender": ["", "welcome", "Welcome <welcome@app.example>", "a b@app.example", "a@app.example\n", "*@app.example"],
    "senderIdentity": [
        ["app.example"],
        "*@app.example",
        "App.example",
        "app",
        "*",
        "app.example\n",
        "identity/app.example",
    ],
    "createSenderIdentity": ["perhaps"],
    "emailTemplates": ["/etc", "../emails", "examples/../..", "examples/", "a b", ".cache", ["examples/emails"]],
    "parameterPrefix": [
        "",
        "tenants",
        "/",
        "/a/",
        "/a//b",
        "/a b",
        "/a" * 13,
        "/aws",
        "/AWS/x",
        "/Awsome",
        "/ssm",
        "/sSm-x",
    ],
    "plans": [
        "basic",
        "basic=",
        "=pool",
        "basic=gold",
        "basic=Pool",
        "basic=pool,",
        "basic=pool, premium=silo",
        "basic=pool,basic=silo",
        "pool=silo",
        "silo=silo",
        " basic=pool",
        "basic-=pool",
        f"{'a' * 65}=pool",
        ["basic=pool"],
        ["basic"],
        7,
        {"basic": 1},
        {"basic": "gold"},
        {"basic": ["pool"]},
        {"pool": "silo"},
        {"": "pool"},
        {"a,b": "pool"},
        {"basic": "pool", "premium": None},
    ],
    "regions": [
        "eu-west-1,",
        ",eu-west-1",
        "eu-west-1, us-east-1",
        "eu-west-1,eu-west-1",
        "EU-WEST-1",
        "eu_west_1",
        "Frankfurt",
        "*",
        "eu-*-1",
        "eu-west-1\n",
        ["eu-west-1", "eu-west-1"],
        ["eu-west-1,us-east-1"],
        ["eu-west-1", 1],
        {"eu-west-1": True},
        1,
        "eu-west-9",
        "eu-west-1,xx-west-1",
        "us-gov-west-1",
        "cn-north-1",
        ["us-gov-west-1"],
    ],
    "bridgeProviders": [
        "SAML,",
        ",OIDC",
        "SAML, OIDC",
        "SAML,SAML",
        "saml",
        "SAML,oidc",
        "Google",
        "SAML,Facebook",
        "SignInWithApple",
        "LDAP",
        "none",
        ["SAML", "SAML"],
        ["SAML,OIDC"],
        ["SAML", 1],
        {"SAML": True},
        1,
    ],
    "secretPrefix": [
        "",
        "/",
        "/tenants",
        "tenants/",
        "a//b",
        "tenants/*",
        "tenant?",
        "a b",
        "tenants\n",
        "a" * 65,
        "/".join("a" * 7),
        ["tenants"],
    ],
    "featurePlan": ["FREE", "plus"],
    "authFlows": [
        "",
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_USER_SRP_AUTH,",
        "ALLOW_USER_SRP_AUTH,ALLOW_REFRESH_TOKEN_AUTH,",
        "ALLOW_USER_SRP_AUTH, ALLOW_REFRESH_TOKEN_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH,ALLOW_REFRESH_TOKEN_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH,USER_PASSWORD_AUTH",
        "allow_refresh_token_auth",
        [],
        ["ALLOW_REFRESH_TOKEN_AUTH", 1],
        ["ALLOW_REFRESH_TOKEN_AUTH,ALLOW_USER_SRP_AUTH"],
        {"ALLOW_REFRESH_TOKEN_AUTH": True},
    ],
    "oauthScopes": [
        "",
        "email",
        "openid,",
        "openid, email",
        "openid,openid",
        "openid,tenants/read",
        "OpenId",
        [],
        ["email"],
        ["openid", "openid"],
        {"openid": True},
    ],
    "callbackPath": [
        "",
        "auth/callback",
        "https://app.example/auth",
        "/auth?next=1",
        "/auth#top",
        "/a b",
        "/auth\n",
        "/" + "a" * 201,
        ["/auth"],
    ],
    "logoutPath": ["", "bye", "/bye?now=1", "/*"],
    "localCallbacks": ["perhaps", ""],
    "productOrigins": [
        "*",
        "null",
        "https://*.product.example",
        "product.example",
        "http://product.example",
        "https://product.example/",
        "https://product.example/signup",
        "https://Product.example",
        "https://product.example:443",
        "https://product.example:0",
        "https://product.example:65536",
        "https://somebody@product.example",
        "https://product.example,",
        "https://product.example, https://www.product.example",
        "https://product.example,https://product.example",
        "https://product.example\n",
        ",".join(f"https://{number}.product.example" for number in range(21)),
        "http://localhost:3000",
        ["https://product.example", 1],
        {"https://product.example": True},
        1,
    ],
    "accessTokenMinutes": ["4", "1441", "60.5", "an hour"],
    "idTokenMinutes": ["4", "1441", "1h"],
    "refreshTokenDays": ["0", "3651", "0.5"],
    "openShards": ["0", "101", "many", "1.5"],
    "groupsPerPool": ["0", "10001"],
    "appClientsPerPool": ["0", "10001"],
    "identityProvidersPerPool": ["-1", "1001"],
    "quotaShare": ["0.04", "1.1", "nan"],
    "reservedForTokens": ["-1", "10001", "1.5"],
    "inDoubtWaitSeconds": ["-0.1", "10.1", "nan"],
    "mailsPerAddressHour": ["0", "101", "1.5"],
    "memberRoles": ["admin", "editor,editor", "1st", "editor, viewer"],
    "mailsPerTenantDay": ["0", "1000001"],
    "peopleMailShare": ["0", "1.1", "half"],
    "rejectedRetentionDays": ["0", "for ever"],
    "operatorsMfa": ["OFF", "on", ""],
    "keepData": ["perhaps", ""],
    "logRetentionDays": ["0", "2", "for ever", "91"],
    "openSignUp": ["none", "Captcha", "waf"],
    "logLevel": ["DEBUG", "info", ""],
    "alarms": ["perhaps"],
    "alarmEmail": ["ops", "Ops <ops@app.example>", "a b@app.example", "ops@app.example\n", ["ops@app.example"]],
    "alarmFailures": ["0", "1001"],
    "alarmOldestMinutes": ["4", "1441"],
    "runbook": ["", "our runbook", "docs/operations.md#alarms", "a" * 501],
    "eventSources": [
        "billing,",
        "billing, signup",
        "billing,billing",
        "billing*",
        "billing?",
        "aws.events",
        "aws.partner/billing.example/1",
        "tenant.onboarding",
        "billing,tenant.onboarding",
        "billing\n",
        "a" * 101,
        ",".join(f"source-{number}" for number in range(21)),
        ["billing", 1],
        {"billing": True},
        1,
    ],
    "eventAccounts": [
        "111122223333",
        ["111122223333"],
        "11112222333",
        "1111222233334",
        "arn:aws:iam::111122223333:root",
        "111122223333,",
        "111122223333,111122223333",
        "*",
        "111122223333\n",
        ",".join(f"{number:012}" for number in range(21)),
        [111122223333],
        111122223333,
    ],
    "archiveDays": ["-1", "3651", "0.5", "for ever"],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in BAD.items() for value in values])
def test_a_bad_value_is_refused_in_one_line(key: str, value: object) -> None:
    with pytest.raises(SystemExit) as refused:
        configured(**{key: value})
    (line,) = str(refused.value).split("\n")
    assert re.fullmatch(rf"context {key}: \S.*, not .+", line)
    assert repr(value) in line
    assert "Value error" not in line


NUMBERS = [to_camel(name) for name, field in Configuration.model_fields.items() if field.annotation in (int, float)]


@pytest.mark.parametrize("key", NUMBERS)
@pytest.mark.parametrize("text", ["1_0", "+5", " 5", "1e1", "5."])
def test_a_number_on_the_command_line_is_written_in_digits(key: str, text: str) -> None:
    with pytest.raises(SystemExit, match=rf"context {key}: must be a (whole )?number, in digits"):
        configured(**{key: text})


def test_the_account_apis_domain_comes_with_a_certificate() -> None:
    chosen = configured(apiDomain="accounts.product.example", apiCertificate=CERTIFICATE, apiDomainOnly="true")
    assert chosen.api_domain_only
    with pytest.raises(SystemExit, match="context apiDomain: must be given together with apiCertificate, not ''"):
        configured(apiCertificate=CERTIFICATE)
    with pytest.raises(SystemExit, match="context apiDomainOnly: needs apiDomain"):
        configured(apiDomainOnly="true")


@pytest.mark.parametrize("domain", ["app.product.example", "api.app.product.example", "a.b.app.product.example"])
def test_the_account_apis_domain_is_no_tenants_host(domain: str) -> None:
    """A request that is sent there names its host in the body; below the product's domain it would be for a tenant."""
    with pytest.raises(SystemExit, match="context apiDomain: must be neither appDomain nor below it"):
        configured(apiDomain=domain, apiCertificate=CERTIFICATE, appDomain="app.product.example")
    assert configured(apiDomain=f"x{domain}", apiCertificate=CERTIFICATE, appDomain=domain).api_domain


def test_every_choice_can_be_wrong() -> None:
    assert BAD.keys() == FIELDS.keys()


def test_each_mistake_has_its_line() -> None:
    with pytest.raises(SystemExit) as refused:
        configured(openShards="0", groupsPerPool="many", sender="welcome", appDomain="app.example")
    assert str(refused.value).split("\n") == [
        "context sender: must be an email address without a name, like welcome@app.example, not 'welcome'",
        "context openShards: must be greater than or equal to 1, not '0'",
        "context groupsPerPool: must be a whole number, in digits, not 'many'",
    ]


def test_a_line_names_the_key_and_what_is_allowed() -> None:
    with pytest.raises(SystemExit) as refused:
        configured(plans="gold", regions=["Frankfurt"], secretPrefix="/a", oauthScopes="email", logoutPath="bye")
    plans, regions, secret_prefix, oauth_scopes, logout_path = str(refused.value).split("\n")
    assert plans == (
        "context plans: must be like basic=pool,standard=bridge,premium=silo: different names of plans, none a tier's,"
        " each with its tier, not 'gold'"
    )
    assert regions == (
        "context regions: must be different AWS Regions that have Amazon Cognito and Lambda SnapStart, separated by"
        " commas without spaces, like eu-west-1,us-east-1, not ['Frankfurt']"
    )
    assert secret_prefix == (
        "context secretPrefix: must be like tenant-onboarding: 1 to 6 levels of letters, digits, hyphens, underscores"
        " and dots, with slashes between them, not '/a'"
    )
    assert oauth_scopes == (
        "context oauthScopes: must be openid and any of email, phone, profile, aws.cognito.signin.user.admin, each"
        " once, separated by commas without spaces, not 'email'"
    )
    assert logout_path == (
        "context logoutPath: must be the path of an address, like /auth/callback, without a query, not 'bye'"
    )


@pytest.mark.parametrize(
    ("key", "text", "plain"),
    [
        ("plans", "Team 5=pool,Enterprise=silo", {"Team 5": "pool", "Enterprise": "silo"}),
        ("plans", "", {}),
        ("regions", "eu-west-1,us-west-2", ["eu-west-1", "us-west-2"]),
        ("bridgeProviders", "OIDC", ["OIDC"]),
        ("bridgeProviders", "OIDC,SAML", ["OIDC", "SAML"]),
        ("bridgeProviders", "", []),
        ("regions", "", []),
        ("eventSources", "billing.app.example,signup", ["billing.app.example", "signup"]),
        ("eventAccounts", "", []),
        ("authFlows", "ALLOW_USER_AUTH,ALLOW_REFRESH_TOKEN_AUTH", ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]),
        ("oauthScopes", "openid,phone", ["openid", "phone"]),
    ],
)
def test_a_file_may_say_as_json_what_the_command_line_says_with_commas(key: str, text: str, plain: Any) -> None:
    assert configured(**{key: text}) == configured(**{key: plain})
    name = re.sub("(?=[A-Z])", "_", key).lower()
    assert configured(**{key: plain}).model_dump(mode="json")[name] == plain


def test_choosing_how_to_sign_in_needs_more_than_the_least_feature_plan() -> None:
    flows = "ALLOW_USER_AUTH,ALLOW_REFRESH_TOKEN_AUTH"
    with pytest.raises(SystemExit) as refused:
        configured(featurePlan="LITE", authFlows=flows)
    assert str(refused.value).startswith(
        "context authFlows: must not hold ALLOW_USER_AUTH, which the feature plan LITE does not have, not "
    )
    assert configured(featurePlan="PLUS", authFlows=flows).auth_flows == tuple(flows.split(","))
    assert configured(featurePlan="LITE").auth_flows == Configuration().auth_flows


def test_other_accounts_are_bound_to_named_sources() -> None:
    accounts = "111122223333,444455556666"
    with pytest.raises(SystemExit) as refused:
        configured(eventAccounts=accounts)
    assert str(refused.value).startswith("context eventAccounts: needs eventSources")
    chosen = configured(eventAccounts=accounts, eventSources="billing")
    assert chosen.event_accounts == tuple(accounts.split(","))


@pytest.mark.parametrize(("plan", "use"), [("LITE", "id"), ("ESSENTIALS", "access"), ("PLUS", "access")])
def test_the_feature_plan_decides_which_token_says_whose_user_it_is_for(plan: str, use: str) -> None:
    assert configured(featurePlan=plan).token_use == use


def test_what_is_left_out_stays_as_it_is() -> None:
    assert configured(regions=None, plans=None) == Configuration()


def test_of_the_types_that_bridge_may_offer_none_needs_a_name_of_its_own() -> None:
    """A user pool has one provider of a social type, under one name; the others may come in any number."""
    assert set(BRIDGE_PROVIDERS) == set(PROVIDER_TYPES) - set(SOCIAL_TYPES)
    with pytest.raises(SystemExit) as refused:
        configured(bridgeProviders="Google")
    assert str(refused.value) == (
        "context bridgeProviders: must be different types of SAML, OIDC, separated by commas without spaces, or"
        " nothing, not 'Google'"
    )


def test_every_region_with_cognito_and_snapshots_is_taken() -> None:
    known = set(botocore.session.get_session().get_available_regions("cognito-idp"))
    assert known >= {"eu-central-1", "us-east-1", "ap-south-2", *WITHOUT_SNAPSTART}
    possible = sorted(known - WITHOUT_SNAPSTART)
    assert configured(regions=",".join(possible)).regions == tuple(possible)


@pytest.mark.parametrize("region", ["ap-east-2", "ap-southeast-6"])
def test_a_region_where_the_trigger_cannot_start_is_not_offered(region: str) -> None:
    """Neither abroad nor at home: Taipei and New Zealand, as the document says."""
    with pytest.raises(SystemExit, match="that have Amazon Cognito and Lambda SnapStart, "):
        configured(regions=f"eu-west-1,{region}")
    with pytest.raises(ValidationError, match="that has Amazon Cognito and Lambda SnapStart"):
        Stage(region=region)
    assert "Asia Pacific (New Zealand) and Asia Pacific (Taipei) do not have it" in " ".join(DEPLOYMENT.split())


@pytest.mark.parametrize("prefix", ["a", "apps/tenants", "A.b_c-1", "/".join("a" * 6), "a" * 64])
def test_other_secret_prefixes_are_taken(prefix: str) -> None:
    assert configured(secretPrefix=prefix).secret_prefix == prefix


def test_a_secret_below_the_longest_prefix_can_still_be_named() -> None:
    """Secrets Manager takes names of 512 characters; an event must be able to name one with the longest tenant id."""
    longest = "/".join(["a" * 64] * 6)
    assert configured(secretPrefix=longest).secret_prefix == longest
    assert 512 - len(f"{longest}/{'a' * 40}/") >= 80


def test_the_longest_addresses_are_taken_by_cognito() -> None:
    """An app client's addresses have at most 1,024 characters, like those that an event may add."""
    chosen = configured(appDomain="a" * 61 + ".example.example", callbackPath="/" + "a" * 200)
    address = f"https://{'a' * 63}.{chosen.app_domain}{chosen.callback_path}"
    assert TypeAdapter(RedirectAddress).validate_python(address) == address


@pytest.mark.parametrize("plan", ["basic", "Team 5", "a.b_c-d", "0", "a" * 64])
@pytest.mark.parametrize("tier", TIERS)
def test_whatever_plan_is_offered_an_event_can_ask_for(plan: str, tier: str) -> None:
    assert configured(plans={plan: tier}).plans == {TypeAdapter(PlanName).validate_python(plan): tier}


@pytest.mark.parametrize("prefix", ["/a", "/tenants/aws", "/my-aws", "/a" * 12, "/A.b_c-1"])
def test_other_prefixes_are_taken(prefix: str) -> None:
    assert configured(parameterPrefix=prefix).parameter_prefix == prefix


def test_the_auth_flows_are_those_that_cognito_knows() -> None:
    model = botocore.session.get_session().get_service_model("cognito-idp")
    request: Any = model.operation_model("CreateUserPoolClient").input_shape
    known = request.members["ExplicitAuthFlows"].member.enum
    assert set(AUTH_FLOWS) == {name for name in known if name.startswith("ALLOW_")}
    assert configured(authFlows=",".join(AUTH_FLOWS)).auth_flows == AUTH_FLOWS


def test_pages_on_localhost_call_the_account_api_only_where_people_develop() -> None:
    """Whatever runs on somebody's own machine could otherwise ask a real deployment from a browser."""
    with pytest.raises(SystemExit, match="context productOrigins: must not hold http://localhost unless localCallback"):
        configured(productOrigins="https://product.example,http://localhost")
    origins = ("http://localhost:3000", "http://localhost", "https://product.example")
    assert configured(productOrigins=",".join(origins), localCallbacks="true").product_origins == origins
    with pytest.raises(SystemExit, match="context productOrigins: must be at most 20 different origins"):
        configured(productOrigins="http://localhost:80", localCallbacks="true")


def test_bounds_and_defaults_are_those_of_the_settings() -> None:
    """What the app lets through, the functions take."""
    both = Configuration.model_fields.keys() & Settings.model_fields.keys()
    assert Configuration.model_fields.keys() - both == OF_THE_STACK_ALONE
    for name in both - {"app_domain", "sender"}:
        chosen, read = Configuration.model_fields[name], Settings.model_fields[name]
        assert (name, chosen.default, bounds(chosen)) == (name, read.default, bounds(read))


CHOSEN: dict[str, dict[str, Any]] = {
    "on the command line": {
        "appDomain": "apps.example",
        "sender": "hello@apps.example",
        "senderIdentity": "apps.example",
        "parameterPrefix": "/apps",
        "plans": "Team 5=pool,Enterprise=silo",
        "regions": "eu-west-1,us-east-1",
        "secretPrefix": "apps/tenants",
        "bridgeProviders": "OIDC",
        "featurePlan": "PLUS",
        "authFlows": "ALLOW_USER_AUTH,ALLOW_REFRESH_TOKEN_AUTH",
        "oauthScopes": "openid,phone",
        "callbackPath": "/in",
        "logoutPath": "/out",
        "localCallbacks": "true",
        "productOrigins": "https://product.example,https://www.product.example:8443,http://localhost:3000",
        "accessTokenMinutes": "5",
        "idTokenMinutes": "6",
        "refreshTokenDays": "7",
        "openShards": "2",
        "groupsPerPool": "5",
        "appClientsPerPool": "6",
        "identityProvidersPerPool": "7",
        "quotaShare": "0.5",
        "inDoubtWaitSeconds": "1.5",
        "mailsPerAddressHour": "5",
        "memberRoles": "editor,viewer",
        "mailsPerTenantDay": "50",
        "peopleMailShare": "0.2",
        "rejectedRetentionDays": "8",
        "openSignUp": "captcha",
        "logLevel": "WARNING",
    },
    "in a file": {
        "plans": {"Team 5": "pool", "Enterprise": "silo"},
        "regions": ["eu-west-1"],
        "bridgeProviders": [],
        "authFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
        "oauthScopes": ["openid"],
        "productOrigins": ["https://product.example"],
        "refreshTokenDays": 1,
        "inDoubtWaitSeconds": 0,
    },
}


@pytest.mark.parametrize("context", CHOSEN.values(), ids=CHOSEN.keys())
def test_what_is_chosen_reaches_every_function(context: dict[str, Any]) -> None:
    """Each function reads from its environment what the deployment chose, lists and objects included."""
    template = template_of(**context)
    wanted = configured(**CONTEXT | context).model_dump(exclude=OF_THE_STACK_ALONE)
    assert orchestrating(template)
    for _, properties in orchestrating(template).values():
        variables = {name: text(value) for name, value in properties["Environment"]["Variables"].items()}
        assert variables["ONBOARDING_SENDER_IDENTITY_ARN"].endswith(
            f":identity/{context.get('senderIdentity', wanted['sender'])}"
        )
        read = Settings.from_environment({**variables, "AWS_REGION": "eu-central-1"}).model_dump()
        assert {name: read[name] for name in wanted} == wanted


def test_no_plan_at_all_can_be_read() -> None:
    assert TypeAdapter(Plans).validate_python("") == configured(plans="").plans == {}


def test_every_choice_is_shown_to_reach_the_functions() -> None:
    assert CHOSEN["on the command line"].keys() == FIELDS.keys() - set(map(to_camel, OF_THE_STACK_ALONE)) | {
        "senderIdentity"
    }


def test_the_home_region_may_be_named_and_counts_once() -> None:
    """Which Region that is, is known only when the stack is deployed."""
    settings: Any = SimpleNamespace(region="eu-central-1", regions=configured(regions="eu-west-1,eu-central-1").regions)
    assert offered_regions(settings) == ("eu-central-1", "eu-west-1")


def test_the_document_lists_every_choice_with_its_default() -> None:
    shown = {key: default.strip("`") for key, (default, _) in ROWS.items()}
    assert shown == {key: on_the_command_line(field.default) or "none" for key, field in FIELDS.items()}


def on_the_command_line(value: object) -> str:
    """Return a value as one gives it on the command line."""
    match value:
        case bool():
            return str(value).lower()
        case tuple():
            return ",".join(value)
        case dict():
            return ",".join(f"{plan}={tier}" for plan, tier in value.items())
    return str(value)


def test_the_document_names_whatever_may_be_chosen_of_a_few() -> None:
    """What it says is allowed is all that is allowed, and the defaults that it shows are taken."""
    assert [flow for flow in AUTH_FLOWS if f"`{flow}`" not in DEPLOYMENT] == []
    assert [scope for scope in OAUTH_SCOPES if f"`{scope}`" not in ROWS["oauthScopes"][1]] == []
    assert re.findall(r"`(\w+)`", ROWS["bridgeProviders"][1]) == list(BRIDGE_PROVIDERS)
    shown = {key: default.strip("`") for key, (default, _) in ROWS.items() if default != "none"}
    assert configured(**shown) == Configuration()


def test_the_document_gives_the_bounds_of_every_number() -> None:
    for key, field in FIELDS.items():
        match bounds(field):
            case {"least": least, "most": most}:
                assert ROWS[key][1] == f"{least} to {most}"
            case {"least": least}:
                assert ROWS[key][1] == f"at least {least}"


def test_logs_are_kept_as_long_as_cloudwatch_offers() -> None:
    """botocore's documentation is the one place that lists them."""
    model = botocore.session.get_session().get_service_model("logs")
    said: Any = model.operation_model("PutRetentionPolicy").input_shape
    listed = re.sub("<[^>]+>", "", said.members["retentionInDays"].documentation).split("are: ")[1].split(".")[0]
    assert list(RETENTIONS) == [int(days) for days in re.findall(r"\d+", listed)]
    assert [configured(logRetentionDays=str(days)).log_retention_days for days in RETENTIONS] == list(RETENTIONS)


def test_the_document_admits_that_nothing_ran_on_aws() -> None:
    assert "**This was not run on AWS.**" in DEPLOYMENT
    assert "## Never run on AWS" in (ROOT / "docs/limits.md").read_text()
