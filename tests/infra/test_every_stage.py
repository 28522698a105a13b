"""The templates of every stage: CloudFormation would take them, and a change of them is seen in review."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from infra.configuration.stages import read
from orchestrator.aws.settings import REGIONAL_STACK_NAME
from orchestrator.local import assembly
from orchestrator.local.ministack import REGION
from orchestrator.local.product import APP, STACK
from orchestrator.local.synth import synthesize
from tenant_onboarding.names import STACK_NAME
from tests.infra.every_stage import ABROAD, REGIONS
from tests.infra.snapshots import ABSENT, FOLDER, PROD, Template, snapshots, templates

IGNORED = {
    "W3005": "CDK has functions and state machines wait for their role besides its policy, which is once too often",
}


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, Template]]:
    """The templates of each stage."""
    return templates()


def linted(template: Template, region: str = REGION) -> Iterator[tuple[str, str]]:
    """Yield the rule and the message of each thing that cfn-lint finds wrong for a Region.

    It holds workflows to their schema before their placeholders are filled in, so the partition is filled in here.
    """
    from cfnlint import lint  # type: ignore[import-untyped]  # it has no types
    from cfnlint.config import ManualArgs  # type: ignore[import-untyped]  # as above

    filled = deepcopy(template)
    for resource in filled["Resources"].values():
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            properties = resource["Properties"]
            properties["DefinitionString"] = properties["DefinitionString"].replace("${Partition}", "aws")
    for match in lint(json.dumps(filled), config=ManualArgs(regions=[region])):
        yield match.rule.id, match.message


def test_cfn_lint_has_nothing_against_any_template_of_any_stage(found: dict[str, dict[str, Template]]) -> None:
    ignored = set()
    for stage, stacks in found.items():
        for name, template in stacks.items():
            said = list(linted(template, name.split()[-1]))
            assert [each for each in said if each[0] not in IGNORED] == [], f"{stage}: {name}"
            ignored |= {rule for rule, _ in said}
    assert ignored == IGNORED.keys(), "what is not found is not to be ignored"


def test_cfn_lint_has_nothing_against_the_sample_product() -> None:
    template = json.loads(assembly.find(synthesize(app=APP), STACK).template.read_text())
    assert [each for each in linted(template) if each[0] not in IGNORED] == []


@pytest.mark.parametrize(
    ("kind", "properties", "rule"),
    [
        ("AWS::SQS::Queue", {"VisibilityTimeOut": 1}, "E3002"),
        ("AWS::SQS::Queue", {"VisibilityTimeout": "long"}, "E3012"),
        ("AWS::SQS::Queue", {"KmsMasterKeyId": {"Ref": "Nobody"}}, "E1020"),
        ("AWS::SQS::Queues", {}, "E3006"),
        (
            "AWS::StepFunctions::StateMachine",
            {
                "RoleArn": "arn:aws:iam::111122223333:role/a",
                "DefinitionString": '{"StartAt": "A", "States": {"A": {}}}',
            },
            "E3601",
        ),
    ],
)
def test_cfn_lint_would_find_a_mistake(kind: str, properties: dict[str, Any], rule: str) -> None:
    template = {"Resources": {"Thing": {"Type": kind, "Properties": properties}}}
    assert rule in {name for name, _ in linted(template)}


def test_every_stage_and_the_other_regions_stacks_are_looked_at(found: dict[str, dict[str, Template]]) -> None:
    assert found.keys() == {*read(), ABROAD}
    assert set(found[ABROAD]) == {f"{STACK_NAME} {REGION}"} | {
        f"{REGIONAL_STACK_NAME} {region}" for region in REGIONS.split(",")
    }


def test_the_snapshots_show_the_templates_as_they_are(found: dict[str, dict[str, Template]]) -> None:
    now = snapshots(found)
    kept = {path.stem: path.read_text() for path in FOLDER.glob("*.json")}
    changed = sorted(stage for stage in {*now, *kept} if now.get(stage) != kept.get(stage))
    assert not changed, (
        f"the templates are not as the snapshots of {', '.join(changed)} in {Path(FOLDER).name}/ show them:"
        " run `make snapshots`, and commit what `git diff` then shows if that is what you want to deploy"
    )


def small(**resource: Any) -> dict[str, dict[str, Template]]:
    """Return stages of one resource each, of which prod's is as given and dev's is empty."""
    given = {"Resources": {"Thing": {"Type": "AWS::SQS::Queue", **resource}}}
    return {"dev": {"Stack": {"Resources": {}}}, PROD: {"Stack": given}}


def test_a_snapshot_is_short_and_without_what_every_change_of_the_code_changes() -> None:
    shown = snapshots(
        small(
            Properties={
                "S3Key": f"{'0a' * 32}.zip",
                "Version": {"Ref": f"FunctionCurrentVersion0123ABCD{'0a' * 16}"},
                "Arn": {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":", {"Fn::GetAtt": ["Thing", "Arn"]}]]},
                "Body": {"Fn::Join": ["", ['{"a": "', {"Ref": "Thing"}, '"}']]},
                "Literal": "${Thing}",
            },
            Metadata={"aws:cdk:path": "Stack/Thing"},
        )
    )
    assert json.loads(shown[PROD])["Stack"]["Resources"]["Thing"] == {
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "S3Key": "asset.zip",
            "Version": "${FunctionCurrentVersion0123ABCD}",
            "Arn": "arn:${AWS::Partition}:${Thing.Arn}",
            "Body": {"JSON": {"a": "${Thing}"}},
            "Literal": "$${Thing}",
        },
    }
    assert json.loads(shown["dev"]) == {"Stack / Resources / Thing": ABSENT}


@pytest.mark.parametrize(
    "change",
    [
        {"DeletionPolicy": "Delete"},
        {"Properties": {"DelaySeconds": 1}},
        {"Metadata": {"cdk_nag": {"rules_to_suppress": []}}},
        {"Properties": {"QueueName": {"Ref": "Thing"}}},
        {"Properties": {"QueueName": "${Thing}"}},
        {"Properties": {"QueueName": {"Fn::Join": ["", [{"Fn::Sub": "a"}, "b"]]}}},
        {"Properties": {"List": ["a", "b"]}},
        {"Properties": {"List": ["b", "a"]}},
    ],
)
def test_any_other_change_is_seen(change: dict[str, Any]) -> None:
    seen = [snapshots(small(**each))[PROD] for each in ({}, change)]
    assert seen[0] != seen[1]
    stages = small(**change) | {"dev": small()[PROD]}
    assert json.loads(snapshots(stages)["dev"])


def test_each_of_these_changes_is_another() -> None:
    names: list[Any] = [{"Ref": "Thing"}, "${Thing}", "Thing", {"Fn::GetAtt": ["Thing", "Arn"]}]
    assert len({snapshots(small(Properties={"QueueName": name}))[PROD] for name in names}) == len(names)
