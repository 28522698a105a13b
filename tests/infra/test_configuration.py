"""What a deployment may choose: bounds, what is said of a mistake, where it goes, and what the document says of it."""

import json
import re
from types import SimpleNamespace
from typing import Any

import annotated_types
import botocore.session
import pytest
from pydantic.alias_generators import to_camel

from infra.configuration import AUTH_FLOWS, Configuration
from orchestrator.local.synth import synthesize
from orchestrator.settings import PREFIX, STACK_NAME, Settings
from tests.infra.source import ROOT
from tests.infra.template import functions

DEPLOYMENT = (ROOT / "docs/deployment.md").read_text()
ROWS = {
    key: (default, allowed)
    for key, default, allowed in re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| [^|]+ \|$", DEPLOYMENT, re.MULTILINE)
}
FIELDS = {to_camel(name): field for name, field in Configuration.model_fields.items()}


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
    "sender": ["", "welcome", "Welcome <welcome@app.example>", "a b@app.example", "a@app.example\n"],
    "senderIdentity": [["app.example"]],
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
    "featurePlan": ["FREE", "plus"],
    "authFlows": [
        "",
        "ALLOW_USER_SRP_AUTH,",
        "ALLOW_USER_SRP_AUTH, ALLOW_USER_AUTH",
        "ALLOW_USER_AUTH,ALLOW_USER_AUTH",
        "USER_PASSWORD_AUTH",
        "allow_user_auth",
    ],
    "openShards": ["0", "101", "many", "1.5"],
    "groupsPerPool": ["0", "10001"],
    "appClientsPerPool": ["0", "10001"],
    "identityProvidersPerPool": ["-1", "1001"],
    "inDoubtWaitSeconds": ["-0.1", "10.1", "nan"],
    "rejectedRetentionDays": ["0", "for ever"],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in BAD.items() for value in values])
def test_a_bad_value_is_refused_in_one_line(key: str, value: object) -> None:
    with pytest.raises(SystemExit) as refused:
        configured(**{key: value})
    (line,) = str(refused.value).split("\n")
    assert re.fullmatch(rf"context {key}: \S.*, not .+", line)
    assert repr(value) in line
    assert "Value error" not in line


def test_every_choice_can_be_wrong() -> None:
    assert BAD.keys() == FIELDS.keys()


def test_each_mistake_has_its_line() -> None:
    with pytest.raises(SystemExit) as refused:
        configured(openShards="0", groupsPerPool="many", sender="welcome", appDomain="app.example")
    assert str(refused.value).split("\n") == [
        "context sender: must be an email address without a name, like welcome@app.example, not 'welcome'",
        "context openShards: Input should be greater than or equal to 1, not '0'",
        "context groupsPerPool: Input should be a valid integer, unable to parse string as an integer, not 'many'",
    ]


@pytest.mark.parametrize("prefix", ["/a", "/tenants/aws", "/my-aws", "/a" * 12, "/A.b_c-1"])
def test_other_prefixes_are_taken(prefix: str) -> None:
    assert configured(parameterPrefix=prefix).parameter_prefix == prefix


def test_the_auth_flows_are_those_that_cognito_knows() -> None:
    model = botocore.session.get_session().get_service_model("cognito-idp")
    request: Any = model.operation_model("CreateUserPoolClient").input_shape
    known = request.members["ExplicitAuthFlows"].member.enum
    assert set(AUTH_FLOWS) == {name for name in known if name.startswith("ALLOW_")}
    assert configured(authFlows=",".join(AUTH_FLOWS)).auth_flows.split(",") == list(AUTH_FLOWS)


def test_bounds_and_defaults_are_those_of_the_settings() -> None:
    """What the app lets through, the functions take."""
    both = Configuration.model_fields.keys() & Settings.model_fields.keys()
    assert Configuration.model_fields.keys() - both == {"local", "sender_identity"}
    for name in both - {"app_domain", "sender"}:
        chosen, read = Configuration.model_fields[name], Settings.model_fields[name]
        assert (name, chosen.default, bounds(chosen)) == (name, read.default, bounds(read))


def test_what_is_chosen_reaches_every_function() -> None:
    chosen = {
        "appDomain": "apps.example",
        "sender": "hello@apps.example",
        "parameterPrefix": "/apps",
        "featurePlan": "PLUS",
        "authFlows": "ALLOW_USER_AUTH",
        "openShards": "2",
        "groupsPerPool": "5",
        "appClientsPerPool": "6",
        "identityProvidersPerPool": "7",
        "inDoubtWaitSeconds": "1.5",
        "rejectedRetentionDays": "8",
    }
    assert chosen.keys() == FIELDS.keys() - {"local", "senderIdentity"}
    template = json.loads((synthesize(chosen) / f"{STACK_NAME}.template.json").read_text())
    wanted = {f"{PREFIX}{re.sub('(?=[A-Z])', '_', key).upper()}": value for key, value in chosen.items()}
    for _, properties in functions(template).values():
        assert wanted.items() <= properties["Environment"]["Variables"].items()


def test_the_document_lists_every_choice_with_its_default() -> None:
    shown = {key: default.strip("`") for key, (default, _) in ROWS.items()}
    defaults = {key: field.default for key, field in FIELDS.items()}
    texts = {key: str(default).lower() if default is False else str(default) for key, default in defaults.items()}
    assert shown == {key: value or "none" for key, value in texts.items()}


def test_the_document_gives_the_bounds_of_every_number() -> None:
    for key, field in FIELDS.items():
        match bounds(field):
            case {"least": least, "most": most}:
                assert ROWS[key][1] == f"{least} to {most}"
            case {"least": least}:
                assert ROWS[key][1] == f"at least {least}"


def test_the_document_admits_that_nothing_ran_on_aws() -> None:
    assert "**This was not run on AWS.**" in DEPLOYMENT
    assert "## Never run on AWS" in (ROOT / "docs/limits.md").read_text()
