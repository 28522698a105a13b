"""A stack with a live tenant of any tier, and its people: they ask for links, find them in their mail, and click."""

import itertools
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import read_record
from orchestrator.users import proofs, requests
from orchestrator.users.proofs import Brought
from orchestrator.users.requests import Received
from orchestrator.users.works import RESET, Claim, Purpose
from tests.unit.every_tier import mails
from tests.unit.faults import Wire
from tests.unit.users.users_table import rows

JANE = "jane@acme.example"
ADMIN = "admin@acme.example"
PASSWORD = "Correct-Horse-7-Battery"
OTHER = "Another-Horse-8-Battery"
TOKEN = re.compile(r"token=([\w-]+)")

_numbers = itertools.count(1)


@dataclass
class People:
    """The people of a stack's tenants."""

    clients: Clients
    settings: Settings
    wire: Wire
    lease_seconds: float = 60.0
    """Of each invocation; in the past, the next one need not wait."""

    def host(self, tenant_id: str = "acme") -> str:
        """Return the host name of a tenant."""
        return f"{tenant_id}.{self.settings.app_domain}"

    def tenant(self, tenant_id: str = "acme") -> Record:
        """Return the record of a tenant."""
        record = read_record(self.clients.dynamodb, self.settings.tenants_table, tenant_id)
        assert record
        return record

    def claim(self) -> Claim:
        """Return the claim of an invocation of its own."""
        return Claim(f"invocation-{next(_numbers)}", time.time() + self.lease_seconds)

    def ask(self, purpose: Purpose, email: str = JANE, *, host: str = "", name: str = "") -> None:
        """Ask for a link, as the public does."""
        requests.ask(self.clients, self.settings, purpose, host or self.host(), email, name)

    def waiting(self) -> list[str]:
        """Take what is on the queue."""
        sqs, url = self.clients.sqs, self.settings.proof_requests_queue
        taken: list[str] = []
        while got := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in got:
                taken.append(message["Body"])
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return taken

    def receive(self, body: str) -> Received:
        """Take one message of the queue, in an invocation of its own."""
        return requests.receive(self.clients, self.settings, body, self.claim())

    def receive_all(self) -> list[Received]:
        """Take every message of the queue."""
        return [self.receive(body) for body in self.waiting()]

    def mails(self) -> list[Any]:
        """Return the mails that were sent since the tenant was onboarded."""
        return [mail for mail in mails(self.wire) if TOKEN.search(mail["bodies"][0])]

    def tokens(self) -> list[str]:
        """Return the secrets in the mails, in their order."""
        return [TOKEN.findall(mail["bodies"][0])[0] for mail in self.mails()]

    def token(self, purpose: Purpose, email: str = JANE, **about: str) -> str:
        """Ask for a link and return its secret."""
        self.ask(purpose, email, **about)
        (answer,) = self.receive_all()
        assert answer.answer == "mailed", answer
        return self.tokens()[-1]

    def confirm(self, token: str, password: str = PASSWORD, host: str = "") -> str:
        """Click on a link, and choose a password; return the user's id."""
        return proofs.confirm(self.clients, self.settings, Brought(host or self.host(), token, password), self.claim())

    def reset(self, token: str, password: str = OTHER, host: str = "") -> str:
        """Click on the link of a forgotten password, and choose another; return the user's id."""
        return proofs.reset(self.clients, self.settings, Brought(host or self.host(), token, password), self.claim())

    def carry_out(self, purpose: Purpose) -> Callable[..., str]:
        """Return what is done with a link of a purpose."""
        return self.reset if purpose == RESET else self.confirm


def row(people: People, email: str = JANE) -> dict[str, Any]:
    """Return the one row of an address."""
    (found,) = [each for each in rows(people.clients) if each["email"] == email]
    return found


def signs_in(people: People, email: str, password: str) -> bool:
    """Tell whether somebody gets in with a password."""
    made, tenant = people.tenant()["resources"], people.tenant()
    name = email if tenant["tier"] == "silo" else f"acme/{email}"
    try:
        answer = people.clients.cognito.admin_initiate_auth(
            UserPoolId=made["userPoolId"],
            ClientId=made["appClientId"],
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )
    except people.clients.cognito.exceptions.NotAuthorizedException:
        return False
    return "AuthenticationResult" in answer
