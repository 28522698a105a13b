"""Every document obeys every rule, and each rule can tell when one does not."""

import re
from pathlib import Path

import pytest

from tests.unit.documents.document_rules import (
    PAGES,
    ROOT,
    RULES,
    Rule,
    every_command_of_the_aws_cli_exists,
    every_context_key_exists,
    every_event_of_ours_exists,
    every_file_that_is_named_exists,
    every_link_leads_to_a_file_and_a_heading,
    every_name_in_code_is_one_of_the_source_or_of_aws,
    every_option_of_a_command_exists,
    every_output_exists,
)

README = ROOT / "README.md"
DOCS = ROOT / "docs" / "operations.md"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_document_obeys(page: Path) -> None:
    assert [complaint for rule in RULES for complaint in rule(page.read_text(), page)] == []


SPOILT: list[tuple[Rule, str, str]] = [
    (every_link_leads_to_a_file_and_a_heading, "[gone](gone.md)", "no file gone.md"),
    (
        every_link_leads_to_a_file_and_a_heading,
        "[gone](../examples/gone/README.md)",
        "no file ../examples/gone/README.md",
    ),
    (every_link_leads_to_a_file_and_a_heading, "[gone](#no-such)", "no heading #no-such"),
    (every_link_leads_to_a_file_and_a_heading, "[gone](tiers.md#no-such)", "no heading tiers.md#no-such"),
    (every_file_that_is_named_exists, "`handlers/gone.py`", "no file handlers/gone.py"),
    (every_file_that_is_named_exists, "`.venv/bin/python -m benchmarks.gone`", "no file benchmarks/gone.py"),
    (every_option_of_a_command_exists, "`onboard retry ID --for-ever`", "onboard retry has no --for-ever"),
    (every_option_of_a_command_exists, "```\nonboard dlq replay --none\n```", "onboard dlq replay has no --none"),
    (
        every_option_of_a_command_exists,
        "`onboard domains verify ID --reason x --now`",
        "onboard domains verify has no --now",
    ),
    (every_context_key_exists, "cdk deploy -c apDomain=app.example", "no context key apDomain"),
    (every_output_exists, "the output `GoneUrl`", "no output GoneUrl"),
    (every_event_of_ours_exists, "publishes `TenantVanished`", "no event TenantVanished"),
    (every_name_in_code_is_one_of_the_source_or_of_aws, "`refreshTokenYears`", "nothing is called refreshTokenYears"),
    (every_name_in_code_is_one_of_the_source_or_of_aws, "`ONBOARD_GONE`", "nothing is called ONBOARD_GONE"),
    (every_name_in_code_is_one_of_the_source_or_of_aws, "`OldestForgotten`", "nothing is called OldestForgotten"),
    (every_command_of_the_aws_cli_exists, "`aws dynamodb drop-table --table-name x`", "no aws dynamodb drop-table"),
    (every_command_of_the_aws_cli_exists, "```\naws kmz list-keys\n```", "no aws kmz list-keys"),
    (every_command_of_the_aws_cli_exists, "`aws dynamodb wait table-gone`", "no aws dynamodb wait table-gone"),
    (
        every_command_of_the_aws_cli_exists,
        "```\nx=$(aws kms list-keys \\\n  --query 'Keys[?a && b]' --limits 1)\n```",
        "aws kms list-keys has no --limits",
    ),
    (
        every_command_of_the_aws_cli_exists,
        "`aws\n  dynamodb wait table-exists --table x`",
        "aws dynamodb wait table-exists has no --table",
    ),
]


@pytest.mark.parametrize(("rule", "text", "complaint"), SPOILT, ids=[complaint for _, _, complaint in SPOILT])
def test_a_spoilt_document_is_noticed(rule: Rule, text: str, complaint: str) -> None:
    assert rule(f"{DOCS.read_text()}\n{text}\n", DOCS) == [complaint]


def test_each_rule_is_shown_to_complain() -> None:
    assert {rule for rule, _, _ in SPOILT} == set(RULES)


@pytest.mark.parametrize(
    "text",
    [
        "[tiers](tiers.md#which-one) [here](#retry) [AWS](https://aws.amazon.com/none)",
        "`onboard retry ID --dry-run` and `onboard dlq replay --all --queue intake`",
        "`refreshTokenDays`, `UserPoolTier`, `FORCE_CHANGE_PASSWORD`, `OldestInProgress`, `AWS_ENDPOINT_URL`",
        "`aws dynamodb update-table --no-deletion-protection-enabled --region eu-west-1`; `aws logs tail x --follow`",
        "the output `EventBusName`; `TenantOnboarded`; `-c key=value`; `infra/grants.py`",
    ],
)
def test_what_is_there_is_not_complained_of(text: str) -> None:
    assert [complaint for rule in RULES for complaint in rule(f"{DOCS.read_text()}\n{text}\n", DOCS)] == []


def test_the_readme_leads_to_every_page() -> None:
    linked = set(re.findall(r"\]\((docs/[\w-]+\.md)[)#]", README.read_text()))
    assert linked == {str(page.relative_to(ROOT)) for page in (ROOT / "docs").glob("*.md")}


def test_every_page_is_looked_at() -> None:
    assert {README, DOCS, ROOT / "examples/product/README.md"} <= set(PAGES)
