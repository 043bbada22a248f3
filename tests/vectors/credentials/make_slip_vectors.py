"""Writes slip.json: QR codes that are accepted, and codes that differ from one of those in a single thing, which `differs` names.

    python -m tests.vectors.credentials.make_slip_vectors

Members beside those of every vector: purpose, the one that the reader takes (null: any); challenge, base64 (null: none);
before, codes that the same reader saw first, at the same time.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cbor2
from cryptography import x509

from idverify.credentials import cose, slip_claims, status_list
from idverify.credentials.purposes import Purpose
from idverify.credentials.status_bits import pack
from tests.credentials.authority import signer
from tests.credentials.slips import CARD, CITY, DAY, ISSUER, LICENCE, LIST, NOW, PHONE, City, Code, code
from tests.vectors.credentials.slip_kit import (
    CHALLENGE,
    COMMON,
    IMPOSTOR,
    IMPOSTOR_STATUS,
    IMPOSTOR_STATUS_LEAF,
    LICENCES,
    PICTURE,
    STATUS_LEAF,
    STATUS_SIGNER,
    VECTORS,
    accepted,
    borrowed,
    flipped,
    forged,
    gate,
    headed,
    licence,
    meaning,
    packed_list,
    police,
    revealing,
    saying,
    signed_list,
    signing,
    standing,
    swapped,
    text64,
    text_of,
    trusted,
)

FILE = Path(__file__).with_name("slip.json")
CITY_ELSEWHERE = City("city", "https://id.other.example")


def make() -> None:
    """All of them."""
    holding()
    envelopes()
    headers()
    issuers()
    claims()
    times()
    disclosures()
    devices()
    statuses()


def holding() -> None:
    """What is accepted, to the last second."""
    accepted("gate", gate())
    accepted("gate, purpose asked", gate(), purpose="gate")
    accepted("police, two claims", police())
    accepted("police, every claim", police(*CARD.slips["police"].claims))
    accepted("police, nothing", replace(police(), disclosures=[]))
    portrait = code("gate_portrait", claims={"name": "Zhang Wei", "document_number": "1", "portrait": text64(PICTURE)})
    accepted("with a portrait", portrait)
    accepted("licence", licence())
    accepted("in Chinese", code("gate", claims={"name": "张伟", "document_number": "1", "age_over_18": True}))
    accepted("challenge answered", gate(challenge=CHALLENGE), challenge=text64(CHALLENGE))
    accepted("development, allowed", code("gate", environment="dev"), allow_dev=True)
    accepted("sandbox, allowed", code("gate", environment="sandbox"), allow_dev=True)
    accepted("a minute old", gate(shown_at=int(NOW) - 59))
    accepted("half a minute early", gate(shown_at=int(NOW) + 31))
    accepted("issued in a minute", saying(gate(), IAT=int(NOW) + 61))
    accepted("a second left", saying(gate(), EXP=int(NOW) + 2))
    slashed, key = City("slashed", f"{ISSUER}/"), signer()
    facts: dict[str, Any] = {"issuer": slashed.issuer, "aggregation_uri": f"{ISSUER}/v1/status-lists", "uri": LIST}
    chain = (slashed.certified(key, purpose=Purpose.STATUS),)
    listed = status_list.sign(pack(1, []), 1, **facts, signer=key, chain=chain, now=NOW - 60)
    held = {"issuer_keys": [text64(slashed.leaf)], "trust": {"anchors": [trusted(slashed.anchor())]}, "status_lists": [listed]}
    accepted("an issuer with a slash at its end", code("gate", city=slashed), **held)
    first = gate()
    accepted("counted on", replace(first, counter=2), before=[first.text])
    accepted("two of one reader", gate(counter=1, device=PHONE), before=[code_of_another()])


def code_of_another() -> str:
    """The gate's slip of another phone, with the same counter."""
    other = signer()
    return replace(code("gate", device_jwk=other.public_jwk()), device=other).text


def envelopes() -> None:
    """Text, base45, CBOR."""
    long = "x" * 3000
    forged("slip_too_large", "claims.name", meaning(gate(), said={"name": long}))
    forged("slip_too_large", "disclosures", revealing(("address", long)))
    forged("slip_too_large", "claims.portrait", meaning(code("gate_portrait"), said={"name": "x", "portrait": bytes(3000)}))
    text = gate().text
    for prefix in ("EID2:", "eid1:", "EID1;", "HC1::", " EID1", "https"):
        forged("slip_foreign", "prefix", prefix + text[5:])
    for differs, changed in (
        ("case", text[:5] + text[5:].lower()),
        ("length", text[: len(text) - (len(text) - 6) % 3]),
        ("triple beyond 65535", text[:5] + ":::" + text[8:]),
        ("line feed at the end", text + "\n"),
        ("foreign character", text[:9] + "!" + text[10:]),
        ("not ASCII", text[:9] + "é" + text[10:]),
    ):
        forged("slip_encoding", differs, changed)
    forged("slip_malformed", "nothing after the prefix", "EID1:")
    forged("slip_malformed", "tag left out", gate(tampered=lambda data: data[1:]))
    forged("slip_malformed", "tag of COSE_Mac0", gate(tampered=lambda data: b"\xd1" + data[1:]))
    forged("slip_malformed", "tag spelled in two bytes", gate(tampered=lambda data: b"\xd8\x12" + data[1:]))
    forged("slip_malformed", "cut short", gate(tampered=lambda data: data[:-1]))
    forged("slip_malformed", "random bytes", text_of(hashlib.sha512(b"noise").digest()))
    for differs, shown in (
        ("shown without a challenge", lambda parts: parts[:4]),
        ("shown with a sixth part", lambda parts: [*parts, None]),
        ("shown is a map", lambda parts: dict(enumerate(parts))),
        ("time below zero", lambda parts: [*parts[:2], -1, *parts[3:]]),
        ("time as text", lambda parts: [*parts[:2], str(parts[2]), *parts[3:]]),
        ("time as a float", lambda parts: [*parts[:2], float(parts[2]), *parts[3:]]),
        ("time as a tagged date", lambda parts: [*parts[:2], cbor2.CBORTag(1, parts[2]), *parts[3:]]),
        ("counter below zero", lambda parts: [*parts[:3], -1, parts[4]]),
        ("counter that is true", lambda parts: [*parts[:3], True, parts[4]]),
        ("counter beyond 2^53", lambda parts: [*parts[:3], 2**53, parts[4]]),
        ("counter beyond 64 bits", lambda parts: [*parts[:3], 2**64, parts[4]]),
        ("challenge as text", lambda parts: [*parts[:4], "challenge"]),
        ("challenge undefined", lambda parts: [*parts[:4], cbor2.undefined]),
        ("disclosures as a map", lambda parts: [parts[0], {}, *parts[2:]]),
        ("disclosure as text", lambda parts: [parts[0], ["name"], *parts[2:]]),
        ("slip as text", lambda parts: ["slip", *parts[1:]]),
        ("slip without its tag", lambda parts: [parts[0][1:], *parts[1:]]),
        ("slip is empty", lambda parts: [b"", *parts[1:]]),
    ):
        forged("slip_malformed", differs, gate(encode_shown=partial(changed_shown, shown)))
    forged("slip_malformed", "array of open length", gate(encode_shown=opened))
    forged("slip_malformed", "header is an array", gate(encode_header=lambda header: cbor2.dumps(list(header))))
    forged(
        "slip_malformed",
        "header key is true",
        gate(encode_header=lambda header: cbor2.dumps({True: -7} | dict(list(header.items())[1:]))),
    )
    forged("slip_malformed", "payload is null", gate(encode_parts=lambda parts: cbor2.dumps([*parts[:2], None, parts[3]])))
    forged("slip_not_canonical", "a byte after the end", gate(tampered=lambda data: data + b"\0"))
    forged("slip_not_canonical", "time in nine bytes", gate(encode_shown=wide))
    forged(
        "slip_not_canonical", "array length in two bytes", gate(encode_parts=lambda parts: b"\x98\x04" + cose.encode(parts)[1:])
    )
    forged("slip_not_canonical", "device header in a long form", gate(encode_header=long_header))
    forged("slip_malformed", "algorithm named twice", gate(encode_header=twice))
    forged("slip_not_canonical", "issuer header in another order", gate(encode_header=backwards))
    forged("slip_not_canonical", "claims in another order", gate(encode_claims=backwards))
    forged("slip_claim", "a claim named twice", gate(encode_claims=twice))
    forged(
        "slip_not_canonical",
        "lengths of claims in two bytes",
        gate(encode_claims=lambda one: b"\xb8" + bytes([len(one)]) + cose.encode(one)[1:]),
    )


def changed_shown(change: Callable[[Any], Any], parts: Any) -> bytes:
    """What the device signs, changed before."""
    return cbor2.dumps(change(parts))


def opened(parts: Any) -> bytes:
    """An array whose length is left open."""
    return b"\x9f" + cose.encode(parts)[1:] + b"\xff"


def wide(parts: Any) -> bytes:
    """The time in eight bytes where four suffice."""
    before, short, after = cose.encode(parts).rpartition(cose.encode(parts[2]))
    return before + b"\x1b" + bytes(4) + short[1:] + after


def long_header(header: Any) -> bytes:
    """The key 1 in two bytes."""
    return cose.encode(header).replace(b"\x01\x26", b"\x18\x01\x26")


def twice(pairs: Any) -> bytes:
    """The first member of a map two times, first with another value."""
    spelled = cose.encode(pairs)
    key = cose.encode(next(iter(cose.decode(spelled))))
    return bytes([spelled[0] + 1]) + key + b"\x00" + spelled[1:]


def backwards(pairs: Any) -> bytes:
    """A map from its last member to its first."""
    return cbor2.dumps(dict(reversed(list(pairs.items())))) if len(pairs) > 1 else cose.encode(pairs)


def headers() -> None:
    """What the signatures are made of."""
    kid = CITY.certified(CITY.signer)[:8]
    forged("slip_header", "unprotected of the device", gate(device_unprotected={cose.KEY_ID: kid}))
    forged("slip_header", "unprotected of the issuer", gate(unprotected={cose.KEY_ID: kid}))
    forged("slip_header", "certificate beside the slip", gate(unprotected={33: CITY.leaf[:20]}))
    forged("slip_header", "device header names a key", gate(device_header={cose.ALGORITHM: cose.ES256, cose.KEY_ID: kid}))
    forged("slip_header", "device header has a type", gate(device_header={cose.ALGORITHM: cose.ES256, 16: "x"}))
    forged("slip_header", "critical extension", replace(gate(), header=gate().header | {2: [16]}))
    forged("slip_header", "header has a type", replace(gate(), header=gate().header | {16: "application/cwt"}))
    forged("slip_header", "kid as text", headed(gate(), KEY_ID="12345678"))
    forged("slip_header", "no kid", headed(gate(), cose.KEY_ID))
    for algorithm in (-8, -35, -257, 5):
        forged("slip_algorithm", "header.alg", headed(gate(), ALGORITHM=algorithm))
    forged("slip_algorithm", "header.alg", headed(gate(), cose.ALGORITHM))
    for header in ({cose.ALGORITHM: -8}, {cose.ALGORITHM: -35}, {}):
        forged("slip_algorithm", "device header.alg", gate(device_header=header))


def issuers() -> None:
    """Whose word it is."""
    forged("slip_key_unknown", "header.kid", headed(gate(), KEY_ID=bytes(8)))
    forged("slip_key_unknown", "header.kid", headed(gate(), KEY_ID=hashlib.sha256(CITY.leaf).digest()))
    forged("slip_key_unknown", "issuer_keys", gate(), issuer_keys=[])
    forged("slip_key_unknown", "issuer_keys", gate(), issuer_keys=[text64(CITY.certified(signer()))])
    stranger = City("stranger")
    twin = City("city")
    for other in (stranger, twin):
        forged("certificate_foreign", "root", code("gate", city=other), issuer_keys=[text64(other.leaf)])
    forged("certificate_foreign", "trust", gate(), trust={"anchors": [trusted(stranger.anchor())]})
    forged("certificate_foreign", "trust", gate(), trust={"anchors": [trusted(twin.anchor())]})
    for purpose in (Purpose.STATUS, Purpose.TRUST_LIST):
        key = signer()
        certified(key, CITY.certified(key, purpose=purpose), "certificate_purpose")
    key = signer()
    certified(key, CITY.certified(key, begins=NOW - 300 * DAY, days=299), "certificate_expired")
    certified(key, CITY.certified(key, begins=NOW + DAY), "certificate_not_yet_valid")
    forged("slip_signature", "signer", gate(signer=signer()))
    forged("slip_signature", "signer", gate(signer=PHONE))
    for external in (b"", slip_claims.ENVELOPE, b"urn:idverify:qr:slip:2"):
        forged("slip_signature", "external data of the slip", gate(external=external))
    forged("slip_signature", "slip.signature", gate(tampered_slip=flipped(-1)))
    forged("slip_signature", "slip.claims.name", gate(tampered_slip=swapped(b"Zhang", b"Zheng")))
    forged("slip_signature", "slip.claims.age_over_18", code_of_a_child())
    forged("slip_signature", "slip.signature", gate(tampered_slip=shortened))
    forged("slip_issuer", "claims.iss", saying(gate(), ISS="https://id.other.example"))
    forged("slip_issuer", "claims.iss", saying(gate(), ISS=f"{ISSUER}/"))
    forged("slip_issuer", "claims.iss", saying(gate(), ISS=ISSUER.upper()))
    issuers_not_listed()
    for vct in ("identity-card:2", "Identity-card:1", "urn:idverify:vct:identity-card:1", "passport:1"):
        widest = trusted(CITY.anchor(frozenset((CARD.vct, f"urn:idverify:vct:{vct}"))))
        forged("slip_type_unknown", "claims.vct", saying(gate(), VCT=vct), trust={"anchors": [widest]})
    for types in ((LICENCE.vct,), ("urn:idverify:vct:insurance-status:1",), ("urn:idverify:vct:identity-card:2",)):
        forged("slip_type_not_trusted", "trust.types", gate(), trust={"anchors": [trusted(CITY.anchor(frozenset(types)))]})


def issuers_not_listed() -> None:
    """A root that speaks in a name with which no list has it, and a root whose list has ended."""
    other = "https://id.other.example"
    for names in ((other,), (f"{ISSUER}/",), (other, ISSUER.upper())):
        elsewhere = {"anchors": [trusted(CITY.anchor(issuers=names))]}
        forged("slip_issuer_not_trusted", "trust.issuers", gate(), trust=elsewhere)
    key = signer()
    both = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(one) for one in (ISSUER, other)])
    leaf = CITY.certified(key, names=(both, False))
    made = headed(gate(signer=key), KEY_ID=hashlib.sha256(leaf).digest()[:8])
    forged("slip_issuer_not_trusted", "claims.iss", saying(made, ISS=other), issuer_keys=[text64(leaf)])
    split = [trusted(CITY.anchor(frozenset((LICENCE.vct,)))), trusted(CITY.anchor(issuers=(other,)))]
    forged("slip_type_not_trusted", "trust.types", gate(), trust={"anchors": split})
    ended = [trusted(CITY.anchor())]
    for held in (City("stranger"), City("city"), CITY_ELSEWHERE):
        forged("trust_list_expired", "trust", gate(), trust={"anchors": [trusted(held.anchor())], "ended": ended})


def certified(key: Any, leaf: bytes, refusal: str) -> None:
    """A slip by a key whose certificate is not good for it."""
    made = headed(gate(signer=key), KEY_ID=hashlib.sha256(leaf).digest()[:8])
    forged(refusal, "certificate", made, issuer_keys=[text64(leaf)])


def code_of_a_child() -> Code:
    """Whose age was altered after the city signed."""
    child = meaning(gate(), said={"name": "Zhang Wei", "age_over_18": False})
    return replace(child, tampered_slip=swapped(b"age_over_18\xf4", b"age_over_18\xf5"))


def shortened(data: bytes) -> bytes:
    """A signature of 63 bytes, its length set right."""
    return data[:-66] + b"\x58\x3f" + data[-64:-1]


def claims() -> None:
    """What the city says, signed by it, and wrong."""
    base = gate()
    confirmation = base.claims[slip_claims.CNF][1]
    for name in ("ISS", "EXP", "IAT", "CNF", "VCT", "OURS"):
        forged("slip_claim", f"claims.{name.lower()} missing", saying(base, getattr(slip_claims, name)))
    for name, value in (
        ("EXP", str(int(NOW) + 60)),
        ("IAT", -1),
        ("IAT", True),
        ("ISS", ""),
        ("CNF", {1: confirmation | {-3: confirmation[-2]}}),
        ("CNF", {1: confirmation | {-1: 2}}),
        ("CNF", {1: confirmation, 3: b"kid"}),
        ("CNF", {1: confirmation | {-2: confirmation[-2][:31]}}),
        ("OURS", dict(enumerate(base.claims[slip_claims.OURS]))),
        ("OURS", base.claims[slip_claims.OURS][:3]),
        ("OURS", [*base.claims[slip_claims.OURS], None]),
        ("OURS", [*base.claims[slip_claims.OURS], "dev", "x"]),
    ):
        forged("slip_claim", f"claims.{name.lower()}", saying(base, **{name: value}))
    for name, values in (
        ("list_number", (0, -7, 2**31, 2**53, "7", True, f"{ISSUER}/v1/status-lists/7")),
        ("list_index", (-5, 2**20, "5", True)),
        ("purpose", (b"gate", "")),
        ("said", ({"name": {"first": "Wei"}}, {1: "Wei"}, ["name"], None)),
        ("env", (1, "")),
    ):
        for value in values:
            forged("slip_claim", f"claims.ours.{name}", meaning(base, **{name: value}))
    forged("slip_claim", "a claim that no slip has", replace(base, claims=base.claims | {7: b"id"}))
    backwards_ = slip_claims.ours(police().claims).digests[::-1]
    forged("slip_claim", "digests in another order", meaning(police(), said=backwards_))
    forged("slip_claim", "a digest twice", meaning(police(), said=[bytes(32), bytes(32)]))
    forged("slip_claim", "a digest of 31 bytes", meaning(police(), said=[bytes(31)]))
    forged(
        "slip_claim",
        "expiry as a float",
        gate(encode_claims=lambda one: cbor2.dumps(one | {4: float(one[4])}, canonical=False)),
    )
    forged("slip_claim", "claims are an array", gate(encode_claims=lambda one: cose.encode(list(one))))
    for environment in ("dev", "sandbox"):
        forged("slip_environment", "allow_dev", code("gate", environment=environment))
    forged("slip_environment", "claims.env", meaning(base, env="test"), allow_dev=True)
    forged("slip_environment", "claims.env", meaning(base, env="production"))
    for purpose in ("bar", "Gate", "counter", "police"):
        forged("slip_purpose_undeclared", "claims.purpose", meaning(base, purpose=purpose))
    forged("slip_purpose_undeclared", "digests for claims", meaning(base, said=[]))
    forged("slip_purpose_undeclared", "claims.purpose", meaning(licence(), purpose="gate"))
    for name in ("document_number", "address", "portrait", "is_police"):
        said = {**slip_claims.ours(base.claims).claims, name: "x"}
        forged("slip_claim_undeclared", "claims", meaning(base, said=said))


def times() -> None:
    """Of the slip."""
    at = int(NOW)
    for seconds in (62, 120, 86_000):
        forged("slip_not_yet_valid", "claims.iat", saying(gate(), IAT=at + seconds))
    for expires in (at + 1, at, at - 3600):
        forged("slip_expired", "claims.exp", saying(gate(), EXP=expires))
    forged("slip_expired", "now", gate(), now=NOW + 24 * 3600)
    for issued, expires in ((at, at + 24 * 3600 + 1), (at, at + 7 * 24 * 3600), (at + 30, at + 30), (at + 30, at + 10)):
        forged("slip_lifetime", "claims.iat and exp", saying(gate(), IAT=issued, EXP=expires))


def disclosures() -> None:
    """What the holder shows."""
    salt = bytes(16)
    for differs, made in (
        ("salt of 15 bytes", cose.encode([salt[:15], "sex", "male"])),
        ("salt as text", cose.encode(["0123456789abcdef", "sex", "male"])),
        ("no value", cose.encode([salt, "sex"])),
        ("a fourth part", cose.encode([salt, "sex", "male", 1])),
        ("a name that is a number", cose.encode([salt, 1, "male"])),
        ("a value that is a map", cose.encode([salt, "sex", {"value": "male"}])),
        ("no CBOR", b"\xff\xff"),
        ("a byte after the end", cose.encode([salt, "sex", "male"]) + b"\0"),
        ("array length in two bytes", b"\x98\x03" + cose.encode([salt, "sex", "male"])[1:]),
    ):
        forged("slip_disclosure_malformed", differs, signing(made))
    for name in ("age_over_18", "portrait", "is_police", "iss"):
        forged("slip_disclosure_undeclared", "disclosure.name", revealing((name, "x")))
    genuine = police()
    sex = genuine.disclosures[1]
    forged("slip_disclosure_altered", "disclosure.value", replace(genuine, disclosures=[sex.replace(b"female", b"kemale")]))
    forged("slip_disclosure_altered", "disclosure.salt", replace(genuine, disclosures=[flipped(5)(sex)]))
    forged("slip_disclosure_altered", "disclosure of another slip", replace(genuine, disclosures=[police().disclosures[0]]))
    added = slip_claims.disclosure("address", "1 Palace Road", salt)
    forged("slip_disclosure_altered", "a disclosure more", replace(genuine, disclosures=[*genuine.disclosures, added]))
    named = slip_claims.disclosure("name", "Another", salt)
    forged("slip_disclosure_altered", "a disclosure in a gate's slip", gate(disclosures=[named]))
    forged("slip_disclosure_repeated", "disclosures", replace(genuine, disclosures=[sex, sex]))
    forged("slip_disclosure_repeated", "disclosures", revealing(("sex", "male"), ("sex", "female")))
    forged("slip_disclosure_repeated", "disclosures", revealing(("name", "A"), ("sex", "male"), ("name", "A")))


def devices() -> None:
    """Who shows it, when, and to whom."""
    key = gate().claims[slip_claims.CNF][1]
    for x in (bytes(31) + b"\x01", b"\xff" * 32, bytes(31) + b"\x07"):
        forged_key = saying(gate(), CNF={1: key | {-2: x}})
        borrowed("slip_device_key", "claims.cnf", forged_key)
    borrowed("slip_device_signature", "device", gate(device=signer()))
    borrowed("slip_device_signature", "device", gate(device=CITY.signer))
    borrowed("slip_device_signature", "sign of y", saying(gate(), CNF={1: key | {-3: not key[-3]}}))
    for external in (b"", slip_claims.SLIP, b"urn:idverify:qr:envelope:2"):
        borrowed("slip_device_signature", "external data of the device", gate(device_external=external))
    late = int(NOW).to_bytes(4, "big")
    borrowed(
        "slip_device_signature",
        "shown.t",
        gate(shown_at=int(NOW) - 300, tampered=swapped((int(NOW) - 300).to_bytes(4, "big"), late)),
    )
    borrowed("slip_device_signature", "shown.ctr", gate(counter=1000, tampered=swapped(b"\x19\x03\xe8", b"\x19\x03\xe9")))
    other = bytes(8)
    borrowed(
        "slip_device_signature",
        "shown.challenge",
        gate(challenge=other, tampered=swapped(b"\x48" + other, b"\x48" + CHALLENGE)),
        challenge=text64(CHALLENGE),
    )
    borrowed("slip_device_signature", "signature", gate(tampered=flipped(-1)))
    borrowed("slip_device_signature", "signature", gate(tampered=shortened))
    for seconds in (60, 61, 300):
        borrowed("slip_stale", "shown.t", gate(shown_at=int(NOW) - seconds))
    borrowed("slip_stale", "now", gate(), now=NOW + 61)
    borrowed("slip_stale", "now", gate(challenge=CHALLENGE), challenge=text64(CHALLENGE), now=NOW + 300)
    for seconds in (32, 300, 86_400):
        borrowed("slip_from_the_future", "shown.t", gate(shown_at=int(NOW) + seconds))
    for purpose in ("police", "gate_portrait", "Gate"):
        borrowed("slip_purpose", "purpose", gate(), purpose=purpose)
    for made in (gate(), police(), licence()):
        borrowed("slip_challenge_missing", "challenge", made, challenge=text64(CHALLENGE))
    for answer in (bytes(8), CHALLENGE[:7], CHALLENGE + b"\0", b""):
        borrowed("slip_challenge", "shown.challenge", gate(challenge=answer), challenge=text64(CHALLENGE))
    borrowed("slip_challenge", "challenge", gate(challenge=CHALLENGE))
    shown = gate(counter=7)
    text = shown.text
    borrowed("slip_replayed", "before", text, before=[text])
    borrowed("slip_replayed", "before", replace(shown, shown_at=int(NOW) + 1), before=[text])
    borrowed("slip_replayed", "before", replace(shown, counter=6), before=[text])
    borrowed("slip_replayed", "before", replace(shown, counter=7, challenge=None), before=[replace(shown, counter=8).text])


def statuses() -> None:
    """What the list says."""
    for made in (gate(), police(), replace(police(), disclosures=[])):
        standing("credential_revoked", "REVOKED", "status_lists", made, status_lists=[signed_list(5)])
    revoked = signed_list(9, uri=LICENCES, bits=2)
    standing("credential_revoked", "REVOKED", "status_lists", licence(), status_lists=[revoked])
    for other in ((), (8,), (10,)):
        held = [signed_list(*other, suspended=[9], uri=LICENCES, bits=2)]
        standing("credential_suspended", "SUSPENDED", "status_lists", licence(), status_lists=held)
    standing("status_unknown", "UNKNOWN", "status_lists", gate(), status_lists=[])
    standing("status_unknown", "UNKNOWN", "status_lists", gate(), status_lists=[signed_list(now=NOW - DAY)])
    standing("status_unknown", "UNKNOWN", "status_lists", gate(), status_lists=[signed_list(5, now=NOW - 2 * DAY)])
    for number in (70, 2**31 - 1):
        standing("status_unknown", "UNKNOWN", "claims.ours.list_number", meaning(gate(), list_number=number))
    short = packed_list(pack(1, [], bytes(128)), LIST, 1, NOW - 60, STATUS_SIGNER, STATUS_LEAF)
    standing("status_unknown", "UNKNOWN", "claims.ours.list_index", meaning(gate(), list_index=1024), status_lists=[short])
    standing(
        "status_unknown",
        "UNKNOWN",
        "status 3",
        licence(),
        status_lists=[packed_list(pack(2, [(9, 3)]), LICENCES, 2, NOW - 60, STATUS_SIGNER, STATUS_LEAF)],
    )
    both = {"anchors": [trusted(CITY.anchor()), trusted(IMPOSTOR.anchor())]}
    for index in (5, 6, 7):
        foreign = packed_list(pack(1, [(index, 1)]), LIST, 1, NOW - 60, IMPOSTOR_STATUS, IMPOSTOR_STATUS_LEAF)
        standing("status_foreign", "UNKNOWN", "status_lists", gate(), status_lists=[foreign], trust=both)


def main() -> None:
    """Write the file."""
    make()
    FILE.write_text(json.dumps({"common": COMMON, "vectors": VECTORS}, indent=1, ensure_ascii=True) + "\n", "ascii")


if __name__ == "__main__":
    main()
