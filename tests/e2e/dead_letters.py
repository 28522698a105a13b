"""Queues of the deployed stack as an operator reaches them, where they take nothing but TLS."""

from botocore.awsrequest import AWSRequest

from orchestrator.aws.clients import Clients
from orchestrator.operations import deployment
from orchestrator.operations.dead_letters import DeadLetterQueue


def reached() -> tuple[Clients, tuple[DeadLetterQueue, ...]]:
    """Return the dead-letter queues, and clients that they take calls from."""
    clients, queues = deployment.dead_letter_queues()
    clients.sqs.meta.events.register("before-sign.sqs", _as_over_tls)
    return clients, queues


def received(clients: Clients, url: str) -> list[str]:
    """Return the messages of a queue, which stay in it."""
    found = clients.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    return [message["Body"] for message in found.get("Messages", [])]


def _as_over_tls(request: AWSRequest, **_: object) -> None:
    """The queues refuse plain HTTP, which is all that the local AWS speaks; a proxy that ends TLS says so like this."""
    request.headers["X-Forwarded-Proto"] = "https"
