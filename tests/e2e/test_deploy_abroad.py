"""A stage that keeps its data and offers another Region is deployed to both, protected, and destroyed by the guide.

It is a stage of the test's own, in a folder that has the repository's files but for `stages.toml`.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.aws.settings import REGIONAL_STACK_NAME
from orchestrator.local.assembly import find
from orchestrator.local.ministack import REGION, ROOT, MiniStack
from tenant_onboarding.names import STACK_NAME
from tests.e2e.deployments import EMULATED, Account, install
from tests.infra.protection_rules import KEPT

STAGE = "kept"
THERE = "eu-west-1"
STAGES = f"""
[{STAGE}]
account = "000000000000"
region = "{REGION}"
regions = ["{THERE}"]
"""
GUIDE = (ROOT / "docs" / "undoing.md").read_text().split("\n## Destroy\n")[1]
BOTH = {REGION: STACK_NAME, THERE: REGIONAL_STACK_NAME}


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    install()
    for each in ROOT.iterdir():
        if each.name not in {"stages.toml", "cdk.out", ".git"}:
            (tmp_path / each.name).symlink_to(each)
    (tmp_path / "stages.toml").write_text(STAGES)
    with MiniStack() as ministack:
        yield Account(ministack.endpoint, STAGE, tmp_path)


def stacks(account: Account) -> dict[str, str]:
    """Return the name of the stack in each Region that has one."""
    found = {region: account.stacks(region) for region in BOTH}
    return {region: name for region, names in found.items() for name in names}


def places(account: Account, stack: str, region: str) -> dict[str, set[str]]:
    """Return what a stack has made that holds data, by type."""
    template = json.loads(find(account.folder / "cdk.out", stack, region).template.read_text())
    made, found = account.resources(stack, region), dict[str, set[str]]()
    for name, resource in template["Resources"].items():
        if resource["Type"] in KEPT:
            found.setdefault(resource["Type"], set()).add(made[name])
    return found


def left(account: Account, region: str) -> dict[str, set[str]]:
    """Return what there is in a Region, of the types that hold data; of keys those that can be used."""
    dynamodb, kms = account.client("dynamodb", region), account.client("kms", region)
    tables = {name: dynamodb.describe_table(TableName=name)["Table"] for name in dynamodb.list_tables()["TableNames"]}
    routes = {name for name in tables if name.endswith("-routes")}
    keys = [kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"] for each in kms.list_keys()["Keys"]]
    groups = account.client("logs", region).describe_log_groups()["logGroups"]
    pools = account.client("cognito-idp", region).list_user_pools(MaxResults=60)["UserPools"]
    secrets = account.client("secretsmanager", region).list_secrets()["SecretList"]
    found = {
        "AWS::DynamoDB::Table": tables.keys() - routes,
        "AWS::DynamoDB::GlobalTable": routes,
        "AWS::KMS::Key": {each["KeyId"] for each in keys if each["KeyState"] == "Enabled"},
        "AWS::Cognito::UserPool": {each["Id"] for each in pools},
        "AWS::SecretsManager::Secret": {each["Name"] for each in secrets},
        "AWS::Logs::LogGroup": {each["logGroupName"] for each in groups},
    }
    return {kind: names for kind, names in found.items() if names}


@pytest.mark.skipif(not shutil.which("aws"), reason="no AWS CLI here: install Debian's package awscli")
def test_it_is_deployed_to_each_region_and_destroyed_once_nothing_protects_it(account: Account) -> None:
    for target, options in (("bootstrap", EMULATED), ("deploy", f"{EMULATED} --require-approval never")):
        done = account.make(target, options=options)
        assert done.returncode == 0, done.stdout
    assert stacks(account) == BOTH
    for region, name in BOTH.items():
        stack = account.stacks(region)[name]
        assert {tag["Key"]: tag["Value"] for tag in stack["Tags"]} == {"Stage": STAGE}
        assert stack["EnableTerminationProtection"] is True

    refused = account.make("destroy", options=f"{EMULATED} --force")
    assert (refused.returncode, "TerminationProtection is enabled" in refused.stdout) == (2, True), refused.stdout
    assert stacks(account) == BOTH

    commands = GUIDE.split("```")[1]
    assert THERE in commands
    done = account.run("bash", "-ec", commands)
    assert done.returncode == 0, done.stdout
    made = {region: places(account, name, region) for region, name in BOTH.items()}
    done = account.make("destroy", options=f"{EMULATED} --force")
    assert done.returncode == 0, done.stdout
    assert stacks(account) == {}
    assert {region: left(account, region) for region in BOTH} == made
    assert made[REGION].keys() == set(KEPT)
    assert made[THERE].keys() == {"AWS::KMS::Key", "AWS::Logs::LogGroup"}
