"""Every advice works: the command that it ends with is accepted for that tenant, in the state that it is told in."""

import io
import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator import operations, status
from orchestrator.aws import errors, platform_advice
from orchestrator.aws.errors import OnboardingError, PermanentError, RetryableError
from orchestrator.cli import abandon as abandoning
from orchestrator.emails import reports
from orchestrator.onboarding.outcome import RECORDED, record_outcome
from orchestrator.operations import deployment, domains
from orchestrator.preflight import checks
from orchestrator.tenants import commands, kinds, lifecycle, records
from orchestrator.tenants.endings import IN_USE
from orchestrator.welcome import mail_feedback, resending
from tests.unit import faults
from tests.unit.cli.advice import bare, command_of, told
from tests.unit.cli.command_line import Run as Onboard
from tests.unit.cli.command_line import deploy, outputs_of
from tests.unit.cli.command_line import run as onboard
from tests.unit.conftest import tenant_created
from tests.unit.every_tier import CASES, World
from tests.unit.identity.user_pools import delete_pool
from tests.unit.kept_aws import KeptAws
from tests.unit.operations.undoing import Undoing, confirm
from tests.unit.simulated_aws import Stack, arn_of, ended, reporting

__all__ = ["onboard"]

BY_CODE = [(PermanentError.__subclasses__()[1].__name__, code) for code in sorted(errors.NEXT_ACTIONS)]
BY_CLASS = [(kind.__name__, "") for kind in (*RetryableError.__subclasses__(), *PermanentError.__subclasses__())]
BY_PLATFORM = [(name, "") for name in (*platform_advice.PLATFORM_ADVICE, "States.Runtime")]
ERRORS = [*BY_CLASS, *BY_CODE, *BY_PLATFORM]
PLAYED = ("cli/demo:", "cli/local:", "local/lively:")
"""What these print is run end to end: the demo, and the command `up`."""
EMAILS = {
    "out of order": (reports.BOUNCED, "Transient General"),
    "no such mailbox": (reports.BOUNCED, "Permanent General 5.1.1 550"),
    "a virus": (reports.REJECTED, "Virus"),
}


@dataclass
class Keyboard(io.StringIO):
    """A terminal at which somebody agrees."""

    def __init__(self) -> None:
        super().__init__("y\n")

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class There:
    """A deployed stack, the tenant acme in it, and who asks something of it."""

    undoing: Undoing
    onboard: Onboard

    @property
    def world(self) -> World:
        return self.undoing.world

    @property
    def aws(self) -> tuple[Any, Any]:
        return self.world.clients, self.world.settings

    def ask(self, *words: str) -> str:
        """Return the one line that a command prints, which is not accepted."""
        ran = self.onboard(*words)
        assert ran.code == 1
        return (ran.out + ran.err).strip()

    def fail(self, case: str = "bridge", before: str = "SendWelcomeEmail") -> None:
        self.undoing.fail_before(CASES[case], before)

    def fail_at(self, step: str, case: str = "bridge") -> str:
        """Let a step of acme fail by its own account; return what is advised."""
        with pytest.raises(OnboardingError) as failure:
            self.undoing.run(step)
        error = failure.value
        cause = json.dumps({"errorMessage": f"{step}: {error.code}", "errorType": type(error).__name__})
        self.undoing.fail(type(error).__name__, cause)
        return self.failure()

    def failure(self) -> str:
        return str(self.undoing.record["failure"]["nextAction"])

    def work(self, _seconds: float = 0) -> None:
        """Let the workflow that is under way go to its end, as it does while a command waits."""
        record = self.undoing.record
        if record["status"] == lifecycle.ABANDONING:
            self.undoing.undo()
        elif record["status"] in lifecycle.ACTIVE:
            finish(self)

    def half_abandoned(self) -> None:
        """Let the abandonment of acme be just before the removal of its group."""
        self.fail("pool")
        self.undoing.abandon()
        self.undoing.undo(until="RemoveTenantGroup")

    def abandoned_in_vain(self) -> None:
        """Let the abandonment of acme fail once something is removed."""
        self.undoing.abandon()
        denied = faults.access_denied("DeleteGroup")
        with self.world.wire.strikes("DeleteGroup", denied, times=faults.ALWAYS):
            assert self.undoing.undo() == lifecycle.FAILED


@pytest.fixture
def there(
    clients: Any,
    settings: Any,
    wire: Any,
    run: Any,
    published: Any,
    kept: KeptAws,
    onboard: Onboard,
    monkeypatch: pytest.MonkeyPatch,
) -> There:
    """A stack, found by its outputs."""
    kept.once("found by its outputs", lambda: deploy("TenantOnboarding", outputs_of(settings)))
    monkeypatch.setattr(records, "SHOWN_WITHIN_SECONDS", 0.0)  # what was made is not new any more
    undoing = Undoing(World(clients, settings, wire, run, Stack(clients, settings, wire, published), kept))
    numbers = count()

    def resend(clients: Any, settings: Any, tenant_id: str, _: object) -> Any:
        return resending.resend(clients, settings, tenant_id, f"asked-{next(numbers)}")

    monkeypatch.setattr(deployment, "Clients", lambda _: clients)
    monkeypatch.setattr(operations, "resend_welcome", resend)
    return There(undoing, onboard)


@pytest.fixture
def accepted(there: There, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Do as an advice says; who is asked agrees, and workflows work meanwhile. Returns the words of the command."""

    def accepted(advice: str) -> list[str]:
        words = command_of(advice)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", Keyboard())
            patch.setattr(time, "sleep", there.work)
            ran = there.onboard(*words)
        assert ran.code == 0, (advice, ran.out, ran.err)
        return words

    return accepted


Accepted = Callable[[str], list[str]]
Ask = Callable[[There], str]


# What a failure says


@pytest.mark.parametrize(("error", "code"), ERRORS, ids=[f"{error} {code}".strip() for error, code in ERRORS])
def test_a_failed_tenant_goes_on_by_the_command_that_its_error_ends_with(
    there: There, accepted: Accepted, error: str, code: str
) -> None:
    there.world.claim(CASES["pool"])
    cause = json.dumps({"errorMessage": f"AssignSharedPool: {code}", "errorType": error}) if code else None
    there.undoing.fail(error, cause)
    assert accepted(there.failure()) == ["retry", "acme"]
    assert there.undoing.record["attempt"] == 2


@pytest.mark.parametrize(("error", "code"), ERRORS, ids=[f"{error} {code}".strip() for error, code in ERRORS])
def test_a_failed_abandonment_goes_on_by_the_command_that_its_error_ends_with(
    there: There, accepted: Accepted, error: str, code: str
) -> None:
    there.world.once("half abandoned", there.half_abandoned)
    cause = json.dumps({"errorMessage": f"RemoveTenantGroup: {code}", "errorType": error}) if code else None
    arn = arn_of(attempt=2, machine="tenant-abandonment")
    assert record_outcome(*there.aws, ended(arn, error=error, cause=cause)) == RECORDED
    assert accepted(there.failure()) == ["abandon", "acme"]
    assert there.undoing.record["status"] == lifecycle.ABANDONED


GONE = {
    "user pool": ("silo", "CreateUserPool", "CreateTenantGroup"),
    "group": ("silo", "CreateTenantGroup", "CreateTenantAdmin"),
    "group in a shared user pool": ("pool", "CreateTenantGroup", "CreateTenantAdmin"),
    "admin": ("silo", "CreateTenantAdmin", "SendWelcomeEmail"),
    "admin in a shared user pool": ("bridge", "CreateTenantAdmin", "SendWelcomeEmail"),
}


@pytest.mark.parametrize(("case", "maker", "step"), GONE.values(), ids=GONE)
def test_what_was_deleted_is_made_anew_by_the_one_command_that_the_failure_ends_with(
    there: There, accepted: Accepted, case: str, maker: str, step: str
) -> None:
    there.world.lead_to(step, CASES[case])
    lose(there, maker)
    advice = there.fail_at(step)
    assert accepted(advice) == ["retry", "acme", "--redo", maker]
    finish(there)


def test_a_tenant_whose_shared_user_pool_is_gone_is_told_to_be_abandoned_and_is(there: There) -> None:
    path = there.world.claim(CASES["pool"])
    there.undoing.run(path[0])
    lose(there, "CreateUserPool")
    advice = there.fail_at("CreateTenantGroup")
    words = command_of(advice)
    assert words == ["abandon", "acme"]
    assert there.onboard(*words, "--yes", "--no-wait").code == 0
    assert there.undoing.record["status"] == lifecycle.ABANDONING


@pytest.mark.parametrize("is_there", [True, False], ids=["only denied", "gone"])
def test_a_denial_is_mended_by_one_command_whether_the_user_pool_is_gone_or_not(
    there: There, accepted: Accepted, *, is_there: bool
) -> None:
    """A role may use user pools by their tag, so one that is gone is denied."""
    there.world.lead_to("CreateTenantGroup", CASES["silo"])
    before = there.undoing.record["resources"]["userPoolId"]
    if not is_there:
        lose(there, "CreateUserPool")
    denied = faults.access_denied("cognito-idp:CreateGroup")
    with there.world.wire.strikes("CreateGroup", denied, times=faults.ALWAYS):
        advice = there.fail_at("CreateTenantGroup")
    assert accepted(advice) == ["retry", "acme", "--redo", "CreateUserPool"]
    finish(there)
    assert (there.undoing.record["resources"]["userPoolId"] == before) == is_there


def test_a_denial_in_a_shared_user_pool_is_retried_once_it_is_granted(there: There, accepted: Accepted) -> None:
    path = there.world.claim(CASES["pool"])
    there.undoing.run(path[0])
    with there.world.wire.strikes("CreateGroup", faults.access_denied("cognito-idp:CreateGroup"), times=faults.ALWAYS):
        advice = there.fail_at("CreateTenantGroup")
    assert accepted(advice) == ["retry", "acme"]
    finish(there)


def test_a_tenant_in_use_that_nothing_was_removed_of_is_let_finish(there: There, accepted: Accepted) -> None:
    there.fail("pool", before="CompleteOnboarding")
    confirm(there.undoing, CASES["pool"].username)
    there.undoing.abandon()
    assert there.undoing.undo() == lifecycle.FAILED
    assert there.undoing.told[-1].code == IN_USE
    assert accepted(there.failure()) == ["retry", "acme"]


@pytest.mark.parametrize("tenant_id", ["-abc", "--all-failed"])
def test_data_is_neither_option_nor_syntax_in_a_command(there: There, tenant_id: str) -> None:
    """No tenant may be called so now; one that was taken by an earlier version can be."""
    asked = commands.command("retry", tenant_id, redo="CreateUserPool")
    ran = there.onboard(*command_of(f"Mend it. Command: {asked}"))
    assert (ran.code, ran.out) == (1, f"{tenant_id}: is not known; see: onboard list\n")


@pytest.mark.parametrize("tenant_id", ["a b", "$(reboot)", "acme'; rm -rf"])
def test_what_a_shell_would_take_apart_comes_whole(there: There, tenant_id: str) -> None:
    asked = commands.command("retry", tenant_id, redo="CreateUserPool")
    ran = there.onboard(*command_of(f"Mend it. Command: {asked}"))
    assert (ran.code, ran.out) == (2, "")
    assert f"{tenant_id!r} must be 2 to 40 characters" in ran.err


# What a refusal says


def lose(there: There, maker: str) -> None:
    resources = there.undoing.record["resources"]
    user_pool: Any = {"UserPoolId": resources["userPoolId"]}
    cognito = there.world.clients.cognito
    if maker == "CreateUserPool":
        delete_pool(there.world.clients, resources["userPoolId"])
    elif maker == "CreateTenantGroup":
        cognito.delete_group(**user_pool, GroupName="acme")
    else:
        cognito.admin_delete_user(**user_pool, Username=resources["adminUsername"])


def finish(there: There) -> None:
    """Let acme's attempt run to its end."""
    record = there.undoing.record
    for step in kinds.of(record).path(record):
        if record["steps"][step]["status"] != "DONE":
            there.undoing.run(step)
    assert there.undoing.record["status"] == lifecycle.COMPLETED


def unknown(there: There) -> str:
    return there.ask("retry", "nobody")


def amend_unknown(there: There) -> str:
    return operations.amend(*there.aws, "nobody", tenant_created("nobody")).message


def amend_nothing(there: There) -> str:
    there.fail("pool")
    return operations.amend(*there.aws, "acme", tenant_created()).message


def amend_what_is_held(there: There) -> str:
    there.fail("pool")
    routing = {"subdomain": "elsewhere", "tenantCode": "ACME-42"}
    [reason] = operations.amend(*there.aws, "acme", tenant_created(routing=routing)).reasons
    return reason.message


def retry_while_removed(there: There) -> str:
    there.fail()
    there.undoing.abandon()
    return there.ask("retry", "acme")


def retry_after_a_removal_failed(there: There) -> str:
    there.fail()
    there.abandoned_in_vain()
    return there.ask("retry", "acme")


def abandon_unknown(there: There) -> str:
    return there.ask("abandon", "nobody", "--yes")


def abandon_what_runs(there: There) -> str:
    there.world.claim(CASES["pool"])
    return there.ask("abandon", "acme", "--yes")


def stop_unknown(there: There) -> str:
    return there.ask("stop", "nobody")


def stop_what_runs(there: There) -> str:
    there.world.claim(CASES["pool"])
    return there.onboard("stop", "acme").out.strip()


def stop_before_the_start(there: There) -> str:
    abandon_before_the_start(there)
    return there.ask("stop", "acme")


def abandon_again(there: There) -> str:
    there.fail()
    there.undoing.abandon()
    return there.ask("abandon", "acme", "--yes")


def abandon_before_the_start(there: There) -> str:
    with there.world.wire.strikes("StartExecution", faults.server_error, times=faults.ALWAYS), suppress(Exception):
        there.world.claim(CASES["pool"])
    assert there.undoing.record["status"] == lifecycle.PENDING
    return there.ask("abandon", "acme", "--yes")


def abandon_for_long(there: There) -> str:
    there.fail()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(abandoning, "WAIT_SECONDS", -1)
        return there.ask("abandon", "acme", "--yes")


def redriven_elsewhere(there: There) -> str:
    there.fail()
    with there.world.wire.strikes(
        "DescribeExecution", reporting(redriveCount=1, status="RUNNING"), times=faults.ALWAYS
    ):
        return there.ask("retry", "acme")


def resend_unknown(there: There) -> str:
    return there.ask("resend-welcome", "nobody")


def show_unknown(there: There) -> str:
    return there.ask("show", "nobody")


def show_no_rejection(there: There) -> str:
    return there.ask("rejected", "show", "event-9")


def domains_of_nobody(there: There) -> str:
    return there.ask("domains", "release", "nobody", "acme.example", "--yes")


def domains_not_verified(there: There) -> str:
    there.world.onboard(CASES["pool"])
    return there.ask("domains", "release", "acme", "acme.example", "--yes")


def domains_taken(there: There) -> str:
    for tenant_id in ("globex", "acme"):
        routing = {"subdomain": tenant_id, "tenantCode": tenant_id.upper(), "emailDomains": ["acme.example"]}
        there.world.onboard(CASES["pool"], tenant_id, routing=routing)
    assert domains.override(*there.aws, "globex", "acme.example", "it was sold").verified
    [result] = domains.verify(*there.aws, "acme", "acme.example", lambda _: [])
    return result.message


def resolve_what_is_reserved(there: There) -> str:
    there.fail(before="RegisterRouting")
    return there.ask("resolve", "--subdomain", "acme")


def close_what_there_is_not(there: There) -> str:
    return there.ask("pools", "close", "shared-009")


def doctor_of_full_pools(there: There) -> str:
    there.world.onboard(CASES["pool"])
    context: Any = SimpleNamespace(
        settings=there.world.settings,
        home=SimpleNamespace(region="eu-central-1"),
        readings=SimpleNamespace(rows=there.world.clients.dynamodb.scan(TableName="shared-pools")["Items"]),
    )
    [found] = checks.shared_user_pools(context)
    return found.do


REFUSALS: dict[str, Ask] = {
    "tenants/verdicts: list": unknown,
    "tenants/verdicts: list, to amend": amend_unknown,
    "operations/amendments: retry": amend_nothing,
    "onboarding/changeable_fields: abandon": amend_what_is_held,
    "tenants/verdicts: show": retry_while_removed,
    "tenants/verdicts: abandon": retry_after_a_removal_failed,
    "tenants/verdicts: list, to abandon": abandon_unknown,
    "tenants/verdicts: show, abandoned again": abandon_again,
    "tenants/verdicts: show, before the start": abandon_before_the_start,
    "tenants/verdicts: stop": abandon_what_runs,
    "tenants/verdicts: list, to stop": stop_unknown,
    "operations/stopping: show": stop_what_runs,
    "tenants/verdicts: show, stopped before the start": stop_before_the_start,
    "cli/abandon: show": abandon_for_long,
    "operations/retries: show": redriven_elsewhere,
    "tenants/verdicts: list, to resend": resend_unknown,
    "cli/pools: pools": close_what_there_is_not,
    "cli/tenants: rejected": show_unknown,
    "cli/rejections: rejected list": show_no_rejection,
    "operations/domains: list": domains_of_nobody,
    "operations/domains: domains list": domains_not_verified,
    "operations/domains: domains release": domains_taken,
    "operations/rejections: show": resolve_what_is_reserved,
    "preflight/checks: pools": doctor_of_full_pools,
}
"""By the place that tells a command: how a tenant gets into the state that it is told in; returns what is told."""
ELSEWHERE = {
    "tenants/endings: *",
    "tenants/endings: show",
    "welcome/mail_feedback: resend-welcome",
    "operations/deployment: up",
}
"""Those that tests of their own run here."""
BESIDE = {
    "cli/tenants: domains list",
    "cli/emit: show",
    "cli/emit: rejected",
    "cli/operators: operators list",
    "cli/people_files: users import",
    "cli/replay: rejected",
    "cli/users: users list",
    "cli/users: users resend",
    "cli/users: users show",
    "operations/user_changes: users list",
    "operations/user_changes: users remove",
    "operations/user_changes: users show",
    "operations/user_lists: resend-welcome",
    "operations/user_lists: users list",
    "operations/user_lists: users resend",
    "operations/users: rejected",
    "operations/users: show",
    "operations/users: users invite",
    "operations/users: users show",
    "preflight/checks: converge",
    "users/server_client: converge",
    "tenants/verdicts: retry",
}
"""Those that the tests of these commands run, and of the table of verdicts."""


@pytest.mark.parametrize("ask", REFUSALS.values(), ids=REFUSALS)
def test_what_a_refusal_or_a_finding_ends_with_is_accepted(there: There, accepted: Accepted, ask: Ask) -> None:
    assert accepted(ask(there))


@pytest.mark.parametrize("of", [lifecycle.COMPLETED, lifecycle.FAILED, lifecycle.ABANDONED])
@pytest.mark.parametrize("news", EMAILS.values(), ids=EMAILS)
def test_an_email_that_did_not_arrive_is_sent_again_by_its_advice_where_one_can_be(
    there: There, accepted: Accepted, news: tuple[str, str], of: str
) -> None:
    if of == lifecycle.COMPLETED:
        there.world.onboard(CASES["pool"])
    else:
        there.fail("pool", before="CompleteOnboarding")
    bounced = reports.Report(
        kind=reports.WELCOME,
        tenant_id="acme",
        tags={"attempt": "1"},
        message_id=there.undoing.record["resources"]["welcomeMessageId"],
        mailed_at="2026-01-01T00:00:00.000Z",
        status=news[0],
        at="2026-01-01T00:00:01.000Z",
        reason=news[1],
        gravity=4,
    )
    assert mail_feedback.record(there.world.clients.dynamodb, "tenants", bounced, "message-1")
    if of == lifecycle.ABANDONED:
        there.undoing.abandon()
        assert there.undoing.undo() == of
    email = status.document(there.world.settings, there.undoing.record)["welcomeEmail"]
    advice = email and email["nextAction"]
    if of == lifecycle.COMPLETED:
        assert accepted(advice) == ["resend-welcome", "acme"]
    else:
        assert "onboard" not in (advice or "")


def test_whoever_finds_no_stack_is_told_how_to_start_one_here(onboard: Onboard, clients: Any) -> None:
    ran = onboard("list")
    assert command_of(ran.err.strip()) == ["up"]
    assert "onboard up" not in onboard("list", "--stack", "Another").err


def test_an_execution_that_is_to_be_stopped_first_can_be_stopped_by_what_is_said(there: There) -> None:
    there.world.claim(CASES["pool"])
    said = there.ask("abandon", "acme", "--yes")
    assert said.endswith("stop its execution first: onboard stop acme")
    assert there.onboard("stop", "acme").code == 0
    assert there.onboard("abandon", "acme", "--yes", "--no-wait").code == 0


# That none is missed


def test_every_place_that_tells_a_command_is_tried_here() -> None:
    places = {place for place in told() if not place.startswith(PLAYED)}
    assert places == {name.split(",")[0] for name in REFUSALS} | ELSEWHERE | BESIDE


def test_no_text_has_a_command_that_nothing_quotes() -> None:
    assert list(bare()) == []


def test_no_words_for_an_error_name_a_command_as_the_tenant_is_not_known_there() -> None:
    by_class = {kind.advice for kind in (*RetryableError.__subclasses__(), *PermanentError.__subclasses__())}
    texts = {
        *errors.NEXT_ACTIONS.values(),
        *platform_advice.PLATFORM_ADVICE.values(),
        platform_advice.OTHER_ADVICE,
        *by_class,
    }
    assert not [text for text in texts if "onboard " in text]
