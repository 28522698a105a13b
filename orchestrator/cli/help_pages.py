"""The help of `onboard`: its commands in sections, by what one wants to do, and an example of each."""

from typing import Any

from typer.core import TyperGroup

from orchestrator.tenants.commands import PROGRAM

SECTIONS = {
    "To see what is there": ("list", "show", "watch", "resolve"),
    "To send and hear events": ("emit", "listen", "schema", "preview-email"),
    "To repair": ("retry", "amend", "abandon", "stop", "resend-welcome", "rejected", "dlq"),
    "To operate": ("doctor", "converge", "pools", "domains", "operators", "token"),
    "To try it on your machine": ("up", "emails", "demo"),
}
"""Each section of the README's list of commands, too."""


class Sections(TyperGroup):
    """The group of all commands, which shows them in sections."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  # Any: typer's own types
        """Write each section with a line for each of its commands."""
        width = max(map(len, self.commands))
        left = formatter.width - width - 6
        for title, names in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(
                    [(name.ljust(width), self.commands[name].get_short_help_str(left)) for name in names]
                )


def example(*commands: str) -> str:
    """Return the lines that end a command's help, each a command to be typed as it stands."""
    return "\n".join(("\b", *(f"Example: {PROGRAM} {each}" for each in commands)))
