"""Data is encrypted by a key of our own, and in transit, and kept unless a deployment says no; rules can complain."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from infra.configuration.choices import Configuration
from infra.configuration.value_types import RETENTIONS
from infra.retention import LOG_RETENTIONS
from orchestrator.aws.settings import REGIONAL_STACK_NAME
from orchestrator.local.assembly import find
from orchestrator.local.synth import synthesize
from tests.infra import protection_rules as rules
from tests.infra.protection_rules import RULES
from tests.infra.template import Template, chosen, of_type, only, policies, text
from tests.infra.template_rules import Rule

THERE = "eu-west-1"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_template_obeys(rule: Rule, template: Template) -> None:
    assert rule(template) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_so_does_one_with_another_region(rule: Rule) -> None:
    assert rule(chosen(regions=THERE)) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_so_does_the_other_regions_own(rule: Rule) -> None:
    assert rule(regional()) == []


def regional(**context: str) -> Template:
    """Return the template of another Region's stack."""
    stack = find(synthesize({"regions": THERE, **context}), REGIONAL_STACK_NAME, THERE)
    loaded: Template = json.loads(
        stack.template.read_text().replace(f'"{THERE}', '"{Region}').replace(THERE, "{Region}")
    )
    return loaded


def test_the_key_there_has_the_name_by_which_the_replica_asks_for_it() -> None:
    """The replica is made by the home stack, which cannot refer to what another Region's stack has."""
    home = chosen(regions=THERE)
    table = only(home, "AWS::DynamoDB::GlobalTable", "TablesRoutes")[1]
    asked = [text(each["SSESpecification"]["KMSMasterKeyId"]) for each in rules.replicas(table)[1:]]
    (alias,) = of_type(regional(), "AWS::KMS::Alias").values()
    (at_home,) = of_type(home, "AWS::KMS::Alias").values()
    assert text(at_home["Properties"]["AliasName"]) == "alias/{StackName}"
    assert alias["Properties"]["AliasName"] == "alias/TenantOnboarding"
    assert asked == [f"arn:{{Partition}}:kms:{THERE}:{{AccountId}}:alias/{{StackName}}"]


def first(template: Template, kind: str) -> dict[str, Any]:
    """Return some resource of a type, to be spoilt."""
    found: dict[str, Any] = next(iter(of_type(template, f"AWS::{kind}").values()))
    return found


def properties(template: Template, kind: str) -> dict[str, Any]:
    """Return the properties of some resource of a type, to be spoilt."""
    found: dict[str, Any] = first(template, kind)["Properties"]
    return found


def statement(template: Template, sid: str) -> dict[str, Any]:
    """Return a statement of the key's policy, to be spoilt."""
    policy: list[dict[str, Any]] = properties(template, "KMS::Key")["KeyPolicy"]["Statement"]
    (found,) = [each for each in policy if each["Sid"] == sid]
    return found


def routes(template: Template) -> dict[str, Any]:
    """Return the routes table, to be spoilt."""
    return only(template, "AWS::DynamoDB::GlobalTable", "TablesRoutes")[1]


def decrypting(template: Template) -> dict[str, Any]:
    """Return some function's permission to have messages decrypted, to be spoilt."""
    found: dict[str, Any] = next(each for _, each in policies(template) if each.get("Action") == "kms:Decrypt")
    return found


def denying(template: Template, action: str) -> dict[str, Any]:
    """Return some resource's refusal of what comes without TLS, to be spoilt."""
    shut = [each for _, each in policies(template) if each["Effect"] == "Deny" and each["Action"] == action]
    found: dict[str, Any] = shut[0]
    return found


def forget_the_key(kind: str) -> Callable[[Template], object]:
    """Return what has some resource of a type encrypted by another key than ours."""
    return lambda template: properties(template, kind.removeprefix("AWS::")).pop(rules.KEYS[kind])


OTHERWISE = {"Retain": "RetainExceptOnCreate", "RetainExceptOnCreate": "Retain"}


def fated(kind: str, policy: str) -> Callable[[Template], object]:
    """Return what gives some resource of a type another fate when its stack goes, or is never made."""
    return lambda template: first(template, kind.removeprefix("AWS::")).update(DeletionPolicy=policy)


SPOILT: dict[str, tuple[Callable[[Template], object], Rule]] = {
    **{
        f"a {kind} without the key": (forget_the_key(kind), rules.whatever_stores_data_names_the_key)
        for kind in ("AWS::Logs::LogGroup", "AWS::SQS::Queue", "AWS::SNS::Topic")
    },
    "the key that AWS manages": (
        lambda t: properties(t, "SQS::Queue").update(KmsMasterKeyId="alias/aws/sqs"),
        rules.whatever_stores_data_names_the_key,
    ),
    "an archive of events without the key": (
        lambda t: t["Resources"].update(New={"Type": "AWS::Events::Archive", "Properties": {"ArchiveName": "x"}}),
        rules.whatever_stores_data_names_the_key,
    ),
    "a table by AWS's key": (
        lambda t: properties(t, "DynamoDB::Table")["SSESpecification"].pop("KMSMasterKeyId"),
        rules.whatever_stores_data_names_the_key,
    ),
    "a table by AWS's own key": (
        lambda t: properties(t, "DynamoDB::Table").pop("SSESpecification"),
        rules.whatever_stores_data_names_the_key,
    ),
    "a replica by AWS's key": (
        lambda t: routes(t)["Replicas"][0].pop("SSESpecification"),
        rules.whatever_stores_data_names_the_key,
    ),
    "a global table whose replicas' keys are for nothing": (
        lambda t: routes(t)["SSESpecification"].update(SSEEnabled=False),
        rules.whatever_stores_data_names_the_key,
    ),
    "a type that nobody has judged": (
        lambda t: t["Resources"].update(New={"Type": "AWS::S3::Bucket"}),
        rules.whatever_stores_data_names_the_key,
    ),
    "a key for ever": (
        lambda t: properties(t, "KMS::Key").pop("EnableKeyRotation"),
        rules.the_key_is_rotated_and_found_by_its_alias,
    ),
    "a key without a name": (
        lambda t: properties(t, "KMS::Alias").update(TargetKeyId="another"),
        rules.the_key_is_rotated_and_found_by_its_alias,
    ),
    "a key for other accounts": (
        lambda t: statement(t, "Tables")["Condition"]["StringEquals"].pop("kms:CallerAccount"),
        rules.the_key_does_for_each_service_what_it_must,
    ),
    "a key for whoever asks KMS itself": (
        lambda t: statement(t, "Tables")["Condition"]["StringEquals"].pop("kms:ViaService"),
        rules.the_key_does_for_each_service_what_it_must,
    ),
    "a key for any service": (
        lambda t: statement(t, "Queues").update(Principal={"Service": "sns.amazonaws.com"}),
        rules.the_key_does_for_each_service_what_it_must,
    ),
    "a key by which queues cannot be filled": (
        lambda t: statement(t, "Queues").update(Sid="None"),
        rules.the_key_does_for_each_service_what_it_must,
    ),
    "EventBridge asked for what it does not say": (
        lambda t: statement(t, "Queues")["Condition"].update(StringEquals={"aws:SourceAccount": "x"}),
        rules.the_key_does_for_each_service_what_it_must,
    ),
    "a key by which no alarm is heard": (
        lambda t: statement(t, "Alarms")["Action"].pop(),
        rules.the_key_does_for_each_service_what_it_must,
    ),
    "a key for what is not there": (
        lambda t: properties(t, "KMS::Key")["KeyPolicy"]["Statement"].append(statement(t, "Logs") | {"Sid": "More"}),
        rules.the_key_does_for_each_service_what_it_must,
    ),
    "a log group that the key does not know": (
        lambda t: properties(t, "Logs::LogGroup").update(LogGroupName="/aws/lambda/intake"),
        rules.what_the_key_knows_by_name_is_named_so,
    ),
    "a queue that the key does not know": (
        lambda t: properties(t, "SQS::Queue").update(QueueName="intake"),
        rules.what_the_key_knows_by_name_is_named_so,
    ),
    "an alarm that the key does not know": (
        lambda t: properties(t, "CloudWatch::Alarm").update(AlarmName="failed"),
        rules.what_the_key_knows_by_name_is_named_so,
    ),
    "a receiver who cannot read": (
        lambda t: decrypting(t).update(Action="kms:Encrypt"),
        rules.those_who_receive_or_send_messages_may_use_the_key,
    ),
    "a receiver who may decrypt anything": (
        lambda t: decrypting(t).pop("Condition"),
        rules.those_who_receive_or_send_messages_may_use_the_key,
    ),
    "a function without a queue that may decrypt": (
        lambda t: properties(t, "IAM::Policy")["PolicyDocument"]["Statement"].append(decrypting(t)),
        rules.those_who_receive_or_send_messages_may_use_the_key,
    ),
    "a queue over plain HTTP": (
        lambda t: denying(t, "sqs:*").update(Effect="Allow"),
        rules.only_tls_leads_to_queues_and_topics,
    ),
    "a topic over plain HTTP": (
        lambda t: denying(t, "sns:Publish")["Condition"].clear(),
        rules.only_tls_leads_to_queues_and_topics,
    ),
    **{
        f"{kind} that goes with the stack": (fated(kind, "Delete"), rules.whatever_keeps_data_is_kept)
        for kind in rules.KEPT
    },
    **{
        f"{kind} that a stack which is never made treats otherwise": (
            fated(kind, OTHERWISE[policy]),
            rules.whatever_keeps_data_is_kept,
        )
        for kind, policy in rules.KEPT.items()
    },
    "a table that is replaced and gone": (
        lambda t: first(t, "DynamoDB::Table").update(UpdateReplacePolicy="Delete"),
        rules.whatever_keeps_data_is_kept,
    ),
    "a table that can be deleted": (
        lambda t: properties(t, "DynamoDB::Table").pop("DeletionProtectionEnabled"),
        rules.whatever_keeps_data_is_kept,
    ),
    "a replica that can be deleted": (
        lambda t: routes(t)["Replicas"][0].update(DeletionProtectionEnabled=False),
        rules.whatever_keeps_data_is_kept,
    ),
    "operators who can be deleted": (
        lambda t: properties(t, "Cognito::UserPool").update(DeletionProtection="INACTIVE"),
        rules.whatever_keeps_data_is_kept,
    ),
}


@pytest.mark.parametrize(("spoil", "rule"), SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_template_is_noticed(spoil: Callable[[Template], object], rule: Rule, template: Template) -> None:
    """The rule complains about a template that breaks it, so a silent rule means an obedient template."""
    spoil(template)
    assert rule(template) != []


def test_each_rule_is_shown_to_complain() -> None:
    assert {rule for _, rule in SPOILT.values()} == set(RULES)


@pytest.mark.parametrize("where", ["at home", "in another Region"])
def test_a_deployment_that_keeps_no_data_leaves_nothing(where: str) -> None:
    """Neither a table nor a replica, neither logs nor operators; the key as soon as KMS allows."""
    template = chosen(keepData="false", regions=THERE) if where == "at home" else regional(keepData="false")
    assert rules.nothing_is_left_behind(template) == []
    assert properties(template, "KMS::Key")["PendingWindowInDays"] == 7
    kept = [rule(template) for rule in RULES if rule is not rules.whatever_keeps_data_is_kept]
    assert kept == [[]] * len(kept), "all else holds as where data is kept"


def test_one_that_keeps_data_would_not_pass_for_that(template: Template) -> None:
    names = {text({"Ref": name}) for kind in rules.KEPT for name in of_type(template, kind)}
    complaints = rules.nothing_is_left_behind(template)
    assert len(complaints) == len(names) + 5, "each of them stays, and four tables and a user pool are protected"
    assert properties(template, "KMS::Key")["PendingWindowInDays"] == 30


def test_logs_are_kept_for_as_many_days_as_are_chosen() -> None:
    for template in (chosen(logRetentionDays="400", regions=THERE), regional(logRetentionDays="400")):
        days = {each["Properties"]["RetentionInDays"] for each in of_type(template, "AWS::Logs::LogGroup").values()}
        assert days == {400}


def test_each_length_that_may_be_chosen_is_what_cdk_calls_it() -> None:
    """CDK's names are in the order of their lengths; a new one in between would shift those after it."""
    names = {1: "ONE_DAY", 7: "ONE_WEEK", 30: "ONE_MONTH", 90: "THREE_MONTHS", 365: "ONE_YEAR", 400: "THIRTEEN_MONTHS"}
    assert {days: LOG_RETENTIONS[days].name for days in names} == names
    assert (LOG_RETENTIONS[731].name, LOG_RETENTIONS[1_827].name, LOG_RETENTIONS[3_653].name) == (
        *("TWO_YEARS", "FIVE_YEARS", "TEN_YEARS"),
    )
    assert tuple(LOG_RETENTIONS) == RETENTIONS
    assert Configuration().log_retention_days in RETENTIONS
