"""This release is deployed over an earlier one with tenants: everybody signs in, and all work goes on to its end."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from orchestrator import operations
from orchestrator.cli import program
from orchestrator.local.first_sign_in import SignedIn
from orchestrator.local.product import Product, product
from orchestrator.local.synth import synthesize
from tenant_onboarding.names import STACK_NAME
from tests.e2e import invariants
from tests.e2e.earlier_tenants import (
    COMPLETED,
    FAILED,
    FEDERATED,
    PATTERN,
    ROUND,
    UNDER_WAY,
    EarlierCommands,
    first_sign_in_of,
    onboard,
    renewal_of,
    sign_in_of,
    under_way,
)
from tests.e2e.inventory import take_inventory
from tests.e2e.invocations import invoke
from tests.e2e.people import host_of, me
from tests.e2e.world import SILO_REGION, World, tenant, wait_until, world
from tests.upgrade.earlier_release import CONTEXT, unpack

PHASES = ("before", "between", "after")
"""By the earlier release alone, once this one is deployed over it, and once what exists is converged."""
RETRIED = tuple(f"{ROUND}-{name}" for name in ("unsent", "clientless", "ungrouped"))
CORRECTED, KEPT, GONE, AMENDED, LEAVING = (
    f"{ROUND}-{name}" for name in ("wrong", "kept", "gone", "amended", "leaving")
)
STARTED, ONBOARDED, FAILED_AGAIN, GIVEN_UP = (
    f"Tenant{name}" for name in ("OnboardingStarted", "Onboarded", "OnboardingFailed", "Abandoned")
)
AT_ONCE = {STARTED: 1, ONBOARDED: 1, FAILED_AGAIN: 0, GIVEN_UP: 0}
AT_THE_SECOND_TRY = {STARTED: 2, ONBOARDED: 1, FAILED_AGAIN: 1, GIVEN_UP: 0}
ENDS: dict[str, dict[str, int]] = {
    **dict.fromkeys((*COMPLETED, f"{ROUND}-begun"), AT_ONCE),
    **dict.fromkeys((*RETRIED, CORRECTED, AMENDED), AT_THE_SECOND_TRY),
    LEAVING: {STARTED: 1, ONBOARDED: 0, FAILED_AGAIN: 1, GIVEN_UP: 1},
    KEPT: {STARTED: 1, ONBOARDED: 0, FAILED_AGAIN: 2, GIVEN_UP: 1},
    GONE: {STARTED: 2, ONBOARDED: 1, FAILED_AGAIN: 1, GIVEN_UP: 1},
}
"""How many events of each type tell of a tenant when all is over."""
ABROAD = f"{ROUND}-abroad"


@dataclass
class Story:
    """What happened to the stack, to be looked at by the tests."""

    world: World
    sample: Product
    signed_in: dict[tuple[str, str], SignedIn]
    """By phase and tenant."""
    renewed: dict[tuple[str, str], SignedIn]
    """The same, by the refresh token of before."""
    let_in: dict[tuple[str, str], int]
    """What the product said to the access token of before, as a status."""
    resources: dict[str, dict[str, str]]
    """The physical ids by logical id, before and after."""
    code: dict[str, dict[str, str]]
    """What code each function has, before and after."""
    converged: list[dict[str, Any]] = field(default_factory=list)
    """What `onboard converge` said: in a dry run, then when it changed what differs, then once more."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The earlier release with its tenants, then this one over it, then its operators at work."""
    earlier = unpack(tmp_path_factory.mktemp("earlier"))
    (code,) = earlier.glob("asset.*")
    commands = EarlierCommands(code, tmp_path_factory.mktemp("commands"))
    later = synthesize(CONTEXT)
    with world(assembly=earlier) as running, product(running.stack) as sample:
        running.proxy.tenant_pattern = re.compile(PATTERN)
        onboard(running, commands)
        told = Story(running, sample, {}, {}, {}, {"before": made()}, {"before": functions()})
        told.signed_in |= {("first", tenant_id): first_sign_in_of(running, tenant_id) for tenant_id in COMPLETED}
        visit(told, "before")
        with under_way(running, commands):
            running.stack = running.stack.update(later)
        told.resources["after"], told.code["after"] = made(), functions()
        visit(told, "between")
        told.converged += converge()
        visit(told, "after")
        repair(told)
        run("converge")  # admins of those that were under way
        yield told


def visit(story: Story, phase: str) -> None:
    """Let somebody of each tenant sign in, renew what they got before, and use the product with it."""
    for tenant_id in COMPLETED:
        story.signed_in[phase, tenant_id] = sign_in_of(story.world, tenant_id)
        earlier = story.signed_in["before", tenant_id]
        story.renewed[phase, tenant_id] = renewal_of(story.world, tenant_id, earlier.refresh_token)
        story.let_in[phase, tenant_id] = me(story.sample, host_of(tenant_id), earlier.access_token)[0]


def converge() -> list[dict[str, Any]]:
    """Bring what exists to what this release makes, twice, having looked before; return what each run said."""
    return [run("converge --dry-run"), run("converge"), run("converge")]


def repair(story: Story) -> None:
    """Do to what failed what operators do, and emit again what is known already."""
    running, clients, settings = story.world, story.world.stack.clients, story.world.stack.settings
    for tenant_id in RETRIED:
        assert operations.retry(clients, settings, tenant_id).attempt == 2
    corrected = FAILED[CORRECTED][0] | {"tenantName": "Corrected Company"}
    assert operations.amend(clients, settings, CORRECTED, corrected).attempt == 2
    assert operations.abandon(clients, settings, KEPT).attempt == 3
    for detail in (*COMPLETED.values(), FAILED[GONE][0]):
        running.emit(detail)
    for tenant_id, expected in ENDS.items():
        page = running.wait_for(tenant_id, "COMPLETED", "FAILED", "ABANDONED")
        ended = ONBOARDED if page["status"] == "COMPLETED" else GIVEN_UP
        assert expected[ended], (tenant_id, page["status"], page["failure"])
        running.wait_for_event(ended, tenant_id)
    running.wait_until_quiet()


def made() -> dict[str, str]:
    """Return the physical id of each resource of the stack."""
    pages = boto3.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK_NAME)
    return {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] != "AWS::Lambda::Version"
    }


def functions() -> dict[str, str]:
    """Return a hash of the code of each function of the stack."""
    pages = boto3.client("lambda").get_paginator("list_functions").paginate()
    found = [each for page in pages for each in page["Functions"]]
    return {each["FunctionName"]: each["CodeSha256"] for each in found if each["FunctionName"].startswith(STACK_NAME)}


def test_all_code_is_replaced_and_nothing_else(story: Story) -> None:
    """Every resource of before is still the same one, apart from the versions of functions."""
    before, after = story.resources["before"], story.resources["after"]
    assert {name: after.get(name) for name in before} == before
    code = story.code
    assert code["before"].keys() <= code["after"].keys()
    assert [name for name, known in code["before"].items() if code["after"][name] == known] == []


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("tenant_id", COMPLETED)
def test_everybody_signs_in_and_stays_signed_in(story: Story, tenant_id: str, phase: str) -> None:
    """By SRP or by redirect, and with the refresh token of before; the product takes the access token of before."""
    role = "member" if tenant_id in FEDERATED else "admin"
    said = {"tenantId": tenant_id, "tenantTier": COMPLETED[tenant_id]["tier"], "tenantRole": role}
    assert story.signed_in[phase, tenant_id].bindings == [said, said]
    assert story.renewed[phase, tenant_id].bindings == [said, said]
    assert story.let_in[phase, tenant_id] == 200


def test_what_exists_is_converged_once_and_what_is_given_up_is_left(story: Story) -> None:
    """A dry run says what the next run changes; the run after that finds nothing to change."""
    foretold, done, again = story.converged
    assert foretold["outcomes"] == done["outcomes"]
    assert done["changed"] + done["unchanged"] == again["unchanged"] >= len(COMPLETED)
    for said in story.converged:
        assert said["failed"] == 0
        assert [each["tenantId"] for each in said["outcomes"] if each["result"] == "left"] == [KEPT]


def test_it_is_the_same_people_who_sign_in(story: Story) -> None:
    """Nobody is made anew: the subject in the tokens is that of the first sign-in."""
    subjects = {
        tenant_id: {story.signed_in[phase, tenant_id].claims["sub"] for phase in ("first", *PHASES)}
        for tenant_id in COMPLETED
    }
    assert {tenant_id: len(found) for tenant_id, found in subjects.items()} == dict.fromkeys(COMPLETED, 1)


def test_what_failed_or_was_under_way_goes_on_to_its_end(story: Story) -> None:
    """Nothing that was done before is done again: no step has more attempts than its failures explain."""
    pages = {tenant_id: story.world.show(tenant_id) for tenant_id in ENDS}
    ended = {tenant_id: page["status"] for tenant_id, page in pages.items()}
    assert ended == {tenant_id: "COMPLETED" if ENDS[tenant_id][ONBOARDED] else "ABANDONED" for tenant_id in ENDS}
    names = {tenant_id: pages[tenant_id]["tenantName"] for tenant_id in (AMENDED, CORRECTED)}
    assert names == {AMENDED: "Amended Company", CORRECTED: "Corrected Company"}
    assert {tenant_id: pages[tenant_id]["attempt"] for tenant_id in UNDER_WAY} == {
        f"{ROUND}-begun": 1,
        AMENDED: 2,
        LEAVING: 2,
    }


def test_there_is_one_of_everything(story: Story) -> None:
    """Of resources, of what the tables say, of events and of mails; what was emitted again changed nothing."""
    found = take_inventory(story.world)
    # The inventory knows no other Region, and no users but admins; the audit below looks at these.
    counted = [tenant_id for tenant_id in ENDS if tenant_id not in {ABROAD, *FEDERATED}]
    assert [complaint for tenant_id in counted for complaint in found.complaints(tenant_id)] == []
    assert list(found.drift()) == []
    for tenant_id, expected in ENDS.items():
        events = {kind: story.world.events(kind, tenant_id) for kind in expected}
        keys = {kind: [event["eventKey"] for event in told] for kind, told in events.items()}
        assert list(invariants.told(tenant_id, keys, expected)) == []
        mails, least = len(story.world.mails_to(f"first.user@{tenant_id}.example")), expected[ONBOARDED]
        assert list(invariants.mailed(tenant_id, mails, most=least, least=least)) == []
    rejected = {tenant_id: story.world.events("TenantOnboardingRejected", tenant_id) for tenant_id in ENDS}
    assert {tenant_id: len(events) for tenant_id, events in rejected.items() if events} == {f"{ROUND}-pool": 1}


def run(command: str, ends: int = 0) -> Any:
    """Return the document that a command prints."""
    ran = CliRunner().invoke(program.app, [*command.split(), "--json"])
    assert ran.exit_code == ends, ran.output
    return json.loads(ran.stdout)


def test_commands_read_what_the_earlier_release_wrote(story: Story) -> None:
    """Lists, pages, rejections and the audit; the doctor finds what it finds in any stack of the local AWS."""
    assert {each["tenantId"] for each in run("list --limit 1000")} >= ENDS.keys()
    assert [run(f"show {tenant_id}")["tenantId"] for tenant_id in ENDS] == list(ENDS)
    assert [each["tenantId"] for each in run("rejected")] == [f"{ROUND}-pool"]
    wrong = [each for each in run("doctor", ends=1)["findings"] if each["status"] == "FAIL"]
    assert [(each["check"], each["region"]) for each in wrong] == [("sender-identity", SILO_REGION)]
    assert run("pools --audit")["clean"]


def test_what_runs_by_the_clock_finds_nothing_left_behind(story: Story) -> None:
    """Reconcile has nothing to repair of the earlier release's work, and capacity can read its shared user pools."""
    found = invoke("ReconcileFunction", {})
    told = found["payload"].pop("seats")  # of new tenants: how many people they have
    assert (found["error"], set(found["payload"].values())) == (None, {0})
    assert told >= 0
    found = invoke("CapacityFunction", {})
    assert (found["error"], found["payload"]["failed"]) == (None, 0)
    wait_until(story.world.has_every_parameter, "the parameter of each tenant")


def test_new_tenants_come_beside_the_earlier_ones(story: Story) -> None:
    """In the shared user pool that the earlier release opened."""
    page = story.world.onboard(tenant(f"{ROUND}-newcomer"))
    assert page["resources"]["userPoolId"] == story.world.show(f"{ROUND}-pool")["resources"]["userPoolId"]
