"""What no local AWS checks of who may do what, each rule a function of a template that returns its complaints."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.infra.template import Template, many, of_type, policies, text

Rule = Callable[[Template], list[str]]

CALLERS = {
    "apigateway.amazonaws.com": "a route of an API of the stack",
    "cognito-idp.amazonaws.com": "the user pools of the account",
    "events.amazonaws.com": "a rule of the stack",
}
"""The services that invoke functions, and on whose behalf."""
ON_ALL = {
    "cognito-idp:CreateUserPool": "the user pool is not there yet",
    "cognito-idp:DescribeUserPoolDomain": "a domain is no resource to IAM",
    "cognito-idp:ListUserPools": "a list is of no user pool",
    "lambda:GetAccountSettings": "it is about the account",
    "logs:CreateLogDelivery": "the log that a state machine writes is delivered for it",
    "logs:DeleteLogDelivery": "as above",
    "logs:DescribeLogGroups": "as above",
    "logs:DescribeResourcePolicies": "as above",
    "logs:GetLogDelivery": "as above",
    "logs:ListLogDeliveries": "as above",
    "logs:PutResourcePolicy": "as above",
    "logs:UpdateLogDelivery": "as above",
    "servicequotas:ListServiceQuotas": "it is about the account",
    "ses:GetAccount": "it is about the account",
    "xray:GetSamplingRules": "X-Ray knows no resource for it",
    "xray:GetSamplingTargets": "X-Ray knows no resource for it",
    "xray:PutTelemetryRecords": "X-Ray knows no resource for it",
    "xray:PutTraceSegments": "X-Ray knows no resource for it",
}
"""The actions that a role may be granted on all resources, and why: AWS's service authorization reference."""
OF_STATE_MACHINES = {name for name in ON_ALL if name.startswith(("logs:", "xray:"))}
INLINE = {"logs:CreateLogStream", "logs:PutLogEvents"}
"""What a role may without a policy of its own: write to the function's log."""
NOBODY = (
    "AWS::IAM::User",
    "AWS::IAM::Group",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::InstanceProfile",
    "AWS::Lambda::Url",
)
OPERATORS = "{OperatorsUserPool.Arn}"


def permissions_name_who_invokes_and_for_whom(template: Template) -> list[str]:
    """A Lambda permission is a service's, on behalf of a source of this account; nobody gets a wider one."""
    complaints = []
    for name, permission in of_type(template, "AWS::Lambda::Permission").items():
        properties = permission["Properties"]
        if properties["Action"] != "lambda:InvokeFunction" or "FunctionUrlAuthType" in properties:
            complaints.append(f"{name} lets more be done than invoke")
        if properties["Principal"] not in CALLERS:
            complaints.append(f"{name} lets {properties['Principal']} invoke, which is none of {sorted(CALLERS)}")
        source = properties.get("SourceArn", "")
        of_the_stack = isinstance(source, dict) and "Fn::GetAtt" in source
        if not of_the_stack and ":{AccountId}:" not in text(source):
            complaints.append(f"{name} names no source of this account")
        ours = of_the_stack or _names_a_resource(template, text(source))
        if not ours and text(properties.get("SourceAccount", "")) != "{AccountId}":
            complaints.append(f"{name} has a pattern for a source, and names no account beside it")
    return complaints


def services_act_for_a_source_of_ours(template: Template) -> list[str]:
    """What a queue or a topic lets a service do, it does on behalf of a source that the policy names."""
    complaints = []
    for kind in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
        for name, policy in of_type(template, kind).items():
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                if statement["Effect"] == "Deny":
                    continue
                keys = {key for each in statement.get("Condition", {}).values() for key in each}
                if not {"aws:SourceArn", "aws:SourceAccount"} & keys or "Service" not in statement["Principal"]:
                    complaints.append(f"{name} lets {statement['Principal']} in, whoever it acts for")
    return complaints


def nobody_passes_a_role(template: Template) -> list[str]:
    """A function that may hand a role to a service may do whatever that role may."""
    return [
        f"{name} allows {action}"
        for name, statement in policies(template)
        if statement["Effect"] == "Allow"
        for action in many(statement.get("Action", []))
        if action.lower() in {"iam:passrole", "iam:*", "*"} or action.lower().startswith("iam:pass")
    ]


def a_role_is_assumed_by_the_one_service_that_it_is_for(template: Template) -> list[str]:
    """Lambda assumes the roles of functions, Step Functions those of state machines, nobody any other."""
    of_functions = _roles_of(template, "AWS::Lambda::Function", "Role")
    of_machines = _roles_of(template, "AWS::StepFunctions::StateMachine", "RoleArn")
    services = dict.fromkeys(of_functions, "lambda.amazonaws.com") | dict.fromkeys(of_machines, "states.amazonaws.com")
    complaints = []
    for name, role in of_type(template, "AWS::IAM::Role").items():
        trusts = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        found = [(each["Effect"], each["Action"], each["Principal"]) for each in trusts]
        if found != [("Allow", "sts:AssumeRole", {"Service": services.get(name)})]:
            complaints.append(f"{name} is assumed by {found}, and is for {services.get(name)}")
    users = [*of_functions, *of_machines]
    return complaints + [f"{name} is shared" for name in sorted({each for each in users if users.count(each) > 1})]


def only_what_knows_no_resource_is_allowed_on_all(template: Template) -> list[str]:
    """Each action on '*' is listed with its reason; a state machine's are delivery of its log, and traces."""
    machines = set(_roles_of(template, "AWS::StepFunctions::StateMachine", "RoleArn"))
    return [
        f"{name} may {action} on all resources: narrow it, or say in ON_ALL of tests/infra/privilege_rules.py why not"
        for name, statement in statements_of_roles(template)
        if statement["Effect"] == "Allow" and "*" in map(text, many(statement["Resource"]))
        for action in many(statement["Action"])
        if action not in (OF_STATE_MACHINES if name in machines else ON_ALL)
        or (name not in machines and action.startswith("logs:"))
    ]


def a_state_machine_delivers_its_log_and_traces(template: Template) -> list[str]:
    """Beside invoking, it has all of these: without one of them its log or its traces would be missing."""
    complaints = []
    for name in _roles_of(template, "AWS::StepFunctions::StateMachine", "RoleArn"):
        found = {
            action
            for owner, statement in statements_of_roles(template)
            if owner == name and statement["Effect"] == "Allow" and statement["Resource"] == "*"
            for action in many(statement["Action"])
        }
        complaints += [f"{name} lacks {action}" for action in sorted(OF_STATE_MACHINES - found)]
    return complaints


def permissions_stand_where_they_are_looked_for(template: Template) -> list[str]:
    """Nobody but roles has any, and a role only by the policy that names it, its function's log apart."""
    complaints = [f"{name} is a {kind}" for kind in NOBODY for name in of_type(template, kind)]
    for name, role in of_type(template, "AWS::IAM::Role").items():
        complaints += [f"{name} has AWS's {text(arn)}" for arn in role["Properties"].get("ManagedPolicyArns", [])]
        inline = [
            (action, text(statement["Resource"]))
            for policy in role["Properties"].get("Policies", [])
            for statement in policy["PolicyDocument"]["Statement"]
            for action in many(statement["Action"])
        ]
        complaints += [f"{name} may {action} on {on} inline" for action, on in inline if not _own_log(action, on)]
    known = {*of_type(template, "AWS::IAM::Role")}
    for name, policy in of_type(template, "AWS::IAM::Policy").items():
        owners = [each.get("Ref") for each in policy["Properties"]["Roles"]]
        if len(owners) != 1 or not set(owners) <= known or policy["Properties"].keys() & {"Users", "Groups"}:
            complaints.append(f"{name} is not of one role of the stack: {owners}")
    return complaints


def the_operators_user_pool_is_out_of_reach(template: Template) -> list[str]:
    """Every function's role is denied all of it, whatever it is allowed; no other role may do anything in Cognito."""
    if not any(
        text({"Fn::GetAtt": [name, "Arn"]}) == OPERATORS for name in of_type(template, "AWS::Cognito::UserPool")
    ):
        return [f"{name} reaches operators" for name, each in statements_of_roles(template) if OPERATORS in str(each)]
    of_functions = {*_roles_of(template, "AWS::Lambda::Function", "Role")}
    denied = {
        name
        for name, statement in statements_of_roles(template)
        if statement["Effect"] == "Deny"
        and "Condition" not in statement
        and many(statement["Action"]) == ["cognito-idp:*"]
        and OPERATORS in map(text, many(statement["Resource"]))
    }
    complaints = [f"{name} is not denied the operators' user pool" for name in sorted(of_functions - denied)]
    return complaints + [
        f"{name} may {action}"
        for name, statement in statements_of_roles(template)
        if statement["Effect"] == "Allow"
        for action in many(statement["Action"])
        if (action.startswith("cognito-idp:") and name not in denied)
        or OPERATORS in [text(each) for each in many(statement["Resource"])]
    ]


def another_regions_functions_reach_no_user_pool(template: Template) -> list[str]:
    """A stack without operators' user pool grants nothing in Cognito, so that it needs to deny nothing there."""
    if any(text({"Ref": name}) == "{OperatorsUserPool}" for name in of_type(template, "AWS::Cognito::UserPool")):
        return []
    return [
        f"{name} may {action}"
        for name, statement in statements_of_roles(template)
        for action in many(statement["Action"])
        if action.startswith("cognito-")
    ]


RULES: tuple[Rule, ...] = (
    permissions_name_who_invokes_and_for_whom,
    services_act_for_a_source_of_ours,
    nobody_passes_a_role,
    a_role_is_assumed_by_the_one_service_that_it_is_for,
    only_what_knows_no_resource_is_allowed_on_all,
    a_state_machine_delivers_its_log_and_traces,
    permissions_stand_where_they_are_looked_for,
    the_operators_user_pool_is_out_of_reach,
    another_regions_functions_reach_no_user_pool,
)


def statements_of_roles(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the statements of roles' policies, each with the role's logical id."""
    for policy in of_type(template, "AWS::IAM::Policy").values():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            for role in policy["Properties"]["Roles"]:
                yield role["Ref"], statement
    for name, role in of_type(template, "AWS::IAM::Role").items():
        for policy in role["Properties"].get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement


def _roles_of(template: Template, kind: str, attribute: str) -> list[str]:
    """Return the logical ids of the roles that resources of a type have, as often as they have them."""
    return [each["Properties"][attribute]["Fn::GetAtt"][0] for each in of_type(template, kind).values()]


def _own_log(action: str, resource: str) -> bool:
    return action in INLINE and resource.endswith("Logs.Arn}")


def _names_a_resource(template: Template, source: str) -> bool:
    """Tell whether an ARN is of an API of the stack, whose id no other account has."""
    apis = map(_reference, of_type(template, "AWS::ApiGatewayV2::Api"))
    return any(f":execute-api:{{Region}}:{{AccountId}}:{api}/" in source for api in apis)


def _reference(name: str) -> str:
    return text({"Ref": name})
