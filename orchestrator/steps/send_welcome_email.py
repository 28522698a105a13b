"""SendWelcomeEmail: a temporary password is set and mailed in the same breath, and kept nowhere.

A federated tenant gets no password: its email tells how to connect its identity provider. In doubt it is sent again, as
nothing could tell whether it was sent, and twice does no harm.
"""

from typing import TYPE_CHECKING

from orchestrator.identity import user_pool_addresses
from orchestrator.identity.passwords import temporary_password
from orchestrator.steps import StepContext
from orchestrator.steps.create_user_pool import security
from orchestrator.tenants.ledger import Made
from orchestrator.welcome import mail_feedback, render

if TYPE_CHECKING:
    from types_boto3_sesv2.type_defs import MessageTypeDef

WAITING_FOR_FIRST_SIGN_IN = "FORCE_CHANGE_PASSWORD"


def act(context: StepContext) -> Made:
    """Mail the tenant's admin; in doubt again only while nobody has signed in with an earlier password."""
    if context.record["federated"]:
        return _send(context, _how_to_connect(context))
    client, resources = context.regional.cognito, context.resources
    user = {"UserPoolId": resources["userPoolId"], "Username": resources["adminUsername"]}
    if context.in_doubt and client.admin_get_user(**user)["UserStatus"] != WAITING_FOR_FIRST_SIGN_IN:
        return Made()
    policy = security(context).password_policy
    password = temporary_password(policy.minimum_length)
    client.admin_set_user_password(**user, Password=password, Permanent=False)
    mail = render(
        "first_sign_in",
        context.record["admin"].get("locale"),
        **_addressed(context),
        email=context.record["admin"]["email"],
        password=password,
        password_days=policy.temporary_password_validity_days,
    )
    return _send(context, mail)


def _how_to_connect(context: StepContext) -> "MessageTypeDef":
    domain = context.resources["domain"]
    return render(
        "connect",
        context.record["admin"].get("locale"),
        **_addressed(context),
        providers=context.resources["identityProviders"],
        entity_id=user_pool_addresses.saml_entity_id(context.resources["userPoolId"]),
        acs_address=user_pool_addresses.saml_reply_address(domain),
        redirect_address=user_pool_addresses.redirect_address(domain),
    )


def _addressed(context: StepContext) -> dict[str, object]:
    return {
        "tenant_name": context.record["tenantName"],
        "admin_name": context.record["admin"].get("name"),
        "sign_in_address": context.address,
    }


def _send(context: StepContext, mail: "MessageTypeDef") -> Made:
    sent = context.clients.ses_once.send_email(
        FromEmailAddress=context.settings.sender,
        Destination={"ToAddresses": [context.record["admin"]["email"]]},
        Content={"Simple": mail},
        ConfigurationSetName=context.settings.configuration_set,
        EmailTags=mail_feedback.tags(context.tenant_id, context.turn.attempt),
    )
    return Made(resources={"welcomeMessageId": sent["MessageId"]})
