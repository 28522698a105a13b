"""What DNS shows is told whole, that nothing is there too; where it does not tell, no answer is made up."""

import socket
import time
from collections.abc import Iterator
from itertools import pairwise

import dns.rcode
import pytest

from orchestrator.routing.txt_records import LookUpError, NameServer, look_up
from tests.dns_server import Zone, serving

NAME = "_tenant-onboarding.acme.example"


@pytest.fixture
def zone() -> Iterator[Zone]:
    with serving(Zone()) as zone:
        yield zone


def found(zone: Zone, name: str = NAME) -> list[str]:
    return sorted(look_up(name, zone.server))


def test_every_text_under_the_name_is_found(zone: Zone) -> None:
    zone.txt[NAME] = ['"tenant-onboarding=1"', '"v=spf1 -all"']
    assert found(zone) == ["tenant-onboarding=1", "v=spf1 -all"]
    assert zone.asked == [NAME]


def test_a_text_of_several_strings_is_put_together(zone: Zone) -> None:
    zone.txt[NAME] = ['"tenant-" "onboarding=" "1"']
    assert found(zone) == ["tenant-onboarding=1"]


def test_what_is_no_text_does_no_harm(zone: Zone) -> None:
    zone.txt[NAME] = [r'"\255\254"', '"good"']
    assert found(zone) == ["good", "\ufffd\ufffd"]


def test_an_alias_is_followed_within_the_domain(zone: Zone) -> None:
    zone.aliases[NAME] = "proofs.acme.example"
    zone.txt["proofs.acme.example"] = ['"there"']
    assert found(zone) == ["there"]


@pytest.mark.parametrize("elsewhere", ["acme.pages.example", "acme.example.evil.example", "xacme.example", "example"])
@pytest.mark.parametrize("by_way_of", [[], ["www.acme.example"]])
def test_an_alias_that_leads_out_of_the_domain_proves_nothing(zone: Zone, elsewhere: str, by_way_of: list[str]) -> None:
    """As one of `*.acme.example` does: whoever has the name that it leads to would prove the domain."""
    way = [NAME, *by_way_of, elsewhere]
    zone.aliases |= dict(pairwise(way))
    zone.txt[elsewhere] = ['"there"']
    with pytest.raises(LookUpError, match=f"{NAME} is an alias .* publish the record at {NAME} itself") as refusal:
        found(zone)
    assert elsewhere not in str(refusal.value).replace(NAME, "")


def test_what_is_too_long_for_one_packet_is_asked_for_again(zone: Zone) -> None:
    zone.short_of_room = True
    zone.txt[NAME] = [f'"{number:0200}"' for number in range(30)]
    assert len(found(zone)) == 30
    assert len(zone.asked) == 2


def test_a_name_that_is_not_there_or_has_no_text_has_none(zone: Zone) -> None:
    zone.addresses.add("bare.acme.example")
    assert found(zone, "nowhere.acme.example") == found(zone, "bare.acme.example") == []


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
def test_a_server_that_cannot_tell_is_no_answer(zone: Zone, rcode: dns.rcode.Rcode) -> None:
    zone.txt[NAME], zone.rcode = ['"there"'], rcode
    with pytest.raises(LookUpError, match=r"could not tell of \S+; look whether its zone"):
        look_up(NAME, zone.server)


def test_a_server_that_fails_once_is_asked_again(zone: Zone) -> None:
    zone.txt[NAME], zone.rcode, zone.fails = ['"there"'], dns.rcode.SERVFAIL, 1
    assert found(zone) == ["there"]
    assert zone.asked == [NAME, NAME]


def test_a_silent_server_is_waited_for_no_longer_than_allowed(zone: Zone) -> None:
    zone.silent = True
    began = time.monotonic()
    with pytest.raises(LookUpError, match=r"no DNS server told of .* within 0\.1 s; try again later"):
        look_up(NAME, zone.server, patience=0.1)
    assert time.monotonic() - began < 2


def test_nobody_at_the_address_is_no_answer() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(LookUpError):
        look_up(NAME, NameServer("127.0.0.1", port), patience=0.2)


def test_a_name_that_is_too_long_for_dns_is_said_to_be() -> None:
    long = ".".join(["l" * 63] * 3 + ["e" * 61])
    with pytest.raises(LookUpError, match="is longer than names in DNS can be"):
        look_up(f"_tenant-onboarding.{long}", NameServer("127.0.0.1"))


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.53", NameServer("192.0.2.53", 53)),
        ("192.0.2.53:5353", NameServer("192.0.2.53", 5353)),
        ("2001:db8::53", NameServer("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", NameServer("2001:db8::53", 5353)),
    ],
)
def test_a_server_is_named_by_its_address(text: str, server: NameServer) -> None:
    assert NameServer.parse(text) == server


@pytest.mark.parametrize("text", ["", "dns.example", "192.0.2.53:", "192.0.2.53:0", "192.0.2.53:65536", "192.0.2.53:x"])
def test_what_is_no_address_is_no_server(text: str) -> None:
    with pytest.raises(ValueError, match=r"no port|does not appear"):
        NameServer.parse(text)
