"""People who register, are invited and forget their passwords, while AWS refuses with messages that name them."""

import json
from collections.abc import Callable

from orchestrator.operations import users
from orchestrator.users.invitations import Guest
from tests.e2e.accounts import FIRST, SECOND, Somebody
from tests.e2e.aws_proxy import Answer, Call, Strike
from tests.e2e.dead_letters import reached
from tests.e2e.faults import refused
from tests.e2e.people_sweep import comes_back_soon
from tests.e2e.world import World, tenant, wait_until

OPEN = "quill-open"
NOT_VERIFIED = "Email address is not verified. The following identities failed the check in region US-EAST-1: {}"
NO_ADDRESS = "Invalid email address format: {}"
LARGE_ITEM = "One or more parameter values were invalid: {}"
NAME = f"Zoë O'Quill/{OPEN}"


def says(code: str, message: str, address: str) -> Strike:
    """Return a refusal by AWS whose message names a person, as those of SES and Cognito do."""

    def strike(call: Call, let_through: Callable[[], Answer]) -> Answer:
        return refused(code, message.format(address))

    return strike


def once(operation: str, address: str, strike: Strike) -> Callable[[Call], Strike | None]:
    """Return what strikes the first call of an operation that names an address."""
    struck: list[Call] = []

    def choose(call: Call) -> Strike | None:
        if struck or call.operation != operation or address.encode() not in call.body:
            return None
        struck.append(call)
        return strike

    return choose


def join(world: World) -> set[str]:
    """Let people join a tenant, with all that can go wrong, and return whatever must not be left behind."""
    world.onboard(tenant(OPEN, users={"signUp": "OPEN"}))
    zoe, guest = (Somebody(world, OPEN, f"zoe+{what}@o-quill.example") for what in ("registers", "invited"))
    secrets = {zoe.email, guest.email, NAME, FIRST, SECOND}

    refusals = (
        once("dynamodb:TransactWriteItems", zoe.email, says("ValidationException", LARGE_ITEM, NAME)),
        once("ses:SendEmail", zoe.email, says("MessageRejected", NOT_VERIFIED, zoe.email)),
    )
    with comes_back_soon(), world.proxy.struck_by(refusals[0]), world.proxy.struck_by(refusals[1]):
        link = zoe.link("register", name=NAME)
    clients, invited = reached()[0], Guest(guest.email, NAME, "auditor")
    users.invite(clients, world.stack.settings, OPEN, invited)
    wait_until(lambda: bool(guest.links()), "the invitation")

    no_user = once("cognito-idp:AdminCreateUser", zoe.email, says("InvalidParameterException", NO_ADDRESS, zoe.email))
    with world.proxy.struck_by(no_user):
        assert zoe.click(link, FIRST).status_code == 500
    assert zoe.click(link, "short").status_code == 400
    assert zoe.click(link, FIRST).status_code == 201
    assert zoe.click(link, FIRST).status_code == 410
    assert guest.click(guest.links()[0], FIRST).status_code == 201
    forgotten = zoe.link("forgot-password")
    assert zoe.click(forgotten, SECOND).status_code == 204
    assert zoe.ask("register", email=zoe.email, name=NAME).status_code == 202
    for wrong in ({"token": zoe.email}, {"token": NAME}, {"host": zoe.email}, {"password": json.dumps(NAME)}):
        assert zoe.ask("confirm", **{"token": link["token"], "password": FIRST} | wrong).status_code == 410
    for path in ("register", zoe.email):
        assert zoe.ask(path, email=NAME, name=zoe.email).status_code in {400, 404}
    signed_in = zoe.sign_in(SECOND)
    secrets |= {each["token"] for each in (link, forgotten, *guest.links())}
    return secrets | {signed_in.access_token, signed_in.id_token}
