"""Tokens: issued by way of the product's own trigger, renewed by a refresh token, and that revoked."""

import secrets
import uuid
from functools import cache
from typing import Any

import boto3
from moto.cognitoidp.models import CognitoIdpUser, UserStatus

from orchestrator.aws.plain_dynamodb import PlainClient
from orchestrator.identity.user_pool_addresses import issuer
from orchestrator.sign_in import token_claims
from orchestrator.sign_in.token_claims import SignIn
from tenant_onboarding.authorizer import registry
from tests.unit.sign_in_at_cognito import people
from tests.unit.sign_in_at_cognito.cognito import DAY, NOT_AUTHORIZED, Cognito, Grant, Place, named, required
from tests.unit.strict_cognito.call import Call, RefusalError

HOME = "eu-central-1"
ROUTES = "routes"
VERSIONS = {"V1_0": "1", "V2_0": "2", "V3_0": "3"}
SELF_SERVICE = "aws.cognito.signin.user.admin"
SECONDS = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}


def issued(cognito: Cognito, at: Place, user: CognitoIdpUser, source: str) -> dict[str, Any]:
    """Return the tokens of somebody who has signed in."""
    days = at.client.extended_config["RefreshTokenValidity"]
    now = int(cognito.now())
    refresh_token = secrets.token_urlsafe(900)
    result = _tokens(cognito, at, user, source, now)
    grant = Grant(user.username, at.ids, now + days * DAY, now)
    cognito.grants[refresh_token] = cognito.access[result["AccessToken"]] = grant
    return {"AuthenticationResult": result | {"RefreshToken": refresh_token}, "ChallengeParameters": {}}


def refreshed(cognito: Cognito, at: Place, given: dict[str, str]) -> dict[str, Any]:
    """Return new tokens for a refresh token of that app client, which is neither revoked nor at its end [D; I]."""
    grant = cognito.grants.get(required(given, "REFRESH_TOKEN"))
    if grant is None or grant.at != at.ids:
        raise RefusalError("Invalid Refresh Token", NOT_AUTHORIZED)
    people.check_secret(at, given, grant.user)
    if grant.revoked:
        raise RefusalError("Refresh Token has been revoked", NOT_AUTHORIZED)
    if grant.ends <= cognito.now():
        raise RefusalError("Refresh Token has expired", NOT_AUTHORIZED)
    user = named(at.pool, grant.user)
    if user is None:
        raise RefusalError("User does not exist.", NOT_AUTHORIZED)
    people.check_enabled(user)
    result = _tokens(cognito, at, user, "RefreshTokens", grant.since)
    cognito.access[result["AccessToken"]] = grant
    return {"AuthenticationResult": result, "ChallengeParameters": {}}


def revoke(cognito: Cognito, call: Call) -> dict[str, Any]:
    """RevokeToken: a refresh token at its own app client, with its secret if it has one, as often as one likes.

    What becomes of other tokens is NC.
    """
    token = call.body["Token"]
    grant = cognito.grants.get(token)
    if token.count(".") == 2:  # an access or ID token
        raise RefusalError("The token is no refresh token.", "UnsupportedTokenTypeException")
    if grant is None or grant.at[1] != call.body["ClientId"]:
        raise RefusalError("Unauthorized", "UnauthorizedException")
    client = call.backend.user_pools[grant.at[0]].clients[grant.at[1]]
    if client.generate_secret and call.body.get("ClientSecret") != client.secret:  # [D]
        raise RefusalError("Unauthorized", "UnauthorizedException")
    grant.revoked = True
    return {}


def end_all(cognito: Cognito, call: Call) -> None:
    """AdminUserGlobalSignOut: no refresh token of a user is good any more [D]; moto answers."""
    for grant in cognito.grants.values():
        if grant.at[0] == call.body["UserPoolId"] and grant.user.lower() == call.body["Username"].lower():
            grant.revoked = True


def _tokens(cognito: Cognito, at: Place, user: CognitoIdpUser, source: str, since: int) -> dict[str, Any]:
    given = _triggered(at, user, source)
    now = int(cognito.now())
    groups = given["groupOverrideDetails"]["groupsToOverride"]
    both = {
        "sub": user.id,
        "iss": issuer(at.pool.region, at.pool.id),
        "iat": now,
        "auth_time": since,
        "jti": str(uuid.uuid4()),
        **({"cognito:groups": groups} if groups else {}),
    }
    readable = at.client.extended_config.get("ReadAttributes", [])
    attributes = {name: value for name, value in user.attribute_lookup.items() if name in readable}
    of_id = {"token_use": "id", "aud": at.client.id, "cognito:username": user.username, **attributes}
    of_access = {"token_use": "access", "client_id": at.client.id, "username": user.username, "scope": SELF_SERVICE}
    _customise(of_id, given.get("idTokenGeneration", {}))
    _customise(of_access, given.get("accessTokenGeneration", {}))
    lasts = {use: _seconds(at, use) for use in ("Access", "Id")}
    return {
        "AccessToken": cognito.sign(at.pool, both | of_access | {"exp": now + lasts["Access"]}),
        "IdToken": cognito.sign(at.pool, both | of_id | {"exp": now + lasts["Id"]}),
        "ExpiresIn": lasts["Access"],
        "TokenType": "Bearer",
    }


def _customise(claims: dict[str, Any], generation: dict[str, Any]) -> None:
    """Change the claims of one token as the trigger says [D: pre token generation]."""
    claims.update(generation.get("claimsToAddOrOverride", {}))
    if "scope" in claims:
        kept = set(claims["scope"].split()) - set(generation.get("scopesToSuppress", []))
        claims["scope"] = " ".join(sorted(kept | set(generation.get("scopesToAdd", []))))


def _triggered(at: Place, user: CognitoIdpUser, source: str) -> dict[str, Any]:
    """Return what the trigger says, by kind of token; version 1 reaches the ID token alone [D].

    What it raises keeps the user out [M: UserLambdaValidationException].
    """
    config = at.pool.extended_config.get("LambdaConfig", {}).get("PreTokenGenerationConfig")
    groups = sorted(group.group_name for group in user.groups)
    if not config:
        return {"groupOverrideDetails": {"groupsToOverride": groups}}
    event = {
        "version": VERSIONS[config["LambdaVersion"]],
        "triggerSource": f"TokenGeneration_{source}",
        "region": at.pool.region,
        "userPoolId": at.pool.id,
        "userName": user.username,
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": at.client.id},
        "request": {
            "userAttributes": user.attribute_lookup | {"cognito:user_status": UserStatus(user.status).value},
            "groupConfiguration": {"groupsToOverride": groups, "iamRolesToOverride": [], "preferredRole": None},
            "scopes": [SELF_SERVICE],
        },
        "response": {},
    }
    try:
        response = token_claims.response(event, token_claims.claims(_find, SignIn.from_event(event)))
    except token_claims.RefusedError:
        message = "PreTokenGeneration failed with error Signing in is not possible here.."
        raise RefusalError(message, "UserLambdaValidationException") from None
    if "claimsOverrideDetails" in response:
        details = response["claimsOverrideDetails"]
        added = {"claimsToAddOrOverride": details["claimsToAddOrOverride"]}
        return {"idTokenGeneration": added, "groupOverrideDetails": details["groupOverrideDetails"]}
    return dict(response["claimsAndScopeOverrideDetails"])


@cache
def _own_dynamodb() -> Any:  # Any: a client as the registry reads by it
    """Return the trigger's client: its calls are none of whoever signs somebody in."""
    return PlainClient(boto3.client("dynamodb", region_name=HOME))


def _find(key: str) -> list[registry.Route]:
    return registry.resolve_all(_own_dynamodb(), ROUTES, key)


def _seconds(at: Place, use: str) -> int:
    unit = at.client.extended_config.get("TokenValidityUnits", {}).get(f"{use}Token", "hours")
    return int(at.client.extended_config.get(f"{use}TokenValidity") or 1) * SECONDS[unit]
