"""The function `members` on simulated AWS, and the people of some tenants, who sign in for tokens that they bring."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from handlers import account, member_callers, members, metrics, own_account
from orchestrator.aws import writes
from orchestrator.aws.dynamodb import Change
from orchestrator.users.member_contract import USERS
from tests.unit.every_tier import World
from tests.unit.handlers.account_api import GATEWAY, event
from tests.unit.handlers.api_gateway import Answer
from tests.unit.handlers.invocations import CONTEXT
from tests.unit.users.company import joins, row
from tests.unit.users.people import PASSWORD, People
from tests.unit.users.sign_ins import SignIns, signing_in

BOSS = "boss@acme.example"
TENANTS = ("acme", "globex", "hooli", "tyrell")


@dataclass
class Company:
    """The people of some tenants, each with an admin and somebody else."""

    people: People
    sign_ins: SignIns

    def token(self, tenant_id: str = "acme", email: str = BOSS) -> str:
        """Return the access token of somebody of a tenant, who signs in for it."""
        found: Any = self.sign_ins.sign_in(tenant_id, PASSWORD, email)
        return str(found.access_token)

    def ask(
        self, method: str, path: str, body: object = None, *, token: str | None = None, at: str = GATEWAY
    ) -> Answer:
        """Let the function answer, by default acme's admin."""
        path, _, query = path.partition("?")
        brought = self.token() if token is None else token
        made = event(method, path, body, at=at, headers={"authorization": f"Bearer {brought}"} if brought else {})
        pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
        answered = members.handler(made | {"queryStringParameters": dict(pairs), "rawQueryString": query}, CONTEXT)
        return Answer(answered["statusCode"], answered["headers"], answered["body"])

    def user(self, email: str, tenant_id: str = "acme") -> str:
        """Return the path of somebody."""
        return f"{USERS}/{row(self.people, email, tenant_id)['userId']}"


@pytest.fixture
def company(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """Four tenants, each with a boss and Jane."""
    with signing_in(world, *TENANTS) as sign_ins:
        people = People(world.clients, world.settings, world.wire)
        for tenant_id in TENANTS:
            joins(people, BOSS, "admin", tenant_id)
            joins(people, f"colleague@{tenant_id}.example", tenant_id=tenant_id)
        chosen = world.settings.model_copy(update={"member_roles": ("editor",)})
        for module in (members, member_callers, own_account, account, metrics):
            monkeypatch.setattr(module, "settings", lambda: chosen)
        monkeypatch.setattr(member_callers, "clients", lambda: world.clients)
        monkeypatch.setattr(member_callers, "keys", lambda: sign_ins.keys)
        world.wire.attempts.clear()
        yield Company(people, sign_ins)


def sessions(company: Company, tenant_id: str = "acme", email: str = BOSS) -> int:
    """Return how many sessions of somebody can go on, at whatever app client."""
    user = company.sign_ins.user(tenant_id, email)
    grants = company.sign_ins.cognito.grants.values()
    mine = [each for each in grants if (each.at[0], each.user) == (user["UserPoolId"], user["Username"])]
    return sum(not each.revoked for each in mine)


def change_row(company: Company, **fields: str) -> None:
    """Let the row of acme's admin say something else."""
    key = {"tenantId": "acme", "item": row(company.people, BOSS)["item"]}
    for name, value in fields.items():
        writes.in_turn(company.people.clients.dynamodb.update_item, **Change("users", key).set(name, value).arguments())
