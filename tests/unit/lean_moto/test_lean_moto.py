"""moto answers the same by its short ways as by its own, whatever it is asked and whatever was asked before."""

import contextlib
import functools
import itertools
import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import xform_name
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ClientError
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.models import botocore_stubber
from moto.core.serialize import JSONSerializer, XFormedAttributePicker
from moto.core.utils import get_service_model
from moto.dynamodb.models import dynamodb_backends
from moto.moto_api._internal import mock_random
from moto.moto_api._internal.models import moto_api_backend

from orchestrator.aws.clients import Clients
from tests.unit import faults, lean_moto
from tests.unit.conftest import ACCOUNT, REGION, SENDER
from tests.unit.every_tier import CASES, World
from tests.unit.kept_aws import KeptAws
from tests.unit.operations.undoing import Undoing
from tests.unit.simulated_aws import Stack

Answers = list[tuple[int, dict[str, str], str]]
MOMENT = re.compile(r"\b1[0-9]{9}(\.[0-9]+)?\b|\b20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+")
"""A time of creation, as moto writes it."""


@pytest.fixture
def requests(wire: faults.Wire, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[AWSPreparedRequest]]:
    """What goes over the wire from an empty AWS on; identifiers are drawn alike each time."""
    noted: list[AWSPreparedRequest] = []
    answer, drawn = faults.answer, mock_random.getstate()

    def note(request: AWSPreparedRequest) -> Any:
        noted.append(request)
        return answer(request)

    monkeypatch.setattr(faults, "answer", note)
    mock_random.seed(1)
    yield noted
    mock_random.setstate(drawn)


def answers(requests: list[AWSPreparedRequest]) -> Answers:
    """Return what an empty AWS answers to requests, one after the other, but for the moment."""
    moto_api_backend.reset()
    mock_random.seed(1)
    found: Answers = []
    for request in requests:
        try:
            answered: Any = BotocoreStubber.process_request(botocore_stubber, request)
        except (ValueError, KeyError, TypeError) as error:
            found.append((0, {}, repr(error)))
        else:
            status, headers, body = answered
            found.append((status, {k: v for k, v in headers.items() if k not in MOVING}, MOMENT.sub("moment", body)))
    return found


MOVING = ("date", "x-amz-crc32")


def agree(requests: list[AWSPreparedRequest]) -> Answers:
    """Check that both ways lead to the same answers and the same tables; return the answers."""
    short, tables = answers(requests), contents()
    with lean_moto.left_out():
        long, others = answers(requests), contents()
    for request, one, other in zip(requests, short, long, strict=True):
        assert one == other, (request.headers.get("X-Amz-Target"), request.body)
    assert tables == others != {}
    return short


def contents() -> dict[str, list[Any]]:
    """Return the items of all tables, in their order."""
    tables = dynamodb_backends[ACCOUNT][REGION].tables.items()
    return {name: [MOMENT.sub("moment", str(item.to_json())) for item in table.all_items()] for name, table in tables}


@pytest.fixture
def world(requests: Any, clients: Clients, settings: Any, wire: Any, run: Any, published: Any, kept: KeptAws) -> World:
    """A stack of which every request is noted, those that make it included."""
    return World(clients, settings, wire, run, Stack(clients, settings, wire, published), kept)


@pytest.mark.parametrize("case", ["bridge with SAML", "silo with OIDC and SAML"])
def test_of_a_tenant_that_is_onboarded_and_abandoned(
    case: str, world: World, requests: list[AWSPreparedRequest]
) -> None:
    world.onboard(CASES["pool"], "globex")
    undoing = Undoing(world)
    undoing.fail_before(CASES[case], "CompleteOnboarding", routing={"subdomain": "acme", "emailDomains": ["a.example"]})
    undoing.abandon()
    undoing.undo()
    world.stack.items()
    found = agree(requests)
    assert len(found) > 100
    assert {status for status, _, _ in found} >= {200, 400}


def test_of_services_that_have_paths_and_queries(requests: list[AWSPreparedRequest], clients: Clients) -> None:
    clients.mail_settings.get_email_identity(EmailIdentity=SENDER)
    asked(clients.mail_settings.get_email_identity, EmailIdentity="nobody@nowhere.example")
    clients.in_region("eu-west-1").functions.list_functions()
    asked(clients.functions.get_function, FunctionName="nowhere")
    clients.topics.list_topics()
    clients.sts.get_caller_identity()
    assert {request.url.partition("//")[2].partition(".")[0] for request in requests} >= {
        "email",
        "lambda",
        "sns",
        "sts",
    }
    assert {status for status, _, _ in agree(requests)} == {200, 404}


# what is refused, and what is left of it

KEY: dict[str, Any] = {"tenantId": "acme", "item": "RECORD"}
OTHER: dict[str, Any] = {"tenantId": "acme", "item": "OTHER"}
STANDING = KEY | {"a": {"b": [1, 2, {"c": "d"}]}, "n": 1, "s": {"x", "y"}, "bytes": b"\0\1", "none": None, "yes": True}


def update(expression: str, names: Any = None, values: Any = None, **more: Any) -> dict[str, Any]:
    """Return an update of the standing item."""
    given = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
    more |= {name: value for name, value in given.items() if value is not None}
    return {"TableName": "tenants", "Key": KEY, "UpdateExpression": expression, **more}


UPDATES = [
    update("SET a.b[1] = :v", values={":v": {"deep": [1, {"er": None}]}}, ReturnValues="ALL_NEW"),
    update("SET a.b[1] = :v", values={":v": 2}, ReturnValues="UPDATED_NEW"),
    update("SET a.b[9] = :v, n = n + :one REMOVE a.b[0]", values={":v": "x", ":one": 1}, ReturnValues="UPDATED_OLD"),
    update("SET n = n - :one", values={":one": 1}, ReturnValues="ALL_OLD"),
    update("SET n = if_not_exists(m, :v), m = if_not_exists(n, :v)", values={":v": 7}),
    update("SET a.b = list_append(a.b, :v)", values={":v": ["more"]}),
    update("SET a.b = list_append(:v, missing)", values={":v": ["more"]}),
    update("ADD n :one, s :more DELETE s :less", values={":one": 1, ":more": {"z"}, ":less": {"x"}}),
    update("DELETE s :less", values={":less": {"z"}}),
    update("REMOVE a, n, none"),
    update("REMOVE a.b[0], a.b[1]"),
    update("SET #x = :v", {"#x": "name with space"}, {":v": "x"}),
    update("SET #x = :v", {"#y": "y"}, {":v": "x"}),
    update("SET #x = :v", {"#x": "x", "#y": "y"}, {":v": "x"}),
    update("SET x = :v", values={":w": "x"}),
    update("SET x = :v", values={":v": "x", ":w": "x"}),
    update("SET name = :v", values={":v": "x"}),
    update("SET tenantId = :v", values={":v": "x"}),
    update("SET #x = :v", {"#x": "item"}, {":v": "x"}),
    update("SET x = :v, x = :v", values={":v": 1}),
    update("SET a.b = :v, a = :v", values={":v": 1}),
    update("SET #x = :v, #y = :v", {"#x": "x", "#y": "y"}, {":v": 1}),
    update("SET #x = :v, #y = :v", {"#x": "x", "#y": "x"}, {":v": 1}),
    update("SET x = :v SET y = :v", values={":v": 1}),
    update("SET x = :v REMOVE y REMOVE z", values={":v": 1}),
    update("SET missing.b = :v", values={":v": 1}),
    update("SET n = missing + :v", values={":v": 1}),
    update("SET n = yes + :v", values={":v": 1}),
    update("SET status = :v", values={":v": 1}),
    update("SET #s = :v", {"#s": "status"}, {":v": 1}),
    update("SET #s = :v", {"#s": "status"}, {":v": ""}),
    update("SET x = = :v", values={":v": 1}),
    update("SETT x = :v", values={":v": 1}),
    update("SET x = :v", values={":v": "x" * 410_000}),
]
CONDITIONS: list[tuple[str, Any, Any]] = [
    ("attribute_exists(tenantId) AND n = :v", None, {":v": 1}),
    ("attribute_not_exists(tenantId)", None, None),
    ("a.b[0] = :v OR (NOT n > :v AND contains(s, :x))", None, {":v": 1, ":x": "x"}),
    ("#n BETWEEN :low AND :high", {"#n": "n"}, {":low": 0, ":high": 2}),
    ("#n IN (:low, :high)", {"#n": "n"}, {":low": 0, ":high": 2}),
    ("begins_with(tenantId, :v) AND size(tenantId) >= :n", None, {":v": "ac", ":n": 4}),
    ("attribute_type(n, :v)", None, {":v": "N"}),
    ("n <> :v", None, {":v": 1}),
    ("n <> :v", None, {":v": 2}),
    ("#m = :v", {"#n": "n"}, {":v": 1}),
    ("n = :w", None, {":v": 1}),
    ("status = :v", None, {":v": 1}),
    ("((n = :v))", None, {":v": 1}),
    ("n = = :v", None, {":v": 1}),
    ("n =", None, None),
]


def asked(call: Callable[..., Any], **arguments: Any) -> None:
    """Make a call that may be refused, or be none that moto has an answer to."""
    with contextlib.suppress(ClientError, ValueError, KeyError, TypeError):
        call(**arguments)


def test_of_updates_good_and_bad(requests: list[AWSPreparedRequest], clients: Clients) -> None:
    for case in [*UPDATES, *UPDATES]:
        clients.dynamodb.put_item(TableName="tenants", Item=STANDING)
        asked(clients.dynamodb.update_item, **case)
        asked(clients.dynamodb.update_item, **case | {"Key": OTHER})
        asked(clients.dynamodb.get_item, TableName="tenants", Key=KEY)
    refused = [body for status, _, body in agree(requests) if status == 400]
    assert len(set(refused)) > 12


def test_of_conditions_met_and_unmet(requests: list[AWSPreparedRequest], clients: Clients) -> None:
    clients.dynamodb.put_item(TableName="tenants", Item=STANDING)
    for value in (1, 2):
        for condition, names, values in CONDITIONS:
            given = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
            more: Any = {name: each for name, each in given.items() if each is not None}
            if values and ":v" in values and value == 2:
                more["ExpressionAttributeValues"] = values | {":v": value}
            item = {"TableName": "tenants", "ConditionExpression": condition, **more}
            returned = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
            asked(clients.dynamodb.put_item, Item=STANDING, **item)
            asked(
                clients.dynamodb.transact_write_items,
                TransactItems=[{"ConditionCheck": {"Key": KEY, **item, **returned}}],
            )
            asked(clients.dynamodb.scan, TableName="tenants", FilterExpression=condition, **more)
    assert {status for status, _, _ in agree(requests)} == {0, 200, 400}


ELSEWHERE = {"TableName": "routes", "Item": {"routeKey": "subdomain#acme"}}
THERE = {"ConditionExpression": "attribute_exists(tenantId)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
ABSENT = {"ConditionExpression": "attribute_not_exists(tenantId)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
TRANSACTIONS: dict[str, list[dict[str, Any]]] = {
    "all is written": [{"Update": update("SET n = :v", values={":v": 5})}, {"Put": ELSEWHERE}],
    "the last is refused": [
        {"Update": update("SET a.b[0] = :v, n = :v ADD s :more", values={":v": 5, ":more": {"z"}})},
        {"Put": ELSEWHERE},
        {"Delete": {"TableName": "tenants", "Key": OTHER}},
        {"ConditionCheck": {"TableName": "tenants", "Key": KEY | {"item": "THIRD"}, **ABSENT}},
        {"Put": {"TableName": "tenants", "Item": KEY | {"item": "FOURTH"}}},
        {"ConditionCheck": {"TableName": "tenants", "Key": KEY | {"item": "FIFTH"}, **THERE}},
    ],
    "the first is refused": [
        {"Put": {"TableName": "tenants", "Item": STANDING, **ABSENT}},
        {"Delete": {"TableName": "tenants", "Key": OTHER}},
    ],
    "one item twice": [
        {"Update": update("SET n = :v", values={":v": 5})},
        {"Delete": {"TableName": "tenants", "Key": KEY}},
    ],
    "no such table": [
        {"Update": update("SET n = :v", values={":v": 5})},
        {"Delete": {"TableName": "nowhere", "Key": KEY}},
    ],
    "half a key": [
        {"Update": update("SET n = :v", values={":v": 5})},
        {"Delete": {"TableName": "tenants", "Key": {"tenantId": "acme"}}},
    ],
    "an update that fails": [
        {"Update": update("SET n = :v", values={":v": 5})},
        {"Update": update("SET missing.b = :v", values={":v": 5}) | {"Key": OTHER}},
    ],
}


@pytest.mark.parametrize("transaction", TRANSACTIONS.values(), ids=TRANSACTIONS)
def test_of_transactions_whole_and_cancelled(
    transaction: list[dict[str, Any]], requests: list[AWSPreparedRequest], clients: Clients
) -> None:
    for item in (STANDING, STANDING | OTHER):
        clients.dynamodb.put_item(TableName="tenants", Item=item)
    asked(clients.dynamodb.transact_write_items, TransactItems=transaction)
    clients.dynamodb.scan(TableName="tenants")
    asked(clients.dynamodb.transact_write_items, TransactItems=transaction)
    clients.dynamodb.query(
        TableName="tenants", KeyConditionExpression="tenantId = :v", ExpressionAttributeValues={":v": "acme"}
    )
    agree(requests)


# names


@pytest.mark.parametrize("service", ["dynamodb", "cognito-idp", "events", "stepfunctions"])
@pytest.mark.parametrize("kind", [dict, SimpleNamespace])
def test_of_members_that_are_there_by_several_names(service: str, kind: type) -> None:
    model = get_service_model(service)
    for name in model.operation_names:
        operation: Any = model.operation_model(name)
        if operation.output_shape is None or operation.has_event_stream_output:
            continue
        result = by_every_name(operation.output_shape, kind, itertools.count(), depth=4)

        def serialized(operation: Any = operation, result: Any = result) -> Any:
            return JSONSerializer(operation, value_picker=XFormedAttributePicker()).serialize(result)

        with lean_moto.installed():
            short = serialized()
        with lean_moto.left_out():
            assert short == serialized(), name


def by_every_name(shape: Any, kind: type, numbers: "itertools.count[int]", depth: int) -> Any:
    """Return a value of a shape whose members are there by all names that moto knows, each with a value of its own."""
    below = functools.partial(by_every_name, kind=kind, numbers=numbers, depth=depth - 1)
    match shape.type_name:
        case "structure" if shape.is_document_type:
            return {}
        case "structure":
            made = type(shape.name, (kind,), {})() if kind is not dict else {}
            for member, inner in shape.members.items() if depth else ():
                for name in (inner.name, member, member.removeprefix(shape.name)):
                    for each in (xform_name(name), name):
                        _put(made, each, below(inner))
            return made
        case "list":
            return [below(shape.member)] if depth else []
        case "map":
            return {"key": below(shape.value)} if depth else {}
        case "string" | "blob":
            return f"{next(numbers)}"
    return next(numbers)


def _put(made: Any, name: str, value: Any) -> None:
    if isinstance(made, dict):
        made[name] = value
    else:
        setattr(made, name, value)


def test_the_short_ways_are_the_ones_that_all_tests_take(wire: faults.Wire) -> None:
    assert all(vars(target)[name] is short for target, name, short in lean_moto.SHORT_WAYS)
    with lean_moto.left_out():
        assert all(vars(target)[name] is long for target, name, long in lean_moto.LONG_WAYS)
    assert not {id(short) for _, _, short in lean_moto.SHORT_WAYS} & {id(long) for _, _, long in lean_moto.LONG_WAYS}
