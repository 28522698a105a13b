"""The addresses of a user pool that products, tokens and identity providers know it by."""


def issuer(region: str, user_pool_id: str) -> str:
    """Return the exact `iss` of a user pool's tokens; its ORIGINAL form, for which our user pools ask."""
    return f"https://cognito-idp.{region}.amazonaws.com/{user_pool_id}"


def hosted_domain(region: str, prefix: str) -> str:
    """Return the host name of a user pool's sign-in, token and SAML endpoints."""
    return f"{prefix}.auth.{region}.amazoncognito.com"


def saml_entity_id(user_pool_id: str) -> str:
    """Return the name by which a SAML provider knows the user pool."""
    return f"urn:amazon:cognito:sp:{user_pool_id}"


def saml_reply_address(domain: str) -> str:
    """Return the address (ACS) to which a SAML provider sends its answer."""
    return f"https://{domain}/saml2/idpresponse"


def redirect_address(domain: str) -> str:
    """Return the address to which an OIDC or social provider sends people back."""
    return f"https://{domain}/oauth2/idpresponse"


def in_region(arn: str, region: str) -> str:
    """Return the ARN of the resource of the same name in another Region."""
    parts = arn.split(":")
    parts[3] = region
    return ":".join(parts)
