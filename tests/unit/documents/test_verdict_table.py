"""The runbook's table of what becomes of events and commands is the one that intake and operations read."""

from orchestrator.tenants import lifecycle, verdicts
from orchestrator.tenants.verdicts import TABLE, Act
from tests.pages import OPERATIONS, rows

ACTS = (Act.SAME_EVENT, Act.OTHER_EVENT, *verdicts.COMMANDS)
IN_WORDS = {
    Act.SAME_EVENT: "same `TenantCreated`",
    Act.OTHER_EVENT: "other `TenantCreated`",
    verdicts.UNKNOWN: "unknown",
    verdicts.HALF_ABANDONED: "`FAILED`, abandonment begun",
}


def shown(name: str) -> str:
    return IN_WORDS.get(name, f"`{name}`")


def test_the_table_is_shown_for_all_that_there_is_in_this_version() -> None:
    """Each act that is taken has a column, each standing that a tenant can have a row."""
    heading = f"| a tenant that is | {' | '.join(map(shown, ACTS))} |"
    there = [each for each in verdicts.STANDINGS if each not in lifecycle.TO_COME]
    assert rows(OPERATIONS, heading) == [[shown(each), *(TABLE[act][each].does for act in ACTS)] for each in there]
