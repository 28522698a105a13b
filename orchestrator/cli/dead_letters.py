"""What could not be handled or delivered: `onboard dlq list`, `show`, `replay`, `discard`."""

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Group, RenderableType

from orchestrator.aws.clients import Clients
from orchestrator.cli import arguments, display, exit_status, tables, terminal
from orchestrator.cli.help_pages import example
from orchestrator.cli.terminal import CommandError, Json, ListByDefault, Stack, WrongUseError
from orchestrator.operations import dead_letters, deployment
from orchestrator.operations.dead_letters import DeadLetterQueue, Handled, Letter
from tenant_onboarding.names import STACK_NAME

QueueName = Annotated[
    str | None,
    typer.Option(
        "--queue",
        help=f"One of {', '.join(deployment.DEAD_LETTER_QUEUES)}; all by default.",
        autocompletion=arguments.completed(*deployment.DEAD_LETTER_QUEUES),
    ),
]
MOST, MOST_OF_ALL = 100, 1_000
Most = Annotated[
    int,
    typer.Option(
        "--limit",
        parser=arguments.whole(1, MOST_OF_ALL),
        metavar="NUMBER",
        help="Look at no more messages than this in each queue.",
    ),
]
MessageId = Annotated[
    str,
    typer.Argument(metavar="MESSAGE_ID", parser=arguments.event_id, help="As `onboard dlq list` shows it."),
]

app = typer.Typer(
    cls=ListByDefault, help="List, show, replay or discard messages that could not be handled or delivered."
)


@app.command(
    "list", epilog=example("dlq list --queue intake"), short_help="List how many messages there are and what they are."
)
def list_(queue: QueueName = None, limit: Most = MOST, as_json: Json = False, stack: Stack = STACK_NAME) -> None:
    """List how many messages there are and what they are; looking at them loses none."""
    clients, queues = _queues(stack, queue)
    found = [dead_letters.look(clients, each, limit) for each in queues]
    terminal.show(found, _table(found), as_json=as_json)


@app.command(
    epilog=example("dlq show 1b9c3f4e-5f43-4c0e-8f0d-7d2f8a4f6f10"), short_help="Show a message, and why it is here."
)
def show(
    message_id: MessageId,
    queue: QueueName = None,
    limit: Most = MOST,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Show a message: where it was bound, why it is here, and the whole event, without what is named like a secret."""
    (letter,) = _found(*_queues(stack, queue), [message_id], limit)
    terminal.show(letter.page(), _whole(letter.page()), as_json=as_json)


@app.command(
    epilog=example("dlq replay --all --queue intake"), short_help="Send messages again to where they were bound."
)
def replay(
    message_ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="MESSAGE_ID...", parser=arguments.event_id, help="As `onboard dlq list` shows them."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All messages, up to --limit for each queue.")] = False,
    queue: QueueName = None,
    limit: Most = MOST,
    stack: Stack = STACK_NAME,
) -> None:
    """Send messages, untouched, to where they were bound; each leaves here once it was accepted there."""
    if every == bool(message_ids):
        raise WrongUseError("give either ids of messages or --all")
    clients, queues = _queues(stack, queue)
    handled = dead_letters.replay(clients, queues, deployment.targets(stack), message_ids or None, limit)
    number = _report(handled)
    if number == 0:
        terminal.out.print("nothing to replay", soft_wrap=True)
    elif every and number >= limit:
        terminal.out.print("there may be more; run it again", soft_wrap=True)


@app.command(
    epilog=example("dlq discard 1b9c3f4e-5f43-4c0e-8f0d-7d2f8a4f6f10"),
    short_help="Delete messages for good, after asking.",
)
def discard(
    message_ids: Annotated[
        list[str],
        typer.Argument(metavar="MESSAGE_ID...", parser=arguments.event_id, help="As `onboard dlq list` shows them."),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    queue: QueueName = None,
    limit: Most = MOST,
    stack: Stack = STACK_NAME,
) -> None:
    """Delete messages for good, once shown and agreed to; nothing brings them back."""
    clients, queues = _queues(stack, queue)
    letters = _found(clients, queues, message_ids, limit)
    for letter in letters:
        terminal.out.print(_whole(letter.page()), soft_wrap=True)
        terminal.out.print()
    if not yes:
        typer.confirm(f"Delete {len(letters)} of these for good?", abort=True)
    _report(dead_letters.discard(clients, queues, [letter.message_id for letter in letters], limit))


def _queues(stack: str, name: str | None) -> tuple[Clients, list[DeadLetterQueue]]:
    if name and name not in deployment.DEAD_LETTER_QUEUES:
        raise WrongUseError(f"--queue {name}: must be one of {', '.join(deployment.DEAD_LETTER_QUEUES)}")
    clients, queues = deployment.dead_letter_queues(stack)
    return clients, [queue for queue in queues if name in (None, queue.name)]


def _found(clients: Clients, queues: list[DeadLetterQueue], message_ids: list[str], limit: int) -> list[Letter]:
    found = dead_letters.find(clients, queues, message_ids, limit)
    for message_id in message_ids:
        if message_id not in found:
            raise CommandError(f"{message_id} {dead_letters.not_seen(limit)}")
    return list(found.values())


def _report(handled: Iterable[Handled]) -> int:
    """Print what became of each message, as it does, and return how many there were; exit with 1 if any is not done."""
    results = []
    for each in handled:
        results.append(each)
        terminal.out.print(f"{each.message_id}: {each.message}", markup=False, highlight=False, soft_wrap=True)
    if not all(each.done for each in results):
        raise typer.Exit(exit_status.NO)
    return len(results)


def _table(queues: list[display.Document]) -> RenderableType:
    """Return how many messages each dead-letter queue holds, and the table of those that were seen."""
    names = {"messageId": "message", "queue": "queue", "sentAt": "sent", "receives": "received", "eventId": "event"}
    names |= {"detailType": "type", "tenantId": "tenant", "error": "error"}
    table = tables.headed(names.values())
    rows = [row for queue in queues for row in queue["messages"]]
    for row in rows:
        table.add_row(*(display.plain(row[name]) for name in names))
    parts: list[RenderableType] = [*map(_count, queues)]
    return Group(*parts, "", table) if rows else Group(*parts)


def _whole(page: display.Document) -> RenderableType:
    """Return a dead letter's page: facts, and the body as it would be sent again, indented if it is JSON."""
    facts = {name: value for name, value in page.items() if name != "body"}
    return Group(display.facts(facts), "", display.plain(display.indented(page["body"])))


def _count(queue: display.Document) -> str:
    shown, waiting = len(queue["messages"]), queue["waiting"]
    more = f", {shown} seen: SQS shows a sample, look at more with --limit" if shown < waiting else ""
    in_hand = f"; about {queue['inHand']} in somebody's hands" if queue["inHand"] else ""
    return f"{queue['queue']}: {f'about {waiting}' if waiting else 'none'}{more}{in_hand}"
