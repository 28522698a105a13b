"""What an update resets and moto leaves as it was. What is reset, and to what, is [D: UpdateUserPoolClient] or [NC]."""

from typing import Any

from tests.unit.strict_cognito.call import Call

APP_CLIENT: dict[str, Any] = {
    "AllowedOAuthFlowsUserPoolClient": False,
    "AuthSessionValidity": 3,
    "EnablePropagateAdditionalUserContextData": False,
    "EnableTokenRevocation": True,
    "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"],
    "PreventUserExistenceErrors": "LEGACY",
    "RefreshTokenValidity": 30,
}
"""An app client of which nothing is said [D]. That it keeps its name is NC."""


def an_app_client(call: Call) -> None:
    """UpdateUserPoolClient resets what it is not given [D]; moto merges."""
    client = call.pool.clients.get(call.body["ClientId"])
    if client:
        client.extended_config = {"ClientName": client.extended_config["ClientName"], **APP_CLIENT}


def the_mfa_of_a_user_pool(call: Call) -> None:
    """UpdateUserPool sets MFA, too, to OFF if it says nothing [D]; moto keeps two of it and describes one."""
    call.pool.mfa_config = call.body.get("MfaConfiguration", "OFF")


def the_mfa_that_an_update_set(call: Call) -> None:
    """SetUserPoolMfaConfig is the same setting [D]."""
    call.pool.extended_config.pop("MfaConfiguration", None)


RESETS = {
    "UpdateUserPool": the_mfa_of_a_user_pool,
    "UpdateUserPoolClient": an_app_client,
    "SetUserPoolMfaConfig": the_mfa_that_an_update_set,
}
"""By operation, just before moto answers what no rule refuses."""
