"""Tables that break no word: what somebody copies from one, such as an id or an ARN, is whole."""

from collections.abc import Iterable
from typing import Any

from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table

BREAKS = ("after", "before", "error", "how", "reason", "says", "warning", "why")
"""The columns that may take several lines, between words; whatever else is in a table is copied whole."""
READABLE = 30
"""Characters of a line that is still read as one."""


class WholeWords(Table):
    """A table that breaks no word: a column is as wide as its longest, be the table wider than the terminal."""

    def add_row(self, *cells: RenderableType | None, **options: Any) -> None:  # Any: a table's
        """Add a row, of texts."""
        super().add_row(*cells, **options)
        for column, cell in zip(self.columns, cells, strict=False):
            longest = max(map(cell_len, str(cell or "").split()), default=0)
            column.min_width = max(column.min_width or 0, longest)


def headed(headings: Iterable[str], **options: Any) -> Table:  # Any: a table's
    """Return an empty table, of which no column that somebody copies from breaks what is in it."""
    table = WholeWords(box=None, header_style="bold", pad_edge=False, **options)
    for heading in headings:
        breaks = heading in BREAKS
        table.add_column(heading, overflow="fold", no_wrap=not breaks, min_width=READABLE if breaks else len(heading))
    return table
