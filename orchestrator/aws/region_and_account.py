"""The Region and the account in which whoever runs a command works; every command finds them here.

The Region is the first that there is of: the one named, AWS_REGION, AWS_DEFAULT_REGION, the profile's. The AWS CLI and
the CDK know AWS_REGION, boto3 does not. The account is that of the credentials.
"""

import os
from typing import NamedTuple

import boto3

IN_THE_PROFILE = "in the profile"
ENDPOINT = "AWS_ENDPOINT_URL"


class RegionOrAccountError(Exception):
    """No Region is named, the credentials are of another account, or an endpoint is no address.

    The message is one line and says what to do.
    """


class Place(NamedTuple):
    """Where a resource is."""

    partition: str
    region: str
    account: str


def session(region: str = "", *, or_else: str = IN_THE_PROFILE) -> boto3.Session:
    """Return a session in the Region; raises RegionOrAccountError, and ProfileNotFound of the SDK.

    `or_else` says where, beside AWS_REGION, a Region could be named.
    """
    _check_endpoints()
    found = boto3.Session(region_name=region or os.environ.get("AWS_REGION") or None)
    if not found.region_name:
        raise RegionOrAccountError(f"Say which Region: by AWS_REGION, or {or_else}")
    return found


def _check_endpoints() -> None:
    """Raise RegionOrAccountError for an endpoint of the environment, of all services or of one, without a scheme."""
    for name, value in os.environ.items():
        if name.startswith(ENDPOINT) and value and not value.lower().startswith(("http://", "https://")):
            raise RegionOrAccountError(f"{name} must begin with http:// or https://, not {value!r}")


def check_account(session: boto3.Session, account: str, *, named_in: str) -> None:
    """Raise RegionOrAccountError if credentials are of another account than is named; errors of AWS pass."""
    if (found := session.client("sts").get_caller_identity()["Account"]) != account:
        raise RegionOrAccountError(f"The credentials are of account {found}, but {named_in} is {account}")


def of_arn(arn: str) -> Place:
    """Return where the resource of an ARN is."""
    _, partition, _, region, account, _ = arn.split(":", 5)
    return Place(partition, region, account)
