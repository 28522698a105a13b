"""Whatever is done to somebody is so in the register and in Amazon Cognito, and the last admin stays."""

import time
from collections.abc import Callable

import pytest

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import Change
from orchestrator.aws.errors import TransientError
from orchestrator.tenants import due as due_items
from orchestrator.tenants.records import record_key
from orchestrator.users import operations
from orchestrator.users.hosts import SuspendedError
from orchestrator.users.invitations import Guest, invite
from orchestrator.users.operations import By
from orchestrator.users.proofs import ProofEndedError
from orchestrator.users.refusals import LastAdminError, NotAllowedError, NotPossibleError, UnderWayError
from tests.unit import faults
from tests.unit.faults import DeathError
from tests.unit.users.company import change, counted, counts, due, in_cognito, joins, row
from tests.unit.users.people import ADMIN, JANE, PASSWORD, People, signs_in
from tests.unit.users.users_table import everything, rows

LOCAL_TIERS = pytest.mark.parametrize("case", ["pool", "bridge", "silo"])


@LOCAL_TIERS
def test_who_is_disabled_gets_in_no_more_until_enabled(case: str, live: Callable[..., People]) -> None:
    people = live(case)
    jane = joins(people, JANE)
    assert change(people, jane, "DISABLE")["status"] == "DISABLED"
    assert not signs_in(people, JANE, PASSWORD)
    assert counts(people) == counted(people) == {"active": 1, "members": 1, "disabled": 1}
    assert people.wire.count("AdminUserGlobalSignOut") == 1
    assert change(people, row(people, JANE), "ENABLE")["status"] == "ACTIVE"
    assert signs_in(people, JANE, PASSWORD)
    assert counts(people) == counted(people) == {"active": 1, "members": 2, "disabled": 0}


@LOCAL_TIERS
def test_who_is_removed_is_gone_and_the_address_is_free(case: str, live: Callable[..., People]) -> None:
    """What stays says that somebody was removed, and nothing of whom."""
    people = live(case)
    jane = joins(people, JANE)
    assert change(people, jane, "REMOVE")["status"] == "REMOVED"
    assert in_cognito(people, jane) is None
    assert counts(people) == counted(people) == {"active": 1, "members": 1, "disabled": 0}
    left = [each for each in everything(people.clients) if each.get("userId") == jane["userId"]]
    tombstone, operation = sorted(left, key=lambda each: str(each["item"]), reverse=True)
    assert tombstone.keys() == {"tenantId", "item", "userId", "role", "status", "createdAt", "expiresAt"}
    assert (operation["opStatus"], operation["by"]) == ("DONE", "operator")
    assert JANE not in str(left)
    assert invite(people.clients, people.settings, people.tenant(), Guest(JANE)).answer == "invited"


@LOCAL_TIERS
def test_a_role_is_in_the_register_and_in_tokens_attributes(case: str, live: Callable[..., People]) -> None:
    people = live(case)
    jane = joins(people, JANE)
    assert change(people, jane, "ROLE", "admin")["role"] == "admin"
    assert (in_cognito(people, jane) or {})["custom:tenantRole"] == "admin"
    assert counts(people) == counted(people) == {"active": 2, "members": 2, "disabled": 0}
    assert change(people, row(people, JANE), "NAME", "Jane D.")["name"] == "Jane D."
    assert (in_cognito(people, jane) or {})["name"] == "Jane D."


@pytest.mark.parametrize(("what", "value"), [("DISABLE", ""), ("REMOVE", ""), ("ROLE", "member")])
def test_the_last_admin_stays(what: operations.What, value: str, people: People) -> None:
    admin, before = row(people, ADMIN), everything(people.clients)
    with pytest.raises(LastAdminError):
        change(people, admin, what, value)
    assert everything(people.clients) == before
    assert due(people) == []


def test_of_two_admins_who_demote_each_other_one_stays(people: People) -> None:
    """The second finds that whoever asks is no admin any more, or would be the last."""
    admin, jane = row(people, ADMIN), joins(people, JANE, "admin")
    change(people, admin, "ROLE", "member", By("jane", jane))
    with pytest.raises(NotAllowedError):
        change(people, jane, "ROLE", "member", By("admin", admin))
    with pytest.raises(LastAdminError):
        change(people, jane, "ROLE", "member", By("jane", jane))
    assert counts(people)["active"] == 1


def test_what_is_so_already_is_not_done_again(people: People) -> None:
    jane = joins(people, JANE)
    change(people, jane, "DISABLE")
    people.wire.attempts.clear()
    assert change(people, row(people, JANE), "DISABLE")["status"] == "DISABLED"
    assert not [each for each in people.wire.attempts if "Write" in str(each) or "Admin" in str(each)]


@pytest.mark.parametrize("what", ["ENABLE", "DISABLE", "NAME"])
def test_only_what_a_status_allows_is_done(what: operations.What, people: People) -> None:
    invite(people.clients, people.settings, people.tenant(), Guest(JANE))
    with pytest.raises(NotPossibleError, match="INVITED"):
        change(people, row(people, JANE), what, "x" * (what == "NAME"))


def test_an_invitation_is_withdrawn_with_its_links(people: People) -> None:
    """Nobody was in Cognito, and nobody gets there by a link that is out."""
    invite(people.clients, people.settings, people.tenant(), Guest(JANE))
    people.receive_all()
    (token,) = people.tokens()
    assert change(people, row(people, JANE), "REMOVE")["status"] == "REMOVED"
    assert [each["email"] for each in rows(people.clients)] == [ADMIN]
    with pytest.raises(ProofEndedError):
        people.confirm(token)
    assert people.wire.count("AdminCreateUser") == people.wire.count("AdminDeleteUser") == 0


def test_who_is_invited_gets_another_role_without_cognito(people: People) -> None:
    invite(people.clients, people.settings, people.tenant(), Guest(JANE))
    people.wire.attempts.clear()
    assert change(people, row(people, JANE), "ROLE", "admin")["role"] == "admin"
    assert counts(people)["active"] == 1, "an admin counts once ACTIVE"
    people.receive_all()
    people.confirm(people.tokens()[-1])
    assert counts(people) == counted(people) == {"active": 2, "members": 2, "disabled": 0}


def test_while_a_link_is_used_the_invitation_is_not_withdrawn(people: People) -> None:
    """Where its use stopped half-way, the user whom it made in Cognito is removed as well."""
    invite(people.clients, people.settings, people.tenant(), Guest(JANE))
    people.receive_all()
    (token,) = people.tokens()
    with people.wire.strikes("AdminSetUserPassword", faults.death_after), pytest.raises(DeathError):
        people.confirm(token)
    with pytest.raises(UnderWayError):
        change(people, row(people, JANE), "REMOVE")
    _let_leases_end(people)
    change(people, row(people, JANE), "REMOVE")
    with pytest.raises(people.clients.cognito.exceptions.UserNotFoundException):
        people.clients.cognito.admin_get_user(
            UserPoolId=people.tenant()["resources"]["userPoolId"], Username=f"acme/{JANE}"
        )
    with pytest.raises(ProofEndedError):
        people.confirm(token)


def test_whom_nobody_knows_in_cognito_can_be_removed(people: People) -> None:
    """Somebody deleted the user there by hand; the row would have stayed for ever."""
    jane = joins(people, JANE)
    people.clients.cognito.admin_delete_user(UserPoolId=jane["userPoolId"], Username=jane["username"])
    assert change(people, jane, "REMOVE")["status"] == "REMOVED"
    assert counts(people) == counted(people)


def test_a_suspended_tenants_people_are_not_enabled_but_removed(people: People) -> None:
    jane, joe = joins(people, JANE), joins(people, "joe@acme.example")
    change(people, jane, "DISABLE")
    suspended = Change(people.settings.tenants_table, record_key("acme")).set("status", "SUSPENDED")
    writes.in_turn(people.clients.dynamodb.update_item, **suspended.arguments())
    with pytest.raises(SuspendedError):
        change(people, row(people, JANE), "ENABLE")
    assert change(people, joe, "REMOVE")["status"] == "REMOVED"


def test_what_stopped_half_way_is_finished_by_whoever_comes_next(people: People) -> None:
    jane = joins(people, JANE)
    people.lease_seconds = -1
    with people.wire.strikes("AdminDisableUser", faults.death_before), pytest.raises(DeathError):
        change(people, jane, "DISABLE")
    assert row(people, JANE)["status"] == "DISABLED", "what should be is said at once"
    assert signs_in(people, JANE, PASSWORD), "and is not so yet"
    assert change(people, row(people, JANE), "ENABLE")["status"] == "ACTIVE"
    assert (people.wire.count("AdminDisableUser"), people.wire.count("AdminEnableUser")) == (2, 1)
    assert due(people) == []


def test_what_stopped_half_way_is_finished_by_reconcile(people: People) -> None:
    jane = joins(people, JANE)
    with people.wire.strikes("AdminDeleteUser", faults.death_before), pytest.raises(DeathError):
        change(people, jane, "REMOVE")
    later = time.time() + due_items.GRACE_SECONDS + 1
    (found,) = operations.left_behind(people.clients, people.settings, later)
    assert operations.finish(people.clients, people.settings, found, people.claim()) == "", "the first may be at work"
    _let_leases_end(people)
    assert operations.finish(people.clients, people.settings, found, people.claim()) == "over"
    assert in_cognito(people, jane) is None
    assert list(operations.left_behind(people.clients, people.settings, later)) == []
    assert operations.finish(people.clients, people.settings, found, people.claim()) == ""


def test_what_a_suspension_stops_is_looked_at_again_after_all_else(people: People) -> None:
    """So it keeps nobody's turn, and goes on once the tenant is live again."""
    jane = change(people, joins(people, JANE), "DISABLE")
    people.lease_seconds = -1
    with people.wire.strikes("AdminEnableUser", faults.death_before), pytest.raises(DeathError):
        change(people, jane, "ENABLE")
    statuses = [Change("tenants", record_key("acme")).set("status", each) for each in ("SUSPENDED", "COMPLETED")]
    for status, says in zip(statuses, ("", "over"), strict=True):
        writes.in_turn(people.clients.dynamodb.update_item, **status.arguments())
        (found,) = operations.left_behind(people.clients, people.settings, time.time() + due_items.GRACE_SECONDS + 1)
        assert operations.finish(people.clients, people.settings, found, people.claim()) == says
    assert signs_in(people, JANE, PASSWORD)


def test_a_withdrawal_touches_nobody_who_has_the_address_since(people: People) -> None:
    """The invitation had ended a moment before, and another has begun."""
    invite(people.clients, people.settings, people.tenant(), Guest(JANE))
    first = row(people, JANE)
    for item in (first["item"], f"EMAIL#{first['address']}"):
        ended = Change("users", {"tenantId": "acme", "item": item}).set("expiresAt", 1)
        writes.in_turn(people.clients.dynamodb.update_item, **ended.arguments())
    second = invite(people.clients, people.settings, people.tenant(), Guest(JANE)).user_id
    with pytest.raises(TransientError):
        change(people, first, "REMOVE")
    address = [each for each in everything(people.clients) if each["item"] == f"EMAIL#{first['address']}"]
    assert [each["userId"] for each in address] == [second]


def test_of_two_who_change_the_same_user_the_second_sees_the_first(people: People) -> None:
    """Both had read the row before."""
    jane = joins(people, JANE)
    change(people, jane, "DISABLE")
    with pytest.raises(TransientError):
        change(people, jane, "ROLE", "admin")
    assert row(people, JANE)["role"] == "member"


def _let_leases_end(people: People) -> None:
    """Let every lease in the users table be over, as half a minute later."""
    for item in everything(people.clients):
        for name, step in item.get("steps", {}).items():
            if "leaseUntil" in step:
                key = {each: item[each] for each in ("tenantId", "item")}
                ended = Change(people.settings.users_table, key).set(f"steps.{name}.leaseUntil", 1)
                writes.in_turn(people.clients.dynamodb.update_item, **ended.arguments())
