"""The relying party's trust: a JWK Set (RFC 7517 section 5) that it fetched or saved."""

from collections.abc import Mapping, Sequence
from typing import Any

from idverify.credentials.reading import strict_object
from idverify.errors import InvalidInput, TokenInvalid

Jwk = Mapping[str, Any]


def parse_trust(raw: bytes) -> Mapping[str, Any]:
    """The JWK Set in these bytes. Raises InvalidInput when it is none."""
    try:
        trust = strict_object(raw)
    except TokenInvalid:
        raise InvalidInput("the trust is not a JSON object, or names a member twice: expected a JWK Set") from None
    trusted_keys(trust)
    return trust


def trusted_keys(trust: object) -> Sequence[Jwk]:
    """The keys of a JWK Set. Raises InvalidInput when it is not one, or is empty: then nothing could ever be valid."""
    keys = trust.get("keys") if isinstance(trust, Mapping) else None
    if not isinstance(keys, list) or not all(isinstance(key, Mapping) for key in keys):
        raise InvalidInput('the trust is not a JWK Set: expected {"keys": [...]}')
    if not keys:
        raise InvalidInput("the trust holds no key")
    return keys
