"""From a host name to an authorised request, with real tokens: each tenant's people get into their own and no other."""

from itertools import product as every

import boto3
import pytest
import requests

from orchestrator.local.product import Product
from tests.e2e.people import (
    DENIED,
    FEDERATED,
    KINDS,
    ROUND,
    SECONDS,
    TENANTS,
    Person,
    claims,
    host_of,
    made_by_cognito,
    me,
)
from tests.e2e.world import World


@pytest.mark.parametrize("tenant_id", TENANTS)
def test_everybody_signs_in_and_both_tokens_say_whose_they_are(people: dict[str, Person], tenant_id: str) -> None:
    person = people[tenant_id]
    for kind in KINDS:
        said = claims(person.token(kind))
        assert said["token_use"] == kind
        assert (said["tenantId"], said["tenantTier"]) == (tenant_id, TENANTS[tenant_id])
        assert said["tenantRole"] == ("member" if tenant_id == FEDERATED else "admin")
        assert set(said.get("cognito:groups", [])) <= {tenant_id, *made_by_cognito(person)}
        assert said["iss"] == person.resources["issuer"]


@pytest.mark.parametrize("tenant_id", TENANTS)
def test_the_resolver_leads_each_host_to_where_its_people_are(
    people: dict[str, Person], everything: World, tenant_id: str
) -> None:
    resources = people[tenant_id].resources
    found = requests.get(everything.stack.config_url, params={"host": host_of(tenant_id)}, timeout=SECONDS).json()
    assert found["tokenUse"] == "access"
    for name in ("userPoolId", "appClientId", "issuer"):
        assert found[name] == resources[name]


def test_only_an_access_token_at_the_own_host_gets_in(people: dict[str, Person], sample: Product) -> None:
    hosts = {host_of(tenant_id): tenant_id for tenant_id in TENANTS} | dict.fromkeys(
        ("nobody.app.example", "app.example", "api.execute-api.example", "early-0.app.example")
    )
    wrong = []
    for person, (host, tenant_id), kind in every(people.values(), hosts.items(), KINDS):
        status, body = me(sample, host, person.token(kind))
        let_in = (status, body.get("tenantId")) == (200, person.tenant_id)
        kept_out = (status, body) == DENIED
        wanted = tenant_id == person.tenant_id and kind == "access"
        if not (let_in if wanted else kept_out):
            wrong.append((person.tenant_id, host, kind, status, body))
    assert wrong == []


@pytest.mark.parametrize("tenant_id", TENANTS)
def test_whoever_is_let_in_sees_who_they_are_and_their_own_data(
    people: dict[str, Person], sample: Product, tenant_id: str
) -> None:
    person = people[tenant_id]
    said = claims(person.token("access"))
    status, body = me(sample, person.host, person.token("access"))
    projects = body.pop("projects")
    assert status == 200
    assert body == {
        "tenantId": tenant_id,
        "tier": TENANTS[tenant_id],
        "role": said["tenantRole"],
        "groups": said.get("cognito:groups", []),
        "userId": said["userId"],
        "subject": said["sub"],
    }
    assert projects
    assert all(project.endswith(f" of {tenant_id}") for project in projects)


def test_a_path_and_a_query_of_another_tenants_change_nothing(people: dict[str, Person], sample: Product) -> None:
    person = people[f"{ROUND}-pool"]
    headers = {"Host": person.host, "Authorization": f"Bearer {person.token('access')}", "X-Tenant-Id": FEDERATED}
    answer = requests.get(f"{sample.api_url}/me?tenantId={FEDERATED}", headers=headers, timeout=SECONDS)
    assert answer.json() == me(sample, person.host, person.token("access"))[1]


@pytest.mark.parametrize("tenant_id", TENANTS)
def test_nobody_can_write_what_their_tenant_is_read_from(people: dict[str, Person], tenant_id: str) -> None:
    """What the local AWS does not enforce, so it is the setting that is looked at."""
    resources = people[tenant_id].resources
    client = boto3.client("cognito-idp").describe_user_pool_client(
        UserPoolId=resources["userPoolId"], ClientId=resources["appClientId"]
    )["UserPoolClient"]
    assert client["WriteAttributes"]
    assert [name for name in client["WriteAttributes"] if name.startswith("custom:")] == []
