"""Who may sign in to a local stack's dashboard: one person of each group, with new passwords every time."""

from dataclasses import dataclass, field

from orchestrator.local.stack import LocalStack
from orchestrator.operations import deployment, operators
from orchestrator.status.contract import OPERATORS, VIEWERS

PEOPLE = {"operator@ops.example": OPERATORS, "viewer@ops.example": VIEWERS}


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in at once; the password is known here and nowhere else."""

    email: str
    group: str
    password: str = field(repr=False)


def let_in(stack: LocalStack) -> list[Person]:
    """Make the people of a new local stack, each with a password that need not be changed."""
    cognito, user_pool_id = stack.clients.cognito, deployment.outputs()["OperatorsUserPoolId"]
    people = []
    for email, group in PEOPLE.items():
        if password := operators.add(cognito, user_pool_id, email, group, (), mailed=False):
            cognito.admin_set_user_password(UserPoolId=user_pool_id, Username=email, Password=password, Permanent=True)
            people.append(Person(email, group, password))
    return people
