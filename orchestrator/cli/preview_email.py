"""`onboard preview-email`: an email as its reader will see it, without AWS and without a tenant."""

import webbrowser
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Group
from rich.text import Text

from orchestrator.cli import terminal
from orchestrator.cli.emit import read_event
from orchestrator.cli.terminal import CommandError, Json, WrongUseError
from orchestrator.emails import samples
from orchestrator.emails.rendering import EMAILS, OF_PEOPLE, TEMPLATES, Email, locale_of, render
from orchestrator.emails.template_check import complaints
from tenant_onboarding.contracts.reasons import reasons
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tenant_onboarding.names import canonical_locale


def preview_email(  # noqa: PLR0913  # options
    *,
    email: Annotated[
        str, typer.Option(help=f"One of {', '.join(EMAILS)}; an event has the first or the second.")
    ] = EMAILS[0],
    locale: Annotated[
        str | None, typer.Option(help="The language, such as de-AT; by default the event's, else the deployment's.")
    ] = None,
    event: Annotated[Path | None, typer.Option(help="A JSON file, the detail of a TenantCreated.")] = None,
    templates: Annotated[Path | None, typer.Option(help="A folder of templates to put over the product's.")] = None,
    app_domain: Annotated[str, typer.Option(help="The product's domain.")] = samples.APP_DOMAIN,
    html: Annotated[Path | None, typer.Option(help="A file to write the HTML to.")] = None,
    open_: Annotated[bool, typer.Option("--open", help="Show the HTML in the browser.")] = False,
    as_json: Json = False,
) -> None:
    """Show an email with sample data, from templates that may still be on your desk."""
    tenant = _tenant(email, event)
    folders = _folders(templates)
    kind, wanted = _kind(email, tenant), _locale(locale or tenant.admin.locale)
    mail = render(kind, wanted, folders, **samples.values(tenant, app_domain, kind))
    subject, text, page = mail["Subject"]["Data"], mail["Body"]["Text"]["Data"], mail["Body"]["Html"]["Data"]
    if open_ and not html:
        html = Path(mkdtemp(prefix="onboard-")) / f"{kind}.html"
    if html:
        _write(html, page)
    document = {"email": kind, "locale": locale_of(kind, wanted, folders), "subject": subject, "text": text}
    shown = Group(Text(f"{kind}, {document['locale']}", "dim"), Text(subject, "bold"), "", Text(text))
    terminal.show(document | {"html": page}, shown, as_json=as_json)
    if open_ and html:
        webbrowser.open(html.resolve().as_uri())


def _kind(email: str, tenant: TenantCreated) -> Email:
    """Return people's email if it is asked for, or the welcome email that the tenant gets."""
    return next((each for each in OF_PEOPLE if each == email), samples.email_of(tenant))


def _tenant(email: str, event: Path | None) -> TenantCreated:
    known: dict[str, Email] = {name: name for name in EMAILS}
    if email not in known:
        raise WrongUseError(f"--email {email}: must be one of {', '.join(EMAILS)}")
    if event:
        try:
            return TenantCreated.model_validate(read_event(event))
        except ValidationError as error:
            said = "; ".join(f"{each.field} {each.message}" for each in reasons(error))
            raise CommandError(f"{event}: {said}") from None
    return samples.tenant(known[email])


def _folders(templates: Path | None) -> tuple[Path, ...]:
    if not templates:
        return (TEMPLATES,)
    if not templates.is_dir():
        raise WrongUseError(f"--templates {templates}: there is no such folder")
    if mistakes := complaints(templates):
        raise CommandError("; ".join(f"{templates}/{mistake}" for mistake in mistakes))
    return (templates, TEMPLATES)


def _locale(locale: str | None) -> str | None:
    if locale and canonical_locale(locale) is None:
        raise WrongUseError(f"--locale {locale}: is no locale such as de or de-AT")
    return canonical_locale(locale) if locale else None


def _write(html: Path, page: str) -> None:
    try:
        html.write_text(page, encoding="utf-8")
    except OSError as error:
        raise WrongUseError(f"--html {html}: {error.strerror}") from None
