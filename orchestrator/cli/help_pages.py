"""The help of `onboard`: its commands in sections, by what one wants to do, and an example of each."""

from typing import Any

from typer.core import TyperGroup

from orchestrator.tenants.commands import PROGRAM

SECTIONS = {
    "To see what is there": {
        "list": "List tenants, the last changed first, or search.",
        "show": "Show a tenant: its steps, and what failed and why.",
        "watch": "Show the state of all tenants, live until Ctrl-C.",
        "resolve": "Find the tenant that a host, code or email leads to.",
    },
    "To send and hear events": {
        "emit": "Check TenantCreated events and publish them.",
        "listen": "Show the events that come out, until Ctrl-C.",
        "schema": "Print the JSON Schema of an event's detail.",
        "preview-email": "Show an email with sample data.",
    },
    "To repair": {
        "retry": "Let failed tenants go on where they stopped.",
        "amend": "Give a failed tenant a corrected event, and retry.",
        "abandon": "Undo a tenant that never completed.",
        "stop": "Stop what runs for a tenant, which then is FAILED.",
        "resend-welcome": "Send the welcome email again.",
        "rejected": "List or show rejected events, with every reason.",
        "dlq": "List, replay or discard undelivered messages.",
        "replay": "Let intake have archived events once more.",
    },
    "To operate": {
        "doctor": "Say what will stop onboarding.",
        "converge": "Bring user pools and app clients up to date.",
        "pools": "List, audit, close and open shared user pools.",
        "users": "Look after a tenant's people.",
        "domains": "List email domains, and verify who owns them.",
        "operators": "Manage who may use the status API.",
        "token": "Print an access token for the status API.",
    },
    "To try it on your machine": {
        "up": "Run the stack on a local AWS until Ctrl-C.",
        "emails": "Show the emails that the local AWS keeps.",
        "demo": "Onboard example tenants, break and repair one.",
    },
}
"""Each section of the README's list of commands, too; each command in 55 characters, which a narrow terminal shows."""


class Sections(TyperGroup):
    """The group of all commands, which shows them in sections."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  # Any: typer's own types
        """Write each section with a line for each of its commands."""
        width = max(map(len, self.commands))
        for title, lines in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), line) for name, line in lines.items()])


def example(*commands: str) -> str:
    """Return the lines that end a command's help, each a command to be typed as it stands."""
    return "\n".join(("\b", *(f"Example: {PROGRAM} {each}" for each in commands)))
