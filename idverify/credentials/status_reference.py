"""Where a credential's status stands: which list, and at which index.

An issuer's lists are numbered, and their addresses follow from its own: a slip has no room for an address and names the number
alone. Whoever writes, publishes or looks up an address of ours takes it from here.
"""

import re
from dataclasses import dataclass

LARGEST_NUMBER = 2**31 - 1
_NUMBER = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class StatusReference:
    """uri: address of the status list, and its `sub`. index: 0 or more."""

    uri: str
    index: int


def list_uri(issuer: str, number: int) -> str:
    """Address of an issuer's status list. issuer: its URL. number: 1 to LARGEST_NUMBER."""
    return f"{lists_uri(issuer)}/{number}"


def lists_uri(issuer: str) -> str:
    """Address that names every status list of an issuer."""
    return f"{issuer.rstrip('/')}/v1/status-lists"


def list_number(issuer: str, uri: str) -> int | None:
    """The number of an issuer's status list; None where its lists cannot have that address."""
    base, _, number = uri.rpartition("/")
    if base != lists_uri(issuer) or not _NUMBER.fullmatch(number) or int(number) > LARGEST_NUMBER:
        return None
    return int(number)
