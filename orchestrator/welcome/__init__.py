"""The welcome email, from the templates beside this file: text and HTML, every value escaped for where it stands."""

from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from orchestrator.cognito import TEMPORARY_PASSWORD_DAYS

if TYPE_CHECKING:
    from types_boto3_sesv2.type_defs import MessageTypeDef


def render(**values: str | None) -> "MessageTypeDef":
    """Return the message as Amazon SES takes it; raises jinja2's UndefinedError if a template asks for more."""
    templates = _environment()
    values["password_days"] = str(TEMPORARY_PASSWORD_DAYS)

    def text(name: str) -> str:
        return templates.get_template(name).render(values).strip()

    return {
        "Subject": {"Data": text("subject.txt"), "Charset": "UTF-8"},
        "Body": {
            "Text": {"Data": text("welcome.txt"), "Charset": "UTF-8"},
            "Html": {"Data": text("welcome.html"), "Charset": "UTF-8"},
        },
    }


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("orchestrator.welcome"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
    )
