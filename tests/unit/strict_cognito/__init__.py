"""What Amazon Cognito refuses and moto lets pass, judged at the wire just before moto answers.

    with mock_aws(), strict_cognito.enforced(limits=Limits(groups=2)):
        boto3.client("cognito-idp").create_group(...)

Moto's own hook is the place, as botocore calls every `before-send` hook of a session even after one has answered: a
refusal by a hook beside it would come too late. So every session is held to the rules, and what stands above, like
the tests' `Wire`, counts refused attempts and strikes first.

A rule is one function; its docstring says where the rule is known from: [M] botocore's service model, [D] AWS
documentation, [I] an issue that quotes the service's answer, [P] the checks of badmintoncryer/cdk-preflight, which
quote deployments, "NC" not confirmed. What moto itself refuses has no rule, nor has what AWS accepts and regrets
later: a mapped attribute that is immutable or not writable fails at the user's sign-in, and OAuth flows of a client
that may not use them are merely unused. What an update resets is in `resets`.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TypeAlias
from unittest import mock

from botocore.awsrequest import AWSPreparedRequest
from moto.cognitoidp.models import cognitoidp_backends
from moto.core.models import DEFAULT_ACCOUNT_ID, botocore_stubber

from tests.unit.strict_cognito import app_clients, identity_providers, pools, service_model, users
from tests.unit.strict_cognito.call import DEFAULT_LIMITS, Call, Limits, RefusalError
from tests.unit.strict_cognito.resets import RESETS

__all__ = ["RULES", "Answer", "Limits", "Rules", "call_of", "enforced"]

Rule: TypeAlias = Callable[[Call], None]
Answer: TypeAlias = tuple[int, dict[str, str], str]

RULES: dict[str, tuple[Rule, ...]] = {
    "CreateUserPool": (
        pools.mfa_at_creation_has_sms,
        pools.mail_by_ses_has_a_source,
        pools.verified_before_update_is_auto_verified,
        pools.a_trigger_is_in_the_user_pools_region,
        pools.a_plan_has_the_triggers_version,
        pools.a_legacy_trigger_is_the_same_function,
        pools.the_region_has_room_for_a_user_pool,
    ),
    "UpdateUserPool": (
        pools.verified_before_update_is_auto_verified,
        pools.a_trigger_is_in_the_user_pools_region,
        pools.a_plan_has_the_triggers_version,
        pools.a_legacy_trigger_is_the_same_function,
    ),
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
    """The rules as they are in force: their quotas, which rules are left out, and whether they are on at all."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS, *, without: Collection[Rule] = ()) -> None:
        self.limits = limits
        self.without = without
        self.on = True
        self.by_tag = False
        """Whether the caller may use user pools by their tag only: then one that is not there is denied [D: IAM]."""

    def refusal(self, request: AWSPreparedRequest) -> Answer | None:
        """Return what Cognito answers to what it refuses: status, headers and body; None for anything else."""
        call = call_of(request, self.limits) if self.on else None
        try:
            if call:
                self._judge(call)
                if call.operation in RESETS and call.body["UserPoolId"] in call.backend.user_pools:
                    RESETS[call.operation](call)
        except RefusalError as refusal:
            body = json.dumps({"__type": refusal.code, "message": refusal.message})
            return 400, {"x-amzn-errortype": refusal.code, "content-type": "application/x-amz-json-1.1"}, body
        return None

    def _judge(self, call: Call) -> None:
        rules = (service_model.a_request_fits_the_service_model, *RULES.get(call.operation, ()))
        known = "UserPoolId" not in call.body or call.body["UserPoolId"] in call.backend.user_pools
        if self.by_tag and not known:
            raise RefusalError(f"The role is not authorized to perform: {call.operation}", "AccessDeniedException")
        for rule in rules if known else rules[:1]:
            if rule not in self.without:
                rule(call)


@contextmanager
def enforced(*, limits: Limits = DEFAULT_LIMITS, without: Collection[Rule] = ()) -> Iterator[Rules]:
    """Hold every client that moto answers to the rules inside the block; blocks can be nested."""
    rules, answer = Rules(limits, without=without), botocore_stubber.process_request

    def strictly(request: AWSPreparedRequest) -> object:
        return rules.refusal(request) or answer(request)

    with mock.patch.object(botocore_stubber, "process_request", strictly):
        yield rules


def call_of(request: AWSPreparedRequest, limits: Limits) -> Call | None:
    """Return the call to Cognito that a request is, with what it meets; None if it is to another service."""
    target = request.headers.get("X-Amz-Target", b"")
    service, _, operation = (target.decode() if isinstance(target, bytes) else target).partition(".")
    region = re.search(r"//cognito-idp\.([^.]+)\.", request.url)
    if service != "AWSCognitoIdentityProviderService" or not region:
        return None
    backend = cognitoidp_backends[DEFAULT_ACCOUNT_ID][region[1]]
    return Call(operation, json.loads(request.body or b"{}"), backend, limits)  # type: ignore[arg-type]  # no files here
