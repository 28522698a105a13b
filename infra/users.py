"""Users: the account API, its functions, and the queue between what anybody asks for and what is mailed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import grants, user_grants
from infra.account_api import AccountApi, OwnDomain
from infra.function import OnboardingFunction
from infra.queue import FunctionQueue
from infra.tables import Tables
from tenant_onboarding.authorizer.key_sets import KEY_SET


@dataclass(frozen=True, kw_only=True)
class Around:
    """What of the stack the users need: its tables and key, and how it makes a function."""

    new_function: Callable[..., OnboardingFunction]
    tables: Tables
    key: kms.IKey
    regions: Sequence[str]
    sender: str
    configuration_set: str
    """That people's mail is sent with."""
    retention: logs.RetentionDays
    domain: OwnDomain | None
    """Of the account API."""


class Users(Construct):
    """Anybody ► HTTP API ► proofs ► queue ► proof_requests ► mail; whoever signs in ► sessions, and then ► members."""

    def __init__(self, scope: Construct, construct_id: str, around: Around) -> None:
        super().__init__(scope, construct_id)
        used = around.configuration_set
        requests = around.new_function("ProofRequests", configuration_set=used, user_keys=around.tables.user_keys)
        user_grants.proof_requests(requests, around.tables, sender=around.sender, configuration_set=used)
        grants.open_messages(requests, around.key)
        self.queue = FunctionQueue(self, "ProofRequestsQueue", function=requests.invoked)
        proofs = around.new_function("Proofs", proof_requests_queue=self.queue.queue.queue_url)
        user_grants.proofs(proofs, around.tables, self.queue.queue, around.key, regions=around.regions)
        secret = around.tables.session_keys
        sessions = around.new_function("Sessions", session_keys=secret, keys_address=KEY_SET)
        user_grants.sessions(sessions, around.tables, secret, regions=around.regions)
        self.session_keys = around.new_function("SessionKeys", session_keys=secret)
        user_grants.session_keys(self.session_keys, secret)
        members = around.new_function(
            "Members",
            keys_address=KEY_SET,
            proof_requests_queue=self.queue.queue.queue_url,
            user_keys=around.tables.user_keys,
        )
        user_grants.members(members, around.tables, self.queue.queue, around.key, regions=around.regions)
        self.api = AccountApi(
            self,
            "AccountApi",
            proofs=proofs,
            sessions=sessions,
            members=members,
            retention=around.retention,
            domain=around.domain,
        )
