"""Who is mailed what: only behind the queue, and only where the tenant, the address and the time allow it."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.aws.dynamodb import Change
from orchestrator.aws.errors import ConfigurationError, OnboardingError
from orchestrator.routing import routes
from orchestrator.tenants import fence
from orchestrator.users import links, requests, statuses, store
from orchestrator.users.invitations import Guest, invite
from orchestrator.users.proofs import ProofEndedError
from orchestrator.users.requests import Received
from orchestrator.users.works import INVITATION, REGISTRATION, RESET, Purpose
from tenant_onboarding.authorizer import registry
from tests.unit import faults
from tests.unit.faults import DeathError
from tests.unit.users.people import ADMIN, JANE, People, row, signs_in
from tests.unit.users.users_table import everything, rows

PUBLIC: tuple[Purpose, ...] = (REGISTRATION, RESET)


def received(people: People, purpose: Purpose, email: str = JANE, host: str = "") -> tuple[str, str]:
    """Return the answer to one request, and why it was dropped."""
    people.ask(purpose, email, host=host)
    (answer,) = people.receive_all()
    return answer.answer, answer.why


def move(people: People, **values: object) -> None:
    """Change acme's record behind everybody's back."""
    change = Change(people.settings.tenants_table, {"tenantId": "acme", "item": "RECORD"})
    for name, value in values.items():
        change.set(name, value)
    people.clients.dynamodb.update_item(**change.arguments())


@pytest.mark.parametrize("purpose", PUBLIC)
@pytest.mark.parametrize(("email", "host"), [(JANE, ""), (ADMIN, ""), (JANE, "nowhere.app.product.example")])
def test_the_public_side_does_the_same_whatever_is_known(
    purpose: Purpose, email: str, host: str, people: People
) -> None:
    people.ask(purpose, email, host=host)
    assert people.wire.operations() == ["SendMessage"]


@pytest.mark.parametrize("sign_up", ["INVITE_ONLY", "SOMETHING_LATER", ""])
def test_a_tenant_that_does_not_take_strangers_mails_none(sign_up: str, people: People) -> None:
    move(people, signUp=sign_up)
    assert received(people, REGISTRATION) == ("dropped", "NotInvited")
    assert people.mails() == []


def test_who_is_unknown_cannot_forget_a_password(people: People) -> None:
    assert received(people, RESET) == ("dropped", "UnknownAddress")


def test_who_registers_again_is_told_to_sign_in(people: People) -> None:
    """By mail, to the address: the answer on the page is the one that a stranger gets."""
    people.wire.attempts.clear()
    assert received(people, REGISTRATION, ADMIN) == ("mailed", "")
    (sent,) = people.wire.bodies("SendEmail")
    assert sent["Destination"]["ToAddresses"] == [ADMIN]
    assert people.tokens() == []
    assert not [item for item in everything(people.clients) if item["item"].startswith(("SECRET#", "PROOF#"))]


@pytest.mark.parametrize("purpose", PUBLIC)
def test_a_host_that_leads_nowhere_mails_nobody(purpose: Purpose, people: People) -> None:
    assert received(people, purpose, host="nowhere.app.product.example") == ("dropped", "UnknownHost")
    assert received(people, purpose, host="acme.app.product.example.evil.example") == ("dropped", "UnknownHost")


@pytest.mark.parametrize("status", ["SUSPENDED", "OFFBOARDING", "FAILED"])
def test_a_tenant_that_is_not_live_mails_nobody(status: str, people: People) -> None:
    move(people, status=status)
    assert received(people, REGISTRATION) == ("dropped", "TenantNotLive")


def test_a_tenant_that_stops_being_live_meanwhile_makes_nobody(people: People) -> None:
    """The fence: a link that was mailed before is of no use behind the tenant's removal."""
    token = people.token(REGISTRATION)
    move(people, **{fence.PLACEMENT: 1})
    people.confirm(token)
    again = people.token(REGISTRATION, "john@acme.example")
    people.wire.attempts.clear()
    leaves = faults.preceded_by(lambda: move(people, **{fence.PLACEMENT: 2}))
    with people.wire.strikes("AdminCreateUser", leaves), pytest.raises(ProofEndedError):
        people.confirm(again)
    assert [each["email"] for each in rows(people.clients)] == sorted([ADMIN, JANE])


def test_a_request_that_waited_for_a_day_is_dropped(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    people.ask(REGISTRATION)
    (body,) = people.waiting()
    later = time.time() + requests.STALE_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert people.receive(body) == Received("dropped", None, "Stale")


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"purpose": "RESET"}', json.dumps({"requestId": "1"})])
def test_what_is_no_request_stays_in_the_queue(body: str, people: People) -> None:
    with pytest.raises(ConfigurationError):
        people.receive(body)


def test_an_address_is_one_whatever_its_case(people: People) -> None:
    user_id = people.confirm(people.token(REGISTRATION, "Jane@ACME.example"))
    assert row(people, JANE)["userId"] == user_id
    assert received(people, REGISTRATION, "JANE@acme.EXAMPLE") == ("mailed", "")
    assert len(rows(people.clients)) == 2


def test_an_invitation_that_a_fault_interrupted_is_completed_and_mails_once(people: People) -> None:
    guest = Guest(JANE, "Jane")
    with people.wire.strikes("SendMessage", faults.death_before), pytest.raises(DeathError):
        invite(people.clients, people.settings, people.tenant(), guest)
    assert row(people)["status"] == "INVITED"
    answers = [invite(people.clients, people.settings, people.tenant(), guest).answer for _ in range(3)]
    assert answers == ["repeated"] * 3
    assert sorted(each.answer for each in people.receive_all()) == ["mailed", "repeated", "repeated"]
    assert len(people.tokens()) == 1


def test_who_is_a_user_is_not_invited(people: People) -> None:
    invited = invite(people.clients, people.settings, people.tenant(), Guest(ADMIN))
    assert (invited.answer, invited.user_id) == ("user", row(people, ADMIN)["userId"])
    assert people.waiting() == []


def test_an_invitation_takes_over_from_a_registration_that_stopped_half_way(people: People) -> None:
    """The role is the invitation's, the id is Cognito's, which nobody can change; there is one row."""
    token = people.token(REGISTRATION)
    people.lease_seconds = -1
    with people.wire.strikes("AdminSetUserPassword", faults.death_before), pytest.raises(DeathError):
        people.confirm(token)
    invited = invite(people.clients, people.settings, people.tenant(), Guest(JANE, "Jane", statuses.ADMIN))
    people.receive_all()
    user_id = people.confirm(people.tokens()[-1])
    jane = row(people)
    assert (jane["userId"], jane["status"], jane["role"]) == (user_id, "ACTIVE", statuses.ADMIN)
    assert user_id != invited.user_id
    user = people.clients.cognito.admin_get_user(UserPoolId=jane["userPoolId"], Username=jane["username"])
    attributes = {each["Name"]: each["Value"] for each in user["UserAttributes"]}
    assert (attributes["custom:tenantRole"], attributes["name"]) == (statuses.ADMIN, "Jane")
    assert store.find(people.clients.dynamodb, "users", "acme", jane["address"]) == jane


def test_verified_mail_domains_let_their_people_register(live: Callable[..., People]) -> None:
    people = live("pool", routing={"subdomain": "acme", "emailDomains": ["acme.example"]})
    move(people, signUp="EMAIL_DOMAINS")
    assert received(people, REGISTRATION) == ("dropped", "NotInvited")
    item: Any = {"routeKey": "domain#acme.example", "tenantId": "acme", "state": "ACTIVE", "target": {}}
    people.clients.dynamodb.put_item(TableName="routes", Item=item)
    assert received(people, REGISTRATION) == ("mailed", "")
    assert received(people, REGISTRATION, "jane@globex.example") == ("dropped", "NotInvited")


def test_who_is_invited_to_a_federated_tenant_is_let_in_at_its_provider_and_mailed_nothing(
    live: Callable[..., People],
) -> None:
    people = live("silo with social providers")
    answers = [invite(people.clients, people.settings, people.tenant(), Guest(JANE)).answer for _ in range(2)]
    assert answers == ["invited", "repeated"]
    key = routes.invitation_key(people.tenant()["resources"]["userPoolId"], JANE)
    let_in = registry.resolve(people.clients.dynamodb, people.settings.routes_table, key)
    assert let_in
    assert let_in["tenantId"] == "acme"
    assert row(people)["status"] == "INVITED"
    assert people.waiting() == []


def test_who_forgot_the_password_of_a_registration_that_stopped_half_way_goes_on_with_it(people: People) -> None:
    """The user is in Cognito already, and nothing of it in the register."""
    token = people.token(REGISTRATION)
    people.lease_seconds = -1
    with people.wire.strikes("TransactWriteItems", faults.death_before, spare=1), pytest.raises(DeathError):
        people.confirm(token)
    assert [each["email"] for each in rows(people.clients)] == [ADMIN]
    people.confirm(people.token(RESET), "Another-Horse-8-Battery")
    assert row(people)["status"] == "ACTIVE"
    assert signs_in(people, JANE, "Another-Horse-8-Battery")


def test_ses_that_answers_late_again_and_again_mails_five_times_at_most(people: People) -> None:
    people.ask(REGISTRATION)
    (body,) = people.waiting()
    people.lease_seconds = -1
    with people.wire.strikes("SendEmail", faults.lost_response, times=20):
        for _ in range(8):
            with suppress(OnboardingError):
                people.receive(body)
    assert len(people.tokens()) == 5


@pytest.mark.parametrize("purpose", [RESET, "INVITATION"])
def test_no_flood_of_registrations_keeps_a_link_from_whom_it_is_for(purpose: Purpose, people: People) -> None:
    for _ in range(people.settings.mails_per_address_hour + 1):
        people.ask(REGISTRATION, ADMIN if purpose == RESET else JANE)
    assert [each.answer for each in people.receive_all()][-1] == "dropped"
    before = len(people.tokens())
    if purpose == RESET:
        people.ask(RESET, ADMIN)
    else:
        invite(people.clients, people.settings, people.tenant(), Guest(JANE))
    assert [each.answer for each in people.receive_all()] == ["mailed"]
    assert len(people.tokens()) == before + 1


def test_a_link_to_an_invitation_is_good_no_longer_than_that(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for it, however late; what the mail says is so, too."""
    invite(people.clients, people.settings, people.tenant(), Guest(JANE))
    people.receive_all()
    ends = row(people)["expiresAt"]
    later = time.time() + links.LASTS[INVITATION] - 3600
    monkeypatch.setattr(time, "time", lambda: later)
    secret = links.key("acme", people.token(RESET))
    kept = people.clients.dynamodb.get_item(TableName="users", Key=secret)["Item"]
    assert kept["expiresAt"] == ends
    told = datetime.fromtimestamp(int(str(ends)), UTC).strftime("%Y-%m-%d %H:%M UTC")
    assert told in people.mails()[-1]["bodies"][0]
