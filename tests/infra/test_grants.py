"""What each function may do is what the table says, and what its code calls."""

import ast
import copy
import re
from fnmatch import fnmatchcase
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from infra.work_grants import WORKS
from orchestrator.identity import shared_pools
from orchestrator.identity.cognito import NewUserPool, user_pool_parameters
from orchestrator.identity.marks import STACK_TAG
from orchestrator.identity.tenant_resources import user_pool
from orchestrator.preflight.readings import ACTIONS
from orchestrator.tenants import counters, kinds
from tenant_onboarding.contracts.fields import TenantId
from tests.infra.calls import OURS, Call, calls_in, calls_of, parts_in, reachable
from tests.infra.grant_table import (
    CONDITIONS,
    CONFIGURATION_SET,
    GRANTS,
    IDENTITY,
    KNOW_NO_RESOURCE,
    NEVER_ASKED_FOR,
    NOT_CALLED_BY_US,
    OPEN_MESSAGES,
    OUR_USER_POOLS,
    PEOPLES_CONFIGURATION_SET,
    SECRETS,
    SESSION_KEYS,
    TRACING,
    TRIGGER,
    USER_KEYS,
    USER_POOLS,
    USERS,
    by_keys,
    role_of,
)
from tests.infra.template import Template, chosen, functions, grants, many, statements, text
from tests.infra.template_rules import FUNCTIONS

ELSEWHERE = {
    "regions": "eu-west-1,us-east-1",
    "secretPrefix": "apps/tenants",
    "sender": "hello@mail.app.example",
    "senderIdentity": "app.example",
}
"""A deployment that chooses otherwise whatever grants depend on."""
LOGGING = {"logs:CreateLogStream", "logs:PutLogEvents"}


def traced(wanted: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return grants together with those for tracing."""
    return wanted | {"*": wanted.get("*", set()) | TRACING}


def ungranted(template: Template, name: str, calls: set[Call]) -> list[str]:
    """Return the calls that the function's role does not allow, on the table that they name, or anywhere."""
    granted = grants(template, role_of(template, name))
    return sorted(
        f"{call.action} on {call.resource or 'anything'}"
        for call in calls
        if not any(call.action in actions for on, actions in granted.items() if call.resource in {None, on})
    )


def otherwise_conditioned(template: Template, name: str) -> list[str]:
    """Return the grants of a function that hold under other conditions than the table's, or under none."""
    wanted, met = CONDITIONS.get(name, {}), set[str]()
    complaints = []
    for statement in statements(template, role_of(template, name)):
        for resource, action in product(map(text, many(statement["Resource"])), many(statement["Action"])):
            key = next((each for each in (action, f"{action} on {resource}") if each in wanted), "")
            met.add(key)
            if statement.get("Condition") != wanted.get(key):
                complaints.append(f"{action} on {resource}: {statement.get('Condition')}")
    return complaints + sorted(wanted.keys() - met)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_may_do_exactly_this(name: str, template: Template) -> None:
    """A change of what a function may do is a change of the table above, for a reviewer to see."""
    assert grants(template, role_of(template, name)) == traced(GRANTS[name])


def test_each_kind_of_work_has_its_own_row() -> None:
    """A kind gets what its row says, and a kind without one nothing: its workflow cannot be looked after."""
    assert WORKS.keys() == {kind.name for kind in kinds.KINDS}
    can_go_on = {kind.name for kind in kinds.KINDS if kind.can_go_on}
    assert {name for name, actions in WORKS.items() if "states:RedriveExecution" in actions} == can_go_on


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_whatever_the_code_calls_is_granted(name: str, template: Template) -> None:
    """No call of the function's code ends in AccessDenied for want of the action."""
    assert ungranted(template, name, calls_of(name)) == NEVER_ASKED_FOR.get(name, [])


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_whatever_is_granted_is_called(name: str) -> None:
    """A permission outlives no call, but for those that AWS asks for behind one."""
    called = {call.action for call in calls_of(name)}
    assert set().union(*GRANTS[name].values()) - called == NOT_CALLED_BY_US.get(name, set())


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_only_what_knows_no_resource_is_granted_on_all(name: str, template: Template) -> None:
    """No other grant is on '*', and of the rest each names a service, or a resource of the stack."""
    granted = grants(template, role_of(template, name))
    assert granted.pop("*", set()) <= KNOW_NO_RESOURCE
    assert [on for on in granted if not on.startswith(("{", "arn:{Partition}:"))] == []


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_role_is_the_functions_own(name: str, template: Template) -> None:
    """Lambda alone assumes it, and beyond its grants it may write to the function's own log."""
    reference = role_of(template, name)
    role = template["Resources"][reference["Fn::GetAtt"][0]]["Properties"]
    assert [statement["Principal"] for statement in role["AssumeRolePolicyDocument"]["Statement"]] == [
        {"Service": "lambda.amazonaws.com"}
    ]
    assert "ManagedPolicyArns" not in role
    (log,) = (policy["PolicyDocument"]["Statement"] for policy in role["Policies"])
    own_log = {"Fn::GetAtt": [functions(template)[name][1]["LoggingConfig"]["LogGroup"]["Ref"], "Arn"]}
    assert [(set(each["Action"]), each["Resource"]) for each in log] == [(LOGGING, own_log)]
    assert [other for other in FUNCTIONS if role_of(template, other) == reference] == [name]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_grant_holds_under_these_conditions(name: str, template: Template) -> None:
    """The resource alone would let in user pools of others, other senders and other services' roles."""
    assert otherwise_conditioned(template, name) == []


def test_user_pools_are_known_by_the_tag_that_they_are_created_with() -> None:
    """The conditions would otherwise shut the functions out of the stack's own pools."""
    settings: Any = SimpleNamespace(
        stack_name="Onboarding",
        feature_plan="LITE",
        trigger_version="V1_0",
        token_claims_arn="a:b:c:d:e:f",
        pre_sign_up_arn="a:b:c:d:e:f",
        sender_identity_arn="a:b:c:d:e:f",
        sender="hello@app.example",
    )
    tags = user_pool_parameters(settings, NewUserPool("Onboarding-1", "1", "eu-central-1"))["UserPoolTags"]
    assert tags[STACK_TAG] == settings.stack_name
    (key,) = OUR_USER_POOLS["StringEquals"]
    assert key == f"aws:ResourceTag/{STACK_TAG}"


def test_only_user_pools_of_silo_tenants_bear_the_tag_by_which_they_can_be_deleted() -> None:
    """The removal function's condition lets in what a silo tenant's user pool is tagged with, and no shared one's."""
    settings: Any = SimpleNamespace(stack_name="Onboarding", deployment_id="0f1e", region="eu-central-1")
    assert fnmatchcase(user_pool(settings, {"tenantId": "acme"}).owner, "0f1e/silo/*")
    assert not fnmatchcase(shared_pools.owner(settings, "shared-001"), "0f1e/silo/*")


def test_removal_alone_deletes() -> None:
    """Whatever is wrong with the other functions, nothing of a tenant is lost by them.

    But for a retry that does CreateAppClient again: it takes back the route of an app client, which is made anew. And
    for what the register has of a user, in whose place placement puts the one who was made anew, and of secrets that
    proofs uses up. People are removed by `members` and `reconcile`, each by the tenant's or an operator's wish; and
    whoever proves to have an authenticator has `members` remove it.
    """
    deleting = {
        (name, action)
        for name, granted in GRANTS.items()
        for actions in granted.values()
        for action in actions
        if "Delete" in action and not action.startswith("sqs:")
    }
    taken_back = {("api", "dynamodb:DeleteItem")}
    replaced = {("placement", "dynamodb:DeleteItem"), ("proofs", "dynamodb:DeleteItem")}
    of_people = {
        (name, action)
        for name in ("members", "reconcile")
        for action in ("dynamodb:DeleteItem", "cognito-idp:AdminDeleteUser")
    }
    of_oneself = {("members", "cognito-idp:AdminDeleteSoftwareToken")}
    assert {name for name, _ in deleting - taken_back - replaced - of_people - of_oneself} == {"removal"}
    for name, _ in replaced:
        assert [on for on, actions in GRANTS[name].items() if "dynamodb:DeleteItem" in actions] == [USERS]
    assert CONDITIONS["api"]["dynamodb:DeleteItem"] == by_keys("client#*", "internal#*")


def test_preflight_changes_nothing_and_reads_no_tenants_record() -> None:
    """Whoever looks after everything may do the least: it lists, gets and counts."""
    actions = {action.split(":")[1] for actions in GRANTS["preflight"].values() for action in actions}
    assert [action for action in actions if not re.match(r"Get|List|Query$|BatchGetItem$", action)] == []
    assert set(ACTIONS.values()) == {action for actions in GRANTS["preflight"].values() for action in actions}


def test_preflight_reads_counters_of_which_no_tenant_can_have_the_key() -> None:
    """Ids of tenants have no capitals; what it reads, it reads by these keys."""
    (patterns,) = CONDITIONS["preflight"]["dynamodb:Query on {TablesTenants.Arn}"]["ForAllValues:StringLike"].values()
    keys = [counters.counter_key(0), counters.completions_key("2026-11-01T12:00:00Z", 0)]
    assert [[fnmatchcase(key["tenantId"], each) for each in patterns] for key in keys] == [[True, False], [False, True]]
    assert [each for each in patterns if each.partition("#")[0] != each.partition("#")[0].upper()] == []
    with pytest.raises(ValidationError):
        TypeAdapter(TenantId).validate_python(counters.COMPLETIONS)


def test_mail_is_bounded_by_whom_it_is_from() -> None:
    """SES authorizes by the sender's verified identity and, in its sandbox, by the recipient's."""
    template = chosen(**ELSEWHERE)
    for name, used in (("welcome", CONFIGURATION_SET), ("proof_requests", PEOPLES_CONFIGURATION_SET)):
        role = role_of(template, name)
        mailing = {on for on, actions in grants(template, role).items() if "ses:SendEmail" in actions}
        assert mailing == {f"{IDENTITY}*", used}
        (mail,) = [each for each in statements(template, role) if each["Action"] == "ses:SendEmail"]
        assert mail["Condition"] == {"StringEquals": {"ses:FromAddress": "hello@mail.app.example"}}


def in_region(resource: str, region: str) -> str:
    """Return the ARN of the same resources in another Region."""
    return resource.replace("{Region}", region)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_an_offered_region_widens_what_is_done_in_user_pools_alone(name: str) -> None:
    """They work there under the same conditions; no table, bus, secret, mail or other Region opens.

    Placement may look, beside that, whether the one trigger is there that user pools need; preflight at that too, and
    at the sender's identity.
    """
    template = chosen(regions="eu-west-1")
    wanted = dict(GRANTS[name])
    if name in {
        "members",
        "placement",
        "proofs",
        "reconcile",
        "sessions",
        "welcome",
        "removal",
    }:  # shared user pools, and so capacity, stay at home
        wanted[in_region(USER_POOLS, "eu-west-1")] = wanted[USER_POOLS]
    if name in {"placement", "preflight"}:
        wanted[in_region(TRIGGER, "eu-west-1")] = {"lambda:GetFunctionConfiguration"}
    if name == "preflight":
        wanted[in_region(f"{IDENTITY}welcome@app.example", "eu-west-1")] = {"ses:GetEmailIdentity"}
    assert grants(template, role_of(template, name)) == traced(wanted)
    assert otherwise_conditioned(template, name) == []


def test_placement_is_granted_all_that_its_code_calls_where_a_region_is_offered() -> None:
    """What it is never asked for without another Region, it may do with one."""
    assert ungranted(chosen(regions="eu-west-1"), "placement", calls_of("placement")) == []


def test_each_region_offered_is_granted_once() -> None:
    """Two more Regions are two more resources, for either function."""
    template = chosen(**ELSEWHERE)
    triggers = {on for on in grants(template, role_of(template, "placement")) if ":function:" in on}
    assert triggers == {in_region(TRIGGER, "eu-west-1"), in_region(TRIGGER, "us-east-1")}
    for name in ("members", "placement", "proofs", "reconcile", "sessions", "welcome", "removal"):
        pools = {on for on in grants(template, role_of(template, name)) if ":cognito-idp:" in on}
        assert pools == {USER_POOLS, in_region(USER_POOLS, "eu-west-1"), in_region(USER_POOLS, "us-east-1")}


def test_who_reads_which_secrets(template: Template) -> None:
    """Placement alone those below the prefix; that of user keys who registers people or looks them up.

    `session_keys` alone writes one, that of session keys, which `sessions` reads. What is encrypted and decrypted
    are messages, through SQS.
    """
    for each, prefix in ((template, "tenant-onboarding"), (chosen(**ELSEWHERE), "apps/tenants")):
        found = {
            (name, on, action)
            for name in FUNCTIONS
            for on, actions in grants(each, role_of(each, name)).items()
            for action in actions
            if action.startswith(("secretsmanager:", "kms:")) and {on: {action}} != OPEN_MESSAGES
        }
        resource = SECRETS.replace("tenant-onboarding", prefix)
        reading = {
            ("placement", resource),
            *((name, USER_KEYS) for name in ("members", "placement", "proof_requests", "routing")),
        }
        reading |= {("sessions", SESSION_KEYS), ("session_keys", SESSION_KEYS)}
        encrypting = {(name, "{EncryptionKey.Arn}", "kms:GenerateDataKey") for name in ("members", "proofs")}
        writing = ("session_keys", SESSION_KEYS, "secretsmanager:PutSecretValue")
        assert found == {(*each, "secretsmanager:GetSecretValue") for each in reading} | encrypting | {writing}


MORE_CALLS: dict[str, tuple[str, Call]] = {
    "a call": ("clients.dynamodb.scan(IndexName=name)", Call("dynamodb:Scan")),
    "a call on another table": (
        "clients.dynamodb.put_item(TableName=settings.routes_table)",
        Call("dynamodb:PutItem", "{TablesRoutes.Arn}"),
    ),
    "a query of the table instead of its index": (
        "clients.dynamodb.query(TableName=settings.tenants_table)",
        Call("dynamodb:Query", "{TablesTenants.Arn}"),
    ),
    "a paginator": ("cognito.get_paginator('list_groups').paginate()", Call("cognito-idp:ListGroups")),
    "a secret read": ("clients.secrets.get_secret_value(SecretId=arn)", Call("secretsmanager:GetSecretValue")),
    "a query that is read page by page": (
        "pages(clients.dynamodb.query, after=key, TableName=settings.tenants_table)",
        Call("dynamodb:Query", "{TablesTenants.Arn}"),
    ),
    "a call handed on": ("retry(clients.cognito.delete_user_pool, pool)", Call("cognito-idp:DeleteUserPool")),
    "a method that several services have": (
        "client.tag_resource(ResourceArn=arn)",
        Call(
            " or ".join(
                f"{service}:TagResource"
                for service in (
                    *("cognito-idp", "dynamodb", "events", "lambda", "secretsmanager"),
                    *("servicequotas", "ses", "sns", "states"),
                )
            )
        ),
    ),
}


@pytest.mark.parametrize(("code", "call"), MORE_CALLS.values(), ids=MORE_CALLS.keys())
def test_an_ungranted_call_is_noticed(code: str, call: Call, template: Template) -> None:
    """The check sees the call in the code, and that reconcile's role does not allow it."""
    seen = set(calls_in(ast.parse(code)))
    assert seen == {call}
    assert ungranted(template, "reconcile", seen) != []


def test_the_parts_of_a_transaction_are_noticed() -> None:
    """Each action of a transaction asks for the permission of its own kind."""
    actions = ast.parse("[{'Put': a}, {'Update': b}, {'ConditionCheck': c}, {'Delete': d}, {'Other': e}]")
    kinds = ("PutItem", "UpdateItem", "ConditionCheckItem", "DeleteItem")
    assert {call.action for call in parts_in(actions)} == {f"dynamodb:{kind}" for kind in kinds}


def test_a_function_of_ours_is_no_call() -> None:
    """Clients take keywords only, so `natural_keys.create_group(client, ...)` is ours and not Cognito's."""
    assert set(calls_in(ast.parse("natural_keys.create_group(client, pool, owner=tenant)"))) == set()


@pytest.mark.parametrize("name", sorted(FUNCTIONS - {"dashboard"}))
def test_the_call_graph_is_not_empty(name: str) -> None:
    """A check that finds nothing to check would pass whatever the code does."""
    assert {"handlers", "tenant_onboarding"} <= {place.module.split(".")[0] for place in reachable(name)} <= {*OURS}
    assert calls_of(name)


def test_the_dashboard_leads_to_nothing_of_the_orchestrator() -> None:
    """Anybody may ask for it, so it can neither read nor change anything."""
    assert {place.module for place in reachable("dashboard")} == {"handlers.dashboard", "handlers.web_answers"}
    assert calls_of("dashboard") == set()


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_permission_taken_away_is_missed(name: str, template: Template) -> None:
    """Without any one of the actions that a function's code calls, its role does not suffice."""

    calls = calls_of(name)
    never = NEVER_ASKED_FOR.get(name, [])
    missed = {call: ungranted(without(call.action, name, template), name, calls) != never for call in calls}
    assert {str(call.action) for call, told in missed.items() if not told} == {each.split()[0] for each in never}


def without(action: str, name: str, template: Template) -> Template:
    """Return the template with an action taken from a function's grants."""
    spoilt: Template = copy.deepcopy(template)
    for statement in statements(spoilt, role_of(spoilt, name)):
        statement["Action"] = [each for each in many(statement["Action"]) if each != action]
    return spoilt
