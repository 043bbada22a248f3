"""Two cities that issue slips, a phone that shows them, a thief with keys of his own, and a gate that holds one city's root."""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import base45
import cbor2

from idverify.credentials import cose, slip, slip_claims
from idverify.credentials.anchors import Anchor
from idverify.credentials.believed import Believed
from idverify.credentials.certificates import Leaf
from idverify.credentials.credential_types import CredentialType, credential_types
from idverify.credentials.findings import Finding
from idverify.credentials.status_bits import pack
from idverify.credentials.status_list import StatusList
from idverify.credentials.status_reference import StatusReference
from idverify.keys.file import FileSigner

from .authority import ALL_TYPES, DAY, Authority, public, signer

NOW = 1_800_000_000.0
ISSUER = "https://id.city.example"
LIST = f"{ISSUER}/v1/status-lists/7"
CARD = credential_types()["identity_card"]
LICENCE = credential_types()["driving_licence"]
PERSON = {
    "name": "Zhang Wei",
    "date_of_birth": "1990-04-02",
    "sex": "female",
    "nationality": "CHN",
    "document_number": "110101199004020028",
    "address": "12 Lane 4, Xicheng, Beijing",
    "issuing_authority": "Xicheng Public Security Bureau",
    "age_over_18": True,
}


class City(Authority):
    """An issuer: a root, and a certified key for credentials. at: seconds since the epoch at which it works."""

    def __init__(self, name: str, issuer: str = ISSUER, at: float = NOW) -> None:
        super().__init__(name, begins=at - 30 * DAY)
        self.issuer, self.signer, self.at = issuer, signer(), at
        self.leaf = self.certified(self.signer)

    def anchor(self, types: frozenset[str] = ALL_TYPES, issuers: tuple[str, ...] = ()) -> Anchor:
        """Trusted for these types, in its own name if in no other."""
        return super().anchor(types, issuers or (self.issuer,))

    def certified(self, key: FileSigner, **changes: Any) -> bytes:
        """A certificate of that key."""
        return self.certify(public(key), self.issuer, **({"begins": self.at - 30 * DAY} | changes))


def unexamined(certificate: bytes, anchor: Anchor) -> Leaf:
    """An issuer's certificate as a careless folder might hold it: the validator examines it again."""
    return Leaf(certificate, anchor, frozenset(), {}, 0, 0)


@dataclass
class Code:
    """A QR code in its parts, to be altered one at a time before it is put together and signed."""

    claims: dict[Any, Any]
    header: dict[Any, Any]
    signer: FileSigner
    device: FileSigner
    disclosures: list[bytes]
    shown_at: int = int(NOW)
    counter: int = 1
    challenge: Any = None
    device_header: dict[Any, Any] = field(default_factory=lambda: {cose.ALGORITHM: cose.ES256})
    unprotected: dict[Any, Any] = field(default_factory=dict)
    device_unprotected: dict[Any, Any] = field(default_factory=dict)
    # What each signature is of, beside what is sent.
    external: bytes = slip_claims.SLIP
    device_external: bytes = slip_claims.ENVELOPE
    encode_claims: Callable[[Any], bytes] = cose.encode
    encode_header: Callable[[Any], bytes] = cose.encode
    encode_shown: Callable[[Any], bytes] = cose.encode
    encode_parts: Callable[[Any], bytes] = cose.encode
    # What the genuine parts become on their way, after everything was signed.
    tampered_slip: Callable[[bytes], bytes] = lambda data: data
    tampered: Callable[[bytes], bytes] = lambda data: data

    @property
    def slip(self) -> bytes:
        """The issuer's part."""
        return self._sign1(self.header, self.encode_claims(self.claims), self.signer, self.unprotected, self.external)

    @property
    def shown(self) -> list[Any]:
        """The device's part."""
        return [self.tampered_slip(self.slip), self.disclosures, self.shown_at, self.counter, self.challenge]

    @property
    def envelope(self) -> bytes:
        """The bytes of the code."""
        shown = self.encode_shown(self.shown)
        return self.tampered(self._sign1(self.device_header, shown, self.device, self.device_unprotected, self.device_external))

    @property
    def text(self) -> str:
        """The text of the code."""
        return "EID1:" + base45.b45encode(self.envelope).decode()

    def _sign1(self, header: Any, payload: bytes, signer: FileSigner, unprotected: Any, external: bytes) -> bytes:
        protected = self.encode_header(header)
        signature = signer.sign(cbor2.dumps(["Signature1", protected, external, payload]))
        return b"\xd2" + self.encode_parts([protected, unprotected, payload, signature])


CITY, STRANGER = City("city"), City("stranger")
PHONE = signer()


def issued(purpose: str = "gate", city: City = CITY, type_: CredentialType = CARD, **changes: Any) -> slip.Slip:
    """A genuine slip to PHONE, by the code that is under test."""
    facts: dict[str, Any] = {
        "issuer": city.issuer,
        "device_jwk": PHONE.public_jwk(),
        "status": StatusReference(LIST, 5),
        "signer": city.signer,
        "chain": (city.leaf,),
        "now": city.at,
        "expires_at": city.at + 24 * 3600,
        "environment": "production",
        "random_bytes": os.urandom,
    }
    claims = changes.pop("claims", PERSON)
    return slip.issue(type_, purpose, claims, **(facts | changes))


def code(purpose: str = "gate", show: Sequence[str] = (), city: City = CITY, **changes: Any) -> Code:
    """A genuine code, taken apart."""
    made = issued(purpose, city, **changes)
    found = cose.Sign1.read(made.slip)
    return Code(cose.decode(found.payload), dict(found.header), city.signer, PHONE, list(made.showing(show)))


def status_list(*revoked: int, **changes: Any) -> StatusList:
    """A fresh list of the city, in which these indexes are revoked."""
    content = pack(1, [(index, 1) for index in revoked], bytes(128))
    facts = {"uri": LIST, "issuer": ISSUER, "anchor": CITY.anchor().fingerprint, "bits": 1, "content": content}
    return StatusList(**(facts | {"issued_at": NOW - 60, "expires_at": NOW + 3600, "ttl": 900} | changes))


def gate(*leaves: bytes, anchors: Sequence[Anchor] = (), lists: Sequence[StatusList] | None = None) -> Believed:
    """What the gate holds: by default the city's root and certificate, and a list that revokes nobody."""
    held = anchors or (CITY.anchor(),)
    return Believed(
        tuple(held),
        {one.uri: one for one in ((status_list(),) if lists is None else lists)},
        {hashlib.sha256(one).digest()[:8]: unexamined(one, held[0]) for one in leaves or (CITY.leaf,)},
    )


def examine(text: Any, believed: Believed | None = None, **held: Any) -> Finding:
    """As the gate does, a second later."""
    return slip.validate(text, gate() if believed is None else believed, **({"now": NOW + 1} | held))


class Seen:
    """What a reader saw, in memory."""

    def __init__(self) -> None:
        self._highest: dict[bytes, int] = {}

    def take(self, key: bytes, counter: int, expires_at: float, now: float) -> bool:
        """See slip_code.Counters."""
        if counter <= self._highest.get(key, -1):
            return False
        self._highest[key] = counter
        return True
