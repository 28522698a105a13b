"""The table of what becomes of each event and command in each standing is whole, and is what really happens."""

import time
from datetime import UTC, datetime

import pytest

from orchestrator import status
from orchestrator.onboarding import intake
from orchestrator.operations import abandon, amend, domains, retry
from orchestrator.operations.stopping import stop
from orchestrator.routing.txt_records import LookUpError
from orchestrator.tenants import lifecycle, verdicts
from orchestrator.tenants.verdicts import COMMANDS, STANDINGS, TABLE, Act, Does, Help
from orchestrator.welcome.resending import resend
from tests.unit.conftest import message
from tests.unit.every_tier import world
from tests.unit.onboarding import life
from tests.unit.onboarding.intake_events import reasons_of
from tests.unit.operations.standings import DETAIL, LEAD, lead
from tests.unit.operations.undoing import Undoing, undoing

__all__ = ["undoing", "world"]

OTHER = DETAIL | {"tenantName": "Acme Corporation"}
OF_LIFE = (Act.UPDATE, Act.SUSPEND, Act.RESUME, Act.CANCEL)
OF_LIFE_ANSWERED = {Does.PARKS: "parked", Does.APPLIES: "applied", Does.REPEATS: "repeated"}
OF_COMMANDS = {Does.ACCEPTS, Does.REFUSES, Does.IS_OVER}
ANSWERED = {Does.STARTS: intake.STARTED, Does.STARTS_ANEW: intake.STARTED, Does.REPEATS: intake.REPEATED}


def receive(undoing: Undoing, detail: object, event_id: str, sent_at: float) -> str:
    body = message(detail, event_id, datetime.fromtimestamp(sent_at, UTC).isoformat(timespec="seconds"))
    return intake.receive(undoing.world.clients, undoing.world.settings, body)[0]


def no_dns(_: str) -> list[str]:
    raise LookUpError("nobody answers")


def verify(undoing: Undoing) -> str:
    """Verify acme's domain, which no DNS proves: return why it could not even be tried."""
    try:
        domains.verify(undoing.world.clients, undoing.world.settings, "acme", "acme.example", no_dns)
    except domains.RefusedError as error:
        return str(error)
    return ""


def obey(undoing: Undoing, act: Act) -> str:
    """Give a command; return why it was refused, and nothing if it was not."""
    on = undoing.world.clients, undoing.world.settings
    match act:
        case Act.RETRY | Act.REDO:
            retried = retry(*on, "acme", redo="CreateTenantGroup" if act == Act.REDO else "")
            return "" if retried.attempt else retried.message
        case Act.AMEND:
            amended = amend(*on, "acme", OTHER)
            return "" if amended.attempt else amended.message
        case Act.ABANDON:
            abandoned = abandon(*on, "acme")
            return "" if abandoned.attempt else abandoned.message
        case Act.STOP:
            stopped = stop(*on, "acme")
            return "" if stopped.stopped else stopped.message
        case Act.RESEND:
            resent = resend(*on, "acme", "invocation")
            return "" if resent.sent else resent.message
        case Act.VERIFY:
            return verify(undoing).removeprefix("acme ").replace("no tenant acme", "is not known")
    raise AssertionError(act)


def test_the_table_has_each_act_in_each_standing_and_no_other() -> None:
    """A status that joins has to be judged for every event and command, and an act for every status."""
    assert set(TABLE) == set(Act)
    assert [act for act, row in TABLE.items() if set(row) != set(STANDINGS)] == []
    assert set(STANDINGS) == {verdicts.UNKNOWN, verdicts.HALF_ABANDONED, *lifecycle.STATUSES, *lifecycle.TO_COME}
    assert set(LEAD) == set(STANDINGS) - set(lifecycle.TO_COME)


@pytest.mark.parametrize("act", Act)
def test_what_is_not_done_says_why_and_what_is_advised_is_accepted_there(act: Act) -> None:
    """A refusal has words; the command that it names is one that is accepted in that standing, or only shows."""
    for standing, verdict in TABLE[act].items():
        assert bool(verdict.words) == (verdict.refuses or verdict.does in {Does.PARKS, Does.STARTS_ANEW})
        assert verdict.does in OF_COMMANDS or act not in COMMANDS
        assert verdict.does not in {Does.ACCEPTS, Does.IS_OVER} or act in COMMANDS
        if verdict.help in {Help.RETRY, Help.ABANDON, Help.STOP}:
            assert TABLE[Act(verdict.help.name.lower())][standing].does == Does.ACCEPTS


@pytest.mark.parametrize("act", [Act.SAME_EVENT, Act.OTHER_EVENT])
@pytest.mark.parametrize("standing", LEAD)
def test_intake_does_with_each_event_what_the_table_says(undoing: Undoing, standing: str, act: Act) -> None:
    """A new event of acme, of the same content or of another, is answered as its cell says, and so when it is late."""
    lead(undoing, standing)
    before, verdict = undoing.record, TABLE[act][standing]
    detail = DETAIL if act == Act.SAME_EVENT else OTHER
    if verdict.does == Does.STARTS_ANEW:
        assert receive(undoing, detail, "event-late", 0) == "rejected"
        assert reasons_of(undoing.world.stack, "event-late") == {"tenantId": verdict.told(before, "acme")}
    answer = receive(undoing, detail, "event-new", time.time())
    assert answer == ANSWERED.get(verdict.does, "rejected")
    if verdict.refuses:
        assert reasons_of(undoing.world.stack, "event-new") == {"tenantId": verdict.told(before, "acme")}
        assert undoing.record == before


@pytest.mark.parametrize("act", OF_LIFE)
@pytest.mark.parametrize("standing", LEAD)
def test_an_event_of_life_becomes_what_the_table_says(undoing: Undoing, standing: str, act: Act) -> None:
    """A receiver that is registered for an act has its event parked, applied, taken as a repeat, or rejected."""
    lead(undoing, standing)
    before, verdict, stack = undoing.record, TABLE[act][standing], undoing.world.stack
    assert life.receive(stack, act=act) == OF_LIFE_ANSWERED.get(verdict.does, "rejected")
    assert life.noted(stack) == (["note-1"] if verdict.does == Does.APPLIES else [])
    assert len(life.waiting(stack)) == (verdict.does == Does.PARKS)
    if verdict.refuses:
        assert reasons_of(stack, "note-1", life.REFUSED) == {"tenantId": verdict.told(before, "acme")}
    assert life.receive(stack, act=act) == ("rejected" if verdict.refuses else "repeated")


@pytest.mark.parametrize("act", COMMANDS)
@pytest.mark.parametrize("standing", LEAD)
def test_operations_do_with_each_command_what_the_table_says(undoing: Undoing, standing: str, act: Act) -> None:
    """Each command is accepted, or refused in the cell's words, with the record as it was."""
    lead(undoing, standing)
    before, verdict = undoing.record, TABLE[act][standing]
    told = obey(undoing, act)
    if verdict.does == Does.ACCEPTS:
        assert told == ""
        assert verdicts.refusal(before, "acme", act) == ""
    else:
        assert told == verdict.told(before, "acme")
        assert undoing.record == before


@pytest.mark.parametrize("standing", [each for each in LEAD if each != verdicts.UNKNOWN])
def test_what_is_offered_is_what_is_accepted(undoing: Undoing, standing: str) -> None:
    """The document of a tenant names the commands of the table's column, in its order."""
    lead(undoing, standing)
    found = status.show(undoing.world.clients, undoing.world.settings, "acme")
    assert found is not None
    assert found["commands"] == [act for act in COMMANDS if TABLE[act][standing].does == Does.ACCEPTS]
