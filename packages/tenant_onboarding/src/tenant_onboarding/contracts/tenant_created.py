"""`TenantCreated`: what billing or signup says of a new tenant."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from tenant_onboarding.contracts.base import Contract, first_repeat
from tenant_onboarding.contracts.fields import (
    WHOLE_NUMBER,
    DomainName,
    EmailAddress,
    Locale,
    Metadata,
    Name,
    NewTenantId,
    PlanName,
    RedirectAddress,
    Region,
    Subdomain,
    TenantCode,
    refuse,
)
from tenant_onboarding.contracts.identity_providers import SOCIAL_TYPES, IdentityProvider, SamlProvider
from tenant_onboarding.contracts.schema_keywords import UNIQUE, at_most_one, needs_an_item
from tenant_onboarding.names import EMAIL_DOMAINS, INVITE_ONLY, USERNAME_MAX, SignUp

REQUEST_MAX = 390_000
"""DynamoDB: an item has at most 400 KB; the request is one. In bytes of JSON, where escaping may double a document."""


class Admin(Contract):
    """The tenant's first user; of a tenant with identity providers, whoever connects them."""

    email: EmailAddress
    name: Name | None = None
    locale: Locale | None = None
    """In which the welcome email is, if there are templates for it."""


class Routing(Contract):
    """The keys by which the product will find the tenant."""

    subdomain: Subdomain
    email_domains: Annotated[list[DomainName], Field(max_length=20, json_schema_extra=UNIQUE)] = []
    tenant_code: TenantCode | None = None

    @model_validator(mode="after")
    def _no_domain_twice(self) -> Self:
        if index := first_repeat(self.email_domains):
            raise refuse("is listed twice", "emailDomains", index)
        return self


class AppClient(Contract):
    """More addresses for a bridge or silo tenant's own app client, beside those of its subdomain."""

    callback_urls: Annotated[list[RedirectAddress], Field(max_length=20, json_schema_extra=UNIQUE)] = []
    logout_urls: Annotated[list[RedirectAddress], Field(max_length=20, json_schema_extra=UNIQUE)] = []

    @model_validator(mode="after")
    def _no_address_twice(self) -> Self:
        for field, values in (("callbackUrls", self.callback_urls), ("logoutUrls", self.logout_urls)):
            if index := first_repeat(values):
                raise refuse("is listed twice", field, index)
        return self


class PasswordPolicy(Contract):
    """A silo tenant's own password policy; what is left out is as in every other user pool."""

    minimum_length: Annotated[int, Field(ge=8, le=99), WHOLE_NUMBER] = 12
    """Cognito allows 6 to 99 characters; fewer than 8 are not offered."""
    require_lowercase: bool = True
    require_uppercase: bool = True
    require_numbers: bool = True
    require_symbols: bool = True
    temporary_password_validity_days: Annotated[int, Field(ge=1, le=365), WHOLE_NUMBER] = 7
    """Cognito allows at most 365."""
    password_history_size: Annotated[int, Field(ge=0, le=24), WHOLE_NUMBER] = 0
    """Cognito remembers at most 24 former passwords, and none on the feature plan LITE."""


class Security(Contract):
    """A silo tenant's own security settings."""

    mfa: Literal["OFF", "OPTIONAL", "ON"] = "OPTIONAL"
    password_policy: PasswordPolicy = PasswordPolicy()


class Users(Contract):
    """Who may become a user of the tenant, beside its admin."""

    signs_up: Annotated[SignUp, Field(alias="signUp")] = INVITE_ONLY


class TenantCreated(Contract):
    """What billing or signup says of a new tenant; emitting it again changes nothing."""

    model_config = ConfigDict(json_schema_extra=needs_an_item("users.signUp", EMAIL_DOMAINS, "routing.emailDomains"))

    tenant_id: NewTenantId
    tenant_name: Name
    tier: PlanName
    """A tier or one of billing's plan names, which the deployment maps to tiers."""
    admin: Admin
    routing: Routing
    identity_providers: Annotated[
        list[IdentityProvider],
        Field(max_length=20, json_schema_extra=UNIQUE | {"allOf": [at_most_one(kind) for kind in SOCIAL_TYPES]}),
    ] = []
    app_client: AppClient | None = None
    security: Security | None = None
    users: Users = Users()
    region: Region | None = None
    metadata: Metadata = {}
    """Given back in every event about the tenant and by the status API, and tenants are found by it; nobody's personal
    data."""

    @model_validator(mode="after")
    def _username_fits(self) -> Self:
        if len(f"{self.tenant_id}/{self.admin.email}") > USERNAME_MAX:
            room = USERNAME_MAX - len(self.tenant_id) - 1
            message = f"must have at most {room} characters: with the tenant id it makes a user name of {USERNAME_MAX}"
            raise refuse(message, "admin", "email")
        return self

    @model_validator(mode="after")
    def _no_provider_twice(self) -> Self:
        if index := first_repeat([provider.name.lower() for provider in self.identity_providers]):
            message = "is the name of two providers; capitals make no difference"
            raise refuse(message, "identityProviders", index, "name")
        return self

    @model_validator(mode="after")
    def _one_of_each_social_type(self) -> Self:
        # The others may come in any number; their place stands for them.
        types = [p.type if p.type in SOCIAL_TYPES else str(i) for i, p in enumerate(self.identity_providers)]
        if index := first_repeat(types):
            message = "is there twice; a Cognito user pool has at most one identity provider of this type"
            raise refuse(message, "identityProviders", index, "type")
        return self

    @model_validator(mode="after")
    def _no_saml_provider_twice(self) -> Self:
        providers = enumerate(self.identity_providers)
        if index := first_repeat(
            [f"saml#{p.identity}" if isinstance(p, SamlProvider) else str(i) for i, p in providers]
        ):
            message = "is the SAML provider of another entry; a user pool could not tell the two apart"
            raise refuse(message, "identityProviders", index)
        return self

    @model_validator(mode="after")
    def _domains_to_sign_up_by(self) -> Self:
        if self.users.signs_up == EMAIL_DOMAINS and not self.routing.email_domains:
            message = "needs an email domain: name one in routing.emailDomains, or choose INVITE_ONLY or OPEN"
            raise refuse(message, "users", "signUp")
        return self

    @model_validator(mode="after")
    def _can_be_kept(self) -> Self:
        if len(self.model_dump_json(by_alias=True).encode()) > REQUEST_MAX:
            message = f"are too large: with them the event has more than {REQUEST_MAX} bytes; use metadataUrl"
            raise refuse(message, "identityProviders")
        return self

    @property
    def federated(self) -> bool:
        """Whether the tenant brings its own identity providers."""
        return bool(self.identity_providers)
