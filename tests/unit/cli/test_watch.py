"""How all tenants stand, in a terminal: once, as one document, or live, and told apart from what is stale."""

import io
import re
from collections.abc import Callable
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from rich.screen import Screen

from orchestrator import status
from orchestrator.cli import picture, terminal, watch
from orchestrator.cli.picture import Picture
from orchestrator.local.ministack import ROOT
from orchestrator.operations import deployment
from orchestrator.status.contract import OnboardingSummary
from tests.unit.cli.command_line import Run, document, fail, refusal, run, stack
from tests.unit.conftest import tenant_created
from tests.unit.faults import ALWAYS, refused, unreachable
from tests.unit.simulated_aws import Stack

__all__ = ["run", "stack"]

CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
HOME = "\x1b[H"
NOW = "2026-11-21T07:04:10.123Z"
SUMMARY: dict[str, Any] = {
    "countedAt": NOW,
    "total": 10_599,
    "tenants": {
        "PENDING": {"pool": 1, "bridge": 0, "silo": 0},
        "IN_PROGRESS": {"pool": 4, "bridge": 2, "silo": 1},
        "COMPLETED": {"pool": 10_543, "bridge": 27, "silo": 3},
        "FAILED": {"pool": 9, "bridge": 5, "silo": 3},
        "ABANDONING": {"pool": 0, "bridge": 0, "silo": 0},
        "ABANDONED": {"pool": 0, "bridge": 1, "silo": 0},
    },
    "failures": [
        {"step": "CreateIdentityProviders", "error": "ConfigurationError", "tenants": 12},
        {"step": "SendWelcomeEmail", "error": "Sandbox.Timedout", "tenants": 3},
    ],
    "oldestInProgress": {"tenantId": "a" * 40, "status": "IN_PROGRESS", "since": NOW, "ageSeconds": 130},
    "durations": {"tenants": 20, "p50Seconds": 4.2, "p95Seconds": 9.1, "maxSeconds": 3_000.0},
    "completions": [{"hour": f"2026-11-21T{hour:02}:00:00Z", "tenants": 0} for hour in range(21)]
    + [{"hour": f"2026-11-21T{hour}:00:00Z", "tenants": tenants} for hour, tenants in ((21, 1), (22, 4), (23, 8))],
    "rejections": {"since": NOW, "events": 3, "more": False},
    "sharedPools": [
        {
            "region": "eu-central-1",
            "poolKey": f"shared-00{number}",
            "status": state,
            "userPoolId": None,
            "percent": percent,
            "counters": {},
        }
        for number, (state, percent) in enumerate((("OPEN", 100), ("OPEN", 50), ("OPENING", 0)), start=1)
    ],
}


def row(tenant_id: str) -> dict[str, Any]:
    return {
        "tenantId": tenant_id,
        "tier": "pool",
        "status": "COMPLETED",
        "currentStep": "CompleteOnboarding",
        "attempt": 1,
        "requestedAt": "2026-11-21T07:00:00.000Z",
        "completedAt": "2026-11-21T07:00:03.000Z",
        "failure": None,
    }


ROWS = [row(f"tenant-{number}") for number in range(60)]


def lines(shown: Picture, width: int, height: int, *, encoding: str = "utf-8") -> list[str]:
    """Return what a terminal of this size shows, without colours."""
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
    console = Console(file=file, width=width, height=height, force_terminal=True, _environ={"TERM": "xterm"})
    console.print(Screen(shown))
    file.seek(0)
    return [line.rstrip() for line in CONTROLS.sub("", file.read()).split("\n")]


def words(shown: list[str]) -> list[list[str]]:
    return [line.split() for line in shown]


# Once


def test_as_one_document_it_is_the_summary(stack: Stack, run: Run) -> None:
    stack.receive(tenant_created())
    found = document(run("watch", "--json"))
    told = status.summary(stack.clients, stack.settings)
    assert OnboardingSummary.model_validate(found)
    assert found.keys() == told.keys()
    assert (found["total"], found["tenants"]) == (1, told["tenants"])
    assert found["tenants"]["IN_PROGRESS"]["pool"] == 1


def test_where_there_is_no_terminal_it_is_shown_once(stack: Stack, run: Run, naps: list[float]) -> None:
    stack.receive(tenant_created("one", tier="silo"), "event-1")
    fail(stack, "two")
    ran = run("watch")
    assert (ran.code, ran.err, naps) == (0, "", [])
    assert "\x1b" not in ran.out
    assert ran.out.startswith("2 tenants  at ")
    shown = words(ran.out.splitlines())
    assert ["FAILED", "1", "0", "0", "1"] in [line[:5] for line in shown]
    assert ["IN_PROGRESS", "0", "0", "1", "1"] in [line[:5] for line in shown]
    assert any(line[:3] == ["one", "silo", "PENDING"] or line[:2] == ["one", "silo"] for line in shown)
    assert any(line[:2] == ["two", "pool"] and "FAILED" in line for line in shown)


def test_without_tenants_it_says_so(stack: Stack, run: Run) -> None:
    shown = run("watch").out
    assert shown.startswith("0 tenants  at ")
    for words in ("0 in 24 hours", "no tenant is FAILED", "no shared user pool yet"):
        assert words in shown
    for word in ("took", "oldest"):
        assert word not in shown


@pytest.mark.parametrize("interval", ["0", "0.5", "-1", "3601", "soon", "nan"])
def test_an_interval_out_of_bounds_is_refused(stack: Stack, run: Run, interval: str) -> None:
    ran = run("watch", "--interval", interval)
    assert (ran.code, ran.out) == (2, "")
    assert "--interval" in ran.err


@pytest.fixture
def on_the_wire(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The stack, which the command line reaches by clients that can be given faults."""
    monkeypatch.setattr(deployment, "find", lambda _: (stack.clients, stack.settings))
    return stack


def test_a_first_look_that_fails_is_one_line(on_the_wire: Stack, run: Run) -> None:
    with on_the_wire.wire.strikes("Query", refused("AccessDeniedException", "no right")):
        assert "no right" in refusal(run("watch"))


# Live


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """A terminal of 80 by 24 in place of stdout; holds all that was drawn."""
    drawn = io.StringIO()
    console = Console(file=drawn, width=80, height=24, force_terminal=True, _environ={"TERM": "xterm"})
    monkeypatch.setattr(terminal, "out", console)
    return drawn


def pictures(screen: io.StringIO) -> list[str]:
    """Return each picture that was drawn, without colours."""
    return [CONTROLS.sub("", each) for each in screen.getvalue().split(HOME) if "tenants" in each]


@pytest.fixture
def awake(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[float]]:
    """Give what happens in each pause between two looks; Ctrl-C comes in the one after."""

    def awake(*happenings: Callable[[], object]) -> list[float]:
        left, slept = list(happenings), list[float]()

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            if not left:
                raise KeyboardInterrupt
            left.pop(0)()

        monkeypatch.setattr(watch, "time", SimpleNamespace(sleep=sleep))  # the SDK's own pauses are none of these
        return slept

    return awake


Awake = Callable[..., list[float]]


def test_it_follows_until_ctrl_c_and_then_is_silent(
    stack: Stack,
    run: Run,
    screen: io.StringIO,
    awake: Awake,
) -> None:
    slept = awake(lambda: stack.receive(tenant_created()), lambda: fail(stack, "globex"))
    ran = run("watch", "--interval", "7.5")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert slept == [7.5] * 3
    shown = pictures(screen)
    assert "0 tenants  at " in shown[0]
    assert "1 tenants  at " in "".join(shown)
    assert "2 tenants  at " in shown[-1]
    assert "globex" in shown[-1]
    assert not any("stale" in each for each in shown)
    assert screen.getvalue().rstrip().endswith("\x1b[?1049l"), "the terminal is as it was"


def test_two_seconds_pass_unless_said_otherwise(stack: Stack, run: Run, screen: io.StringIO, awake: Awake) -> None:
    slept = awake()
    assert run("watch").code == 0
    assert slept == [2.0]
    assert f"every {slept[0]:.0f} seconds or as often as `--interval` says" in (ROOT / "docs/operations.md").read_text()


@pytest.mark.parametrize(
    ("strike", "says"),
    [
        (refused("ProvisionedThroughputExceededException", "too\nmuch"), "AWS refused"),
        (refused("ExpiredTokenException", "log in anew"), "AWS refused"),
        (unreachable, "AWS refused or did not answer: Connect"),
    ],
    ids=["throttled", "refused", "unreachable"],
)
def test_a_look_that_fails_keeps_the_picture_says_since_when_and_goes_on(
    on_the_wire: Stack,
    run: Run,
    screen: io.StringIO,
    awake: Awake,
    strike: Any,
    says: str,
) -> None:
    on_the_wire.receive(tenant_created())
    outage = ExitStack()

    def begin() -> None:
        outage.enter_context(on_the_wire.wire.strikes("Query", strike, times=ALWAYS))

    def end() -> None:
        outage.close()
        on_the_wire.receive(tenant_created("globex"), "event-2")

    slept = awake(begin, lambda: None, end)
    ran = run("watch", "--interval", "1")
    assert (ran.code, ran.err, slept) == (0, "", [1.0] * 4)
    shown = pictures(screen)
    counted_at = re.search(r"at (\d\d:\d\d:\d\d) UTC", shown[0])
    assert counted_at
    stale = [each for each in shown if "stale" in each]
    assert len(stale) >= 2
    for each in stale:
        assert f"1 tenants  stale since {counted_at[1]} UTC: {says}" in each
        assert "acme" in each
    assert "2 tenants  at " in shown[-1]


# The picture


def test_all_of_the_summary_can_be_read_at_80_columns() -> None:
    shown = lines(Picture(SUMMARY, ROWS), 80, 24)
    assert shown[0] == "10,599 tenants  at 07:04:10 UTC"
    assert shown[2:15] == [
        "status         pool  bridge  silo   total   completed  13 in 24 hours",
        "PENDING           1       0     0       1              ·····················▁▄█",
        "IN_PROGRESS       4       2     1       7   rejected   3 in 24 hours",
        "COMPLETED    10,543      27     3  10,573   took       median 4.2 s, 95 % 9.1 s",
        "FAILED            9       5     3      17              at most 50 min",
        "ABANDONING        0       0     0       0   oldest     aaaaaaaaaaaaaaaaaaaaaaaaa",
        "ABANDONED         0       1     0       1              aaaaaaaaaaaaaaa, 2 min",
        "",
        "shared user pool  full               failed at                error",
        "shared-003        OPENING        12  CreateIdentityProviders  ConfigurationError",
        "shared-002        ███···  50 %    3  SendWelcomeEmail         Sandbox.Timedout",
        "shared-001        ██████ 100 %",
        "",
    ]
    assert shown[15].split() == ["tenant", "tier", "step", "status", "attempt", "time"]


def test_no_number_and_no_name_is_cut_where_there_is_little_room() -> None:
    failures = [{"step": "CreateIdentityProviders", "error": "Lambda.TooManyRequestsException", "tenants": 1_234}]
    shown = "".join("".join(lines(Picture(SUMMARY | {"failures": failures}, ROWS), 80, 24)).split())
    assert "1,234" in shown
    assert "…" not in shown


@pytest.mark.parametrize(("width", "height"), [(80, 24), (80, 40), (120, 30), (200, 60), (60, 50), (80, 5), (20, 3)])
def test_it_fills_the_terminal_and_never_more(width: int, height: int) -> None:
    shown = lines(Picture(SUMMARY, ROWS), width, height)
    assert len(shown) == height
    assert max(map(len, shown)) <= width
    if height >= 24 and width >= 80:
        assert shown[-1].startswith("tenant-"), "there is room for tenants, and it is used"


def test_a_narrow_terminal_has_the_tables_below_each_other() -> None:
    shown = lines(Picture(SUMMARY, ROWS), 60, 50)
    assert shown[2].split() == ["status", "pool", "bridge", "silo", "total"]
    assert shown[10].startswith("completed  13 in 24 hours")
    assert [line for line in shown if line.startswith("shared-003        OPENING")]
    assert [line for line in shown if line.startswith("12  CreateIdentityProviders  ConfigurationError")]


def test_of_many_the_rest_is_counted() -> None:
    failures = [{"step": f"Step{number}", "error": "States.Timeout", "tenants": 1} for number in range(9)]
    shown = "\n".join(lines(Picture(SUMMARY | {"failures": failures}, ROWS), 80, 24))
    assert "Step3" in shown
    assert "Step4" not in shown
    assert "and 5 more" in shown


def test_more_rejections_than_are_counted_are_told_as_such() -> None:
    rejections = {"since": NOW, "events": 100, "more": True}
    assert "100 or more in 24 hours" in "\n".join(lines(Picture(SUMMARY | {"rejections": rejections}, ROWS), 80, 24))


def test_a_terminal_of_few_characters_gets_those_that_it_has() -> None:
    shown = "\n".join(lines(Picture(SUMMARY, ROWS), 80, 24, encoding="latin-1"))
    assert "_" * 21 + ".=@" in shown
    assert "@@@___  50 %" in shown


def test_what_somebody_named_is_text() -> None:
    """An error's name may be anybody's: it can neither style nor steer the terminal."""
    named = {"step": "[red]Step", "error": "\x1b[2J", "tenants": 1}
    shown = "\n".join(lines(Picture(SUMMARY | {"failures": [named]}, ROWS), 120, 24))
    assert "[red]Step" in shown
    assert "\\x1b[2J" in shown


def test_only_nothing_looks_like_nothing() -> None:
    assert picture._bars([0, 1, 1_000], picture.BLOCKS) == "·▁█"
    assert picture._bars([0, 0], picture.BLOCKS) == "··"
    assert picture._bars([5], picture.BLOCKS) == "█"
