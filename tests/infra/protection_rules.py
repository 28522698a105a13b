"""What a template must obey about data at rest and in transit, each rule a function that returns its complaints."""

import json
from typing import Any

from tests.infra.template import Template, aliases, functions, many, of_type, policies, text

OURS = "{StackName}-*"
IN_THE_REGION = "{Region}:{AccountId}"
DATA_KEYS = ["kms:Decrypt", "kms:GenerateDataKey*"]
WHOLE = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
THROUGH_DYNAMODB = {
    "StringEquals": {"kms:ViaService": "dynamodb.{Region}.amazonaws.com", "kms:CallerAccount": "{AccountId}"}
}
STATEMENTS: dict[str, dict[str, Any]] = {
    "Account": {"Principal": {"AWS": "arn:{Partition}:iam::{AccountId}:root"}, "Action": ["kms:*"]},
    "Tables": {
        "Principal": {"AWS": "*"},
        "Action": WHOLE,
        "Condition": THROUGH_DYNAMODB,
    },
    "TableGrants": {
        "Principal": {"AWS": "*"},
        "Action": ["kms:CreateGrant"],
        "Condition": THROUGH_DYNAMODB | {"Bool": {"kms:GrantIsForAWSResource": "true"}},
    },
    "Secrets": {
        "Principal": {"AWS": "*"},
        "Action": WHOLE,
        "Condition": {
            "StringEquals": {
                "kms:ViaService": "secretsmanager.{Region}.amazonaws.com",
                "kms:CallerAccount": "{AccountId}",
            }
        },
    },
    "Logs": {
        "Principal": {"Service": "logs.{Region}.amazonaws.com"},
        "Action": WHOLE,
        "Condition": {
            "ArnLike": {
                "kms:EncryptionContext:aws:logs:arn": f"arn:{{Partition}}:logs:{IN_THE_REGION}:log-group:{OURS}"
            }
        },
    },
    "Queues": {
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": DATA_KEYS,
        "Condition": {
            "ArnLike": {"kms:EncryptionContext:aws:sqs:arn": f"arn:{{Partition}}:sqs:{{Region}}:{{AccountId}}:{OURS}"}
        },
    },
    "Archives": {
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": [*DATA_KEYS, "kms:ReEncrypt*"],
        "Condition": {
            "ArnLike": {
                "kms:EncryptionContext:aws:events:event-bus:arn": (
                    "arn:{Partition}:events:{Region}:{AccountId}:event-bus/*"
                )
            }
        },
    },
    "ArchivesLook": {"Principal": {"Service": "events.amazonaws.com"}, "Action": ["kms:DescribeKey"]},
    "Alarms": {
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": DATA_KEYS,
        "Condition": {
            "StringEquals": {"aws:SourceAccount": "{AccountId}"},
            "ArnLike": {"aws:SourceArn": f"arn:{{Partition}}:cloudwatch:{{Region}}:{{AccountId}}:alarm:{OURS}"},
        },
    },
}
"""Who may do what with the key, under which condition, by the name of the statement."""
FOR_TYPE = {
    "AWS::SecretsManager::Secret": ("Secrets",),
    "AWS::Logs::LogGroup": ("Logs",),
    "AWS::SQS::Queue": ("Queues",),
    "AWS::Events::Archive": ("Archives", "ArchivesLook"),
    "AWS::SNS::Topic": ("Alarms",),
}
"""Statements that are there because something of that type is."""
NAMES = {
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::CloudWatch::Alarm": "AlarmName",
}
"""Where a resource's own name would stand that the key's policy knows by the stack's name."""
KEYS = {
    "AWS::SecretsManager::Secret": "KmsKeyId",
    "AWS::Logs::LogGroup": "KmsKeyId",
    "AWS::SQS::Queue": "KmsMasterKeyId",
    "AWS::SNS::Topic": "KmsMasterKeyId",
    "AWS::Events::Archive": "KmsKeyIdentifier",
}
TABLES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")
KEPT = {
    **dict.fromkeys((*TABLES, "AWS::SecretsManager::Secret", "AWS::KMS::Key", "AWS::Cognito::UserPool"), "Retain"),
    "AWS::Logs::LogGroup": "RetainExceptOnCreate",
}
"""What holds data for longer than it takes to handle it, and its DeletionPolicy.

By the second it goes with a stack whose creation fails. A table stays then, and with it its key.
"""
GOES = ("Delete", "Delete")
"""Both policies of what goes with the stack, as CloudFormation has them by default."""
A_VERSION = ("RetainExceptOnCreate", "Retain")
"""Both policies of a version: it stays for a rollback, and goes with its function."""
STORES_NOTHING_OF_OURS = {
    *("AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Authorizer", "AWS::ApiGatewayV2::Integration"),
    *("AWS::ApiGatewayV2::Route", "AWS::ApiGatewayV2::Stage"),
    *("AWS::CDK::Metadata", "AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::Logs::MetricFilter"),
    *("AWS::Cognito::UserPoolClient", "AWS::Cognito::UserPoolDomain", "AWS::Cognito::UserPoolGroup"),
    *("AWS::Events::EventBusPolicy", "AWS::Events::Rule", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::KMS::Alias"),
    *("AWS::Lambda::Alias", "AWS::Lambda::EventSourceMapping", "AWS::Lambda::Permission", "AWS::Lambda::Version"),
    *("AWS::SES::ConfigurationSet", "AWS::SES::ConfigurationSetEventDestination", "AWS::SES::EmailIdentity"),
    *("AWS::SNS::Subscription", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"),
}
SENDERS = ("members", "proofs")
"""Functions that put messages on queues themselves; all else comes by rules."""
BY_AWS_OWN_KEY = {
    "AWS::Cognito::UserPool": "a key of one's own cannot be shut away without every sign-in",
    "AWS::Events::EventBus": "what it could not decrypt it would put aside encrypted, so that nothing could replay it",
    "AWS::Lambda::Function": "environments hold no secret, the code is no secret",
    "AWS::StepFunctions::StateMachine": "executions carry the tenant's id, its tier and counters, no person",
}
"""What is encrypted all the same, and why not by our key."""


def whatever_stores_data_names_the_key(template: Template) -> list[str]:
    """Queues, topics, logs, archives, tables and their replicas; a type that nobody has judged is complained about."""
    (key,) = of_type(template, "AWS::KMS::Key")
    here = {"Fn::GetAtt": [key, "Arn"]}
    complaints = []
    for name, resource in template["Resources"].items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind in KEYS:
            if properties.get(KEYS[kind]) != here:
                complaints.append(f"{name} is not encrypted by the key")
        elif kind in TABLES:
            complaints += [f"{name} {each}" for each in _unencrypted(properties, here)]
        elif kind not in {*STORES_NOTHING_OF_OURS, *BY_AWS_OWN_KEY, "AWS::KMS::Key"}:
            complaints.append(f"{kind}: does {name} store anything?")
    return complaints


def the_key_is_rotated_and_found_by_its_alias(template: Template) -> list[str]:
    """One key, symmetric as KMS makes them by default, new material every year, named after the home stack."""
    ((name, key),) = of_type(template, "AWS::KMS::Key").items()
    properties = key["Properties"]
    complaints = [f"{each} of the key is set" for each in ("KeySpec", "KeyUsage", "Origin") if each in properties]
    if (properties.get("EnableKeyRotation"), properties.get("RotationPeriodInDays")) != (True, 365):
        complaints.append("the key stays the same")
    aliases = [each["Properties"] for each in of_type(template, "AWS::KMS::Alias").values()]
    if [each["TargetKeyId"] for each in aliases] != [{"Fn::GetAtt": [name, "Arn"]}]:
        complaints.append("the key has no alias, or another key has it")
    return complaints


def the_key_does_for_each_service_what_it_must(template: Template) -> list[str]:
    """Each statement as it is written out above, there only where something is that needs it; it refers to nothing."""
    ((_, key),) = of_type(template, "AWS::KMS::Key").items()
    found = {each["Sid"]: _read(each) for each in key["Properties"]["KeyPolicy"]["Statement"]}
    needed = [sid for kind, sids in FOR_TYPE.items() if of_type(template, kind) for sid in sids]
    wanted = {sid: STATEMENTS[sid] for sid in ("Account", "Tables", "TableGrants", *needed)}
    complaints = [
        f"statement {sid}: {found.get(sid)}"
        for sid in found.keys() | wanted.keys()
        if found.get(sid) != wanted.get(sid)
    ]
    if "Fn::GetAtt" in json.dumps(key["Properties"]["KeyPolicy"]):
        complaints.append("the key waits for what waits for the key")
    return complaints


def what_the_key_knows_by_name_is_named_so(template: Template) -> list[str]:
    """CloudFormation puts the stack's name before a name that is left out."""
    return [
        f"{name} has a name of its own"
        for kind, place in NAMES.items()
        for name, resource in of_type(template, kind).items()
        if not text(resource["Properties"].get(place, "{StackName}-")).startswith("{StackName}-")
    ]


def those_who_receive_or_send_messages_may_use_the_key(template: Template) -> list[str]:
    """A queue's function has `kms:Decrypt` on the key, through SQS, and who sends may encrypt too; nobody has more."""
    (key,) = of_type(template, "AWS::KMS::Key")
    mappings = of_type(template, "AWS::Lambda::EventSourceMapping").values()
    fed = " ".join(text(mapping["Properties"]["FunctionName"]) for mapping in mappings)
    wanted: dict[str, list[str]] = {
        properties["Role"]["Fn::GetAtt"][0]: ["kms:Decrypt"]
        for alias, (_, properties) in aliases(template).items()
        if text({"Ref": alias}) in fed
    }
    wanted |= {
        properties["Role"]["Fn::GetAtt"][0]: ["kms:Decrypt", "kms:GenerateDataKey"]
        for name, (_, properties) in functions(template).items()
        if name in SENDERS
    }
    found: dict[str, Any] = {}
    for policy in of_type(template, "AWS::IAM::Policy").values():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            if any(action.startswith("kms:") for action in many(statement["Action"])):
                found[policy["Properties"]["Roles"][0]["Ref"]] = statement | {"Action": many(statement["Action"])}
    grant = {
        "Condition": {
            "StringEquals": {"kms:ViaService": {"Fn::Join": ["", ["sqs.", {"Ref": "AWS::Region"}, ".amazonaws.com"]]}}
        },
        "Effect": "Allow",
        "Resource": {"Fn::GetAtt": [key, "Arn"]},
    }
    return [
        f"{role}: {found.get(role)}"
        for role in found.keys() | wanted
        if role not in wanted or found.get(role) != grant | {"Action": wanted[role]}
    ]


def only_tls_leads_to_queues_and_topics(template: Template) -> list[str]:
    """Each has a policy that denies everybody whatever comes without it."""
    shut = set()
    for _, statement in policies(template):
        if (
            statement["Effect"] == "Deny"
            and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
            and statement["Principal"] in ("*", {"AWS": "*"})
            and (statement["Action"] in ("sqs:*", "sns:Publish"))
        ):
            shut |= {text(each).replace(".Arn", "") for each in many(statement["Resource"])}
    there = {text({"Ref": name}) for kind in ("AWS::SQS::Queue", "AWS::SNS::Topic") for name in of_type(template, kind)}
    return [f"{name} is open to plain HTTP" for name in sorted(there - shut)]


def whatever_keeps_data_is_kept(template: Template) -> list[str]:
    """It outlives the stack, and neither a table, with its replicas, nor the user pool can be deleted by mistake."""
    complaints = [
        f"{name} is kept otherwise"
        for kind, policy in KEPT.items()
        for name, resource in of_type(template, kind).items()
        if _fate(resource) != (policy, "Retain")
    ]
    return complaints + [f"{name} can be deleted" for name, protected in _protections(template) if not protected]


def nothing_is_left_behind(template: Template) -> list[str]:
    """Of a stack that keeps no data: the opposite. Versions that are kept for a rollback go with their function."""
    complaints = [
        f"{name} stays"
        for name, resource in template["Resources"].items()
        if _fate(resource) != (A_VERSION if resource["Type"] == "AWS::Lambda::Version" else GOES)
    ]
    return complaints + [f"{name} cannot be deleted" for name, protected in _protections(template) if protected]


def _fate(resource: dict[str, Any]) -> tuple[str, str]:
    """Return the DeletionPolicy and the UpdateReplacePolicy of a resource."""
    return resource.get("DeletionPolicy", "Delete"), resource.get("UpdateReplacePolicy", "Delete")


def _unencrypted(table: dict[str, Any], here: dict[str, Any]) -> list[str]:
    """Return what of a table, or of which of its replicas, is not encrypted by the key of its Region."""
    chosen = dict(table.get("SSESpecification", {}))
    keys: list[tuple[Any, Any]] = [(chosen.pop("KMSMasterKeyId", None), here)] if "Replicas" not in table else []
    for replica in replicas(table):
        named = replica.get("SSESpecification", {}).get("KMSMasterKeyId", "")
        alias = f"arn:{{Partition}}:kms:{replica['Region']}:{{AccountId}}:alias/{{StackName}}"
        keys.append((named, here) if replica["Region"] == {"Ref": "AWS::Region"} else (text(named), alias))
    complaints = [f"names {named}, not {wanted}" for named, wanted in keys if named != wanted]
    return complaints if chosen == {"SSEEnabled": True, "SSEType": "KMS"} else [*complaints, "is not encrypted"]


def _protections(template: Template) -> list[tuple[str, bool]]:
    """Return whether each table, replica and user pool is protected from being deleted."""
    found = [
        (name, copy.get("DeletionProtectionEnabled") is True)
        for kind in TABLES
        for name, table in of_type(template, kind).items()
        for copy in replicas(table["Properties"]) or [table["Properties"]]
    ]
    pools = of_type(template, "AWS::Cognito::UserPool").items()
    return found + [(name, pool["Properties"].get("DeletionProtection") == "ACTIVE") for name, pool in pools]


def replicas(table: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a global table's copies, those included that are only where home is not."""
    return [each["Fn::If"][1] if "Fn::If" in each else each for each in table.get("Replicas", [])]


def _read(statement: dict[str, Any]) -> dict[str, Any]:
    """Return a statement of a key's policy with its references as text, without what all of them have."""
    assert (statement["Effect"], statement["Resource"]) == ("Allow", "*")
    read = {
        "Principal": {kind: text(who) for kind, who in statement["Principal"].items()},
        "Action": many(statement["Action"]),
        "Condition": {
            operator: {name: text(value) for name, value in keys.items()}
            for operator, keys in statement.get("Condition", {}).items()
        },
    }
    return {name: value for name, value in read.items() if value}


RULES = (
    whatever_stores_data_names_the_key,
    the_key_is_rotated_and_found_by_its_alias,
    the_key_does_for_each_service_what_it_must,
    what_the_key_knows_by_name_is_named_so,
    those_who_receive_or_send_messages_may_use_the_key,
    only_tls_leads_to_queues_and_topics,
    whatever_keeps_data_is_kept,
)
