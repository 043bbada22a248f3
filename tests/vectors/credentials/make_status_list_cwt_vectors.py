"""Write status_list_cwt.json beside this file: `python -m tests.vectors.credentials.make_status_list_cwt_vectors`, from the root.

Each refused vector differs from the first in one named field. `text` is base64url of the token's bytes.
"""

import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from idverify.credentials import cose, status_list, status_list_cwt
from idverify.credentials.purposes import Purpose
from idverify.keys.jwk import base64url
from tests.credentials.authority import public
from tests.credentials.city import CITY, DAY, LIST, NOW, REVOKED, STRANGER, VALID
from tests.credentials.mdocs import dumped, signed
from tests.credentials.presentation_cases import ELSEWHERE, OTHER, trust
from tests.vectors.credentials.make_vectors import spelled

FILE = Path(__file__).with_name("status_list_cwt.json")
SUB, EXP, IAT, HELD, TTL = 2, 4, 6, 65533, 65534
CONTENT = bytes(REVOKED // 8) + bytes([1 << REVOKED % 8]) + bytes(64)
COMMON: dict[str, Any] = {"kind": "status_list_cwt", "trust": trust(CITY.root), "now": NOW, "uri": LIST, "index": REVOKED}


class Draft:
    """A token taken apart."""

    def __init__(self) -> None:
        where = {"uri": LIST, "issuer": CITY.issuer, "aggregation_uri": f"{CITY.issuer}/v1/status-lists"}
        said = status_list.statement(CONTENT, 1, now=NOW - 600, **where)
        made = status_list_cwt.sign(said, CITY.status_signer, (CITY.status_leaf,))
        self.claims: dict[Any, Any] = cose.decode_whole(cose.Sign1.of(cose.decode_whole(made[1:])).payload)
        self.header: dict[Any, Any] = {cose.ALGORITHM: cose.ES256, cose.TYPE: status_list_cwt.TYPE}
        self.unprotected: dict[Any, Any] = {cose.X5CHAIN: CITY.status_leaf}
        self.signer = CITY.status_signer
        self.payload: Callable[[bytes], bytes] = bytes
        self.signature: Callable[[bytes], bytes] = bytes
        self.raw: Callable[[bytes], bytes] = bytes
        assert self.token() == made

    def token(self) -> bytes:
        """Signed."""
        parts = signed(self.header, self.unprotected, self.payload(dumped(self.claims)), self.signer, self.signature)
        return self.raw(cose.SIGN1 + dumped(parts))


def leaf(**changes: Any) -> bytes:
    """Of the key for status lists."""
    return CITY.certify(public(CITY.status_signer), **{"purpose": Purpose.STATUS, "serial": 3, **changes})


def claim(number: int, value: Any) -> Callable[[Draft], None]:
    """Another claim; ... takes it out."""
    return lambda draft: _change(draft.claims, number, value)


def held(**changes: Any) -> Callable[[Draft], None]:
    """Other members of the list."""
    return lambda draft: draft.claims.update({HELD: {**draft.claims[HELD], **changes}})


def put(name: str, label: Any, value: Any) -> Callable[[Draft], None]:
    """A member of a header."""
    return lambda draft: _change(getattr(draft, name), label, value)


def attribute(name: str, value: Any) -> Callable[[Draft], None]:
    """Any other part."""
    return lambda draft: setattr(draft, name, value)


def _change(members: dict[Any, Any], name: Any, value: Any) -> None:
    if value is ...:
        del members[name]
    else:
        members[name] = value


REFUSED: list[tuple[str, str, str, Callable[[Draft], None]]] = [
    ("token_too_large", "bytes", "half a million of them", attribute("raw", lambda one: one + bytes(450_000))),
    ("status_list_form", "bytes", "one behind it", attribute("raw", lambda one: one + b"\x00")),
    ("status_list_form", "tag", "COSE_Mac0", attribute("raw", lambda one: b"\xd1" + one[1:])),
    ("status_list_form", "tag", "none", attribute("raw", lambda one: one[1:])),
    ("status_list_form", "header.4", "kid", put("header", cose.KEY_ID, b"k")),
    ("status_list_form", "unprotected.4", "kid", put("unprotected", cose.KEY_ID, b"k")),
    ("status_list_form", "header.1", "ES384", put("header", cose.ALGORITHM, -35)),
    ("status_list_form", "header.16", "that of a list in JSON", put("header", cose.TYPE, "application/statuslist+jwt")),
    ("status_list_form", "header.16", "without application", put("header", cose.TYPE, "statuslist+cwt")),
    ("status_list_form", "payload", "an array", attribute("payload", lambda _: dumped([]))),
    (
        "status_list_form",
        "payload",
        "a key twice",
        attribute("payload", lambda one: bytes([one[0] + 1]) + one[1:] + b"\x04\x00"),
    ),
    ("status_list_form", "claims.65533", "lst as text", held(lst=base64url(zlib.compress(CONTENT)))),
    ("status_list_signature", "signature", "a stranger's", attribute("signer", STRANGER)),
    ("status_list_signature", "signature", "zeros", attribute("signature", lambda _: bytes(64))),
    ("status_list_signature", "signature", "a byte too long", attribute("signature", lambda one: one + b"\x00")),
    ("certificate_missing", "x5chain", "none", put("unprotected", cose.X5CHAIN, ...)),
    ("certificate_foreign", "x5chain", "another root's", put("unprotected", cose.X5CHAIN, OTHER.status_leaf)),
    ("certificate_purpose", "x5chain", "for credentials", put("unprotected", cose.X5CHAIN, leaf(purpose=Purpose.CREDENTIAL))),
    ("certificate_expired", "x5chain", "of yesterday", put("unprotected", cose.X5CHAIN, leaf(days=29))),
    ("status_list_claim", "claims.1", "missing", claim(1, ...)),
    ("status_list_time", "claims.65534", "missing", claim(TTL, ...)),
    ("status_list_time", "claims.4", "text", claim(EXP, "never")),
    ("status_list_future", "claims.6", "in 61 s", claim(IAT, int(NOW) + 61)),
    ("status_list_expired", "claims.4", "now", claim(EXP, int(NOW))),
    ("status_list_lifetime", "claims.4", "two days", claim(EXP, int(NOW - 600 + 2 * DAY))),
    ("status_list_issuer", "claims.1", "another", claim(1, ELSEWHERE.issuer)),
    ("status_list_subject", "claims.2", "another list", claim(SUB, LIST + "0")),
    ("status_list_bits", "claims.65533", "four bits", held(bits=4)),
    ("status_list_compression", "claims.65533", "not compressed", held(lst=CONTENT)),
    ("status_list_too_large", "claims.65533", "a bomb", held(lst=zlib.compress(bytes(2**24), 9))),
]


def content() -> dict[str, Any]:
    """What the file holds."""
    made = [_vector("accepted", "", Draft(), "accepted", "REVOKED")]
    made.append(_vector("accepted, its neighbour", "index", Draft(), "accepted", "VALID") | {"index": VALID})
    for code, differs, note, edit in REFUSED:
        draft = Draft()
        edit(draft)
        made.append(_vector(f"{code}: {differs}, {note}", differs, draft, code, "UNKNOWN"))
    return {"common": COMMON, "vectors": made}


def _vector(name: str, differs: str, draft: Draft, code: str, status: str) -> dict[str, Any]:
    token = draft.token()
    pad = len(token) > status_list_cwt.LARGEST
    text = base64url(token[:-450_000] if pad else token)
    expect = {"authentic": code == "accepted", "holder_bound": False, "status": status, "code": code}
    return {"name": name, "differs": differs, "text": text, "pad": 450_000 if pad else 0, "expect": expect}


if __name__ == "__main__":
    FILE.write_text(spelled(content()), encoding="ascii")
    sys.stdout.write(f"{FILE.name}: {len(content()['vectors'])}\n")
