"""The page on security tells of every function what it could do, and nothing that it may not."""

import re

import pytest

from tests.infra.grant_table import role_of
from tests.infra.people import policy, roles
from tests.infra.template import Template, functions, grants
from tests.pages import DOCUMENTS, named, rows

PAGE = DOCUMENTS["security.md"]
WORST = "| function | at worst |"
BOUNDARIES = "| boundary | what crosses it | what is checked | shown by |"
FUNCTIONS = "| function | invoked by | reaches | trusts |"
"""The heading of a table on the page on architecture."""
ACTION = re.compile(r"`([A-Z][A-Za-z]+)`")


def allowed(template: Template, name: str) -> set[str]:
    """Return the actions of a function's role, without their services."""
    found = grants(template, role_of(template, name)).values()
    return {action.partition(":")[2] for actions in found for action in actions}


def test_every_function_is_told_of(template: Template) -> None:
    assert {named(row[0]) for row in rows(PAGE, WORST)} == functions(template).keys()


def test_a_function_is_not_said_to_do_what_its_role_does_not_allow(template: Template) -> None:
    for name, worst in rows(PAGE, WORST):
        said = set(ACTION.findall(worst))
        assert said <= allowed(template, named(name)), name


@pytest.mark.parametrize(
    "action",
    [
        "AdminCreateUser",
        "AdminSetUserPassword",
        "DeleteUserPool",
        "GetSecretValue",
        "InvokeFunction",
        "PutParameter",
        "SendEmail",
    ],
)
def test_what_is_worst_is_told_of_whoever_may_do_it(action: str, template: Template) -> None:
    """A grant of one of these to another function makes the page wrong; mail is named in words."""
    may = {name for name in functions(template) if action in allowed(template, name)}
    said = {named(name) for name, worst in rows(PAGE, WORST) if action in ACTION.findall(worst)}
    mails = {named(name) for name, worst in rows(PAGE, WORST) if "send email to anybody" in worst}
    assert may == (mails if action == "SendEmail" else said)


def test_the_routes_are_said_to_be_written_by_whoever_may(template: Template) -> None:
    """The table that everything relies on: who can put an item into it is named with `PutItem` or `routes`."""
    routes = "{TablesRoutes.Arn}"
    writers = {
        name
        for name in functions(template)
        if grants(template, role_of(template, name)).get(routes, set()) - {"dynamodb:GetItem"}
    }
    told = {named(name) for name, worst in rows(PAGE, WORST) if re.search(r"(overwrite|delete)[^;.]* routes", worst)}
    assert told == writers


def test_identity_providers_secrets_are_said_to_be_readable_by_whoever_may(template: Template) -> None:
    may = [name for name in sorted(functions(template)) if "DescribeIdentityProvider" in allowed(template, name)]
    assert "who may call `DescribeIdentityProvider`: here " + " and ".join(f"`{name}`" for name in may) in PAGE


def test_who_can_tell_of_a_bounce_is_said_to_be_whoever_may_send_to_its_queue() -> None:
    """Not Amazon SES alone: what comes from the queue is believed, and a replay puts messages there."""
    sends = {
        role: [each for each in policy(role)["Statement"] if "sqs:SendMessage" in each["Action"]] for role in roles()
    }
    may = sorted(role for role, found in sends.items() if any("ProofRequests" not in str(each) for each in found))
    (boundary,) = [row for row in rows(PAGE, BOUNDARIES) if row[0].endswith("to `mail_feedback`")]
    (trusting,) = [row for row in rows(DOCUMENTS["architecture.md"], FUNCTIONS) if row[0] == "`mail_feedback`"]
    for told in (boundary[2], trusting[3]):
        assert re.findall(rf"send to (?:the|its) queue, as \[?({'|'.join(roles())})s\b", told) == may
