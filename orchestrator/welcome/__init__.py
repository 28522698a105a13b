"""The welcome emails, from the templates beside this file: text and HTML, every value escaped for where it stands.

`first_sign_in` brings a local admin a temporary password; `connect` tells a federated tenant what to enter at its
identity provider.
"""

from functools import cache
from typing import TYPE_CHECKING, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

if TYPE_CHECKING:
    from types_boto3_sesv2.type_defs import MessageTypeDef


def render(template: Literal["first_sign_in", "connect"], **values: object) -> "MessageTypeDef":
    """Return the message as Amazon SES takes it; raises jinja2's UndefinedError if a template asks for more."""
    templates = _environment()

    def text(name: str) -> str:
        return templates.get_template(f"{template}.{name}").render(values).strip()

    return {
        "Subject": {"Data": text("subject.txt"), "Charset": "UTF-8"},
        "Body": {
            "Text": {"Data": text("txt"), "Charset": "UTF-8"},
            "Html": {"Data": text("html"), "Charset": "UTF-8"},
        },
    }


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("orchestrator.welcome"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
    )
