"""Where a command works is found by one order of precedence, and said in one line where it cannot be."""

from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ProfileNotFound

from orchestrator.aws import region_and_account
from orchestrator.aws.region_and_account import Place, RegionOrAccountError
from tests.unit.conftest import ACCOUNT


@pytest.fixture(autouse=True)
def nothing_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A profile's Region is the last resort; nothing else names one."""
    (tmp_path / "config").write_text("[profile there]\nregion = eu-south-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("named", "environment", "found"),
    [
        ("eu-west-1", {"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-3"}, "eu-west-1"),
        ("", {"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-3"}, "eu-west-2"),
        ("", {"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-3", "AWS_PROFILE": "there"}, "eu-west-3"),
        ("", {"AWS_PROFILE": "there"}, "eu-south-1"),
    ],
    ids=["what is named", "AWS_REGION", "AWS_DEFAULT_REGION", "the profile"],
)
def test_the_first_that_names_a_region_is_right(
    monkeypatch: pytest.MonkeyPatch, named: str, environment: dict[str, str], found: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert region_and_account.session(named).region_name == found


def test_no_region_is_one_line_that_says_where_to_name_it() -> None:
    with pytest.raises(RegionOrAccountError, match=r"^Say which Region: by AWS_REGION, or in the profile$"):
        region_and_account.session()
    with pytest.raises(RegionOrAccountError, match=r"^Say which Region: by AWS_REGION, or as `region` of dev$"):
        region_and_account.session(or_else="as `region` of dev")


def test_a_profile_that_is_not_there_is_no_missing_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ProfileNotFound):
        region_and_account.session()


@pytest.mark.usefixtures("wire")
def test_credentials_of_another_account_are_refused() -> None:
    session = boto3.Session(region_name="eu-west-1")
    region_and_account.check_account(session, ACCOUNT, named_in="`account` of dev")
    with pytest.raises(RegionOrAccountError) as refused:
        region_and_account.check_account(session, "111122223333", named_in="`account` of dev")
    assert str(refused.value) == f"The credentials are of account {ACCOUNT}, but `account` of dev is 111122223333"


def test_an_arn_says_where_its_resource_is() -> None:
    arn = "arn:aws-cn:cloudformation:cn-north-1:111122223333:stack/Name:with:colons/id"
    assert region_and_account.of_arn(arn) == Place("aws-cn", "cn-north-1", "111122223333")
