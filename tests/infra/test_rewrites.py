"""The template that runs locally is the deployed one but for the listed rewrites."""

from typing import Any

import pytest

from orchestrator.local.rewrites import AWS_RUNTIME, UNKNOWN_TYPES, bootstrap, rewrite
from tests.infra.template import Template, chosen, functions, only, policies, text
from tests.infra.template_differences import ABSENT, ENDPOINT, Difference, differences

TAGGED = {"StringEquals": {"aws:ResourceTag/tenant-onboarding:stack": {"Ref": "AWS::StackName"}}}
DEPLOYMENT_ID = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
OF_SILO_TENANTS = {
    "StringLike": {"aws:ResourceTag/tenant-onboarding:owner": {"Fn::Join": ["", [DEPLOYMENT_ID, "/silo/*"]]}}
}
TO_BE_OURS = {"StringEquals": {"aws:RequestTag/tenant-onboarding:stack": {"Ref": "AWS::StackName"}}}
FROM_SENDER = {"StringEquals": {"ses:FromAddress": "welcome@app.example"}}
CONDITIONS: dict[str, dict[str, Any]] = {"ses:SendEmail": FROM_SENDER, "cognito-idp:CreateUserPool": TO_BE_OURS}
SEND_EMAIL = 4
"""Its resource and its condition, of two functions."""
CONDITIONS_ON_TAGS = 15
"""Three of placement's, capacity's and members' two, four functions' one, removal's three, one of them in two parts."""

MORE_WHO_READ_KEYS = 1
"""Two functions are told where keys are, which is one of `ADDRESSES`."""

SNAPSHOT = {"ApplyOn": "PublishedVersions"}

PAGE = ("{StatusApi.ApiEndpoint}/", f"{ENDPOINT}/_aws/execute-api/{{StatusApi}}/$default/")
SIGN_IN = ("https://{OperatorsUserPoolDomain}.auth.{Region}.amazoncognito.com", ENDPOINT)
ADDRESSES: dict[tuple[str | int, ...], tuple[str, str]] = {
    ("CallbackURLs", 0, "Fn::Join", 1): PAGE,
    ("LogoutURLs", 0, "Fn::Join", 1): PAGE,
    ("Environment", "Variables", "DASHBOARD_ADDRESS", "Fn::Join", 1): PAGE,
    ("Environment", "Variables", "DASHBOARD_SIGN_IN_ADDRESS"): SIGN_IN,
    ("Environment", "Variables", "ONBOARDING_KEYS_ADDRESS"): (
        "{issuer}/.well-known/jwks.json",
        f"{ENDPOINT}/{{userPoolId}}/.well-known/jwks.json",
    ),
}
"""Where signing in and out lead back to, where the dashboard is told that it is and signs in, and where keys are."""


def joined(value: Any) -> str:
    """Return an address, or the parts of one, as text."""
    return "".join(map(text, value)) if isinstance(value, list) else text(value)


def is_listed(template: Template, difference: Difference) -> bool:
    """Tell whether a difference is one of the six kinds that `orchestrator.local.rewrites` lists."""
    match difference.path:
        case ("Resources", str() as name):
            return template["Resources"][name]["Type"] in UNKNOWN_TYPES and difference.local is ABSENT
        case ("Resources", str() as name, "Properties", ("Runtime" | "SnapStart") as what):
            is_function = template["Resources"][name]["Type"] == "AWS::Lambda::Function"
            changed = {"Runtime": ("python3.13", "provided.al2023"), "SnapStart": (SNAPSHOT, ABSENT)}[what]
            return is_function and (difference.deployed, difference.local) == changed
        case ("Resources", str(), "Properties", *place) if tuple(place) in ADDRESSES:
            return (joined(difference.deployed), joined(difference.local)) == ADDRESSES[tuple(place)]
        case ("Resources", str() as name, "Properties", "PolicyDocument", "Statement", int() as number, "Resource"):
            statement = template["Resources"][name]["Properties"]["PolicyDocument"]["Statement"][number]
            return bool(statement["Action"] == "ses:SendEmail" and difference.local == "*")
        case (
            "Resources",
            str() as name,
            "Properties",
            "PolicyDocument",
            "Statement",
            int() as number,
            "Condition",
            *path,
        ):
            statement = template["Resources"][name]["Properties"]["PolicyDocument"]["Statement"][number]
            listed: dict[str, Any] = CONDITIONS.get(str(statement["Action"]), TAGGED | OF_SILO_TENANTS)
            dropped = difference.deployed
            for key in reversed(path):
                dropped = {key: dropped}
            conditions = [(operator, each) for operator, keys in dropped.items() for each in keys.items()]
            return difference.local is ABSENT and all(each in listed.get(op, {}).items() for op, each in conditions)
    return False


def listed_number(template: Template) -> int:
    """Return in how many places the listed rewrites change a template, but for what they drop as unknown."""
    with_snapshot = [name for name, (_, properties) in functions(template).items() if "SnapStart" in properties]
    return (
        len(functions(template))
        + len(with_snapshot)
        + SEND_EMAIL
        + CONDITIONS_ON_TAGS
        + len(ADDRESSES)
        + MORE_WHO_READ_KEYS
    )


def test_each_difference_is_a_listed_one(template: Template) -> None:
    """Nothing else changes on the way from the deployed template to the local one."""
    local, dropped = rewrite(template, ENDPOINT)
    found = list(differences(template, local))
    assert [difference for difference in found if not is_listed(template, difference)] == []
    assert len(found) == listed_number(template) + len(dropped)


def test_another_region_is_rewritten_alike() -> None:
    """The grants there lose the condition that those at home lose, and no more."""
    template = chosen(regions="eu-west-1")
    local, dropped = rewrite(template, ENDPOINT)
    found = list(differences(template, local))
    assert [difference for difference in found if not is_listed(template, difference)] == []
    assert len(found) == listed_number(template) + len(dropped)


def test_what_runs_locally_keeps_every_resource_that_can_run(template: Template) -> None:
    """Only the archive is of a type that the emulator lacks."""
    local, dropped = rewrite(template, ENDPOINT)
    assert {template["Resources"][name]["Type"] for name in dropped} == {"AWS::Events::Archive"}
    assert local["Resources"].keys() == template["Resources"].keys() - set(dropped)


def test_the_deployed_template_stays_as_it_is(template: Template, synthesized: str) -> None:
    """Rewriting makes a copy."""
    before = repr(template)
    rewrite(template, ENDPOINT)
    assert repr(template) == before


@pytest.mark.parametrize("kind", sorted(UNKNOWN_TYPES))
def test_an_unknown_type_is_dropped_and_named(kind: str, template: Template) -> None:
    """A resource that the emulator lacks goes, is named, and takes nothing with it."""
    plain, lacking = rewrite(template, ENDPOINT)
    template["Resources"]["Novelty"] = {"Type": kind, "Properties": {"Name": "x"}}
    local, dropped = rewrite(template, ENDPOINT)
    assert dropped == [*lacking, "Novelty"]
    assert local == plain


def test_a_type_not_listed_is_kept(template: Template) -> None:
    """What is not known to be missing is deployed, so that the emulator says so itself."""
    template["Resources"]["Novelty"] = {"Type": "AWS::New::Thing"}
    local, dropped = rewrite(template, ENDPOINT)
    assert "Novelty" not in dropped
    assert local["Resources"]["Novelty"] == {"Type": "AWS::New::Thing"}


def test_only_the_condition_on_the_tag_is_dropped(template: Template) -> None:
    """Whatever else a grant is conditioned on stays."""
    statement = next(each for _, each in policies(template) if each.get("Condition") == TAGGED)
    statement["Condition"] = {
        "StringEquals": TAGGED["StringEquals"] | {"aws:RequestedRegion": "x"},
        "Bool": {"aws:SecureTransport": "true"},
    }
    local, _ = rewrite(template, ENDPOINT)
    assert {"StringEquals": {"aws:RequestedRegion": "x"}, "Bool": {"aws:SecureTransport": "true"}} in [
        each.get("Condition") for _, each in policies(local)
    ]


def test_functions_of_other_runtimes_stay_as_they_are(template: Template) -> None:
    """Only Python functions run in AWS's Python runtime client."""
    function = functions(template)["intake"][0]
    template["Resources"][function]["Properties"]["Runtime"] = "nodejs22.x"
    local, _ = rewrite(template, ENDPOINT)
    assert local["Resources"][function]["Properties"]["Runtime"] == "nodejs22.x"


def test_the_bootstrap_runs_the_handler_against_the_local_endpoint() -> None:
    """A shell script that hands over to AWS's runtime client, with the handler that the template names."""
    script = bootstrap("http://127.0.0.1:4566", AWS_RUNTIME)
    assert script.startswith("#!/bin/sh\n")
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:4566\n" in script
    assert script.endswith('-m awslambdaric "$_HANDLER"\n')


def rename_a_table(local: Template) -> None:
    """Change what no rewrite changes."""
    only(local, "AWS::DynamoDB::GlobalTable", "TablesRoutes")[1]["TableName"] = "routes"


def open_another_grant(local: Template) -> None:
    """Widen a grant that is not SendEmail's."""
    next(each for _, each in policies(local) if each["Action"] == "states:StartExecution")["Resource"] = "*"


def drop_another_condition(local: Template) -> None:
    """Let placement tag user pools with whatever it likes."""
    next(each for _, each in policies(local) if each["Action"] == "cognito-idp:TagResource").pop("Condition")


def drop_a_known_type(local: Template) -> None:
    """Leave out a resource that the emulator knows."""
    local["Resources"].pop(only(local, "AWS::Events::Rule", "TenantCreated")[0])


def run_something_else(local: Template) -> None:
    """Change a function's runtime to one that is not listed."""
    functions(local)["intake"][1]["Runtime"] = "python3.11"


def lead_back_to_elsewhere(local: Template) -> None:
    """Let signing in lead to somebody else."""
    only(local, "AWS::Cognito::UserPoolClient", "OperatorsUserPoolClient")[1]["CallbackURLs"] = ["http://127.0.0.1/"]


@pytest.mark.parametrize(
    "spoil",
    [
        lead_back_to_elsewhere,
        rename_a_table,
        open_another_grant,
        drop_another_condition,
        drop_a_known_type,
        run_something_else,
    ],
    ids=lambda spoil: spoil.__name__,
)
def test_an_unlisted_difference_is_noticed(spoil: Any, template: Template) -> None:
    """The comparison sees what is not on the list."""
    local, _ = rewrite(template, ENDPOINT)
    spoil(local)
    assert [each for each in differences(template, local) if not is_listed(template, each)] != []
