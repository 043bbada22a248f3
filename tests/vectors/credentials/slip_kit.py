"""Genuine QR codes, ways to alter one thing in them, and the list to which make_slip_vectors.py adds them."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import base45

from idverify.credentials import cose, slip_claims, status_list
from idverify.credentials.anchors import Anchor
from idverify.credentials.purposes import Purpose
from idverify.credentials.status_bits import pack
from idverify.credentials.status_reference import StatusReference
from tests.credentials.authority import signer
from tests.credentials.slips import CITY, ISSUER, LICENCE, LIST, NOW, City, Code, code

CHALLENGE = bytes(range(8))
LICENCES = f"{ISSUER}/v1/status-lists/8"
LICENCE_CLAIMS = {"name": "Zhang Wei", "licence_number": "110", "vehicle_classes": ["C1"], "valid_until": "2030-01-01"}
# A WebP of 16 x 16 pixels: a picture, if a small one.
PICTURE = bytes.fromhex("524946463c000000574542505650382030000000d001009d012a100010000240382594027401400000fef5e00000")

STATUS_SIGNER = signer()
STATUS_LEAF = CITY.certified(STATUS_SIGNER, purpose=Purpose.STATUS)
IMPOSTOR = City("another root that calls itself so")
IMPOSTOR_STATUS = signer()
IMPOSTOR_STATUS_LEAF = IMPOSTOR.certified(IMPOSTOR_STATUS, purpose=Purpose.STATUS)


def signed_list(*revoked: int, suspended: Sequence[int] = (), uri: str = LIST, bits: int = 1, now: float = NOW - 60) -> str:
    """A status list of the city."""
    content = pack(bits, [(index, 1) for index in revoked] + [(index, 2) for index in suspended])
    return packed_list(content, uri, bits, now, STATUS_SIGNER, STATUS_LEAF)


def packed_list(content: bytes, uri: str, bits: int, now: float, key: Any, leaf: bytes) -> str:
    """A list of any content and key."""
    facts = {"issuer": ISSUER, "aggregation_uri": f"{ISSUER}/v1/status-lists", "chain": (leaf,)}
    return status_list.sign(content, bits, uri=uri, signer=key, now=now, **facts)


def trusted(anchor: Anchor) -> dict[str, Any]:
    """An anchor as a vector has it."""
    facts = {"types": sorted(anchor.types), "issuers": list(anchor.issuers)}
    return {"name": anchor.name, "certificate": text64(anchor.certificate), **facts}


def text64(data: bytes) -> str:
    """Base64 with padding."""
    return b64encode(data).decode()


COMMON = {
    "kind": "slip",
    "trust": {"anchors": [trusted(CITY.anchor())]},
    "status_lists": [signed_list(), signed_list(uri=LICENCES, bits=2)],
    "issuer_keys": [text64(CITY.leaf)],
    "now": NOW + 1,
    "audience": None,
    "nonce": None,
    "purpose": None,
    "challenge": None,
    "allow_dev": False,
    "before": [],
}
VECTORS: list[dict[str, Any]] = []
NOT_AUTHENTIC = {"authentic": False, "holder_bound": False, "status": "UNKNOWN"}
NOT_BOUND = {"authentic": True, "holder_bound": False, "status": "VALID"}
HOLDS = {"authentic": True, "holder_bound": True, "status": "VALID"}


def add(name: str, differs: str, made: Code | str, expect: dict[str, Any], refusal: str, **held: Any) -> None:
    """One vector."""
    text = made if isinstance(made, str) else made.text
    number = sum(one["name"].startswith(f"{name} ") for one in VECTORS) + 1
    VECTORS.append(
        {"name": f"{name} {number}", "differs": differs, "text": text, "expect": {**expect, "code": refusal}, **held}
    )


def accepted(name: str, made: Code | str, **held: Any) -> None:
    """One that holds."""
    add(name, "nothing", made, HOLDS, "accepted", **held)


def forged(refusal: str, differs: str, made: Code | str, **held: Any) -> None:
    """One that is not authentic."""
    add(refusal, differs, made, NOT_AUTHENTIC, refusal, **held)


def borrowed(refusal: str, differs: str, made: Code | str, **held: Any) -> None:
    """One that is authentic, but not shown by its holder, here and now."""
    add(refusal, differs, made, NOT_BOUND, refusal, **held)


def standing(refusal: str, status: str, differs: str, made: Code, **held: Any) -> None:
    """One that holds, but for its status."""
    add(refusal, differs, made, {**HOLDS, "status": status}, refusal, **held)


def police(*names: str, **parts: Any) -> Code:
    """The selective slip of an identity card."""
    return replace(code("police", names or ("name", "sex")), **parts)


def gate(**parts: Any) -> Code:
    """The gate's slip of an identity card."""
    return replace(code("gate"), **parts)


def licence(**parts: Any) -> Code:
    """The selective slip of a driving licence, whose status has two bits."""
    return replace(code("police", ["name"], type_=LICENCE, claims=LICENCE_CLAIMS, status=StatusReference(LICENCES, 9)), **parts)


def saying(made: Code, *gone: int, **changes: Any) -> Code:
    """The same slip with other claims, signed by the city all the same. changes: by name of a constant of slip_claims."""
    claims = {key: value for key, value in made.claims.items() if key not in gone}
    return replace(made, claims=claims | {getattr(slip_claims, name): value for name, value in changes.items()})


def meaning(made: Code, **changes: Any) -> Code:
    """The same slip with something else in the claim of ours, signed by the city all the same. changes: by name in Ours."""
    told = slip_claims.ours(made.claims)._replace(**changes)
    return saying(made, OURS=list(told if told.env is not None else told[:-1]))


def headed(made: Code, *gone: int, **changes: Any) -> Code:
    """The same slip under another header, signed by the city all the same."""
    header = {key: value for key, value in made.header.items() if key not in gone}
    return replace(made, header=header | {getattr(cose, name): value for name, value in changes.items()})


def flipped(at: int) -> Callable[[bytes], bytes]:
    """One bit of one byte, after everything was signed."""

    def flip(data: bytes) -> bytes:
        changed = bytearray(data)
        changed[at] ^= 1
        return bytes(changed)

    return flip


def swapped(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Some bytes for others."""

    def swap(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new)

    return swap


def text_of(envelope: bytes) -> str:
    """Whatever bytes, as a code."""
    return "EID1:" + base45.b45encode(envelope).decode()


def revealing(*claims: tuple[str, Any]) -> Code:
    """A police slip whose issuer signed these disclosures, whatever they say."""
    made = [slip_claims.disclosure(name, value, bytes([at]) * 16) for at, (name, value) in enumerate(claims)]
    return replace(meaning(police(), said=slip_claims.digests(made)), disclosures=made)


def signing(*disclosures: bytes) -> Code:
    """A police slip whose issuer signed the digests of these bytes."""
    return replace(meaning(police(), said=slip_claims.digests(disclosures)), disclosures=list(disclosures))
