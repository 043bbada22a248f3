"""Reading what strangers wrote: base64url and JSON, as leniently as the caller's hooks allow, and never with another exception
than a refusal.
"""

import json
import math
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from typing import Any

from idverify.credentials.errors import TokenDuplicateMember, TokenEncoding, TokenMalformed, TokenNesting, TokenNumber
from idverify.keys.jwk import base64url

Hook = Callable[[Any], Any]
_LATEST = 2**53

SKEW_SECONDS = 60
"""By how much a clock of whoever wrote something may be ahead of ours."""


def decode_base64url(part: str) -> bytes:
    """The bytes of `part` to a lenient reader, who skips foreign characters and left-over bits. Raises TokenEncoding."""
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise TokenEncoding from None


def exact_base64url(part: str) -> bytes:
    """The bytes of `part`, which is what encoding them gives (RFC 4648 section 3.5). Raises TokenEncoding."""
    data = decode_base64url(part)
    if base64url(data) != part:
        raise TokenEncoding
    return data


def parse_object(data: bytes, *, object_pairs_hook: Hook | None = None, parse_constant: Hook | None = None) -> dict[str, Any]:
    """The JSON object in UTF-8; of equal names the last counts. Raises TokenMalformed, TokenNesting, and what hooks raise."""
    try:
        parsed = loads(data.decode("utf-8"), object_pairs_hook, parse_constant)
    except RecursionError:
        raise TokenNesting from None
    except ValueError:
        raise TokenMalformed from None
    if not isinstance(parsed, dict):
        raise TokenMalformed
    return parsed


def loads(text: str, object_pairs_hook: Hook | None, parse_constant: Hook | None) -> Any:
    """The JSON value. Where constants are examined, so are numbers that no double holds: to JavaScript they are Infinity.

    Raises what json.loads raises, and what hooks raise; TokenNumber for such a number.
    """
    strict = parse_constant is not None
    return json.loads(
        text,
        object_pairs_hook=object_pairs_hook,
        parse_constant=parse_constant,
        parse_float=_finite if strict else None,
        parse_int=_held_by_a_double if strict else None,
    )


def _finite(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):
        raise TokenNumber
    return number


def _held_by_a_double(literal: str) -> int:
    number = int(literal)
    _finite(literal)
    return number


def strict_object(data: bytes) -> dict[str, Any]:
    """The JSON object in UTF-8, no member twice and no number that JSON does not have. Raises a leaf of TokenInvalid."""
    return parse_object(data, object_pairs_hook=unique_members, parse_constant=no_constant)


def unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object_pairs_hook. Raises TokenDuplicateMember."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise TokenDuplicateMember
    return members


def no_constant(_: str) -> None:
    """A parse_constant. Raises TokenNumber for NaN, Infinity and -Infinity, which Python reads and JSON does not have."""
    raise TokenNumber


def is_seconds(value: object) -> bool:
    """Whether this is a NumericDate (RFC 7519 section 2): a number from 0 to 2**53."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LATEST


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
