"""A city that issues, a holder and a hotel, with keys, salts and signatures that are the same at every run."""

import hashlib
import json
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from idverify.credentials import credential, jws, key_binding, sd_jwt, status_list
from idverify.credentials.assurance import ACTIVE
from idverify.credentials.credential_types import credential_types
from idverify.credentials.periods import end_of
from idverify.credentials.purposes import Purpose
from idverify.credentials.status_reference import StatusReference
from idverify.keys.file import FileSigner
from idverify.keys.jwk import base64url

from .authority import DAY, Authority, public

NOW = 1_800_000_000.0
AUDIENCE = "https://hotel.example"
NONCE = "n-0S6_WzA2Mj"
ISSUER = "https://id.example"
LIST = f"{ISSUER}/v1/status-lists/1"
LIST_OF_TWO = f"{ISSUER}/v1/status-lists/2"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
VALID, REVOKED, SUSPENDED = 41, 42, 43
CLAIMS: Mapping[str, Mapping[str, Any]] = {
    "identity_card": {
        "name": "李雷",
        "date_of_birth": "1990-05-17",
        "sex": "male",
        "nationality": "CHN",
        "document_number": "110101199005170017",
        "address": "Example Road 1",
        "issuing_authority": "Example City",
        "age_over_18": True,
    },
    "driving_licence": {
        "name": "李雷",
        "licence_number": "110101199005170017",
        "vehicle_classes": ["C1", "D"],
        "valid_until": "2030-01-01",
    },
    "insurance_status": {
        "plate_number": "京A12345",
        "policy_number": "P-1",
        "insurer": "Example Insurer",
        "valid_until": "2027-06-30",
    },
    "proof_of_life": {"name": "李雷", "document_number": "110101199005170017", "period": "2027-H1"},
}


class SteadySigner(FileSigner):
    """Signs the same bytes with the same signature (RFC 6979)."""

    def __init__(self, name: str, curve: ec.EllipticCurve | None = None) -> None:
        self.private = key(name, curve)
        super().__init__(self.private)

    def sign(self, data: bytes) -> bytes:
        """See keys.Signer."""
        r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def key(name: str, curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    """The private key of that name."""
    number = int.from_bytes(hashlib.sha256(f"idverify vector key {name}".encode()).digest(), "big")
    return ec.derive_private_key(1 + number % (ORDER - 1), curve or ec.SECP256R1())


def drip(name: str) -> Callable[[int], bytes]:
    """Bytes that look random and are the same at every run."""
    state = [hashlib.sha256(name.encode()).digest()]

    def draw(count: int) -> bytes:
        out = b""
        while len(out) < count:
            state[0] = hashlib.sha256(state[0]).digest()
            out += hashlib.sha256(b"out" + state[0]).digest()
        return out[:count]

    return draw


class City:
    """A root, a leaf for credentials and one for status lists."""

    def __init__(self, name: str = "city", issuer: str = ISSUER) -> None:
        self.name, self.issuer = name, issuer
        self.root = Authority(f"{name} root", key(f"{name} root"), begins=NOW - 100 * DAY)
        self.signer, self.status_signer = SteadySigner(f"{name} credentials"), SteadySigner(f"{name} status")
        self.leaf = self.certify()
        self.status_leaf = self.certify(public(self.status_signer), purpose=Purpose.STATUS, serial=3)

    def certify(self, public_key: Any = None, issuer: str | None = None, **replaced: Any) -> bytes:
        """A leaf; see Authority.certify."""
        facts = {"begins": NOW - 30 * DAY} | replaced
        return self.root.certify(public_key or public(self.signer), issuer or self.issuer, **facts)

    def credential(self, type_name: str = "identity_card", holder: FileSigner | None = None, **changes: Any) -> str:
        """As the city issues it."""
        type_ = credential_types()[type_name]
        facts = {
            "issuer": self.issuer,
            "acr": ACTIVE,
            "amr": ("face",),
            "auth_time": NOW - 10 * DAY,
            "environment": "production",
            "subject": "wcmnwEQ87XxRNGNV-AIosnpTUtRScMU2K0eiiC_PE5E",
            "ends": end_of(CLAIMS[type_name][type_.ends_with]) if type_.ends_with else None,
        }
        facts |= {name: changes.pop(name) for name in list(changes) if name in facts}
        bits = type_.status_bits
        held: dict[str, Any] = {
            "claims": CLAIMS[type_name],
            "holder_jwk": (holder or HOLDER).public_jwk(),
            "status": StatusReference(f"{self.issuer}/v1/status-lists/{bits}", VALID),
            "signer": self.signer,
            "chain": (self.leaf,),
            "now": NOW - 2 * DAY,
            "random_bytes": drip(type_name),
        } | changes
        return credential.issue(type_, held.pop("claims"), credential.CredentialFacts(**facts), **held)

    def list(self, bits: int = 1, now: float = NOW - 600, **changes: Any) -> str:
        """A status list: REVOKED is revoked and, where there are two bits, SUSPENDED suspended."""
        content = bytearray(2**20 * bits // 8)
        for index, value in ((REVOKED, 1), (SUSPENDED, 2)):
            if bits == 2 or value == 1:
                content[index * bits // 8] |= value << (index * bits % 8)
        facts = {
            "uri": f"{self.issuer}/v1/status-lists/{bits}",
            "issuer": self.issuer,
            "aggregation_uri": f"{self.issuer}/v1/status-lists",
            "signer": self.status_signer,
            "chain": (self.status_leaf,),
        }
        return status_list.sign(bytes(content), bits, now=now, **(facts | changes))


class Draft:
    """A presentation taken apart, to be changed and signed again with whatever keys the attacker has."""

    def __init__(self, city: City, credential_text: str, names: tuple[str, ...] | None, **context: Any) -> None:
        parts = sd_jwt.parse(credential_text if names is None else sd_jwt.select(credential_text, names))
        self.header, self.payload = decoded(parts.jwt, 0), decoded(parts.jwt, 1)
        self.disclosures = list(parts.disclosures)
        self.signer: FileSigner = city.signer
        self.holder: FileSigner = HOLDER
        self.binding_header = {"alg": jws.ALGORITHM, "typ": key_binding.TYPE}
        self.binding = {"iat": int(NOW), "aud": AUDIENCE, "nonce": NONCE}
        self.context: dict[str, Any] = context
        self.raw: dict[str, Callable[[bytes], bytes]] = {}
        self.signature: Callable[[bytes], bytes] = bytes
        self.binding_signature: Callable[[bytes], bytes] = bytes
        self.before_binding: Callable[[str], str] = str
        self.last: Callable[[str], str] = str

    def certified(self, *leaf: bytes) -> None:
        """Another chain."""
        self.header["x5c"] = [b64encode(one).decode() for one in leaf]

    def disclose(self, name: Any, value: Any, *, signed: bool = True, text: str | None = None) -> None:
        """One more disclosure; signed: its digest in `_sd`."""
        text = text or base64url(dump([base64url(drip(f"more {name}")(16)), name, value]))
        self.disclosures.append(text)
        if signed:
            self.payload["_sd"] = sorted([*self.payload["_sd"], sd_jwt.digest(text)])

    def text(self) -> str:
        """Signed and put together."""
        jwt = self._signed("header", self.header, "payload", self.payload, self.signer, self.signature)
        bound = self.before_binding("~".join((jwt, *self.disclosures, "")))
        binding = {"sd_hash": sd_jwt.digest} | self.binding
        binding["sd_hash"] = binding["sd_hash"](bound) if callable(binding["sd_hash"]) else binding["sd_hash"]
        order = [name for name in ("iat", "aud", "nonce", "sd_hash") if name in binding]
        binding = {name: binding[name] for name in [*order, *(binding.keys() - set(order))] if binding[name] is not ...}
        proof = self._signed("binding_header", self.binding_header, "binding", binding, self.holder, self.binding_signature)
        return self.last(bound + proof)

    def _signed(self, first: str, header: Any, second: str, payload: Any, by: FileSigner, change: Any) -> str:
        parts = (self.raw.get(name, bytes)(dump(value)) for name, value in ((first, header), (second, payload)))
        signed = ".".join(base64url(part) for part in parts)
        return f"{signed}.{base64url(change(by.sign(signed.encode())))}"


def dump(value: Any) -> bytes:
    """JSON as our issuer spells it; half a surrogate pair as the escape that smuggles it."""
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def decoded(jwt: str, at: int) -> dict[str, Any]:
    """The header (0) or payload (1)."""
    part = jwt.split(".")[at]
    parsed: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return parsed


HOLDER = SteadySigner("holder")
STRANGER = SteadySigner("stranger")
CITY = City()
