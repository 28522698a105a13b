"""Which stage may go where: a look at the stack that is there comes before whatever the CDK CLI does."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws

from infra import cdk_cli
from infra.cdk_cli import COMMANDS, deployed_stage, main
from orchestrator.settings import STACK_NAME

HOME = "eu-central-1"
TEMPLATE = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_REGION", HOME)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield boto3.client("cloudformation", region_name=HOME)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the CLI's place that writes down its arguments and fails with a code of its own."""
    said = tmp_path / "said.json"
    cli = tmp_path / "cdk.js"
    cli.write_text(
        f"require('fs').writeFileSync({json.dumps(str(said))}, JSON.stringify(process.argv.slice(2))); process.exit(7)"
    )
    monkeypatch.setattr(cdk_cli, "CLI", cli)
    return said


def deploy(aws: Any, **tags: str) -> None:
    aws.create_stack(
        StackName=STACK_NAME, TemplateBody=TEMPLATE, Tags=[{"Key": key, "Value": value} for key, value in tags.items()]
    )


def test_the_stage_of_a_stack_is_its_tag(aws: Any) -> None:
    assert deployed_stage(aws) is None
    deploy(aws, Stage="dev", Owner="identity")
    assert deployed_stage(aws) == "dev"


def test_a_stack_of_no_stage_is_told_from_none_at_all(aws: Any) -> None:
    deploy(aws, Owner="identity")
    assert deployed_stage(aws) == ""


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("tags", [None, {"Stage": "dev"}])
def test_a_stage_goes_where_nothing_is_or_itself(
    aws: Any, program: Path, command: str, tags: dict[str, str] | None
) -> None:
    """Options are handed on; none of them chooses another stage, as the last context counts. The exit code is CDK's."""
    if tags:
        deploy(aws, **tags)
    assert main(command, "dev", "--verbose", "-c", "stage=prod") == 7
    first, *_, context, chosen = json.loads(program.read_text())
    assert (first, context, chosen) == (command, "--context", "stage=dev")
    assert "--verbose" in json.loads(program.read_text())


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("tags", "whose"), [({"Stage": "prod"}, "stage prod"), ({}, "no stage")])
def test_a_stage_does_not_go_over_another_or_over_what_is_of_none(
    aws: Any, program: Path, command: str, tags: dict[str, str], whose: str
) -> None:
    deploy(aws, **tags)
    with pytest.raises(SystemExit) as refused:
        main(command, "dev")
    assert str(refused.value) == (
        f"The stack TenantOnboarding there is of {whose}; dev needs another account or home Region"
    )
    assert not program.exists()


def test_the_look_is_at_the_region_that_the_stage_binds(
    aws: Any, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(aws, Stage="prod")
    monkeypatch.setattr(cdk_cli, "read", lambda: {"dev": {"region": "eu-west-1"}, "qa": {"region": HOME}})
    assert main("deploy", "dev") == 7
    with pytest.raises(SystemExit, match="is of stage prod"):
        main("deploy", "qa")


@pytest.mark.parametrize("stage", ["", "production"])
def test_a_stage_has_to_be_said(program: Path, stage: str) -> None:
    with pytest.raises(SystemExit) as refused:
        main("destroy", stage)
    assert str(refused.value) == "Say which stage: make destroy STAGE=dev; stages.toml has dev, staging, prod"


@pytest.mark.parametrize("options", [("--profile", "x"), ("--profile=x",)])
def test_a_profile_that_the_look_would_not_know_of_is_refused(program: Path, options: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit, match="AWS_PROFILE"):
        main("deploy", "dev", *options)
    assert not program.exists()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("AWS_PROFILE", "nobody", "The config profile (nobody) could not be found"),
        ("AWS_REGION", None, "Which stage is deployed cannot be told: You must specify a region."),
    ],
)
def test_settings_that_lead_nowhere_are_one_line(
    program: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str | None, said: str
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    if value:
        monkeypatch.setenv(name, value)
    else:
        monkeypatch.delenv(name)
    with pytest.raises(SystemExit) as refused:
        main("deploy", "dev")
    assert str(refused.value) == said
    assert not program.exists()


def test_not_to_be_let_look_is_not_to_see_nothing(aws: Any) -> None:
    with Stubber(aws) as stubbed:
        stubbed.add_client_error("describe_stacks", "AccessDenied")
        with pytest.raises(ClientError, match="AccessDenied"):
            deployed_stage(aws)


def test_nothing_is_done_where_the_look_is_refused(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(cloudformation: Any) -> str:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not authorized"}}, "DescribeStacks")

    monkeypatch.setattr(cdk_cli, "deployed_stage", refuse)
    with pytest.raises(SystemExit, match=r"^Which stage is deployed cannot be told: .*not authorized$"):
        main("deploy", "dev")
    assert not program.exists()
