"""Where Cognito may send people back to: a page, a mobile app by its own scheme, or a program on localhost.

Cognito, "callbackURLs": absolute, without a fragment; https, a scheme of an app such as myapp://example, or
http://localhost to try things. Whether localhost is taken is the deployment's choice.
"""

import re

LOCALHOST = "http://localhost"
_REST = r"([A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"
APP_PATTERN = f"[a-z][a-z0-9.+-]{{1,63}}://{_REST}"
PORT = r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
LOCALHOST_PATTERN = f"{LOCALHOST}(:{PORT})?([/?]{_REST})?"
TAKEN_SCHEMES = (
    "about|blob|cdi|chrome|chrome-extension|content|data|dav|edge|file|filesystem|ftp|ftps|http|https|imap|intent|jar|"
    "javascript|ldap|ldaps|mailto|moz-extension|mms|news|nntp|resource|rtsp|sftp|smb|sms|ssh|tel|telnet|urn|vbscript|"
    "view-source|webcal|ws|wss|xmpp"
)
"""Schemes that browsers and systems themselves open, so that no app can have them for its own."""

_APP = re.compile(f"(?!({TAKEN_SCHEMES}):){APP_PATTERN}")
_LOCALHOST = re.compile(LOCALHOST_PATTERN)


def is_app(address: str) -> bool:
    """Tell whether an address is in a mobile or desktop app's own scheme."""
    return _APP.fullmatch(address) is not None


def is_localhost(address: str) -> bool:
    """Tell whether an address is at http://localhost."""
    return _LOCALHOST.fullmatch(address) is not None
