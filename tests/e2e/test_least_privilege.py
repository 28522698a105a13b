"""What functions use is what they are granted: every path of every tier, with IAM enforced, against the templates."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from orchestrator.local import product
from orchestrator.local.assembly import stacks
from orchestrator.local.synth import synthesize
from tests.e2e.aws_proxy import ENDED_TLS, aws_proxy
from tests.e2e.command_line import CommandLine
from tests.e2e.granted import Deployed, Grant, Unused, complaints
from tests.e2e.journey import FAILS, GROUPS, Journey
from tests.e2e.uses import Use, uses
from tests.e2e.world import SILO_REGION, world
from tests.infra import people
from tests.infra.template_rules import FUNCTIONS

CONTEXT = {"regions": SILO_REGION, "groupsPerPool": str(GROUPS)}
UNUSED = {
    Unused("*", "xray:*", "*"): "Lambda itself sends traces",
    Unused("*", "sqs:[!S]*", "*Queue.Arn}"): "Lambda itself takes messages from the queue that feeds the function",
    Unused("*", "kms:Decrypt", "{EncryptionKey.Arn}"): "SQS itself opens what Lambda takes from the queue",
    Unused("proofs", "kms:GenerateDataKey", "{EncryptionKey.Arn}"): "SQS itself encrypts what is put on the queue",
    Unused("members", "kms:GenerateDataKey", "{EncryptionKey.Arn}"): "SQS itself encrypts what is put on the queue",
    Unused("members", "dynamodb:[DU]*Item", "{TablesRoutes.Arn}"): "people of a provider are no members yet",
    Unused("*", "iam:CreateServiceLinkedRole", "*"): "Cognito itself makes the role, the first time in an account",
}
"""What is granted and no run can use, each with the reason."""
CALLS_NOTHING = {"dashboard"}
OF_THE_PRODUCT = {"authorizer"}
UNKNOWN_HERE = {"operators reset-mfa", "users reset-mfa"}
"""The local AWS has no AdminDeleteSoftwareToken; the commands are tested in process."""


@dataclass
class Compared:
    """A run, what it used, and what is granted."""

    journey: Journey
    uses: set[Use]
    grants: list[Grant]
    commands: CommandLine
    """What people's commands took, with IAM enforced too."""


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compared]:
    with world(groupsPerPool=CONTEXT["groupsPerPool"]) as running:
        journey = Journey(running)
        journey.run()
        used = {use for call in running.proxy.seen for use in uses(call)}
        deployed = [*stacks(synthesize(CONTEXT)), *stacks(synthesize(app=product.APP))]
        grants = [
            grant
            for stack in deployed
            for grant in Deployed(stack.name, stack.region).grants(json.loads(stack.template.read_text()))
        ]
        with aws_proxy(running.stack.ministack.port, ENDED_TLS) as proxy:
            commands = CommandLine(running, proxy, tmp_path_factory.mktemp("events"))
            commands.run()
        yield Compared(journey, used, grants, commands)


def test_every_path_was_gone_and_every_function_called(compared: Compared) -> None:
    """A run that leaves something out would show too little used."""
    assert [fault for fault in compared.journey.faults if not fault.struck] == []
    assert {use.function for use in compared.uses} == FUNCTIONS - CALLS_NOTHING | OF_THE_PRODUCT


def test_what_is_used_is_granted_and_what_is_granted_is_used(compared: Compared) -> None:
    assert list(complaints(compared.uses, compared.grants, UNUSED)) == []


def test_without_one_grant_every_tenant_fails_and_is_told_which(compared: Compared) -> None:
    """So IAM is enforced, with each function's own role, on every tier."""
    pages = compared.journey.refused
    assert pages.keys() == FAILS.keys()
    for page in pages.values():
        assert (page["status"], page["failure"]["step"]) == ("FAILED", "SendWelcomeEmail")
        assert "not authorized to perform: ses:SendEmail" in page["failure"]["message"]


def test_whoever_signs_people_in_reads_single_routes_by_their_keys(compared: Compared) -> None:
    """The condition on keys lets through what has no key, so every read must have one."""
    reads = {name: set[str]() for name in ("authorizer", "pre_sign_up", "resolver", "token_claims")}
    for use in (each for each in compared.uses if each.function in reads):
        assert (use.action, len(use.keys)) == ("dynamodb:GetItem", 1)
        reads[use.function].add(use.keys[0].partition("#")[0])
    assert reads == {
        "authorizer": {"client", "tenant", "subdomain"},
        "pre_sign_up": {"client", "domain", "invitation"},
        "resolver": {"subdomain", "code", "domain"},
        "token_claims": {"client", "tenant"},
    }


def told(compared: Compared, uses: set[Use] | None = None, grants: list[Grant] | None = None) -> list[str]:
    return list(complaints(uses or compared.uses, grants or compared.grants, UNUSED))


def test_each_grant_that_is_taken_away_is_missed(compared: Compared) -> None:
    """Whichever it is: some function used it, or an exception stands for it and has nothing to except."""
    excepted = {
        grant[:2] for grant in compared.grants if any(each.is_about(*grant[:2], grant.named) for each in UNUSED)
    }
    for function, action in {grant[:2] for grant in compared.grants if grant.effect == "Allow"} - excepted:
        left = [grant for grant in compared.grants if grant[:2] != (function, action)]
        said = told(compared, grants=left)
        assert said
        assert all(each.startswith(f"{function} used {action} on ") for each in said)


def test_a_grant_too_many_a_wider_key_and_a_stale_exception_are_noticed(compared: Compared) -> None:
    more = compared.grants[0]._replace(function="routing", action="dynamodb:Scan", effect="Allow")
    (said,) = told(compared, grants=[*compared.grants, more])
    assert said.startswith(f"routing is granted dynamodb:Scan on {more.named}, and nothing used it")

    (read,) = (use for use in compared.uses if use.function == "resolver" and use.keys[0].startswith("code#"))
    (said,) = told(compared, uses=compared.uses | {read._replace(keys=("client#a#b",))})
    assert said.startswith(f"resolver used dynamodb:GetItem on {read.resource} by client#a#b, and its role does not")

    trace = Use("routing", "xray:PutTraceSegments", "*")
    (said,) = told(compared, uses=compared.uses | {trace})
    assert said.startswith("UNUSED has *: xray:* on *")

    (denied,) = {grant.pattern for grant in compared.grants if grant.effect == "Deny"}
    (said,) = told(compared, uses=compared.uses | {Use("placement", "cognito-idp:AdminGetUser", denied)})
    assert "and its role denies it" in said


def test_each_command_takes_what_the_page_says_and_no_more(compared: Compared) -> None:
    """Each row was needed, and nothing was that has no row: by command, resource and action."""
    shown = {need for need in people.needs() if need.command not in UNKNOWN_HERE}
    assert shown == compared.commands.needs, "put these rows into docs/permissions.md:\n" + "\n".join(
        people.rows(compared.commands.needs)
    )


def test_nothing_was_denied_to_a_role_for_its_own_commands_and_those_of_another_were(compared: Compared) -> None:
    """So IAM is enforced, with the policies that people are given to copy."""
    assert compared.commands.denied == []
    assert [each.partition(": ")[0] for each in compared.commands.refused] == [
        "states:DescribeExecution",
        "sqs:GetQueueAttributes",
    ]
