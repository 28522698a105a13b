"""Somebody at a tenant's host who needs no SDK: they sign in, ask the product's API, go on, and sign out."""

from dataclasses import dataclass

import requests

from orchestrator.local.first_sign_in import SECONDS
from orchestrator.local.front import ACCOUNT
from orchestrator.local.product import Product


@dataclass(frozen=True)
class Visit:
    """What a visit came to."""

    tenants: list[str]
    """Whose the product's API said the token was, after the sign-in and after the refresh."""
    refused_after_sign_out: bool
    """Whether the refresh token was good no more."""


def visit(product: Product, host: str, email: str, password: str) -> Visit:
    """Sign in with one's own password at a tenant's host, go on by the refresh token, and sign out.

    Raises what `requests` raises for an answer that is a problem, and KeyError if the password is not enough.
    """
    at = _Host(product.front.port, host)
    tokens = at.ask("sign-in", email=email, password=password).json()
    refresh_token = tokens["refreshToken"]
    tenants = [at.me(tokens["accessToken"])]
    tenants.append(at.me(at.ask("refresh", refreshToken=refresh_token).json()["accessToken"]))
    at.ask("sign-out", refreshToken=refresh_token)
    try:
        at.ask("refresh", refreshToken=refresh_token)
    except requests.HTTPError as error:
        return Visit(tenants, refused_after_sign_out=error.response.status_code == requests.codes.unauthorized)
    return Visit(tenants, refused_after_sign_out=False)


@dataclass(frozen=True)
class _Host:
    """A tenant's host; not every program knows that `*.localhost` leads to this machine."""

    port: int
    host: str

    def ask(self, what: str, **fields: str) -> requests.Response:
        return self._answer("POST", f"{ACCOUNT}auth/{what}", json={"host": self.host, **fields})

    def me(self, token: str) -> str:
        return str(self._answer("GET", "/me", headers={"Authorization": f"Bearer {token}"}).json()["tenantId"])

    def _answer(
        self, method: str, path: str, headers: dict[str, str] | None = None, json: dict[str, str] | None = None
    ) -> requests.Response:
        here = {"Host": f"{self.host.partition('.')[0]}.localhost:{self.port}"}
        address = f"http://127.0.0.1:{self.port}{path}"
        answer = requests.request(method, address, headers=here | (headers or {}), json=json, timeout=SECONDS)
        answer.raise_for_status()
        return answer
