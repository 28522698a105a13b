"""Whether a folder of templates can be mailed from: found out before it is deployed, and said by file and line.

A template that fails when it is rendered fails an onboarding, or keeps a link from its reader. So every one is tried
with samples of all that it may be given: with and without the reader's name, with each kind of identity provider, with
names that mean something in HTML.
"""

import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import escape

from orchestrator.emails import samples
from orchestrator.emails.rendering import EMAILS, OF_PEOPLE, PARTS, TEMPLATES, Email, environment
from tenant_onboarding.contracts.identity_providers import SamlProvider
from tenant_onboarding.names import canonical_locale

LAYOUT = "layout.html"
NAMES = (*(f"{email}.{part}" for email in EMAILS for part in PARTS), LAYOUT)
NOT_A_TEMPLATE = "README.md"
PLACEHOLDERS: dict[Email, frozenset[str]] = {
    email: frozenset(samples.values(samples.tenant(email), email=email)) | {"locale"} for email in EMAILS
}
SHARED = frozenset.intersection(*PLACEHOLDERS.values())
"""What a layout may ask for, as every email is given it."""
NEEDED: dict[Email, tuple[str, ...]] = {
    "first_sign_in": ("password", "sign_in_address", "email"),
    "connect": ("sign_in_address", "entity_id", "acs_address", "redirect_address"),
    "invitation": ("link", "valid_until"),
    "registration": ("link", "valid_until"),
    "reset": ("link", "valid_until"),
    "already_registered": ("sign_in_address",),
}
"""Without one of these an email is no use; its text and its HTML each show them."""
MARKUP = "<i>&"
"""What a name may hold, and HTML must not show as it is."""


def complaints(folder: Path) -> list[str]:
    """Return what is wrong with a folder of templates, each with its file and, where there is one, its line."""
    unknown, known = _sorted_out(folder)
    found = unknown + [complaint for path in known for complaint in _read(folder, path)]
    if found:
        return found
    locales = sorted({path.parent.name for path in known})
    return list(dict.fromkeys(each for locale in locales for email in EMAILS for each in _email(folder, locale, email)))


def _sorted_out(folder: Path) -> tuple[list[str], list[Path]]:
    """Return complaints about what has no place in the folder, and the templates in it."""
    wrong, templates = [], []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name, locale = path.relative_to(folder), path.parent.name
        if len(name.parts) != 2:  # noqa: PLR2004  # locale and name
            if name.name != NOT_A_TEMPLATE:
                wrong.append(f"{name}: is not in the folder of a locale, such as de/{EMAILS[0]}.txt")
        elif canonical_locale(locale) != locale:
            wrong.append(f"{name}: {locale} is not a locale as it is written, such as de or de-AT")
        elif path.name not in NAMES:
            wrong.append(f"{name}: is no template; there are {', '.join(NAMES)}")
        else:
            templates.append(path)
    return wrong, templates


def _read(folder: Path, path: Path) -> Iterator[str]:
    """Yield what can be seen of a template without rendering it."""
    name = path.relative_to(folder)
    try:
        tree = SandboxedEnvironment().parse(path.read_text(encoding="utf-8"))
        asked_for = find_undeclared_variables(tree) - {macro.name for macro in tree.find_all(nodes.Macro)}
    except UnicodeDecodeError:
        yield f"{name}: is not UTF-8"
    except TemplateSyntaxError as error:
        yield f"{name}, line {error.lineno}: {error.message}"
    else:
        known = SHARED if path.name == LAYOUT else PLACEHOLDERS[_email_of(path)]
        for each in tree.find_all(nodes.Name):
            if each.ctx == "load" and each.name in asked_for - known:
                yield f"{name}, line {each.lineno}: there is no {each.name}; there are {', '.join(sorted(known))}"


def _email_of(path: Path) -> Email:
    (email,) = (email for email in EMAILS if path.name.startswith(f"{email}."))
    return email


def _email(folder: Path, locale: str, email: Email) -> Iterator[str]:
    """Yield what is wrong with an email of a locale, tried together with what it has of ours."""
    folders = (folder, TEMPLATES)
    there = [part for part in PARTS if any((each / locale / f"{email}.{part}").is_file() for each in folders)]
    if not there:
        return
    missing = [f"{locale}/{email}.{part}" for part in PARTS if part not in there]
    if missing:
        yield f"{missing[0]}: is missing; a locale that has an email has all of {', '.join(PARTS)} of it"
        return
    templates = environment(locale, folders)
    for part in PARTS:
        name = f"{locale}/{email}.{part}"
        for tried in _tries(email):
            try:
                shown = templates.get_template(f"{email}.{part}").render(tried, locale=locale)
            except Exception as error:  # whatever a template does is its writer's to mend
                yield _failure(name, folder, error)
            else:
                yield from _shown(name, email, shown, tried)


def _tries(email: Email) -> list[dict[str, Any]]:  # Any: what templates show
    """Return values that together are all that an email can be given."""
    tenant = samples.tenant(email)
    whole = samples.values(tenant, email=email)
    marked = {"tenant_name": f"Acme {MARKUP}", "admin_name": f"Ada {MARKUP}"}
    if email in OF_PEOPLE:
        return [whole, whole | {"admin_name": None}, whole | marked]
    if not tenant.federated:
        return [whole, whole | {"admin_name": None, "password_days": 1}, whole | marked]
    saml = [each for each in tenant.identity_providers if isinstance(each, SamlProvider)]
    kinds = [saml, [each for each in tenant.identity_providers if each not in saml]]
    alone = [samples.values(tenant.model_copy(update={"identity_providers": kind})) for kind in kinds]
    return [whole | marked, *alone, whole | {"admin_name": None}]


def _shown(name: str, email: Email, shown: str, tried: dict[str, Any]) -> Iterator[str]:  # Any: what templates show
    """Yield what is wrong with what a part of an email says."""
    if name.endswith(".subject.txt"):
        if len(shown.strip().splitlines()) != 1:
            yield f"{name}: a subject is one line"
        return
    is_html = name.endswith(".html")
    if is_html and MARKUP in shown:
        yield f"{name}: shows a name as HTML, not as text; leave out what switches escaping off, such as |safe"
    for each in _needed(email, tried):
        if str(escape(tried[each]) if is_html else tried[each]) not in shown:
            yield f"{name}: does not show {{{{ {each} }}}}"


def _needed(email: Email, tried: dict[str, Any]) -> Sequence[str]:
    """Return what an email must show: a reply address where there is a SAML provider, a redirect where another."""
    types = {each["type"] for each in tried.get("providers", ())}
    needless = set() if "SAML" in types else {"entity_id", "acs_address"}
    if types == {"SAML"}:
        needless = {"redirect_address"}
    return [each for each in NEEDED[email] if each not in needless]


def _failure(name: str, folder: Path, error: Exception) -> str:
    """Return why a template could not be rendered, by the line that was at work."""
    passed = [each for each in traceback.extract_tb(error.__traceback__) if Path(each.filename).name in NAMES]
    message = error.message if isinstance(error, TemplateError) and error.message else str(error)
    if not passed:
        return f"{name}: {message}"
    path = Path(passed[-1].filename)
    base = folder if path.is_relative_to(folder) else TEMPLATES
    return f"{path.relative_to(base)}, line {passed[-1].lineno}: {message}"
