"""Sending the welcome email: a temporary password is set and mailed in the same breath, and kept nowhere.

A federated tenant gets no password: its email tells how to connect its identity provider. In doubt it is sent again, as
nothing could tell whether it was sent, and twice does no harm.
"""

from typing import TYPE_CHECKING

from orchestrator.emails.rendering import render
from orchestrator.identity import user_pool_addresses
from orchestrator.identity.temporary_passwords import WAITING_FOR_FIRST_SIGN_IN, temporary_password
from orchestrator.identity.tenant_region import clients_there
from orchestrator.identity.tenant_resources import security
from orchestrator.routing import routes
from orchestrator.tenants.ledger import Made, Record
from orchestrator.welcome import mail_feedback

if TYPE_CHECKING:
    from types_boto3_sesv2.type_defs import MessageTypeDef

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings


def send(clients: "Clients", settings: "Settings", record: Record, *, in_doubt: bool) -> Made:
    """Mail the tenant's admin and return the message's id; in doubt nothing if somebody has signed in meanwhile.

    Raises what the SDK raises.
    """
    if record["federated"]:
        return _send(clients, settings, record, _how_to_connect(settings, record))
    client, resources = clients_there(clients, settings, record).cognito, record["resources"]
    user = {"UserPoolId": resources["userPoolId"], "Username": resources["adminUsername"]}
    if in_doubt and client.admin_get_user(**user)["UserStatus"] != WAITING_FOR_FIRST_SIGN_IN:
        return Made()
    policy = security(record).password_policy
    password = temporary_password(policy.minimum_length)
    client.admin_set_user_password(**user, Password=password, Permanent=False)
    mail = render(
        "first_sign_in",
        record["admin"].get("locale"),
        **_addressed(settings, record),
        email=record["admin"]["email"],
        password=password,
        password_days=policy.temporary_password_validity_days,
    )
    return _send(clients, settings, record, mail)


def _how_to_connect(settings: "Settings", record: Record) -> "MessageTypeDef":
    resources = record["resources"]
    return render(
        "connect",
        record["admin"].get("locale"),
        **_addressed(settings, record),
        providers=[{"claims": {}, "scopes": [], **provider} for provider in resources["identityProviders"]],
        entity_id=user_pool_addresses.saml_entity_id(resources["userPoolId"]),
        acs_address=user_pool_addresses.saml_reply_address(resources["domain"]),
        redirect_address=user_pool_addresses.redirect_address(resources["domain"]),
    )


def _addressed(settings: "Settings", record: Record) -> dict[str, object]:
    return {
        "tenant_name": record["tenantName"],
        "admin_name": record["admin"].get("name"),
        "sign_in_address": routes.address(settings, record),
    }


def _send(clients: "Clients", settings: "Settings", record: Record, mail: "MessageTypeDef") -> Made:
    sent = clients.ses_once.send_email(
        FromEmailAddress=settings.sender,
        Destination={"ToAddresses": [record["admin"]["email"]]},
        Content={"Simple": mail},
        ConfigurationSetName=settings.configuration_set,
        EmailTags=mail_feedback.tags(record["tenantId"], int(record["attempt"])),
    )
    return Made(resources={"welcomeMessageId": sent["MessageId"]})
