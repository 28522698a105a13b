"""Ids of users are ULIDs: opaque, never the same twice, and in the order of their time."""

import re
import secrets
import time

import pytest

from orchestrator.users.ids import new_ulid


def test_the_time_is_written_as_the_specification_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """github.com/ulid/spec encodes 1469918176385 ms as 01ARYZ6S41."""
    monkeypatch.setattr(time, "time_ns", lambda: 1_469_918_176_385_999_999)
    assert new_ulid()[:10] == "01ARYZ6S41"


def test_the_rest_is_random_and_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "randbits", lambda bits: 2**bits - 1)
    assert new_ulid()[10:] == "Z" * 16
    monkeypatch.setattr(secrets, "randbits", lambda _: 0)
    assert new_ulid()[10:] == "0" * 16


def test_ids_of_one_millisecond_are_different_and_well_formed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_796_000_000_000_000_000)
    made = {new_ulid() for _ in range(1_000)}
    assert len(made) == 1_000
    assert all(re.fullmatch("[0-7][0-9A-HJKMNP-TV-Z]{25}", each) for each in made)


def test_later_ids_sort_after_earlier_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter((1_796_000_000_000_000_000, 1_796_000_000_001_000_000))
    monkeypatch.setattr(time, "time_ns", lambda: next(moments))
    first, second = new_ulid(), new_ulid()
    assert first < second
