"""What people's stories share: where they ask, how many at once, the mail as it is delivered, and who is struck now."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import jwt
import requests
from botocore.exceptions import ClientError

from orchestrator.local.first_sign_in import by_password
from orchestrator.tenants import tiers
from orchestrator.users.requests import Request
from tests.e2e.accounts import LINK
from tests.e2e.aws_proxy import Answer, Call, Strike
from tests.e2e.dead_letters import reached
from tests.e2e.people_blows import FUNCTIONS, MAIL
from tests.e2e.world import World

AT_THE_DOOR = 4
"""The local AWS runs eight functions at a time; the queue and those that are struck need some of them."""
SECONDS = 40
SIGN_IN_TRIES = 5
ASKS = "sqs:SendMessage"
NOT_IN = {"NotAuthorizedException", "UserNotFoundException", "UserNotConfirmedException"}
"""What Cognito says of whom it does not let in."""

Chooser = Callable[[Call], Strike | None]
Link = dict[str, str]


class Town:
    """A stack whose tenants' people are looked after by `accounts` alone."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.mails: dict[str, list[str]] = defaultdict(list)
        """The texts that were delivered, by address."""
        self.requests: dict[str, list[str]] = defaultdict(list)
        """The ids of the requests that are on the queue, or were, by address."""
        self.struck: dict[str, Chooser] = {}
        """By tenant, what strikes its people now."""
        self.tenants: dict[str, dict[str, Any]] = {}
        """The records of those who live here."""
        self.admins: dict[str, str] = {}
        """By tenant, the access token of who looks after its people."""
        self.operators, _ = reached()
        """The clients of whoever invites."""
        self._address = world.stack.account_api_url
        self._gate = threading.BoundedSemaphore(AT_THE_DOOR)

    def choose(self, call: Call) -> Strike | None:
        """Return what happens to a call of people's functions; what mails and asks is noted if it takes effect."""
        if call.function not in FUNCTIONS:
            return None
        chooser = self.struck.get(call.tenant_id or "")
        strike = chooser(call) if chooser else None
        if call.operation not in {MAIL, ASKS}:
            return strike

        def noting(struck: Call, let_through: Callable[[], Answer]) -> Answer:
            def through() -> Answer:
                answer = let_through()
                if answer[0] == 200:
                    self._note(struck)
                return answer

            return strike(struck, through) if strike else through()

        return noting

    def _note(self, call: Call) -> None:
        body = json.loads(call.body)
        if call.operation == MAIL:
            (to,) = body["Destination"]["ToAddresses"]
            self.mails[to].append(body["Content"]["Simple"]["Body"]["Text"]["Data"])
        else:
            request = Request.from_json(body["MessageBody"])
            self.requests[request.email].append(request.request_id)

    def links(self, email: str) -> list[Link]:
        """Return the links that an address was mailed, in their order."""
        return [found.groupdict() for text in list(self.mails[email]) if (found := LINK.search(text))]

    def post(self, path: str, body: dict[str, str]) -> tuple[int, str]:
        """Ask the account API; return status and body, 0 if there was no answer."""
        with self._gate:
            try:
                answer = requests.post(f"{self._address}/auth/{path}", json=body, timeout=SECONDS)
            except requests.RequestException:
                return 0, ""
        return answer.status_code, answer.text

    def look_after(self, admin: str, method: str, path: str, body: dict[str, str] | None) -> tuple[int, str]:
        """Ask for a tenant's people by an admin's token; return status and body, 0 if there was no answer."""
        with self._gate:
            try:
                answer = requests.request(
                    method,
                    f"{self._address}/users{path}",
                    json=body,
                    headers={"Authorization": f"Bearer {admin}"},
                    timeout=SECONDS,
                )
            except requests.RequestException:
                return 0, ""
        return answer.status_code, answer.text

    def claims(self, tenant_id: str, email: str, password: str) -> dict[str, Any] | None:
        """Sign in, and return the claims of the ID token; None if the password is not enough."""
        tokens = self.tokens(tenant_id, email, password)
        claims: dict[str, Any] = jwt.decode(tokens["IdToken"], options={"verify_signature": False}) if tokens else {}
        return claims or None

    def tokens(self, tenant_id: str, email: str, password: str) -> dict[str, Any] | None:
        """Sign in, and return the tokens; None if the password is not enough."""
        record = self.tenants[tenant_id]
        username = tiers.USER_NAMES[record["tier"]].format(tenantId=tenant_id, email=email)
        resources = record["resources"] | {"adminUsername": username}
        for _ in range(SIGN_IN_TRIES):
            try:
                with self._gate:
                    return dict(by_password(self.world.stack.clients, resources, password)["AuthenticationResult"])
            except ClientError as error:
                if error.response["Error"]["Code"] in NOT_IN:
                    return None
                time.sleep(1)  # the trigger may be throttled
            except KeyError:
                return None
        return None
