"""The stack on this machine: `onboard up`, `onboard emails` and `onboard demo`."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli import arguments, exit_status, terminal
from orchestrator.cli.terminal import CommandError, Json
from orchestrator.tenants.commands import command
from tenant_onboarding.names import STACK_NAME

if TYPE_CHECKING:
    from orchestrator.local.product import Product
    from orchestrator.local.stack import LocalStack

EXAMPLE = "examples/events/01-acme.json"
UNSENT = ("vandelay", "examples/more/vandelay.json")
"""A tenant and its event, which neither the demo nor the tenants of `up --demo` bring."""
OF_AN_EMAIL = {"to": "To", "subject": "Subject", "text": "BodyText"}
"""What is printed of an email as JSON, and what the local AWS calls it."""
FREE_PORT = arguments.whole(1_024, 65_535)
Port = Annotated[
    int | None, typer.Option(parser=FREE_PORT, metavar="PORT", help="Port of the local AWS; a free one by default.")
]


def up(
    port: Port = None,
    with_product: Annotated[
        bool, typer.Option("--product", help="Serve the sample product, at a host name for each tenant.")
    ] = False,
    product_port: Annotated[
        int | None,
        typer.Option(parser=FREE_PORT, metavar="PORT", help="Port of the sample product; a free one by default."),
    ] = None,
    lively: Annotated[
        bool, typer.Option("--demo", help="Serve the sample product, and onboard a new tenant every few seconds.")
    ] = False,
) -> None:
    """Run the deployed template on a local AWS until Ctrl-C."""
    from orchestrator.local.lively import bring_tenants
    from orchestrator.local.product import product
    from orchestrator.local.stack import local_stack

    _say("Starting; synthesis takes some seconds when a source has changed ...")
    with local_stack(port) as stack, _until_ctrl_c(), ExitStack() as running:
        stack.check()
        _show_dashboard(stack)
        sample = running.enter_context(product(stack, product_port)) if with_product or lively else None
        _introduce(stack, sample, first=UNSENT if lively else ("acme", EXAMPLE))
        if sample and lively:
            bring_tenants(stack, sample, _say)
        else:
            stack.clients.ses_once.create_email_identity(EmailIdentity=stack.settings.sender)
        stack.ministack.wait()
        raise CommandError("the local AWS ended by itself")


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack running until Ctrl-C.")] = False,
    port: Port = None,
    as_json: Json = False,
) -> None:
    """Onboard the example tenants on a local stack, break and repair one, and prove the result."""
    from orchestrator.cli.demo import Demo
    from orchestrator.local.product import product
    from orchestrator.local.stack import local_stack

    console = terminal.console(stderr=True, quiet=True) if as_json else terminal.out
    began = time.monotonic()
    console.print("Starting a local AWS and deploying the stack ...")
    with local_stack(port) as stack, product(stack) as sample:
        _show_dashboard(stack, with_people=keep)
        demonstration = Demo(stack, sample, console)
        held = demonstration.run()
        summary = demonstration.summary(time.monotonic() - began)
        if as_json:
            terminal.print_json(summary)
        else:
            number = len(demonstration.failures)
            verdict = "Every expectation held" if held else f"{number} expectations did not hold"
            console.print(f"\n{verdict}, in {summary['elapsedSeconds']} s.", style="bold")
        if keep:
            _introduce(stack, sample, paste=_say if as_json else terminal.say, first=UNSENT)
            with _until_ctrl_c():
                stack.ministack.wait()
    if not held:
        raise typer.Exit(exit_status.NO)


def emails(as_json: Json = False) -> None:
    """Show the emails that the local AWS keeps instead of sending them, the oldest first."""
    import requests

    from orchestrator.local.first_sign_in import delivered_mails

    try:
        delivered = delivered_mails(os.environ.get("AWS_ENDPOINT_URL", ""))
    except (requests.RequestException, LookupError):
        why = "the local AWS does not answer, and only it keeps emails"
        raise CommandError(f"{why}. Start one and export what it prints: {command('up')}") from None
    if as_json:
        terminal.print_json([{name: mail[key] for name, key in OF_AN_EMAIL.items()} for mail in delivered])
        return
    for mail in delivered:
        terminal.say(f"To: {', '.join(mail['To'])}\nSubject: {mail['Subject']}\n\n{mail['BodyText']}\n")


@contextmanager
def _until_ctrl_c() -> Iterator[None]:
    """Ctrl-C ends the block, and nothing else does so quietly."""
    try:
        yield
    except KeyboardInterrupt:
        _say("\nStopping.")


def _show_dashboard(stack: "LocalStack", *, with_people: bool = True) -> None:
    """Say where the dashboard is, and let in who may sign in to it; the passwords are said here and nowhere else."""
    from orchestrator.local.people import let_in

    _say(f"Dashboard: {stack.dashboard_url}{'' if with_people else ' (--keep leaves it running)'}")
    for person in let_in(stack) if with_people else []:
        _say(f"  {person.email:<21} password {person.password}  group {person.group}")


def _introduce(
    stack: "LocalStack",
    sample: "Product | None" = None,
    *,
    paste: Callable[[str], None] = terminal.say,
    first: tuple[str, str] = ("acme", EXAMPLE),
) -> None:
    """Say how to reach the stack from a terminal; what is to be pasted there is on stdout, the rest on stderr."""
    _say(f"The stack {STACK_NAME} runs here. In another terminal:\n")
    for name, value in stack.environment.items():
        paste(f"  export {name}={quote(value)}")
    paste(f'  export PATH={quote(str(Path(sys.executable).parent))}:"$PATH"')
    tenant_id, event = first
    commands = (command("emit", event), command("list"), command("show", tenant_id, watch=True), command("watch"))
    paste("".join(f"  {each}\n" for each in commands))
    _say(f"Event bus: {stack.settings.event_bus}")
    _say(f"Emails: {command('emails')}")
    _say(f"Status API: {stack.api_url} (see docs/status-api.md)")
    _say(f"Where to sign in: {stack.config_url}?host=acme.app.example (see docs/sign-in.md)")
    if sample:
        _say(f"Sample product: {sample.address_of('SUBDOMAIN')}/, with a tenant's subdomain")
    if stack.dropped:
        _say(f"The local AWS has none of these, so they were left out: {', '.join(stack.dropped)}")
    _say("Ctrl-C stops it.")


def _say(text: str) -> None:
    """Print on stderr, so that stdout stays one document; addresses and passwords come as they are."""
    terminal.err.print(text, markup=False, highlight=False, soft_wrap=True)
