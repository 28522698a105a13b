"""Every command of `onboard` that talks to AWS, run under the roles of the page on permissions with IAM enforced.

Each command's calls pass a proxy of their own. Redrives are played to the commands, as no local engine has them.
"""

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from orchestrator.audit import readings
from orchestrator.aws import writes
from orchestrator.aws.dynamodb import Change
from orchestrator.cli import program
from orchestrator.identity import server_clients, shared_pools
from orchestrator.identity.marks import OWNER_TAG, STACK_TAG
from orchestrator.identity.server_clients import RESOURCE
from orchestrator.local.first_sign_in import OWN_PASSWORD
from orchestrator.onboarding import executions
from orchestrator.operations import dead_letters, deployment, listening
from orchestrator.operations.convergence_server_client import MARK
from orchestrator.routing import routes
from orchestrator.tenants import lifecycle
from orchestrator.tenants.events import put
from orchestrator.tenants.ledger import timestamp
from orchestrator.tenants.records import read_record, record_key
from orchestrator.users import addresses, local_users, store
from orchestrator.users.ids import new_ulid
from orchestrator.users.statuses import ACTIVE, MEMBER
from orchestrator.users.store import User
from tenant_onboarding.names import SOURCE
from tests.e2e.aws_proxy import Answer, AwsProxy, Call, Strike
from tests.e2e.faults import LetThrough, denied
from tests.e2e.journey import age, redrives, runs
from tests.e2e.uses import ACCOUNT, uses
from tests.e2e.world import World, federated, saml, tenant
from tests.infra.people import FOLDER, OF_THE_STACK, Need, filled, kind, roles

SIGNED_BY_NOBODY = "unknown"
PUBLIC = {"InitiateAuth", "RespondToAuthChallenge"}
"""Signing in asks for no permission: it is how one gets a token."""
OPENS, SEALS = {"kms:Decrypt"}, {"kms:Decrypt", "kms:GenerateDataKey"}
THROUGH_THE_KEY = {"sqs:ReceiveMessage": OPENS, "sqs:SendMessage": SEALS}
"""What SQS takes of KMS in the caller's name, by its developer guide; no call of it is seen."""
OF_SQS_KEY = "the queues of listeners"
"""Encrypted with a key of SQS's own, which asks nobody for a permission."""
WORDS_OF_THE_EMULATOR = {
    '"sqs:ChangeMessageVisibility"': '"sqs:ChangeMessageVisibility*"',
    '"sqs:DeleteMessage"': '"sqs:DeleteMessage*"',
    ':rule/TenantOnboardingBus*/listen-?"': ':*/TenantOnboardingBus*"',
}
"""IAM has one action for a message and for a batch of them; the local AWS has two, and takes the targets of a rule for
the bus's."""
ALSO_LOOKS = ("operator",)
"""Whoever repairs has the policy of whoever looks, too."""
STUCK = {
    "stuck-redone": tenant("stuck-redone", tier="bridge"),
    "stuck-amended": federated("stuck-amended") | {"metadata": {"seller": "north"}},
    "stuck-given-up": tenant("stuck-given-up"),
    "stuck-begun": tenant("stuck-begun"),
    "stuck-begun-too": tenant("stuck-begun-too"),
}
"""Tenants that fail, to be repaired."""
ABANDONED = json.dumps({"tenantId": "at-hand", "tier": "pool", "attempt": 1})
FAILS_BY = ("ses:SendEmail", "cognito-idp:CreateIdentityProvider")


@dataclass
class CommandLine:
    """Whoever is at the keyboard, what the commands took, and what was denied to them."""

    world: World
    proxy: AwsProxy
    folder: Path
    needs: set[Need] = field(default_factory=set)
    denied: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """What was denied to somebody who tried what is another role's."""
    play: Callable[[Call], Strike | None] = lambda _: None
    """What is played to the commands."""

    def run(self) -> None:
        """Run every command, with each role its own."""
        self._who = {role: self._credentials(role) for role in roles()}
        with self.proxy.struck_by(self._choose), pytest.MonkeyPatch.context() as patch:
            patch.setattr(readings, "PAUSE_SECONDS", 0)
            patch.setattr(dead_letters, "WAIT_SECONDS", 0)
            self._publish()
            self._look()
            self._listen()
            self._presume()
            self._repair()
            self._abandon()
            self._converge()
            self._domains()
            self._people()
            self._dead_letters()
            self._replay()
            self("doctor", "doctor", "--json", ends=1)
            self._let_in()

    def __call__(self, role: str, command: str, *arguments: str, said: str = "", ends: int = 0) -> str:
        """Run a command as somebody with a role; return what it printed on stdout."""
        start = len(self.proxy.seen)
        with self._as(role):
            ran = CliRunner().invoke(program.app, [*command.split(), *arguments], input=said, catch_exceptions=True)
        assert ran.exit_code == ends, (command, ran.output, ran.exception)
        for call in self.proxy.seen[start:]:
            self.needs |= {Need(command, *each) for each in self._taken(call)}
        return ran.stdout

    def _taken(self, call: Call) -> Iterator[tuple[str, str]]:
        service, _, operation = call.operation.partition(":")
        if service == SIGNED_BY_NOBODY:
            assert operation in PUBLIC
            return
        known = {"account": ACCOUNT, "region": self.world.stack.settings.region, "operators": self._operators}
        for use in uses(call):
            on = kind(use.resource, **known)
            yield on, use.action
            for action in () if on == OF_SQS_KEY else THROUGH_THE_KEY.get(use.action, ()):
                yield "the key, through its queues", action

    @property
    def _operators(self) -> str:
        return deployment.outputs()["OperatorsUserPoolId"]

    def _choose(self, call: Call) -> Strike | None:
        return self.play(call) or self._note

    def _note(self, call: Call, let_through: LetThrough) -> Answer:
        status, fields, content = let_through()
        if status >= 400 and re.search(rb"AccessDenied|AuthorizationError|not authorized to perform", content):
            self.denied.append(f"{call.operation}: {content.decode()}")
        return status, fields, content

    def _credentials(self, role: str) -> dict[str, str]:
        """Make a role with the documented policies, and nothing else, and assume it."""
        iam, region = boto3.client("iam"), self.world.stack.settings.region
        anybody = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
        arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        for each in (role, *(("viewer",) if role in ALSO_LOOKS else ())):
            known = {"account": ACCOUNT, "region": region, "key": "*", "operators": self._operators}
            text = filled((FOLDER / f"{each}.json").read_text(), **known)
            for action, actions in WORDS_OF_THE_EMULATOR.items():
                text = text.replace(action, actions)
            document = json.loads(text)
            for statement in document["Statement"]:
                if statement.get("Condition") == OF_THE_STACK:  # the local AWS knows no tags of user pools
                    del statement["Condition"]
                if str(statement["Resource"]).endswith(":replay/onboard-*"):  # nor a replay's resources
                    statement["Resource"] = "*"
            iam.put_role_policy(RoleName=role, PolicyName=each, PolicyDocument=json.dumps(document))
        got = boto3.client("sts").assume_role(RoleArn=arn, RoleSessionName="somebody")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": got["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": got["SecretAccessKey"],
            "AWS_SESSION_TOKEN": got["SessionToken"],
        }

    @contextmanager
    def _as(self, role: str) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (self._who[role] | {"AWS_ENDPOINT_URL": self.proxy.endpoint}).items():
                patch.setitem(os.environ, name, value)
            patch.setattr(boto3, "DEFAULT_SESSION", None)
            yield

    def _file(self, detail: dict[str, Any]) -> str:
        path = self.folder / f"{detail['tenantId']}.json"
        path.write_text(json.dumps(detail))
        return str(path)

    def _publish(self) -> None:
        done = tenant("at-hand")
        done["routing"]["emailDomains"] = ["at-hand.example"]
        self("publisher", "emit", self._file(done))
        self.world.emit(tenant("lags", tier="silo", security={"mfa": "ON"}))
        for tenant_id in ("at-hand", "lags"):
            self.world.wait_for(tenant_id, "COMPLETED")
        with self.world.proxy.struck_by(lambda call: denied if call.operation in FAILS_BY else None):
            for detail in STUCK.values():
                self.world.emit(detail)
            taken = tenant("no-tenant") | {"routing": done["routing"]}
            self("operator", "emit --wait", self._file(taken), ends=1)
            for tenant_id in STUCK:
                assert self.world.wait_for(tenant_id, "FAILED", "COMPLETED")["status"] == "FAILED"

    def _look(self) -> None:
        self("viewer", "list")
        self("viewer", "list", "--search", "stuck", "--status", "FAILED")
        self("viewer", "list", "--search", "goes-pool.app.example")
        self("viewer", "list", "--metadata", "seller=north")
        self("operator", "list --first-sign-in", "awaited")
        self("viewer", "show", "stuck-redone")
        self("viewer", "watch")
        self("viewer", "resolve", "--host", "goes-pool.app.example")
        self("viewer", "resolve", "--email", "somebody@nobody.example", ends=1)
        self("viewer", "resolve", "--subdomain", "stuck-amended", ends=1)
        self("viewer", "pools list")
        (rejected, *_) = json.loads(self("viewer", "rejected list", "--json"))
        self("viewer", "rejected list", "--tenant", rejected["tenantId"])
        self("viewer", "rejected show", rejected["eventId"])

    def _listen(self) -> None:
        """To two events, with a slot that has to be renewed, after somebody was killed."""
        settings, clients = self.world.stack.settings, self.world.stack.clients
        listener = listening._events

        def events(*slot: Any) -> Iterator[dict[str, Any]]:
            heard = listener(*slot)
            for _ in range(2):
                put(clients.events, settings.event_bus, source=SOURCE, detail_type="TenantAbandoned", detail=ABANDONED)
                yield next(heard)

        left_behind = listening.slots(settings)[-1].queue
        clients.sqs.create_queue(QueueName=left_behind, tags={listening.HELD_UNTIL: "0"})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(listening, "_events", events)
            patch.setattr(listening, "RENEW_SECONDS", 0)
            self("operator", "listen")

    def _presume(self) -> None:
        """Try to repair as somebody who may look only."""
        needs = set(self.needs)
        self("viewer", "retry", "stuck-redone", ends=1)
        self("viewer", "dlq list", ends=1)
        self.needs, self.refused, self.denied = needs, self.denied, []

    def _repair(self) -> None:
        """By a redrive, by one that was interrupted, by the next attempt that does a step again, by another request."""
        world = self.world
        self("operator", "retry", "--all-failed", "--step", "SendWelcomeEmail", "--per-second", "10", "--dry-run")
        self.play = redrives
        self("operator", "retry", "stuck-redone")
        renamed = STUCK["stuck-redone"] | {"tenantName": "Another Company"}
        self("operator", "amend", "stuck-redone", self._file(renamed), ends=1)
        self.play = lambda _: None
        age(world, "stuck-redone", status=lifecycle.FAILED)
        self("operator", "retry", "stuck-redone", "--redo", "CreateAppClient")
        amended = federated("stuck-amended")
        amended["routing"] |= {"subdomain": "amended"}
        amended["identityProviders"] = [saml("stuck-amended") | {"name": "Other"}]
        self("operator", "amend", "stuck-amended", self._file(amended), "--dry-run")
        self("operator", "amend", "stuck-amended", self._file(amended))
        for tenant_id in ("stuck-redone", "stuck-amended"):
            world.wait_for(tenant_id, "COMPLETED")
        self("operator", "resend-welcome", "stuck-redone")
        self._leave_an_orphan()
        self._miscount()
        self("operator", "pools list --audit", "--correct", ends=1)
        self("operator", "pools close", "shared-001")
        self("operator", "pools close", "shared-001", ends=1)
        self("operator", "pools open", "shared-001")

    def _leave_an_orphan(self) -> None:
        """Make a user pool that is ours by its tags, of a tenant that nobody knows."""
        settings = self.world.stack.settings
        tags = {OWNER_TAG: f"{settings.deployment_id}/silo/nobody", STACK_TAG: settings.stack_name}
        boto3.client("cognito-idp").create_user_pool(PoolName=f"{settings.stack_name}-nobody", UserPoolTags=tags)

    def _miscount(self) -> None:
        """Let a shared user pool count a group that is not there."""
        settings, dynamodb = self.world.stack.settings, self.world.stack.clients.dynamodb
        key = {"region": settings.region, "poolKey": "shared-001"}
        change = Change(settings.shared_pools_table, key).require("attribute_exists([poolKey])").increase("groups")
        dynamodb.update_item(**change.arguments())

    def _abandon(self) -> None:
        """One as it is, whose failure nobody recorded; two whose removal is begun by whoever finds that it was not."""
        age(self.world, "stuck-given-up", status=lifecycle.IN_PROGRESS)
        self._stop("stuck-given-up")
        age(self.world, "stuck-given-up", status=lifecycle.IN_PROGRESS)
        self("operator", "abandon", "stuck-given-up", "--dry-run")
        self("operator", "abandon", "stuck-given-up", "--yes", "--no-wait")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(executions, "start", lambda *_: None)
            for tenant_id in ("stuck-begun", "stuck-begun-too"):
                self("operator", "abandon", tenant_id, "--yes", "--no-wait")
        self._stop("stuck-begun")
        self("operator", "retry", "stuck-begun", ends=1)
        self("operator", "abandon", "stuck-begun", "--yes", "--no-wait", ends=1)
        self("operator", "amend", "stuck-begun-too", self._file(STUCK["stuck-begun-too"]), ends=1)
        for tenant_id in ("stuck-given-up", "stuck-begun", "stuck-begun-too"):
            self.world.wait_for(tenant_id, lifecycle.ABANDONED)

    def _converge(self) -> None:
        """What differs in each way that there is: of a silo tenant, and of a shared user pool without any settings."""
        settings, clients = self.world.stack.settings, self.world.stack.clients
        made = self.world.record("lags")["resources"]
        pool_id, cognito = made["userPoolId"], boto3.client("cognito-idp")
        cognito.set_user_pool_mfa_config(UserPoolId=pool_id, MfaConfiguration="OFF")
        cognito.delete_user_pool_domain(UserPoolId=pool_id, Domain=made["domain"].partition(".")[0])
        name = f"{settings.stack_name}-shared-900"  # the local AWS renames no user pool
        bare = cognito.create_user_pool(PoolName=name)["UserPool"]["Id"]
        client = cognito.create_user_pool_client(UserPoolId=bare, ClientName="bare")["UserPoolClient"]["ClientId"]
        unregistered = store.of_tenant(clients.dynamodb, settings.users_table, "lags")
        writes.transact(clients.dynamodb, store.forget(settings.users_table, unregistered))
        (row, *_) = shared_pools.list_rows(clients, settings)
        resources = {"userPoolId": bare, "appClientId": client}
        row |= {"poolKey": "shared-900", "status": "CLOSED", "resources": resources, MARK: 0}
        clients.dynamodb.put_item(TableName=settings.shared_pools_table, Item=row)
        # As if an earlier run had made it, and had not written it down.
        lags = Change(settings.tenants_table, record_key("lags")).remove(f"resources.{RESOURCE}").set(MARK, 0)
        clients.dynamodb.update_item(**lags.arguments())
        said = json.loads(self("operator", "converge", "--dry-run", "--json"))
        done = json.loads(self("operator", "converge", "--json"))
        assert done == said | {"dryRun": False}
        changed = {each["name"] for each in done["outcomes"] if each["result"] == "changed"}
        silo = f"{settings.stack_name}-silo-lags"
        assert changed == {silo, f"{silo}-server", name, f"{name}-server", "lags"}
        again = json.loads(self("operator", "converge", "--json"))
        assert [each for each in again["outcomes"] if each["result"] == "changed"] == []
        assert self.world.record("lags")["resources"] == made
        (row,) = (each for each in shared_pools.list_rows(clients, settings) if each["poolKey"] == "shared-900")
        for key in server_clients.keys(row["resources"]):
            clients.dynamodb.delete_item(TableName=settings.routes_table, Key={"routeKey": key})
        clients.dynamodb.delete_item(TableName=settings.shared_pools_table, Key=shared_pools.row_key(row))

    def _stop(self, tenant_id: str) -> None:
        """Stop an execution that runs, as far as it is told."""
        self.play = runs()
        self("operator", "stop", tenant_id)
        self.play = lambda _: None

    def _domains(self) -> None:
        """With a claim from before claims had tokens."""
        self("viewer", "domains list")
        self("viewer", "domains list", "at-hand")
        claim = {"routeKey": routes.domain_claim_key("at-hand.example", "at-hand")}
        self.world.stack.clients.dynamodb.update_item(
            TableName=self.world.stack.settings.routes_table,
            Key=claim,
            UpdateExpression="REMOVE #token",
            ExpressionAttributeNames={"#token": "token"},
        )
        given = ("at-hand", "at-hand.example")
        self("operator", "domains verify", *given, "--override", "--reason", "known to us")
        self("operator", "domains release", *given, "--yes")

    def _people(self) -> None:
        colleague = ("at-hand", "colleague@at-hand.example")
        self("people", "users invite", *colleague, "--role", "admin")
        self("people", "users resend", *colleague)
        self("people", "users show", *colleague)
        self("people", "users show", "at-hand", "nobody@at-hand.example", ends=1)
        self("people", "users invite", "goes-social", "colleague@goes-social.example")
        self("people", "users list", "at-hand")
        file = self.folder / "people.csv"
        file.write_text("email\nimported@at-hand.example\n")
        self("people", "users import", "at-hand", str(file))
        self("people", "users import", "goes-social", str(file))
        self("people", "users export", "at-hand")
        self("people", "users role", *colleague, "member")
        self("people", "users remove", *colleague, "--yes")
        self("people", "users remove", "goes-social", "colleague@goes-social.example", "--yes")
        self._joined()

    def _joined(self) -> None:
        """With somebody who is in Cognito."""
        clients, settings = self.world.stack.clients, self.world.stack.settings
        tenant = read_record(clients.dynamodb, settings.tenants_table, "at-hand")
        assert tenant
        email, now = "joined@at-hand.example", timestamp(time.time())
        address = addresses.hashed(clients, settings, email)
        wanted = User(new_ulid(), "at-hand", email, address, "", MEMBER, ACTIVE, now)
        user = local_users.make(clients.cognito, tenant, wanted)
        writes.transact(clients.dynamodb, store.entered(settings.users_table, user))
        self("people", "users disable", "at-hand", email)
        self("people", "users enable", "at-hand", email)
        self("people", "users role", "at-hand", email, "admin")
        self("people", "users remove", "at-hand", email, "--yes")

    def _dead_letters(self) -> None:
        fed = ("Intake", "Parameters", "MailFeedback", "ProofRequests")
        letters = [self._letter(f"{name}DeadLetterQueueUrl") for name in fed]
        targets = deployment.targets()
        (outcome,) = (each for each in targets if "-OutcomeFunction" in each)
        (intake,) = (each for each in targets if re.search(r"IntakeQueue[0-9A-F]{8}-", each))
        letters += [self._letter("RuleDeadLetterQueueUrl", each) for each in (outcome, intake)]
        self("operator", "dlq list")
        self("operator", "dlq show", letters[0])
        self("operator", "dlq replay", *letters)
        self("operator", "dlq replay", self._letter("RuleDeadLetterQueueUrl"), ends=1)
        self("operator", "dlq discard", self._letter("IntakeDeadLetterQueueUrl"), "--yes")

    def _letter(self, output: str, bound_for: str = "") -> str:
        """Put an event that means nothing into a dead-letter queue, and return the message's id."""
        attributes = {"TARGET_ARN": {"DataType": "String", "StringValue": bound_for}} if bound_for else {}
        sqs: Any = boto3.client("sqs", endpoint_url=self.proxy.endpoint)  # which says that it ended TLS
        url = deployment.outputs()[output]
        return str(sqs.send_message(QueueUrl=url, MessageBody="{}", MessageAttributes=attributes)["MessageId"])

    def _replay(self) -> None:
        """From an archive as CloudFormation makes it on AWS."""
        events, bus = self.world.stack.clients.events, self.world.stack.settings.event_bus
        name = f"{self.world.stack.settings.stack_name}-BusArchive"
        events.create_archive(ArchiveName=name, EventSourceArn=events.describe_event_bus(Name=bus)["Arn"])
        self("operator", "replay", "--since", "2020-01-01", "--until", "2020-01-02", "--yes")
        events.delete_archive(ArchiveName=name)

    def _let_in(self) -> None:
        email = "operator@ops.example"
        self("administrator", "operators add", email, "--no-email")
        printed = self("administrator", "operators add", email, "--no-email")  # the password before is no good any more
        password = printed.rpartition("temporary password: ")[2].strip()
        assert email in self("administrator", "operators list")
        self("viewer", "token", email, said=f"{password}\n{OWN_PASSWORD}\n")
        self("administrator", "operators remove", email, "--yes")
