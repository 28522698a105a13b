"""Emails, from templates by locale: text and HTML, every value escaped for where it stands.

Welcome emails: `first_sign_in` brings a local admin a temporary password; `connect` tells a federated tenant what to
enter at its identity provider. People's: `invitation`, `registration` and `reset` bring a link by which an address is
proved, `already_registered` says that there is nothing to prove. Each has three parts, which are always of one locale;
whatever they extend or include may be of a more general one.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from jinja2 import FileSystemLoader, StrictUndefined, TemplateNotFound, select_autoescape
from jinja2.sandbox import SandboxedEnvironment

if TYPE_CHECKING:
    from types_boto3_sesv2.type_defs import MessageTypeDef

OfPeople = Literal["invitation", "registration", "already_registered", "reset"]
Email = Literal["first_sign_in", "connect"] | OfPeople
OF_PEOPLE: tuple[OfPeople, ...] = get_args(OfPeople)
EMAILS: tuple[Email, ...] = ("first_sign_in", "connect", *OF_PEOPLE)
PARTS = ("subject.txt", "txt", "html")
TEMPLATES = Path(__file__).parent / "templates"
"""A folder for each locale; those of a deployment's own are put over ours when its code is packed."""
LAST_RESORT = "en"
"""The locale that has every email."""


def render(
    email: Email, locale: str | None = None, folders: tuple[Path, ...] = (TEMPLATES,), /, **values: object
) -> "MessageTypeDef":
    """Return the message as Amazon SES takes it, in the locale asked for or the nearest more general one.

    Of several folders the first that has a file gives it. Raises jinja2's TemplateError, UndefinedError if a template
    asks for more than it is given.
    """
    found_in = locale_of(email, locale, folders)
    templates = environment(found_in, folders)

    def text(part: str) -> str:
        return templates.get_template(f"{email}.{part}").render(values, locale=found_in).strip()

    return {
        "Subject": {"Data": text("subject.txt"), "Charset": "UTF-8"},
        "Body": {
            "Text": {"Data": text("txt"), "Charset": "UTF-8"},
            "Html": {"Data": text("html"), "Charset": "UTF-8"},
        },
    }


def locale_of(email: Email, locale: str | None = None, folders: tuple[Path, ...] = (TEMPLATES,)) -> str:
    """Return the locale in which an email is found for whom wants it in `locale`; raises jinja2's TemplateNotFound."""
    for each in lookup(locale):
        if any((folder / each / f"{email}.txt").is_file() for folder in folders):
            return each
    raise TemplateNotFound(f"{email}.txt")


def lookup(locale: str | None) -> Iterator[str]:
    """Yield the locales to look in, as RFC 4647 (3.4) says: de-AT, then de, and in the end the last resort."""
    parts = (locale or LAST_RESORT).split("-")
    for number in range(len(parts), 0, -1):
        yield "-".join(parts[:number])
    if parts[0] != LAST_RESORT:
        yield LAST_RESORT


@cache
def environment(locale: str, folders: tuple[Path, ...] = (TEMPLATES,)) -> SandboxedEnvironment:
    """Return what loads a locale's templates, and lets them reach nothing but what they are given."""
    searched = [folder / each for each in lookup(locale) for folder in folders]
    return SandboxedEnvironment(
        loader=FileSystemLoader(searched),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
    )
