"""Whoever proves an address becomes a user once, with the password that was chosen; nothing else makes one."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.dynamodb import Change
from orchestrator.users import counts, links, statuses, store
from orchestrator.users.hosts import FederatedError
from orchestrator.users.invitations import Guest, invite
from orchestrator.users.passwords import PasswordRefusedError
from orchestrator.users.proofs import ProofEndedError
from orchestrator.users.works import INVITATION, REGISTRATION, RESET
from tests.unit.users.people import ADMIN, JANE, OTHER, PASSWORD, People, row, signs_in
from tests.unit.users.users_table import everything, rows

LOCAL_TIERS = pytest.mark.parametrize("case", ["pool", "bridge", "silo"])


@LOCAL_TIERS
def test_whoever_registers_gets_in_with_the_password_that_was_chosen(case: str, live: Callable[..., People]) -> None:
    people = live(case)
    user_id = people.confirm(people.token(REGISTRATION, name="Jane"))
    jane = row(people)
    assert (jane["userId"], jane["status"], jane["role"], jane["name"]) == (user_id, "ACTIVE", "member", "Jane")
    assert signs_in(people, JANE, PASSWORD)
    made = people.tenant()["resources"]
    user = people.clients.cognito.admin_get_user(UserPoolId=made["userPoolId"], Username=jane["username"])
    attributes = {each["Name"]: each["Value"] for each in user["UserAttributes"]}
    assert attributes | {"sub": jane["sub"]} == {
        "sub": jane["sub"],
        "email": JANE,
        "email_verified": "true",
        "name": "Jane",
        "custom:tenantId": "acme",
        "custom:tenantTier": people.tenant()["tier"],
        "custom:tenantRole": "member",
        "custom:userId": user_id,
    }
    assert user["UserStatus"] == "CONFIRMED"
    groups = people.clients.cognito.admin_list_groups_for_user(UserPoolId=made["userPoolId"], Username=jane["username"])
    assert [each["GroupName"] for each in groups["Groups"]] == [made["groupName"]]


@LOCAL_TIERS
def test_a_forgotten_password_is_replaced(case: str, live: Callable[..., People]) -> None:
    people = live(case)
    people.reset(people.token(RESET, ADMIN))
    assert signs_in(people, ADMIN, OTHER)


def test_whose_first_password_ran_out_gets_another(people: People) -> None:
    """Cognito's own way refuses those who never signed in."""
    admin = row(people, ADMIN)
    made = people.tenant()["resources"]
    pool = {"UserPoolId": made["userPoolId"], "Username": admin["username"]}
    assert people.clients.cognito.admin_get_user(**pool)["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    people.reset(people.token(RESET, ADMIN))
    assert people.clients.cognito.admin_get_user(**pool)["UserStatus"] == "CONFIRMED"


def test_nobody_is_in_cognito_before_the_address_is_proved(people: People) -> None:
    people.token(REGISTRATION)
    assert people.wire.count("AdminCreateUser") == 0
    assert [each["email"] for each in rows(people.clients)] == [ADMIN]


def test_a_link_is_used_once(people: People) -> None:
    token = people.token(REGISTRATION)
    people.confirm(token)
    before = people.wire.count("AdminSetUserPassword")
    with pytest.raises(ProofEndedError):
        people.confirm(token, OTHER)
    assert people.wire.count("AdminSetUserPassword") == before
    assert signs_in(people, JANE, PASSWORD)


def test_of_several_links_the_first_that_is_used_ends_the_others(people: People) -> None:
    first, second = people.token(REGISTRATION), people.token(REGISTRATION)
    people.confirm(second)
    with pytest.raises(ProofEndedError):
        people.confirm(first, OTHER)
    assert signs_in(people, JANE, PASSWORD)


def test_the_next_forgotten_password_is_a_proof_of_its_own(people: People) -> None:
    first = people.token(RESET, ADMIN)
    people.reset(first, PASSWORD)
    people.reset(people.token(RESET, ADMIN), OTHER)
    assert signs_in(people, ADMIN, OTHER)
    with pytest.raises(ProofEndedError):
        people.reset(first, PASSWORD)


@pytest.mark.parametrize("purpose", [REGISTRATION, RESET])
def test_a_link_ends(purpose: Any, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while DynamoDB has not removed it yet."""
    token = people.token(purpose, JANE if purpose == REGISTRATION else ADMIN)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + links.LASTS[purpose] + 1)
    with pytest.raises(ProofEndedError):
        people.carry_out(purpose)(token)


def test_a_link_is_good_for_what_it_was_made_for_only(people: People) -> None:
    with pytest.raises(ProofEndedError):
        people.reset(people.token(REGISTRATION))
    with pytest.raises(ProofEndedError):
        people.confirm(people.token(RESET, ADMIN))


def test_a_password_that_the_policy_does_not_take_leaves_the_link_good(people: People) -> None:
    token = people.token(REGISTRATION)
    with pytest.raises(PasswordRefusedError) as refused:
        people.confirm(token, "short")
    assert refused.value.rules == [
        "It must have at least 12 characters.",
        "It must have an upper-case letter.",
        "It must have a digit.",
        "It must have a symbol, such as ! or -.",
    ]
    assert people.wire.count("AdminCreateUser") == 0
    people.confirm(token)


@pytest.mark.parametrize("token", ["A" * 22, "", "x" * 500, "../../etc", "#"])
def test_a_guessed_secret_is_none(token: str, people: People) -> None:
    people.token(REGISTRATION)
    with pytest.raises(ProofEndedError):
        people.confirm(token)


@pytest.mark.parametrize("host", ["globex", "ACME.app.product.example.evil.example", ""])
def test_a_secret_is_good_at_its_own_host_only(host: str, people: People) -> None:
    token = people.token(REGISTRATION)
    with pytest.raises(ProofEndedError):
        people.confirm(token, host=host or "app.product.example")


def test_a_federated_tenant_has_no_passwords(live: Callable[..., People]) -> None:
    people = live("bridge with SAML")
    for use in (people.confirm, people.reset):
        with pytest.raises(FederatedError) as refused:
            use("A" * 22)
        assert refused.value.address == "https://acme.app.product.example"
    people.ask(REGISTRATION)
    people.ask(RESET, ADMIN)
    assert [(each.answer, each.why) for each in people.receive_all()] == [("dropped", "Federated")] * 2


def test_an_invitation_brings_its_role(people: People, clients: Clients) -> None:
    invited = invite(clients, people.settings, people.tenant(), Guest(JANE.upper(), "Jane", statuses.ADMIN))
    assert row(people)["status"] == "INVITED"
    people.receive_all()
    assert people.confirm(people.tokens()[-1]) == invited.user_id
    assert (row(people)["status"], row(people)["role"]) == ("ACTIVE", statuses.ADMIN)
    (admins,) = [each["active"] for each in everything(clients) if each["item"] == counts.ADMINS]
    assert admins == 2


def test_a_reset_ends_all_sessions(people: People) -> None:
    people.reset(people.token(RESET, ADMIN))
    assert people.wire.count("AdminUserGlobalSignOut") == 1


def test_somebody_invited_who_forgot_the_password_gets_the_invitation_again(people: People, clients: Clients) -> None:
    invite(clients, people.settings, people.tenant(), Guest(JANE))
    people.receive_all()
    people.confirm(people.token(RESET))
    assert row(people)["status"] == "ACTIVE"


def test_nothing_of_a_secret_is_kept_but_a_hash(people: People) -> None:
    token = people.token(REGISTRATION)
    assert token not in str(everything(people.clients))
    assert INVITATION not in str(everything(people.clients))


def test_an_invitation_that_was_taken_back_makes_nobody(people: People, clients: Clients) -> None:
    invite(clients, people.settings, people.tenant(), Guest(JANE))
    people.receive_all()
    jane = row(people)
    taken_back: Any = store.forget("users", [jane, {"tenantId": "acme", "item": f"EMAIL#{jane['address']}"}])
    clients.dynamodb.transact_write_items(TransactItems=taken_back)
    with pytest.raises(ProofEndedError):
        people.confirm(people.tokens()[-1])
    assert people.wire.count("AdminCreateUser") == 0


def test_an_invitation_ends_and_the_address_is_free_again(
    people: People, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while DynamoDB has not removed it yet; whoever has confirmed stays."""
    invite(clients, people.settings, people.tenant(), Guest(JANE, role=statuses.ADMIN))
    people.receive_all()
    later = time.time() + links.LASTS[INVITATION] + 1
    monkeypatch.setattr(time, "time", lambda: later)
    people.confirm(people.token(REGISTRATION))
    active = [each for each in rows(clients) if each["email"] == JANE and each["status"] == "ACTIVE"]
    assert [(each["role"], "expiresAt" in each) for each in active] == [("member", False)]
    held = {"tenantId": "acme", "item": f"EMAIL#{active[0]['address']}"}
    assert clients.dynamodb.get_item(TableName="users", Key=held)["Item"] == held | {"userId": active[0]["userId"]}


def test_nothing_of_somebody_who_has_confirmed_ends(people: People, clients: Clients) -> None:
    invite(clients, people.settings, people.tenant(), Guest(JANE))
    people.receive_all()
    people.confirm(people.tokens()[-1])
    kept = [each for each in everything(clients) if each["item"].startswith(("USER#", "EMAIL#", "IDENTITY#", "ADMINS"))]
    assert len(kept) == 7
    assert not [each for each in kept if "expiresAt" in each]


def test_an_admin_whom_somebody_made_by_hand_stays_one(people: People, clients: Clients) -> None:
    """Who is in Cognito and in no register is taken over, and demoted by nobody."""
    made = people.tenant()["resources"]
    attributes = {"email": JANE, "custom:tenantId": "acme", "custom:tenantTier": "pool", "custom:tenantRole": "admin"}
    clients.cognito.admin_create_user(
        UserPoolId=made["userPoolId"],
        Username=f"acme/{JANE}",
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
        MessageAction="SUPPRESS",
    )
    invite(clients, people.settings, people.tenant(), Guest(JANE))
    people.receive_all()
    people.confirm(people.tokens()[-1])
    assert row(people)["role"] == statuses.ADMIN
    assert signs_in(people, JANE, PASSWORD)


def test_who_may_register_is_judged_again_when_the_link_is_used(people: People, clients: Clients) -> None:
    token = people.token(REGISTRATION)
    record = Change(people.settings.tenants_table, {"tenantId": "acme", "item": "RECORD"}).set("signUp", "INVITE_ONLY")
    clients.dynamodb.update_item(**record.arguments())
    with pytest.raises(ProofEndedError):
        people.confirm(token)
    assert people.wire.count("AdminCreateUser") == 0


def test_the_name_that_the_tenant_gave_counts_more_than_what_a_stranger_typed(people: People, clients: Clients) -> None:
    typed = people.token(REGISTRATION, name="A Stranger's Words")
    invite(clients, people.settings, people.tenant(), Guest(JANE, "Jane"))
    people.receive_all()
    people.confirm(typed)
    assert row(people)["name"] == "Jane"


def test_who_is_gone_in_cognito_is_told_that_the_link_has_ended(people: People, clients: Clients) -> None:
    token, admin = people.token(RESET, ADMIN), row(people, ADMIN)
    clients.cognito.admin_delete_user(UserPoolId=admin["userPoolId"], Username=admin["username"])
    with pytest.raises(ProofEndedError):
        people.reset(token)
