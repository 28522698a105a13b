"""An email domain goes to one tenant: whoever first proves it by its own token, or is given it by an operator."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from orchestrator.aws.dynamodb import Change
from orchestrator.onboarding.outcome import record_outcome
from orchestrator.operations import amendments, domains
from orchestrator.operations.domains import Claim, LookUp, RefusedError, Verified
from orchestrator.routing import email_domains, routes
from orchestrator.routing.txt_records import LookUpError
from orchestrator.tenants import lifecycle
from tenant_onboarding.authorizer import registry, resolver
from tests.unit import faults, simulated_aws
from tests.unit.conftest import tenant_created
from tests.unit.every_tier import CASES, World
from tests.unit.kept_aws import KeptAws
from tests.unit.operations.undoing import Undoing
from tests.unit.simulated_aws import Stack

DOMAIN = "acme.example"
NAME = f"_tenant-onboarding.{DOMAIN}"
CLAIMS = {"subdomain": "acme", "emailDomains": [DOMAIN]}
MERGED = "the company was bought"


@pytest.fixture
def world(clients: Any, settings: Any, wire: Any, run: Any, published: Any, kept: KeptAws) -> World:
    return World(clients, settings, wire, run, Stack(clients, settings, wire, published), kept)


@pytest.fixture
def acme(world: World) -> World:
    """A stack with a tenant in use that claims a domain."""
    onboard(world, "acme")
    return world


def onboard(world: World, tenant_id: str, *claimed: str, case: str = "pool") -> None:
    asked = {"subdomain": tenant_id, "emailDomains": list(claimed or (DOMAIN,))}
    world.onboard(CASES[case], tenant_id, routing=asked)


def listed(world: World, tenant_id: str = "acme") -> list[Claim]:
    return domains.list_of(world.clients, world.settings, tenant_id)


def verify(world: World, tenant_id: str = "acme", *, dns: LookUp, domain: str | None = DOMAIN) -> Verified:
    (result,) = domains.verify(world.clients, world.settings, tenant_id, domain, dns)
    return result


def override(world: World, tenant_id: str = "acme", domain: str = DOMAIN) -> Verified:
    return domains.override(world.clients, world.settings, tenant_id, domain, MERGED)


def dns(*texts: str) -> LookUp:
    """Return a look-up that finds these texts under every name."""
    return lambda _name: list(texts)


def never(name: str) -> list[str]:
    raise AssertionError(f"nobody should ask for {name}")


def unable(_name: str) -> list[str]:
    raise LookUpError("no DNS server told")


def proof(world: World, *tenant_ids: str) -> LookUp:
    """Return a look-up that finds what these tenants are to publish, under the right name only."""
    records = [claim.txt_record for each in tenant_ids or ("acme",) for claim in listed(world, each)]
    return lambda name: [record.value for record in records if record.name == name]


def leads_to(world: World, address: str = f"jane@{DOMAIN}") -> str | None:
    found = resolver.find(world.clients.dynamodb, world.settings, "email", address)
    return found["tenantId"] if found else None


# Claims


def test_a_claim_says_what_to_publish_and_routes_nothing(acme: World) -> None:
    (claim,) = listed(acme)
    route = acme.stack.routes()[f"domain-claim#{DOMAIN}#acme"]
    assert claim.document() == {
        "tenantId": "acme",
        "domain": DOMAIN,
        "state": "CLAIMED",
        "claimedAt": route["reservedAt"],
        "verifiedAt": None,
        "verifiedBy": None,
        "override": None,
        "takenBy": None,
        "record": {"type": "TXT", "name": NAME, "value": f"tenant-onboarding={route['token']}"},
    }
    assert leads_to(acme) is None


def test_every_claim_has_a_token_of_its_own(acme: World) -> None:
    onboard(acme, "globex", DOMAIN, "globex.example")
    tokens = {claim.token for each in ("acme", "globex") for claim in listed(acme, each)}
    assert len(tokens) == 3
    assert all(len(token) == 32 for token in tokens)


def test_a_claim_from_before_there_were_tokens_gets_one_and_keeps_it(acme: World) -> None:
    change = Change("routes", {"routeKey": f"domain-claim#{DOMAIN}#acme"}).remove("token")
    acme.clients.dynamodb.update_item(**change.arguments())
    assert not verify(acme, dns=dns("tenant-onboarding=None", "tenant-onboarding=")).verified
    (first,), (second,) = listed(acme), listed(acme)
    assert first.token == second.token
    assert len(first.token) == 32


def test_the_claims_of_all_tenants_are_listed_by_domain(acme: World) -> None:
    onboard(acme, "globex", "beta.example", DOMAIN)
    verify(acme, dns=proof(acme))
    found = domains.list_all(acme.clients, acme.settings, 100)
    assert [(claim.domain, claim.tenant_id, claim.state) for claim in found] == [
        (DOMAIN, "acme", "VERIFIED"),
        (DOMAIN, "globex", "TAKEN"),
        ("beta.example", "globex", "CLAIMED"),
    ]
    assert len(domains.list_all(acme.clients, acme.settings, 2)) == 2


def test_a_list_that_takes_too_many_reads_is_refused(acme: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domains, "MOST_PAGES", 0)
    with pytest.raises(RefusedError, match="name a tenant"):
        domains.list_all(acme.clients, acme.settings, 100)


@pytest.mark.parametrize("ask", [listed, lambda world, each: verify(world, each, dns=never), override])
def test_an_unknown_tenant_is_said_to_be(ask: Callable[[World, str], object], world: World) -> None:
    with pytest.raises(RefusedError, match="no tenant nobody; see: onboard list"):
        ask(world, "nobody")


# Proving


def test_a_proved_domain_leads_to_its_tenant(acme: World) -> None:
    assert verify(acme, dns=proof(acme)) == Verified(DOMAIN, True, "is verified: it leads to acme")
    (claim,) = listed(acme)
    assert (claim.state, claim.document()["verifiedBy"]) == ("VERIFIED", "DNS")
    assert leads_to(acme) == "acme"
    by_host = resolver.find(acme.clients.dynamodb, acme.settings, "host", "acme.app.product.example")
    assert by_host == resolver.find(acme.clients.dynamodb, acme.settings, "email", f"jane@{DOMAIN}")


@pytest.mark.parametrize("case", ["bridge with SAML", "silo"])
def test_tenants_of_every_tier_can_prove_a_domain(case: str, world: World) -> None:
    onboard(world, "acme", case=case)
    assert verify(world, dns=proof(world)).verified
    assert leads_to(world) == "acme"


def test_all_domains_of_a_tenant_are_verified_at_once_and_each_is_told(world: World) -> None:
    onboard(world, "acme", DOMAIN, "beta.example")
    first, _ = listed(world)
    answers = {first.txt_record.name: [first.txt_record.value]}
    results = domains.verify(world.clients, world.settings, "acme", None, lambda name: answers.get(name, []))
    assert [(result.domain, result.verified) for result in results] == [(DOMAIN, True), ("beta.example", False)]


def test_a_token_among_other_peoples_texts_and_blanks_is_found(acme: World) -> None:
    value = listed(acme)[0].txt_record.value
    assert verify(acme, dns=dns("v=spf1 -all", "tenant-onboarding=other", f" {value}\t")).verified


def test_verifying_again_asks_nobody_and_changes_nothing(acme: World) -> None:
    verify(acme, dns=proof(acme))
    before = acme.stack.routes()
    again = verify(acme, dns=never)
    assert (again.verified, again.message[:26]) == (True, "is verified already, since")
    assert override(acme) == again
    assert acme.stack.routes() == before


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ((), f"no token at {NAME}, or DNS servers do not know it yet; publish {NAME} TXT "),
        (("v=spf1 secret",), f"no token at {NAME}, or DNS servers do not know it yet; publish {NAME} TXT "),
        (("tenant-onboarding=secret",), f"what {NAME} has is the token of another claim; publish {NAME} TXT "),
    ],
)
def test_a_domain_without_the_token_is_not_verified_and_what_to_do_is_said(
    found: tuple[str, ...], says: str, acme: World
) -> None:
    result = verify(acme, dns=dns(*found))
    assert result.message == f'{says}"{listed(acme)[0].txt_record.value}"'
    assert not result.verified
    assert leads_to(acme) is None


@pytest.mark.parametrize(
    "spoil", [str.upper, lambda value: f"{value}0", lambda value: value[:-1], lambda value: f'"{value}"']
)
def test_a_value_that_is_nearly_right_is_wrong(spoil: Callable[[str], str], acme: World) -> None:
    assert not verify(acme, dns=dns(spoil(listed(acme)[0].txt_record.value))).verified


def test_where_dns_does_not_tell_nothing_is_verified(acme: World) -> None:
    assert verify(acme, dns=unable) == Verified(DOMAIN, False, "no DNS server told")
    assert leads_to(acme) is None


def test_a_domain_that_is_not_claimed_is_not_looked_for(acme: World) -> None:
    with pytest.raises(RefusedError, match=r"acme does not claim globex\.example"):
        verify(acme, dns=never, domain="globex.example")
    onboard(acme, "globex", "globex.example")
    acme.onboard(CASES["pool"], "bare", routing={"subdomain": "bare"})
    with pytest.raises(RefusedError, match="bare claims no email domain"):
        domains.verify(acme.clients, acme.settings, "bare", None, never)


def test_a_tenant_that_is_not_in_use_gets_no_domain_and_keeps_its_claim(world: World) -> None:
    world.claim(CASES["pool"], routing=CLAIMS)
    refusal = "acme is IN_PROGRESS; its domains can be verified once it is COMPLETED"
    with pytest.raises(RefusedError, match=refusal):
        verify(world, dns=never)
    with pytest.raises(RefusedError, match=refusal):
        override(world)
    assert [claim.state for claim in listed(world)] == ["CLAIMED"]


# Another tenant's


def test_another_tenants_token_proves_nothing(acme: World) -> None:
    onboard(acme, "globex")
    result = verify(acme, "globex", dns=proof(acme, "acme"))
    assert (result.verified, "is the token of another claim" in result.message) == (False, True)
    assert leads_to(acme) is None


def test_whoever_proves_a_taken_domain_is_told_whose_it_is_and_what_to_do(acme: World) -> None:
    onboard(acme, "globex")
    both = proof(acme, "acme", "globex")
    assert verify(acme, dns=both).verified
    before = acme.stack.routes()
    result = verify(acme, "globex", dns=both)
    assert not result.verified
    assert result.message.startswith("its token is right, but it is acme's, since 20")
    assert result.message.endswith("take it from there, then verify again: onboard domains release acme acme.example")
    assert acme.stack.routes() == before
    (claim,) = listed(acme, "globex")
    assert (claim.state, claim.document()["takenBy"]) == ("TAKEN", "acme")


def test_that_a_domain_is_taken_is_said_to_those_who_do_not_prove_it_too(acme: World) -> None:
    onboard(acme, "globex")
    verify(acme, dns=proof(acme))
    message = verify(acme, "globex", dns=dns()).message
    assert message.startswith("no token at")
    assert "; besides, it is acme's, since" in message
    assert message.endswith("verify again: onboard domains release acme acme.example")
    assert override(acme, "globex").message.startswith("is acme's, since")


def test_a_released_domain_may_be_verified_by_another_and_the_claim_of_the_first_stays(acme: World) -> None:
    onboard(acme, "globex")
    both = proof(acme, "acme", "globex")
    verify(acme, dns=both)
    domains.release(acme.clients, acme.settings, "acme", DOMAIN)
    assert leads_to(acme) is None
    assert verify(acme, "globex", dns=both).verified
    assert leads_to(acme) == "globex"
    assert [claim.state for claim in listed(acme)] == ["TAKEN"]


def test_only_the_holder_can_be_released_of_a_domain(acme: World) -> None:
    onboard(acme, "globex")
    verify(acme, dns=proof(acme))
    for tenant_id, domain in (("globex", DOMAIN), ("acme", "globex.example")):
        with pytest.raises(RefusedError, match=f"is not a verified domain of {tenant_id}"):
            domains.release(acme.clients, acme.settings, tenant_id, domain)
    assert leads_to(acme) == "acme"


# Overrides


def test_an_override_is_kept_with_who_did_it_when_and_why(acme: World) -> None:
    assert override(acme).verified
    (claim,) = listed(acme)
    caller = acme.clients.sts.get_caller_identity()["Arn"]
    told = claim.document()
    assert told["override"] == {"by": caller, "reason": MERGED}
    assert told["verifiedBy"] == "OPERATOR"
    assert told["verifiedAt"] == acme.stack.routes()[f"domain#{DOMAIN}"]["activatedAt"]
    assert leads_to(acme) == "acme"
    assert MERGED not in str(resolver.find(acme.clients.dynamodb, acme.settings, "email", f"jane@{DOMAIN}"))


@pytest.mark.parametrize("domain", ["gmail.com", "tuta.com", "mailinator.com", "unican.es"])
def test_a_listed_domain_is_nobodys_by_an_override_and_its_holders_by_dns(world: World, domain: str) -> None:
    """A list names universities and companies too, but an operator could take its word for neither."""
    onboard(world, "acme", domain)
    result = override(world, domain=domain)
    assert (result.verified, result.message) == (False, f"{email_domains.LISTED}: {domains.PROVE_IT}")
    assert f"domain#{domain}" not in world.stack.routes()
    (claim,) = listed(world)
    assert verify(world, dns=dns(claim.txt_record.value), domain=domain).verified
    assert world.stack.routes()[f"domain#{domain}"]["tenantId"] == "acme"


def test_below_a_listed_domain_an_override_is_possible(world: World) -> None:
    onboard(world, "acme", "polizei.berlin.de")
    assert override(world, domain="polizei.berlin.de").verified


def test_an_override_needs_to_know_who_asks(acme: World) -> None:
    with acme.wire.strikes("GetCallerIdentity", faults.lost_response, times=3), pytest.raises(ReadTimeoutError):
        override(acme)
    assert leads_to(acme) is None


# Races and faults


def test_of_two_verifies_at_once_one_takes_and_both_succeed(acme: World) -> None:
    found = proof(acme)
    rival = faults.preceded_by(lambda: verify(acme, dns=found))
    with acme.wire.strikes("TransactWriteItems", rival):
        result = verify(acme, dns=found)
    assert (result.verified, result.message[:26]) == (True, "is verified already, since")
    assert leads_to(acme) == "acme"


def test_of_two_tenants_at_once_one_takes_and_the_other_is_told(acme: World) -> None:
    onboard(acme, "globex")
    both = proof(acme, "acme", "globex")
    with acme.wire.strikes("TransactWriteItems", faults.preceded_by(lambda: verify(acme, "globex", dns=both))):
        result = verify(acme, dns=both)
    assert not result.verified
    assert result.message.startswith("its token is right, but it is globex's")
    assert leads_to(acme) == "globex"


def test_a_claim_that_is_given_up_meanwhile_proves_nothing(acme: World) -> None:
    found = proof(acme)
    key = routes.domain_claim_key(DOMAIN, "acme")
    rival = faults.preceded_by(lambda: routes.release(acme.clients.dynamodb, "routes", "acme", [key]))
    with acme.wire.strikes("TransactWriteItems", rival):
        result = verify(acme, dns=found)
    assert result == Verified(DOMAIN, False, "the tenant or its claim changed meanwhile; look at it, then verify again")
    assert leads_to(acme) is None


@pytest.mark.parametrize("change", [{"status": lifecycle.FAILED}, {"placement": 1}], ids=["failed", "being removed"])
def test_a_tenant_that_is_no_longer_as_it_was_seen_gets_nothing(change: dict[str, Any], acme: World) -> None:
    found = proof(acme)
    rival = faults.preceded_by(lambda: acme.stack.change(**change))
    with acme.wire.strikes("TransactWriteItems", rival):
        assert not verify(acme, dns=found).verified
    assert leads_to(acme) is None


def test_a_domain_that_is_proved_while_its_tenant_is_suspended_leads_nowhere_yet(acme: World) -> None:
    found = proof(acme)
    acme.stack.change(status=lifecycle.SUSPENDED)
    assert verify(acme, dns=found) == Verified(DOMAIN, True, "is verified: it leads to acme once that is live again")
    assert (acme.stack.routes()[f"domain#{DOMAIN}"]["state"], leads_to(acme)) == ("SUSPENDED", None)


@pytest.mark.parametrize("strike", [faults.lost_response, faults.server_error_after_effect])
def test_a_lost_answer_is_asked_for_again(strike: Any, acme: World) -> None:
    with acme.wire.strikes("TransactWriteItems", strike):
        assert verify(acme, dns=proof(acme)).verified
    assert leads_to(acme) == "acme"


def test_after_answers_are_lost_for_good_the_command_may_be_repeated(acme: World) -> None:
    with (
        acme.wire.strikes("TransactWriteItems", faults.lost_response, times=3),
        pytest.raises(ReadTimeoutError),
    ):
        verify(acme, dns=proof(acme))
    assert verify(acme, dns=never).verified


def test_an_error_of_aws_is_no_answer(acme: World) -> None:
    denied = faults.access_denied("dynamodb:PutItem")
    with acme.wire.strikes("TransactWriteItems", denied), pytest.raises(ClientError):
        verify(acme, dns=proof(acme))
    assert leads_to(acme) is None


# What becomes of a tenant


def test_an_amendment_gives_new_domains_tokens_and_leaves_the_others(world: World) -> None:
    world.claim(CASES["pool"], routing=CLAIMS | {"emailDomains": [DOMAIN, "old.example"]})
    kept, _ = listed(world)
    record_outcome(world.clients, world.settings, simulated_aws.ended(simulated_aws.arn_of()))
    after = tenant_created(routing=CLAIMS | {"emailDomains": ["new.example", DOMAIN]})
    assert amendments.amend(world.clients, world.settings, "acme", after).attempt == 2
    new, same = listed(world)
    assert (new.domain, same) == ("new.example", kept)
    assert new.token != kept.token
    assert "domain-claim#old.example#acme" not in world.stack.routes()


def test_an_abandoned_tenants_claims_and_domains_are_free_and_its_token_proves_nothing_later(world: World) -> None:
    undoing = Undoing(world)
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail", routing=CLAIMS)
    published = [claim.txt_record.value for claim in listed(world)]
    item: Any = {"routeKey": f"domain#{DOMAIN}", "tenantId": "acme", "state": registry.ACTIVE, "target": {}}
    world.clients.dynamodb.put_item(TableName="routes", Item=item)
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED
    assert [key for key, route in world.stack.routes().items() if route.get("tenantId") == "acme"] == []
    assert listed(world) == []
    assert world.stack.receive(tenant_created(routing=CLAIMS), "event-again") == "started"
    (claim,) = listed(world)
    assert claim.txt_record.value not in published
