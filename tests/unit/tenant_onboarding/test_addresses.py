"""Addresses that lead to the same place are known as one, and no others."""

import pytest

from tenant_onboarding.contracts.addresses import canonical

EQUAL = (
    "https://idp.acme.example/m",
    "https://IDP.acme.example/m",
    "HTTPS://idp.Acme.Example/m",
    "https://idp.acme.example:443/m",
    "https://idp.acme.example:/m",
    "https://idp.acme.example./m",
    "https://idp.acme.example/./m",
    "https://idp.acme.example/a/../m",
    "https://idp.acme.example/../m",
    "https://idp.acme.example/%6D",
    " https://idp.acme.example/m ",
)
DIFFERENT = (
    "https://idp.acme.example/M",
    "https://idp.acme.example/m/",
    "https://idp.acme.example/m?a=b",
    "https://idp.acme.example/m?a=B",
    "https://idp.acme.example:8443/m",
    "https://idp.acme.example:80/m",
    "http://idp.acme.example/m",
    "https://idp.acme.example/a//m",
    "https://idp.acme.example/a%2Fm",
    "https://sso.acme.example/m",
)
"""From one another, and from those above."""
NO_WEB_ADDRESSES = ("urn:acme:IDP", "acme IDP", "https://", "https://[", "HTTPS:acme", "")


@pytest.mark.parametrize("address", EQUAL)
def test_equal_addresses_are_one(address: str) -> None:
    assert canonical(address) == EQUAL[0]


@pytest.mark.parametrize(
    ("address", "known_as"),
    [
        ("https://idp.acme.example", "https://idp.acme.example/"),
        ("https://idp.acme.example?a=%2f%7E", "https://idp.acme.example/?a=%2F~"),
        ("https://idp.acme.example/a/b/..", "https://idp.acme.example/a/"),
        ("https://idp.acme.example/a/.", "https://idp.acme.example/a/"),
        ("http://idp.acme.example:80/", "http://idp.acme.example/"),
    ],
)
def test_what_says_nothing_is_left_out(address: str, known_as: str) -> None:
    assert canonical(address) == known_as


def test_different_addresses_stay_so() -> None:
    assert len({canonical(address) for address in (EQUAL[0], *DIFFERENT)}) == len(DIFFERENT) + 1


@pytest.mark.parametrize("address", [*EQUAL, *DIFFERENT, *NO_WEB_ADDRESSES])
def test_one_spelling_is_its_own(address: str) -> None:
    assert canonical(canonical(address)) == canonical(address)


@pytest.mark.parametrize("name", NO_WEB_ADDRESSES)
def test_a_name_that_is_no_web_address_stays_as_it_is(name: str) -> None:
    assert canonical(name) == name
