"""What `onboard watch` shows: the summary and the tenants that changed last, cut to the size of the terminal."""

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from orchestrator.cli import display
from orchestrator.cli.display import Document
from tenant_onboarding.contracts.fields import TIERS

SIDE_BY_SIDE = 80
"""Columns from which on there is room for two tables beside each other."""
ROWS = 20
"""Tenants that are shown where there is no terminal to fill."""
MOST_LINES = 4
"""Failures, and shared user pools, that are shown of many."""
BAR = 6
"""Characters of a shared user pool's fill."""
BLOCKS, ASCII = "·▁▂▃▄▅▆▇█", "_.:-=+*#@"
"""From nothing to the most."""


@dataclass(frozen=True)
class Picture:
    """How all tenants stood when they were looked at last.

    Attributes:
        summary: as `status.summary` returns it.
        rows: tenants, the last changed first.
        stale: why it could not be looked anew since; empty if it could.

    """

    summary: Document
    rows: list[Document]
    stale: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Fill the terminal: the summary first, then as many tenants as there is room for."""
        wide, levels = options.max_width >= SIDE_BY_SIDE, ASCII if options.ascii_only else BLOCKS
        above = Group(
            self._head(),
            "",
            _beside(_stand(self.summary["tenants"]), _facts(self.summary, levels), wide=wide),
            "",
            _beside(_shared_pools(self.summary["sharedPools"], levels), _failures(self.summary["failures"]), wide=wide),
            "",
        )
        taken = len(console.render_lines(above, options, pad=False))
        room = options.max_height - taken - 1 if options.is_terminal else ROWS
        yield above
        if room > 0:
            yield display.tenants(self.rows[:room])

    def _head(self) -> Text:
        """Return how many tenants there are and when they were counted, or since when nobody could count them."""
        head = Text.assemble((f"{self.summary['total']:,} tenants", "bold"), no_wrap=True, overflow="ellipsis")
        counted_at = f"{self.summary['countedAt'][11:19]} UTC"
        if self.stale:
            head.append(f"  stale since {counted_at}: ", "bold red").append(display.plain(" ".join(self.stale.split())))
        else:
            head.append(f"  at {counted_at}")
        return head


def _stand(tenants: dict[str, dict[str, int]]) -> Table:
    """Return how many tenants there are by status and tier."""
    table = _table("status", *TIERS, "total", numbers=(*TIERS, "total"))
    for status, by_tier in tenants.items():
        style = display.COLOURS[status] if any(by_tier.values()) else "dim"
        table.add_row(status, *(f"{number:,}" for number in (*by_tier.values(), sum(by_tier.values()))), style=style)
    return table


def _facts(summary: Document, levels: str) -> Table:
    """Return what was completed and rejected in a day, how long it took, and who has been on the way the longest."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    hours = [hour["tenants"] for hour in summary["completions"]]
    rejections, durations, oldest = summary["rejections"], summary["durations"], summary["oldestInProgress"]
    table.add_row("completed", f"{sum(hours):,} in {len(hours)} hours")
    table.add_row("", _bars(hours, levels))
    table.add_row("rejected", f"{rejections['events']}{' or more' if rejections['more'] else ''} in 24 hours")
    if durations["tenants"]:
        half, most, longest = (display.span(durations[name]) for name in ("p50Seconds", "p95Seconds", "maxSeconds"))
        table.add_row("took", f"median {half}, 95 % {most}")
        table.add_row("", f"at most {longest}")
    if oldest:
        table.add_row("oldest", display.plain(f"{oldest['tenantId']}, {display.span(oldest['ageSeconds'])}"))
    return table


def _failures(failures: list[Document]) -> RenderableType:
    """Return how many tenants are FAILED with which error at which step, the most frequent first."""
    if not failures:
        return "no tenant is FAILED"
    table = _table("", "failed at", "error", numbers=("",))
    for failure in failures[:MOST_LINES]:
        table.add_row(f"{failure['tenants']:,}", display.plain(failure["step"]), display.plain(failure["error"]))
    return _and_more(table, len(failures))


def _shared_pools(pools: list[Document], levels: str) -> RenderableType:
    """Return how full the shared user pools are by their fullest counter, the newest first."""
    if not pools:
        return "no shared user pool yet"
    table = _table("shared user pool", "full", numbers=())
    for pool in reversed(pools[-MOST_LINES:]):
        blocks = round(pool["percent"] * BAR / 100)
        fill = levels[-1] * blocks + levels[0] * (BAR - blocks)
        told = f"{fill} {pool['percent']:>3} %" if pool["status"] == "OPEN" else pool["status"]
        table.add_row(display.plain(pool["poolKey"]), told)
    return _and_more(table, len(pools))


def _bars(numbers: list[int], levels: str) -> str:
    """Return a character a number, as high as its share of the highest; only nothing looks like nothing."""
    highest = max(numbers, default=0)
    return "".join(levels[-(-number * (len(levels) - 1) // highest) if number else 0] for number in numbers)


def _and_more(table: Table, number: int) -> RenderableType:
    return Group(table, f"and {number - MOST_LINES} more") if number > MOST_LINES else table


def _beside(left: RenderableType, right: RenderableType, *, wide: bool) -> RenderableType:
    """Return both beside each other where there is room, the left one never cut; else one above the other."""
    if not wide:
        return Group(left, "", right)
    grid = Table.grid(padding=(0, 3, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_row(left, right)
    return grid


def _table(*headings: str, numbers: tuple[str, ...]) -> Table:
    """Return an empty table; the columns of numbers are never cut."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        if heading in numbers:
            table.add_column(heading, no_wrap=True, justify="right")
        else:
            table.add_column(heading, overflow="fold")
    return table
