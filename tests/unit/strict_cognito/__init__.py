"""What Amazon Cognito refuses and moto lets pass, judged at the wire before moto answers.

    with strict_cognito.enforced(session, limits=Limits(groups=2)):
        session.client("cognito-idp").create_group(...)

A rule is one function; its docstring says where the rule is known from: [M] botocore's service model, [D] AWS
documentation, [I] an issue that quotes the service's answer, [P] the checks of badmintoncryer/cdk-preflight, which
quote deployments, "NC" not confirmed. What moto itself refuses has no rule, nor has what AWS accepts and regrets
later: a mapped attribute that is immutable or not writable fails at the user's sign-in, and OAuth flows of a client
that may not use them are merely unused.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.client import BaseClient
from moto.cognitoidp.models import cognitoidp_backends
from moto.core.models import DEFAULT_ACCOUNT_ID

from tests.unit.faults import refused
from tests.unit.strict_cognito import app_clients, identity_providers, pools, service_model, users
from tests.unit.strict_cognito.call import DEFAULT_LIMITS, Call, Limits, RefusalError

__all__ = ["RULES", "Limits", "Rules", "enforced"]

Rule: TypeAlias = Callable[[Call], None]
Hook: TypeAlias = Callable[..., AWSResponse | None]

RULES: dict[str, tuple[Rule, ...]] = {
    "CreateUserPool": (
        pools.mfa_at_creation_has_sms,
        pools.mail_by_ses_has_a_source,
        pools.verified_before_update_is_auto_verified,
        pools.the_region_has_room_for_a_user_pool,
    ),
    "UpdateUserPool": (pools.verified_before_update_is_auto_verified,),
    "DeleteUserPool": (pools.a_protected_user_pool_stays, pools.a_user_pool_with_a_domain_stays),
    "CreateUserPoolDomain": (
        pools.a_prefix_is_well_formed,
        pools.a_prefix_has_no_reserved_word,
        pools.a_user_pool_has_one_domain_of_a_kind,
        pools.a_domain_is_free,
    ),
    "CreateGroup": (pools.the_user_pool_has_room_for_a_group,),
    "AdminCreateUser": (
        users.attributes_are_in_the_schema,
        users.values_fit_their_length,
        users.a_temporary_password_meets_the_policy,
    ),
    "AdminUpdateUserAttributes": (
        users.attributes_are_in_the_schema,
        users.immutable_attributes_stay,
        users.values_fit_their_length,
    ),
    "CreateIdentityProvider": (
        identity_providers.a_name_is_free,
        identity_providers.a_social_provider_is_named_after_its_type,
        identity_providers.identifiers_are_free,
        identity_providers.details_are_complete,
        identity_providers.saml_has_one_source_of_metadata,
        identity_providers.an_oidc_issuer_is_https,
        identity_providers.mapped_attributes_are_in_the_schema,
        identity_providers.the_user_pool_has_room_for_a_provider,
        pools.the_user_pool_has_room_for_a_group,
    ),
    "UpdateIdentityProvider": (identity_providers.mapped_attributes_are_in_the_schema,),
    "CreateUserPoolClient": (*app_clients.SETTINGS, app_clients.the_user_pool_has_room_for_a_client),
    "UpdateUserPoolClient": app_clients.SETTINGS,
}
"""Rules by operation, beside the service model's own, which bind every operation."""


class Rules:
    """A `before-send` hook of botocore that answers what Cognito would refuse, and lets pass the rest."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self.limits = limits
        self.on = True

    def __call__(self, event_name: str, request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        """Return Cognito's refusal, or None to let the next hook answer."""
        call = _call(request, self.limits) if self.on else None
        if call is None:
            return None
        try:
            _judge(call)
        except RefusalError as refusal:
            return refused(refusal.code, refusal.message)(request)
        return None

    def before(self, answer: Hook) -> Hook:
        """Return a hook that answers as another one does, within the rules."""

        def strictly(event_name: str, request: AWSPreparedRequest, **context: object) -> AWSResponse | None:
            refusal = self(event_name, request)
            return answer(event_name, request, **context) if refusal is None else refusal

        return strictly


@contextmanager
def enforced(target: boto3.Session | BaseClient, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Rules]:
    """Hold a client to the rules, or every client that is made from a session inside the block.

    Clients keep the hooks that their session had when they were made, so the rules are also switched off at exit.
    """
    events = target.meta.events if isinstance(target, BaseClient) else target.events
    rules = Rules(limits)
    events.register_first("before-send.cognito-identity-provider", rules)  # type: ignore[arg-type]  # the stubs know no answering hook
    try:
        yield rules
    finally:
        rules.on = False
        events.unregister("before-send.cognito-identity-provider", rules)  # type: ignore[arg-type]  # the same


def _judge(call: Call) -> None:
    service_model.a_request_fits_the_service_model(call)
    if "UserPoolId" in call.body and call.body["UserPoolId"] not in call.backend.user_pools:
        return
    for rule in RULES.get(call.operation, ()):
        rule(call)


def _call(request: AWSPreparedRequest, limits: Limits) -> Call | None:
    target = request.headers.get("X-Amz-Target", b"")
    service, _, operation = (target.decode() if isinstance(target, bytes) else target).partition(".")
    region = re.search(r"//cognito-idp\.([^.]+)\.", request.url)
    if service != "AWSCognitoIdentityProviderService" or not region:
        return None
    backend = cognitoidp_backends[DEFAULT_ACCOUNT_ID][region[1]]
    return Call(operation, json.loads(request.body or b"{}"), backend, limits)  # type: ignore[arg-type]  # no files here
