"""Presented mdocs that are refused, each for one thing: how each is made from one that is accepted. See presentation_cases.py."""

from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from idverify.credentials import cose, mdoc
from idverify.credentials.mdoc_elements import time_of
from idverify.credentials.purposes import Purpose
from idverify.keys.jwk import base64url

from .authority import Authority
from .city import CITY, DAY, ISSUER, LIST, LIST_OF_TWO, NOW, ORDER, REVOKED, STRANGER, SUSPENDED, key
from .mdocs import Draft, dumped, issued, signed
from .presentation_cases import (
    CA,
    CARD_ONLY,
    ELSEWHERE,
    INSURANCE,
    LISTS,
    OTHER,
    SUBURB,
    UNKNOWN,
    USAGE,
    Case,
    purposes,
    signing,
    trust,
)

Edit = Callable[[Draft], None]
CARD = ("name", "age_over_18")
OWN = "urn:idverify:namespace:identity-card:1"
ISO = "org.iso.18013.5.1"
EVERYTHING = ("name", "date_of_birth", "sex", "nationality", "document_number", "address", "issuing_authority", "age_over_18")


def two_names() -> bytes:
    """A leaf that names another city beside this one."""
    uris = [x509.UniformResourceIdentifier(one) for one in (ISSUER, ELSEWHERE.issuer)]
    return CITY.certify(names=(x509.SubjectAlternativeName(uris), False))


BASES: dict[str, Callable[[], Draft]] = {
    "accepted": lambda: Draft(CITY, issued(CITY), CARD),
    "accepted-everything": lambda: Draft(CITY, issued(CITY), EVERYTHING),
    "accepted-nothing": lambda: Draft(CITY, issued(CITY), ()),
    "accepted-sub": lambda: Draft(CITY, issued(CITY), ("sub",)),
    "accepted-licence": lambda: Draft(
        CITY, issued(CITY, "driving_licence"), ("name", "licence_number", "vehicle_classes", "valid_until")
    ),
    "accepted-proof": lambda: Draft(CITY, issued(CITY, "proof_of_life"), ("name",)),
    "accepted-dev": lambda: Draft(CITY, issued(CITY, environment="dev"), CARD, allow_dev=True),
    "accepted-seen-others": lambda: Draft(
        CITY, issued(CITY), CARD, seen=[BASES["accepted-sub"]().text() + "AA", _for_another_nonce(BASES["accepted"]())]
    ),
    "accepted-list-fetched-before": lambda: Draft(CITY, issued(CITY), CARD, fetched=NOW - 300),
    "accepted-clock-put-back": lambda: Draft(CITY, issued(CITY), CARD, fetched=NOW + 3600),
    "accepted-two-roots": lambda: Draft(CITY, issued(CITY), CARD, trust=trust(CITY.root, OTHER.root)),
    "accepted-two-issuers": lambda: Draft(
        CITY,
        issued(CITY),
        CARD,
        trust=trust(CITY.root, issuers=(ISSUER, SUBURB.issuer)),
        status_lists=[*LISTS, SUBURB.list()],
    ),
    "accepted-two-names": lambda: _certified(Draft(CITY, issued(CITY), CARD), two_names()),
    "accepted-any-order": lambda: _respelled(Draft(CITY, issued(CITY), CARD), sign=True),
}


def session(**changes: Any) -> Edit:
    """The reader asked otherwise than the holder answered."""
    return lambda draft: draft.context.update(session=draft.session | changes)


def context(**changes: Any) -> Edit:
    """The reader's side."""
    return lambda draft: draft.context.update(changes)


def header(**changes: Any) -> Edit:
    """Of the issuer's protected header."""
    return lambda draft: _change(draft.header, _labels(changes))


def unprotected(**changes: Any) -> Edit:
    """Of the issuer's other header."""
    return lambda draft: _change(draft.unprotected, _labels(changes))


def device_header(**changes: Any) -> Edit:
    """Of the device's protected header."""
    return lambda draft: _change(draft.device_header, _labels(changes))


def mso(**changes: Any) -> Edit:
    """Members of what the issuer signs; ... takes one out."""
    return lambda draft: _change(draft.mso, changes)


def validity(**changes: Any) -> Edit:
    """Members of validityInfo; a number is a time."""

    def edit(draft: Draft) -> None:
        times = {name: time_of(one) if isinstance(one, int | float) else one for name, one in changes.items()}
        draft.mso["validityInfo"] = dict(draft.mso["validityInfo"])
        _change(draft.mso["validityInfo"], times)

    return edit


def about(**changes: Any) -> Edit:
    """What it rests on."""

    def edit(draft: Draft) -> None:
        said = dict(draft.mso["deviceKeyInfo"]["keyInfo"][mdoc.ABOUT])
        _change(said, changes)
        draft.mso["deviceKeyInfo"] = {**draft.mso["deviceKeyInfo"], "keyInfo": {mdoc.ABOUT: said}}

    return edit


def key_info(**changes: Any) -> Edit:
    """Members of deviceKeyInfo."""

    def edit(draft: Draft) -> None:
        draft.mso["deviceKeyInfo"] = dict(draft.mso["deviceKeyInfo"])
        _change(draft.mso["deviceKeyInfo"], changes)

    return edit


def index(number: Any, bits: int = 1) -> Edit:
    """Its place in a status list."""
    return mso(status={"status_list": {"idx": number, "uri": LIST if bits == 1 else LIST_OF_TWO}})


def listed_at(city: Any, number: int = 1) -> Edit:
    """Its place in another issuer's."""
    return mso(status={"status_list": {"idx": number, "uri": f"{city.issuer}/v1/status-lists/1"}})


def item(element: str, *, sign: bool = True, **changes: Any) -> Edit:
    """Members of one item. sign: the issuer signed it so."""

    def edit(draft: Draft) -> None:
        at = _at(draft, element)
        _change(draft.items[at][1], changes)
        if sign:
            draft.sign_item(at)

    return edit


def added(namespace: str, element: str, value: Any, *, sign: bool = True, number: int = 90) -> Edit:
    """One item more."""

    def edit(draft: Draft) -> None:
        content = {"random": bytes(32), "digestID": number, "elementValue": value, "elementIdentifier": element}
        draft.items.append([namespace, content])
        if sign:
            draft.sign_item(len(draft.items) - 1)

    return edit


def many(count: int) -> Edit:
    """So many items more, all signed."""

    def edit(draft: Draft) -> None:
        for number in range(count):
            added(OWN, f"element {number}", number, number=100 + number)(draft)

    return edit


def spelled(content: bytes, *, sign: bool = False) -> Edit:
    """An item of these bytes in place of the first."""

    def edit(draft: Draft) -> None:
        draft.items[0][1] = content
        if sign:
            draft.sign_item(0)

    return edit


def document(change: Callable[[dict[str, Any]], Any]) -> Edit:
    """The document, once both have signed."""
    return lambda draft: setattr(draft, "document", change)


def response(change: Callable[[dict[str, Any]], Any]) -> Edit:
    """The response around it."""
    return lambda draft: setattr(draft, "response", change)


def raw(change: Callable[[bytes], bytes]) -> Edit:
    """Its bytes."""
    return lambda draft: setattr(draft, "raw", change)


def text(change: Callable[[str], str]) -> Edit:
    """Its text."""
    return lambda draft: setattr(draft, "last", change)


def attribute(name: str, value: Any) -> Edit:
    """Any other part of the draft."""
    return lambda draft: setattr(draft, name, value)


def leaf(**replaced: Any) -> Edit:
    """The certificate of the issuer's key."""
    return lambda draft: draft.certified(CITY.certify(**replaced))


def root(**changed: Any) -> Edit:
    """The trusted root, of the same key and name."""
    facts = {"begins": NOW - 100 * DAY} | changed
    return context(trust=trust(Authority("city root", key("city root"), **facts)))


def device_auth(change: Callable[[dict[str, Any]], Any]) -> Edit:
    """The member deviceAuth."""

    def changed(one: dict[str, Any]) -> dict[str, Any]:
        return {**one, "deviceSigned": {**one["deviceSigned"], "deviceAuth": change(one["deviceSigned"]["deviceAuth"])}}

    return document(changed)


def seen(change: Callable[[Draft], str] = lambda draft: draft.text()) -> Edit:
    """The reader saw it before, as `change` has it."""
    return lambda draft: draft.context.update(seen=[*draft.context.get("seen", []), change(draft)])


def mirrored(draft: Draft) -> str:
    """The same under the device's other signature, (r, n - s)."""
    draft.device_signature = lambda one: one[:32] + (ORDER - int.from_bytes(one[32:], "big")).to_bytes(32, "big")
    found = draft.text()
    draft.device_signature = bytes
    return found


def fewer(draft: Draft) -> str:
    """The same session with an element less: the device does not sign which."""
    kept, draft.items = draft.items, draft.items[:1]
    found = draft.text()
    draft.items = kept
    return found


def _for_another_nonce(draft: Draft) -> str:
    draft.session["nonce"] = "another-nonce"
    return draft.text()


def _certified(draft: Draft, certificate: bytes) -> Draft:
    draft.certified(certificate)
    return draft


def _respelled(draft: Draft, *, sign: bool) -> Draft:
    """The first item with its members in another order: other bytes, the same content."""
    content = draft.items[0][1]
    members = b"".join(dumped(name) + dumped(content[name]) for name in sorted(content, reverse=True))
    draft.items[0][1] = bytes([0xA0 | len(content)]) + members
    if sign:
        draft.sign_item(0)
    return draft


def _at(draft: Draft, element: str) -> int:
    return next(at for at, (_, content) in enumerate(draft.items) if content["elementIdentifier"] == element)


def _from_another_copy(draft: Draft) -> None:
    other = Draft(CITY, issued(CITY, random_bytes=lambda count: bytes([7] * count)), CARD)
    draft.items[0] = other.items[0]


def _swapped_numbers(draft: Draft) -> None:
    one, two = (content for _, content in draft.items)
    one["digestID"], two["digestID"] = two["digestID"], one["digestID"]


def _labels(changes: dict[str, Any]) -> dict[Any, Any]:
    names = {"alg": cose.ALGORITHM, "kid": cose.KEY_ID, "x5chain": cose.X5CHAIN, "crit": 2}
    return {names[name]: value for name, value in changes.items()}


def _change(members: dict[Any, Any], changes: dict[Any, Any]) -> None:
    for name, value in changes.items():
        if value is ...:
            del members[name]
        else:
            members[name] = value


def _without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda one: {key_: value for key_, value in one.items() if key_ != name}


def _with(**more: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda one: {**one, **more}


def _left_over(text_: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(text_) % 4
    return text_[:-1] + alphabet[alphabet.index(text_[-1]) + 1]


def _twice(data: bytes) -> bytes:
    """The map of the response with its status once more."""
    assert data[0] == 0xA3
    return b"\xa4" + data[1:] + dumped("status") + b"\x00"


def _open(data: bytes) -> bytes:
    return b"\xbf" + data[1:] + b"\xff"


def _der(one: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(one[:32], "big"), int.from_bytes(one[32:], "big"))


def _mac(auth: dict[str, Any]) -> dict[str, Any]:
    return {"deviceMac": [dumped({1: 5}), {}, None, bytes(32)]}


def _signed_by_stranger(auth: dict[str, Any]) -> list[Any]:
    return signed({1: -7}, {}, b"x", STRANGER, bytes)


DEVICE_KEY = BASES["accepted"]().mso["deviceKeyInfo"]["deviceKey"]
PLAIN = dict(BASES["accepted"]().items[0][1])

FORM = [
    Case("mdoc_too_large", "items", "a long name", item("name", elementValue="n" * 60_000)),
    Case("mdoc_too_large", "mso.keyInfo.iss", "a long issuer", about(iss="https://" + "i" * 60_000)),
    Case("mdoc_too_large", "items", "65 elements", many(63)),
    Case("mdoc_encoding", "text", "padded", text(lambda one: one + "==")),
    Case("mdoc_encoding", "text", "a line feed", text(lambda one: one[:60] + "\n" + one[60:])),
    Case("mdoc_encoding", "text", "left-over bits", text(_left_over), "accepted-licence"),
    Case("mdoc_encoding", "text", "not ASCII", text(lambda one: one + "é")),
    Case("mdoc_malformed", "text", "a byte behind it", raw(lambda one: one + b"\x00")),
    Case("mdoc_malformed", "text", "a byte too few", raw(lambda one: one[:-1])),
    Case("mdoc_malformed", "text", "a key twice", raw(_twice)),
    Case("mdoc_malformed", "text", "an open length", raw(_open)),
    Case("mdoc_malformed", "text", "an array", response(lambda one: [one])),
    Case("mdoc_malformed", "text", "a number no double holds", response(_with(status=2**60))),
    Case("mdoc_malformed", "text", "a float", response(_with(status=0.0))),
    Case("mdoc_malformed", "text", "another tag", response(_with(status=cose.Tag(30, [0, 1])))),
    Case("mdoc_malformed", "document.errors", "a member more", document(_with(errors={}))),
    Case(
        "mdoc_malformed",
        "issuerSigned.x",
        "a member more",
        document(lambda one: {**one, "issuerSigned": {**one["issuerSigned"], "x": 1}}),
    ),
    Case("mdoc_response", "response.version", "1.1", response(_with(version="1.1"))),
    Case("mdoc_response", "response.status", "an error", response(_with(status=10))),
    Case("mdoc_response", "response.status", "missing", response(_without("status"))),
    Case("mdoc_response", "response.documentErrors", "a member more", response(_with(documentErrors=[{"a": 1}]))),
    Case("mdoc_documents", "documents", "none", response(_with(documents=[]))),
    Case("mdoc_documents", "documents", "the same twice", response(lambda one: {**one, "documents": one["documents"] * 2})),
    Case("mdoc_documents", "documents", "three", response(lambda one: {**one, "documents": one["documents"] * 3})),
    Case("mdoc_algorithm", "header.1", "ES384", header(alg=-35)),
    Case("mdoc_algorithm", "header.1", "EdDSA", header(alg=-8)),
    Case("mdoc_algorithm", "header.1", "missing", header(alg=...)),
    Case("mdoc_algorithm", "device.header.1", "ES384", device_header(alg=-35)),
    Case("mdoc_header", "header.4", "kid", header(kid=b"k")),
    Case("mdoc_header", "header.2", "critical", header(crit=[1])),
    Case("mdoc_header", "unprotected.4", "kid", unprotected(kid=b"k")),
    Case("mdoc_header", "header.33", "the certificate protected too", header(x5chain=CITY.leaf)),
    Case("mdoc_signature", "signature", "another key", attribute("signer", STRANGER)),
    Case("mdoc_signature", "signature", "zeros", attribute("signature", lambda _: bytes(64))),
    Case("mdoc_signature", "signature", "DER", attribute("signature", _der)),
]

CERTIFICATES = [
    Case("certificate_missing", "x5chain", "none", unprotected(x5chain=...)),
    Case("certificate_missing", "x5chain", "with the root", unprotected(x5chain=[CITY.leaf, CITY.root.certificate])),
    Case("certificate_malformed", "x5chain", "no DER", unprotected(x5chain=b"0\x03\x02\x01\x01")),
    Case("certificate_foreign", "trust", "another root", context(trust=trust(OTHER.root))),
    Case("certificate_foreign", "leaf.signature", "a stranger's key", leaf(key=OTHER.root.key)),
    Case("trust_list_expired", "trust", "its list has ended", context(trust=trust(OTHER.root, ended=(CITY.root,)))),
    Case("certificate_unsuitable", "leaf.basicConstraints", "an authority", leaf(constraints=(CA, True))),
    Case("certificate_unsuitable", "leaf.keyUsage", "more than signatures", leaf(**signing(crl_sign=True))),
    Case("certificate_unsuitable", "leaf.2.25.1", "unknown and critical", leaf(unknown=(UNKNOWN, True))),
    Case("certificate_unsuitable", "anchor.basicConstraints", "no authority", root(extensions=[USAGE])),
    Case("certificate_purpose", "leaf.extendedKeyUsage", "status lists", leaf(**purposes(Purpose.STATUS))),
    Case("certificate_expired", "leaf.notAfter", "yesterday", leaf(days=29)),
    Case("certificate_not_yet_valid", "leaf.notBefore", "tomorrow", leaf(begins=NOW + DAY, days=239)),
    Case("mdoc_signed", "leaf.notBefore", "a day later", leaf(begins=NOW - DAY, days=241)),
    Case("mdoc_signed", "mso.signed", "before the certificate", validity(signed=NOW - 31 * DAY)),
    Case("mdoc_signed", "anchor.notBefore", "a day later", root(begins=NOW - DAY, days=3551)),
]

SIGNED = [
    Case("mdoc_security_object", "mso.version", "2.0", mso(version="2.0")),
    Case("mdoc_security_object", "mso.valueDigests", "none", mso(valueDigests={}), "accepted-nothing"),
    Case("mdoc_security_object", "mso.valueDigests", "an array", mso(valueDigests={OWN: [bytes(32)]}), "accepted-nothing"),
    Case("mdoc_security_object", "mso.digestAlgorithm", "missing", mso(digestAlgorithm=...)),
    Case("mdoc_security_object", "mso.more", "a member more", mso(more=1)),
    Case(
        "mdoc_security_object",
        "mso.keyAuthorizations",
        "the device may speak",
        key_info(keyAuthorizations={"nameSpaces": [OWN]}),
    ),
    Case("mdoc_security_object", "mso.keyInfo.vct", "a member more", about(vct="x")),
    Case("mdoc_security_object", "payload", "not embedded", attribute("payload", dumped)),
    Case("mdoc_security_object", "payload", "a byte behind it", attribute("payload", lambda one: one + b"\x00")),
    Case("mdoc_digest_algorithm", "mso.digestAlgorithm", "SHA-512", mso(digestAlgorithm="SHA-512")),
    Case("mdoc_digest_algorithm", "mso.digestAlgorithm", "in small letters", mso(digestAlgorithm="sha-256")),
    Case("mdoc_digest_algorithm", "mso.digestAlgorithm", "a number", mso(digestAlgorithm=-16)),
    Case("mdoc_doctype", "document.docType", "another", attribute("doctype", "org.iso.18013.5.1.mDL")),
    Case("mdoc_doctype", "document.docType", "missing", document(_without("docType"))),
    Case("mdoc_doctype", "mso.docType", "another", mso(docType="urn:idverify:doctype:insurance-status:1"), "accepted-nothing"),
    Case("credential_type_unknown", "mso.docType", "a stranger's", lambda d: _retyped(d, "org.iso.23220.photoid.1")),
    Case("credential_issuer", "mso.keyInfo.iss", "another", about(iss=ELSEWHERE.issuer)),
    Case("credential_issuer", "mso.keyInfo.iss", "missing", about(iss=...)),
    Case("credential_issuer_not_trusted", "trust", "another", context(trust=trust(CITY.root, issuers=(ELSEWHERE.issuer,)))),
    Case(
        "credential_issuer_not_trusted",
        "mso.keyInfo.iss",
        "another that the certificate names",
        about(iss=ELSEWHERE.issuer),
        "accepted-two-names",
    ),
    Case("credential_type_not_trusted", "trust", "an insurer", context(trust=trust(CITY.root, types=INSURANCE))),
    Case(
        "credential_type_not_trusted",
        "trust",
        "cards alone",
        context(trust=trust(CITY.root, types=CARD_ONLY)),
        "accepted-licence",
    ),
    Case("credential_time", "mso.validUntil", "missing", validity(validUntil=...)),
    Case("credential_time", "mso.validFrom", "a number", validity(validFrom=cose.Tag(0, "1800000000"))),
    Case("credential_time", "mso.signed", "with a fraction", validity(signed=cose.Tag(0, "2027-01-13T00:00:00.0Z"))),
    Case("credential_time", "mso.validUntil", "a day", validity(validUntil=cose.Tag(1004, "2027-01-27"))),
    Case("credential_time", "mso.keyInfo.auth_time", "after signing", about(auth_time=int(NOW - DAY))),
    Case("credential_from_the_future", "mso.signed", "in 61 s", validity(signed=NOW + 61)),
    Case("credential_from_the_future", "now", "three days before", context(now=NOW - 3 * DAY)),
    Case("credential_not_yet_valid", "mso.validFrom", "in 61 s", validity(validFrom=NOW + 61)),
    Case("credential_not_yet_valid", "mso.validFrom", "tomorrow", validity(validFrom=NOW + DAY)),
    Case("credential_expired", "mso.validUntil", "now", validity(validUntil=NOW)),
    Case("credential_expired", "mso.validUntil", "yesterday", validity(validUntil=NOW - DAY)),
    Case("credential_expired", "now", "two weeks later", context(now=NOW + 14 * DAY)),
    Case("credential_lifetime", "mso.validUntil", "a year", validity(validUntil=NOW + 365 * DAY)),
    Case("token_environment", "mso.keyInfo.env", "dev", about(env="dev")),
    Case("token_environment", "mso.keyInfo.env", "unknown", about(env="staging"), "accepted-dev"),
    Case("token_environment", "allow_dev", "not asked for", context(allow_dev=False), "accepted-dev"),
    Case("credential_assurance", "mso.keyInfo.acr", "a photo", about(acr="urn:idverify:acr:photo-match-no-liveness")),
    Case("credential_assurance", "mso.keyInfo.amr", "text", about(amr="face")),
    Case("credential_holder_key", "mso.deviceKey", "off the curve", key_info(deviceKey={**DEVICE_KEY, -2: bytes(32)})),
    Case("credential_holder_key", "mso.deviceKey", "P-384", key_info(deviceKey={**DEVICE_KEY, -1: 2})),
    Case("credential_holder_key", "mso.deviceKey", "a curve that is true", key_info(deviceKey={**DEVICE_KEY, -1: True})),
    Case("credential_status", "mso.status", "missing", mso(status=...)),
    Case("credential_status", "mso.status", "negative", index(-1)),
    Case(
        "credential_status", "mso.status", "two mechanisms", mso(status={"status_list": {"idx": 1, "uri": LIST}, "other": {}})
    ),
    Case("credential_claim", "items", "the period withheld", attribute("items", []), "accepted-proof"),
]

ELEMENTS = [
    Case("mdoc_item", "items", "15 random bytes", item("name", random=bytes(15))),
    Case("mdoc_item", "items", "random text", item("name", random="r" * 32)),
    Case("mdoc_item", "items", "a member more", item("name", more=1)),
    Case("mdoc_item", "items", "no CBOR", spelled(b"\xa4\x66random")),
    Case("mdoc_item", "items", "no name", item("name", elementIdentifier=...)),
    Case("mdoc_item", "items", "an array", spelled(dumped([PLAIN]))),
    Case("mdoc_digest", "items", "another value", item("name", sign=False, elementValue="韩梅梅")),
    Case("mdoc_digest", "items", "other random bytes", item("name", sign=False, random=bytes(32))),
    Case("mdoc_digest", "items", "each other's number", _swapped_numbers),
    Case("mdoc_digest", "items", "of another copy", _from_another_copy),
    Case("mdoc_digest", "items", "its members in another order", lambda d: _respelled(d, sign=False) and None),
    Case("mdoc_digest", "items", "added", added(OWN, "address", "Palace", sign=False)),
    Case("mdoc_digest", "items", "a number that is true", item("name", sign=False, digestID=True)),
    Case("mdoc_element_undeclared", "items", "foreign, signed", added(OWN, "role", "police")),
    Case("mdoc_element_undeclared", "items", "of another type", added(OWN, "vehicle_classes", ["C1"])),
    Case("mdoc_element_undeclared", "items", "in another namespace", added(ISO, "birth_date", cose.Tag(1004, "1990-05-17"))),
    Case("mdoc_element_undeclared", "items", "iss", added(OWN, "iss", ELSEWHERE.issuer)),
    Case("mdoc_element_repeated", "items", "the same", lambda d: d.items.append(d.items[0])),
    Case("mdoc_element_repeated", "items", "two values", added(OWN, "name", "韩梅梅")),
    Case(
        "mdoc_element_repeated",
        "items",
        "visible twice",
        added("urn:idverify:namespace:proof-of-life:1", "period", "2027-H2"),
        "accepted-proof",
    ),
    Case("mdoc_element_value", "items", "a day as text", added(OWN, "date_of_birth", "1990-05-17")),
    Case("mdoc_element_value", "items", "a time for a day", added(OWN, "date_of_birth", time_of(NOW))),
    Case("mdoc_element_value", "items", "a day for text", item("name", elementValue=cose.Tag(1004, "1990-05-17"))),
    Case("mdoc_element_value", "items", "nothing", item("name", elementValue=None)),
    Case("mdoc_element_value", "items", "a map", item("name", elementValue={"a": 1})),
    Case("mdoc_element_value", "items", "a picture as text", added(OWN, "portrait", "AAAA")),
]

HOLDER = [
    Case("binding_missing", "deviceSigned", "missing", document(_without("deviceSigned"))),
    Case("binding_missing", "deviceSigned", "everything told", document(_without("deviceSigned")), "accepted-everything"),
    Case("binding_missing", "deviceSigned", "nothing told", document(_without("deviceSigned")), "accepted-nothing"),
    Case("mdoc_device_auth", "deviceAuth", "a MAC", device_auth(_mac)),
    Case("mdoc_device_auth", "deviceAuth", "a MAC beside", device_auth(lambda one: one | _mac(one))),
    Case("mdoc_device_auth", "deviceAuth", "an array", device_auth(_signed_by_stranger)),
    Case("mdoc_device_auth", "deviceAuth", "empty", device_auth(lambda _: {})),
    Case("mdoc_device_elements", "said", "a name", attribute("said", cose.embed({OWN: {"name": "韩梅梅"}}))),
    Case("mdoc_device_elements", "said", "an array", attribute("said", cose.embed([]))),
    Case("mdoc_device_elements", "said", "a byte behind it", attribute("said", cose.Tag(24, b"\xa0\x00"))),
    Case("mdoc_device_elements", "said", "not embedded", attribute("said", {})),
    Case("mdoc_device_header", "device.header.4", "kid", device_header(kid=b"k")),
    Case("mdoc_device_header", "device.header.2", "critical", device_header(crit=[1])),
    Case("mdoc_device_header", "device.unprotected.4", "kid", attribute("device_unprotected", {4: b"k"})),
    Case("mdoc_device_signature", "device.signature", "another device", attribute("holder", STRANGER)),
    Case("mdoc_device_signature", "device.signature", "the issuer", attribute("holder", CITY.signer)),
    Case("mdoc_device_signature", "device.signature", "zeros", attribute("device_signature", lambda _: bytes(64))),
    Case("mdoc_device_signature", "session.nonce", "shown again", session(nonce="the-next-one")),
    Case("mdoc_device_signature", "session.client_id", "to another reader", session(client_id="x509_hash:" + "A" * 43)),
    Case(
        "mdoc_device_signature",
        "session.response_uri",
        "to another address",
        session(response_uri="https://hotel.example/other"),
    ),
    Case("mdoc_device_signature", "session.thumbprint", "for another key", session(thumbprint=base64url(bytes(32)))),
    Case("mdoc_device_signature", "session.thumbprint", "not encrypted", session(thumbprint=None)),
    Case("binding_replayed", "seen", "the same", seen(), "accepted-seen-others"),
    Case("binding_replayed", "seen", "under its other signature", seen(mirrored), "accepted-seen-others"),
    Case("binding_replayed", "seen", "with an element less", seen(fewer), "accepted-seen-others"),
]

STATUS = [
    Case("credential_revoked", "mso.status", "its index", index(REVOKED)),
    Case("credential_revoked", "mso.status", "of a licence", index(REVOKED, 2), "accepted-licence"),
    Case("credential_revoked", "mso.status", "everything told", index(REVOKED), "accepted-everything"),
    Case("credential_suspended", "mso.status", "its index", index(SUSPENDED, 2), "accepted-licence"),
    Case("status_unknown", "status_lists", "none", context(status_lists=[])),
    Case("status_unknown", "mso.status", "a list not held", mso(status={"status_list": {"idx": 1, "uri": LIST + "0"}})),
    Case(
        "status_unknown",
        "status_lists",
        "stale since it was fetched",
        context(status_lists=[CITY.list(now=NOW - DAY)]),
        "accepted-list-fetched-before",
    ),
    Case(
        "status_unknown",
        "status_lists",
        "from the future, since the clock was put back",
        context(status_lists=[CITY.list(now=NOW + 3000)]),
        "accepted-clock-put-back",
    ),
    Case(
        "status_foreign",
        "status_lists",
        "the same address and name under another root",
        context(status_lists=[OTHER.list()]),
        "accepted-two-roots",
    ),
    Case("status_foreign", "mso.status", "of another issuer under the same root", listed_at(SUBURB), "accepted-two-issuers"),
]


def _retyped(draft: Draft, doctype: str) -> None:
    draft.mso["docType"] = draft.doctype = doctype
