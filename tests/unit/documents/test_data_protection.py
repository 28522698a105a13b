"""The document on data protection says what the code does, how long each thing is kept, and whom the key serves."""

import re

from infra.configuration.choices import Configuration
from infra.encryption import DELETED_AFTER
from infra.retention import FEWEST_DAYS_OF_A_KEY
from orchestrator.onboarding.rejection import RAW_KEPT_BYTES
from orchestrator.users import budgets
from tenant_onboarding.contracts.detail_types import Contracts, json_schema
from tenant_onboarding.names import STACK_NAME, TENANT_CREATED
from tests.infra import protection_rules as rules
from tests.infra.template import Template, aliases, chosen, of_type
from tests.pages import DOCUMENTS

PAGE = DOCUMENTS["data-protection.md"]
PERSONAL = re.compile(r"(?i)e-?mail|admin|user(?!PoolId)|person|password|phone|address|tenantName|contact")
"""How a field would be called that says who somebody is."""


def table(heading: str) -> dict[str, list[str]]:
    """Return the rows of a section's table by their first cell."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (?!-)(.+?) \|(.*)\|$", section, re.MULTILINE)
    return {first: [cell.strip() for cell in rest.split("|")] for first, rest in rows[1:]}


def days(template: Template, kind: str, place: str, seconds: int = 86_400) -> set[int]:
    """Return the days for which things of a type are kept."""
    return {each["Properties"][place] // seconds for each in of_type(template, kind).values()}


def test_how_long_each_thing_is_kept_is_what_is_deployed() -> None:
    kept, template = table("Where personal data is"), chosen()
    assert f"`rejectedRetentionDays`, {Configuration().rejected_retention_days} by default" in str(kept)
    queues = days(template, "AWS::SQS::Queue", "MessageRetentionPeriod")
    assert f"at most {min(queues)} days, as dead letters {max(queues)}" in str(kept)
    assert budgets.KEPT_SECONDS == 2 * 86_400
    assert "| two days; DynamoDB deletes them" in PAGE
    assert f"the first {RAW_KEPT_BYTES // 1024} KB" in str(kept)


def fed_by_queues(template: Template) -> set[str]:
    """Return the names of the functions whose queues hold what is not handled yet."""
    fed = [
        str(each["Properties"]["FunctionName"])
        for each in of_type(template, "AWS::Lambda::EventSourceMapping").values()
    ]
    return {name for alias, (name, _) in aliases(template).items() if any(alias in each for each in fed)}


def test_what_goes_with_the_stack_names_every_queue() -> None:
    template = chosen()
    (queues,) = [row for row in table("Kept, or gone with the stack") if row.startswith("the queues of ")]
    assert set(re.findall(r"`(\w+)`", queues)) == fed_by_queues(template)
    dead_letters = len(of_type(template, "AWS::SQS::Queue")) - len(fed_by_queues(template))
    assert dead_letters == 5
    assert "\n| the five [dead-letter queues]" in PAGE


def test_what_waited_in_a_queue_has_as_long_as_a_dead_letter() -> None:
    queues = days(chosen(), "AWS::SQS::Queue", "MessageRetentionPeriod")
    kept = f"kept for {max(queues)} days from when they were first sent, of which at most {min(queues)} passed before"
    assert kept in DOCUMENTS["operations.md"]


def test_the_days_of_the_key_are_those_of_the_code() -> None:
    assert f"Deleting it takes {DELETED_AFTER.to_days()} days" in PAGE
    assert f"the key is gone after {FEWEST_DAYS_OF_A_KEY} days" in PAGE


def test_each_statement_of_the_key_has_its_row() -> None:
    """Of archives two: which key it is, is asked without a context."""
    rows = re.findall(r"^\| (?:the account's|principals that IAM|CloudWatch|EventBridge)", PAGE, re.MULTILINE)
    assert len(rows) == len(rules.STATEMENTS) - 1
    assert f"`alias/{STACK_NAME}`" in PAGE


def test_each_type_that_aws_own_keys_encrypt_is_explained() -> None:
    explained = PAGE.partition("Encrypted by keys of AWS's own")[2].partition("\n\nA key")[0]
    named = {"user pools": "UserPool", "the bus": "EventBus", "executions": "StateMachine", "functions": "Function"}
    assert {kind.rpartition("::")[2] for kind in rules.BY_AWS_OWN_KEY} == set(named.values())
    assert all(f"*{name}*" in explained for name in named)


def test_no_event_of_ours_has_a_field_for_a_person() -> None:
    """By the names in the schemas, which forbid all others."""
    outgoing = Contracts.ALL.keys() - {TENANT_CREATED}
    assert len(outgoing) >= 6
    for name in outgoing:
        schema = json_schema(name)
        assert schema["additionalProperties"] is False, name
        assert [field for field in schema["properties"] if PERSONAL.search(field)] == [], name
