"""Who joins a tenant, is invited or forgot a password: by HTTP, the queue and the mail, with IAM enforced, by tier.

What one person goes through is in `test_accounts`; here is what invitations, first admins and federated tenants add,
who asks at the same time as somebody else, and a flood.
"""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.operations import deployment, users
from orchestrator.users.invitations import Guest
from tests.e2e.accounts import FIRST, SECOND, Somebody
from tests.e2e.dead_letters import reached, received
from tests.e2e.versions import deployed
from tests.e2e.world import World, saml, tenant, wait_until

TIERS = ("pool", "bridge", "silo")
SSO = "joins-sso"
OPEN = {"signUp": "OPEN"}
AT_ONCE = 4
"""So many bring the same link at the same moment: half of what the local AWS runs at once."""
REQUESTS, ADDRESSES, MOST = 200, 40, 60
"""Of a flood: so many registrations, of so many addresses, where a tenant may ask for so many mails a day."""
OF_ONE_ANSWER = {"date", "x-request-id", "apigw-requestid", "x-amzn-requestid", "x-amz-request-id", "x-amz-id-2"}
"""Headers that differ whoever asks."""
NOT_TAKEN = {429, 500, 503}
"""The local AWS has no function free."""


@pytest.fixture(scope="module")
def tenants(running_world: World) -> World:
    """A tenant of each tier that lets anybody register, and a federated silo."""
    details = [tenant(f"joins-{tier}", tier=tier, users=OPEN) for tier in TIERS]
    details.append(tenant(SSO, tier="silo", identityProviders=[saml(SSO)]))
    for detail in details:
        running_world.emit(detail)
    for detail in details:
        page = running_world.wait_for(detail["tenantId"], "COMPLETED", "FAILED")
        assert page["status"] == "COMPLETED", page["failure"]
    return running_world


def invite(world: World, somebody: Somebody, role: str) -> dict[str, Any]:
    """Invite somebody as an operator's command does."""
    guest = Guest(somebody.email, "Jane Doe", role)
    return users.invite(reached()[0], world.stack.settings, somebody.tenant_id, guest)


@pytest.mark.parametrize("tier", TIERS)
def test_who_is_invited_confirms_and_signs_in_with_the_role(tenants: World, tier: str) -> None:
    """Twice invited is mailed once; the id is the one that the invitation gave."""
    jane = Somebody(tenants, f"joins-{tier}", f"jane.invited@joins-{tier}.example")
    invited, again = (invite(tenants, jane, "auditor") for _ in range(2))
    assert (invited["again"], again["again"]) == (False, True)
    wait_until(lambda: bool(jane.links()), "the invitation")
    made = jane.click(jane.links()[0], FIRST)
    assert (made.status_code, made.json()) == (201, {"userId": invited["userId"]})
    claims = jane.sign_in(FIRST).claims
    assert (claims["tenantId"], claims["tenantRole"], claims["userId"]) == (
        jane.tenant_id,
        "auditor",
        invited["userId"],
    )
    tenants.wait_until_quiet()
    assert len(jane.links()) == 1


@pytest.mark.parametrize("tier", TIERS)
def test_an_admin_whose_first_password_was_never_used_gets_in_by_another(tenants: World, tier: str) -> None:
    """So does one whose first password ran out: Cognito takes the new one to keep."""
    admin = Somebody(tenants, f"joins-{tier}", f"first.user@joins-{tier}.example")
    assert admin.click(admin.link("forgot-password"), SECOND).status_code == 204
    assert admin.sign_in(SECOND).claims["tenantRole"] == "admin"


def test_a_new_password_ends_all_sessions(tenants: World) -> None:
    jane = Somebody(tenants, "joins-bridge", "jane.everywhere@joins-bridge.example")
    assert jane.click(jane.link("register"), FIRST).status_code == 201
    before = jane.sign_in(FIRST)
    made, cognito = tenants.record(jane.tenant_id)["resources"], tenants.stack.clients.cognito

    def renews(refresh_token: str) -> Any:
        parameters = {"REFRESH_TOKEN": refresh_token}
        return cognito.initiate_auth(
            ClientId=made["appClientId"], AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=parameters
        )

    assert renews(before.refresh_token)
    assert jane.click(jane.link("forgot-password"), SECOND).status_code == 204
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        renews(before.refresh_token)


def test_people_of_a_federated_silo_are_told_where_to_go_and_mailed_nothing(tenants: World) -> None:
    """Nobody learns so by asking for a link: the answer is the same, also for who is invited."""
    jane = Somebody(tenants, SSO, f"jane@{SSO}.example")
    invite(tenants, jane, "auditor")
    for path in ("register", "forgot-password"):
        answer = jane.ask(path, email=jane.email)
        assert (answer.status_code, answer.text) == (202, "{}")
    for path in ("confirm", "reset-password"):
        answer = jane.ask(path, token="A" * 22, password=FIRST)
        assert (answer.status_code, answer.json()["signInAddress"]) == (409, f"https://{jane.host}")
    tenants.wait_until_quiet()
    assert tenants.mails_to(jane.email) == []


@pytest.mark.parametrize("tier", TIERS)
def test_a_link_that_several_click_at_once_makes_one_user(tenants: World, tier: str) -> None:
    """One is told so, the others that it is under way or over; afterwards it is over for all."""
    jane = Somebody(tenants, f"joins-{tier}", f"jane.at.once@joins-{tier}.example")
    link = jane.link("register")
    passwords = [f"A-password-of-number-{number}" for number in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda password: jane.click(link, password).status_code, passwords))
    assert answers.count(201) == 1, answers
    assert set(answers) <= {201, 409, 410}, answers
    assert jane.click(link, SECOND).status_code == 410
    assert jane.sign_in(passwords[answers.index(201)]).claims["userId"]
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        jane.sign_in(passwords[answers.index(201) - 1])


def test_whoever_asks_is_answered_alike_after_the_same_calls(tenants: World) -> None:
    """A user, a stranger, somebody invited, a federated tenant's, one at no tenant's host: byte by byte."""
    jane = Somebody(tenants, "joins-pool", "first.user@joins-pool.example")
    federated = f"{SSO}.{tenants.stack.settings.app_domain}"
    seen = set()
    for path in ("register", "forgot-password"):
        for more in (
            {"email": jane.email},
            {"email": "stranger@nobody.example"},
            {"email": jane.email, "host": federated},
            {"email": jane.email, "host": f"nobody.{tenants.stack.settings.app_domain}"},
        ):
            start = len(tenants.proxy.seen)
            answer = jane.ask(path, **more)
            calls = [call.operation for call in tenants.proxy.seen[start:] if call.function == "proofs"]
            headers = {name: value for name, value in answer.headers.items() if name.lower() not in OF_ONE_ANSWER}
            seen.add((answer.status_code, answer.content, json.dumps(headers), tuple(calls)))
    ((status, body, _, made),) = seen
    assert (status, body) == (202, b"{}")
    assert made == ("dynamodb:GetItem", "sqs:SendMessage")


def test_a_flood_of_registrations_holds_the_budgets_and_all_other_mail_goes_out(tenants: World) -> None:
    """Neither an invitation there nor another tenant's welcome waits for the next day; the queue comes to its end."""
    somebody = [
        Somebody(tenants, "joins-pool", f"flood-{number % ADDRESSES}@nobody.example") for number in range(REQUESTS)
    ]
    with deployed("ProofRequests", ONBOARDING_MAILS_PER_TENANT_DAY=str(MOST)):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            assert set(pool.map(registers, somebody)) == {202}
        guest = Somebody(tenants, "joins-pool", "guest@joins-pool.example")
        invite(tenants, guest, "member")
        tenants.onboard(tenant("welcomed-in-a-flood"))
        wait_until(lambda: bool(guest.links()), "the invitation")
        wait_until(is_empty, "the queue to be empty")
        tenants.wait_until_quiet()
    mailed = Counter(to for mail in tenants.mails() for to in mail["To"] if to.startswith("flood-"))
    assert max(mailed.values()) <= 3
    assert sum(mailed.values()) <= MOST
    assert sum(mailed.values()) > MOST / 2, "others of this module take some of the budget, not most of it"
    assert guest.click(guest.links()[0], FIRST).status_code == 201
    clients, queues = reached()
    (letters,) = (queue for queue in queues if queue.name == "proof_requests")
    assert list(received(clients, letters.url)) == []


def registers(somebody: Somebody) -> int:
    """Register, again while no function is free, and return the answer."""
    while (status := somebody.ask("register", email=somebody.email).status_code) in NOT_TAKEN:
        continue
    return status


def is_empty() -> bool:
    """Tell whether no request waits, or is in a function's hands."""
    sqs: Any = reached()[0].sqs
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    url = deployment.outputs()["ProofRequestsQueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return all(found[name] == "0" for name in names)
