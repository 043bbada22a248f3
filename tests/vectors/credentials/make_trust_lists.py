"""Writes trust_lists.json: lists that a reader accepts, and lists that differ from one of them in one named field.

Run it from the root of the repository: `python tests/vectors/credentials/make_trust_lists.py`. Its keys are made anew each time.
docs/reference/trust-lists.md describes the file.
"""

import base64
import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from credentials.authority import CERTIFY_ONLY, DAY, Authority, public, signer
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from idverify.credentials.purposes import Purpose
from idverify.credentials.trust_list_document import CREDENTIAL_ISSUERS, ISSUING
from idverify.keys.jwk import base64url

FILE = Path(__file__).with_name("trust_lists.json")
NOW = 1_800_000_000
BEGINS = NOW - 30 * DAY
OPERATOR, CITY, INSURER = "https://trust.example", "https://city.example", "https://insurer.example"
NAMED = ("Trust operator", "CN")
TYPES = {"identity": "urn:idverify:vct:identity-card:1", "insurance": "urn:idverify:vct:insurance-status:1"}
Path_ = tuple[str | int, ...]


def root(name: str, **parts: Any) -> Authority:
    """A root that has been valid for a month."""
    return Authority(name, begins=BEGINS, **parts)


class Maker:
    """The operator of a list, its key, and whatever else is needed to get it wrong."""

    def __init__(self) -> None:
        self.root, self.signer = root("Trust operator"), signer()
        self.city, self.insurer = root("City A"), root("Insurer")
        self.leaf = self.certified()
        self.header = {"alg": "ES256", "kid": self.signer.kid, "typ": "trustlist+jwt", "x5c": self.chain()}
        self.payload = self.document()
        self.text = self.signed()

    def certified(self, **changes: Any) -> bytes:
        """A leaf for the operator's key."""
        held: dict[str, Any] = {"begins": BEGINS, "purpose": Purpose.TRUST_LIST, "operator": NAMED} | changes
        by = held.pop("by", self.root)
        return bytes(by.certify(public(self.signer), OPERATOR, **held))

    def chain(self, leaf: bytes | None = None, above: bytes | None = None) -> list[str]:
        """What x5c holds."""
        return [base64.b64encode(one).decode() for one in (leaf or self.leaf, above or self.root.certificate)]

    def document(self) -> dict[str, Any]:
        """The list that is accepted."""
        return {
            "LoTE": {
                "ListAndSchemeInformation": {
                    "LoTEVersionIdentifier": 1,
                    "LoTESequenceNumber": 12,
                    "LoTEType": CREDENTIAL_ISSUERS,
                    "SchemeOperatorName": [{"lang": "en", "value": "Trust operator"}, {"lang": "zh-CN", "value": "信任列表"}],
                    "SchemeOperatorAddress": address("SchemeOperator"),
                    "SchemeInformationURI": page(OPERATOR),
                    "SchemeTerritory": "CN",
                    "ListIssueDateTime": moment(NOW - DAY),
                    "NextUpdate": moment(NOW + 6 * DAY),
                },
                "TrustedEntitiesList": [
                    entity("City A", self.city, CITY, "identity", "insurance"),
                    entity("Insurer", self.insurer, INSURER, "insurance"),
                ],
            }
        }

    def signed(self, payload: Any = None, **header: Any) -> str:
        """The list under the operator's genuine key. A payload or header in bytes is taken as it is."""
        payload = self.payload if payload is None else payload
        headers = header.pop("header", {**self.header, **header})
        parts = [one if isinstance(one, bytes) else dump(one) for one in (headers, payload)]
        body = ".".join(map(base64url, parts))
        return f"{body}.{base64url(self.signer.sign(body.encode()))}"

    def with_(self, path: Path_, value: Any) -> str:
        """The list with another value at the path; `...` takes it out."""
        payload = json.loads(json.dumps(self.payload))
        place = payload
        for step in path[:-1]:
            place = place[step]
        if value is ...:
            del place[path[-1]]
        else:
            place[path[-1]] = value
        return self.signed(payload)

    def under(self, leaf: bytes | None = None, above: bytes | None = None) -> str:
        """The list under another chain."""
        return self.signed(x5c=self.chain(leaf, above))


INFORMATION: Path_ = ("LoTE", "ListAndSchemeInformation")
FIRST: Path_ = ("LoTE", "TrustedEntitiesList", 0)
SERVICE: Path_ = (*FIRST, "TrustedEntityServices", 0, "ServiceInformation")
IDENTIFIER: Path_ = (*SERVICE, "ServiceTypeIdentifier")
EXTENSIONS: Path_ = (*SERVICE, "ServiceInformationExtensions")
POINTS: Path_ = (*SERVICE, "ServiceSupplyPoints")
VAL: Path_ = (*SERVICE, "ServiceDigitalIdentity", "X509Certificates", 0, "val")


def moment(seconds: float) -> str:
    """As the list spells a time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def address(whose: str) -> dict[str, Any]:
    """Where somebody is reached."""
    postal = {"lang": "en", "StreetAddress": "1 Example Road", "Locality": "Example City", "Country": "CN"}
    electronic = {"lang": "en", "uriValue": "mailto:id@city.example"}
    return {f"{whose}PostalAddress": [postal], f"{whose}ElectronicAddress": [electronic]}


def page(uri: str) -> list[dict[str, str]]:
    """Where to read more."""
    return [{"lang": "en", "uriValue": uri}]


def entity(name: str, authority: Authority, issuer: str, *types: str) -> dict[str, Any]:
    """One issuer, with a service for each type."""
    named = [{"lang": "en", "value": name}]
    service: dict[str, Any] = {
        "ServiceName": named,
        "ServiceDigitalIdentity": {"X509Certificates": [{"val": base64.b64encode(authority.certificate).decode()}]},
        "ServiceSupplyPoints": [{"ServiceType": ISSUING, "uriValue": issuer}],
    }
    services = [service | {"ServiceTypeIdentifier": f"{ISSUING}:{TYPES[one]}"} for one in types]
    information = {"TEName": named, "TEAddress": address("TE"), "TEInformationURI": page(issuer)}
    return {"TrustedEntityInformation": information, "TrustedEntityServices": [{"ServiceInformation": one} for one in services]}


def dump(value: Any) -> bytes:
    """JSON in its shortest spelling."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def spelled(path: Path_) -> str:
    """A path as people write it."""
    return "payload." + ".".join(map(str, path))


def refused_signatures(m: Maker) -> list[dict[str, Any]]:
    """What the checks of every signed token refuse."""
    head, body, signature = m.text.split(".")
    raw, header = dump(m.payload), dump(m.header)
    stranger = signer()
    other = base64url(stranger.sign(f"{head}.{body}".encode()))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    nested = {"LoTE": m.payload["LoTE"], "more": json.loads("[" * 16 + "]" * 16)}

    def twice(text: bytes, name: str, value: Any) -> bytes:
        return b"{" + dump(name) + b":" + dump(value) + b"," + text[1:]

    surrogate = raw.replace(b'"SchemeTerritory":"CN"', b'"SchemeTerritory":"\\ud800"')
    of = {
        "token_too_large": [("length of text", {"text": m.text, "pad": n}) for n in (1 << 20, (1 << 20) + 1, 1 << 21)],
        "token_malformed": [
            ("number of parts", m.text + ".AAAA"),
            ("number of parts", f"{head}.{body}"),
            ("payload", m.signed(b'"LoTE"')),
            ("header", m.signed(header=b"[]")),
        ],
        "token_encoding": [
            ("signature", m.text[:-1] + alphabet[alphabet.index(m.text[-1]) + 1]),
            ("signature", m.text + "=="),
            ("payload", f"{head}.{body[:40]} {body[40:]}.{signature}"),
        ],
        "token_duplicate_member": [
            ("header.alg", m.signed(header=twice(header, "alg", "none"))),
            ("header.x5c", m.signed(header=twice(header, "x5c", []))),
            (spelled(("LoTE",)), m.signed(twice(raw, "LoTE", {}))),
        ],
        "token_critical": [("header.crit", m.signed(crit=one)) for one in (["b64"], ["exp", "sigT"], [])],
        "token_header_forbidden": [
            ("header.jku", m.signed(jku="https://evil.example/keys")),
            ("header.jwk", m.signed(jwk=m.signer.public_jwk())),
            ("header.x5u", m.signed(x5u="https://evil.example/root")),
            ("header.b64", m.signed(b64=True)),
        ],
        "token_algorithm": [("header.alg", m.signed(alg=one)) for one in ("none", "HS256", "ES384", ["ES256"])],
        "token_type": [("header.typ", m.signed(typ=one)) for one in ("JWT", "dc+sd-jwt", "statuslist+jwt", "TrustList+jwt")],
        "token_key_unknown": [("header.kid", m.signed(kid=one)) for one in (stranger.kid, "", m.signer.kid + "A", None)],
        "token_signature": [
            ("signature", f"{head}.{body}.{other}"),
            ("signature", f"{head}.{body}.{base64url(bytes(64))}"),
            ("signature", f"{head}.{body}.{signature}AA"),
            ("payload", f"{head}.{base64url(raw.replace(b'City A', b'City B'))}.{signature}"),
        ],
        "token_number": [("payload.extra", m.signed(twice(raw, "extra", n))) for n in map(float, ("nan", "inf", "-inf"))],
        "token_nesting": [
            ("payload.more", m.signed(nested)),
            ("payload.more", m.signed(nested | {"more": json.loads('{"a":' * 17 + "1" + "}" * 17)})),
            ("payload.more", m.signed(twice(raw, "more", json.loads("[" * 40 + "]" * 40)))),
        ],
        "token_text": [
            (spelled((*INFORMATION, "SchemeTerritory")), m.signed(surrogate)),
            ("payload.extra", m.signed(raw[:-1] + b',"extra":"\\udfff"}')),
            ("payload.extra", m.signed(raw[:-1] + b',"\\ud834":1}')),
        ],
    }
    return spread(of)


def refused_certificates(m: Maker) -> list[dict[str, Any]]:
    """What the checks of certificates refuse, of a list's chain."""
    stranger, twin = root("Stranger"), root("Trust operator")
    usage = x509.KeyUsage(True, False, False, False, False, True, False, False, False)
    good, above = m.chain()
    of = {
        "certificate_missing": [
            ("header.x5c", m.signed(x5c=[good])),
            ("header.x5c", m.signed(x5c=[good, above, above])),
            ("header.x5c", m.signed(x5c=[])),
            ("header.x5c", m.signed(header={k: v for k, v in m.header.items() if k != "x5c"})),
        ],
        "certificate_malformed": [
            ("header.x5c.0", m.signed(x5c=[base64.b64encode(b"no certificate").decode(), above])),
            ("header.x5c.0", m.signed(x5c=[base64.urlsafe_b64encode(m.leaf).decode() + "\n", above])),
            ("header.x5c.0", m.signed(x5c=[good[:-4], above])),
            ("header.x5c.0", m.signed(x5c=[good[:64] + "\n" + good[64:], above])),
            ("header.x5c.1", m.signed(x5c=[good, above + "===="])),
        ],
        "certificate_foreign": [
            ("header.x5c.0", m.under(m.certified(by=stranger))),
            ("header.x5c.0", m.under(m.certified(by=twin))),
            ("header.x5c.0", m.under(m.certified(digest=hashes.SHA512()))),
        ],
        "certificate_unsuitable": [
            ("header.x5c.0 basicConstraints", m.under(m.certified(constraints=(x509.BasicConstraints(True, 0), True)))),
            ("header.x5c.0 keyUsage", m.under(m.certified(usage=(usage, True)))),
            ("header.x5c.0 keyUsage critical", m.under(m.certified(usage=None))),
            (
                "header.x5c.0 unknown critical extension",
                m.under(m.certified(more=(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True))),
            ),
        ],
        "certificate_purpose": [
            ("header.x5c.0 extendedKeyUsage", m.under(m.certified(purpose=Purpose.CREDENTIAL))),
            ("header.x5c.0 extendedKeyUsage", m.under(m.certified(purpose=Purpose.STATUS))),
            ("header.x5c.0 extendedKeyUsage", m.under(m.certified(purpose="2.5.29.37.0"))),
            ("header.x5c.0 extendedKeyUsage", m.under(m.certified(purpose=(Purpose.TRUST_LIST, Purpose.STATUS)))),
        ],
        "certificate_expired": [
            ("header.x5c.0 notAfter", m.under(m.certified(days=29))),
            ("header.x5c.0 notAfter", m.under(m.certified(days=1))),
            ("now", {"text": m.text, "now": BEGINS + 270 * DAY + 1}),
        ],
        "certificate_not_yet_valid": [
            ("header.x5c.0 notBefore", m.under(m.certified(begins=NOW + 61))),
            ("header.x5c.0 notBefore", m.under(m.certified(begins=NOW + DAY))),
            ("now", {"text": m.text, "now": BEGINS - 61}),
        ],
    }
    return spread(of)


def refused_lists(m: Maker) -> list[dict[str, Any]]:
    """What the checks of lists refuse."""
    digest = hashlib.sha256(dump(m.payload)).hexdigest()
    wrong_pins = (hashlib.sha256(root("Trust operator").certificate).hexdigest(), hashlib.sha256(m.leaf).hexdigest(), "0" * 64)

    def at(path: Path_, *values: Any) -> list[tuple[str, str]]:
        return [(spelled(path), m.with_(path, value)) for value in values]

    def held(sequence: int, sha256: str) -> dict[str, Any]:
        return {"text": m.text, "held": {"sequence": sequence, "sha256": sha256}}

    authority = [(x509.BasicConstraints(ca=True, path_length=1), True), (CERTIFY_ONLY, True)]
    no_authority = [(x509.BasicConstraints(ca=False, path_length=None), True), (CERTIFY_ONLY, True)]
    keyless = [(x509.BasicConstraints(ca=True, path_length=0), True)]
    stranger_things = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    unread = [(x509.BasicConstraints(ca=True, path_length=0), True), (CERTIFY_ONLY, True), (stranger_things, True)]
    bad_roots = [
        root("City A", extensions=unread).certificate,
        root("City A", extensions=authority).certificate,
        root("City A", extensions=no_authority).certificate,
        root("City A", extensions=keyless).certificate,
        root("City A", key=ec.generate_private_key(ec.SECP384R1())).certificate,
        m.city.certify(public(m.signer), CITY, begins=BEGINS),
        m.city.certify(
            public(m.signer),
            "City A",  # its own issuer by name, and another's by signature
            begins=BEGINS,
            constraints=(x509.BasicConstraints(ca=True, path_length=0), True),
            usage=(CERTIFY_ONLY, True),
        ),
    ]
    unknown = "urn:example:only-on-sundays"
    again, elsewhere = (entity("City A again", m.city, issuer, "identity") for issuer in (CITY, INSURER))
    entities = m.payload["LoTE"]["TrustedEntitiesList"]
    of = {
        "trust_list_pin": [("pin", {"text": m.text, "pin": one}) for one in wrong_pins],
        "trust_list_malformed": [
            *at(("LoTE",), ...),
            *at(INFORMATION, []),
            *at((*INFORMATION, "LoTESequenceNumber"), "12", 0, True, 12.5),
            *at((*INFORMATION, "SchemeOperatorName"), [], "City"),
            *at((*INFORMATION, "SchemeTerritory"), 86),
            *at((*INFORMATION, "ListIssueDateTime"), "2027-01-14", "2027-02-30T00:00:00Z", NOW - DAY),
            *at((*INFORMATION, "NextUpdate"), ..., "2027-01-21T08:00:00+00:00", "2027-01-21T08:00:00.5Z"),
            *at(("LoTE", "TrustedEntitiesList"), [], {}),
            *at((*FIRST, "TrustedEntityServices"), [], ...),
            *at((*FIRST, "TrustedEntityInformation", "TEName"), []),
            *at((*SERVICE, "ServiceDigitalIdentity", "X509Certificates"), [], [{"val": 1}]),
            *at(VAL, "not base64!", base64.b64encode(m.city.certificate).decode() + "\n"),
            *at(EXTENSIONS, {}, [1]),
            *at((*POINTS, 0, "uriValue"), 1, ""),
        ],
        "trust_list_version": at((*INFORMATION, "LoTEVersionIdentifier"), 2, "1", True, ...),
        "trust_list_kind": at((*INFORMATION, "LoTEType"), "http://uri.etsi.org/19602/LoTEType/EUWalletProvidersList", "", ...),
        "trust_list_future": [
            *at((*INFORMATION, "ListIssueDateTime"), moment(NOW + 61), moment(NOW + DAY)),
            ("now", {"text": m.text, "now": NOW - DAY - 61}),
        ],
        "trust_list_lifetime": [
            *at((*INFORMATION, "NextUpdate"), moment(NOW + 30 * DAY + 1), moment(NOW - DAY), moment(NOW - 2 * DAY)),
            *at((*INFORMATION, "ListIssueDateTime"), moment(NOW - 26 * DAY)),
        ],
        "trust_list_expired": [
            ("now", {"text": m.text, "now": NOW + 6 * DAY}),
            ("now", {"text": m.text, "now": NOW + 60 * DAY}),
            *at((*INFORMATION, "NextUpdate"), moment(NOW), moment(NOW - 3600)),
        ],
        "trust_list_rolled_back": [
            ("held.sequence", held(13, digest)),
            ("held.sequence", held(1200, digest)),
            *[
                (field, {"text": text, "held": {"sequence": 12, "sha256": digest}})
                for field, text in at((*INFORMATION, "LoTESequenceNumber"), 11)
            ],
        ],
        "trust_list_equivocal": [
            ("held.sha256", held(12, "0" * 64)),
            ("held.sha256", held(12, "1" * 64)),
            *[
                (field, {"text": text, "held": {"sequence": 12, "sha256": digest}})
                for field, text in at((*FIRST, "TrustedEntityInformation", "TEName"), [{"lang": "en", "value": "Another"}])
            ],
        ],
        "trust_list_critical": [
            *at(
                EXTENSIONS,
                [{"critical": True, "uri": unknown}],
                [{"critical": False}, {"uri": unknown}],
                [{"critical": "false"}],
            ),
            *at((*FIRST, "TrustedEntityInformation", "TEInformationExtensions"), [{"critical": True, "uri": unknown}]),
            *at((*INFORMATION, "SchemeExtensions"), [{"critical": True, "uri": unknown}]),
        ],
        "trust_list_unscoped": at(IDENTIFIER, ISSUING, f"{ISSUING}:")
        + at(("LoTE", "TrustedEntitiesList", 1, *IDENTIFIER[3:]), ISSUING),
        "trust_list_unnamed": at(POINTS, [], ...) + at(("LoTE", "TrustedEntitiesList", 1, *POINTS[3:]), []),
        "trust_list_anchor": at(VAL, *(base64.b64encode(one).decode() for one in (*bad_roots, b"no certificate"))),
        "trust_list_repeated": [
            *at(("LoTE", "TrustedEntitiesList"), [*entities, again], [entities[0], entities[0]]),
            *at(
                (*FIRST, "TrustedEntityServices"), [*entities[0]["TrustedEntityServices"], *elsewhere["TrustedEntityServices"]]
            ),
        ],
    }
    return spread(of)


def spread(of: dict[str, list[tuple[str, Any]]]) -> list[dict[str, Any]]:
    """One vector a case: a text, or a text with what the reader has otherwise."""
    vectors = []
    for code, cases in of.items():
        for number, (differs, case) in enumerate(cases, start=1):
            more = case if isinstance(case, dict) else {"text": case}
            expect = {"authentic": False, "code": code}
            vectors.append({"name": f"{code} {number}", "differs": differs, **more, "expect": expect})
    return vectors


def accepted(m: Maker) -> list[dict[str, Any]]:
    """The list on which the others change one thing, and what a reader must not refuse."""
    digest = hashlib.sha256(dump(m.payload)).hexdigest()
    named = {"ServiceName": [{"lang": "en", "value": "Another service"}], "ServiceDigitalIdentity": {}}
    others = ({"ServiceTypeIdentifier": f"{ISSUING}s:x"}, {"ServiceTypeIdentifier": "urn:example:other"}, {})
    other = m.payload["LoTE"]["TrustedEntitiesList"][1] | {
        "TrustedEntityServices": [{"ServiceInformation": named | one} for one in others]
    }
    twice = 2 * m.payload["LoTE"]["TrustedEntitiesList"][0]["TrustedEntityServices"]
    unasked = {"critical": False, "uri": "urn:example:only-a-remark"}
    cases: list[tuple[str, dict[str, Any]]] = [
        ("nothing", {"text": m.text}),
        ("held", {"text": m.text, "held": {"sequence": 12, "sha256": digest}}),
        ("held", {"text": m.text, "held": {"sequence": 11, "sha256": "0" * 64}}),
        ("now", {"text": m.text, "now": NOW + 6 * DAY - 1}),
        ("now", {"text": m.text, "now": NOW - DAY - 60}),
        (spelled(EXTENSIONS), {"text": m.with_(EXTENSIONS, [unasked])}),
        (spelled((*INFORMATION, "SchemeExtensions")), {"text": m.with_((*INFORMATION, "SchemeExtensions"), [unasked])}),
        (spelled((*FIRST, "TrustedEntityServices")), {"text": m.with_((*FIRST, "TrustedEntityServices"), twice)}),
        (spelled(("LoTE", "TrustedEntitiesList")), {"text": m.with_(("LoTE", "TrustedEntitiesList"), ...), "expect": {}}),
        (spelled((*INFORMATION, "SchemeTerritory")), {"text": m.with_((*INFORMATION, "SchemeTerritory"), ...)}),
        (spelled(("LoTE", "TrustedEntitiesList", 1)), {"text": m.with_(("LoTE", "TrustedEntitiesList", 1), other)}),
    ]
    everyone = {
        hashlib.sha256(authority.certificate).hexdigest(): {"types": [TYPES[one] for one in types], "issuers": [issuer]}
        for authority, issuer, types in ((m.city, CITY, ("identity", "insurance")), (m.insurer, INSURER, ("insurance",)))
    }
    insurer = hashlib.sha256(m.insurer.certificate).hexdigest()
    without_insurer = {pin: held for pin, held in everyone.items() if pin != insurer}
    return [
        {
            "name": f"accepted {number}",
            "differs": differs,
            **case,
            "expect": {
                "authentic": True,
                "code": "accepted",
                "anchors": case.get("expect", without_insurer if number == len(cases) else everyone),
            },
        }
        for number, (differs, case) in enumerate(cases, start=1)
    ]


def main() -> None:
    """Write the file."""
    m = Maker()
    common = {"kind": "trust_list", "now": NOW, "pin": hashlib.sha256(m.root.certificate).hexdigest(), "held": None, "pad": 0}
    vectors = [*accepted(m), *refused_signatures(m), *refused_certificates(m), *refused_lists(m)]
    FILE.write_text(json.dumps({"common": common, "vectors": vectors}, indent=1, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()
