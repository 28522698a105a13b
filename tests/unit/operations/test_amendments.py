"""A failed tenant's corrected request takes the place of the wrong one, all at once, and contradicts nothing made."""

import ast
import itertools
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from orchestrator import steps
from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import ConfigurationError, OnboardingError, TransientError
from orchestrator.aws.settings import JUDGED_BY, Settings
from orchestrator.identity import cognito, identity_providers, shared_pools
from orchestrator.onboarding import changeable_fields, intake, request
from orchestrator.onboarding.outcome import record_outcome
from orchestrator.onboarding.reconcile import reconcile
from orchestrator.operations import Amended, abandon, amend, retry
from orchestrator.operations.amendments import CANNOT, preview
from orchestrator.operations.retries import CHANGED_MEANWHILE
from orchestrator.routing import routes
from orchestrator.tenants import lifecycle, tiers
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import REQUEST
from tenant_onboarding.contracts.fields import TIERS
from tests import pages
from tests.unit import faults, simulated_aws
from tests.unit.cli.command_line import Run as Onboard
from tests.unit.cli.command_line import run as onboard
from tests.unit.cli.command_line import stack as deployed
from tests.unit.conftest import REGION, tenant_created, turn
from tests.unit.every_tier import user_pools
from tests.unit.faults import Wire
from tests.unit.identity.providers import ACME, DETAILS, METADATA, SECRET_TEXT, names, provider
from tests.unit.identity.user_pools import SHARED
from tests.unit.simulated_aws import Stack, arn_of, ended
from tests.unit.tenant_onboarding.event_fields import FIELDS

__all__ = ["deployed", "onboard"]

ELSEWHERE = "eu-west-1"
STARTED = "TenantOnboardingStarted"
DOCUMENTED = "| field | may change until this is done or in doubt |"
SHARED_POOL = "TenantOnboarding-shared-001"
OWN_CLIENT = "TenantOnboarding-tenant-acme"
SAML = DETAILS["SAML"]
MENDED = SAML | {"metadataUrl": "https://login.acme.example/metadata"}
SECOND = SAML | {"name": "Second", "metadataUrl": "https://second.acme.example/metadata"}
dead_address = faults.refused("InvalidParameterException", "Error retrieving metadata from https://idp.acme.example")


BEGUN = "its abandonment was begun; run: onboard abandon acme"


@dataclass(frozen=True)
class Desk:
    """One stack, the tenant acme in it, and an operator who amends it."""

    stack: Stack
    owners: Any

    @property
    def clients(self) -> Clients:
        """The product's clients."""
        return self.stack.clients

    @property
    def wire(self) -> Wire:
        """What they speak through."""
        return self.stack.wire

    def run(self, *names: str, attempt: int = 1, **which: Any) -> None:
        """Run steps, each as an invocation of its own."""
        for name in names:
            owner = f"invocation-{next(self.owners)}"
            steps.run(self.clients, self.stack.settings, "acme", turn(name, owner, attempt=attempt, **which))

    def fail(self, attempt: int = 1) -> None:
        """Let the execution of an attempt have failed."""
        record_outcome(self.clients, self.stack.settings, ended(arn_of(attempt=attempt)))
        assert self.stack.record()["status"] == lifecycle.FAILED

    def stop_before(self, step: str, **changes: Any) -> dict[str, Any]:
        """Claim acme, run the steps before one, and let the execution fail there; return the event's detail."""
        detail = tenant_created(**changes)
        assert self.stack.receive(detail) == intake.STARTED
        path = self.path
        self.run(*path[: path.index(step)])
        self.fail()
        return detail

    @property
    def path(self) -> tuple[str, ...]:
        """The steps of acme as its record stands."""
        record = self.stack.record()
        return tiers.path(record["tier"], federated=record["federated"])

    def go_on(self, attempt: int = 2) -> Record:
        """Run what is left of acme's path; return its record, which is COMPLETED then."""
        record = self.stack.record()
        self.run(*(step for step in self.path if record["steps"][step]["status"] != "DONE"), attempt=attempt)
        record = self.stack.record()
        assert record["status"] == lifecycle.COMPLETED
        return record

    def amend(self, detail: Any) -> Amended:
        """Amend acme."""
        return amend(self.clients, self.stack.settings, "acme", detail)

    def preview(self, detail: Any) -> Amended:
        """Ask what an amendment of acme would do."""
        return preview(self.clients, self.stack.settings, "acme", detail)

    def everything(self) -> dict[str, Any]:
        """Return all items of all tables, and the executions there are."""
        pools = shared_pools.list_rows(self.clients, self.stack.settings)
        counted = (self.stack.counters(), self.stack.failures())
        return {
            "items": self.stack.items(),
            "routes": self.stack.routes(),
            "pools": pools,
            "counters": counted,
            "executions": simulated_aws.executions(),
        }


@pytest.fixture
def desk(clients: Clients, settings: Settings, wire: Wire, published: Callable[[], list[dict[str, Any]]]) -> Desk:
    return Desk(Stack(clients, settings, wire, published), itertools.count(1))


def fields(answer: Amended) -> list[str]:
    """Return the fields that an answer gives reasons for."""
    return [reason.field for reason in answer.reasons]


# which field may change when


def test_every_field_of_the_contract_has_a_decision_and_no_other() -> None:
    """Whoever adds a field says which steps build it into something; the tenant's id alone never changes."""
    assert set(changeable_fields.HELD_BY) == set(FIELDS) - {"tenantId"}
    assert {step for holders in changeable_fields.HELD_BY.values() for step in holders} == set(changeable_fields.HOLDER)
    assert set(changeable_fields.HOLDER) <= {step for tier in TIERS for step in all_steps(tier)}


def test_operations_says_which_steps_hold_which_field() -> None:
    told = {
        field: set(pages.names(cell)) & set(changeable_fields.HOLDER)
        for shown, cell in pages.rows(pages.OPERATIONS, DOCUMENTED)
        for field in changeable_fields.HELD_BY
        if any(field.startswith(name) for name in pages.names(shown))
    }
    assert told == {field: set(holders) for field, holders in changeable_fields.HELD_BY.items()}


def all_steps(tier: Any) -> set[str]:
    return {step for federated in (False, True) for step in tiers.path(tier, federated=federated)}


ROUTING = {"subdomain": "acme", "tenantCode": "ACME-42"}
POLICY = {
    "minimumLength": 20,
    "requireLowercase": False,
    "requireUppercase": False,
    "requireNumbers": False,
    "requireSymbols": False,
    "temporaryPasswordValidityDays": 3,
    "passwordHistorySize": 4,
}
ADMIN = {"email": "admin@acme.example", "name": "Acme Admin"}
EVERYWHERE: dict[str, tuple[dict[str, Any], str]] = {
    "tenantName": ({"tenantName": "Acme Ltd."}, ""),
    "routing.subdomain": ({"routing": ROUTING | {"subdomain": "acme-new"}}, "CreateAppClient"),
    "routing.tenantCode": ({"routing": ROUTING | {"tenantCode": "ACME-43"}}, "RegisterRouting"),
    "routing.emailDomains": ({"routing": ROUTING | {"emailDomains": ["acme.example"]}}, ""),
    "admin.email": ({"admin": ADMIN | {"email": "other@acme.example"}}, "CreateTenantAdmin"),
    "admin.name": ({"admin": ADMIN | {"name": "Other"}}, "CreateTenantAdmin"),
    "admin.locale": ({"admin": ADMIN | {"locale": "de-AT"}}, ""),
}
OWN_CLIENTS: dict[str, tuple[dict[str, Any], str]] = EVERYWHERE | {
    "appClient.callbackUrls": ({"appClient": {"callbackUrls": ["https://acme.example/in"]}}, "CreateAppClient"),
    "appClient.logoutUrls": ({"appClient": {"logoutUrls": ["https://acme.example/out"]}}, "CreateAppClient"),
}
CHANGES: dict[str, tuple[dict[str, Any], dict[str, tuple[dict[str, Any], str]]]] = {
    "pool": (
        {"tier": "pool"},
        EVERYWHERE
        | {
            "routing.subdomain": (EVERYWHERE["routing.subdomain"][0], "RegisterRouting"),
            "tier": ({"tier": "silo"}, "AssignSharedPool"),
            "tier, the plan's name": ({"tier": "basic"}, ""),
        },
    ),
    "bridge": (
        {"tier": "bridge"},
        OWN_CLIENTS
        | {
            "tier": ({"tier": "silo"}, "AssignSharedPool"),
            "identityProviders, the first one": ({"identityProviders": [SAML]}, "AssignSharedPool"),
        },
    ),
    "bridge with SAML": (
        {"tier": "bridge", "identityProviders": [SAML]},
        OWN_CLIENTS
        | {
            "admin.email": (EVERYWHERE["admin.email"][0], "SendWelcomeEmail"),
            "admin.name": (EVERYWHERE["admin.name"][0], ""),
            "tier": ({"tier": "silo"}, "AssignSharedPool"),
            "identityProviders, its address": ({"identityProviders": [MENDED]}, "CreateIdentityProviders"),
            "identityProviders, another": ({"identityProviders": [SECOND]}, "CreateIdentityProviders"),
            "identityProviders, one more": ({"identityProviders": [SAML, SECOND]}, "AssignSharedPool"),
            "identityProviders, none": ({"identityProviders": []}, "AssignSharedPool"),
        },
    ),
    "silo": (
        {"tier": "silo"},
        OWN_CLIENTS
        | {
            "tier": ({"tier": "bridge"}, "CreateUserPool"),
            "region": ({"region": ELSEWHERE}, "CreateUserPool"),
            "security.mfa": ({"security": {"mfa": "ON"}}, "ConfigureUserPool"),
            **{
                f"security.passwordPolicy.{name}": ({"security": {"passwordPolicy": {name: value}}}, "CreateUserPool")
                for name, value in POLICY.items()
            },
            "identityProviders, the first one": ({"identityProviders": [SAML]}, "CreateAppClient"),
        },
    ),
    "silo with SAML": (
        {"tier": "silo", "identityProviders": [SAML]},
        {
            "identityProviders, one more": ({"identityProviders": [SAML, SECOND]}, "CreateIdentityProviders"),
            "identityProviders, none": ({"identityProviders": []}, "CreateIdentityProviders"),
        },
    ),
}
"""By kind of tenant: each field, a change of it, and the step that, once done, forbids it; none for never."""
SETS_ANEW = {
    "ConfigureUserPool": {"security.mfa"},
    "CreateIdentityProviders": {"identityProviders, its address", "identityProviders, one more"},
}
"""What may change while the step that would forbid it is in doubt: it brings up to it what it made before."""


def test_each_field_is_tried_on_some_kind_of_tenant() -> None:
    tried = {name.split(",")[0] for _, changed in CHANGES.values() for name in changed}
    assert tried == set(changeable_fields.HELD_BY)


def refused(desk: Desk, kind: str, record: Record) -> set[str]:
    """Try every change of a kind of tenant, as its record stands; return those that are refused, each in good words."""
    changes, changed = CHANGES[kind]
    settings = desk.stack.settings.model_copy(update={"regions": (ELSEWHERE,)})
    before = request.judge(settings, tenant_created(**changes))
    found = set()
    for name, (change, _) in changed.items():
        detail = tenant_created(**(changes | change))
        after, field = request.judge(settings, detail), name.split(",")[0]
        differences = changeable_fields.differences(settings, record, before, after)
        assert {each.held_as for each in differences} == {field}, name
        asked = request.asked_for(settings, after, detail)
        for reason in changeable_fields.contradictions(desk.clients, record, asked, before, after, differences):
            assert reason.field.startswith(field)
            assert reason.message.endswith("abandon the tenant, then emit it anew: onboard abandon acme")
            found.add(name)
    return found


@pytest.mark.parametrize("kind", CHANGES)
def test_each_field_may_change_until_a_step_that_holds_it_is_done_or_in_doubt(kind: str, desk: Desk) -> None:
    """At each step: before it is begun, refused by AWS, begun by somebody who died, and done."""
    changes, changed = CHANGES[kind]
    assert desk.stack.receive(tenant_created(**changes)) == intake.STARTED
    done: set[str] = set()
    for step in desk.path:
        record = desk.stack.record()

        def at(status: str, begun: int, settled: int, record: Record = record, step: str = step) -> Record:
            entry = {"status": status, "begun": begun, "settled": settled}
            return record | {"steps": record["steps"] | {step: entry}}

        held = {name for name, (_, holder) in changed.items() if holder in done}
        its_own = {name for name, (_, holder) in changed.items() if holder == step}
        assert refused(desk, kind, record) == held
        of_several_calls = its_own if step == "CreateTenantAdmin" else set()
        assert refused(desk, kind, at("FAILED", 1, 1)) == held | of_several_calls, step
        for status, begun, settled in (("RUNNING", 1, 0), ("FAILED", 2, 1), ("PENDING", 2, 1)):
            assert refused(desk, kind, at(status, begun, settled)) == held | its_own - SETS_ANEW.get(step, set()), step
        desk.run(step)
        done.add(step)
    assert refused(desk, kind, desk.stack.record()) == {name for name, (_, holder) in changed.items() if holder}


def test_a_reason_says_what_holds_the_field_and_what_to_do(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin", tier="bridge")
    answer = desk.amend(detail | {"routing": {"subdomain": "acme-new"}})
    assert (answer.attempt, answer.message) == (0, CANNOT)
    assert [reason.model_dump() for reason in answer.reasons] == [
        {
            "field": "routing.subdomain",
            "message": "is part of the tenant's app client already; abandon the tenant, then emit it anew: "
            "onboard abandon acme",
        }
    ]


# whole stories


def test_a_dead_metadata_address_is_amended_and_there_is_one_of_everything(desk: Desk) -> None:
    detail = tenant_created(tier="bridge", identityProviders=[SECOND, SAML])
    desk.stack.receive(detail)
    desk.run("AssignSharedPool", "CreateTenantGroup")
    with desk.wire.strikes("CreateIdentityProvider", dead_address, spare=1), pytest.raises(ConfigurationError):
        desk.run("CreateIdentityProviders")
    desk.fail()
    answer = desk.amend(detail | {"identityProviders": [SECOND, MENDED]})
    assert (answer.attempt, answer.message) == (2, "attempt 2 started")
    assert answer.document()["changes"] == [
        {
            "field": "identityProviders.AcmeSSO.metadataUrl",
            "before": SAML["metadataUrl"],
            "after": MENDED["metadataUrl"],
        }
    ]
    record = desk.go_on()
    assert {step["begun"] for name, step in record["steps"].items() if name != "CreateIdentityProviders"} == {1}
    pool = user_pools(desk.clients)[SHARED_POOL]
    assert (set(pool["clients"]), pool["groups"], pool["users"]) == ({SHARED_POOL, OWN_CLIENT}, {"acme"}, set())
    assert pool["providers"] == {f"{ACME}-AcmeSSO", f"{ACME}-Second"}
    assert metadata_of(desk.clients, pool["id"], "AcmeSSO") == MENDED["metadataUrl"]
    assert metadata_of(desk.clients, pool["id"], "Second") == SECOND["metadataUrl"]
    (row,) = shared_pools.list_rows(desk.clients, desk.stack.settings)
    assert (row["groups"], row["appClients"], row["identityProviders"]) == (3, 2, 2)
    assert saml_claims(desk) == {claim_of(SECOND), claim_of(MENDED)}
    assert desk.stack.counters() == {"COMPLETED#bridge": 1}
    assert desk.stack.failures() == {}
    assert simulated_aws.executions() == ["acme-1", "acme-2"]
    assert [event["attempt"] for event in desk.stack.published(STARTED)] == [1, 2]


def metadata_of(clients: Clients, pool_id: str, name: str) -> str:
    found = clients.cognito.describe_identity_provider(UserPoolId=pool_id, ProviderName=f"{ACME}-{name}")
    return found["IdentityProvider"]["ProviderDetails"]["MetadataURL"]


def claim_of(asked: dict[str, Any]) -> str:
    (action,) = routes_claims(asked)
    return str(action["Put"]["Item"]["routeKey"])


def routes_claims(asked: dict[str, Any]) -> list[dict[str, Any]]:
    return [action for _, action in routes.saml_claims("routes", "acme", [provider("SAML", **asked)], "now")]


def saml_claims(desk: Desk) -> set[str]:
    return {key for key in desk.stack.routes() if key.startswith("saml#")}


@pytest.mark.parametrize("strike", [faults.lost_response, faults.death_after], ids=["lost response", "death"])
def test_a_provider_that_was_made_unseen_gets_what_was_amended(strike: Any, desk: Desk) -> None:
    detail = tenant_created(tier="bridge", identityProviders=[SAML])
    desk.stack.receive(detail)
    desk.run("AssignSharedPool", "CreateTenantGroup")
    with (
        desk.wire.strikes("CreateIdentityProvider", strike, times=faults.ALWAYS),
        pytest.raises((TransientError, faults.DeathError)),
    ):
        desk.run("CreateIdentityProviders", lease=-1)
    desk.fail()
    assert desk.amend(detail | {"identityProviders": [MENDED]}).attempt == 2
    desk.go_on()
    pool = user_pools(desk.clients)[SHARED_POOL]
    assert pool["providers"] == {f"{ACME}-AcmeSSO"}
    assert metadata_of(desk.clients, pool["id"], "AcmeSSO") == MENDED["metadataUrl"]


def test_a_provider_that_is_in_cognito_must_stay_and_one_that_is_not_may_go(desk: Desk) -> None:
    """The record does not tell at which of them the step failed, so Cognito is asked."""
    detail = tenant_created(tier="silo", identityProviders=[SECOND, SAML])
    desk.stack.receive(detail)
    desk.run("CreateUserPool", "ConfigureUserPool", "CreateTenantGroup")
    with desk.wire.strikes("CreateIdentityProvider", dead_address, spare=1), pytest.raises(ConfigurationError):
        desk.run("CreateIdentityProviders")
    desk.fail()
    desk.wire.attempts.clear()
    answer = desk.amend(detail | {"identityProviders": [SAML | {"name": "Renamed"}]})
    assert [reason.model_dump() for reason in answer.reasons] == [
        {
            "field": "identityProviders.Second",
            "message": f"is in Cognito already, as {ACME}-Second: keep it, or abandon the tenant, then emit it anew: "
            "onboard abandon acme",
        }
    ]
    assert desk.wire.count("DescribeIdentityProvider") == 2
    retyped = {"name": "Second", "type": "OIDC", "issuer": "https://login.acme.example", "clientId": "acme"}
    secret = desk.clients.secrets.create_secret(Name="tenant-onboarding/acme/oidc", SecretString=SECRET_TEXT)["ARN"]
    refused = desk.amend(detail | {"identityProviders": [retyped | {"clientSecretArn": secret}]})
    assert fields(refused) == ["identityProviders.Second"]
    assert desk.amend(detail | {"identityProviders": [SECOND, SAML | {"name": "Renamed"}]}).attempt == 2
    desk.go_on()
    pool = user_pools(desk.clients)["TenantOnboarding-silo-acme"]
    assert pool["providers"] == {f"{ACME}-Second", f"{ACME}-Renamed"}


def test_a_provider_whose_user_pool_is_to_be_made_again_counts_as_there(desk: Desk) -> None:
    detail = tenant_created(tier="silo", identityProviders=[SAML])
    desk.stack.receive(detail)
    desk.run("CreateUserPool", "ConfigureUserPool", "CreateTenantGroup")
    with desk.wire.strikes("CreateIdentityProvider", dead_address), pytest.raises(ConfigurationError):
        desk.run("CreateIdentityProviders")
    desk.fail()
    assert retry(desk.clients, desk.stack.settings, "acme", redo="CreateUserPool").attempt == 2
    desk.fail(attempt=2)
    answer = desk.amend(detail | {"identityProviders": [SECOND]})
    assert fields(answer) == ["identityProviders.AcmeSSO"]


def test_a_mistyped_admin_is_amended_before_it_is_made(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    assert desk.amend(detail | {"admin": {"email": "right@acme.example"}}).attempt == 2
    record = desk.go_on()
    assert record["admin"] == {"email": "right@acme.example"}
    assert user_pools(desk.clients)[SHARED_POOL]["users"] == {"acme/right@acme.example"}
    (mail,) = desk.wire.bodies("SendEmail")
    assert mail["Destination"] == {"ToAddresses": ["right@acme.example"]}


def test_a_mistyped_address_of_a_federated_tenant_is_amended_once_it_was_refused(desk: Desk) -> None:
    detail = tenant_created(tier="bridge", identityProviders=[SAML])
    desk.stack.receive(detail)
    desk.run(*desk.path[: desk.path.index("SendWelcomeEmail")])
    refused = faults.refused("MessageRejected", "Email address is not verified")
    with desk.wire.strikes("SendEmail", refused), pytest.raises(ConfigurationError):
        desk.run("SendWelcomeEmail")
    desk.fail()
    assert desk.amend(detail | {"admin": {"email": "right@acme.example"}}).attempt == 2
    desk.go_on()
    assert desk.wire.bodies("SendEmail")[-1]["Destination"] == {"ToAddresses": ["right@acme.example"]}


def test_a_subdomain_is_swapped_and_the_earlier_one_is_free_for_another_tenant(desk: Desk) -> None:
    domains = {"emailDomains": ["acme.example", "old.example"]}
    detail = desk.stop_before("CreateAppClient", tier="bridge", routing=ROUTING | domains)
    routing = {"subdomain": "acme-new", "emailDomains": ["acme.example", "new.example"]}
    assert desk.amend(detail | {"routing": routing}).attempt == 2
    assert set(desk.stack.routes()) == {
        "subdomain#acme-new",
        "domain-claim#acme.example#acme",
        "domain-claim#new.example#acme",
    }
    assert desk.stack.receive(tenant_created("globex", routing=ROUTING), "event-2") == intake.STARTED
    record = desk.go_on()
    assert record["routeKeys"] == ["subdomain#acme-new"]
    (client,) = (body for body in desk.wire.bodies("CreateUserPoolClient") if body["ClientName"] == OWN_CLIENT)
    assert client["CallbackURLs"] == ["https://acme-new.app.product.example/auth/callback"]
    holders = {key: route["tenantId"] for key, route in desk.stack.routes().items() if "Id" not in key}
    assert holders["subdomain#acme-new"] == "acme"
    assert holders["subdomain#acme"] == holders["code#ACME-42"] == "globex"


def test_a_tenant_that_fits_into_no_shared_user_pool_becomes_a_silo_tenant(desk: Desk) -> None:
    detail = tenant_created(tier="bridge", identityProviders=[SAML])
    desk.stack.receive(detail)
    desk.fail()
    security = {"mfa": "ON", "passwordPolicy": {"minimumLength": 20}}
    assert desk.amend(detail | {"tier": "premium", "security": security}).attempt == 2
    assert desk.stack.counters() == {"IN_PROGRESS#silo": 1}
    assert desk.stack.failures() == {}
    assert saml_claims(desk) == set()
    assert desk.stack.published(STARTED)[-1]["tier"] == "silo"
    assert json.loads(desk.wire.bodies("StartExecution")[-1]["input"])["tier"] == "silo"
    record = desk.go_on()
    assert (record["plan"], record["tier"]) == ("premium", "silo")
    assert desk.stack.counters() == {"COMPLETED#silo": 1}
    pools = user_pools(desk.clients)
    assert set(pools) == {"TenantOnboarding-silo-acme"}
    (created,) = desk.wire.bodies("CreateUserPool")
    assert created["Policies"]["PasswordPolicy"]["MinimumLength"] == 20


def test_what_only_the_earlier_tier_knows_is_gone_with_it(desk: Desk) -> None:
    detail = desk.stop_before("CreateUserPool", tier="silo", identityProviders=[SAML], region=REGION)
    assert "security" in desk.stack.record()
    del detail["region"]
    assert desk.amend(detail | {"tier": "bridge", "identityProviders": []}).attempt == 2
    record = desk.go_on()
    assert "security" not in record
    assert (record["federated"], record["identityProviderCount"]) == (False, 0)
    assert user_pools(desk.clients)[SHARED_POOL]["users"] == {"acme/admin@acme.example"}


def test_an_amendment_can_be_amended(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    wrong = detail | {"admin": {"email": "wrong@acme.example"}}
    right = detail | {"admin": {"email": "right@acme.example"}}
    assert desk.amend(wrong).attempt == 2
    desk.fail(attempt=2)
    assert desk.amend(right).attempt == 3
    desk.go_on(attempt=3)
    for known in (detail, wrong, right):
        assert desk.stack.receive(known, "late") == intake.REPEATED
    assert desk.stack.rejections() == []
    assert user_pools(desk.clients)[SHARED_POOL]["users"] == {"acme/right@acme.example"}


# events of before and after


def test_a_late_repeat_of_either_event_changes_nothing_and_is_no_rejection(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    amended = detail | {"admin": {"email": "right@acme.example"}}
    desk.amend(amended)
    before = desk.everything()
    for number, known in enumerate((detail, amended)):
        assert desk.stack.receive(known, f"late-{number}") == intake.REPEATED
    assert desk.everything() == before
    assert desk.stack.receive(detail | {"tenantName": "Other"}, "other") == "rejected"


def test_the_corrected_event_that_was_rejected_before_is_known_afterwards(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    amended = detail | {"admin": {"email": "right@acme.example"}}
    assert desk.stack.receive(amended, "too-early") == "rejected"
    assert desk.amend(amended).attempt == 2
    assert desk.stack.receive(amended, "emitted again") == intake.REPEATED
    assert len(desk.stack.rejections()) == 1


def test_the_execution_of_the_earlier_attempt_can_do_no_more(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    desk.amend(detail | {"admin": {"email": "right@acme.example"}})
    with pytest.raises(OnboardingError, match="has taken over"):
        desk.run("CreateTenantAdmin", attempt=1)
    assert user_pools(desk.clients)[SHARED_POOL]["users"] == set()


# keys of others

TAKEN: dict[str, tuple[dict[str, Any], str]] = {
    "subdomain": ({"routing": {"subdomain": "globex", "tenantCode": "ACME-42"}}, "routing.subdomain"),
    "tenant code": ({"routing": {"subdomain": "acme", "tenantCode": "GLOBEX-42"}}, "routing.tenantCode"),
    "SAML provider": ({"identityProviders": [SECOND]}, "identityProviders[0].metadataUrl"),
}


@pytest.mark.parametrize("key", TAKEN)
def test_a_key_of_another_tenant_is_refused_by_its_field_and_nothing_is_changed(key: str, desk: Desk) -> None:
    change, field = TAKEN[key]
    theirs = tenant_created("globex", tier="bridge", identityProviders=[SECOND])
    assert desk.stack.receive(theirs, "event-2") == intake.STARTED
    detail = desk.stop_before("CreateIdentityProviders", tier="bridge", identityProviders=[SAML])
    before = desk.everything()
    for act in (desk.preview, desk.amend):
        answer = act(detail | {"tenantName": "Acme Ltd."} | change)
        assert (answer.attempt, answer.message, fields(answer)) == (0, CANNOT, [field])
        assert "another" in answer.reasons[0].message
        assert desk.everything() == before
    assert desk.amend(detail | {"tenantName": "Acme Ltd."}).attempt == 2


def test_a_key_that_is_taken_at_the_last_moment_is_refused_too(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")

    def rival() -> None:
        assert desk.stack.receive(tenant_created("globex"), "event-2") == intake.STARTED

    with desk.wire.strikes("TransactWriteItems", faults.preceded_by(rival)):
        answer = desk.amend(detail | {"routing": {"subdomain": "globex"}})
    assert fields(answer) == ["routing.subdomain"]
    assert desk.stack.record()["status"] == lifecycle.FAILED
    assert {key: route["tenantId"] for key, route in desk.stack.routes().items()} == {
        "subdomain#acme": "acme",
        "code#ACME-42": "acme",
        "subdomain#globex": "globex",
        "code#GLOBEX-42": "globex",
    }


def test_an_earlier_key_that_leads_somewhere_is_not_given_up(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    desk.clients.dynamodb.update_item(
        TableName="routes",
        Key={"routeKey": "subdomain#acme"},
        UpdateExpression="SET #state = :active",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":active": "ACTIVE"},
    )
    before = desk.everything()
    answer = desk.amend(detail | {"routing": ROUTING | {"subdomain": "acme-new"}})
    assert [reason.model_dump() for reason in answer.reasons] == [
        {
            "field": "routing.subdomain",
            "message": "the earlier key subdomain#acme is in use or another tenant's; find out why in the routes table",
        }
    ]
    assert desk.everything() == before


# who may be amended


@pytest.mark.parametrize("status", [lifecycle.PENDING, lifecycle.IN_PROGRESS, lifecycle.COMPLETED])
def test_a_tenant_that_did_not_fail_is_not_amended(status: str, desk: Desk) -> None:
    detail = tenant_created()
    desk.stack.receive(detail)
    desk.stack.change(status=status)
    before = desk.everything()
    answer = desk.amend(detail | {"tenantName": "Other"})
    assert answer == Amended("acme", 0, f"is {status}; only a FAILED tenant can be amended")
    assert desk.everything() == before


@pytest.mark.parametrize("status", [lifecycle.FAILED, lifecycle.ABANDONING, lifecycle.ABANDONED])
def test_a_tenant_whose_abandonment_was_begun_is_not_amended(status: str, desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    assert abandon(desk.clients, desk.stack.settings, "acme").attempt == 2
    assert desk.stack.record()["status"] == lifecycle.ABANDONING
    desk.stack.change(status=status)
    before = desk.everything()
    answer = desk.amend(detail | {"tenantName": "Other"})
    done = status == lifecycle.ABANDONED
    told = "was abandoned; to onboard it again, emit its event anew" if done else BEGUN
    assert answer == Amended("acme", 0, told)
    assert desk.everything() == before


def test_an_abandonment_that_begins_at_the_same_moment_wins(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    begins = faults.preceded_by(lambda: desk.stack.change(abandonment={"attempt": 1}))
    with desk.wire.strikes("TransactWriteItems", begins):
        answer = desk.amend(detail | {"tenantName": "Other"})
    assert (answer.attempt, answer.message) == (0, CHANGED_MEANWHILE)
    assert desk.stack.record()["tenantName"] == "Acme Inc."


def test_a_tenant_that_nobody_knows_is_not_amended(desk: Desk) -> None:
    assert desk.amend(tenant_created()) == Amended("acme", 0, "is not known; see: onboard list")


def test_while_a_step_may_be_at_work_nothing_is_amended(desk: Desk) -> None:
    """It could finish, and write down as done what it made of the earlier request."""
    detail = tenant_created(tier="bridge", identityProviders=[SAML])
    desk.stack.receive(detail)
    desk.run("AssignSharedPool", "CreateTenantGroup")
    with desk.wire.strikes("CreateIdentityProvider", faults.death_before), pytest.raises(faults.DeathError):
        desk.run("CreateIdentityProviders", lease=30)
    desk.fail()
    answer = desk.amend(detail | {"identityProviders": [MENDED]})
    assert answer.attempt == 0
    assert answer.message in {f"one of its steps may still be at work; try again in {n} s" for n in (29, 30, 31)}


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_changed(desk: Desk) -> None:
    desk.stop_before("CreateTenantAdmin")
    before = desk.everything()
    wrong = tenant_created("globex", admin={"email": "nobody"}, region=ELSEWHERE, more=1)
    answer = desk.amend(wrong)
    assert (answer.attempt, answer.message) == (0, CANNOT)
    assert fields(answer) == ["admin.email", "more", "region", "tenantId"]
    nonsense: Any
    for nonsense in ([], "acme", None, 7):
        assert fields(desk.amend(nonsense)) == ["detail"]
    assert desk.everything() == before


def test_the_event_of_another_tenant_is_refused(desk: Desk) -> None:
    desk.stop_before("CreateTenantAdmin")
    answer = desk.amend(tenant_created("globex"))
    assert [reason.model_dump() for reason in answer.reasons] == [
        {"field": "tenantId", "message": "must stay acme: the event is another tenant's"}
    ]


def test_an_event_that_asks_for_the_same_is_no_amendment(desk: Desk) -> None:
    """However it is put: what is left out stands for its default."""
    detail = desk.stop_before("CreateUserPool", tier="silo")
    before = desk.everything()
    spelled_out = {"region": REGION, "security": {"mfa": "OPTIONAL"}, "appClient": {}, "identityProviders": []}
    for same in (detail, detail | spelled_out):
        answer = desk.amend(same)
        assert answer == Amended("acme", 0, "asks for nothing else than it did; to try again: onboard retry acme")
    assert desk.everything() == before


def test_a_plan_that_now_stands_for_another_tier_is_a_change_of_tier(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantGroup", tier="standard")
    anew = desk.stack.settings.model_copy(update={"plans": {"standard": "silo"}})
    answer = preview(desk.clients, anew, "acme", detail | {"tenantName": "Acme Ltd."})
    assert fields(answer) == ["tier"]
    assert [(each.field, each.before, each.after) for each in answer.changes] == [
        ("tenantName", "Acme Inc.", "Acme Ltd."),
        ("tier", "standard (bridge)", "standard (silo)"),
    ]
    assert preview(desk.clients, anew, "acme", detail | {"tier": "bridge"}).attempt == 2


def test_an_earlier_request_that_this_version_does_not_allow_is_told_by_its_field(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    asked = json.loads(desk.stack.items()["acme", REQUEST]["request"])
    desk.stack.change(item=REQUEST, request=json.dumps(asked | {"forgotten": True}))
    with pytest.raises(ConfigurationError, match="forgotten"):
        desk.amend(detail | {"tenantName": "Other"})


def test_of_two_operators_at_once_one_amends(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    first, second = (detail | {"admin": {"email": f"{name}@acme.example"}} for name in ("first", "second"))
    answers: list[Amended] = []
    with desk.wire.strikes("TransactWriteItems", faults.preceded_by(lambda: answers.append(desk.amend(first)))):
        answers.append(desk.amend(second))
    assert [(answer.attempt, answer.message) for answer in answers] == [
        (2, "attempt 2 started"),
        (0, CHANGED_MEANWHILE),
    ]
    assert desk.stack.record()["admin"] == {"email": "first@acme.example"}
    assert simulated_aws.executions() == ["acme-1", "acme-2"]
    assert desk.stack.counters() == {"IN_PROGRESS#pool": 1}


def test_a_retry_at_the_same_moment_wins_or_loses_as_a_whole(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    rival = faults.preceded_by(lambda: retry(desk.clients, desk.stack.settings, "acme"))
    with desk.wire.strikes("TransactWriteItems", rival):
        answer = desk.amend(detail | {"admin": {"email": "right@acme.example"}})
    assert (answer.attempt, answer.message) == (0, CHANGED_MEANWHILE)
    assert desk.stack.record()["admin"] == ADMIN
    assert simulated_aws.executions() == ["acme-1", "acme-2"]


# faults

CALLS = ("GetItem", "GetItem", "GetItem", "TransactWriteItems", "StartExecution", "PutEvents", "UpdateItem")
"""What an amendment calls: the tenant brought up to date, seen, its request; then the move, the start, its event."""
SDK_TRIES = 3
STRIKES = {
    "lost response": faults.lost_response,
    "server error": faults.server_error,
    "death before": faults.death_before,
    "death after": faults.death_after,
}


def test_an_amendment_makes_these_calls(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    desk.wire.attempts.clear()
    desk.amend(detail | {"routing": {"subdomain": "acme-new"}})
    assert tuple(desk.wire.operations()) == CALLS


@pytest.mark.parametrize("fault", STRIKES)
@pytest.mark.parametrize("call", range(len(CALLS)), ids=[f"{number}-{name}" for number, name in enumerate(CALLS)])
def test_a_fault_at_any_call_leaves_all_or_nothing_and_is_made_good(call: int, fault: str, desk: Desk) -> None:
    """Either nothing has changed, or the amended attempt is started by reconcile at the latest, and published."""
    detail = desk.stop_before("AssignSharedPool")
    amended = detail | {"routing": {"subdomain": "acme-new"}}
    before = desk.everything()
    spare = CALLS[:call].count(CALLS[call])
    strikes = desk.wire.strikes(CALLS[call], STRIKES[fault], times=SDK_TRIES, spare=spare)
    with strikes, suppress(ClientError, BotoCoreError, OnboardingError, faults.DeathError):
        desk.amend(amended)
    record = desk.stack.record()
    if record["status"] == lifecycle.FAILED:
        assert desk.everything() == before
        assert desk.amend(amended).attempt == 2
    desk.stack.age()
    assert reconcile(desk.clients, desk.stack.settings)["failed"] == 0
    record = desk.stack.record()
    assert (record["status"], record["attempt"], record["outbox"]) == (lifecycle.IN_PROGRESS, 2, {})
    assert record["routeKeys"] == ["subdomain#acme-new"]
    assert set(desk.stack.routes()) == {"subdomain#acme-new"}
    assert desk.stack.counters() == {"IN_PROGRESS#pool": 1}
    assert simulated_aws.executions() == ["acme-1", "acme-2"]
    assert {event["attempt"] for event in desk.stack.published(STARTED)} == {1, 2}


def test_a_conflicting_write_is_waited_out_and_is_no_refusal(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    conflict = faults.cancelled("None", "TransactionConflict", "None", "None")
    with desk.wire.strikes("TransactWriteItems", conflict, times=2):
        assert desk.amend(detail | {"tenantName": "Acme Ltd."}).attempt == 2


def test_a_failed_condition_in_company_of_a_conflict_is_no_verdict(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    mixed = faults.cancelled("None", "TransactionConflict", "None", "ConditionalCheckFailed", "None", "None")
    with (
        desk.wire.strikes("TransactWriteItems", mixed, times=faults.ALWAYS),
        pytest.raises(ClientError, match="TransactionConflict"),
    ):
        desk.amend(detail | {"routing": {"subdomain": "acme-new"}})
    assert desk.stack.record()["status"] == lifecycle.FAILED


def test_a_failure_that_no_event_told_of_is_recorded_first(desk: Desk) -> None:
    detail = tenant_created()
    desk.stack.receive(detail)
    ended(arn_of())
    assert desk.amend(detail | {"tenantName": "Acme Ltd."}).attempt == 2


def test_a_preview_writes_nothing(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    desk.wire.attempts.clear()
    answer = desk.preview(detail | {"routing": {"subdomain": "acme-new"}})
    assert (answer.attempt, answer.message) == (2, "would start attempt 2")
    assert set(desk.wire.operations()) == {"GetItem"}


# a provider that exists


@pytest.mark.parametrize(
    "after",
    [{"metadataUrl": "https://new.acme.example/metadata"}, {"attributeMapping": {"email": "mail"}}],
    ids=["metadata", "mapping"],
)
def test_a_saml_provider_of_the_tenants_is_brought_up_to_what_is_asked(
    after: dict[str, Any], clients: Clients, settings: Settings, wire: Wire
) -> None:
    pool_id = cognito.create_user_pool(clients, settings, SHARED)
    identity_providers.create(clients.cognito, pool_id, "acme", provider("SAML"), None)
    for _ in range(2):
        identity_providers.create(clients.cognito, pool_id, "acme", provider("SAML", **after), None)
    assert wire.count("UpdateIdentityProvider") == 1
    asked = identity_providers.parameters(pool_id, "acme", provider("SAML", **after), None)
    found = clients.cognito.describe_identity_provider(UserPoolId=pool_id, ProviderName=asked["ProviderName"])
    assert found["IdentityProvider"]["ProviderDetails"] == asked["ProviderDetails"]
    assert found["IdentityProvider"]["AttributeMapping"] == asked["AttributeMapping"]
    assert names(clients, pool_id) == [asked["ProviderName"]]


def test_metadata_itself_takes_the_place_of_its_address(clients: Clients, settings: Settings, wire: Wire) -> None:
    pool_id = cognito.create_user_pool(clients, settings, SHARED)
    identity_providers.create(clients.cognito, pool_id, "acme", provider("SAML"), None)
    document = provider("SAML", metadataUrl=None, metadataDocument=METADATA)
    identity_providers.create(clients.cognito, pool_id, "acme", document, None)
    (update,) = wire.bodies("UpdateIdentityProvider")
    assert update["ProviderDetails"] == {"MetadataFile": METADATA, "IDPSignout": "false"}


# the command line


@pytest.fixture
def file(tmp_path: Path) -> Callable[[Any], Path]:
    """Write a detail into a file."""

    def file(detail: Any) -> Path:
        path = tmp_path / "acme.json"
        path.write_text(json.dumps(detail))
        return path

    return file


File = Callable[[Any], Path]


def test_the_command_says_what_changes_and_starts_the_next_attempt(
    desk: Desk, deployed: Stack, onboard: Onboard, file: File
) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    amended = file(detail | {"admin": ADMIN | {"email": "right@acme.example"}})
    tried = onboard("amend", "acme", amended, "--dry-run")
    assert (tried.code, tried.err) == (0, "")
    assert tried.out.splitlines()[-1] == "acme: would start attempt 2"
    assert desk.stack.record()["status"] == lifecycle.FAILED
    ran = onboard("amend", "acme", amended)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == "acme: attempt 2 started"
    assert [line.split() for line in ran.out.splitlines() if "admin@" in line] == [
        ["admin.email", "admin@acme.example", "right@acme.example"]
    ]


def test_the_command_says_every_reason_why_not(desk: Desk, deployed: Stack, onboard: Onboard, file: File) -> None:
    detail = desk.stop_before("RegisterRouting")
    ran = onboard("amend", "acme", file(detail | {"admin": {"email": "right@acme.example"}}))
    assert (ran.code, ran.err) == (1, "")
    assert "is part of the tenant's admin in Cognito already; abandon the tenant, then emit it anew" in ran.out
    assert ran.out.splitlines()[-1] == f"acme: {CANNOT}"


def test_the_command_prints_one_document(desk: Desk, deployed: Stack, onboard: Onboard, file: File) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    wrong = onboard("amend", "acme", file(detail | {"more": 1}), "--json")
    assert (wrong.code, wrong.err) == (1, "")
    assert json.loads(wrong.out) == {
        "dryRun": False,
        "tenantId": "acme",
        "attempt": None,
        "message": CANNOT,
        "changes": [],
        "reasons": [{"field": "more", "message": "is not a field of this event; remove it"}],
    }
    ran = onboard("amend", "acme", file(detail | {"tenantName": "Acme Ltd."}), "--json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["changes"] == [{"field": "tenantName", "before": "Acme Inc.", "after": "Acme Ltd."}]


def test_a_file_that_cannot_be_read_is_one_line(deployed: Stack, onboard: Onboard, tmp_path: Path) -> None:
    ran = onboard("amend", "acme", tmp_path / "missing.json")
    assert ran.code != 0
    assert "missing.json" in ran.err
    assert "Traceback" not in ran.err


def test_a_long_value_is_shown_by_its_beginning(desk: Desk, deployed: Stack, onboard: Onboard, file: File) -> None:
    detail = desk.stop_before("AssignSharedPool", tier="bridge", identityProviders=[SAML])
    document = SAML | {"metadataUrl": None, "metadataDocument": METADATA}
    ran = onboard("amend", "acme", file(detail | {"identityProviders": [document]}), "--dry-run")
    assert ran.code == 0
    assert "entityID" in ran.out.replace("\n", "").replace(" ", "")
    assert "SingleSignOnService" not in ran.out


def test_the_command_judges_by_what_the_stack_chose(desk: Desk, deployed: Stack, onboard: Onboard, file: File) -> None:
    """Its plans and Regions are not the defaults of the program."""
    detail = desk.stop_before("CreateUserPool", tier="silo")
    assert onboard("amend", "acme", file(detail | {"region": "us-east-1"})).code == 1
    assert onboard("amend", "acme", file(detail | {"tier": "premium"})).code == 1
    ran = onboard("amend", "acme", file(detail | {"tier": "team", "tenantName": "Acme Ltd."}))
    assert (ran.code, desk.stack.record()["tier"]) == (0, "bridge")


def test_an_output_of_the_stack_tells_all_that_an_event_is_judged_by() -> None:
    """What comes from other outputs apart: the account, the Region, the product's domain, the partition."""
    read = {
        node.attr
        for module in (tiers, request)
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "settings"
    }
    elsewhere = {"account_id", "app_domain", "partition", "region", "routes_table", "tenants_table"}
    assert read - elsewhere == set(JUDGED_BY)
    assert set(JUDGED_BY) <= Settings.model_fields.keys()
