"""The AwsSolutions pack of cdk-nag over the stacks, and each of its findings that stays, with the reason.

A finding that nobody acknowledged is a defect, and so is an acknowledgement of what is found no more. They are written
here by patterns: cdk-nag wants each finding of a wildcard in full, with CloudFormation's hashes. Each stack has them
put on its constructs, so that whoever adds the pack to the app finds nothing either.
"""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from aws_cdk import Acknowledgment, Validations
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct

PACK = "AwsSolutions-"
PLUGIN = "AwsSolutions"
HASHED = re.compile(r"<(\w+?)[0-9A-F]{8}\.(\w+)>")
REGION = re.compile(r"(?<=:)[a-z]{2}-[a-z]+-\d(?=:)")
ACCOUNT = re.compile(r"(?<=:)\d{12}(?=:)")
PREFIX = "<prefix>"
POLICY = "*/Role/DefaultPolicy/Resource"


class Finding(NamedTuple):
    """A rule's finding at a construct: `what` are a wildcard, say, and empty where there is only one thing to find."""

    rule: str
    what: str
    where: str

    def __str__(self) -> str:
        return f"{PACK}{self.rule} at {self.where}{': ' if self.what else ''}{self.what}"


class Acknowledged(NamedTuple):
    """A finding that stays, wherever a pattern of construct paths says, and why.

    In `what` PREFIX stands for what a deployment may choose.
    """

    rule: str
    what: str
    where: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Tell whether it is about a finding."""
        return (
            self.rule == finding.rule
            and re.fullmatch(re.escape(self.what).replace(PREFIX, "[^*]+"), finding.what) is not None
            and fnmatchcase(finding.where, self.where)
        )


def _wildcard(resource: str, where: str, reason: str) -> Acknowledged:
    return Acknowledged("IAM5", f"Resource::{resource}", f"*/{where}{POLICY[1:]}", reason)


def _arn(service: str, resource: str) -> str:
    region = "" if service == "iam" else "<AWS::Region>"
    return f"arn:<AWS::Partition>:{service}:{region}:<AWS::AccountId>:{resource}"


OUR_USER_POOLS = "Cognito names user pools itself; the condition lets in those that bear the stack's tag."
EXECUTIONS = "Executions are named after tenants and attempts; the machine's own name is fixed."
ITS_OWN_PAGE = "It has no data, and whoever signs in needs it first; what it serves is bounded by throttling."
ACKNOWLEDGED: tuple[Acknowledged, ...] = (
    Acknowledged(
        "IAM5",
        "Resource::*",
        POLICY,
        "X-Ray's actions know no resource, nor do the delivery of a state machine's log and three of Cognito's;"
        " whatever else is allowed on all fails the tests.",
    ),
    _wildcard(_arn("cognito-idp", "userpool/*"), "Placement", OUR_USER_POOLS),
    _wildcard(_arn("cognito-idp", "userpool/*"), "Capacity", OUR_USER_POOLS),
    _wildcard(_arn("cognito-idp", "userpool/*"), "Welcome", OUR_USER_POOLS),
    _wildcard(_arn("cognito-idp", "userpool/*"), "Removal", OUR_USER_POOLS),
    _wildcard(_arn("cognito-idp", "userpool/*"), "Proofs", OUR_USER_POOLS),
    _wildcard(_arn("cognito-idp", "userpool/*"), "Sessions", OUR_USER_POOLS),
    _wildcard(_arn("cognito-idp", "userpool/*"), "Members", OUR_USER_POOLS),
    _wildcard(_arn("cognito-idp", "userpool/*"), "Reconcile", OUR_USER_POOLS),
    *(
        _wildcard(
            _arn("iam", "role/aws-service-role/email.cognito-idp.amazonaws.com/*"),
            function,
            "AWS chooses the end of the name of Cognito's role for mail; the condition names the one service.",
        )
        for function in ("Placement", "Capacity")
    ),
    _wildcard(
        _arn("secretsmanager", f"secret:{PREFIX}/*"),
        "Placement",
        "Tenants' client secrets are put below this prefix by those who onboard them; no other secret is.",
    ),
    *(
        _wildcard(
            _arn("ses", "identity/*"),
            function,
            "In SES's sandbox the recipient's identity is asked for too; the condition holds mail to the one sender.",
        )
        for function in ("Welcome", "ProofRequests")
    ),
    *(
        _wildcard(_arn("states", f"execution:<{machine}StateMachine.Name>:*"), function, EXECUTIONS)
        for machine in ("Workflow", "Abandonment")
        for function in ("Outcome", "Reconcile", "Api")
    ),
    *(
        _wildcard("<TablesTenants.Arn>/index/*", function, "All three indexes of the table are queried.")
        for function in ("Reconcile", "Api")
    ),
    _wildcard("<TablesUsers.Arn>/index/*", "Reconcile", "The only index of the table is queried."),
    _wildcard(
        _arn("ssm", f"parameter/{PREFIX}/tenants/*"),
        "Parameters",
        "A parameter a tenant, named after it; the prefix is this stack's.",
    ),
    Acknowledged(
        "SMG4",
        "",
        "*/Tables/UserKeys/Secret/Resource",
        "Keys of the users table are hashed with it: with another value nobody would be found by the address again.",
    ),
    Acknowledged(
        "SMG4",
        "",
        "*/Tables/SessionKeys/Secret/Resource",
        "The function session_keys puts the next key in it every day, each ten minutes before it is used.",
    ),
    *(
        Acknowledged("SQS3", "", queue, "It is itself the dead-letter queue, of rules' targets.")
        for queue in ("*/RuleDeadLetters/Resource", "StripeAdapter/DeadLetters/Resource")
    ),
    Acknowledged(
        "L1",
        "",
        "*",
        "The bundled packages are locked and tested for Python 3.13, which Lambda supports.",
    ),
    Acknowledged(
        "COG8",
        "",
        "*/Operators/UserPool/Resource",
        "A handful of operators whom administrators add, with 14 characters and an authenticator app: what the plus"
        " plan would add, adaptive sign-in, costs for each of them and finds little to adapt to.",
    ),
    *(
        Acknowledged("APIG4", "", f"*/StatusApi/Api/{method}--{path}/Resource", reason)
        for path, reason in {
            "": ITS_OWN_PAGE,
            "dashboard--{part+}": ITS_OWN_PAGE,
            "openapi.json": "A description of the API, without data.",
            "config": (
                "Whoever signs in asks it before there is any token; it tells one tenant's sign-in address and no name."
            ),
        }.items()
        for method in ("GET", "HEAD")
    ),
    Acknowledged(
        "APIG4",
        "",
        "*/StatusApi/Api/OPTIONS--config/Resource",
        "Browsers ask this without a token, by their own rules.",
    ),
    *(
        Acknowledged("APIG4", "", f"*/AccountApi/{route}/Resource", reason)
        for route, reason in {
            **dict.fromkeys(
                (f"Api/{method}--account--v1--users*" for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")),
                "The function verifies the token itself, and the user's row says what it may do.",
            ),
            "Elsewhere": "It answers that there is no such path, or no such method.",
            "Api/POST--account--v1--auth--*": "Who signs in, becomes a user or forgot a password has no token yet.",
            "Api/OPTIONS--account--v1--*": "Browsers ask this without a token, by their own rules.",
            "Api/GET--account--v1--openapi.json": "A description of the API, without data.",
            "Api/HEAD--account--v1--openapi.json": "A description of the API, without data.",
        }.items()
    ),
    *(
        Acknowledged("APIG4", "", f"SampleProduct/Api/GET--{page}/Resource", "The sample's page, which has no data.")
        for page in ("", "auth--callback", "parts--{part+}")
    ),
    Acknowledged(
        "APIG1", "", "SampleProduct/Api/DefaultStage/Resource", "A sample: a product logs access as its owner sees fit."
    ),
    *(
        Acknowledged(
            "IAM4",
            "Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
            f"{function}/ServiceRole/Resource",
            "An example, made as CDK makes functions by itself: this policy lets them write logs.",
        )
        for function in ("SampleProduct/Page", "SampleProduct/Me", "StripeAdapter/Publish")
    ),
)


def complaints(findings: Iterable[Finding], acknowledged: Iterable[Acknowledged] = ACKNOWLEDGED) -> Iterator[str]:
    """Yield the findings that nobody acknowledged, and the acknowledgements of nothing."""
    findings, acknowledged = list(findings), list(acknowledged)
    for finding in findings:
        if not any(each.covers(finding) for each in acknowledged):
            yield f"{finding}: mend it, or say in infra/review.py why it stays"
    for each in acknowledged:
        if not any(each.covers(finding) for finding in findings):
            yield f"{PACK}{each.rule} at {each.where}: {each.what} is found no more; strike it out of infra/review.py"


def findings(scope: IConstruct) -> Iterator[Finding]:
    """Yield what the pack finds below a construct, in no account or Region and without CloudFormation's hashes."""
    return (finding for finding, _ in _found(scope))


def acknowledge(scope: IConstruct) -> None:
    """Put on each construct below this one which findings of the pack at it stay, and why; so this comes last."""
    constructs = {each.node.path: each for each in scope.node.find_all()}
    for finding, name in _found(scope):
        reasons = [each.reason for each in ACKNOWLEDGED if each.covers(finding)]
        if reasons:
            acknowledged = Acknowledgment(id=f"{PLUGIN}::{name}", reason=reasons[0])
            Validations.of(constructs[finding.where]).acknowledge(acknowledged)


def _found(scope: IConstruct) -> Iterator[tuple[Finding, str]]:
    """Yield each finding with the name that the pack has for it."""
    for violation in AwsSolutionsChecks().validate_scope(scope).violations:
        rule, _, what = violation.rule_name.removeprefix(PACK).partition("[")
        what = HASHED.sub(r"<\1.\2>", what.removesuffix("]"))
        what = ACCOUNT.sub("<AWS::AccountId>", REGION.sub("<AWS::Region>", what))
        for resource in violation.violating_resources or []:
            yield Finding(rule, what, str(resource.construct_path)), violation.rule_name
