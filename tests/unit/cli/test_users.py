"""`onboard users`: who is invited and mailed, who is shown, and that every refusal names a command that is accepted."""

import time
from collections.abc import Callable

import pytest

from orchestrator.tenants.records import record_key
from orchestrator.users.works import REGISTRATION, RESET
from tests.unit.cli.advice import command_of
from tests.unit.cli.command_line import Run, deploy, document, outputs_of, refusal, wrong_use
from tests.unit.cli.command_line import run as onboard
from tests.unit.every_tier import world
from tests.unit.users.conftest import live
from tests.unit.users.people import ADMIN, JANE, People, row

__all__ = ["live", "onboard", "world"]

INVITE = ("users", "invite", "acme", JANE)
LONG = f"{'a' * 60}@{'b' * 60}.{'c' * 9}.example"


@pytest.fixture
def people(live: Callable[..., People]) -> People:
    """The people of acme, whose stack a command line finds by its outputs."""
    return of_a_deployed_stack(live("pool"))


def of_a_deployed_stack(people: People) -> People:
    deploy("TenantOnboarding", outputs_of(people.settings))
    return people


def asked_for(people: People) -> list[str]:
    return [answer.answer for answer in people.receive_all()]


def test_whoever_is_invited_is_mailed_a_link_and_becomes_a_user_with_the_role(people: People, onboard: Run) -> None:
    ran = onboard("users", "invite", "acme", "Jane@Acme.example", "--name", "Jane", "--role", "auditor")
    assert (ran.code, ran.err) == (0, "")
    first, second = ran.out.splitlines()
    assert first == f"{JANE} is invited to acme, as auditor: user {row(people)['userId']}"
    assert second == f"an email with a link is on its way; see: onboard users show acme {JANE}"
    assert asked_for(people) == ["mailed"]
    people.confirm(people.tokens()[-1])
    shown = document(onboard("users", "show", "acme", JANE, "--json"))
    assert (shown["status"], shown["role"], shown["name"], shown["username"]) == (
        "ACTIVE",
        "auditor",
        "Jane",
        f"acme/{JANE}",
    )


def test_an_invitation_that_is_repeated_stays_as_it_is_and_is_mailed_once(people: People, onboard: Run) -> None:
    once = document(onboard(*INVITE, "--json"))
    again = document(onboard(*INVITE, "--role", "admin", "--json"))
    assert again == once | {"again": True}
    assert (once["role"], once["status"], once["mailed"], once["username"]) == ("member", "INVITED", True, None)
    assert asked_for(people) == ["mailed", "repeated"]
    told = onboard(*INVITE).out.splitlines()[-1]
    assert told == f"for another mail: onboard users resend acme {JANE}"
    assert command_of(onboard(*command_of(told)).out.strip()) == ["users", "show", "acme", JANE]


def test_another_mail_is_sent_to_whoever_is_invited_and_both_links_are_good(people: People, onboard: Run) -> None:
    onboard(*INVITE)
    assert asked_for(people) == ["mailed"]
    ran = onboard("users", "resend", "acme", JANE)
    assert (ran.code, ran.out) == (0, f"another link is on its way to {JANE}; see: onboard users show acme {JANE}\n")
    assert document(onboard("users", "resend", "acme", JANE, "--json"))["status"] == "INVITED"
    assert asked_for(people) == ["mailed", "mailed"]
    first, *_ = people.tokens()
    assert people.confirm(first) == row(people)["userId"]


def test_whoever_is_shown_has_the_last_mail_and_the_end_of_the_link(
    people: People, onboard: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    onboard(*INVITE)
    assert document(onboard("users", "show", "acme", JANE, "--json"))["mail"] is None
    people.receive_all()
    shown = document(onboard("users", "show", "acme", JANE, "--json"))
    ends = time.strftime("%Y-%m-%dT%H", time.gmtime(time.time() + 7 * 24 * 3600))
    assert shown["link"]["purpose"] == "INVITATION"
    assert shown["link"]["goodUntil"].startswith(ends)
    bounced = {
        "status": "BOUNCED",
        "at": "2026-01-15T09:00:00.000Z",
        "reason": "Permanent",
        "messageId": "m-1",
        "mailedAt": "2026-01-15T09:00:00.000Z",
        "gravity": 5,
        "toldBy": "t",
    }
    people.clients.dynamodb.update_item(
        TableName="users",
        Key={"tenantId": "acme", "item": f"PROOF#{row(people)['address']}"},
        UpdateExpression="SET mail = :mail",
        ExpressionAttributeValues={":mail": bounced},
    )
    printed = onboard("users", "show", "acme", shown["userId"]).out
    assert "last mail  BOUNCED (Permanent)  2026-01-15T09:00:00.000Z" in printed.replace("   ", "  ").replace(
        "  ", "  "
    )
    assert "INVITATION, good until 20" in printed
    monkeypatch.setattr("time.time", lambda: 4_000_000_000.0)
    assert document(onboard("users", "show", "acme", JANE, "--json"))["link"] is None


def test_the_link_of_a_forgotten_password_ends_when_it_does_whatever_was_out_before(
    people: People, onboard: Run
) -> None:
    onboard(*INVITE)
    people.receive_all()
    people.confirm(people.tokens()[-1])
    assert document(onboard("users", "show", "acme", JANE, "--json"))["link"] is None
    people.token(RESET)
    link = document(onboard("users", "show", "acme", JANE, "--json"))["link"]
    assert link["purpose"] == "RESET"
    assert link["goodUntil"] < time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3700))


def test_whoever_registered_and_has_not_confirmed_is_shown_as_nobody_yet(people: People, onboard: Run) -> None:
    people.token(REGISTRATION)
    shown = document(onboard("users", "show", "acme", JANE, "--json"))
    assert (shown["userId"], shown["status"], shown["email"], shown["link"]["purpose"]) == (
        None,
        None,
        JANE,
        REGISTRATION,
    )
    assert "no user: the address is not confirmed" in onboard("users", "show", "acme", JANE).out


def test_in_a_federated_tenant_nobody_is_mailed(live: Callable[..., People], onboard: Run) -> None:
    people = of_a_deployed_stack(live("bridge with SAML"))
    ran = onboard(*INVITE)
    assert ran.out.splitlines()[-1] == "no link is mailed: they sign in at the tenant's own identity provider"
    as_admin = onboard("users", "invite", "acme", "boss@acme.example", "--role", "admin")
    assert as_admin.out.splitlines()[1:] == [
        "no link is mailed: they sign in at the tenant's own identity provider",
        "they sign in as member, not as admin, for now: once they have, set custom:tenantRole in Amazon Cognito",
    ]
    assert document(onboard(*INVITE, "--json"))["mailed"] is False
    assert "signs in at https://acme." in refusal(onboard("users", "resend", "acme", JANE))
    assert people.waiting() == []


REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "no such tenant": (("users", "invite", "nobody", JANE), "no tenant nobody"),
    "no such tenant to mail for": (("users", "resend", "nobody", JANE), "no tenant nobody"),
    "no such tenant to look at": (("users", "show", "nobody", JANE), "no tenant nobody"),
    "a user": (("users", "invite", "acme", ADMIN), "is a user of acme already"),
    "nobody was invited": (("users", "resend", "acme", JANE), "has invited nobody"),
    "nothing to confirm": (("users", "resend", "acme", ADMIN), "is ACTIVE"),
    "nobody has the address": (("users", "show", "acme", JANE), "has no user"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_says_why_and_names_a_command_that_is_accepted(case: str, people: People, onboard: Run) -> None:
    words, why = REFUSED[case]
    line = refusal(onboard(*words))
    assert why in line
    accepted = onboard(*command_of(line))
    assert accepted.code == 0, accepted.err
    assert people.mails() == []


@pytest.mark.parametrize("words", [INVITE, ("users", "resend", "acme", JANE)])
def test_nobody_joins_a_tenant_that_is_not_live(words: tuple[str, ...], people: People, onboard: Run) -> None:
    people.clients.dynamodb.update_item(
        TableName=people.settings.tenants_table,
        Key=record_key("acme"),
        UpdateExpression="SET #status = :failed",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":failed": "ABANDONING"},
    )
    line = refusal(onboard(*words))
    assert "acme is ABANDONING" in line
    assert command_of(line) == ["show", "acme"]
    assert people.waiting() == []
    assert "to invite" not in refusal(onboard("users", "show", "acme", JANE))


def test_a_user_that_nobody_is_and_an_address_that_fits_no_user_name_are_refused(people: People, onboard: Run) -> None:
    assert refusal(onboard("users", "show", "acme", "01J9ZK4T2W8Q6X0V5N3M7B1C4D")).endswith(
        "has no user 01J9ZK4T2W8Q6X0V5N3M7B1C4D"
    )
    assert "too long for a user name of acme" in refusal(onboard("users", "invite", "acme", LONG))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("users", "invite", "acme", "jane"), "must be an email address"),
        (("users", "invite", "acme", "jane@acme"), "must be an email address"),
        ((*INVITE, "--role", "an admin"), "must be a letter"),
        ((*INVITE, "--role", "r" * 65), "must be a letter"),
        ((*INVITE, "--name", " Jane"), "white space"),
        ((*INVITE, "--name", ""), "must have 1 to 200 characters"),
        (("users", "show", "acme", "a b"), "the id of a user"),
        (("users", "resend", "ACME!", JANE), "2 to 40 characters"),
    ],
)
def test_words_that_mean_nobody_are_refused_before_anybody_is_asked(
    words: tuple[str, ...], why: str, onboard: Run
) -> None:
    assert why in wrong_use(onboard(*words))


def test_a_stack_of_an_earlier_release_is_refused(live: Callable[..., People], onboard: Run) -> None:
    people = live("pool")
    deploy("TenantOnboarding", outputs_of(people.settings, ProofRequestsQueueUrl=""))
    assert "of an earlier release" in refusal(onboard(*INVITE))
