"""SD-JWT (RFC 9901), flat: each claim of an object is disclosed by itself, or not at all.

Written to be small: no array elements, no claims within claims. CHECKS run in order, each with a refusal of its own; tests
take each out in turn.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from idverify.credentials.credential_errors import (
    DisclosureDigests,
    DisclosureMalformed,
    DisclosureNested,
    DisclosureRepeated,
    DisclosureReserved,
    DisclosureTampered,
    DisclosureUndeclared,
    PresentationMalformed,
    PresentationTooLarge,
)
from idverify.credentials.reading import Hook, decode_base64url, loads, no_constant, unique_members, walk
from idverify.errors import TokenInvalid
from idverify.keys.jwk import base64url

LARGEST = 65_536
MOST_DISCLOSURES = 64
DEEPEST = 4
SALT_BYTES = 16
ALGORITHM = "sha-256"
DIGEST_CHARACTERS = 43


@dataclass(frozen=True, slots=True)
class Parts:
    """What stands between the tildes. binding: the key binding JWT; None where the text ends with a tilde."""

    jwt: str
    disclosures: tuple[str, ...]
    binding: str | None

    @property
    def bound(self) -> str:
        """What a key binding covers (RFC 9901 section 4.3): everything before it, with the last tilde."""
        return "~".join((self.jwt, *self.disclosures, ""))


def parse(text: str) -> Parts:
    """The parts of an SD-JWT, with or without its key binding. Raises PresentationTooLarge, PresentationMalformed."""
    if len(text) > LARGEST or text.count("~") > MOST_DISCLOSURES + 1:
        raise PresentationTooLarge
    jwt, *disclosures = text.split("~")
    if not jwt or not disclosures or not all(disclosures[:-1]):
        raise PresentationMalformed
    return Parts(jwt, tuple(disclosures[:-1]), disclosures[-1] or None)


def disclosure(name: str, value: Any, salt: bytes) -> str:
    """One disclosure (RFC 9901 section 4.2.1). salt: 16 random bytes. Raises ValueError for what is not JSON."""
    content = json.dumps([base64url(salt), name, value], separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return base64url(content.encode("utf-8"))


def digest(text: str) -> str:
    """SHA-256 of ASCII text, base64url: of a disclosure in `_sd`, of a presentation in `sd_hash`."""
    return base64url(hashlib.sha256(text.encode("ascii")).digest())


def conceal(
    claims: Mapping[str, Any], total: int, random_bytes: Callable[[int], bytes]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """`_sd` and `_sd_alg` for a payload, and the disclosures, one a claim.

    total: of digests; decoys (RFC 9901 section 4.2.5) fill up what the claims leave, so that the count tells nothing.
    """
    disclosures = tuple(disclosure(name, value, random_bytes(SALT_BYTES)) for name, value in claims.items())
    digests = [digest(one) for one in disclosures]
    digests += [base64url(hashlib.sha256(random_bytes(32)).digest()) for _ in range(total - len(digests))]
    return {"_sd": sorted(digests), "_sd_alg": ALGORITHM}, disclosures


def select(credential: str, names: Collection[str]) -> str:
    """The holder's choice: the credential with the disclosures of these names alone, ending with a tilde for the key binding.

    Raises TokenInvalid where the text is no SD-JWT, and KeyError naming what it does not hold.
    """
    parts = parse(credential)
    chosen = {name: text for text in parts.disclosures for name in [read(text)[0]] if name in names}
    missing = sorted(set(names) - chosen.keys())
    if missing:
        raise KeyError(missing[0])
    return Parts(parts.jwt, tuple(chosen.values()), None).bound


def read(text: str) -> tuple[str, Any]:
    """Name and value of a disclosure to a lenient reader. Raises DisclosureMalformed."""
    _, name, value = _array(text)
    return name, value


class Opened:
    """A signed payload with the disclosures shown beside it, under examination.

    declared: names that may be disclosed. reserved: names that never may. Properties read leniently; CHECKS do not.
    """

    def __init__(
        self, payload: Mapping[str, Any], disclosures: Sequence[str], declared: Collection[str], reserved: Collection[str]
    ) -> None:
        self.payload, self.texts, self.declared, self.reserved = payload, disclosures, declared, reserved

    @cached_property
    def claims(self) -> list[tuple[str, Any]]:
        """Name and value of each disclosure. Raises DisclosureMalformed."""
        return [read(text) for text in self.texts]

    @cached_property
    def digests(self) -> list[Any]:
        """What `_sd` lists."""
        found = self.payload.get("_sd")
        return found if isinstance(found, list) else []

    def unsigned(self) -> Iterable[str]:
        """Names of the disclosures whose digest the issuer did not sign."""
        return (name for text, (name, _) in zip(self.texts, self.claims, strict=True) if digest(text) not in self.digests)


def disclosures_are_canonical(opened: Opened) -> None:
    """Each is what encoding its bytes gives: no disclosure has a second spelling."""
    if any(base64url(_bytes(text)) != text for text in opened.texts):
        raise DisclosureMalformed


def disclosures_are_strict_json(opened: Opened) -> None:
    """No member twice, no NaN, Unicode text, at most four levels."""
    for text in opened.texts:
        array = _array(text, object_pairs_hook=unique_members, parse_constant=no_constant)
        for depth, value in walk(list(array)):
            lone = isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value)
            if lone or depth > DEEPEST:
                raise DisclosureMalformed


def algorithm_is_sha256(opened: Opened) -> None:
    """RFC 9901 section 4.1.1; named, though it is the default, so that no reader assumes another."""
    if opened.payload.get("_sd_alg") != ALGORITHM:
        raise DisclosureNested


def digests_are_digests(opened: Opened) -> None:
    """A list of SHA-256 values in base64url."""
    listed = opened.payload.get("_sd")
    if not isinstance(listed, list) or not all(isinstance(one, str) and len(one) == DIGEST_CHARACTERS for one in listed):
        raise DisclosureDigests


def digests_are_unique(opened: Opened) -> None:
    """RFC 9901 section 7.1, step 4: a digest that stands twice makes the whole invalid."""
    if len({str(one) for one in opened.digests}) != len(opened.digests):
        raise DisclosureDigests


def nothing_is_nested(opened: Opened) -> None:
    """No `_sd` below the top, no `...` anywhere, neither signed nor disclosed."""
    below = [value for name, value in opened.payload.items() if name != "_sd"] + [value for _, value in opened.claims]
    inner = {name for one in below for _, value in walk(one) if isinstance(value, dict) for name in value}
    if "..." in opened.payload or inner & {"_sd", "..."}:
        raise DisclosureNested


def disclosures_are_signed(opened: Opened) -> None:
    """RFC 9901 section 7.1, step 5: each one's digest stands in `_sd`. Altered where such a claim exists, else foreign."""
    for name in opened.unsigned():
        raise DisclosureTampered if name in opened.declared else DisclosureUndeclared


def no_reserved_name(opened: Opened) -> None:
    """What bounds a credential is never hidden, and so never disclosed."""
    if any(name in opened.reserved for name, _ in opened.claims):
        raise DisclosureReserved


def names_are_declared(opened: Opened) -> None:
    """Even a signed claim is refused where the type does not have it: nobody could say what it means."""
    if any(name not in opened.declared for name, _ in opened.claims):
        raise DisclosureUndeclared


def no_name_twice(opened: Opened) -> None:
    """RFC 9901 section 7.1, step 3: neither disclosed twice, nor disclosed and visible."""
    names = [name for name, _ in opened.claims]
    if len(set(names)) != len(names) or any(name in opened.payload for name in names):
        raise DisclosureRepeated


CHECKS: tuple[Callable[[Opened], None], ...] = (
    disclosures_are_canonical,
    disclosures_are_strict_json,
    algorithm_is_sha256,
    digests_are_digests,
    digests_are_unique,
    nothing_is_nested,
    disclosures_are_signed,
    no_reserved_name,
    names_are_declared,
    no_name_twice,
)


def disclosed(
    payload: Mapping[str, Any], disclosures: Sequence[str], declared: Collection[str], reserved: Collection[str]
) -> dict[str, Any]:
    """The claims that were disclosed, by name. The payload's signature holds already. Raises a leaf of TokenInvalid."""
    opened = Opened(payload, disclosures, declared, reserved)
    for check in CHECKS:
        check(opened)
    return dict(opened.claims)


def _bytes(text: str) -> bytes:
    try:
        return decode_base64url(text)
    except TokenInvalid:
        raise DisclosureMalformed from None


def _array(text: str, *, object_pairs_hook: Hook | None = None, parse_constant: Hook | None = None) -> tuple[str, str, Any]:
    """Salt, name and value. Raises DisclosureMalformed."""
    try:
        content = _bytes(text).decode("utf-8")
        parsed = loads(content, object_pairs_hook, parse_constant)
        salt, name, value = parsed
    except (ValueError, TypeError, RecursionError, TokenInvalid):
        raise DisclosureMalformed from None
    if not isinstance(parsed, list) or not isinstance(salt, str) or not isinstance(name, str):
        raise DisclosureMalformed
    return salt, name, value
