"""What people need: the tables of docs/permissions.md, and the policies that they come to."""

import json
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import typer.main
from typer.core import TyperGroup

from orchestrator.cli import program
from orchestrator.identity.marks import STACK_TAG
from orchestrator.tenants import open_sign_up
from orchestrator.tenants.counters import COMPLETIONS, COUNTERS
from orchestrator.users.budgets import OF_DAY
from tests.infra.source import ROOT

FOLDER = ROOT / "examples/iam"
_, _, REST = (ROOT / "docs/permissions.md").read_text().partition("\n## What people need\n")
SECTION = REST.partition("\n## ")[0]
EVERY = "every one"
"""What the table calls all commands together."""
WITH_AN_OPTION = {"emit --wait", "list --first-sign-in", "pools list --audit"}
"""What takes so much more than its command alone that it has rows of its own."""
CALL_NO_AWS = {"demo", "emails", "preview-email", "schema", "up"}


def _of_the_stack(service: str, *resources: str, region: str = "<region>") -> tuple[str, ...]:
    return tuple(f"arn:aws:{service}:{region}:<account>:{resource}" for resource in resources)


KINDS: dict[str, tuple[str, ...]] = {
    "the stack": _of_the_stack("cloudformation", "stack/TenantOnboarding/*"),
    "the indexes of the tenants table": _of_the_stack("dynamodb", "table/TenantOnboarding-TablesTenants*/index/*"),
    "the tenants table": _of_the_stack("dynamodb", "table/TenantOnboarding-TablesTenants*"),
    "the routes table": _of_the_stack("dynamodb", "table/TenantOnboarding-routes"),
    "the table of shared user pools": _of_the_stack("dynamodb", "table/TenantOnboarding-TablesSharedPools*"),
    "the users table": _of_the_stack("dynamodb", "table/TenantOnboarding-TablesUsers*"),
    "the secret of user keys": _of_the_stack("secretsmanager", "secret:*TablesUserKeysSecret*"),
    "the rules of listeners": _of_the_stack("events", "rule/TenantOnboardingBus*/listen-?"),
    "the bus": _of_the_stack("events", "event-bus/TenantOnboardingBus*"),
    "the archive": _of_the_stack("events", "archive/TenantOnboarding-*"),
    "replays of operators": _of_the_stack("events", "replay/onboard-*"),
    "the state machine of onboardings": _of_the_stack("states", "stateMachine:*WorkflowStateMachine*"),
    "the state machine of abandonments": _of_the_stack("states", "stateMachine:*AbandonmentStateMachine*"),
    "executions of onboardings": _of_the_stack("states", "execution:*WorkflowStateMachine*:*"),
    "executions of abandonments": _of_the_stack("states", "execution:*AbandonmentStateMachine*:*"),
    "the dead-letter queues": _of_the_stack(
        "sqs", "TenantOnboarding-*QueueDeadLetters*", "TenantOnboarding-RuleDeadLetters*"
    ),
    "the queues of listeners": _of_the_stack("sqs", "TenantOnboarding-listen-?"),
    "the queue of requests for links": _of_the_stack("sqs", "TenantOnboarding-*ProofRequestsQueue????????-*"),
    "the queues that rules feed": _of_the_stack("sqs", "TenantOnboarding-*Queue????????-*"),
    "the function `welcome`": _of_the_stack("lambda", "function:TenantOnboarding-WelcomeFunction*:live"),
    "the functions that rules feed": _of_the_stack(
        "lambda",
        *(
            f"function:TenantOnboarding-{name}Function*:live"
            for name in ("Capacity", "Outcome", "Preflight", "Reconcile")
        ),
    ),
    "the trigger of user pools": _of_the_stack("lambda", "function:TenantOnboarding-token-claims:live", region="*"),
    "the operators' user pool": _of_the_stack("cognito-idp", "userpool/<operators>"),
    "user pools": _of_the_stack("cognito-idp", "userpool/*", region="*"),
    "the key, through its queues": _of_the_stack("kms", "key/<key>"),
    "the sender's SES identity": _of_the_stack("ses", "identity/*", region="*"),
    "the topic of alarms": _of_the_stack("sns", "TenantOnboarding-MonitoringAlarms*"),
    "what no resource names": ("*",),
}
"""What the table calls resources, the narrowest first, and their ARNs as the policies have them."""
THROUGH_SQS = {"StringEquals": {"kms:ViaService": "sqs.<region>.amazonaws.com"}}
NO_TENANT = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{COUNTERS}#*", COMPLETIONS]}}
"""As the function `preflight` has it."""
NO_USER = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{OF_DAY}*"]}}
"""The same of the users table."""
OPEN_TENANTS = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [open_sign_up.ITEM]}}
"""As that has it, too: the ids of tenants that are OPEN."""
OF_THE_STACK = {"StringEquals": {f"aws:ResourceTag/{STACK_TAG}": "TenantOnboarding"}}
CONDITIONS: dict[tuple[str, str], dict[str, Any]] = {
    ("operator", "the key, through its queues"): THROUGH_SQS,
    ("people", "the key, through its queues"): THROUGH_SQS,
    ("operator", "the secret of user keys"): OF_THE_STACK,  # its name says nothing of the stack
    ("people", "the secret of user keys"): OF_THE_STACK,
    ("doctor", "the tenants table"): NO_TENANT,
    ("doctor", "the users table"): NO_USER,
    ("doctor", "the indexes of the tenants table"): OPEN_TENANTS,
}
"""What policies narrow further, by role and resource."""
READS = re.compile(r"\w[\w-]*:(Admin)?(Get|List|Describe|Query|Scan|BatchGet)\w*")
CHANGED_BY_TAG = "user pools"
"""Whose user pools these are no ARN says, so what changes them asks for the tag."""


class Need(NamedTuple):
    """A command takes an action on what the table names so."""

    command: str
    on: str
    action: str


def commands(group: TyperGroup | None = None, *before: str) -> Iterator[tuple[str, Any]]:  # Any: a function
    """Yield each command of the parser, as it is typed, with the function behind it."""
    whole = group or typer.main.get_command(program.app)
    assert isinstance(whole, TyperGroup)
    for name, each in whole.commands.items():
        if isinstance(each, TyperGroup):
            yield from commands(each, *before, name)
        else:
            yield " ".join((*before, name)), each.callback


def wanting() -> set[str]:
    """Return the commands that want rows: those that talk to AWS."""
    return {name for name, _ in commands()} - CALL_NO_AWS | WITH_AN_OPTION


def needs() -> set[Need]:
    """Return what the table says that each command takes."""
    found = set()
    for named, on, actions in re.findall(r"^\| (.+?) \| (.+?) \| (`\w[\w-]*:.+`) \|$", SECTION, re.MULTILINE):
        for command in wanting() if named == EVERY else {named.strip("`")}:
            found |= {Need(command, on, action) for action in re.findall(r"`(.+?)`", actions)}
    return found


def roles() -> dict[str, set[str]]:
    """Return the commands of each role of the page."""
    rows = re.findall(r"^\| \[(\w+)\]\(\S+/\1\.json\) \| .+? \| (`.+`) \|$", SECTION, re.MULTILINE)
    return {name: set(re.findall(r"`(.+?)`", listed)) for name, listed in rows}


def kind(arn: str, **known: str) -> str:
    """Return what the table calls a resource, by its ARN; `known` are what stands for the policies' placeholders."""
    for name, patterns in KINDS.items():
        if any(fnmatchcase(arn, filled(pattern, **known)) for pattern in patterns):
            return name
    raise AssertionError(f"{arn}: say in {__name__}.KINDS what the page calls it")


def filled(text: str, **known: str) -> str:
    """Return a text with its placeholders filled in."""
    for name, value in known.items():
        text = text.replace(f"<{name}>", value)
    return text


def policy(role: str) -> dict[str, Any]:
    """Return the policy of a role: what its commands take, no more and no less."""
    mine = {(need.on, need.action) for need in needs() if need.command in roles()[role]}
    statements = []
    for on, patterns in KINDS.items():
        if actions := sorted(action for where, action in mine if where == on):
            condition = {"Condition": CONDITIONS[role, on]} if (role, on) in CONDITIONS else {}
            resource = patterns[0] if len(patterns) == 1 else list(patterns)
            by_tag = [each for each in actions if on == CHANGED_BY_TAG and not READS.fullmatch(each)]
            others = [each for each in actions if each not in by_tag]
            for some, narrowed in ((others, condition), (by_tag, {"Condition": OF_THE_STACK})):
                if some:
                    statements.append({"Effect": "Allow", "Action": some, "Resource": resource, **narrowed})
    return {"Version": "2012-10-17", "Statement": statements}


def rows(found: Iterable[Need]) -> list[str]:
    """Return the rows that a table of these has."""
    found = set(found)
    in_every = {need[1:] for need in found if all(need._replace(command=each) in found for each in wanting())}
    cells: dict[tuple[str, str], set[str]] = {(EVERY, on): {action} for on, action in in_every}
    order = list(KINDS)
    for need in sorted(found, key=lambda need: (need.command, order.index(need.on))):
        if need[1:] not in in_every:
            cells.setdefault((f"`{need.command}`", need.on), set()).add(need.action)
    listed = {key: ", ".join(f"`{each}`" for each in sorted(may)) for key, may in cells.items()}
    return [f"| {name} | {on} | {may} |" for (name, on), may in listed.items()]


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in roles():
        (FOLDER / f"{each}.json").write_text(json.dumps(policy(each), indent=2) + "\n")
