"""The way to AWS: make bootstrap, deploy and destroy a stage with the pinned CDK CLI, against the emulator.

The CLI deploys what it synthesizes, with the first rewrite of the local stack only: types that the emulator does not
know are left out. So this shows the way, not functions at work.
`local` leaves packages out of the code, which would take longer to upload than all else.
"""

import json
import re
from collections.abc import Iterator

import pytest

from infra.cdk_cli import CLI
from orchestrator.identity.marks import OWNER_TAG, STACK_TAG
from orchestrator.local.ministack import REGION, ROOT, MiniStack
from orchestrator.local.rewrites import UNKNOWN_TYPES
from tenant_onboarding.names import STACK_NAME
from tests.e2e.deployments import EMULATED, LOCAL, Account, install
from tests.infra.snapshots import templates

STAGE = "dev"
OURS = f"{LOCAL} --output cdk.out/{STAGE}"
LOCALLY = f"{EMULATED} --output cdk.out/{STAGE}"


@pytest.fixture(scope="module")
def installed() -> None:
    install()


@pytest.fixture(scope="module")
def account(installed: None) -> Iterator[Account]:
    with MiniStack() as ministack:
        account = Account(ministack.endpoint, STAGE)
        done = account.make("bootstrap", options=OURS)
        assert done.returncode == 0, done.stdout
        yield account


@pytest.fixture(scope="module")
def deployed(account: Account) -> str:
    """What the first deployment said."""
    done = account.make("deploy", options=f"{LOCALLY} --require-approval never")
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_cli_is_the_one_that_the_lock_names(installed: None) -> None:
    lock = json.loads((ROOT / "requirements/cdk/package-lock.json").read_text())["packages"]["node_modules/aws-cdk"]
    package = json.loads((CLI.parents[1] / "package.json").read_text())
    assert package["version"] == lock["version"] == "2.1148.1"
    assert lock["integrity"].startswith("sha512-")
    assert "resolved" not in lock, "a lock says what, not from where"


def test_a_deployment_makes_the_stack_as_it_is_synthesized(account: Account, deployed: str) -> None:
    """Its outputs are said, its stage is its tag, and its resources are those that reviews see."""
    (stack,) = account.stacks().values()
    assert (stack["StackName"], stack["StackStatus"]) == (STACK_NAME, "CREATE_COMPLETE")
    assert {tag["Key"]: tag["Value"] for tag in stack["Tags"]} == {"Stage": STAGE}
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    assert outputs["AppDomain"] == "dev.app.example"
    assert [name for name, value in outputs.items() if f"{STACK_NAME}.{name} = {value}" not in deployed] == []
    reviewed = templates()[STAGE][f"{STACK_NAME} {REGION}"]
    known = {name for name, each in reviewed["Resources"].items() if each["Type"] not in UNKNOWN_TYPES}
    assert account.resources().keys() == known
    assert set(outputs) == set(reviewed["Outputs"])


def test_what_is_there_already_is_not_deployed_again(account: Account, deployed: str) -> None:
    again = account.make("deploy", options=f"{LOCALLY} --require-approval never")
    assert (again.returncode, f"{STACK_NAME} (no changes)" in again.stdout) == (0, True), again.stdout
    difference = account.make("diff", options=LOCALLY)
    assert (difference.returncode, "There were no differences" in difference.stdout) == (0, True), difference.stdout


@pytest.mark.parametrize("target", ["deploy", "diff", "destroy"])
def test_a_stage_does_not_go_over_another(account: Account, deployed: str, target: str) -> None:
    """Neither what would change prod into dev nor what would delete it gets as far as being synthesized."""
    before = account.stacks()
    refused = account.make(target, stage="prod", options="--force" if target == "destroy" else "")
    assert refused.returncode
    assert refused.stdout.splitlines()[0] == (
        f"The stack TenantOnboarding in {REGION} is of stage dev; prod needs another account or Region"
    )
    assert account.stacks() == before


def test_without_a_stage_nothing_is_done(account: Account) -> None:
    for stage in ("", "production"):
        refused = account.make("deploy", stage=stage)
        said = "Say which stage: make deploy STAGE=dev; stages.toml has dev, staging, prod"
        assert refused.stdout.splitlines()[0] == said


@pytest.fixture(scope="module")
def destroyed(account: Account, deployed: str) -> None:
    """The stack goes once somebody has said yes; a silo tenant had come, elsewhere too."""
    unasked = account.make("destroy", options=LOCALLY)
    assert unasked.returncode, "without a terminal to ask at, only --force says yes"
    deployment = account.stacks()[STACK_NAME]["StackId"].split("/")[2]
    for name, owner in (("ours", f"{deployment}/silo/acme"), ("another's", "another-deployment/silo/acme")):
        account.client("cognito-idp").create_user_pool(
            PoolName=name, DeletionProtection="ACTIVE", UserPoolTags={OWNER_TAG: owner, STACK_TAG: STACK_NAME}
        )
    account.client("ssm").put_parameter(Name="/tenant-onboarding/tenants/acme", Value="{}", Type="String")
    done = account.make("destroy", options=f"{LOCALLY} --force")
    assert done.returncode == 0, done.stdout


def test_of_a_stage_that_keeps_no_data_what_tenants_had_made_is_left_alone(account: Account, destroyed: None) -> None:
    assert account.stacks() == {}
    assert account.client("dynamodb").list_tables()["TableNames"] == []
    assert account.user_pools() == {"ours", "another's"}
    assert account.client("lambda").list_functions()["Functions"] == []


def test_what_its_tenants_left_is_purged_and_nobody_elses(account: Account, destroyed: None) -> None:
    """Each user pool is tagged with the id of the deployment that made it, which CloudFormation still knows."""
    before = account.user_pools()
    unasked = account.make("purge")
    assert (unasked.returncode, account.user_pools()) == (2, before)
    assert "Nothing was deleted" in unasked.stdout
    purged = account.make("purge", options="--yes")
    assert purged.returncode == 0, purged.stdout
    said = [re.sub(r"\S+_\S+", "…", line) for line in purged.stdout.splitlines()]
    assert said == ["user pool … in us-east-1, about 0 users", "parameter /tenant-onboarding/tenants/acme"]
    assert account.user_pools() == before - {"ours"}
    assert account.make("purge").stdout == "Nothing is left\n"
