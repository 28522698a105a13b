"""One person's story under a blow: asks for a link, finds it in the mail, clicks, and signs in.

An answer that is an error, or none, is asked for again, as people do. Whatever lasts ends after some strikes, as if an
operator stepped in.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from orchestrator.aws import writes
from orchestrator.tenants.ledger import timestamp
from orchestrator.tenants.records import read_item
from orchestrator.users import addresses, invitations, local_users, statuses, store, works
from orchestrator.users.ids import new_ulid
from tests.e2e.accounts import FIRST, SECOND
from tests.e2e.blows import FOR_EVER
from tests.e2e.faults import Fault
from tests.e2e.inventory import Complaint
from tests.e2e.people_blows import FORGOTTEN, INVITATION, LOOKED_AFTER, PersonBlow
from tests.e2e.people_town import Link, Town

WAIT_SECONDS = 180.0
"""Longer than a message takes to come back after the lease of a function that died."""
AGAIN_SECONDS = 1.0
LASTS = 3
"""After so many strikes an operator steps in."""
NO_ANSWER = {0, 429, 500, 502, 503, 504}
"""After these people try again: they may have been heard or not."""
UNDER_WAY, ENDED, ASKED, GONE_ON = 409, 410, 202, (201, 204)
ROLE, NAME = "auditor", "Jane Doe"
DONE, NOT_THERE = (200, 204), 404
ADMIN = "admin.of.people"
CHANGED: tuple[tuple[str, dict[str, str] | None, bool], ...] = (
    ("PATCH", {"role": statuses.ADMIN}, True),
    ("PATCH", {"status": "DISABLED"}, False),
    ("PATCH", {"status": "ACTIVE"}, True),
    ("DELETE", None, False),
)
"""What an admin does to somebody, in turn, and whether they can sign in afterwards."""


@dataclass
class Outcome:
    """What came of one person."""

    blow: PersonBlow
    tenant_id: str
    email: str
    user_id: str = ""
    asked: int = 0
    struck: int = 0
    links: list[Link] = field(default_factory=list)
    """Those that there were when one was used."""
    complaints: list[Complaint] = field(default_factory=list)

    @property
    def role(self) -> str:
        """What the person is to be."""
        return ROLE if self.blow.variant == INVITATION else statuses.MEMBER

    @property
    def password(self) -> str:
        """What the person chose last."""
        return SECOND if self.blow.variant == FORGOTTEN else FIRST

    def complain(self, kind: str, text: str) -> None:
        """Say what is wrong."""
        self.complaints.append(Complaint(kind, f"{self.email}: {text}"))


class StuckError(Exception):
    """It did not go on."""


class Story:
    """One person, from the first request to the sign-in."""

    def __init__(self, town: Town, outcome: Outcome, fault: Fault | None = None) -> None:
        self.outcome, self._town, self._fault = outcome, town, fault
        self._stack = town.world.stack
        self._tenant = town.tenants[outcome.tenant_id]
        self._admin = ""
        self._host = f"{outcome.tenant_id}.{self._stack.settings.app_domain}"

    def begin(self) -> None:
        """Bring about what was before: who forgot a password, or is looked after, is a user; there is an admin."""
        if self.outcome.blow.variant in {FORGOTTEN, LOOKED_AFTER}:
            self.outcome.user_id = _user(self._town, self.outcome.tenant_id, self.outcome.email)
        if self.outcome.blow.variant == LOOKED_AFTER:
            self._admin = _admin(self._town, self.outcome.tenant_id)

    def live(self) -> None:
        """Do it all, and complain about what was said and is not true."""
        try:
            {INVITATION: self._is_invited, FORGOTTEN: self._forgets, LOOKED_AFTER: self._is_looked_after}.get(
                self.outcome.blow.variant, self._registers
            )()
            self._settle()
        except StuckError as stuck:
            self.outcome.complain("stuck", str(stuck))
        if self._fault:
            self.outcome.struck = self._fault.struck

    def _registers(self) -> None:
        self._ask("register", name=NAME)
        self._use("confirm", self._mailed(), FIRST)

    def _is_invited(self) -> None:
        """Whoever is invited clicks once the work of the mail is over: no repeat of it meets a user."""
        guest = invitations.Guest(self.outcome.email, NAME, ROLE)
        invited = invitations.invite(self._town.operators, self._stack.settings, self._tenant, guest)
        self.outcome.user_id, self.outcome.asked = invited.user_id, 1
        self._town.requests[self.outcome.email].append(invited.user_id)
        self._mailed()
        self._settle()
        self._use("confirm", self._mailed(), FIRST)

    def _forgets(self) -> None:
        self._ask("forgot-password")
        self._use("reset-password", self._mailed(), SECOND)
        if self._claims(FIRST):
            self.outcome.complain("false success", "the former password signs in")

    def _is_looked_after(self) -> None:
        """An admin asks until it is done: what was said to be done must be so at once."""
        for method, body, signs_in in CHANGED:
            failed = False
            for _ in self._while(f"{method} {body} to be taken"):
                status, text = self._town.look_after(self._admin, method, f"/{self.outcome.user_id}", body)
                if status in DONE or (status == NOT_THERE and failed and method == "DELETE"):
                    break
                if status not in NO_ANSWER and status != UNDER_WAY:
                    self.outcome.complain("wrong", f"{method} {body} answered {status} {text}")
                    return
                failed = True
            claims = self._claims(FIRST)
            if (claims is not None) != signs_in:
                self.outcome.complain("false success", f"{method} {body} is done, and who signs in is {claims}")
            elif claims and claims.get("tenantRole") != statuses.ADMIN:
                self.outcome.complain("wrong", f"the token says {claims}, expected an admin")

    def _ask(self, path: str, **more: str) -> None:
        """Ask until it is taken; nobody can know whether a request that was not answered was."""
        body = {"host": self._host, "email": self.outcome.email.title(), **more}
        for _ in self._while("the request to be taken"):
            self.outcome.asked += 1
            status, text = self._town.post(path, body)
            if status == ASKED:
                if text != "{}":
                    self.outcome.complain("wrong", f"{path} answered {text}")
                return
            if status not in NO_ANSWER:
                self.outcome.complain("wrong", f"{path} answered {status} {text}")

    def _mailed(self) -> Link:
        """Wait for the mail, and return its link."""
        self._until(lambda: bool(self._town.links(self.outcome.email)), "the mail")
        return self._town.links(self.outcome.email)[-1]

    def _use(self, path: str, link: Link, password: str) -> None:
        """Click until it is done: what was said to be done must be, and what failed must go on."""
        self.outcome.links = self._town.links(self.outcome.email)
        failed = False
        for _ in self._while("the link to be taken"):
            status, text = self._bring(path, link, password)
            if status in GONE_ON or (status == ENDED and failed):
                break
            if status not in NO_ANSWER and status != UNDER_WAY:
                self.outcome.complain("wrong", f"{path} answered {status} {text}")
                break
            failed = True
        claims = self._claims(password)
        if claims is None:
            self.outcome.complain("false success", f"{path} answered {status} and the password does not sign in")
            return
        self.outcome.user_id = self.outcome.user_id or claims.get("userId", "")
        expected = (self.outcome.tenant_id, self.outcome.role, self.outcome.user_id)
        if (claims.get("tenantId"), claims.get("tenantRole"), claims.get("userId")) != expected:
            self.outcome.complain("wrong", f"the token says {claims}, expected {expected}")
        if path == "confirm" and status in GONE_ON and self.outcome.user_id not in text:
            self.outcome.complain("wrong", f"confirm answered {text}, and the user is {self.outcome.user_id}")

    def _settle(self) -> None:
        """Wait until every mail that was asked for has left, and see that no link is used twice."""
        email = self.outcome.email
        self._until(lambda: all(map(self._is_over, list(self._town.requests[email]))), "every mail to be noted as sent")
        path = "reset-password" if self.outcome.blow.variant == FORGOTTEN else "confirm"
        for link in self.outcome.links:
            status = 0
            for _ in self._while("a used link to be refused"):
                status, _ = self._bring(path, link, "Somebody-else-chose-this-3")
                if status not in NO_ANSWER:
                    break
            if status != ENDED:
                self.outcome.complain("duplicate", f"a link of a used attempt answered {status}")

    def _is_over(self, request_id: str) -> bool:
        key = works.link_key(self.outcome.tenant_id, request_id)
        item = read_item(self._stack.clients.dynamodb, self._stack.settings.users_table, key)
        return bool(item and item[works.LINK.status] == works.DONE)

    def _bring(self, path: str, link: Link, password: str) -> tuple[int, str]:
        return self._town.post(path, {"host": self._host, "token": link["token"], "password": password})

    def _claims(self, password: str) -> dict[str, Any] | None:
        return self._town.claims(self.outcome.tenant_id, self.outcome.email, password)

    def _until(self, holds: Callable[[], bool], what: str) -> None:
        for _ in self._while(what, seconds=0.2):
            if holds():
                return

    def _while(self, what: str, seconds: float = AGAIN_SECONDS) -> Iterator[None]:
        """Go round until the caller is content; raises StuckError after too long."""
        until = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < until:
            yield
            if self._fault and self._fault.times == FOR_EVER and self._fault.struck >= LASTS:
                self._fault.times = 0
            time.sleep(seconds)
        raise StuckError(f"waited in vain for {what}")


def _admin(town: Town, tenant_id: str) -> str:
    """Return the access token of an admin of a tenant, who is made the first time."""
    if tenant_id not in town.admins:
        email = f"{ADMIN}@{tenant_id}.example"
        _user(town, tenant_id, email, statuses.ADMIN)
        tokens = town.tokens(tenant_id, email, FIRST)
        assert tokens
        town.admins[tenant_id] = str(tokens["AccessToken"])
    return town.admins[tenant_id]


def _user(town: Town, tenant_id: str, email: str, role: str = statuses.MEMBER) -> str:
    """Make somebody who is a user with a password, and return the id."""
    clients, settings, tenant = town.world.stack.clients, town.world.stack.settings, town.tenants[tenant_id]
    wanted = store.User(
        user_id=new_ulid(),
        tenant_id=tenant_id,
        email=email,
        address=addresses.hashed(clients, settings, email),
        name=NAME,
        role=role,
        status=statuses.ACTIVE,
        created_at=timestamp(time.time()),
    )
    user = local_users.make(clients.cognito, tenant, wanted)
    local_users.set_password(clients.cognito, user, FIRST)
    writes.transact(clients.dynamodb, store.confirmed(settings.users_table, user, None))
    return user.user_id
