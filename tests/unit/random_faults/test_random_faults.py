"""Some random runs, always the same ones; and proof that each kind of mistake would be seen in others.

More of them: `python -m benchmarks.random_faults`.
"""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from benchmarks import random_faults
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.tenants import ledger, metadata
from orchestrator.tenants.ledger import Begun
from orchestrator.users import addresses
from tests.e2e.aws_proxy import Call
from tests.e2e.blows import FAILS_AT, NOT_REPEATABLE
from tests.e2e.faults import FAULTS
from tests.e2e.hidden_faults import HIDDEN, PLAIN_WRITES
from tests.e2e.inventory import Complaint
from tests.e2e.sweep import VARIANTS
from tests.unit.model.stage import drop_condition
from tests.unit.random_faults import play as playing
from tests.unit.random_faults.play import Outcome
from tests.unit.random_faults.strikes import FEWEST, MOST, Strikes, under_way

Play = Callable[..., Outcome]
MOST_SOUGHT = 60


@pytest.fixture
def play(clients: Clients, settings: Settings) -> Play:
    """Plays the run of a seed; whatever a process reads once, it has read before."""
    addresses.hashed(clients, settings, "admin@acme.example")
    return lambda seed, *variants: playing.play(clients, settings, seed, variants or tuple(VARIANTS))


@pytest.mark.parametrize("number", range(random_faults.SHORT_RUNS))
def test_whatever_strikes_while_operators_act_there_is_one_of_everything_or_nothing(play: Play, number: int) -> None:
    outcome = play(f"short:{number}", list(VARIANTS)[number % len(VARIANTS)])
    assert outcome.complaints == [], "\n".join(random_faults.report(outcome))
    assert outcome.status in ("COMPLETED", "ABANDONED")


def test_a_seed_plays_the_same_run_again_and_another_one_another(play: Play) -> None:
    first, again, other = play("same:1"), play("same:1"), play("same:2")
    assert (first.calls, first.faults, first.told) == (again.calls, again.faults, again.told)
    assert first.calls != other.calls


def test_a_run_is_struck_by_two_to_seven_faults_and_by_every_kind_of_the_sweep() -> None:
    planned = [Strikes("silo", "acme", random.Random(seed)).planned for seed in range(200)]
    assert {len(each) for each in planned} == set(range(FEWEST, MOST + 1))
    strikes, body = Strikes("silo", "acme", random.Random(0)), b'{"UserPoolId": "pool"}'
    calls = [Call(operation, None, 0, body) for operation in (*NOT_REPEATABLE, *PLAIN_WRITES, FAILS_AT)]
    met = {blow.strike for call in calls for blow in strikes.possible(call)}
    assert met == {*FAULTS, *HIDDEN, under_way}


def never_in_doubt(patch: pytest.MonkeyPatch, clients: Clients) -> None:
    patch.setattr(ledger, "Begun", lambda record, in_doubt, notes: Begun(record, in_doubt=False, notes=notes))


def repeated_by_the_sdk(patch: pytest.MonkeyPatch, clients: Clients) -> None:
    patch.setitem(vars(clients), "cognito_once", clients.cognito)


def superseded_begins(patch: pytest.MonkeyPatch, clients: Clients) -> None:
    drop_condition(patch, "[attempt] = ?")


def found_by_what_is_gone(patch: pytest.MonkeyPatch, clients: Clients) -> None:
    patch.setattr(metadata, "forget", lambda *_: [])


def found_by_nothing(patch: pytest.MonkeyPatch, clients: Clients) -> None:
    patch.setattr(metadata, "put", lambda *_: [])


@pytest.mark.parametrize(
    ("protection_off", "first_seed", "kinds"),
    [
        (never_in_doubt, 14, {"duplicate", "orphan"}),
        (repeated_by_the_sdk, 21, {"duplicate", "orphan"}),
        (superseded_begins, 2, {"miscounted"}),
        (found_by_what_is_gone, 10, {"orphan"}),
        (found_by_nothing, 1, {"false success"}),
    ],
)
def test_without_a_protection_a_run_is_found_that_is_not_right(
    protection_off: Callable[[pytest.MonkeyPatch, Clients], None],
    first_seed: int,
    kinds: set[str],
    play: Play,
    clients: Clients,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Which run that is changes with the code; a first seed that finds it soon saves time."""
    protection_off(monkeypatch, clients)
    found = (play(f"control:{number}") for number in range(first_seed, first_seed + MOST_SOUGHT))
    assert any({complaint.kind for complaint in outcome.complaints} & kinds for outcome in found)


def test_what_is_not_right_is_printed_with_the_command_that_plays_it_again_and_counted() -> None:
    faults = ["denied, at ses:SendEmail of SendWelcomeEmail, call 20"]
    right = Outcome("a:0", "pool", "COMPLETED", faults, acts=2, told=["1.00 retry: attempt 2 started"], calls=[""] * 30)
    wrong = replace(right, seed="a:1", complaints=[Complaint("orphan", "acme: group acme is left")])
    assert list(random_faults.report(wrong, ["pool"])) == [
        "a:1: pool tenant, COMPLETED, 30 calls",
        "  fault: denied, at ses:SendEmail of SendWelcomeEmail, call 20",
        "  act: 1.00 retry: attempt 2 started",
        "  not right: orphan: acme: group acme is left",
        "  again: .venv/bin/python -m benchmarks.random_faults --run a:1 --tenant pool",
    ]
    assert random_faults.verdict([right, wrong]) == "2 runs, 2 faults, 4 acts of operators: 1 right"
