"""A failed tenant's corrected event takes the place of the wrong one, all at once, and contradicts nothing made."""

import json
from typing import Any

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import ConfigurationError, OnboardingError, TransientError
from orchestrator.aws.settings import Settings
from orchestrator.identity import cognito, identity_providers, shared_pools
from orchestrator.onboarding import intake
from orchestrator.operations import retry
from orchestrator.routing import routes
from tests.unit import faults, simulated_aws
from tests.unit.conftest import REGION, tenant_created
from tests.unit.every_tier import OWN_CLIENT, SHARED_POOL, user_pools
from tests.unit.faults import Wire
from tests.unit.identity.providers import ACME, METADATA, SECRET_TEXT, names, provider
from tests.unit.identity.user_pools import SHARED
from tests.unit.operations.amendment_desk import (
    MENDED,
    ROUTING,
    SAML,
    SECOND,
    STARTED,
    Desk,
    dead_address,
    desk,
    fields,
)

__all__ = ["desk"]


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
    assert (row["groups"], row["appClients"], row["identityProviders"]) == (3, 3, 2)
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
    assert {key for key, route in desk.stack.routes().items() if "shared" not in route} == {
        "subdomain#acme-new",
        "domain-claim#acme.example#acme",
        "domain-claim#new.example#acme",
    }
    assert desk.stack.receive(tenant_created("globex", routing=ROUTING), "event-2") == intake.STARTED
    record = desk.go_on()
    assert record["routeKeys"] == ["subdomain#acme-new"]
    (client,) = (body for body in desk.wire.bodies("CreateUserPoolClient") if body["ClientName"] == OWN_CLIENT)
    assert client["CallbackURLs"] == ["https://acme-new.app.product.example/auth/callback"]
    holders = {key: route["tenantId"] for key, route in desk.stack.routes().items() if "shared" not in route}
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
