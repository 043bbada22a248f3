"""The one strict wrapper around joserfc's JWE: compact, ECDH-ES (P-256), A256GCM or A128GCM (RFC 7518 sections 4.6 and 5.3).

A verifier offers both, since a wallet may know only one of them (OpenID4VC HAIP 1.0 section 5).

What does not open is refused with one code, whatever the cause: a caller who may try again and again learns nothing from it.
"""

import json
from collections.abc import Mapping
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


def decrypt(text: str, key: Mapping[str, str]) -> dict[str, Any]:
    """The JSON object that was encrypted to this private JWK. Raises AnswerUnreadable, and nothing else."""
    try:
        opened = _opened(text, key) if len(text) <= LARGEST and _is_as_asked(text, key["kid"]) else None
    except Exception:  # joserfc and what it calls raise a dozen kinds; none of them may tell the caller more than the others
        opened = None
    if opened is None or any(depth > DEEPEST for depth, _ in walk(opened)):
        raise AnswerUnreadable
    return opened


def _opened(text: str, key: Mapping[str, str]) -> dict[str, Any]:
    private = ECKey.import_key({name: key[name] for name in (*sorted(_BARE), "d")})
    content = joserfc_jwe.decrypt_compact(text, private, registry=_REGISTRY).plaintext
    return strict_object(content or b"")


def _is_as_asked(text: str, kid: str) -> bool:
    """Five parts in canonical spelling, the second empty; in the header the algorithms, our key and a bare ephemeral one."""
    parts = text.split(".")
    if len(parts) != 5 or parts[1] or any(base64url(decode_base64url(one)) != one for one in parts):
        return False
    header = strict_object(decode_base64url(parts[0]))
    epk = header.get("epk")
    return (
        header.keys() >= _NEEDED
        and header.keys() <= _ALLOWED
        and (header["alg"], header["kid"]) == (ALGORITHM, kid)
        and header["enc"] in ENCRYPTIONS
        and isinstance(epk, dict)
        and epk.keys() == _BARE
        and (epk["kty"], epk["crv"]) == ("EC", "P-256")
        and is_point(epk["x"], epk["y"])
    )
