"""The one strict wrapper around joserfc's JWE: compact, ECDH-ES (P-256), A256GCM or A128GCM (RFC 7518 sections 4.6 and 5.3).

A verifier offers both, since a wallet may know only one of them (OpenID4VC HAIP 1.0 section 5).

What does not open is refused with one code, whatever the cause: a caller who may try again and again learns nothing from it.
"""

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from joserfc import jwe as joserfc_jwe
from joserfc.jwk import ECKey

from idverify.credentials.jws import DEEPEST, is_point
from idverify.credentials.proof_errors import AnswerUnreadable
from idverify.credentials.reading import decode_base64url, strict_object, walk
from idverify.keys.jwk import base64url

ALGORITHM = "ECDH-ES"
ENCRYPTIONS = ("A256GCM", "A128GCM")
"""The better one first."""

LARGEST = 96 * 1024
_NEEDED = frozenset({"alg", "enc", "kid", "epk"})
_ALLOWED = _NEEDED | {"apu", "apv", "typ", "cty"}
_BARE = frozenset({"kty", "crv", "x", "y"})


class _Registry(joserfc_jwe.JWERegistry):
    """joserfc's own bound on a ciphertext is smaller than a presentation with a portrait; LARGEST bounds the whole."""

    max_ciphertext_length = LARGEST


_REGISTRY = _Registry(algorithms=[ALGORITHM, *ENCRYPTIONS])


def new_key(kid: str) -> dict[str, str]:
    """A fresh key for one request: a private JWK."""
    made: dict[str, Any] = ECKey.generate_key("P-256").as_dict(private=True)
    return {**{name: str(made[name]) for name in ("kty", "crv", "x", "y", "d")}, "kid": kid}


def public_half(key: Mapping[str, str]) -> dict[str, str]:
    """What a wallet encrypts to (RFC 7517), saying what for."""
    return {**{name: key[name] for name in ("kty", "crv", "x", "y", "kid")}, "use": "enc", "alg": ALGORITHM}


def encrypt(payload: Mapping[str, Any], to: Mapping[str, Any], encryption: str = ENCRYPTIONS[0]) -> str:
    """A compact JWE of a JSON object for the holder of that public JWK. Raises AnswerUnreadable where it is none on P-256.

    encryption: one of ENCRYPTIONS.
    """
    if (to.get("kty"), to.get("crv")) != ("EC", "P-256") or not is_point(to.get("x"), to.get("y")):
        raise AnswerUnreadable
    key = ECKey.import_key({name: to[name] for name in _BARE})
    header = {"alg": ALGORITHM, "enc": encryption, "kid": to["kid"]}
    return joserfc_jwe.encrypt_compact(header, json.dumps(payload).encode(), key, registry=_REGISTRY)


class Answer:
    """A compact JWE under examination, and the private JWK that it should be encrypted to. Parts are read leniently."""

    def __init__(self, text: str, key: Mapping[str, str]) -> None:
        self.text, self.key = text, key
        self.parts = text.split(".")

    @cached_property
    def header(self) -> dict[str, Any]:
        """No member of it is there twice."""
        return strict_object(decode_base64url(self.parts[0]))

    @cached_property
    def content(self) -> dict[str, Any]:
        """What was encrypted, once the key opened it."""
        private = ECKey.import_key({name: self.key[name] for name in (*sorted(_BARE), "d")})
        return strict_object(joserfc_jwe.decrypt_compact(self.text, private, registry=_REGISTRY).plaintext or b"")


def size_is_bounded(answer: Answer) -> bool:
    """Characters; before anything is decoded."""
    return len(answer.text) <= LARGEST


def five_parts(answer: Answer) -> bool:
    """Compact serialisation, and no encrypted key: it is agreed upon (RFC 7516 section 5.1)."""
    return len(answer.parts) == 5 and answer.parts[1] == ""


def base64url_is_canonical(answer: Answer) -> bool:
    """No part has a second spelling (RFC 4648 section 3.5)."""
    return all(base64url(decode_base64url(one)) == one for one in answer.parts)


def header_members_are_known(answer: Answer) -> bool:
    """No zip, crit, jku or x5c."""
    return _NEEDED <= answer.header.keys() <= _ALLOWED


def algorithms_are_ours(answer: Answer) -> bool:
    """The one that agrees on a key, and one of the two that encrypt with it."""
    return bool(answer.header["alg"] == ALGORITHM) and answer.header["enc"] in ENCRYPTIONS


def key_is_that_of_the_request(answer: Answer) -> bool:
    """By its kid: an answer to one request is none to another."""
    return bool(answer.header["kid"] == answer.key["kid"])


def ephemeral_key_is_bare(answer: Answer) -> bool:
    """The public half of a P-256 key, and nothing else (RFC 7518 section 4.6.1.1)."""
    epk = answer.header["epk"]
    if not isinstance(epk, dict) or epk.keys() != _BARE:
        return False
    return (epk["kty"], epk["crv"]) == ("EC", "P-256") and is_point(epk["x"], epk["y"])


def content_is_shallow(answer: Answer) -> bool:
    """As deep as a token's payload at most."""
    return all(depth <= DEEPEST for depth, _ in walk(answer.content))


Check = Callable[[Answer], bool]

CHECKS: tuple[Check, ...] = (
    size_is_bounded,
    five_parts,
    base64url_is_canonical,
    header_members_are_known,
    algorithms_are_ours,
    key_is_that_of_the_request,
    ephemeral_key_is_bare,
    content_is_shallow,
)


def decrypt(text: str, key: Mapping[str, str]) -> dict[str, Any]:
    """The JSON object that was encrypted to this private JWK. Raises AnswerUnreadable, and nothing else."""
    answer = Answer(text, key)
    try:
        opened = answer.content if all(check(answer) for check in CHECKS) else None
    except Exception:  # joserfc and what it calls raise a dozen kinds; none of them may tell the caller more than the others
        opened = None
    if opened is None:
        raise AnswerUnreadable
    return opened
