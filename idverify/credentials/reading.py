"""Reading what strangers wrote: base64url and JSON, as leniently as the caller's hooks allow, and never with another exception
than a refusal.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from typing import Any

from idverify.credentials.errors import TokenDuplicateMember, TokenEncoding, TokenMalformed, TokenNesting, TokenNumber

Hook = Callable[[Any], Any]


def decode_base64url(part: str) -> bytes:
    """The bytes of `part` to a lenient reader, who skips foreign characters and left-over bits. Raises TokenEncoding."""
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise TokenEncoding from None


def parse_object(data: bytes, *, object_pairs_hook: Hook | None = None, parse_constant: Hook | None = None) -> dict[str, Any]:
    """The JSON object in UTF-8; of equal names the last counts. Raises TokenMalformed, TokenNesting, and what hooks raise."""
    try:
        parsed = json.loads(data.decode("utf-8"), object_pairs_hook=object_pairs_hook, parse_constant=parse_constant)
    except RecursionError:
        raise TokenNesting from None
    except ValueError:
        raise TokenMalformed from None
    if not isinstance(parsed, dict):
        raise TokenMalformed
    return parsed


def unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object_pairs_hook. Raises TokenDuplicateMember."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise TokenDuplicateMember
    return members


def no_constant(_: str) -> None:
    """A parse_constant. Raises TokenNumber for NaN, Infinity and -Infinity, which Python reads and JSON does not have."""
    raise TokenNumber


def walk(value: Any) -> Iterator[tuple[int, Any]]:
    """Every value and every member's name with its depth, the outermost at 1; without recursion."""
    waiting: list[tuple[int, Any]] = [(1, value)]
    while waiting:
        depth, one = waiting.pop()
        yield depth, one
        if isinstance(one, dict):
            waiting += [(depth + 1, inner) for pair in one.items() for inner in pair]
        elif isinstance(one, list):
            waiting += [(depth + 1, inner) for inner in one]
