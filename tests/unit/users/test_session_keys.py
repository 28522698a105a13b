"""Keys of challenge sessions are followed by others, and no session that was given ends by that."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.users import session_keys
from orchestrator.users.session_keys import (
    ANNOUNCED_SECONDS,
    KEPT_SECONDS,
    LASTS_SECONDS,
    RESTS_SECONDS,
    Keys,
    followed,
)
from tests.unit.faults import Wire

DAY = 86_400
START = 1_764_000_000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return what sets the clock that keys are read and followed by."""

    def sets(now: float) -> None:
        monkeypatch.setattr(time, "time", lambda: now)

    session_keys._of_period.cache_clear()
    sets(START)
    return sets


def kept(clients: Clients, settings: Settings) -> dict[str, str]:
    """Return what is in the secret."""
    text: dict[str, str] = json.loads(clients.secrets.get_secret_value(SecretId=settings.session_keys)["SecretString"])
    return text


def test_a_new_key_is_announced_before_it_seals(clients: Clients, settings: Settings, clock: Any) -> None:
    """So that every environment, which reads the secret every five minutes, can open what any of them seals."""
    assert session_keys.rotate(clients, settings)
    (first, second) = kept(clients, settings).items()
    assert first == ("0", "of the tests")
    assert int(second[0]) == START + ANNOUNCED_SECONDS
    for now, seals in ((START + 1, first[1]), (START + ANNOUNCED_SECONDS - 1, first[1])):
        clock(now)
        assert session_keys.in_force(clients, settings).seals == seals
    clock(START + ANNOUNCED_SECONDS)
    found = session_keys.in_force(clients, settings)
    assert (found.seals, set(found.open)) == (second[1], {first[1], second[1]})
    assert ANNOUNCED_SECONDS >= 2 * KEPT_SECONDS


def test_a_schedule_that_comes_twice_changes_the_key_once(clients: Clients, settings: Settings, clock: Any) -> None:
    assert session_keys.rotate(clients, settings)
    before = kept(clients, settings)
    clock(START + RESTS_SECONDS)
    assert not session_keys.rotate(clients, settings)
    assert kept(clients, settings) == before


def test_every_day_there_is_another_key_and_the_one_before(clients: Clients, settings: Settings, clock: Any) -> None:
    seen = set()
    for day in range(5):
        clock(START + day * DAY)
        assert session_keys.rotate(clients, settings)
        found = kept(clients, settings)
        assert len(found) == 2
        seen |= set(found.values())
    assert len(seen) == 6
    assert all(len(key) >= 43 for key in seen - {"of the tests"}), "32 bytes"


def test_a_key_stays_until_its_last_session_has_ended() -> None:
    """Also that of an environment which read the secret just before the next key began to seal."""
    last = LASTS_SECONDS + KEPT_SECONDS
    keys: Keys = {0: "a", START: "b"}
    for now, there in ((START + RESTS_SECONDS, {"b"}), (START + last - 1, None)):
        found = followed(keys, now)
        assert (found is None) == (there is None)
        if found and there:
            assert there < set(found.values())
            assert "a" not in found.values()
    followed_soon = followed({0: "a", START - RESTS_SECONDS - 1: "b"}, START)
    assert followed_soon is not None
    assert "b" in followed_soon.values()


def test_an_environment_reads_the_secret_every_five_minutes(
    clients: Clients, settings: Settings, wire: Wire, clock: Any
) -> None:
    period = START - START % KEPT_SECONDS
    for now in (period, period + 1, period + KEPT_SECONDS - 1):
        clock(now)
        session_keys.in_force(clients, settings)
    assert wire.count("GetSecretValue") == 1
    clock(period + KEPT_SECONDS)
    session_keys.in_force(clients, settings)
    assert wire.count("GetSecretValue") == 2


def test_keys_are_in_no_text_that_could_be_logged(clients: Clients, settings: Settings, clock: Any) -> None:
    assert "of the tests" not in repr(session_keys.in_force(clients, settings))
