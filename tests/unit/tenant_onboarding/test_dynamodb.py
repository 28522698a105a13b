"""Items are read as boto3 reads them, without boto3, and as quickly given up as somebody who waits can bear."""

from typing import Any

import botocore.session
import pytest
from boto3.dynamodb.types import TypeDeserializer

from orchestrator.aws.clients import Clients
from tenant_onboarding.authorizer.dynamodb import WHILE_SOMEBODY_SIGNS_IN, Reader, plain
from tests.unit.conftest import REGION

STORED: dict[str, Any] = {
    "text": {"S": "acme"},
    "a whole number": {"N": "7"},
    "a fraction": {"N": "0.1"},
    "true": {"BOOL": True},
    "nothing": {"NULL": True},
    "bytes": {"B": b"\x00\xff"},
    "a list": {"L": [{"S": "a"}, {"M": {"deep": {"L": []}}}]},
    "an object": {"M": {"target": {"M": {"tier": {"S": "pool"}}}, "none": {"NULL": True}}},
    "a set of texts": {"SS": ["a", "b"]},
    "a set of numbers": {"NS": ["1", "2.5"]},
    "a set of bytes": {"BS": [b"a"]},
}


@pytest.mark.parametrize("stored", STORED.values(), ids=STORED)
def test_a_value_of_each_type_is_the_one_that_boto3_gives(stored: Any) -> None:
    assert plain(stored) == TypeDeserializer().deserialize(stored)


def test_a_type_that_there_was_not_so_far_is_an_error_and_no_guess() -> None:
    with pytest.raises(KeyError):
        plain({"VECTOR": [1, 2]})


@pytest.mark.parametrize("key", ["subdomain#acme", "subdomain#nobody"])
def test_an_item_is_read_as_boto3s_resource_reads_it(key: str, clients: Clients) -> None:
    route: Any = {
        "routeKey": "subdomain#acme",
        "target": {"tier": "pool", "identityProviders": ["Sso"]},
        "domain": None,
    }
    clients.dynamodb.put_item(TableName="routes", Item=route)
    low_level: Any = botocore.session.get_session().create_client("dynamodb", region_name=REGION)
    asked: dict[str, Any] = {"TableName": "routes", "Key": {"routeKey": key}, "ConsistentRead": True}
    assert Reader(low_level).get_item(**asked).get("Item") == clients.dynamodb.get_item(**asked).get("Item")


def test_its_own_client_gives_up_in_time() -> None:
    config = Reader().client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (0.5, 1)
    assert config.retries["total_max_attempts"] == 1
    assert WHILE_SOMEBODY_SIGNS_IN.seconds <= 4
