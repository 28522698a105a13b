"""Stacks of any cloud assembly are deployed in their own Region, in order, with parameters."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from orchestrator.local.assembly import find, stacks
from orchestrator.local.deploy import deploy
from orchestrator.local.ministack import REGION, LocalStackError
from orchestrator.local.synth import synthesize

ENDPOINT = "https://s3.amazonaws.com"
TEMPLATE = {
    "Parameters": {"Greeting": {"Type": "String"}},
    "Resources": {
        "Parameter": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": "greeting", "Type": "String", "Value": {"Ref": "Greeting"}},
        },
        "Archive": {"Type": "AWS::Events::Archive", "Properties": {"SourceArn": "x"}},
    },
}


def assembly(folder: Path, **named: dict[str, Any]) -> Path:
    """Write a cloud assembly with a stack for each name: where it is, what it is called, what it depends on."""
    artifacts: dict[str, Any] = {}
    for artifact_id, more in named.items():
        template = f"{artifact_id}.template.json"
        (folder / template).write_text(json.dumps(TEMPLATE))
        destination = {"bucketName": "assets-${AWS::AccountId}-${AWS::Region}", "objectKey": f"{artifact_id}.json"}
        code = {"bucketName": destination["bucketName"], "objectKey": "code.zip"}
        files = {
            "template": {"source": {"path": template}, "destinations": {"here": destination}},
            "code": {"source": {"path": "asset.code"}, "destinations": {"here": code}},
        }
        (folder / f"{artifact_id}.assets.json").write_text(json.dumps({"files": files}))
        artifacts[artifact_id] = {
            "type": "aws:cloudformation:stack",
            "environment": f"aws://unknown-account/{more.get('region', 'unknown-region')}",
            "properties": {"templateFile": template} | ({"stackName": more["name"]} if "name" in more else {}),
            "dependencies": [f"{artifact_id}.assets", *more.get("after", [])],
        }
        artifacts[f"{artifact_id}.assets"] = {"type": "cdk:asset-manifest"}
    (folder / "asset.code").mkdir()
    (folder / "asset.code" / "handler.py").write_text("")
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return folder


def test_a_stack_is_deployed_after_those_that_it_depends_on(tmp_path: Path) -> None:
    """The one without a Region is for the home Region."""
    far = {"region": "eu-west-1", "name": "Far"}
    found = stacks(
        assembly(tmp_path, A={"after": ["B", "C"]}, B=far | {"after": ["C"]}, C=far | {"region": "eu-west-2"})
    )
    assert [(stack.name, stack.region) for stack in found] == [
        ("Far", "eu-west-2"),
        ("Far", "eu-west-1"),
        ("A", REGION),
    ]


def test_a_stack_that_is_not_there_is_told_from_those_that_are(tmp_path: Path) -> None:
    """Name and Region together make a stack."""
    folder = assembly(tmp_path, A={}, B={"region": "eu-west-1", "name": "Far"})
    assert find(folder, "Far", "eu-west-1").template == folder / "B.template.json"
    with pytest.raises(LocalStackError, match="no stack Far for us-east-1; it has A in us-east-1, Far in eu-west-1"):
        find(folder, "Far")


@mock_aws
def test_a_stack_comes_to_its_region_with_parameters_and_assets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parameters reach the template; the assets are in the Region's own bucket; what was dropped is told."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    folder = assembly(tmp_path, B={"region": "eu-west-1", "name": "Far"})
    dropped = deploy(find(folder, "Far", "eu-west-1"), ENDPOINT, "#!/bin/sh", {"Greeting": "hello"})
    assert dropped == ["Archive"]
    ssm = boto3.client("ssm", region_name="eu-west-1")
    assert ssm.get_parameter(Name="greeting")["Parameter"]["Value"] == "hello"
    keys = boto3.client("s3", region_name=REGION).list_objects_v2(Bucket="assets-123456789012-eu-west-1")["Contents"]
    assert sorted(each["Key"] for each in keys) == ["B.json", "code.zip"]
    assert boto3.client("cloudformation", region_name=REGION).list_stacks()["StackSummaries"] == []


def test_another_app_is_synthesized_by_its_module() -> None:
    """What Python says of an app that does not start is told."""
    with pytest.raises(LocalStackError, match=r"No module named 'examples\.nothing'"):
        synthesize(app="examples.nothing.app")
