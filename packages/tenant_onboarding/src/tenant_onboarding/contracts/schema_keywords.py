"""What JSON Schema can say of each kind of value: never more than intake asks, and nearly as much.

Patterns are those that ECMAScript (with its `u` flag) and Python read alike, without lookaheads, for RE2 has none.
There are no formats: validators differ in what they make of them, and Ajv alone knows none.
"""

from typing import Any

from tenant_onboarding.contracts.redirect_addresses import APP_PATTERN, LOCALHOST_PATTERN, PORT, TAKEN_SCHEMES
from tenant_onboarding.contracts.visible_text import JOINERS, MOST_MARKS
from tenant_onboarding.names import DOMAIN_MAX, EMAIL_MAX

Keywords = dict[str, Any]  # Any: JSON

_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = rf"({_LABEL}\.)+[A-Za-z]([A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?"
_PATH = r"([A-Za-z0-9._~:/@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"
_QUERY = r"([A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"

_NO_LETTER = (
    r"\x00-,./:-@\[-`{-\xa9\xab-\xb4\xb6\xb8\xb9\xbb-\xbf\xd7\xf7\u02c2-\u02c5\u2000-\u200b\u200e-\u2070\u20a0-\u20cf"
    r"\u2190-\u2bff\u3000-\u3004\u3008-\u3020\ud800-\uf8ff\ufff0-\uffff"
)
"""Of what is no letter, mark, digit nor hyphen, and so in no host name in its own script, the most."""
_OWN = f"[^{_NO_LETTER}-]"
_OWN_LABEL = f"{_OWN}([^{_NO_LETTER}]{{0,61}}{_OWN})?"
_OWN_HOST = rf"({_OWN_LABEL}\.)+[^{_NO_LETTER}0-9-]([^{_NO_LETTER}]{{0,61}}{_OWN})?"

_UNSEEN = (
    r"\x00-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u08e2\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    r"\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\uf8ff\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f\U000f0000-\U0010ffff"
)
_SPACE = r" \xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
_EDGE = f"[^{_UNSEEN}{_SPACE}{JOINERS}]"
_NO_NEIGHBOUR = rf"[{JOINERS}\x00-@\[-`{{-\xa9\u2010-\u2070]"
_STACKED = r"[\u0300-\u036f\u0e34-\u0e3a\u0e47-\u0e4e\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f]"


def line(pattern: str) -> Keywords:
    """Return that a value is a whole match of a pattern; Python's `$` alone would let a line break follow."""
    return {"pattern": f"^{pattern}$", "not": {"pattern": r"\n"}}


NAME: Keywords = {
    "pattern": f"^{_EDGE}([^{_UNSEEN}]*{_EDGE})?$",
    "not": {
        "anyOf": [
            {"pattern": r"\n"},
            {"pattern": f"[{JOINERS}]{_NO_NEIGHBOUR}"},
            {"pattern": f"{_NO_NEIGHBOUR}[{JOINERS}]"},
            {"pattern": f"{_STACKED}{{{MOST_MARKS + 1}}}"},
        ]
    },
}
DOMAIN: Keywords = line(_OWN_HOST) | {"maxLength": DOMAIN_MAX}
_MAIL_HOST = rf"({_OWN_LABEL}\.)+{_OWN_LABEL}"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_NO_MAIL = "arpa|broadcasthost|invalid|lan|local|localdomain|localhost|onion|test|workgroup"
EMAIL: Keywords = {
    "maxLength": EMAIL_MAX,
    "allOf": [
        {"pattern": rf"^{_ATOM}(\.{_ATOM})*@{_MAIL_HOST}$"},
        {"pattern": r"^[^@]{1,64}@.*[^0-9-]$"},
        {"not": {"pattern": rf"[@.]({_NO_MAIL})$|\n"}},
    ],
}
HTTPS: Keywords = line(rf"https://{_HOST}(:{PORT})?([/?]{_QUERY})?")
ISSUER: Keywords = {
    "pattern": rf"^https://{_HOST}(:(443|80))?(/{_PATH})?$",
    "not": {"pattern": r"//$|/\.well-known/openid-configuration/?$|\n"},
}
REDIRECT: Keywords = {
    "anyOf": [
        HTTPS,
        {"pattern": f"^{APP_PATTERN}$", "not": {"pattern": rf"^({TAKEN_SCHEMES}):|\n"}},
        line(LOCALHOST_PATTERN),
    ]
}
SAML_DOCUMENT: Keywords = {
    "allOf": [
        *({"pattern": word} for word in ("entityID", "IDPSSODescriptor", "SingleSignOnService", "X509Certificate")),
        {"not": {"pattern": r"<![^\[-]"}},
    ]
}
UNIQUE: Keywords = {"uniqueItems": True}
MAIL_ADDRESS = "[^ @]@[^ @]"
"""Of a text that has an email address in it, nearly any."""
METADATA_VALUE: Keywords = NAME | {"not": {"anyOf": [*NAME["not"]["anyOf"], {"pattern": MAIL_ADDRESS}]}}


def at_most_one(kind: str) -> Keywords:
    """Return that a list has at most one entry of a `type`."""
    return {
        "contains": {"type": "object", "properties": {"type": {"const": kind}}, "required": ["type"]},
        "minContains": 0,
        "maxContains": 1,
    }


def needs_an_item(field: str, value: str, wanted: str) -> Keywords:
    """Return that where a field has a value, the list of another field has an item; both are by their paths."""
    return {
        "if": _inside(field, {"const": value}),
        "then": _inside(wanted, {"type": "array", "minItems": 1}),
    }


def _inside(path: str, of_it: Keywords) -> Keywords:
    name, _, below = path.partition(".")
    asked = _inside(below, of_it) if below else of_it
    return {"type": "object", "properties": {name: asked}, "required": [name]}


def just_one_of(*names: str) -> Keywords:
    """Return that exactly one of these fields says something."""
    return {
        "oneOf": [
            {
                "required": [name],
                "properties": {each: {"type": "string" if each == name else "null"} for each in names},
            }
            for name in names
        ]
    }
