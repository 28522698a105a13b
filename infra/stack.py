"""The stack as a wiring diagram: what there is, who feeds whom, and who may do what."""

import re
from collections.abc import Mapping
from typing import Any

from aws_cdk import Annotations, Aws, CfnOutput, Duration, Fn, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import grants, outputs, preflight_grants, review, user_grants
from infra.account_api import OwnDomain
from infra.bundling import code
from infra.configuration.choices import Configuration
from infra.configuration.function_settings import function_settings
from infra.dashboard import Dashboard
from infra.email import Email
from infra.email_templates import checked
from infra.encryption import Encryption
from infra.event_bus import event_bus, tenant_created
from infra.function import OnboardingFunction
from infra.monitoring import Monitoring
from infra.operators import Operators
from infra.queue import INTAKE_TIMEOUT_SECONDS, FunctionQueue, dead_letter_queue, intake_queue
from infra.resolver import Resolver
from infra.retention import LOG_RETENTIONS, let_go
from infra.status_api import StatusApi
from infra.tables import Tables
from infra.user_pool_triggers import PreSignUp, TokenClaims
from infra.users import Around, Users
from infra.workflow import ABANDONMENT, ONBOARDING, Workflow
from tenant_onboarding.cdk_function import FUNCTION_TIMEOUT_SECONDS
from tenant_onboarding.contracts.outgoing import TenantOnboarded
from tenant_onboarding.names import PREFIX, SOURCE

RECONCILE_MINUTES = 5
CAPACITY_MINUTES = 5
PREFLIGHT_MINUTES = 60
SESSION_KEYS_MINUTES = 24 * 60
ON_LITE = (
    "On Cognito's feature plan LITE only ID tokens say whose tenant's user they are for, access tokens do not:"
    " the product's APIs must be called with ID tokens. And access tokens are keys to Cognito there: whoever has one"
    " can change and delete that user."
)


class TenantOnboardingStack(Stack):
    """Everything that onboards tenants in one account and Region."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        configuration: Configuration,
        **options: Any,  # Any: what Stack takes
    ) -> None:
        super().__init__(scope, construct_id, **options)
        self._configuration = configuration
        self._code = code(local=configuration.local, email_templates=checked(configuration.email_templates))
        self._bus = event_bus(self, "Bus", configuration=configuration)
        self._retention = LOG_RETENTIONS[configuration.log_retention_days]
        self._encryption = Encryption(self, "Encryption", stack_name=Aws.STACK_NAME)
        self._tables = Tables(self, "Tables", regions=configuration.regions, keep=configuration.keep_data)
        self._rule_failures = dead_letter_queue(self, "RuleDeadLetters")
        self._token_claims, self._pre_sign_up = self._triggers()
        self._email = Email(self, "Email", configuration=configuration)

        workflow, abandonment = self._workflow(), self._abandonment()
        queues = {"Intake": self._intake(workflow)}
        self._outcome(workflow, abandonment)
        queues["MailFeedback"] = self._mail_feedback()
        self._reconcile(workflow, abandonment)
        self._capacity()
        preflight = self._preflight()
        queues["Parameters"] = self._parameters()
        operators, api = self._status_api(workflow, abandonment)
        queues["ProofRequests"] = self._users()
        outputs.of_parts(self, self._bus, self._tables, workflow, abandonment)
        outputs.of_queues(self, queues, self._rule_failures)
        outputs.of_settings(self, self._settings())
        outputs.of_status_api(self, operators, api)
        self._monitoring(queues, preflight)
        functions = [each for each in self.node.find_all() if isinstance(each, OnboardingFunction)]
        grants.out_of_reach(operators.user_pool, functions)  # last, so that there is no function but these
        self._encryption.of_all()
        if not configuration.keep_data:
            let_go(self)
        review.acknowledge(self)

    def _triggers(self) -> tuple[TokenClaims, PreSignUp]:
        """Every user pool of the Region ► token_claims, pre_sign_up."""
        if self._configuration.feature_plan == "LITE":
            Annotations.of(self).add_warning_v2(f"{PREFIX}LITE", ON_LITE)
        shared: dict[str, Any] = {
            "stack_name": Aws.STACK_NAME,
            "code": self._code,
            "log_level": self._configuration.log_level,
            "retention": self._retention,
        }
        token_claims = TokenClaims(self, "TokenClaims", **shared, reserved=self._configuration.reserved_for_tokens)
        return token_claims, PreSignUp(self, "PreSignUp", **shared)

    def _workflow(self) -> Workflow:
        placement = self._function("Placement", user_keys=self._tables.user_keys)
        routing = self._function("Routing", user_keys=self._tables.user_keys)
        welcome = self._function("Welcome", configuration_set=self._email.configuration_set)
        chosen, regions = self._configuration, self._configuration.regions
        trigger = TokenClaims.name(Aws.STACK_NAME)
        grants.placement(placement, self._tables, regions=regions, secret_prefix=chosen.secret_prefix, trigger=trigger)
        grants.routing(routing, self._tables, self._bus)
        grants.welcome(
            welcome,
            self._tables,
            regions=regions,
            sender=chosen.sender,
            configuration_set=self._email.configuration_set,
        )
        functions = {"PlacementFunction": placement, "RoutingFunction": routing, "WelcomeFunction": welcome}
        return Workflow(self, "Workflow", definition=ONBOARDING, functions=functions, retention=self._retention)

    def _abandonment(self) -> Workflow:
        removal = self._function("Removal")
        grants.removal(
            removal,
            self._tables,
            self._bus,
            regions=self._configuration.regions,
            deployment_id=self._settings()["deployment_id"],
        )
        functions = {"RemovalFunction": removal}
        return Workflow(self, "Abandonment", definition=ABANDONMENT, functions=functions, retention=self._retention)

    def _intake(self, workflow: Workflow) -> FunctionQueue:
        """TenantCreated, of the sources that may ► queue ► intake."""
        function = self._function("Intake", workflow, timeout_seconds=INTAKE_TIMEOUT_SECONDS)
        grants.intake(function, self._tables, self._bus, workflow.state_machine)
        grants.open_messages(function, self._encryption.key)
        quota_share = self._configuration.quota_share
        intake = intake_queue(self, "IntakeQueue", function=function.invoked, quota_share=quota_share)
        self._rule("TenantCreated", intake.queue, **tenant_created(self._configuration))
        return intake

    def _outcome(self, *workflows: Workflow) -> None:
        """FAILED, TIMED_OUT or ABORTED execution ► outcome."""
        function, machines = self._function("Outcome"), [workflow.state_machine for workflow in workflows]
        grants.outcome(function, self._tables, self._bus, *workflows)
        ended_badly = events.EventPattern(
            source=["aws.states"],
            detail_type=["Step Functions Execution Status Change"],
            detail={
                "stateMachineArn": [machine.state_machine_arn for machine in machines],
                "status": ["FAILED", "TIMED_OUT", "ABORTED"],
            },
        )
        target = targets.LambdaFunction(function.invoked, dead_letter_queue=self._rule_failures)
        events.Rule(self, "ExecutionEnded", event_pattern=ended_badly, targets=[target])

    def _mail_feedback(self) -> FunctionQueue:
        """What became of our emails ► queue ► mail_feedback."""
        function = self._function("MailFeedback")
        grants.mail_feedback(function, self._tables)
        grants.open_messages(function, self._encryption.key)
        mail_feedback = FunctionQueue(self, "MailFeedbackQueue", function=function.invoked)
        self._email.feed(mail_feedback.queue, dead_letter_queue=self._rule_failures)
        return mail_feedback

    def _reconcile(self, workflow: Workflow, abandonment: Workflow) -> None:
        """Every few minutes ► reconcile."""
        removals = abandonment.state_machine.state_machine_arn
        function = self._function("Reconcile", workflow, abandonment_state_machine_arn=removals)
        grants.reconcile(function, self._tables, self._bus, workflow, abandonment)
        user_grants.changes_to_users(function, self._tables, regions=self._configuration.regions)
        user_grants.seats(function, self._tables)
        self._schedule("ReconcileSchedule", function, RECONCILE_MINUTES)

    def _capacity(self) -> None:
        """Every few minutes ► capacity."""
        function = self._function("Capacity")
        grants.capacity(function, self._tables, self._bus)
        self._schedule("CapacitySchedule", function, CAPACITY_MINUTES)

    def _preflight(self) -> OnboardingFunction:
        """Every hour ► preflight."""
        function, chosen = self._function("Preflight"), self._configuration
        trigger = TokenClaims.name(Aws.STACK_NAME)
        preflight_grants.preflight(
            function, self._tables, regions=chosen.regions, identity=chosen.identity, trigger=trigger
        )
        self._schedule("PreflightSchedule", function, PREFLIGHT_MINUTES)
        return function

    def _parameters(self) -> FunctionQueue:
        """TenantOnboarded ► queue ► parameters."""
        function = self._function("Parameters")
        grants.parameters(function, prefix=self._configuration.parameter_prefix)
        grants.open_messages(function, self._encryption.key)
        parameters = FunctionQueue(self, "ParametersQueue", function=function.invoked)
        self._rule("TenantOnboarded", parameters.queue, source=[SOURCE], detail_type=[TenantOnboarded.__name__])
        return parameters

    def _status_api(self, workflow: Workflow, abandonment: Workflow) -> tuple[Operators, StatusApi]:
        """Operators ► HTTP API ► api, dashboard."""
        welcome = workflow.functions["WelcomeFunction"]
        function = self._function(
            "Api",
            workflow,
            abandonment_state_machine_arn=abandonment.state_machine.state_machine_arn,
            welcome_function_name=welcome.invoked.function_name,
        )
        grants.api(function, self._tables, self._bus, workflow, abandonment, welcome=welcome)
        operators = Operators(
            self, "Operators", mfa=self._configuration.operators_mfa, deployment_id=self._settings()["deployment_id"]
        )
        api = StatusApi(self, "StatusApi", function=function, operators=operators, retention=self._retention)
        Dashboard(self, "Page", api=api, operators=operators, code=self._code, retention=self._retention)
        self._resolver(api)
        return operators, api

    def _resolver(self, api: StatusApi) -> None:
        """Whoever signs in ► HTTP API ► resolver."""
        chosen = self._configuration
        environment = {
            "ONBOARDING_ROUTES_TABLE": self._tables.routes.table_name,
            "ONBOARDING_APP_DOMAIN": chosen.app_domain,
            "ONBOARDING_TOKEN_USE": chosen.token_use,
            "ONBOARDING_LOG_LEVEL": chosen.log_level,
        }
        resolver = Resolver(
            self,
            "Resolver",
            api=api,
            code=self._code,
            environment=environment,
            retention=self._retention,
        )
        grants.resolver(resolver.function, self._tables)
        CfnOutput(self, "ConfigUrl", value=resolver.address)

    def _users(self) -> FunctionQueue:
        """Whoever is to become a user, or forgot a password ► HTTP API ► proofs ► queue ► proof_requests."""
        around = Around(
            new_function=self._function,
            tables=self._tables,
            key=self._encryption.key,
            regions=self._configuration.regions,
            sender=self._configuration.sender,
            configuration_set=self._email.peoples_configuration_set,
            retention=self._retention,
            domain=OwnDomain.of(self._configuration),
        )
        users = Users(self, "Users", around)
        outputs.of_account_api(self, users.api)
        self._schedule("SessionKeysSchedule", users.session_keys, SESSION_KEYS_MINUTES)
        return users.queue

    def _monitoring(self, queues: Mapping[str, FunctionQueue], preflight: OnboardingFunction) -> None:
        """Whatever must be looked at ► alarm ► topic."""
        dead_letters = {name: queue.dead_letter_queue for name, queue in queues.items()}
        dead_letters["Rule"] = self._rule_failures
        chosen = self._configuration
        monitoring = Monitoring(self, "Monitoring", configuration=chosen, dead_letters=dead_letters)
        if monitoring.topic:
            CfnOutput(self, "AlarmTopicArn", value=monitoring.topic.topic_arn)
            preflight_grants.listeners(preflight, monitoring.topic)
            preflight.tell(f"{PREFIX}ALARM_TOPIC_ARN", monitoring.topic.topic_arn)

    def _rule(self, construct_id: str, queue: sqs.Queue, **pattern: list[str]) -> None:
        target = targets.SqsQueue(queue, dead_letter_queue=self._rule_failures)
        event_pattern = events.EventPattern(**pattern)  # type: ignore[arg-type]  # source and detail_type are lists
        events.Rule(self, construct_id, event_bus=self._bus, event_pattern=event_pattern, targets=[target])

    def _schedule(self, construct_id: str, function: OnboardingFunction, minutes: int) -> None:
        schedule = events.Schedule.rate(Duration.minutes(minutes))
        target = targets.LambdaFunction(function.invoked, dead_letter_queue=self._rule_failures)
        events.Rule(self, construct_id, schedule=schedule, targets=[target])

    def _function(
        self,
        name: str,
        workflow: Workflow | None = None,
        *,
        timeout_seconds: int = FUNCTION_TIMEOUT_SECONDS,
        **more: str,
    ) -> OnboardingFunction:
        settings = self._settings() | more
        if workflow:
            settings["state_machine_arn"] = workflow.state_machine.state_machine_arn
        return OnboardingFunction(
            self,
            name,
            module=re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(),
            code=self._code,
            environment={f"{PREFIX}{key.upper()}": value for key, value in settings.items()},
            retention=self._retention,
            timeout_seconds=timeout_seconds,
        )

    def _settings(self) -> dict[str, str]:
        chosen = self._configuration
        return {
            "stack_name": Aws.STACK_NAME,
            "deployment_id": Fn.select(2, Fn.split("/", Aws.STACK_ID)),
            "account_id": Aws.ACCOUNT_ID,
            "tenants_table": self._tables.tenants.table_name,
            "routes_table": self._tables.routes.table_name,
            "shared_pools_table": self._tables.shared_pools.table_name,
            "users_table": self._tables.users.table_name,
            "event_bus": self._bus.event_bus_name,
            "sender_identity_arn": self.format_arn(service="ses", resource="identity", resource_name=chosen.identity),
            "token_claims_arn": self._token_claims.function.invoked.function_arn,
            "pre_sign_up_arn": self._pre_sign_up.function.invoked.function_arn,
            **function_settings(chosen),
        }
