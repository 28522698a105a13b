"""Keys have people's addresses hashed with a key of the stack's: equal ones find one another, and nobody reads any."""

import hashlib
import hmac

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.users import addresses
from tests.unit import faults
from tests.unit.faults import Wire

KEY = b"of the tests"


def test_an_address_is_the_same_whatever_its_case(clients: Clients, settings: Settings) -> None:
    wanted = hmac.new(KEY, b"jane@acme.example", hashlib.sha256).hexdigest()
    for address in ("jane@acme.example", "Jane@ACME.example"):
        assert addresses.hashed(clients, settings, address) == wanted
    assert addresses.hashed(clients, settings, "john@acme.example") != wanted


def test_the_key_is_read_once_and_a_failure_to_read_it_is_not_remembered(
    clients: Clients, settings: Settings, wire: Wire
) -> None:
    with (
        wire.strikes("GetSecretValue", faults.access_denied("secretsmanager:GetSecretValue")),
        pytest.raises(ClientError),
    ):
        addresses.hashed(clients, settings, "jane@acme.example")
    for _ in range(3):
        addresses.hashed(clients, settings, "jane@acme.example")
    assert wire.count("GetSecretValue") == 2
