"""Each outside thing is met in one module: what stands for it in the source stands nowhere else in production code."""

import ast
from collections.abc import Callable, Iterator

import pytest

from tests.infra.source import modules, tree

PRODUCTION = ("benchmarks", "handlers", "infra", "orchestrator", "tenant_onboarding")
PAGED = ("LastEvaluatedKey", "ExclusiveStartKey")
TABLE_READS = ("query", "scan")
PUT = "put_events"
JUDGED = ("ErrorCode", "FailedEntryCount")
REGION = ("AWS_REGION", "AWS_DEFAULT_REGION")
COMMANDS = ("infra", "orchestrator.cli", "orchestrator.operations")

Sign = Callable[[ast.AST], bool]


def pages_through_dynamodb(node: ast.AST) -> bool:
    """Tell what goes on behind the last key, or lets boto3 do so."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get_paginator":
        of_a_table = isinstance(node.args[0], ast.Constant) and node.args[0].value in TABLE_READS
        return of_a_table or "dynamodb" in ast.unparse(node.func.value)
    return _is_text(node, PAGED)


def puts_events(node: ast.AST) -> bool:
    """Tell what calls PutEvents, or judges its answer."""
    return (isinstance(node, ast.Attribute) and node.attr == PUT) or _is_text(node, JUDGED)


def finds_a_region(node: ast.AST) -> bool:
    """Tell what asks the environment where to work, or leaves that to boto3."""
    return (isinstance(node, ast.Call) and ast.unparse(node.func).startswith("boto3.")) or _is_text(node, REGION)


SEAMS: dict[str, tuple[str, Sign]] = {
    "paging through DynamoDB": ("orchestrator/aws/dynamodb.py", pages_through_dynamodb),
    "putting events": ("tenant_onboarding/put_events.py", puts_events),
}
"""What is met, where alone, and how it is known."""


def meets(module: ast.Module, sign: Sign) -> Iterator[str]:
    """Yield what in a module meets an outside thing; text that explains the code does not."""
    nodes = list(ast.walk(module))
    explaining = {
        id(node.value) for node in nodes if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    yield from (ast.unparse(node) for node in nodes if id(node) not in explaining and sign(node))


@pytest.mark.parametrize("thing", SEAMS)
def test_an_outside_thing_is_met_in_one_module(thing: str) -> None:
    """Whoever changes how it is met changes it for everybody."""
    place, sign = SEAMS[thing]
    found = {str(path): list(meets(tree(path), sign)) for path in modules(*PRODUCTION).values()}
    assert [path.endswith(place) for path, what in found.items() if what] == [True], thing


@pytest.mark.parametrize(
    ("thing", "code"),
    [
        ("paging through DynamoDB", "answer.get('LastEvaluatedKey')"),
        ("paging through DynamoDB", "dynamodb.query(ExclusiveStartKey=key)"),
        ("paging through DynamoDB", "{'ExclusiveStartKey': key}"),
        ("paging through DynamoDB", "client.get_paginator('scan')"),
        ("paging through DynamoDB", "clients.dynamodb.get_paginator(operation)"),
        ("putting events", "clients.events.put_events(Entries=entries)"),
        ("putting events", "retry(client.put_events)"),
        ("putting events", "answer['FailedEntryCount']"),
        ("putting events", "answer.get('ErrorCode')"),
    ],
)
def test_what_meets_it_elsewhere_is_noticed(thing: str, code: str) -> None:
    """The sign is seen however the code is written."""
    assert list(meets(ast.parse(code), SEAMS[thing][1]))


def test_commands_leave_region_and_account_to_one_module() -> None:
    """`onboard`, the CDK CLI and purge never work in different places for the same environment."""
    found = {
        module: list(meets(tree(path), finds_a_region)) for module, path in modules("infra", "orchestrator").items()
    }
    assert found["orchestrator.aws.region_and_account"]
    assert {module: what for module, what in found.items() if what and module.startswith(COMMANDS)} == {}


@pytest.mark.parametrize(
    "code", ["boto3.Session(region_name=home)", "boto3.client('sts')", "os.environ.get('AWS_REGION')"]
)
def test_a_command_that_finds_a_region_itself_is_noticed(code: str) -> None:
    """However it does so; a session that is handed to it is none of its own."""
    assert list(meets(ast.parse(code), finds_a_region))
    assert not list(meets(ast.parse("def find(session: boto3.Session): session.client('sts')"), finds_a_region))


@pytest.mark.parametrize(
    ("thing", "code"),
    [
        ("paging through DynamoDB", "cognito.get_paginator('list_users')"),
        ("paging through DynamoDB", "'''LastEvaluatedKey says where to go on.'''"),
        ("putting events", "put_events.put(client, bus, source=source, detail_type=kind, details=details)"),
    ],
)
def test_what_does_not_meet_it_is_left_alone(thing: str, code: str) -> None:
    """Other services' pages are boto3's, and an explanation is no call."""
    assert not list(meets(ast.parse(code), SEAMS[thing][1]))


def _is_text(node: ast.AST, texts: tuple[str, ...]) -> bool:
    """Tell a text or the name of an argument."""
    named = node.arg if isinstance(node, ast.keyword) else node.value if isinstance(node, ast.Constant) else None
    return named in texts
