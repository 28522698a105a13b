"""What is known of a tenant's identity providers before Cognito is asked, and has its time or its vendor's rules.

A SAML provider without a signing certificate in force is refused by Cognito, or lets nobody in; an address of Microsoft
Entra's that names no directory is in nobody's answer.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from orchestrator.identity import saml_certificates
from tenant_onboarding.contracts import saml_metadata
from tenant_onboarding.contracts.identity_providers import OidcProvider, SamlProvider
from tenant_onboarding.contracts.reasons import Reason

if TYPE_CHECKING:
    from orchestrator.aws.settings import Settings
    from tenant_onboarding.contracts.identity_providers import IdentityProvider
    from tenant_onboarding.contracts.tenant_created import TenantCreated

ENTRA_HOSTS = frozenset(
    """
    login.chinacloudapi.cn login.microsoft.com login.microsoftonline.com login.microsoftonline.us
    login.partner.microsoftonline.cn login.windows.net sts.chinacloudapi.cn sts.windows.net
    """.split()  # noqa: SIM905  # as a list it would fill a page
)
"""Whose first folder is a directory's id or domain, or stands for any directory: common, organizations, {tenantid}."""
ANY_DIRECTORY = (
    "stands for any directory of Microsoft Entra, so that no sign-in would fit: use your directory's own id, a GUID, in"
    " its place"
)
PLACEHOLDER = "holds a placeholder in braces: put your own value in its place"
_DIRECTORY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)
_BRACES = re.compile(r"\{[^{}]*\}")


def problems(_settings: "Settings", request: "TenantCreated", now: float) -> Iterator[Reason]:
    """Yield why no user could sign in at a provider, `now` in epoch seconds."""
    at = datetime.fromtimestamp(now, UTC)
    for index, provider in enumerate(request.identity_providers):
        place = f"identityProviders[{index}]"
        if isinstance(provider, OidcProvider):
            yield from _reasons(f"{place}.issuer", _templates([provider.issuer]))
        elif isinstance(provider, SamlProvider) and provider.metadata_url:
            yield from _reasons(f"{place}.metadataUrl", _templates([provider.metadata_url]))
        elif metadata := _metadata(provider):
            templates = list(_templates([metadata.entity_id, *metadata.addresses]))
            yield from _reasons(f"{place}.metadataDocument", templates or _ended(metadata, at))


def warnings(request: "TenantCreated", now: float) -> Iterator[Reason]:
    """Yield what is wrong with a provider that will work all the same, for now (`now` in epoch seconds)."""
    at = datetime.fromtimestamp(now, UTC)
    for index, provider in enumerate(request.identity_providers):
        if metadata := _metadata(provider):
            yield from _reasons(f"identityProviders[{index}].metadataDocument", _useless(metadata, at))


def _metadata(provider: "IdentityProvider") -> saml_metadata.Metadata | None:
    """Return what a provider's document says; of one that was taken by an earlier form perhaps nothing."""
    if not isinstance(provider, SamlProvider) or not provider.metadata_document:
        return None
    try:
        return saml_metadata.read(provider.metadata_document)
    except saml_metadata.ComplaintError:
        return None


def _reasons(field: str, messages: Iterable[str]) -> Iterator[Reason]:
    """Yield the first message, if there is one, as what is wrong with a field."""
    for message in messages:
        yield Reason(field=field, message=message)
        return


def _templates(addresses: list[str]) -> Iterator[str]:
    for address in map(unquote, addresses):
        try:
            parts = urlsplit(address)
        except ValueError:
            continue
        if parts.hostname in ENTRA_HOSTS and not _DIRECTORY.fullmatch(parts.path.strip("/").split("/")[0]):
            yield ANY_DIRECTORY
        elif _BRACES.search(address):
            yield PLACEHOLDER


def _ended(metadata: saml_metadata.Metadata, now: datetime) -> Iterator[str]:
    periods = [found for each in metadata.certificates if (found := saml_certificates.period(each))]
    if not periods:
        yield "must hold a signing certificate: what is in its X509Certificate is none"
    elif not any(period.holds(now) for period in periods):
        last = max(periods, key=lambda period: period.end)
        if last.end <= now:
            yield f"must hold a signing certificate that is in force: its own ended on {last.end:%Y-%m-%d}"
        else:
            yield f"must hold a signing certificate that is in force: its own begins on {last.begin:%Y-%m-%d}"
    yield from (
        f"must be metadata that is in force: by its own validUntil it ended on {end:%Y-%m-%d}"
        for end in sorted(metadata.ends)
        if end <= now
    )


def _useless(metadata: saml_metadata.Metadata, now: datetime) -> Iterator[str]:
    periods = [saml_certificates.period(each) for each in metadata.certificates]
    ended = [period.end for period in periods if period and period.end <= now]
    if ended:
        yield f"holds a signing certificate that ended on {max(ended):%Y-%m-%d} beside one that is in force"
    if None in periods:
        yield "holds an X509Certificate that is none"
