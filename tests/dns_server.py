"""A DNS server on loopback that tells what a test says."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from math import inf

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from orchestrator.routing.txt_records import NameServer

LOOPBACK = "127.0.0.1"


@dataclass
class Zone:
    """What the server knows, and how it fares; names without a dot at their end."""

    txt: dict[str, list[str]] = field(default_factory=dict)
    """Values in DNS's notation: `"one string"`, or `"several " "strings"`."""
    aliases: dict[str, str] = field(default_factory=dict)
    addresses: set[str] = field(default_factory=set)
    """Names that are there, and have no TXT record."""
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    fails: float = inf
    """So many answers have that code."""
    silent: bool = False
    short_of_room: bool = False
    """Over UDP it only says that the answer is too long for that."""
    asked: list[str] = field(default_factory=list)
    server: NameServer = field(default_factory=lambda: NameServer(LOOPBACK))

    def answer(self, query: dns.message.Message, *, udp: bool) -> dns.message.Message | None:
        """Return the answer to a query; None for silence."""
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        if self.silent:
            return None
        response = dns.message.make_response(query, recursion_available=True)
        if udp and self.short_of_room:
            response.flags |= dns.flags.TC
            return response
        while name in self.aliases:
            response.answer.append(_rrset(name, dns.rdatatype.CNAME, [f"{self.aliases[name]}."]))
            name = self.aliases[name]
        if self.txt.get(name):
            response.answer.append(_rrset(name, dns.rdatatype.TXT, self.txt[name]))
        elif name not in self.addresses:
            response.set_rcode(dns.rcode.NXDOMAIN)
        if self.rcode != dns.rcode.NOERROR and self.fails:
            self.fails -= 1
            response.answer.clear()
            response.set_rcode(self.rcode)
        return response


def _rrset(name: str, kind: dns.rdatatype.RdataType, values: list[str]) -> dns.rrset.RRset:
    return dns.rrset.from_text_list(f"{name}.", 300, dns.rdataclass.IN, kind, values)


@contextmanager
def serving(zone: Zone) -> Iterator[Zone]:
    """Serve a zone by UDP and TCP on a free port; `zone.server` says which."""
    with _bound() as (udp, tcp):
        zone.server = NameServer(LOOPBACK, udp.getsockname()[1])
        threads = [threading.Thread(target=serve, args=(zone, of)) for serve, of in ((_udp, udp), (_tcp, tcp))]
        for thread in threads:
            thread.start()
        try:
            yield zone
        finally:
            with suppress(OSError):
                tcp.shutdown(socket.SHUT_RDWR)
            udp.sendto(b"", udp.getsockname())
            for thread in threads:
                thread.join()


@contextmanager
def _bound() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return sockets of both protocols at one port."""
    while True:
        udp, tcp = socket.socket(type=socket.SOCK_DGRAM), socket.socket()
        with udp, tcp:
            udp.bind((LOOPBACK, 0))
            try:
                tcp.bind(udp.getsockname())
            except OSError:  # somebody has that port
                continue
            tcp.listen()
            yield udp, tcp
            return


def _udp(zone: Zone, udp: socket.socket) -> None:
    while True:
        wire, sender = udp.recvfrom(65_535)
        if not wire:
            return
        response = zone.answer(dns.message.from_wire(wire), udp=True)
        if response:
            udp.sendto(response.to_wire(), sender)


def _tcp(zone: Zone, tcp: socket.socket) -> None:
    while True:
        try:
            connection, _ = tcp.accept()
        except OSError:  # it was shut down
            return
        with connection:
            query, _ = dns.query.receive_tcp(connection)
            response = zone.answer(query, udp=False)
            if response:
                dns.query.send_tcp(connection, response)
