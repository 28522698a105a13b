"""TXT records as DNS shows them now; nothing published is an answer, nobody answering is none."""

import ipaddress
import time
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.resolver

PATIENCE_SECONDS = 5.0
"""For all tries of one look-up together, about: the last of them may end some tenths of a second later."""
TRIES = 2
"""A server that fails once, as one that has just started does, may tell when it is asked again."""
SHORTEST_SECONDS = 0.1
DNS_PORT = 53


class LookUpError(Exception):
    """DNS did not tell what there is; the text says why, and what to do."""


@dataclass(frozen=True)
class NameServer:
    """The one server to ask, in place of those that this machine asks."""

    address: str
    port: int = DNS_PORT

    @classmethod
    def parse(cls, text: str) -> "NameServer":
        """Return the server of an address with or without a port, as `192.0.2.53:5353`; raises ValueError."""
        address, colon, port = text.rpartition(":")
        if not colon or (text.count(":") > 1 and not text.startswith("[")):
            address, port = text, str(DNS_PORT)
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):  # noqa: PLR2004  # UDP
            raise ValueError(f"{port} is no port")
        return cls(str(ipaddress.ip_address(address.strip("[]"))), int(port))


def look_up(name: str, server: NameServer | None = None, patience: float = PATIENCE_SECONDS) -> list[str]:
    """Return the texts published under a name, each put together from its strings; none if there are none.

    Takes about `patience` seconds at most. Where all servers fail at once, they are asked once more. Raises LookUpError
    if no server told, or the name is an alias that leads out of its domain: there somebody else answers, as where the
    domain's wildcard leads to a host of web pages.
    """
    try:
        asked = dns.name.from_text(name)
        answer = _ask(asked, server, patience)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.name.LabelTooLong, dns.name.NameTooLong):
        raise LookUpError(f"{name} is longer than names in DNS can be") from None
    except dns.resolver.NoResolverConfiguration:
        raise LookUpError("this machine knows no DNS server; name one") from None
    except dns.resolver.LifetimeTimeout:
        raise LookUpError(f"no DNS server told of {name} within {patience:g} s; try again later") from None
    except dns.resolver.NoNameservers:
        raise LookUpError(f"the DNS servers could not tell of {name}; look whether its zone works") from None
    except dns.exception.DNSException as error:
        raise LookUpError(f"the look-up of {name} failed ({type(error).__name__}); try again later") from None
    if not answer.canonical_name.is_subdomain(asked.parent()):
        raise LookUpError(
            f"{name} is an alias (CNAME) that leads to another domain; publish the record at {name} itself"
        )
    return [b"".join(record.strings).decode(errors="replace") for record in answer]


def _ask(name: dns.name.Name, server: NameServer | None, patience: float) -> dns.resolver.Answer:
    """Ask for the TXT records of a name; raises what dnspython raises."""
    until = time.monotonic() + patience
    for left in range(TRIES)[::-1]:
        try:
            resolver = _resolver(server, max(until - time.monotonic(), SHORTEST_SECONDS))
            return resolver.resolve(name, "TXT", search=False)
        except dns.resolver.NoNameservers:
            if not left:
                raise
    raise AssertionError("unreachable")


def _resolver(server: NameServer | None, patience: float) -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=server is None)
    if server:
        resolver.nameservers, resolver.port = [server.address], server.port
    resolver.lifetime = patience
    resolver.timeout = min(resolver.timeout, patience)
    return resolver
