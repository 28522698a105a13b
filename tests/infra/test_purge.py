"""What is deleted of a destroyed stage, and of which stage nothing ever is."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra import purge
from orchestrator.identity.marks import OWNER_TAG, STACK_TAG
from tenant_onboarding.names import STACK_NAME

HOME, ABROAD = "eu-central-1", "eu-west-1"
TEMPLATE = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
STAGES: dict[str, dict[str, Any]] = {
    "dev": {"keepData": False, "regions": [ABROAD]},
    "prod": {"keepData": True},
    "qa": {},
}


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    for name, value in {"REGION": HOME, "ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(purge, "read", lambda: STAGES)
    with mock_aws():
        yield boto3.Session(region_name=HOME)


def deployment(session: boto3.Session, stage: str | None, name: str = STACK_NAME, *, destroyed: bool = True) -> str:
    """Deploy a stack and, as a rule, destroy it; return the id in the tags of what it would have made."""
    cloudformation = session.client("cloudformation")
    tags: Any = [{"Key": "Stage", "Value": stage}] if stage else []
    stack_id = cloudformation.create_stack(StackName=name, TemplateBody=TEMPLATE, Tags=tags)["StackId"]
    if destroyed:
        cloudformation.delete_stack(StackName=name)
    return stack_id.split("/")[2]


def user_pool(session: boto3.Session, owner: str | None, region: str = HOME) -> tuple[str, str]:
    """Make a user pool, protected and with a domain, and return its Region and id."""
    cognito = session.client("cognito-idp", region_name=region)
    tags = {OWNER_TAG: owner, STACK_TAG: STACK_NAME} if owner else {}
    made = cognito.create_user_pool(PoolName="pool", DeletionProtection="ACTIVE", UserPoolTags=tags)["UserPool"]["Id"]
    cognito.create_user_pool_domain(Domain=made.lower().replace("_", "-"), UserPoolId=made)
    return region, made


def left(session: boto3.Session) -> set[tuple[str, str]]:
    return {
        (region, each["Id"])
        for region in (HOME, ABROAD)
        for each in session.client("cognito-idp", region_name=region).list_user_pools(MaxResults=60)["UserPools"]
    }


def parameters(session: boto3.Session) -> set[str]:
    return {each["Name"] for each in session.client("ssm").describe_parameters()["Parameters"]}


def test_the_user_pools_of_every_deleted_stack_of_the_stage_go_and_no_others(
    session: boto3.Session, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = deployment(session, "dev"), deployment(session, "dev")
    others = [
        deployment(session, "prod"),
        deployment(session, None),
        deployment(session, "dev", "AnotherApp"),
        "elsewhere",
    ]
    ours = [user_pool(session, f"{first}/silo/acme"), user_pool(session, f"{second}/shared-1", ABROAD)]
    kept = {user_pool(session, f"{each}/silo/acme", region) for each in others for region in (HOME, ABROAD)}
    kept |= {user_pool(session, None), user_pool(session, f"{first}x/silo/acme")}
    for name in ("/tenant-onboarding/tenants/acme", "/tenant-onboarding/others", "/another/tenants/acme"):
        session.client("ssm").put_parameter(Name=name, Value="{}", Type="String")
    purge.main("dev", "--yes")
    assert left(session) == kept
    assert parameters(session) == {"/tenant-onboarding/others", "/another/tenants/acme"}
    assert capsys.readouterr().out.splitlines() == [
        *(f"user pool {name} in {region}, about 0 users" for region, name in ours),
        "parameter /tenant-onboarding/tenants/acme",
    ]


@pytest.mark.parametrize(("typed", "deleted"), [("dev", True), ("", False), ("yes", False), ("prod", False)])
def test_the_stages_name_has_to_be_typed(
    session: boto3.Session, monkeypatch: pytest.MonkeyPatch, typed: str, deleted: bool
) -> None:
    pool = user_pool(session, f"{deployment(session, 'dev')}/silo/acme")
    monkeypatch.setattr("builtins.input", lambda prompt: typed)
    if deleted:
        purge.main("dev")
    else:
        with pytest.raises(SystemExit, match=r"^Nothing was deleted$"):
            purge.main("dev")
    assert left(session) == (set() if deleted else {pool})


@pytest.mark.parametrize("stage", ["prod", "qa"])
def test_nothing_is_deleted_of_a_stage_that_keeps_its_data_as_each_does_that_does_not_say(
    session: boto3.Session, stage: str
) -> None:
    pool = user_pool(session, f"{deployment(session, stage)}/silo/acme")
    with pytest.raises(SystemExit, match=f"^{stage} keeps its data"):
        purge.main(stage, "--yes")
    assert left(session) == {pool}


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        ({"account": "111122223333"}, "but `account` of dev in stages.toml is 111122223333$"),
        ({}, r"^Say which Region: by AWS_REGION, or as `region` of dev in stages.toml$"),
    ],
    ids=["another account", "no Region"],
)
def test_nothing_is_deleted_elsewhere_than_the_stage_says(
    session: boto3.Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bound: dict[str, Any], said: str
) -> None:
    """Another account may have had a stage of that name, too."""
    pool = user_pool(session, f"{deployment(session, 'dev')}/silo/acme")
    monkeypatch.setattr(purge, "read", lambda: {"dev": STAGES["dev"] | bound})
    if not bound:
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit, match=said):
        purge.main("dev", "--yes")
    assert left(session) == {pool}


@pytest.mark.parametrize("there", ["dev", "prod", None])
def test_nothing_is_deleted_while_a_stack_is_there(session: boto3.Session, there: str | None) -> None:
    before = deployment(session, "dev")
    pool = user_pool(session, f"{before}/silo/acme")
    deployment(session, there, destroyed=False)
    with pytest.raises(SystemExit, match=f"is there, of stage {there or 'none'}: first make destroy STAGE=dev"):
        purge.main("dev", "--yes")
    assert left(session) == {pool}


def test_without_a_deleted_stack_of_the_stage_nothing_is_known_to_be_its(
    session: boto3.Session, capsys: pytest.CaptureFixture[str]
) -> None:
    """No deployment must not mean every deployment."""
    pool = user_pool(session, "elsewhere/silo/acme")
    session.client("ssm").put_parameter(Name="/tenant-onboarding/tenants/acme", Value="{}", Type="String")
    purge.main("dev", "--yes")
    assert (left(session), len(parameters(session))) == ({pool}, 1)
    assert capsys.readouterr().out == "Nothing is left\n"


@pytest.mark.parametrize("stage", ["", "production"])
def test_a_stage_has_to_be_said(stage: str) -> None:
    with pytest.raises(SystemExit, match=r"^Say which stage: make purge STAGE=dev; stages.toml has dev, prod, qa$"):
        purge.main(stage)


def test_a_user_pool_stays_as_it_was_and_says_whose_until_it_is_gone() -> None:
    """UpdateUserPool resets what it is not given: a fault after that would leave one that anybody may sign up at."""
    calls: list[tuple[str, dict[str, Any]]] = []

    def record(name: str) -> Any:
        return lambda **given: calls.append((name, given))

    tags = {OWNER_TAG: "a/silo/acme", STACK_TAG: STACK_NAME}
    kept = {"UserPoolTags": tags, "LambdaConfig": {"PreTokenGeneration": "arn"}, "MfaConfiguration": "ON"}
    kept |= {"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True}}
    found = {"UserPool": kept | {"Domain": "acme", "DeletionProtection": "ACTIVE", "Arn": "arn"}}
    names = ("delete_user_pool_domain", "update_user_pool", "delete_user_pool")
    cognito: Any = SimpleNamespace(describe_user_pool=lambda **_: found, **{name: record(name) for name in names})
    session: Any = SimpleNamespace(client=lambda *_, **__: cognito)
    purge.delete(session, purge.Remains({(HOME, "pool"): 0}))
    assert [name for name, _ in calls] == list(names)
    assert calls[1][1] == kept | {"UserPoolId": "pool", "DeletionProtection": "INACTIVE"}
