"""The documents say what the code does: commands, targets, errors, events, fields and figures are held to it."""

import hashlib
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import annotated_types
import pytest
import typer.main
from pydantic import BaseModel
from typer.core import TyperGroup

from benchmarks import fault_sweep, people_sweep, random_faults, reliability
from handlers import problems
from handlers.resolver import FOUND_SECONDS, NOWHERE_SECONDS
from infra.queue import INTAKE_RECEIVES, MOST_RECEIVES
from infra.resolver import BOUNDS, PATH
from infra.stack import CAPACITY_MINUTES, RECONCILE_MINUTES
from orchestrator.audit.readings import MOST_CALLS
from orchestrator.aws import errors, writes
from orchestrator.aws.settings import Settings
from orchestrator.cli import program
from orchestrator.cli.domains import LONGEST_REASON
from orchestrator.cli.help_pages import SECTIONS
from orchestrator.identity import shared_pool_capacity
from orchestrator.identity.identity_providers import name_of
from orchestrator.identity.user_pool_addresses import redirect_address, saml_entity_id, saml_reply_address
from orchestrator.local import rewrites
from orchestrator.onboarding import reconcile, redo
from orchestrator.operations import amendments, bulk_retries, domains, first_sign_ins
from orchestrator.routing import routes, txt_records
from orchestrator.routing.email_domains import TxtRecord
from orchestrator.tenants import lifecycle, tiers
from orchestrator.welcome import resending
from tenant_onboarding.authorizer import resolver
from tenant_onboarding.contracts import identity_providers, tenant_created
from tenant_onboarding.contracts.detail_types import Contracts, json_schema
from tenant_onboarding.contracts.fields import (
    METADATA_MAX,
    METADATA_VALUE_MAX,
    PROVIDER_NAME_MAX,
    RESERVED_SUBDOMAINS,
    TIERS,
)
from tenant_onboarding.contracts.reasons import Reason
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tenant_onboarding.names import SOURCE, USERNAME_MAX
from tests.e2e import most_calls
from tests.e2e.faults import EXPLAINED, FAULTS
from tests.e2e.sweep import VARIANTS
from tests.pages import DOCUMENTS, EVENTS, LIMITS, OPERATIONS, PROVIDERS, README, TIERS_PAGE, names, rows
from tests.unit.tenant_onboarding.event_fields import FIELDS, fields

ROOT = Path(__file__).parents[3]
WORKFLOW = ROOT / "state_machines/tenant_onboarding.asl.json"


def commands() -> set[str]:
    group = typer.main.get_command(program.app)
    assert isinstance(group, TyperGroup)
    return set(group.commands)


def concrete(kind: type[errors.OnboardingError]) -> set[str]:
    below = kind.__subclasses__()
    return {kind.__name__} if not below else {name for child in below for name in concrete(child)}


def test_the_readme_lists_exactly_the_commands_that_there_are() -> None:
    tables = re.findall(r"^\| (to [\w ]+) \| \|\n\|---\|---\|\n((?:\|.*\n)+)", README, re.MULTILINE)
    listed = {title.capitalize(): re.findall(r"^\| `onboard ([\w-]+)", rows, re.MULTILINE) for title, rows in tables}
    assert {title: set(names) for title, names in listed.items()} == {
        title: set(names) for title, names in SECTIONS.items()
    }
    assert {name for names in listed.values() for name in names} == commands()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_that_a_document_names_exists(name: str) -> None:
    assert set(re.findall(r"(?:`|/)onboard (\w[\w-]*)", DOCUMENTS[name])) <= commands()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_target_that_a_document_names_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", DOCUMENTS[name], re.MULTILINE)) <= targets


def test_operations_explains_every_error_and_every_status() -> None:
    assert set(re.findall(r"^\| `(\w+Error)`", OPERATIONS, re.MULTILINE)) == concrete(errors.OnboardingError)
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", OPERATIONS, re.MULTILINE)) == set(lifecycle.STATUSES)


def test_events_lists_every_event_and_every_field_of_ours() -> None:
    for name, model in Contracts.ALL.items():
        assert f"`{name}`" in EVENTS
        if name != "TenantCreated":
            fields = set(json_schema(name)["properties"]) - {"redrive", "eventKey", "tenantId", "tier", "attempt"}
            (row,) = re.findall(rf"^\| `{model.__name__}` .*$", EVENTS, re.MULTILINE)
            assert {field for field in fields if f"`{field}`" not in row} == set()


def test_the_figures_in_the_documents_are_those_of_the_code() -> None:
    assert f"Every {RECONCILE_MINUTES} minutes `reconcile`" in OPERATIONS
    assert f"Every {CAPACITY_MINUTES} minutes `capacity`" in OPERATIONS
    assert f"below {shared_pool_capacity.NEARLY_FULL} % on every counter" in OPERATIONS
    for threshold in shared_pool_capacity.THRESHOLDS:
        assert f"`SharedPoolNearlyFull`, `threshold` {threshold} |" in OPERATIONS
    assert f"{MOST_CALLS:,} by default" in OPERATIONS
    assert OPERATIONS.count(f"after {INTAKE_RECEIVES} receives") == 2
    assert f"recorded in {MOST_RECEIVES} receives" in OPERATIONS
    retriers = json.loads(WORKFLOW.read_text())["States"]["SendWelcomeEmail"]["Retry"]
    throttled, not_run, transient = (retrier["MaxAttempts"] for retrier in retriers)
    assert f"retried by the workflow itself, {throttled} and {transient} times" in OPERATIONS
    assert f"tried again {not_run} times with pauses of up to ten seconds" in OPERATIONS
    assert f"younger than {reconcile.GRACE_SECONDS:.0f} seconds" in OPERATIONS
    assert f"at most {tenant_created.REQUEST_MAX:,} bytes" in EVENTS
    assert EVENTS.count(f"at most {METADATA_MAX} ") == 2
    assert f"| 1 to {METADATA_VALUE_MAX} characters, with the same rules as `tenantName` |" in EVENTS
    assert f"more than {writes.ACTIONS_MAX - amendments.BESIDE} keys is refused" in OPERATIONS
    assert f"at most {identity_providers.DOCUMENT_MAX:,} characters" in PROVIDERS


def test_operations_says_how_far_and_how_fast_first_sign_ins_are_looked_for() -> None:
    assert f"the last completed first, {first_sign_ins.LOOKED_THROUGH:,} at most" in " ".join(OPERATIONS.split())
    assert first_sign_ins.A_SECOND == 10


def test_operations_gives_the_figures_and_steps_of_retries_as_they_are() -> None:
    (retry,) = re.findall(r"^## Retry\n(.*?)^## ", OPERATIONS, re.MULTILINE | re.DOTALL)
    assert f"the oldest first, {bulk_retries.A_SECOND:.0f} a second" in retry
    assert f"again within {resending.PAUSE_SECONDS:.0f} seconds" in retry
    assert {names(step)[0] for step, _ in rows(retry, "| step | why it cannot be redone |")} == set(redo.NOT_REDONE)
    for step, went in redo.WENT_WITH.items():
        assert f"after `{step}`" in retry, went
    options = {names(option)[0].split()[0] for option, _ in rows(retry, "| option | only those |")}
    group = typer.main.get_command(program.app)
    assert isinstance(group, TyperGroup)
    assert options <= {option for each in group.commands["retry"].params for option in each.opts}


def test_the_calls_of_an_onboarding_are_those_that_are_allowed() -> None:
    pool, bridge, silo = (most_calls.MOST_CALLS[tier] for tier in TIERS)
    assert f"pool {pool}, bridge {bridge}, silo {silo};" in README
    abroad = silo + most_calls.MORE_ELSEWHERE
    row = f"| AWS calls of one onboarding | {pool} | at most {bridge} | at most {silo}; in another Region {abroad} |"
    assert row in TIERS_PAGE


def test_the_page_on_email_domains_says_what_is_published_and_answered() -> None:
    page = DOCUMENTS["email-domains.md"]
    record = TxtRecord.of("acme.example", "9f86d081884c7d659a2feaa0c55ad015")
    assert f'\n{record.name} TXT "{record.value}"\n' in page
    assert len(routes.new_token()) == len(record.value.removeprefix("tenant-onboarding="))
    assert {names(state)[0] for state, _ in rows(page, "| state | means |")} == {
        domains.CLAIMED,
        domains.VERIFIED,
        domains.TAKEN,
    }
    assert f"about {txt_records.PATIENCE_SECONDS:.0f} seconds at most for each domain" in page
    assert f"at most {LONGEST_REASON} characters" in page


def test_the_page_on_sign_in_says_what_the_resolver_answers_for_how_long_and_how_often() -> None:
    page = DOCUMENTS["sign-in.md"]
    told = {name for field, _ in rows(page, "| field | says |") for name in names(field)}
    assert told == {*resolver.TOLD, "identityProvider", "tokenUse"}
    (example,) = re.findall(r"^```\n(\{.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert json.loads(example).keys() == told
    for template in tiers.USER_NAMES.values():
        assert f"`{template}`" in page
    assert re.findall(rf"^GET {PATH}\?(\w+)=", page, re.MULTILINE) == list(resolver.WAYS)
    assert f"kept for {FOUND_SECONDS} seconds" in page
    assert f"A 404 is kept for {NOWHERE_SECONDS} seconds" in page
    assert f"{BOUNDS.a_second} requests a second, {BOUNDS.at_once} at once" in page
    assert f"`Retry-After`, {problems.RETRY_AFTER_SECONDS} seconds" in page
    heading = f"| status | type, after `{problems.NAMESPACE}` | what to do |"
    listed = {int(status): names(kind)[0] for status, kind, _ in rows(page, heading) if not kind.startswith("none")}
    ours = (problems.INVALID_REQUEST, problems.NO_SUCH_TENANT, problems.UNAVAILABLE, problems.DEFECT)
    assert listed == {int(kind.status): kind.name for kind in ours}


def test_events_lists_every_field_of_tenant_created_and_which_are_required() -> None:
    shown = {names(field)[0]: required for field, required, _ in rows(EVENTS, "| field | | allowed |")}
    assert shown == {path: "required" if field.is_required() else "" for path, field in FIELDS.items()}


def test_events_lists_every_reserved_name() -> None:
    (section,) = re.findall(r"^### Reserved names\n(.*?)^### ", EVENTS, re.MULTILINE | re.DOTALL)
    assert sorted(re.findall(r"`([a-z0-9-]+)`", section)) == sorted(RESERVED_SUBDOMAINS)


@pytest.mark.parametrize("path", [path for path in FIELDS if path.startswith("security.")])
def test_events_gives_bounds_and_defaults_of_the_security_settings(path: str) -> None:
    (allowed,) = (allowed for field, _, allowed in rows(EVENTS, "| field | | allowed |") if names(field)[0] == path)
    field = FIELDS[path]
    default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
    assert f"{default} by default" in allowed.replace("`", "")
    limits = {type(limit): limit for limit in field.metadata}
    if limits:
        least, most = limits[annotated_types.Ge].ge, limits[annotated_types.Le].le
        assert f"`silo`: {least} to {most};" in allowed
    for choice in get_args(field.annotation):
        assert f"`{choice}`" in allowed


def test_events_says_of_which_tiers_a_field_is() -> None:
    """In the words of the page on tiers, which is held to the code below."""
    carried = {names(field)[0]: answers for field, *answers in rows(TIERS_PAGE, CARRIED)}
    for field, _, allowed in rows(EVENTS, "| field | | allowed |"):
        top = names(field)[0].split(".")[0]
        if top in carried and top != "identityProviders":
            wanted = [tier for tier, answer in zip(TIERS, carried[top], strict=True) if answer == "yes"]
            assert names(allowed.split(":")[0]) == wanted


PROVIDER_MODELS: dict[str, type[BaseModel]] = {
    get_args(kind.model_fields["type"].annotation)[0]: kind
    for kind in get_args(get_args(identity_providers.IdentityProvider)[0])
}
FIELD_ROWS = "| field | types | | what |"
TYPE_ROWS = "| type | tiers | default scopes | mapped by default |"


def test_every_type_of_provider_is_looked_at() -> None:
    assert PROVIDER_MODELS.keys() == set(identity_providers.PROVIDER_TYPES)
    assert [names(row[0])[0] for row in rows(PROVIDERS, TYPE_ROWS)] == list(identity_providers.PROVIDER_TYPES)


@pytest.mark.parametrize("kind", PROVIDER_MODELS)
def test_each_field_of_a_provider_is_explained_and_no_other(kind: str) -> None:
    """Which there are, which of them are required, and how long a name may be."""
    shown = {
        names(field)[0]: required
        for field, types, required, _ in rows(PROVIDERS, FIELD_ROWS)
        if types == "all" or kind in names(types)
    }
    model = fields(PROVIDER_MODELS[kind])
    assert shown == {name: "required" if field.is_required() else "" for name, field in model.items()}


@pytest.mark.parametrize("kind", PROVIDER_MODELS)
def test_the_defaults_of_a_provider_are_those_of_its_model(kind: str) -> None:
    model: Any = PROVIDER_MODELS[kind]
    (row,) = (row for row in rows(PROVIDERS, TYPE_ROWS) if names(row[0]) == [kind])
    scopes = fields(model).get("scopes")
    assert names(row[2].split("; ")[0]) == (scopes.default if scopes else [])
    assert row[3] == ", ".join(f"`{attribute}` from `{claim}`" for attribute, claim in model.DEFAULT_MAPPING.items())
    social = kind in identity_providers.SOCIAL_TYPES
    assert names(row[1]) == (["silo"] if social else ["bridge", "silo"])


@pytest.mark.parametrize("kind", identity_providers.SOCIAL_TYPES)
def test_the_scopes_that_a_social_provider_may_be_asked_for_are_listed(kind: str) -> None:
    (row,) = (row for row in rows(PROVIDERS, TYPE_ROWS) if names(row[0]) == [kind])
    field = fields(PROVIDER_MODELS[kind])["scopes"]
    possible = get_args(get_args(field.annotation)[0])
    more = [scope for scope in possible if scope not in field.default]
    assert names(row[2]) == [*field.default, *more]
    assert ("; also" in row[2]) == bool(more)


def test_no_field_is_named_that_there_no_longer_is() -> None:
    for page in DOCUMENTS.values():
        assert "signOut" not in page
        assert "SecretMissing" not in page


def test_the_forms_of_a_secret_are_those_that_are_read() -> None:
    """Each form that the page promises is read; test_identity_providers.py tries more."""
    assert "the `.p8` file as Apple gives it, the same in one line" in PROVIDERS
    assert "`SecretUnusable`" in OPERATIONS


def test_what_is_refused_on_purpose_though_cognito_would_take_it_is_listed() -> None:
    (chosen,) = re.findall(r"^## Refused by choice\n(.*?)^## ", LIMITS, re.MULTILINE | re.DOTALL)
    for word in (
        "ASCII",
        "`EntitiesDescriptor`",
        "discovery document",
        "`email_verified`",
        "encrypted assertions",
        "signed requests",
        "single logout",
        f"{USERNAME_MAX} characters",
    ):
        assert word in chosen, word
    assert "email_verified" not in identity_providers.MAPPABLE


def test_the_mappable_attributes_are_listed() -> None:
    (listed,) = re.findall(r"may be mapped, and no others: ([^.]+)\.", PROVIDERS)
    assert names(listed) == list(identity_providers.MAPPABLE)


def test_the_names_and_addresses_of_providers_are_those_that_the_code_makes() -> None:
    assert f"1 to {PROVIDER_NAME_MAX} of A-Z" in PROVIDERS
    assert f"`{saml_entity_id('{userPoolId}')}`" in PROVIDERS
    assert f"`{saml_reply_address('{domain}')}`" in PROVIDERS
    assert f"`{redirect_address('{domain}')}`" in PROVIDERS
    provider: Any = SimpleNamespace(type="SAML", name="{name}")
    prefix = hashlib.sha256(b"acme").hexdigest()[:8]
    assert "`{8 hex of sha256(tenantId)}-{name}`" in PROVIDERS
    assert name_of("acme", provider) == f"{prefix}-{{name}}"
    for social in identity_providers.SOCIAL_TYPES:
        assert name_of("acme", SimpleNamespace(type=social, name="x")) == social  # type: ignore[arg-type]  # a stand-in


CARRIED = "| field | `pool` | `bridge` | `silo` |"
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:tenant-onboarding/acme/google-AbC123"
WANTED: dict[str, dict[str, Any]] = {
    "`identityProviders` of type `SAML` or `OIDC`": {
        "identityProviders": [{"name": "Sso", "type": "SAML", "metadataUrl": "https://idp.acme.example/metadata"}]
    },
    "`identityProviders` of a social type": {
        "identityProviders": [{"name": "Sso", "type": "Google", "clientId": "acme", "clientSecretArn": SECRET}]
    },
    "`appClient`": {"appClient": {}},
    "`security`": {"security": {}},
    "`region`": {"region": "eu-west-1"},
}
DEPLOYED = Settings(
    **dict.fromkeys(("stack_name", "deployment_id", "event_bus"), "x"),
    **dict.fromkeys(("tenants_table", "routes_table", "shared_pools_table", "users_table"), "x"),
    account_id="123456789012",
    region="eu-central-1",
    app_domain="app.example",
    sender="welcome@app.example",
    regions=("eu-west-1",),
)
SMALLEST = {
    "tenantId": "acme",
    "tenantName": "Acme",
    "tier": "pool",
    "admin": {"email": "admin@acme.example"},
    "routing": {"subdomain": "acme"},
}


def refused(detail: dict[str, Any]) -> list[Reason]:
    """Return why a deployment refuses an event that the contract accepts."""
    request = TenantCreated.model_validate(detail)
    tier = tiers.of_plan(DEPLOYED, request.tier)
    return [*tiers.problems_at_sight(DEPLOYED, detail), *tiers.problems(DEPLOYED, tier, request)]


@pytest.mark.parametrize("field", WANTED)
def test_what_a_tier_may_carry_is_what_intake_lets_through(field: str) -> None:
    (row,) = (row for row in rows(TIERS_PAGE, CARRIED) if row[0] == field)
    assert row[1:] == ["no" if refused(SMALLEST | WANTED[field] | {"tier": tier}) else "yes" for tier in TIERS]


def test_what_a_tier_may_carry_is_told_of_every_field_that_any_may_not() -> None:
    assert [row[0] for row in rows(TIERS_PAGE, CARRIED)] == list(WANTED)
    always = {"tenantId", "tenantName", "tier", "admin", "routing", "users", "metadata"}
    assert fields(TenantCreated).keys() - always == {names(field)[0] for field in WANTED}


def test_tiers_gives_the_default_plans_and_the_quotas_of_the_settings() -> None:
    for plan, tier in Settings.model_fields["plans"].default.items():
        assert f"`{plan}` to `{tier}`" in TIERS_PAGE
        assert f"`{plan}`" in EVENTS
    for name, words in {
        "groups_per_pool": "{most:,} groups, fixed",
        "app_clients_per_pool": "{default:,} app clients, up to {most:,}",
        "identity_providers_per_pool": "{default:,} identity providers, up to {most:,}",
    }.items():
        field = Settings.model_fields[name]
        (most,) = (limit.le for limit in field.metadata if isinstance(limit, annotated_types.Le))
        assert words.format(default=field.default, most=most) in TIERS_PAGE


EXAMPLES = [
    (name, json.loads(block))
    for name, document in DOCUMENTS.items()
    for block in re.findall(r"^```json\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    if '"tenantId"' in block and f'"source": "{SOURCE}"' not in block
]
"""Of events that come in; the one that goes out is the guide's to those who listen."""


@pytest.mark.parametrize(("name", "detail"), EXAMPLES)
def test_every_example_of_an_event_is_accepted(name: str, detail: dict[str, Any]) -> None:
    assert refused(detail) == []


def test_there_is_an_example_of_every_tier_and_of_identity_providers() -> None:
    shown = [TenantCreated.model_validate(detail) for _, detail in EXAMPLES]
    assert {tiers.of_plan(DEPLOYED, request.tier) for request in shown} == set(TIERS)
    assert {provider.type for request in shown for provider in request.identity_providers} >= {"SAML", "OIDC"}


def test_operations_names_steps_and_codes_that_there_are() -> None:
    source = "".join(path.read_text() for path in (ROOT / "orchestrator").rglob("*.py"))
    steps = {step for tier in TIERS for federated in (False, True) for step in tiers.path(tier, federated=federated)}
    for step, what, _ in rows(OPERATIONS, "| step | message or code | what to do |"):
        assert step == "any" or set(names(step)) <= steps
        assert [code for code in names(what) if f'"{code}"' not in source and f"class {code}(" not in source] == []


def test_limits_lists_every_rewrite_of_the_local_template() -> None:
    words = ("no", "one", "two", "three", "four", "five", "six")
    listed = re.findall(r"^(\d+)\. ", rewrites.__doc__ or "", re.MULTILINE)
    shown = re.findall(r"^(\d+)\. ", LIMITS, re.MULTILINE)
    assert shown == listed
    assert f"with {words[len(listed)]} rewrites" in LIMITS


def test_the_readme_repeats_the_verdict_of_the_fault_sweep() -> None:
    verdict = DOCUMENTS["reliability.md"].split("```")[1].strip()
    number = verdict.split()[0]
    assert verdict == f"{number} faults: {number} right, 0 orphans, 0 false successes, 0 duplicates"
    assert f"| {verdict} |" in README


def test_the_page_on_reliability_has_the_random_runs_and_the_readme_repeats_their_verdict() -> None:
    section = fault_sweep.several(DOCUMENTS["reliability.md"])
    verdict = section.split("```")[1].strip()
    told = re.fullmatch(r"(\d+) runs, (\d+) faults, (\d+) acts of operators: (\d+) right", verdict)
    assert told
    assert told[1] == told[4] == str(random_faults.WRITTEN_RUNS)
    assert section == random_faults.SECTION.format(verdict=verdict, **random_faults.WORDED)
    assert f"| {verdict} |" in README


def test_the_page_on_reliability_has_the_sweep_of_peoples_links_and_the_readme_repeats_its_verdict() -> None:
    section = reliability.section(DOCUMENTS["reliability.md"], people_sweep.HEADING)
    verdict = section.split("```")[1].strip()
    number = verdict.split()[0]
    right = f"{number} right, 0 orphans, 0 false successes, 0 duplicates"
    assert verdict == f"{number} faults at people: {right}"
    words = people_sweep.SECTION.partition("{by_fault}")[0].format(verdict=verdict, **people_sweep.WORDED)
    assert section.startswith(words)
    assert f"| {verdict} |" in README
    assert f"--people {people_sweep.SAMPLED}\n" in (ROOT / "Makefile").read_text()


def test_the_fault_sweeps_page_explains_every_fault_and_names_every_kind_of_tenant() -> None:
    page = DOCUMENTS["reliability.md"]
    assert [strike.__name__ for strike in FAULTS if EXPLAINED[strike.__name__] not in page] == []
    assert [name for name in fault_sweep.NAMES.values() if f"| {name} |" not in page] == []
    undone = [name for name in fault_sweep.NAMES.values() if f"| {name}, abandoned |" in page]
    assert undone == ["bridge tenant", "bridge tenant with a SAML provider", "silo tenant"]
    assert fault_sweep.NAMES.keys() == VARIANTS.keys()
