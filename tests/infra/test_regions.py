"""What another Region gets, what home has for it, and that it is deployed before home offers it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from orchestrator.aws.settings import REGIONAL_STACK_NAME
from orchestrator.local.assembly import SynthesizedStack, find, stacks
from orchestrator.local.ministack import REGION
from orchestrator.local.synth import synthesize
from tenant_onboarding.names import STACK_NAME
from tests.infra.template import Template, chosen, functions, grants, of_type, only, text

THERE = "eu-west-1"
TRACING = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
TRIGGERS = {"token_claims": "TokenClaimsTrigger", "pre_sign_up": "PreSignUp"}
OF_A_KEY = {"AWS::KMS::Alias", "AWS::KMS::Key"}
OF_A_TRIGGER = {
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::Lambda::Alias",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::Logs::LogGroup",
}


def read(stack: SynthesizedStack) -> Template:
    """Return a stack's template."""
    template: Template = json.loads(stack.template.read_text())
    return template


@pytest.fixture(scope="module")
def assembly() -> Path:
    """The cloud assembly of a deployment that offers another Region, and names the home one too."""
    return synthesize({"regions": f"{THERE},{REGION}"})


@pytest.fixture
def regional(assembly: Path) -> Template:
    """The template of the other Region's stack."""
    return read(find(assembly, REGIONAL_STACK_NAME, THERE))


def test_each_other_region_has_a_stack_of_its_own_that_is_deployed_first(assembly: Path) -> None:
    """Home, which offers the Regions, comes last; where it is itself there is no other part."""
    assert [(each.name, each.region) for each in stacks(assembly)] == [
        (REGIONAL_STACK_NAME, THERE),
        (STACK_NAME, REGION),
    ]
    several = stacks(synthesize({"regions": "eu-west-1,eu-west-2"}))
    assert [(each.name, each.region) for each in several] == [
        (REGIONAL_STACK_NAME, "eu-west-1"),
        (REGIONAL_STACK_NAME, "eu-west-2"),
        (STACK_NAME, REGION),
    ]


def test_home_waits_for_each_other_region(assembly: Path) -> None:
    """The CDK CLI goes by what a stack depends on, not by the order of their names."""
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    regional = {name for name, each in artifacts.items() if each.get("properties", {}).get("stackName")}
    assert regional == {f"Regional-{THERE}"}
    assert regional <= set(artifacts[STACK_NAME]["dependencies"])


def test_without_another_region_there_is_home_alone() -> None:
    """Nobody gets a second stack, a replica or a stream that did not ask for it."""
    (home,) = stacks(synthesize())
    assert home.name == STACK_NAME
    table = only(read(home), "AWS::DynamoDB::GlobalTable", "TablesRoutes")[1]
    assert [each["Region"] for each in table["Replicas"]] == [{"Ref": "AWS::Region"}]
    assert "StreamSpecification" not in table


def test_a_region_has_the_triggers_and_their_key_and_nothing_else(regional: Template) -> None:
    """Two functions, each with its version, alias, role, grants, log and permission; a key with its alias."""
    wanted = sorted([*OF_A_KEY, *OF_A_TRIGGER, *OF_A_TRIGGER])
    assert sorted(each["Type"] for each in regional["Resources"].values()) == wanted
    assert "Outputs" not in regional


@pytest.mark.parametrize(("module", "alias"), TRIGGERS.items())
def test_a_trigger_there_is_the_one_at_home_but_for_the_region(regional: Template, module: str, alias: str) -> None:
    """Name, code, environment and alias are the same, so the ARN differs in the Region alone."""
    home = chosen(regions=THERE)
    (_, there), (_, here) = functions(regional)[module], functions(home)[module]
    assert there["FunctionName"] == text(here["FunctionName"]).format(StackName=STACK_NAME)
    assert there["Environment"]["Variables"]["ONBOARDING_ROUTES_TABLE"] == f"{STACK_NAME}-routes"
    assert text(here["Environment"]["Variables"]["ONBOARDING_ROUTES_TABLE"]) == "{StackName}-routes"
    snapshot = {"ApplyOn": "PublishedVersions"} if module == "token_claims" else None
    assert there.get("SnapStart") == here.get("SnapStart") == snapshot
    same = {"Architectures", "Handler", "MemorySize", "Runtime", "Timeout"}
    assert {name: there[name] for name in same} == {name: here[name] for name in same}
    assert there["Code"]["S3Key"] == here["Code"]["S3Key"]
    assert only(regional, "AWS::Lambda::Alias", f"{alias}Alias")[1]["Name"] == "live"


def test_its_code_is_in_the_regions_own_bucket(assembly: Path) -> None:
    """Lambda takes code from a bucket of its own Region only."""
    there = of_type(read(find(assembly, REGIONAL_STACK_NAME, THERE)), "AWS::Lambda::Function").values()
    (bucket,) = {function["Properties"]["Code"]["S3Bucket"]["Fn::Sub"] for function in there}
    assert bucket.endswith(f"-{THERE}")
    assets = find(assembly, REGIONAL_STACK_NAME, THERE).assets("123456789012")
    assert {each.bucket for each in assets} == {bucket.replace("${AWS::AccountId}", "123456789012")}


@pytest.mark.parametrize("module", TRIGGERS)
def test_it_reads_the_replica_there_and_that_is_all(regional: Template, module: str) -> None:
    """No write, no index, no other table, no other Region."""
    role = functions(regional)[module][1]["Role"]
    replica = f"arn:{{Partition}}:dynamodb:{THERE}:{{AccountId}}:table/{STACK_NAME}-routes"
    assert grants(regional, role) == {replica: {"dynamodb:GetItem"}, "*": TRACING}


def test_the_user_pools_of_the_region_alone_invoke_it(regional: Template) -> None:
    """Cognito, of this account, for any user pool there: one permission for all, on either trigger."""
    permissions = of_type(regional, "AWS::Lambda::Permission")
    aliases = [only(regional, "AWS::Lambda::Alias", f"{name}Alias")[0] for name in TRIGGERS.values()]
    on = [each["Properties"]["FunctionName"]["Ref"] for each in permissions.values()]
    assert sorted(on) == sorted(aliases)
    for properties in (each["Properties"] for each in permissions.values()):
        assert (properties["Principal"], properties["Action"]) == ("cognito-idp.amazonaws.com", "lambda:InvokeFunction")
        assert properties["SourceAccount"] == {"Ref": "AWS::AccountId"}
        assert text(properties["SourceArn"]) == f"arn:{{Partition}}:cognito-idp:{THERE}:{{AccountId}}:userpool/*"


def test_the_registry_has_a_replica_in_each_region_that_is_not_home(assembly: Path) -> None:
    """A Region that is named twice would be refused, and which one is home is known at deployment only."""
    template = read(find(assembly, STACK_NAME))
    table = only(template, "AWS::DynamoDB::GlobalTable", "TablesRoutes")[1]
    kept = {
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "DeletionProtectionEnabled": True,
    }
    for region in (THERE, REGION, "ap-south-1"):
        resolved = [deployed_in(region, template, each) for each in table["Replicas"]]
        wanted = dict.fromkeys((region, THERE, REGION))
        there = [each for each in resolved if each]
        assert all(each.pop("SSESpecification") for each in there)
        assert there == [{"Region": name} | kept for name in wanted]
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert text(table["TableName"]) == "{StackName}-routes"


def deployed_in(region: str, template: Template, replica: dict[str, Any]) -> dict[str, Any] | None:
    """Return a replica as CloudFormation would read it in a Region; None for one that is not to be."""
    if "Fn::If" in replica:
        condition, wanted, otherwise = replica["Fn::If"]
        assert otherwise == {"Ref": "AWS::NoValue"}
        one, other = template["Conditions"][condition]["Fn::Not"][0]["Fn::Equals"]
        assert one == {"Ref": "AWS::Region"}
        if region == other:
            return None
        replica = wanted
    return dict(replica) | ({"Region": region} if replica["Region"] == {"Ref": "AWS::Region"} else {})


def test_whoever_offers_a_region_is_updated_after_its_replica_is_there() -> None:
    """Functions refer to the table, so that CloudFormation brings the replica about before it tells them."""
    template = chosen(regions=THERE)
    table, _ = only(template, "AWS::DynamoDB::GlobalTable", "TablesRoutes")
    offering = {
        name: properties["Environment"]["Variables"]
        for name, (_, properties) in functions(template).items()
        if "ONBOARDING_REGIONS" in properties["Environment"]["Variables"]
    }
    assert {"intake", "placement"} <= offering.keys()
    assert {json.dumps(each["ONBOARDING_ROUTES_TABLE"]) for each in offering.values()} == {json.dumps({"Ref": table})}


def test_no_other_place_is_fixed_there(regional: Template) -> None:
    """No account, partition or second Region stands in the template."""
    fixed = re.findall(r"arn:aws[a-z-]*:|\b[0-9]{12}\b|\b[a-z]{2}-[a-z]+-[0-9]\b", json.dumps(regional["Resources"]))
    assert set(fixed) == {THERE}
