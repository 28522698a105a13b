"""People who use the account API of the deployed template: they ask for links, find them in their mail, and click."""

import re
from dataclasses import dataclass

import requests

from orchestrator.local.first_sign_in import SignedIn, by_password, signed_in
from orchestrator.operations import deployment
from tests.e2e.world import World, wait_until

LINK = re.compile(r"https://(?P<host>\S+)/#action=(?P<action>\w+)&token=(?P<token>[\w-]+)")
FIRST, SECOND = "A-password-that-I-chose-1", "Another-that-I-chose-2"
"""Passwords that every tenant's policy takes."""
SECONDS = 30


@dataclass(frozen=True)
class Somebody:
    """Somebody with an address, at the host of a tenant."""

    world: World
    tenant_id: str
    email: str

    @property
    def host(self) -> str:
        """The tenant's host."""
        return f"{self.tenant_id}.{self.world.stack.settings.app_domain}"

    def ask(self, path: str, **body: object) -> requests.Response:
        """Ask the account API, by the tenant's host unless the body names another."""
        address = self.world.stack.local_address(deployment.outputs()["AccountApiUrl"])
        return requests.post(f"{address}/auth/{path}", json={"host": self.host} | body, timeout=SECONDS)

    def links(self) -> list[dict[str, str]]:
        """Return the links in this address's mail, in their order."""
        found = (LINK.search(mail["BodyText"]) for mail in self.world.mails_to(self.email))
        return [each.groupdict() for each in found if each]

    def link(self, path: str, **body: str) -> dict[str, str]:
        """Have a link mailed and return it: at which host, for what, with which token."""
        before = len(self.links())
        answer = self.ask(path, email=self.email, **body)
        assert (answer.status_code, answer.text) == (202, "{}"), answer.text
        wait_until(lambda: len(self.links()) > before, f"a link for {self.tenant_id}")
        return self.links()[-1]

    def click(self, link: dict[str, str], password: str) -> requests.Response:
        """Bring a link's secret and the password that is to be."""
        path = {"confirm": "confirm", "reset": "reset-password"}[link["action"]]
        return self.ask(path, token=link["token"], password=password)

    def sign_in(self, password: str) -> SignedIn:
        """Sign in; raises KeyError if the password is not enough, and what the SDK raises for a wrong one."""
        stack, page = self.world.stack, self.world.show(self.tenant_id)
        username = self.email if page["tier"] == "silo" else f"{self.tenant_id}/{self.email}"
        resources = page["resources"] | {"adminUsername": username}
        tokens = by_password(stack.clients, resources, password)["AuthenticationResult"]
        received = (tokens["IdToken"], tokens["AccessToken"], tokens["RefreshToken"])
        return signed_in(stack.ministack.endpoint, resources, *received)
