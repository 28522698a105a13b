"""What the stack says, as it says it: `onboard listen`."""

import json
import sys
from math import ceil
from typing import Annotated

import typer
from rich.text import Text

from orchestrator.cli import arguments, display, terminal
from orchestrator.cli.terminal import CommandError, Stack, WrongUseError
from orchestrator.operations import deployment, listening
from tenant_onboarding.names import STACK_NAME


def listen(
    tenant_id: Annotated[
        str | None, typer.Argument(metavar="ID", parser=arguments.tenant_id, help="Only this tenant's events.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print each event as one line of JSON, as it came.")] = False,
    clean: Annotated[
        bool, typer.Option("--clean", help="Only remove what listeners that were killed left behind.")
    ] = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Show the events that come out of the stack, from now on until Ctrl-C. Makes a rule and a queue for that long."""
    if clean and (tenant_id or as_json):
        raise WrongUseError("--clean goes alone")
    aws = deployment.find(stack)
    if clean:
        removed = listening.remove_ended(*aws)
        held = listening.held(*aws)
        if removed or not held:
            terminal.say(f"removed {', '.join(removed)}" if removed else "nothing to remove")
        if held:
            minutes = max(1, ceil(max(held) / 60))
            terminal.say(f"{len(held)} may still be in use; what was killed can be removed in {minutes} minutes")
        return
    try:
        with listening.listening(*aws, tenant_id) as events:
            terminal.err.print("Listening. Ctrl-C ends it.", highlight=False)
            for event in events:
                if as_json:
                    sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
                    sys.stdout.flush()
                else:
                    terminal.out.print(_heard(event), soft_wrap=True)
    except listening.ListeningError as error:
        raise CommandError(str(error)) from None


def _heard(event: display.Document) -> Text:
    """Return an event in one line: when, what, whose, and what there is to know."""
    detail = event["detail"]
    said = " ".join(filter(None, (detail.get("tenantId"), _what(detail))))
    return Text("  ").join((Text(event["time"][11:19]), Text(event["detail-type"], style="bold"), display.plain(said)))


def _what(detail: display.Document) -> str:
    """Return what is told of a tenant or a shared user pool; by fields, as each kind of event has its own."""
    if "reasons" in detail:
        return "; ".join(f"{reason['field']} {reason['message']}" for reason in detail["reasons"])
    if "step" in detail:
        return f"at {detail['step']}: {detail['error']}: {detail['message']} {detail['nextAction']}"
    if "seats" in detail:
        return f"has {detail['seats']} seats"
    if "poolKey" in detail:
        return f"{detail['poolKey']}: {detail['count']} of {detail['limit']} {detail['counter']}"
    if "userPoolId" in detail:
        return f"on {detail['tier']}, user pool {detail['userPoolId']}, app client {detail['appClientId']}"
    return f"on {detail['tier']}, attempt {detail['attempt']}"
