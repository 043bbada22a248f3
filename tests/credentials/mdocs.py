"""An mdoc of the city taken apart, to be changed and signed again with whatever keys the attacker has; and its fields, named."""

import hashlib
import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

import cbor2

from idverify.credentials import cose, mdoc, mdoc_presentation, mdoc_response
from idverify.credentials.assurance import ACTIVE
from idverify.credentials.believed import Believed
from idverify.credentials.credential import CredentialFacts
from idverify.credentials.credential_types import credential_types
from idverify.credentials.mdoc_reading import IssuerSigned
from idverify.credentials.mdoc_session import Session, device_authentication
from idverify.credentials.periods import end_of
from idverify.credentials.replays import Replays
from idverify.credentials.status_reference import StatusReference
from idverify.keys.file import FileSigner
from idverify.keys.jwk import base64url

from .city import CLAIMS, DAY, HOLDER, NOW, VALID, City, drip
from .vectors import certificate

READER = ("trust", "status_lists", "now", "fetched", "allow_dev", "seen")
SESSION = {
    "client_id": "x509_hash:mS4kqbVVZ7Ti9wJGZOnMNlFQbfGmqlC6ZoXFeUFGuyk",
    "nonce": "n-0S6_WzA2Mj",
    "response_uri": "https://hotel.example/answer",
    "thumbprint": "Kd8EsTSBbJYDbb3w3CuRUVt9vF7U4S3rSo-j3N4Sjvs",
}


def issued(city: City, type_name: str = "identity_card", holder: FileSigner = HOLDER, **changes: Any) -> str:
    """As the city issues it."""
    facts: dict[str, Any] = {"issuer": city.issuer, "acr": ACTIVE, "amr": ("face",), "auth_time": NOW - 10 * DAY}
    facts |= {"environment": "production", "subject": "wcmnwEQ87XxRNGNV-AIosnpTUtRScMU2K0eiiC_PE5E"}
    type_ = credential_types()[type_name]
    facts["ends"] = end_of(CLAIMS[type_name][type_.ends_with]) if type_.ends_with else None
    facts |= {name: changes.pop(name) for name in list(changes) if name in facts}
    status = StatusReference(f"{city.issuer}/v1/status-lists/{type_.status_bits}", VALID)
    held: dict[str, Any] = {
        "copies": [(holder.public_jwk(), status)],
        "signer": city.signer,
        "chain": (city.leaf,),
        "now": NOW - 2 * DAY,
        "random_bytes": drip(f"mdoc {type_name}"),
    } | changes
    claims = held.pop("claims", CLAIMS[type_name])
    return mdoc.issue_batch(type_, claims, CredentialFacts(**facts), **held)[0]


def session_of(spelled: dict[str, Any]) -> Session:
    """The session as a vector has it."""
    thumbprint = spelled["thumbprint"]
    raw = None if thumbprint is None else urlsafe_b64decode(thumbprint + "=")
    return Session(spelled["client_id"], spelled["nonce"], spelled["response_uri"], raw)


class Draft:
    """Everything in it may be replaced; `text` signs it again. items: [namespace, content as a map, or bytes] each."""

    def __init__(self, city: City, value: str, names: tuple[str, ...], **context: Any) -> None:
        source = IssuerSigned.read(value)
        self.mso: dict[str, Any] = dict(source.security_object)
        chosen = mdoc_response.select(source, names)
        self.items: list[list[Any]] = [[ns, cose.decode_whole(tag.value)] for ns, tags in chosen.items() for tag in tags]
        self.header: dict[Any, Any] = {cose.ALGORITHM: cose.ES256}
        self.unprotected: dict[Any, Any] = {cose.X5CHAIN: city.leaf}
        self.doctype: Any = self.mso["docType"]
        self.said: Any = cose.Tag(cose.EMBEDDED, b"\xa0")
        self.device_header: dict[Any, Any] = {cose.ALGORITHM: cose.ES256}
        self.device_unprotected: dict[Any, Any] = {}
        self.signer, self.holder = city.signer, HOLDER
        self.session = dict(SESSION)
        self.context: dict[str, Any] = context
        self.payload: Callable[[bytes], bytes] = bytes
        self.signature: Callable[[bytes], bytes] = bytes
        self.device_signature: Callable[[bytes], bytes] = bytes
        self.document: Callable[[dict[str, Any]], Any] = lambda one: one
        self.response: Callable[[dict[str, Any]], Any] = lambda one: one
        self.raw: Callable[[bytes], bytes] = bytes
        self.last: Callable[[str], str] = str

    def certified(self, leaf: bytes) -> None:
        """Another certificate."""
        self.unprotected[cose.X5CHAIN] = leaf

    def tag(self, content: Any) -> Any:
        """An item as it is sent."""
        return cose.Tag(cose.EMBEDDED, content if isinstance(content, bytes) else dumped(content))

    def sign_item(self, at: int) -> None:
        """Put the digest of an item where its number says: the issuer meant it."""
        namespace, content = self.items[at]
        read = content if isinstance(content, dict) else cbor2.loads(content)
        digests = {**self.mso["valueDigests"], namespace: dict(self.mso["valueDigests"].get(namespace, {}))}
        digests[namespace][read["digestID"]] = hashlib.sha256(dumped(self.tag(content))).digest()
        self.mso["valueDigests"] = digests

    def text(self) -> str:
        """Signed and put together."""
        payload = self.payload(dumped(cose.Tag(cose.EMBEDDED, dumped(self.mso))))
        auth = signed(self.header, self.unprotected, payload, self.signer, self.signature)
        spaces: dict[Any, list[Any]] = {}
        for namespace, content in self.items:
            spaces.setdefault(namespace, []).append(self.tag(content))
        said = self.said.value if isinstance(self.said, cose.Tag) else b""
        content = device_authentication(session_of(self.session), self.mso.get("docType", ""), said)
        device = signed(self.device_header, self.device_unprotected, content, self.holder, self.device_signature)
        device[2] = None
        document = {
            "docType": self.doctype,
            "issuerSigned": {**({"nameSpaces": spaces} if spaces else {}), "issuerAuth": auth},
            "deviceSigned": {"nameSpaces": self.said, "deviceAuth": {"deviceSignature": device}},
        }
        response = self.response({"version": "1.0", "documents": [self.document(document)], "status": 0})
        return self.last(base64url(self.raw(dumped(response))))


def signed(header: Any, unprotected: Any, payload: bytes, by: FileSigner, change: Callable[[bytes], bytes]) -> list[Any]:
    """A COSE_Sign1 of whatever header."""
    protected = dumped(header)
    made = by.sign(dumped(["Signature1", protected, b"", payload]))
    return [protected, unprotected, payload, change(made)]


def dumped(value: Any) -> bytes:
    """CBOR as our issuer spells it."""
    return cbor2.dumps(value, canonical=True)


def outcome(vector: dict[str, Any], reader: Believed) -> dict[str, Any]:
    """What our validator says, in the words of `expect`; `raised` where it broke its promise."""
    replays = Replays()
    facts = {"session": session_of(vector["session"]), "now": vector["now"], "allow_dev": vector["allow_dev"]}
    try:
        for text in vector["seen"]:
            mdoc_presentation.validate(text, reader, **facts, replays=replays)
        found = mdoc_presentation.validate(vector["text"], reader, **facts, replays=replays)
    except Exception as error:
        return {"raised": type(error).__name__}
    return {name: getattr(found, name) for name in ("authentic", "holder_bound", "status", "code")}


def fields(vector: dict[str, Any]) -> dict[str, str]:
    """Every field of a vector by its dotted path: of the reader, its session, the certificates, and what either signed."""
    found = {name: json.dumps(vector.get(name)) for name in READER}
    found |= {f"session.{name}": json.dumps(value) for name, value in vector["session"].items()}
    for at, anchor in enumerate(vector["trust"]["anchors"]):
        der = urlsafe_b64decode(anchor["certificate"].translate({43: "-", 47: "_"}))
        found |= {f"anchor.{at}.{name}": value for name, value in certificate(der).items()}
    found["text"] = vector["text"]
    try:
        response = cbor2.loads(urlsafe_b64decode(vector["text"] + "=" * (-len(vector["text"]) % 4)))
    except Exception:
        return found
    found |= {f"response.{name}": repr(value) for name, value in response.items() if name != "documents"}
    documents = response.get("documents", [])
    found["documents"] = str(len(documents))
    for document in documents[:1]:
        found |= _document(document)
    return found


def _document(document: dict[str, Any]) -> dict[str, str]:
    found = {f"document.{name}": repr(value) for name, value in document.items() if name not in _HALVES}
    issued_, device = (document.get(name, {}) for name in _HALVES)
    found["deviceSigned"] = str(document.get("deviceSigned") is not None)
    found |= {
        f"issuerSigned.{name}": repr(value) for name, value in issued_.items() if name not in ("nameSpaces", "issuerAuth")
    }
    found["items"] = repr([(ns, [repr(tag) for tag in tags]) for ns, tags in issued_.get("nameSpaces", {}).items()])
    auth = issued_.get("issuerAuth", [b"\xa0", {}, b"", b""])
    found |= {f"header.{name}": repr(value) for name, value in cbor2.loads(auth[0]).items()}
    found |= {f"unprotected.{name}": repr(value) for name, value in auth[1].items() if name != cose.X5CHAIN}
    chain = auth[1].get(cose.X5CHAIN)
    found["x5chain"] = repr(chain)
    if isinstance(chain, bytes):
        try:
            found |= {f"leaf.{name}": value for name, value in certificate(chain).items()}
        except ValueError:
            found["leaf"] = repr(chain)
    found |= {"payload": repr(auth[2]), "signature": repr(auth[3])}
    try:
        found |= {
            f"mso.{name}": repr(value) for name, value in _flat(cose.decode_whole(cose.embedded(cose.decode_whole(auth[2]))))
        }
    except Exception:
        found["mso"] = repr(auth[2])
    found |= {f"deviceSigned.{name}": repr(value) for name, value in device.items() if name not in ("nameSpaces", "deviceAuth")}
    found["said"] = repr(device.get("nameSpaces"))
    proof = device.get("deviceAuth", {})
    found["deviceAuth"] = repr(sorted(proof) if isinstance(proof, dict) else proof)
    made = proof.get("deviceSignature") if isinstance(proof, dict) else None
    if isinstance(made, list) and len(made) == 4:
        found |= {f"device.header.{name}": repr(value) for name, value in cbor2.loads(made[0]).items()}
        found |= {f"device.unprotected.{name}": repr(value) for name, value in made[1].items()}
        found["device.signature"] = repr(made[3])
    return found


_HALVES = ("issuerSigned", "deviceSigned")


def _flat(mso: dict[str, Any]) -> list[tuple[str, Any]]:
    inner = {"deviceKeyInfo", "validityInfo"}
    found = [(name, value) for name, value in mso.items() if name not in inner or not isinstance(value, dict)]
    found += [(name, value) for outer in inner if isinstance(mso.get(outer), dict) for name, value in mso[outer].items()]
    about = dict(found).get("keyInfo")
    if isinstance(about, dict) and isinstance(about.get(mdoc.ABOUT), dict):
        found = [pair for pair in found if pair[0] != "keyInfo"]
        found += [(f"keyInfo.{name}", value) for name, value in about[mdoc.ABOUT].items()]
    return found
