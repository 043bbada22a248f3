"""Where a webhook may go. A client's URL must not make this service speak to the network that it stands in.

The form of a URL is judged when it is set; where its name leads is judged at each delivery, for every address that the name
has, and the connection is made to an address that was judged (idverify.api.outbound).
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from idverify.errors import InvalidInput

LONGEST_URL = 2000

_ASCII = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\.?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_TUNNELS = (ipaddress.IPv6Network("2002::/16"), ipaddress.IPv6Network("2001::/32"))  # 6to4, Teredo: IPv4 in disguise
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are the IPv4 address that is meant
_CLOUDS = (  # agents and metadata of clouds, on addresses that look public
    ipaddress.IPv4Network("192.0.0.0/24"),
    ipaddress.IPv4Network("168.63.129.16/32"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook's URL taken apart. path: with the query, beginning with a slash. loopback: it may lead to this machine."""

    https: bool
    host: str
    port: int
    path: str
    loopback: bool

    def permits(self, address: str) -> bool:
        """Whether a connection to this address, as the resolver spelled it, may be made."""
        found = _meant(address)
        if found.is_loopback:
            return self.loopback
        return self.https and _is_public(found)


def target_of(url: str, *, dev: bool) -> Target:
    """The parts of a URL whose form is acceptable: https, or http while developing, where this machine may be meant too.

    Raises InvalidInput saying what is wrong. A host that is spelled as an address, in any notation, is judged at once.
    """
    parts, port = _split(url)
    host = parts.hostname or ""
    if not _HOST.fullmatch(host):
        raise InvalidInput("the webhook's URL names no host, or not in ASCII (write an international name as xn--...)")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise InvalidInput("the webhook's URL must have neither a user name nor a fragment")
    if parts.scheme != "https" and not (dev and parts.scheme == "http"):
        raise InvalidInput("the webhook's URL must begin with https:// (with --dev also http://, for this machine)")
    https = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(https, host, port or (443 if https else 80), path, dev)
    if not all(target.permits(address) for address in _spelled_out(target)):
        raise InvalidInput("the webhook's URL leads to an address that is not public")
    return target


def addresses_of(host: str, port: int, flags: int = 0) -> list[str]:
    """Every address of the host, each once, in the resolver's order. Raises socket.gaierror, UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _spelled_out(target: Target) -> list[str]:
    """The address that the host is, in whatever notation; empty for a name. Nothing is asked of the network."""
    try:
        return addresses_of(target.host, target.port, socket.AI_NUMERICHOST)
    except socket.gaierror:
        return []
    except UnicodeError:
        raise InvalidInput("the webhook's URL names no host: a part of the name is empty or too long") from None


def _split(url: str) -> tuple[SplitResult, int | None]:
    if len(url) > LONGEST_URL or not _ASCII.fullmatch(url):
        raise InvalidInput(f"the webhook's URL must have 1 to {LONGEST_URL} visible ASCII characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidInput("the webhook's URL cannot be read") from None
    if port == 0:
        raise InvalidInput("the webhook's URL cannot be read")
    return parts, port


def _meant(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address that packets would reach: an IPv4 address that is wrapped into an IPv6 one is taken out."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return found.ipv4_mapped
        if found in _NAT64:
            return ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return found


def _is_public(found: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(found, ipaddress.IPv6Address):
        return found in _GLOBAL_UNICAST and found.is_global and not any(found in tunnel for tunnel in _TUNNELS)
    return found.is_global and not found.is_multicast and not any(found in cloud for cloud in _CLOUDS)
