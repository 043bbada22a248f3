"""Writes status_list.json: tokens with status lists, each refused one different from an accepted one by a single named thing.

Run from the root of the repository, with `tests` on the path: python tests/vectors/credentials/make_status_list_vectors.py
The keys are made anew, so every token changes; what is expected does not.
"""

import json
import sys
import zlib
from base64 import b64encode, urlsafe_b64decode
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from credentials.authority import Authority, public, signer
from cryptography import x509

from idverify.credentials.purposes import Purpose
from idverify.credentials.status_bits import pack
from idverify.keys.jwk import base64url

NOW = 1_800_000_000
DAY = 86_400
ISSUER = "https://id.example"
URI = f"{ISSUER}/v1/status-lists/1093842715"
FILE = Path(__file__).with_name("status_list.json")

root, stranger = (Authority(name, begins=NOW - 10 * DAY) for name in ("City", "Elsewhere"))
keys = signer()


def certified(authority: Authority = root, issuer: str = ISSUER, begins: float = NOW - DAY, **changes: Any) -> bytes:
    """A leaf for the key that signs every list here."""
    return authority.certify(public(keys), issuer, begins=begins, **{"purpose": Purpose.STATUS, **changes})


LEAF = certified()


def trusted(issuer: str, authority: Authority = root) -> dict[str, Any]:
    """An anchor as a vector has it."""
    return {"name": "city", "certificate": b64encode(authority.certificate).decode(), "types": [], "issuers": [issuer]}


def compressed(content: bytes, **settings: int) -> str:
    """The member lst."""
    return base64url(zlib.compress(content, 9, **settings))


ONE = pack(1, [(3, 1), (1023, 1)], bytes(128))
TWO = pack(2, [(3, 1), (4, 2), (5, 3)], bytes(256))
STREAM = zlib.compress(ONE, 9)


def spelled(value: Any) -> bytes:
    """JSON in its shortest spelling."""
    return json.dumps(value, separators=(",", ":")).encode()


def token(
    *gone: str,
    header: dict[str, Any] | None = None,
    held: dict[str, Any] | None = None,
    leaf: bytes = LEAF,
    payload: bytes | None = None,
    signature: bytes | None = None,
    **claims: Any,
) -> str:
    """A list with other claims (`gone`: without those), other members of status_list, another header or signature."""
    members = {"alg": "ES256", "kid": keys.kid, "typ": "statuslist+jwt", "x5c": [b64encode(leaf).decode()]} | (header or {})
    inner = {"bits": 1, "lst": compressed(ONE), "aggregation_uri": f"{ISSUER}/v1/status-lists"} | (held or {})
    whole = {"iss": ISSUER, "sub": URI, "iat": NOW - 100, "exp": NOW - 100 + DAY, "ttl": 900, "status_list": inner} | claims
    whole = {name: value for name, value in whole.items() if name not in gone}
    signed = f"{base64url(spelled(members))}.{base64url(payload or spelled(whole))}"
    return f"{signed}.{base64url(keys.sign(signed.encode()) if signature is None else signature)}"


def accepted(name: str, differs: str, text: str, status: str, **members: Any) -> dict[str, Any]:
    """A vector that holds, and the status at its index."""
    return {"name": name, "differs": differs, **members, "text": text, "expect": _expected("accepted", status)}


def refused(code: str, differs: str, how: str, text: str, **members: Any) -> dict[str, Any]:
    """A vector that does not hold: nothing is known. differs: the one thing that is not as in an accepted vector."""
    return {
        "name": f"{code}: {differs}, {how}",
        "differs": differs,
        **members,
        "text": text,
        "expect": _expected(code, "UNKNOWN"),
    }


def _expected(code: str, status: str) -> dict[str, Any]:
    return {"authentic": code == "accepted", "holder_bound": False, "status": status, "code": code}


def vectors() -> list[dict[str, Any]]:
    """All of them. The first is the one that most differ from."""
    plain = token()
    suspended = token(held={"bits": 2, "lst": compressed(TWO)})
    return [
        accepted("a revoked credential", "", plain, "REVOKED"),
        accepted("its neighbour is valid", "index", plain, "VALID", index=2),
        accepted("the last index", "index", plain, "REVOKED", index=1023),
        accepted("an index beyond the list", "index", plain, "UNKNOWN", index=1024),
        accepted("fetched from nowhere in particular", "uri", plain, "REVOKED", uri=None),
        accepted("two bits, revoked", "status_list", suspended, "REVOKED"),
        accepted("two bits, suspended", "status_list", suspended, "SUSPENDED", index=4),
        accepted("two bits, a value without a meaning", "status_list", suspended, "UNKNOWN", index=5),
        accepted("a list of 2^20 entries", "lst", token(held={"lst": compressed(bytes(131_072))}), "VALID"),
        accepted("past its ttl, before its exp", "now", plain, "REVOKED", now=NOW + 901),
        accepted("the last second", "now", plain, "REVOKED", now=NOW - 101 + DAY),
        accepted("a minute ahead of the reader's clock", "now", plain, "REVOKED", now=NOW - 160),
        accepted("without it", "aggregation_uri", token(status_list={"bits": 1, "lst": compressed(ONE)}), "REVOKED"),
        *of_claims(plain),
        *of_the_list(),
        *of_the_signature(plain),
    ]


def of_claims(plain: str) -> list[dict[str, Any]]:
    """Refused for what a claim says."""
    police = "https://police.example"
    infinite = _payload(plain).replace(b'"ttl":900', b'"ttl":1e400')
    return [
        refused("status_list_claim", "sub", "absent", token("sub")),
        refused("status_list_claim", "iss", "a number", token(iss=7)),
        refused("status_list_claim", "status_list", "absent", token("status_list")),
        refused("status_list_claim", "status_list", "text", token(status_list=compressed(ONE))),
        refused("status_list_claim", "lst", "an array", token(held={"lst": [compressed(ONE)]})),
        refused("status_list_claim", "aggregation_uri", "a number", token(held={"aggregation_uri": 7})),
        refused("status_list_time", "iat", "text", token(iat=str(NOW - 100))),
        refused("status_list_time", "exp", "absent", token("exp")),
        refused("status_list_time", "ttl", "absent", token("ttl")),
        refused("status_list_time", "ttl", "true", token(ttl=True)),
        refused("status_list_time", "ttl", "negative", token(ttl=-1)),
        refused("token_number", "ttl", "infinite", token(payload=infinite)),
        refused("status_list_future", "iat", "61 s ahead", token(iat=NOW + 61)),
        refused("status_list_future", "iat", "an hour ahead", token(iat=NOW + 3600)),
        refused("status_list_future", "now", "161 s earlier", plain, now=NOW - 161),
        refused("status_list_expired", "exp", "now", token(exp=NOW)),
        refused("status_list_expired", "exp", "a second ago", token(exp=NOW - 1)),
        refused("status_list_expired", "now", "when exp comes", plain, now=NOW - 100 + DAY),
        refused("status_list_lifetime", "exp", "a second too late", token(exp=NOW - 99 + DAY)),
        refused("status_list_lifetime", "exp", "in a hundred years", token(exp=NOW + 36_500 * DAY)),
        refused("status_list_lifetime", "iat", "a second earlier", token(iat=NOW - 101)),
        refused("status_list_lifetime", "iat", "0", token(iat=0)),
        refused("status_list_issuer", "certificate", "of another issuer", token(leaf=certified(issuer=police))),
        refused("status_list_issuer", "iss", "another issuer", token(iss=police)),
        refused("status_list_issuer", "iss", "with a slash more", token(iss=ISSUER + "/")),
        refused("status_list_issuer", "iss", "in capitals", token(iss=ISSUER.upper())),
        *of_another(police),
        refused("status_list_subject", "sub", "of another issuer", token(sub=f"{police}/v1/status-lists/7"), uri=None),
        refused("status_list_subject", "sub", "on a host that begins alike", token(sub=f"{ISSUER}.org/v1/7"), uri=None),
        refused("status_list_subject", "sub", "the issuer", token(sub=ISSUER), uri=None),
        refused("status_list_subject", "sub", "another list", token(sub=URI + "0")),
        refused("status_list_subject", "uri", "another list", plain, uri=URI + "0"),
    ]


def of_another(police: str) -> list[dict[str, Any]]:
    """Refused although the certificate names the issuer: the root above it is listed with another, or with none that is the same."""
    root_of_another = [trusted(police), trusted(ISSUER + "/"), trusted(ISSUER, stranger)]
    named = certified(
        names=(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(one) for one in (ISSUER, police)]), False)
    )
    sub = f"{police}/v1/status-lists/7"
    lists = [
        refused("status_list_issuer_not_trusted", "trust", f"listed with {how}", token(), trust={"anchors": held})
        for how, held in (
            ("another", [root_of_another[0]]),
            ("a slash more", [root_of_another[1]]),
            ("another, and the issuer with another root", [root_of_another[0], root_of_another[2]]),
        )
    ]
    stolen = token(leaf=named, iss=police, sub=sub)
    return [*lists, refused("status_list_issuer_not_trusted", "iss", "another that the certificate names", stolen, uri=sub)]


def of_the_list() -> list[dict[str, Any]]:
    """Refused for what is in status_list."""
    slashed = next(one for one in map(_standard, range(1024)) if {"+", "/"} & set(one))
    return [
        refused("status_list_bits", "bits", "4", token(held={"bits": 4})),
        refused("status_list_bits", "bits", "0", token(held={"bits": 0})),
        refused("status_list_bits", "bits", "text", token(held={"bits": "1"})),
        refused("status_list_bits", "bits", "true", token(held={"bits": True})),
        refused("status_list_bits", "bits", "1.0", token(held={"bits": 1.0})),
        refused("status_list_bits", "bits", "absent", token(status_list={"lst": compressed(ONE)})),
        refused("status_list_encoding", "lst", "padded", token(held={"lst": compressed(bytes(128)) + "="})),
        refused("status_list_encoding", "lst", "with a line feed", token(held={"lst": compressed(ONE) + "\n"})),
        refused("status_list_encoding", "lst", "with a space", token(held={"lst": " " + compressed(ONE)})),
        refused("status_list_encoding", "lst", "in the alphabet of plain base64", token(held={"lst": slashed})),
        refused("status_list_encoding", "lst", "no base64url", token(held={"lst": "Ünicode"})),
        refused("status_list_compression", "lst", "raw deflate", token(held={"lst": compressed(ONE, wbits=-15)})),
        refused("status_list_compression", "lst", "gzip", token(held={"lst": compressed(ONE, wbits=31)})),
        refused("status_list_compression", "lst", "not compressed", token(held={"lst": base64url(ONE)})),
        refused("status_list_compression", "lst", "empty", token(held={"lst": ""})),
        refused("status_list_compression", "lst", "without its last byte", token(held={"lst": base64url(STREAM[:-1])})),
        refused("status_list_compression", "lst", "without its sum", token(held={"lst": base64url(STREAM[:-4])})),
        refused("status_list_compression", "lst", "with a byte behind", token(held={"lst": base64url(STREAM + b"\0")})),
        refused("status_list_compression", "lst", "with a second stream", token(held={"lst": base64url(2 * STREAM)})),
        refused("status_list_compression", "lst", "with another sum", token(held={"lst": base64url(STREAM[:-1] + b"\0")})),
        refused("status_list_too_large", "lst", "a byte too long", token(held={"lst": compressed(bytes(131_073))})),
        refused("status_list_too_large", "lst", "of 2^21 entries", token(held={"lst": compressed(bytes(262_144))})),
        refused("status_list_too_large", "lst", "a zip bomb", token(held={"lst": compressed(bytes(2**24))})),
    ]


def of_the_signature(plain: str) -> list[dict[str, Any]]:
    """Refused before the payload is read; the presentations have more of these."""
    head, body, signature = plain.split(".")
    twice = spelled({"sub": URI})[:-1] + b"," + _payload(plain)[1:]
    both = [b64encode(one).decode() for one in (LEAF, root.certificate)]
    other = base64url(_payload(token(sub=URI + "0")))
    return [
        refused("certificate_foreign", "certificate", "under a root that is not trusted", token(leaf=certified(stranger))),
        refused("certificate_purpose", "certificate", "for credentials", token(leaf=certified(purpose=Purpose.CREDENTIAL))),
        refused("certificate_purpose", "certificate", "for trust lists", token(leaf=certified(purpose=Purpose.TRUST_LIST))),
        refused("certificate_expired", "certificate", "of last week", token(leaf=certified(begins=NOW - 9 * DAY, days=8))),
        refused("certificate_missing", "x5c", "with the root", token(header={"x5c": both})),
        refused("token_type", "typ", "that of a credential", token(header={"typ": "dc+sd-jwt"})),
        refused("token_type", "typ", "JWT", token(header={"typ": "JWT"})),
        refused("token_algorithm", "alg", "none", token(header={"alg": "none"})),
        refused("token_signature", "signature", "of another text", token(signature=keys.sign(b"another"))),
        refused("token_signature", "sub", "changed, the signature kept", f"{head}.{other}.{signature}"),
        refused("token_duplicate_member", "sub", "twice", token(payload=twice)),
        refused("token_malformed", "signature", "absent", f"{head}.{body}"),
    ]


def _standard(index: int) -> str:
    return b64encode(zlib.compress(pack(1, [(index, 1)], bytes(128)), 9)).decode().rstrip("=")


def _payload(text: str) -> bytes:
    part = text.split(".")[1]
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def main() -> None:
    """Write the file."""
    common = {"kind": "status_list", "trust": {"anchors": [trusted(ISSUER)]}, "now": NOW, "uri": URI, "index": 3}
    lines = ",\n".join("    " + json.dumps(one) for one in vectors())
    FILE.write_text(f'{{\n  "common": {json.dumps(common)},\n  "vectors": [\n{lines}\n  ]\n}}\n')


if __name__ == "__main__":
    main()
