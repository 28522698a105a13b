"""User pools, their domains and their groups."""

import re

from moto.cognitoidp.models import cognitoidp_backends

from tests.unit.strict_cognito.call import LIMIT_EXCEEDED, Call, RefusalError

PREFIX = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
RESERVED_WORDS = ("aws", "amazon", "cognito")


def mfa_at_creation_has_sms(call: Call) -> None:
    """MFA that is on or optional at creation needs SMS settings, even for authenticator apps [I: aws/aws-cli#3876]."""
    if call.body.get("MfaConfiguration", "OFF") != "OFF" and "SmsConfiguration" not in call.body:
        raise RefusalError(
            "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"
        )


def mail_by_ses_has_a_source(call: Call) -> None:
    """EmailSendingAccount DEVELOPER needs a SourceArn [P]."""
    mail = call.body.get("EmailConfiguration", {})
    if mail.get("EmailSendingAccount") == "DEVELOPER" and "SourceArn" not in mail:
        raise RefusalError("Source ARN is required to use DEVELOPER email sending owner")


def verified_before_update_is_auto_verified(call: Call) -> None:
    """What is verified before an update is auto-verified, also if an update omits either [I: ekristen/aws-nuke#477]."""
    earlier = call.pool.extended_config if "UserPoolId" in call.body else {}
    settings = call.body.get("UserAttributeUpdateSettings") or earlier.get("UserAttributeUpdateSettings", {})
    wanted = settings.get("AttributesRequireVerificationBeforeUpdate", [])
    if not set(wanted) <= set(call.body.get("AutoVerifiedAttributes", [])):
        raise RefusalError(
            "All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes"
        )


def a_trigger_is_in_the_user_pools_region(call: Call) -> None:
    """A Lambda trigger is a function of the user pool's own Region [D: working with Lambda triggers; text NC]."""
    if _trigger(call) and _trigger(call)["LambdaArn"].split(":")[3] != call.backend.region_name:
        raise RefusalError("The Lambda function must be in the Region of the user pool")


def a_plan_has_the_triggers_version(call: Call) -> None:
    """Later versions than V1_0 of the pre token generation trigger need a plan above LITE [D: the trigger; text NC]."""
    plan = call.body.get("UserPoolTier", "ESSENTIALS")
    if plan == "LITE" and _trigger(call).get("LambdaVersion", "V1_0") != "V1_0":
        raise RefusalError("The feature plan has no such version of the trigger", "FeatureUnavailableInTierException")


def a_legacy_trigger_is_the_same_function(call: Call) -> None:
    """PreTokenGeneration, if it is set too, equals the configuration's ARN [M: LambdaConfigType]."""
    legacy = call.body.get("LambdaConfig", {}).get("PreTokenGeneration")
    if legacy and _trigger(call).get("LambdaArn", legacy) != legacy:
        raise RefusalError("PreTokenGeneration and PreTokenGenerationConfig must name the same function")


def the_region_has_room_for_a_user_pool(call: Call) -> None:
    """User pools are limited by Region [D: quotas; code M]."""
    if len(call.backend.user_pools) >= call.limits.user_pools:
        raise RefusalError("The maximum number of user pools is reached", LIMIT_EXCEEDED)


def a_protected_user_pool_stays(call: Call) -> None:
    """DeletionProtection ACTIVE forbids deletion [D: deletion protection; I: localstack/localstack#11947]."""
    if call.pool.extended_config.get("DeletionProtection") == "ACTIVE":
        raise RefusalError(
            "The user pool cannot be deleted because deletion protection is activated. "
            "Deletion protection must be inactivated first."
        )


def a_user_pool_with_a_domain_stays(call: Call) -> None:
    """A domain must be deleted before its user pool [I: hashicorp/terraform-provider-aws#16479]."""
    if call.pool.domain:
        raise RefusalError("User pool cannot be deleted. It has a domain configured that should be deleted first.")


def a_prefix_is_well_formed(call: Call) -> None:
    """A prefix is lower-case letters, digits and inner hyphens, ≤ 63 [M]; a custom domain has dots as well."""
    if "CustomDomainConfig" not in call.body and not PREFIX.fullmatch(call.body["Domain"]):
        raise RefusalError("The domain name contains an invalid character.")


def a_prefix_has_no_reserved_word(call: Call) -> None:
    """A prefix contains neither aws, amazon nor cognito [D: prefix domains; I: aws-amplify/amplify-cli#3854].

    [P] saw a prefix pass in which the word is only a part of what stands between two hyphens.
    """
    for word in RESERVED_WORDS:
        if "CustomDomainConfig" not in call.body and word in call.body["Domain"]:
            raise RefusalError(f"Domain cannot contain reserved word: {word}")


def a_user_pool_has_one_domain_of_a_kind(call: Call) -> None:
    """A user pool has one prefix domain and one custom domain at most [D: domains; the text is widely quoted]."""
    domains = call.backend.user_pool_domains.values()
    kinds = [bool(domain.custom_domain_config) for domain in domains if domain.user_pool_id == call.pool.id]
    if ("CustomDomainConfig" in call.body) in kinds and call.body["Domain"] not in call.backend.user_pool_domains:
        raise RefusalError("User pool already has a domain configured.")


def a_domain_is_free(call: Call) -> None:
    """No user pool of the Region has the domain, in any account [I: aws-samples/websocket-chat-application#56]."""
    for account in cognitoidp_backends.values():
        if call.body["Domain"] in account[call.backend.region_name].user_pool_domains:
            raise RefusalError("Domain already associated with another user pool.")


def the_user_pool_has_room_for_a_group(call: Call) -> None:
    """Groups are limited, and each identity provider has one of its own [D: quotas, user groups; code M].

    That the providers' groups count is concluded, not documented.
    """
    if len(call.pool.groups) + len(call.pool.identity_providers) >= call.limits.groups:
        raise RefusalError("The maximum number of groups in the user pool is reached", LIMIT_EXCEEDED)


def _trigger(call: Call) -> dict[str, str]:
    trigger: dict[str, str] = call.body.get("LambdaConfig", {}).get("PreTokenGenerationConfig", {})
    return trigger
