"""Which stage may go where: a look at the stack that is there comes before whatever the CDK CLI does."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws

from infra import cdk_cli
from infra.cdk_cli import A_FAILED_FIRST, COMMANDS, deployed_stage, main
from orchestrator.aws.settings import REGIONAL_STACK_NAME
from orchestrator.tenants.records import ID_INDEX
from tenant_onboarding.names import STACK_NAME

HOME = "eu-central-1"
TEMPLATE = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_REGION", HOME)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
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
    assert main(command, "dev", "--verbose", "-c", "stage=prod", "-c", "appDomain=keepData=regions") == 7
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
        f"The stack TenantOnboarding in eu-central-1 is of {whose}; dev needs another account or Region"
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


def test_credentials_of_another_account_than_the_stages_are_refused(
    aws: Any, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        cdk_cli, "read", lambda: {"dev": {"account": "123456789012"}, "qa": {"account": "111122223333"}}
    )
    assert main("deploy", "dev") == 7
    program.unlink()
    with pytest.raises(SystemExit) as refused:
        main("deploy", "qa")
    assert str(refused.value) == (
        "The credentials are of account 123456789012, but `account` of qa in stages.toml is 111122223333"
    )
    assert not program.exists()


@pytest.mark.parametrize("name", [STACK_NAME, REGIONAL_STACK_NAME])
def test_the_look_is_at_the_regions_that_the_stage_offers(
    aws: Any, program: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Stages that share a Region would share the trigger's name there, and the table's."""
    there = boto3.client("cloudformation", region_name="us-east-1")
    there.create_stack(StackName=name, TemplateBody=TEMPLATE, Tags=[{"Key": "Stage", "Value": "prod"}])
    monkeypatch.setattr(cdk_cli, "read", lambda: {"prod": {"regions": ["us-east-1"]}, "qa": {"regions": "us-east-1"}})
    assert main("deploy", "prod") == 7
    with pytest.raises(SystemExit) as refused:
        main("deploy", "qa")
    assert str(refused.value) == f"The stack {name} in us-east-1 is of stage prod; qa needs another account or Region"


def answering(status: str) -> dict[str, Any]:
    stack = {"StackName": STACK_NAME, "CreationTime": datetime(2026, 1, 1, tzinfo=UTC), "StackStatus": status}
    return {"Stacks": [stack | {"Tags": [{"Key": "Stage", "Value": "qa"}]}]}


@pytest.mark.parametrize(
    ("command", "keeps", "refused"), [("deploy", True, True), ("destroy", True, False), ("deploy", False, False)]
)
@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED"])
def test_a_first_deployment_that_failed_is_said_in_one_line(
    aws: Any, program: Path, monkeypatch: pytest.MonkeyPatch, status: str, command: str, keeps: bool, refused: bool
) -> None:
    """The CDK CLI would delete it, and be refused; where no data is kept nothing forbids that."""
    monkeypatch.setattr(cdk_cli, "read", lambda: {"qa": {"keepData": keeps}})
    monkeypatch.setattr(boto3.Session, "client", lambda *_, **__: aws)
    with Stubber(aws) as stubbed:
        stubbed.add_response("describe_stacks", answering(status))
        stubbed.add_client_error("describe_stacks", "ValidationError", "Stack with id x does not exist")
        if refused:
            with pytest.raises(SystemExit) as said:
                main(command, "qa")
            assert str(said.value) == (
                f"The first deployment of TenantOnboarding in {HOME} failed; clear it away as in {A_FAILED_FIRST}"
            )
        else:
            assert main(command, "qa") == 7


def test_so_is_that_of_another_regions_stack(aws: Any, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdk_cli, "read", lambda: {"qa": {"regions": ["us-east-1"]}})
    failed = answering("ROLLBACK_COMPLETE")["Stacks"][0]
    found = {("us-east-1", REGIONAL_STACK_NAME): failed}
    monkeypatch.setattr(cdk_cli, "_deployed", lambda client, name: found.get((client.meta.region_name, name)))
    with pytest.raises(SystemExit, match=rf"^The first deployment of {REGIONAL_STACK_NAME} in us-east-1 failed; "):
        main("deploy", "qa")


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "CREATE_FAILED", "UPDATE_ROLLBACK_COMPLETE"])
def test_what_the_cli_can_go_on_with_is_left_to_it(
    aws: Any, program: Path, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    """So is a creation that failed and was not rolled back."""
    monkeypatch.setattr(cdk_cli, "read", lambda: {"qa": {}})
    monkeypatch.setattr(cdk_cli, "_deployed", lambda *_: answering(status)["Stacks"][0])
    assert main("deploy", "qa") == 7


def test_a_change_set_that_nobody_executed_is_no_stack(aws: Any) -> None:
    with Stubber(aws) as stubbed:
        stubbed.add_response("describe_stacks", answering("REVIEW_IN_PROGRESS"))
        assert deployed_stage(aws) is None


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


@pytest.mark.parametrize("key", ["regions", "keepData", "openSignUp"])
@pytest.mark.parametrize("spelled", ["-c {}", "--context {}", "--context={}", "-c={}"])
def test_what_is_read_of_the_file_is_said_there(program: Path, spelled: str, key: str) -> None:
    """Another deployment would take it back, and neither the look nor destroy nor purge would know of it."""
    options = ("--verbose", "-c", "appDomain=mine.example", *spelled.format(f"{key}=x").split())
    for command in COMMANDS:
        with pytest.raises(SystemExit) as refused:
            main(command, "dev", *options)
        assert str(refused.value) == (
            f"Say {key} in [dev] of stages.toml: what is there is looked at, and deleted, by that"
        )
    assert not program.exists()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "AWS_PROFILE",
            "nobody",
            "Which stage is deployed cannot be told: The config profile (nobody) could not be found",
        ),
        ("AWS_REGION", None, "Say which Region: by AWS_REGION, or as `region` of dev in stages.toml"),
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
    def refuse(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not authorized"}}, "DescribeStacks")

    monkeypatch.setattr(cdk_cli, "_deployed", refuse)
    with pytest.raises(SystemExit, match=r"^Which stage is deployed cannot be told: .*not authorized$"):
        main("deploy", "dev")
    assert not program.exists()


TENANTS = "tenants"


@pytest.fixture
def deployed(aws: Any) -> Any:
    """A stage that is deployed, with its table of tenants; returns the table."""
    table = boto3.resource("dynamodb", region_name=HOME).create_table(
        TableName=TENANTS,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("tenantId", "item")],
        KeySchema=[
            {"AttributeName": "tenantId", "KeyType": "HASH"},
            {"AttributeName": "item", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": ID_INDEX,
                "KeySchema": [
                    {"AttributeName": "item", "KeyType": "HASH"},
                    {"AttributeName": "tenantId", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    template = json.loads(TEMPLATE) | {"Outputs": {"TenantsTableName": {"Value": TENANTS}}}
    aws.create_stack(StackName=STACK_NAME, TemplateBody=json.dumps(template), Tags=[{"Key": "Stage", "Value": "dev"}])
    return table


def declare(monkeypatch: pytest.MonkeyPatch, **choices: str) -> None:
    """Let the file have one stage with these choices."""
    monkeypatch.setattr(cdk_cli, "read", lambda: {"dev": choices})


def test_a_stage_with_an_open_tenant_is_not_deployed_without_a_declared_protection(
    deployed: Any, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(monkeypatch)
    deployed.put_item(Item={"tenantId": "acme", "item": "RECORD", "signUp": "INVITE_ONLY"})
    assert main("deploy", "dev") == 7
    deployed.put_item(Item={"tenantId": "globex", "item": "SIGNUP#OPEN"})
    program.unlink()
    with pytest.raises(SystemExit) as refused:
        main("deploy", "dev")
    assert str(refused.value) == (
        "A tenant of dev is OPEN, and nothing protects its registration: put a captcha or a firewall before it,"
        " then declare that by openSignUp in [dev] of stages.toml"
    )
    assert not program.exists()
    for command in ("diff", "destroy"):
        assert main(command, "dev") == 7
    for protection in ("captcha", "firewall"):
        declare(monkeypatch, openSignUp=protection)
        assert main("deploy", "dev") == 7


def test_what_the_look_may_not_read_is_said_and_left_to_doctor(
    aws: Any, program: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    declare(monkeypatch)
    template = json.loads(TEMPLATE) | {"Outputs": {"TenantsTableName": {"Value": "gone"}}}
    aws.create_stack(StackName=STACK_NAME, TemplateBody=json.dumps(template), Tags=[{"Key": "Stage", "Value": "dev"}])
    assert main("deploy", "dev") == 7
    said = "Whether a tenant is OPEN cannot be read (ResourceNotFoundException); onboard doctor tells\n"
    assert capsys.readouterr().err == said
