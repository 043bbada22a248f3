"""The shared vectors as a relying party meets them, and what of a vector differs from another."""

import hashlib
import json
from base64 import b64decode
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from idverify.credentials import presentation, status_list
from idverify.credentials.anchors import Anchor
from idverify.credentials.believed import Believed
from idverify.credentials.replays import Replays
from idverify.errors import TokenInvalid

from .slips import unexamined

FOLDER = Path(__file__).parents[1] / "vectors" / "credentials"
READER = ("trust", "status_lists", "now", "fetched", "audience", "nonce", "allow_dev", "seen")


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    """Every vector of that kind, by name, common members filled in."""
    found = [
        content["common"] | vector
        for path in sorted(FOLDER.glob("*.json"))
        for content in [json.loads(path.read_text())]
        for vector in content["vectors"]
    ]
    return {one["name"]: one for one in found if one["kind"] == kind}


def believed(vector: dict[str, Any]) -> Believed:
    """What the reader holds: lists that held when they were fetched, and issuers' certificates as a careless folder has them."""
    anchors, ended = (
        tuple(
            Anchor(one["name"], b64decode(one["certificate"]), frozenset(one["types"]), tuple(one["issuers"]))
            for one in vector["trust"].get(which, [])
        )
        for which in ("anchors", "ended")
    )
    held = {}
    for token in vector["status_lists"]:
        try:
            read = status_list.read(token, anchors, vector.get("fetched", vector["now"]))
        except TokenInvalid:
            continue
        held[read.uri] = read
    keys = [b64decode(one) for one in vector.get("issuer_keys", [])]
    return Believed(anchors, held, {hashlib.sha256(one).digest()[:8]: unexamined(one, anchors[0]) for one in keys}, ended)


def outcome(vector: dict[str, Any], reader: Believed) -> dict[str, Any]:
    """What our validator says, in the words of `expect`; `raised` where it broke its promise."""
    replays = Replays()
    facts = {name: vector[name] for name in ("audience", "nonce", "now", "allow_dev")}
    try:
        for text in vector.get("seen", []):
            presentation.validate(text, reader, **facts, replays=replays)
        found = presentation.validate(vector["text"], reader, **facts, replays=replays)
    except Exception as error:
        return {"raised": type(error).__name__}
    return {name: getattr(found, name) for name in ("authentic", "holder_bound", "status", "code")}


def fields(vector: dict[str, Any]) -> dict[str, str]:
    """Every field of a vector by its dotted path: of the reader, the certificates, the credential and the key binding."""
    found = {name: json.dumps(vector.get(name)) for name in READER}
    for at, anchor in enumerate(vector["trust"]["anchors"]):
        found |= {f"anchor.{at}.{name}": value for name, value in certificate(b64decode(anchor["certificate"])).items()}
    jwt, *disclosures, binding = vector["text"].split("~") if "~" in vector["text"] else (vector["text"], "")
    found |= {"text": vector["text"], "jwt": jwt, "disclosures": json.dumps(disclosures), "binding": binding}
    found |= _members("", jwt) | {name.replace("payload.", ""): value for name, value in _members("binding.", binding).items()}
    try:
        found |= {f"leaf.{name}": value for name, value in certificate(b64decode(_x5c(found)[0])).items()}
    except ValueError:
        found["leaf"] = found.get("header.x5c", "")
    return found


def certificate(der: bytes) -> dict[str, str]:
    """The fields of a certificate; `signature` says whose it is, which the bytes alone do not tell."""
    parsed = x509.load_der_x509_certificate(der)
    key = parsed.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    named = {"issuer": parsed.issuer, "subject": parsed.subject, "serial": parsed.serial_number, "key": key}
    times = {"notBefore": parsed.not_valid_before_utc, "notAfter": parsed.not_valid_after_utc}
    extensions = {
        one.oid._name if "nknown" not in one.oid._name else one.oid.dotted_string: (one.critical, one.value)
        for one in parsed.extensions
    }
    return {name: repr(value) for name, value in {**named, **times, **extensions, "signature": parsed.signature}.items()}


def _members(prefix: str, jwt: str) -> dict[str, str]:
    parts = jwt.split(".")
    found = {f"{prefix}signature" if prefix else "jwt.signature": parts[-1]}
    for part, name in zip(parts, ("header", "payload"), strict=False):
        try:
            pairs = json.loads(b64decode(part + "==", altchars=b"-_"), object_pairs_hook=list)
        except ValueError:
            continue
        for member in {name_ for name_, _ in pairs}:
            found[f"{prefix}{name}.{member}"] = json.dumps([value for name_, value in pairs if name_ == member])
    return found


def _x5c(found: dict[str, str]) -> list[str]:
    listed = json.loads(found.get("header.x5c", "[[]]"))[0]
    if not isinstance(listed, list) or len(listed) != 1:
        raise ValueError
    return listed
