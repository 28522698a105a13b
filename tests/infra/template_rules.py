"""What the template must obey, each rule a function that returns its complaints."""

import importlib.util
import itertools
import json
import re
from collections.abc import Callable
from typing import Any

from infra.workflow import ABANDONMENT, ONBOARDING
from orchestrator.aws.clients import CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS
from orchestrator.aws.settings import GIVEN, JUDGED_BY, LIMITED_BY, MADE_WITH
from orchestrator.onboarding import reconcile
from orchestrator.tenants import fence
from orchestrator.tenants.due import DUE_INDEX
from orchestrator.tenants.ledger import LEASE_MARGIN_SECONDS
from orchestrator.tenants.records import ID_INDEX, STATUS_INDEX, UNPUBLISHED_INDEX
from orchestrator.users.store import ADDRESS_INDEX
from tenant_onboarding.names import PREFIX
from tests.infra.template import Template, aliases, functions, grants, many, of_type, only, policies, statements, text

Rule = Callable[[Template], list[str]]

OUTPUTS = {
    "EventBusName": "{Bus}",
    "OnboardingStateMachineArn": "{WorkflowStateMachine}",
    "AbandonmentStateMachineArn": "{AbandonmentStateMachine}",
    "WelcomeFunctionName": "{6 of {WelcomeAlias} at :}:live",
    "IntakeQueueUrl": "{IntakeQueue}",
    "IntakeDeadLetterQueueUrl": "{IntakeQueueDeadLetters}",
    "ParametersQueueUrl": "{ParametersQueue}",
    "ParametersDeadLetterQueueUrl": "{ParametersQueueDeadLetters}",
    "ProofRequestsQueueUrl": "{UsersProofRequestsQueue}",
    "ProofRequestsDeadLetterQueueUrl": "{UsersProofRequestsQueueDeadLetters}",
    "MailFeedbackQueueUrl": "{MailFeedbackQueue}",
    "MailFeedbackDeadLetterQueueUrl": "{MailFeedbackQueueDeadLetters}",
    "RuleDeadLetterQueueUrl": "{RuleDeadLetters}",
    "TenantsTableName": "{TablesTenants}",
    "RoutesTableName": "{TablesRoutes}",
    "SharedPoolsTableName": "{TablesSharedPools}",
    "UsersTableName": "{TablesUsers}",
    "UserKeysArn": "{TablesUserKeysSecret.Id}",
    "AlarmTopicArn": "{MonitoringAlarms}",
    "AppDomain": "app.example",
    "Sender": "welcome@app.example",
    "AccountApiId": "{UsersAccountApi}",
    "AccountApiUrl": "{UsersAccountApi.ApiEndpoint}/account/v1",
    "ApiUrl": "{StatusApi.ApiEndpoint}",
    "DashboardUrl": "{StatusApi.ApiEndpoint}/",
    "ConfigUrl": "{StatusApi.ApiEndpoint}/config",
    "OperatorsUserPoolId": "{OperatorsUserPool}",
    "OperatorsClientId": "{OperatorsUserPoolClient}",
}
TABLES = {
    "TablesTenants": ["tenantId", "item"],
    "TablesRoutes": ["routeKey"],
    "TablesSharedPools": ["region", "poolKey"],
    "TablesUsers": ["tenantId", "item"],
}
IN_EVERY_REGION = {"TablesRoutes"}
"""Tables of the kind that can have a replica wherever people sign in."""
TIME_TO_LIVE = {"TablesTenants": "expiresAt", "TablesUsers": "expiresAt"}
FUNCTIONS = {
    "api",
    "capacity",
    "dashboard",
    "intake",
    "mail_feedback",
    "members",
    "outcome",
    "parameters",
    "placement",
    "pre_sign_up",
    "preflight",
    "proof_requests",
    "proofs",
    "session_keys",
    "sessions",
    "reconcile",
    "removal",
    "resolver",
    "routing",
    "token_claims",
    "welcome",
}
BEHIND_APIS = {
    **dict.fromkeys(("api", "dashboard", "resolver"), "StatusApi"),
    "proofs": "UsersAccountApi",
    "sessions": "UsersAccountApi",
    "members": "UsersAccountApi",
}
"""Functions that an HTTP API invokes, and which."""
WORKFLOWS = {
    "WorkflowStateMachine": (
        ONBOARDING,
        {
            "PlacementFunction": "{PlacementAlias}",
            "RoutingFunction": "{RoutingAlias}",
            "WelcomeFunction": "{WelcomeAlias}",
        },
    ),
    "AbandonmentStateMachine": (ABANDONMENT, {"RemovalFunction": "{RemovalAlias}"}),
}
SCHEDULES = {
    "ReconcileSchedule": ("rate(5 minutes)", ["{ReconcileAlias}"]),
    "CapacitySchedule": ("rate(5 minutes)", ["{CapacityAlias}"]),
    "PreflightSchedule": ("rate(1 hour)", ["{PreflightAlias}"]),
    "SessionKeysSchedule": ("rate(1 day)", ["{SessionKeysAlias}"]),
}
RECOVERABLE = {"PointInTimeRecoveryEnabled": True}
FEWEST_RECEIVES = 5
DEAD_LETTER_SECONDS = 14 * 86_400
SECRET_NAME = re.compile(r"SECRET|PASSWORD|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_KEY|TOKEN")
NAMED_LIKE_A_SECRET = {
    "ONBOARDING_SECRET_PREFIX": "tenant-onboarding",  # where secrets are, by name
    "ONBOARDING_ACCESS_TOKEN_MINUTES": "60",  # how long tokens last
    "ONBOARDING_ID_TOKEN_MINUTES": "60",
    "ONBOARDING_REFRESH_TOKEN_DAYS": "30",
    "ONBOARDING_TOKEN_CLAIMS_ARN": "{TokenClaimsTriggerAlias}",  # the trigger
    "ONBOARDING_TOKEN_USE": "access",  # which kind of token
}
"""Settings that only sound secret, each with what it may hold; with anything else it is reported like any other."""
TRIGGERS = (NAMED_LIKE_A_SECRET["ONBOARDING_TOKEN_CLAIMS_ARN"], "{PreSignUpAlias}")
"""What user pools call, by the aliases."""
SECRET_VALUE = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN|resolve:(secretsmanager|ssm-secure)")


def the_outputs_are_the_contract(template: Template) -> list[str]:
    """The CLI and the checks find the stack's parts by these names."""
    found = {name: text(output["Value"]) for name, output in template["Outputs"].items()}
    intake = functions(template)["intake"][1]["Environment"]["Variables"]
    judged_by = json.dumps({name: text(intake[f"{PREFIX}{name.upper()}"]) for name in JUDGED_BY})
    limited_by = json.dumps({name: text(intake[f"{PREFIX}{name.upper()}"]) for name in LIMITED_BY})
    made_with = json.dumps({name: text(intake[f"{PREFIX}{name.upper()}"]) for name in MADE_WITH})
    given = json.dumps({name: text(intake[f"{PREFIX}{name.upper()}"]) for name in GIVEN})
    wanted = OUTPUTS | {"JudgedBy": judged_by, "LimitedBy": limited_by, "MadeWith": made_with, "Given": given}
    return [f"output {name}: {found.get(name)}" for name in _differing(found, wanted)]


def every_rule_target_has_a_dead_letter_queue(template: Template) -> list[str]:
    """EventBridge drops an event that it cannot deliver unless the target names a queue for it."""
    queues = {f"{{{name}}}" for name in map(_short, of_type(template, "AWS::SQS::Queue"))}
    complaints = []
    for name, rule in of_type(template, "AWS::Events::Rule").items():
        for target in rule["Properties"]["Targets"]:
            queue = target.get("DeadLetterConfig", {}).get("Arn")
            if queue is None or text(queue).replace(".Arn", "") not in queues:
                complaints.append(f"a target of {name} has no dead-letter queue")
    return complaints


def queues_outlast_their_functions(template: Template) -> list[str]:
    """A message is not handed out twice while a function works on it, nor given up in a burst, nor lost."""
    complaints = []
    behind = {f"{{6 of {text({'Ref': alias})} at :}}:live": each for alias, (_, each) in aliases(template).items()}
    mappings = of_type(template, "AWS::Lambda::EventSourceMapping")
    if len(mappings) != 4:  # they are named below
        fed = "intake, parameters, mail_feedback and proof_requests"
        complaints.append(f"{len(mappings)} queues feed a function, not {fed}")
    for name, mapping in mappings.items():
        properties = mapping["Properties"]
        queue = template["Resources"][properties["EventSourceArn"]["Fn::GetAtt"][0]]["Properties"]
        function = behind[text(properties["FunctionName"])]
        if properties.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            complaints.append(f"{name}: one bad message brings the whole batch back")
        if properties.get("ScalingConfig", {}).get("MaximumConcurrency", 0) < 2:
            complaints.append(f"{name}: concurrency is not bounded")
        if queue.get("VisibilityTimeout", 30) <= function["Timeout"]:
            complaints.append(f"{name}: a message is visible again while its function may still run")
        redrive = queue.get("RedrivePolicy")
        if redrive is None or redrive["maxReceiveCount"] < FEWEST_RECEIVES:
            complaints.append(f"{name}: a message is given up before {FEWEST_RECEIVES} receives")
        elif _dead_letters(template, redrive).get("MessageRetentionPeriod") != DEAD_LETTER_SECONDS:
            complaints.append(f"{name}: dead letters are not kept for 14 days")
        elif queue.get("MessageRetentionPeriod", DEAD_LETTER_SECONDS) * 2 > DEAD_LETTER_SECONDS:
            complaints.append(f"{name}: a message that waited is soon gone as a dead letter")
    return complaints


def only_its_rules_may_send_to_a_queue(template: Template) -> list[str]:
    """Of each queue's senders EventBridge is the only one, on behalf of the rules that have the queue as a target."""
    allowed: dict[str, set[str]] = {text({"Ref": name}): set() for name in of_type(template, "AWS::SQS::Queue")}
    complaints = []
    for name, policy in of_type(template, "AWS::SQS::QueuePolicy").items():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Deny":
                continue
            rule = statement.get("Condition", {}).get("ArnEquals", {}).get("aws:SourceArn")
            if statement["Principal"] != {"Service": "events.amazonaws.com"} or rule is None:
                complaints.append(f"{name} lets in more than a rule")
            elif "sqs:SendMessage" in many(statement["Action"]):
                allowed[text(statement["Resource"]).replace(".Arn", "")].add(text(rule).replace(".Arn", ""))
    wanted: dict[str, set[str]] = {queue: set() for queue in allowed}
    for name, rule in of_type(template, "AWS::Events::Rule").items():
        for target in rule["Properties"]["Targets"]:
            for arn in (target["Arn"], target.get("DeadLetterConfig", {}).get("Arn", "")):
                queue = text(arn).replace(".Arn", "")
                if queue in wanted:
                    wanted[queue].add(text({"Ref": name}))
    return complaints + [f"{queue} admits {sorted(allowed[queue])}" for queue in _differing(allowed, wanted)]


def functions_are_invoked_by_their_rules_only(template: Template) -> list[str]:
    """A resource policy names EventBridge and one rule, and that rule targets the function; or else the HTTP API.

    Whom the triggers of user pools admit is a rule of its own.
    """
    complaints = []
    behind = {alias: BEHIND_APIS[name] for alias, (name, _) in aliases(template).items() if name in BEHIND_APIS}
    for name, permission in of_type(template, "AWS::Lambda::Permission").items():
        properties = permission["Properties"]
        if api := behind.get(properties["FunctionName"].get("Ref")):
            if not _is_of_api(properties, api):
                complaints.append(f"{name} admits more than {api}")
            continue
        if text(properties["FunctionName"]) in TRIGGERS:
            continue
        source = properties.get("SourceArn", {}).get("Fn::GetAtt", [""])[0]
        rule = of_type(template, "AWS::Events::Rule").get(source, {"Properties": {"Targets": []}})
        targets = [target["Arn"] for target in rule["Properties"]["Targets"]]
        if properties["Principal"] != "events.amazonaws.com" or properties["FunctionName"] not in targets:
            complaints.append(f"{name} admits more than the rule that targets the function")
    return complaints


def _is_of_api(permission: dict[str, Any], api: str) -> bool:
    of_api = f"arn:{{Partition}}:execute-api:{{Region}}:{{AccountId}}:{{{api}}}/"
    source = text(permission.get("SourceArn", ""))
    return permission["Principal"] == "apigateway.amazonaws.com" and source.startswith(of_api)


def executions_that_end_badly_reach_outcome(template: Template) -> list[str]:
    """All three bad ends of both state machines' executions, no others, on the bus where AWS publishes them."""
    _, rule = only(template, "AWS::Events::Rule", "ExecutionEnded")
    machines = [only(template, "AWS::StepFunctions::StateMachine", name)[0] for name in WORKFLOWS]
    pattern = {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "stateMachineArn": [{"Ref": machine} for machine in machines],
            "status": ["FAILED", "TIMED_OUT", "ABORTED"],
        },
    }
    complaints = [] if rule.get("EventPattern") == pattern else ["ExecutionEnded has another pattern"]
    if "EventBusName" in rule:
        complaints.append("ExecutionEnded listens on a bus where AWS publishes nothing")
    targets = [text(target["Arn"]) for target in rule["Targets"]]
    return complaints if targets == ["{OutcomeAlias}"] else [*complaints, f"ExecutionEnded leads to {targets}"]


def schedules_lead_to_their_functions(template: Template) -> list[str]:
    """Reconcile, capacity, preflight and session_keys are invoked by rules of their own, and nothing else is."""
    found = {
        name: (
            rule["Properties"]["ScheduleExpression"],
            [text(target["Arn"]) for target in rule["Properties"]["Targets"]],
        )
        for name, rule in ((_short(name), rule) for name, rule in of_type(template, "AWS::Events::Rule").items())
        if "ScheduleExpression" in rule["Properties"]
    }
    return [f"schedule {name}: {found.get(name)}" for name in _differing(found, SCHEDULES)]


def rules_listen_where_events_are_published(template: Template) -> list[str]:
    """TenantCreated from whatever source and our own TenantOnboarded, each to its queue, on the stack's bus."""
    wanted = {
        "TenantCreated": ({"detail-type": ["TenantCreated"]}, "{IntakeQueue.Arn}"),
        "TenantOnboarded": (
            {"source": ["tenant.onboarding"], "detail-type": ["TenantOnboarded"]},
            "{ParametersQueue.Arn}",
        ),
    }
    complaints = []
    for name, (pattern, queue) in wanted.items():
        _, rule = only(template, "AWS::Events::Rule", name)
        found = (rule.get("EventPattern"), [text(target["Arn"]) for target in rule["Targets"]])
        if found != (pattern, [queue]) or text(rule.get("EventBusName", "default")) != "{Bus}":
            complaints.append(f"{name} is wired otherwise")
    return complaints


def tables_have_the_agreed_keys_and_are_kept(template: Template) -> list[str]:
    """Keys by design; every table restorable to a point in time, paid by request, kept when the stack goes."""
    tables = of_type(template, "AWS::DynamoDB::Table") | of_type(template, "AWS::DynamoDB::GlobalTable")
    complaints = [f"table {name}" for name in _differing(dict.fromkeys(map(_short, tables)), dict.fromkeys(TABLES))]
    for name, table in tables.items():
        properties = table["Properties"]
        if _key(properties["KeySchema"]) != TABLES.get(_short(name)):
            complaints.append(f"{name} has other keys")
        copies = _replicas(properties) if _short(name) in IN_EVERY_REGION else [properties]
        if any(copy.get("PointInTimeRecoverySpecification") != RECOVERABLE for copy in copies):
            complaints.append(f"{name} cannot be restored to a point in time")
        if properties.get("BillingMode") != "PAY_PER_REQUEST":
            complaints.append(f"{name} has a fixed capacity")
        if (table.get("DeletionPolicy"), table.get("UpdateReplacePolicy")) != ("Retain", "Retain"):
            complaints.append(f"{name} is deleted with the stack")
        time_to_live = properties.get("TimeToLiveSpecification", {"Enabled": True})
        if (time_to_live.get("AttributeName"), time_to_live["Enabled"]) != (TIME_TO_LIVE.get(_short(name)), True):
            complaints.append(f"{name} lets other items expire")
    return complaints


def indexes_are_those_that_the_code_queries(template: Template) -> list[str]:
    """Names as in `records` and in the store of users, keys as `reconcile` reads them off the names."""
    tables = [only(template, "AWS::DynamoDB::Table", name)[1] for name in ("TablesTenants", "TablesUsers")]
    indexes = [index for table in tables for index in table.get("GlobalSecondaryIndexes", [])]
    found = {index["IndexName"]: _key(index["KeySchema"]) for index in indexes}
    names = (STATUS_INDEX, UNPUBLISHED_INDEX, ID_INDEX, DUE_INDEX, ADDRESS_INDEX)
    wanted = {name: name.split("-") for name in names}
    return [f"index {name}: {found.get(name)}" for name in _differing(found, wanted)]


def each_timeout_is_shorter_than_the_next(template: Template) -> list[str]:
    """HTTP call < function < lease < task of the workflow < what reconcile takes for left behind.

    A remover waits for no longer than the longest lease, so none may be longer.
    """
    complaints = []
    states = [state for name in WORKFLOWS for state in _definition(template, name)["States"].values()]
    tasks = [state for state in states if state["Type"] == "Task"]
    task = min(state.get("TimeoutSeconds", 0) for state in tasks)
    for name, (_, properties) in functions(template).items():
        function = properties["Timeout"]
        lease = function + READ_TIMEOUT_SECONDS + LEASE_MARGIN_SECONDS
        limits = [CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS, function, lease, task, reconcile.GRACE_SECONDS]
        if any(shorter >= longer for shorter, longer in itertools.pairwise(limits)):
            complaints.append(f"{name}: {limits} do not rise")
        if lease > fence.LONGEST_LEASE_SECONDS:
            complaints.append(f"{name}: a lease of {lease} s outlasts the fence's wait")
    return complaints


def functions_run_the_agreed_python(template: Template) -> list[str]:
    """One runtime and architecture, which the bundled packages are built for; each handler is there."""
    found = functions(template)
    complaints = [f"function {name}" for name in sorted(found.keys() ^ FUNCTIONS)]
    for name, (_, properties) in found.items():
        if (properties["Runtime"], properties.get("Architectures")) != ("python3.13", ["arm64"]):
            complaints.append(f"{name} runs something else")
        module, _, attribute = properties["Handler"].rpartition(".")
        spec = importlib.util.find_spec(module)
        if spec is None or spec.loader is None or attribute != "handler":
            complaints.append(f"{name} has no handler {properties['Handler']}")
    return complaints


def logs_do_not_pile_up(template: Template) -> list[str]:
    """Each function logs to a group of its own that forgets."""
    groups = of_type(template, "AWS::Logs::LogGroup")
    complaints = [
        f"{name} keeps for ever" for name, group in groups.items() if "RetentionInDays" not in group["Properties"]
    ]
    used = [
        text(properties.get("LoggingConfig", {}).get("LogGroup", "none"))
        for _, properties in functions(template).values()
    ]
    return (
        complaints
        if len(set(used) - {"none"}) == len(used)
        else [*complaints, "functions share a log group or have none"]
    )


def no_policy_is_open(template: Template) -> list[str]:
    """Nothing is allowed by wildcard, by exception or to everybody."""
    complaints = []
    for name, statement in policies(template):
        if statement["Effect"] == "Deny":
            continue
        if "NotAction" in statement or any("*" in action for action in many(statement["Action"])):
            complaints.append(f"{name} allows actions by wildcard")
        if "NotResource" in statement or "NotPrincipal" in statement or "*" in str(statement.get("Principal", "")):
            complaints.append(f"{name} allows by exception, or everybody")
    return complaints


def nothing_is_secret(template: Template) -> list[str]:
    """Templates and environments are readable by many: no secret is in them."""
    complaints = [f"{match[0]} is a secret" for match in SECRET_VALUE.finditer(json.dumps(template))]
    for name, (_, properties) in functions(template).items():
        variables = properties.get("Environment", {}).get("Variables", {})
        complaints += [
            f"{name} is given {variable}"
            for variable, value in variables.items()
            if SECRET_NAME.search(variable) and NAMED_LIKE_A_SECRET.get(variable) != text(value)
        ]
    return complaints


def no_place_is_fixed(template: Template) -> list[str]:
    """The stack deploys into any partition, account and Region."""
    fixed = re.compile(r"arn:aws[a-z-]*:|\b[0-9]{12}\b|\b[a-z]{2}-(east|west|north|south|central)[a-z]*-[0-9]\b")
    return [f"{match[0]} is fixed" for match in fixed.finditer(json.dumps(template["Resources"]))]


def the_definition_is_the_file(template: Template) -> list[str]:
    """What is deployed is the reviewed ASL file, its placeholders replaced by exactly its functions."""
    complaints = []
    for name, (file, invoked) in WORKFLOWS.items():
        _, machine = only(template, "AWS::StepFunctions::StateMachine", name)
        if _definition(template, name) != json.loads(file.read_text()):
            complaints.append(f"the definition of {name} is another than the file's")
        substitutions = {each: text(value) for each, value in machine["DefinitionSubstitutions"].items()}
        if substitutions != {"Partition": "{Partition}", **invoked}:
            complaints.append(f"placeholders of {name} become {substitutions}")
        if machine.get("StateMachineType", "STANDARD") != "STANDARD":
            complaints.append(f"express executions of {name} cannot be redriven")
        if machine.get("LoggingConfiguration", {}).get("IncludeExecutionData", False):
            complaints.append(f"execution data of {name} is logged")
    return complaints


def a_workflow_invokes_its_functions_only(template: Template) -> list[str]:
    """A state machine's role invokes its functions, delivers logs and traces; for these there is no resource."""
    complaints = []
    for name, (_, invoked) in WORKFLOWS.items():
        _, machine = only(template, "AWS::StepFunctions::StateMachine", name)
        found = grants(template, machine["RoleArn"])
        delivery = [action for action in found.pop("*", set()) if not action.startswith(("logs:", "xray:"))]
        complaints += [f"{name} may {action} anywhere" for action in delivery]
        wanted = {arn: {"lambda:InvokeFunction"} for arn in invoked.values()}
        complaints += [f"{name} has {found.get(each)} on {each}" for each in _differing(found, wanted)]
        role = template["Resources"][machine["RoleArn"]["Fn::GetAtt"][0]]["Properties"]
        by = [(each["Principal"], "Condition" in each) for each in role["AssumeRolePolicyDocument"]["Statement"]]
        if by != [({"Service": "states.amazonaws.com"}, True)]:
            complaints.append(f"{by} assume the role of {name}")
    return complaints


def those_who_start_executions_know_the_machine(template: Template) -> list[str]:
    """STATE_MACHINE_ARN goes with states:StartExecution; the workflow's own functions cannot refer to it."""
    complaints = []
    for name, (_, properties) in functions(template).items():
        knows = "ONBOARDING_STATE_MACHINE_ARN" in properties["Environment"]["Variables"]
        starts = any(
            "states:StartExecution" in many(each["Action"]) for each in statements(template, properties["Role"])
        )
        if knows != starts:
            complaints.append(f"{name}: knows the state machine {knows}, may start it {starts}")
    return complaints


RULES: tuple[Rule, ...] = (
    the_outputs_are_the_contract,
    every_rule_target_has_a_dead_letter_queue,
    queues_outlast_their_functions,
    only_its_rules_may_send_to_a_queue,
    functions_are_invoked_by_their_rules_only,
    executions_that_end_badly_reach_outcome,
    schedules_lead_to_their_functions,
    rules_listen_where_events_are_published,
    tables_have_the_agreed_keys_and_are_kept,
    indexes_are_those_that_the_code_queries,
    each_timeout_is_shorter_than_the_next,
    functions_run_the_agreed_python,
    logs_do_not_pile_up,
    no_policy_is_open,
    nothing_is_secret,
    no_place_is_fixed,
    the_definition_is_the_file,
    a_workflow_invokes_its_functions_only,
    those_who_start_executions_know_the_machine,
)


def _definition(template: Template, name: str) -> dict[str, Any]:
    _, machine = only(template, "AWS::StepFunctions::StateMachine", name)
    definition: dict[str, Any] = json.loads(machine["DefinitionString"])
    return definition


def _dead_letters(template: Template, redrive: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = template["Resources"][redrive["deadLetterTargetArn"]["Fn::GetAtt"][0]]["Properties"]
    return properties


def _replicas(table: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a global table's copies, those included that are only where home is not."""
    return [each["Fn::If"][1] if "Fn::If" in each else each for each in table["Replicas"]]


def _key(schema: list[dict[str, str]]) -> list[str]:
    return [part["AttributeName"] for part in sorted(schema, key=lambda part: part["KeyType"])]


def _short(name: str) -> str:
    return text({"Ref": name}).strip("{}")


def _differing(found: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    return [name for name in sorted(found.keys() | wanted.keys()) if found.get(name, "") != wanted.get(name, "")]
