"""The operators' user pool: who may read the status API and act through it, and where they sign in."""

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from orchestrator.status.contract import OPERATORS, VIEWERS

GROUPS = {VIEWERS: "May read the status API.", OPERATORS: "May read the status API, and act through it."}


class Operators(Construct):
    """The operators' user pool: filled by administrators only, kept when the stack goes, and no tenant's."""

    def __init__(self, scope: Construct, construct_id: str, *, mfa: str, deployment_id: str) -> None:
        super().__init__(scope, construct_id)
        self.user_pool = cognito.UserPool(
            self,
            "UserPool",
            user_pool_name=f"{Aws.STACK_NAME}.operators",
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(email=True),
            sign_in_case_sensitive=False,
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            password_policy=cognito.PasswordPolicy(
                min_length=14,
                require_digits=True,
                require_lowercase=True,
                require_symbols=True,
                require_uppercase=True,
                temp_password_validity=Duration.days(3),
            ),
            mfa=cognito.Mfa.REQUIRED if mfa == "ON" else cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            feature_plan=cognito.FeaturePlan.ESSENTIALS,
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        for name, description in GROUPS.items():
            self.user_pool.add_group(name.capitalize(), group_name=name, description=description)
        # Prefixes are shared by all accounts of a Region; the id of a deployment is in no other's.
        self._domain = self.user_pool.add_domain(
            "Domain",
            cognito_domain=cognito.CognitoDomainOptions(domain_prefix=f"operators-{deployment_id}"),
            managed_login_version=cognito.ManagedLoginVersion.CLASSIC_HOSTED_UI,
        )

    @property
    def sign_in_address(self) -> str:
        """Where Cognito serves its sign-in pages and its token endpoint."""
        return self._domain.base_url()

    @property
    def issuer(self) -> str:
        """The issuer of the tokens."""
        return f"https://cognito-idp.{Aws.REGION}.amazonaws.com/{self.user_pool.user_pool_id}"

    def add_client(self, page: str) -> cognito.UserPoolClient:
        """Return the app client of the dashboard, which is at the address `page`, and of `onboard token`.

        It signs in by authorization code with PKCE, as it has no secret, or by SRP.
        """
        return self.user_pool.add_client(
            "Client",
            user_pool_client_name="status-api",
            generate_secret=False,
            auth_flows=cognito.AuthFlow(user_srp=True),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[cognito.OAuthScope.OPENID, cognito.OAuthScope.EMAIL],
                callback_urls=[page],
                logout_urls=[page],
            ),
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            access_token_validity=Duration.hours(1),
            id_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.hours(12),
            read_attributes=cognito.ClientAttributes().with_standard_attributes(email=True, fullname=True),
            write_attributes=cognito.ClientAttributes().with_standard_attributes(fullname=True),
        )
