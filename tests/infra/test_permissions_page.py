"""The page on permissions has the table of grants, no more and no less; what people need is in `test_people`."""

import re

import pytest

from tests.infra import grant_table as table
from tests.infra.source import ROOT

PAGE = (ROOT / "docs/permissions.md").read_text().partition("\n## What people need\n")[0]
IN_WORDS = {
    "*": "what no resource names",
    "{Bus.Arn}": "the bus",
    "{TablesTenants.Arn}": "the tenants table",
    "{TablesTenants.Arn}/index/*": "the indexes of the tenants table",
    "{TablesTenants.Arn}/index/item-tenantId": "the indexes of the tenants table",
    "{TablesRoutes.Arn}": "the routes table",
    "{TablesSharedPools.Arn}": "the table of shared user pools",
    "{TablesUsers.Arn}": "the users table",
    "{TablesUsers.Arn}/index/*": "the indexes of the users table",
    "{TablesUserKeysSecret.Id}": "the secret of user keys",
    "{WorkflowStateMachine}": "the state machine of onboardings",
    "{AbandonmentStateMachine}": "the state machine of abandonments",
    table.SESSION_KEYS: "the secret of session keys",
    "{IntakeQueue.Arn}": "the queue that feeds it",
    "{ParametersQueue.Arn}": "the queue that feeds it",
    "{MailFeedbackQueue.Arn}": "the queue that feeds it",
    "{UsersProofRequestsQueue.Arn}": "the queue of `proof_requests`",
    "{EncryptionKey.Arn}": "the key, through its queue",
    table.CONFIGURATION_SET: "the configuration set of welcome emails",
    table.PEOPLES_CONFIGURATION_SET: "the configuration set of people's mail",
    "{MonitoringAlarms}": "the topic of alarms",
    table.TRIGGER: "the trigger of user pools",
    table.USER_POOLS: "user pools of the stack",
    table.SECRETS: "secrets below the prefix",
    table.EMAIL_ROLE: "Cognito's role for mail",
}
PATTERNS = {
    r".*:table/\{StackName\}-routes": "the routes table",
    r".*:execution:\{Workflow.*": "executions of onboardings",
    r".*:execution:\{Abandonment.*": "executions of abandonments",
    r".*:identity/\*": "every SES identity",
    r".*:identity/.*": "the sender's SES identity",
    r".*:parameter/.*": "parameters below the prefix",
    r"\{WelcomeAlias\}": "the function `welcome`",
}


def in_words(resource: str) -> str:
    """Return what a resource of the table of grants is called on the page; raises AssertionError if nobody said."""
    named = IN_WORDS.get(resource) or next((name for each, name in PATTERNS.items() if re.match(each, resource)), None)
    assert named, f"{resource}: say in {__name__} what the page calls it"
    return named


def rows() -> list[str]:
    """Return the rows that the page should have."""
    found = []
    for function, granted in sorted(table.GRANTS.items()):
        by_name: dict[str, set[str]] = {}
        for resource, actions in granted.items():
            by_name.setdefault(in_words(resource), set()).update(actions)
        for name, actions in by_name.items():
            found.append(f"| `{function}` | {name} | {', '.join(f'`{each}`' for each in sorted(actions))} |")
        if not by_name:
            found.append(f"| `{function}` | nothing | |")
    return found


def test_the_page_has_every_grant_and_no_other() -> None:
    shown = re.findall(r"^\| `.*$", PAGE, re.MULTILINE)
    assert shown == rows(), "put these rows into docs/permissions.md:\n" + "\n".join(rows())


def test_a_grant_more_and_a_resource_without_a_name_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows()
    monkeypatch.setitem(table.GRANTS, "dashboard", {"{Bus.Arn}": {"events:PutEvents"}})
    assert rows() != before
    monkeypatch.setitem(table.GRANTS, "dashboard", {"{Other.Arn}": {"events:PutEvents"}})
    with pytest.raises(AssertionError, match="say in"):
        rows()
