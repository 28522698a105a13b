"""Somebody who joins a tenant, from outside: invited, mailed a link, confirmed by the account API, and signed in."""

import re
import time
from typing import Any

import requests

from orchestrator.local.first_sign_in import OWN_PASSWORD, SECONDS, Mail, SignedIn, delivered_mails, sign_in_again
from orchestrator.local.stack import LocalStack
from orchestrator.operations import users
from orchestrator.tenants import tiers
from orchestrator.users.invitations import Guest

ROLE = "auditor"
"""A word of the product's own: tokens say it as it is."""
POLL_SECONDS = 0.1
LINK = re.compile(r"https://(?P<host>[^/\s]+)/#action=(?P<action>confirm|reset)&token=(?P<token>[\w-]+)")
PATHS = {"confirm": "confirm", "reset": "reset-password"}
"""What each kind of link is brought to, below `/auth/`."""


def join(stack: LocalStack, page: dict[str, Any], role: str = ROLE) -> tuple[str, SignedIn]:
    """Invite a colleague to a tenant, by its page, and let them confirm and sign in; return their user id and tokens.

    Raises LookupError if no mail arrives, and what the account API and Cognito answer.
    """
    tenant_id = page["tenantId"]
    email = address(tenant_id)
    users.invite(stack.clients, stack.settings, tenant_id, Guest(email, role=role))
    user_id = follow(stack, link_to(stack, email), OWN_PASSWORD)["userId"]
    username = tiers.USER_NAMES[page["tier"]].format(tenantId=tenant_id, email=email)
    resources = page["resources"] | {"adminUsername": username}
    return user_id, sign_in_again(stack.clients, stack.ministack.endpoint, resources)


def address(tenant_id: str) -> str:
    """Return the colleague's email address."""
    return f"colleague@{tenant_id}.example"


def link_to(stack: LocalStack, email: str) -> re.Match[str]:
    """Return the link of the last mail to an address, once there is one; raises LookupError."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if found := [link for mail in delivered_mails(stack.ministack.endpoint) if (link := _link(mail, email))]:
            return found[-1]
        time.sleep(POLL_SECONDS)
    raise LookupError(f"no mail to {email} has a link")


def follow(stack: LocalStack, link: re.Match[str], password: str) -> dict[str, Any]:
    """Bring a link's secret with a password to the account API; return its answer, and raise if that is a problem."""
    brought = {"host": link["host"], "token": link["token"], "password": password}
    address = f"{stack.account_api_url}/auth/{PATHS[link['action']]}"
    answer = requests.post(address, json=brought, timeout=SECONDS)
    answer.raise_for_status()
    return dict(answer.json()) if answer.content else {}


def _link(mail: Mail, email: str) -> re.Match[str] | None:
    return LINK.search(mail["BodyText"]) if email in mail["To"] else None
