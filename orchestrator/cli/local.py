"""The stack on this machine: `onboard up` and `onboard demo`."""

import time
from typing import Annotated

import typer
from rich.console import Console

from orchestrator.cli import terminal
from orchestrator.cli.terminal import CommandError, Json
from orchestrator.settings import STACK_NAME

Port = Annotated[int | None, typer.Option(min=1024, max=65535, help="Port of the local AWS; a free one by default.")]


def up(port: Port = None) -> None:
    """Run the deployed template on a local AWS until Ctrl-C."""
    from orchestrator.local.stack import local_stack

    terminal.err.print("Starting; synthesis takes some seconds when a source has changed ...")
    with local_stack(port) as stack:
        stack.clients.ses_once.create_email_identity(EmailIdentity=stack.settings.sender)
        _introduce(stack.environment, stack.dropped, stack.api_url)
        try:
            stack.ministack.wait()
        except KeyboardInterrupt:
            terminal.err.print("\nStopping.")
            return
    raise CommandError("the local AWS ended by itself")


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack running until Ctrl-C.")] = False,
    port: Port = None,
    as_json: Json = False,
) -> None:
    """Onboard the example tenants on a local stack, break and repair one, and prove the result."""
    from orchestrator.local.demo import Demo
    from orchestrator.local.stack import local_stack

    console = Console(stderr=True, quiet=True) if as_json else terminal.out
    began = time.monotonic()
    console.print("Starting a local AWS and deploying the stack ...")
    with local_stack(port) as stack:
        demonstration = Demo(stack, console)
        held = demonstration.run()
        summary = demonstration.summary(time.monotonic() - began)
        if as_json:
            terminal.print_json(summary)
        else:
            number = len(demonstration.failures)
            verdict = "Every expectation held" if held else f"{number} expectations did not hold"
            console.print(f"\n{verdict}, in {summary['elapsedSeconds']} s.", style="bold")
        if keep:
            _introduce(stack.environment, stack.dropped, stack.api_url)
            try:
                stack.ministack.wait()
            except KeyboardInterrupt:
                terminal.err.print("\nStopping.")
    if not held:
        raise typer.Exit(1)


def _introduce(environment: dict[str, str], dropped: list[str], api_url: str) -> None:
    """Say how to reach the stack; on stderr, so that stdout stays one document."""
    terminal.err.print(f"The stack {STACK_NAME} runs here. In another terminal:\n", highlight=False)
    for name, value in environment.items():
        terminal.err.print(f"  export {name}={value}", highlight=False, soft_wrap=True)
    terminal.err.print("  onboard emit examples/events/01-acme.json\n  onboard list\n  onboard show acme --watch\n")
    terminal.err.print(
        f"Emails: {environment['AWS_ENDPOINT_URL']}/_ministack/ses/messages", highlight=False, soft_wrap=True
    )
    terminal.err.print(f"Status API: '{api_url}', see docs/status-api.md", highlight=False, soft_wrap=True)
    if dropped:
        terminal.err.print(f"Not known to the local AWS, left out: {', '.join(dropped)}", highlight=False)
    terminal.err.print("Ctrl-C stops it.")
