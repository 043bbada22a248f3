"""What a browser hands over: the JSON of a PublicKeyCredential, and the client data in it (WebAuthn sections 5.1 and 5.8.1)."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idverify.attestation.expected import LARGEST, Trust
from idverify.errors import AttestationRefused


@dataclass(frozen=True, slots=True)
class Response:
    """An answer to the challenge from an allowed origin. identifier: the credential's. client_data_hash: SHA-256."""

    identifier: bytes
    client_data_hash: bytes
    fields: Mapping[str, Any]

    def field(self, name: str) -> bytes:
        """The bytes of a member of `response`. Raises AttestationRefused."""
        return _bytes(self.fields.get(name))


def read(data: bytes, kind: str, challenge: bytes, trust: Trust) -> Response:
    """Kind: `webauthn.create` or `webauthn.get`. Raises AttestationRefused."""
    if len(data) > LARGEST:
        raise AttestationRefused("too_large")
    outer = _object(data)
    identifier, fields = _bytes(outer.get("rawId")), outer.get("response")
    if outer.get("type") != "public-key" or outer.get("id") != outer.get("rawId") or not isinstance(fields, dict):
        raise AttestationRefused("malformed")
    client_data = _bytes(fields.get("clientDataJSON"))
    _examine(_object(client_data), kind, challenge, trust)
    return Response(identifier, hashlib.sha256(client_data).digest(), fields)


def _examine(client: Mapping[str, Any], kind: str, challenge: bytes, trust: Trust) -> None:
    if client.get("type") != kind:
        raise AttestationRefused("kind_wrong")
    if not hmac.compare_digest(_bytes(client.get("challenge")), challenge):
        raise AttestationRefused("nonce_wrong")
    origin = client.get("origin")
    if not isinstance(origin, str) or origin not in trust.origins:
        raise AttestationRefused("origin_wrong")
    if client.get("crossOrigin", False) is not False or "topOrigin" in client:
        raise AttestationRefused("origin_wrong")


def _object(data: bytes) -> dict[str, Any]:
    """A JSON object in UTF-8 whose members have names of their own."""
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise AttestationRefused("malformed") from None
    if not isinstance(found, dict):
        raise AttestationRefused("malformed")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("two members of one name")
    return members


def _bytes(text: Any) -> bytes:
    """Base64url without padding, as encoding its bytes gives it."""
    try:
        found = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        spelled = urlsafe_b64encode(found).rstrip(b"=").decode("ascii")
    except (TypeError, ValueError):
        raise AttestationRefused("malformed") from None
    if spelled != text:
        raise AttestationRefused("malformed")
    return found
