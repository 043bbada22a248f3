"""A forge that signs whatever it is told to, and a hotel that validates."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any

from idverify.credentials import verdict
from idverify.credentials.assurance import PHOTO
from idverify.keys.file import FileSigner
from idverify.keys.jwk import base64url
from idverify.values import Accepted

NOW = 1_800_000_000.0
AUDIENCE = "https://hotel.example"
ISSUER = "https://id.example"
NONCE = "n-0S6_WzA2Mj"


class Forge:
    """The attacker's bench: with the genuine key it makes what a careless issuer might; without, what a stranger can."""

    def __init__(self, signer: FileSigner | None = None) -> None:
        self.signer = signer or FileSigner.new()
        self.trust: dict[str, Any] = {"keys": [self.signer.public_jwk()]}
        self.token = self.issue()

    def issue(self, **changes: Any) -> str:
        """A token of ours."""
        facts: dict[str, Any] = {
            "acr": PHOTO,
            "issuer": ISSUER,
            "audience": AUDIENCE,
            "client_id": "hotel-app",
            "subject": "pairwise-subject",
            "reference_digest": None,
            "transaction_id": "b" * 32,
            "purpose": "check-in",
            "nonce": NONCE,
            "target_fmr": 1e-4,
            "fmr_high": 2e-4,
            "model_pack": "default@0123456789abcdef",
            "environment": "production",
            "signer": self.signer,
            "now": NOW,
            "random_bytes": lambda n: bytes(range(n)),
        }
        decision = changes.pop("decision", Accepted("fmr-1e-4", ("quality", "comparison")))
        return verdict.issue(decision, **(facts | changes))

    @property
    def header(self) -> dict[str, Any]:
        """Of the genuine token."""
        return read(self.token, 0)

    @property
    def payload(self) -> dict[str, Any]:
        """Of the genuine token."""
        return read(self.token, 1)

    def with_claims(self, *gone: str, **changes: Any) -> str:
        """The genuine token, other claims, a genuine signature."""
        claims = {name: value for name, value in self.payload.items() if name not in gone}
        return self.raw(dump(self.header), dump(claims | changes))

    def with_header(self, *gone: str, **changes: Any) -> str:
        """The genuine token, another header, a genuine signature."""
        header = {name: value for name, value in self.header.items() if name not in gone}
        return self.raw(dump(header | changes), dump(self.payload))

    def raw(self, header: bytes, payload: bytes) -> str:
        """Whatever bytes, signed with the genuine key."""
        signed = f"{base64url(header)}.{base64url(payload)}"
        return f"{signed}.{base64url(self.signer.sign(signed.encode()))}"

    def with_signature(self, signature: bytes) -> str:
        """The genuine token under another signature."""
        return self.token.rpartition(".")[0] + "." + base64url(signature)

    @property
    def signature(self) -> bytes:
        """Of the genuine token: r || s."""
        return decode(self.token.rpartition(".")[2])

    def trusting(self, **changes: Any) -> dict[str, Any]:
        """A key set whose one key has other members."""
        return {"keys": [self.signer.public_jwk() | changes]}

    def validate(self, token: Any, trust: Mapping[str, Any] | None = None, **changes: Any) -> verdict.VerdictClaims:
        """As the hotel does."""
        held: dict[str, Any] = {"audience": AUDIENCE, "issuer": ISSUER, "nonce": NONCE, "now": NOW + 5} | changes
        return verdict.validate(token, self.trust if trust is None else trust, **held)


def dump(value: Any) -> bytes:
    """JSON in its shortest spelling."""
    return json.dumps(value, separators=(",", ":")).encode()


def decode(part: str) -> bytes:
    """The bytes of a part."""
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def read(token: str, at: int) -> dict[str, Any]:
    """The header (0) or the payload (1)."""
    parsed: dict[str, Any] = json.loads(decode(token.split(".")[at]))
    return parsed


FORGE = Forge()
