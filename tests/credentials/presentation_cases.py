"""Presentations that are refused, each for one thing: how each is made from one that is accepted.

A case names the accepted presentation it starts from, the one field in which it differs, and its code.
"""

import json
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from idverify.credentials import sd_jwt
from idverify.credentials.purposes import Purpose
from idverify.keys.jwk import base64url

from .authority import CERTIFY_ONLY, Authority
from .city import (
    AUDIENCE,
    CITY,
    ISSUER,
    LIST,
    LIST_OF_TWO,
    NONCE,
    NOW,
    ORDER,
    REVOKED,
    STRANGER,
    SUSPENDED,
    City,
    Draft,
    drip,
    key,
)

DAY = 86_400
Edit = Callable[[Draft], None]


class Case(NamedTuple):
    """differs: dotted path of the one field. edit: makes it differ. note: tells cases of one field apart."""

    code: str
    differs: str
    note: str
    edit: Edit
    base: str = "accepted"


def trust(
    *roots: Authority,
    types: tuple[str, ...] | None = None,
    issuers: tuple[str, ...] = (ISSUER,),
    ended: tuple[Authority, ...] = (),
) -> dict[str, Any]:
    """The member `trust` of a vector. ended: roots that stand on a list whose time is over."""

    def anchors(of: tuple[Authority, ...]) -> list[dict[str, Any]]:
        shown = {"name": "city", "issuers": list(issuers)}
        held = [one.anchor() for one in of]
        certificates = [b64encode(one.certificate).decode() for one in held]
        return [
            shown | {"certificate": der, "types": sorted(types or one.types)}
            for der, one in zip(certificates, held, strict=True)
        ]

    return {"anchors": anchors(roots), **({"ended": anchors(ended)} if ended else {})}


OTHER = City("other")
ELSEWHERE = City("elsewhere", "https://id.elsewhere.example")
SUBURB = City(issuer="https://id.suburb.example")
NAMESAKE = Authority("city root", key("namesake"), begins=NOW - 100 * DAY)
LISTS = [CITY.list(1), CITY.list(2)]
CARD = ("name", "age_over_18")

BASES: dict[str, Callable[[], Draft]] = {
    "accepted": lambda: Draft(CITY, CITY.credential(), CARD),
    "accepted-everything": lambda: Draft(CITY, CITY.credential(), None),
    "accepted-nothing": lambda: Draft(CITY, CITY.credential(), ()),
    "accepted-licence": lambda: Draft(CITY, CITY.credential("driving_licence"), ("name", "vehicle_classes")),
    "accepted-proof": lambda: Draft(CITY, CITY.credential("proof_of_life"), ("name",)),
    "accepted-dev": lambda: Draft(CITY, CITY.credential(environment="dev"), CARD, allow_dev=True),
    "accepted-seen-others": lambda: Draft(
        CITY, CITY.credential(), CARD, seen=[BASES["accepted-everything"]().text(), BASES["accepted-nothing"]().text()]
    ),
    "accepted-any-nonce": lambda: Draft(CITY, CITY.credential(), CARD, nonce=None),
    "accepted-list-fetched-before": lambda: Draft(CITY, CITY.credential(), CARD, fetched=NOW - 300),
    "accepted-clock-put-back": lambda: Draft(CITY, CITY.credential(), CARD, fetched=NOW + 3600),
    "accepted-two-roots": lambda: Draft(CITY, CITY.credential(), CARD, trust=trust(CITY.root, OTHER.root)),
    "accepted-two-cities": lambda: Draft(
        CITY,
        CITY.credential(),
        CARD,
        trust=trust(CITY.root, ELSEWHERE.root, issuers=(ISSUER, ELSEWHERE.issuer)),
        status_lists=[*LISTS, ELSEWHERE.list()],
    ),
    "accepted-two-issuers": lambda: Draft(
        CITY,
        CITY.credential(),
        CARD,
        trust=trust(CITY.root, issuers=(ISSUER, SUBURB.issuer)),
        status_lists=[*LISTS, SUBURB.list()],
    ),
    "accepted-two-names": lambda: _named(Draft(CITY, CITY.credential(), CARD), ISSUER, ELSEWHERE.issuer),
    "accepted-a-minute-early": lambda: Draft(CITY, CITY.credential(), CARD, now=NOW - 60),
    "accepted-a-minute-late": lambda: Draft(CITY, CITY.credential(), CARD, now=NOW + 60),
}


def header(**changes: Any) -> Edit:
    """Members of the credential's header; ... takes one out."""
    return lambda draft: _change(draft.header, changes)


def payload(**changes: Any) -> Edit:
    """Claims of the credential."""
    return lambda draft: _change(draft.payload, changes)


def binding(**changes: Any) -> Edit:
    """Claims of the key binding."""
    return lambda draft: draft.binding.update(changes)


def binding_header(**changes: Any) -> Edit:
    """Members of the key binding's header."""
    return lambda draft: _change(draft.binding_header, changes)


def context(**changes: Any) -> Edit:
    """The reader's side."""
    return lambda draft: draft.context.update(changes)


def raw(part: str, change: Callable[[bytes], bytes]) -> Edit:
    """The JSON of a part, as bytes."""
    return lambda draft: draft.raw.update({part: change})


def twice(name: str, value: Any) -> Callable[[bytes], bytes]:
    """Names a member twice, the other value first."""
    return lambda text: b"{" + json.dumps(name).encode() + b":" + json.dumps(value).encode() + b"," + text[1:]


def jwt(change: Callable[[str], str]) -> Edit:
    """The credential's compact JWS, once signed."""
    return lambda draft: setattr(draft, "before_binding", lambda text: _first(text, change))


def proof(change: Callable[[str], str]) -> Edit:
    """The key binding's compact JWS, once signed."""
    return lambda draft: setattr(draft, "last", lambda text: _last(text, change))


def text(change: Callable[[str], str]) -> Edit:
    """The whole."""
    return lambda draft: setattr(draft, "last", change)


def leaf(**replaced: Any) -> Edit:
    """The certificate of the credential's key."""
    return lambda draft: draft.certified(CITY.certify(**replaced))


def root(**changed: Any) -> Edit:
    """The trusted root, of the same key and name."""
    facts = {"begins": NOW - 100 * DAY} | changed
    return context(trust=trust(Authority("city root", key("city root"), **facts)))


def disclose(name: Any, value: Any, **how: Any) -> Edit:
    """One more disclosure."""
    return lambda draft: draft.disclose(name, value, **how)


def array(content: Any) -> Edit:
    """One more disclosure, of this JSON or these bytes, its digest signed."""
    spelled = content if isinstance(content, bytes) else json.dumps(content, separators=(",", ":")).encode()
    return lambda draft: draft.disclose("x", 0, text=base64url(spelled))


def disclosures(change: Callable[[list[str]], list[str]]) -> Edit:
    """The list of disclosures; the signed digests stay."""
    return lambda draft: setattr(draft, "disclosures", change(draft.disclosures))


def sd(change: Callable[[list[str]], Any]) -> Edit:
    """What `_sd` lists."""
    return lambda draft: draft.payload.update(_sd=change(draft.payload["_sd"]))


def signed_by(signer: Any) -> Edit:
    """The credential is signed with another key than its certificate's."""
    return lambda draft: setattr(draft, "signer", signer)


def held_by(holder: Any) -> Edit:
    """The key binding is signed with another key than the credential's."""
    return lambda draft: setattr(draft, "holder", holder)


def signature(change: Callable[[bytes], bytes]) -> Edit:
    """The credential's signature, r || s."""
    return lambda draft: setattr(draft, "signature", change)


def proof_signature(change: Callable[[bytes], bytes]) -> Edit:
    """The key binding's."""
    return lambda draft: setattr(draft, "binding_signature", change)


def index(number: int, bits: int = 1) -> Edit:
    """The credential's place in its status list."""
    return payload(status={"status_list": {"idx": number, "uri": LIST if bits == 1 else LIST_OF_TWO}})


def mirrored(text_: str) -> str:
    """The same presentation under the other signature that ECDSA knows: (r, n - s)."""
    front, _, last = text_.rpartition(".")
    whole = _decoded(last)
    return f"{front}.{base64url(whole[:32] + (ORDER - int.from_bytes(whole[32:], 'big')).to_bytes(32, 'big'))}"


def _seen(change: Callable[[str], str], *, first: bool = False) -> Edit:
    def edit(draft: Draft) -> None:
        others, own = draft.context["seen"], [change(draft.text())]
        draft.context["seen"] = [*own, *others] if first else [*others, *own]

    return edit


def _named(draft: Draft, *issuers: str) -> Draft:
    """Its certificate names these."""
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(one) for one in issuers])
    draft.certified(CITY.certify(names=(names, False)))
    return draft


def _change(members: dict[str, Any], changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        if value is ...:
            del members[name]
        else:
            members[name] = value


def _first(text_: str, change: Callable[[str], str]) -> str:
    front, _, rest = text_.partition("~")
    return f"{change(front)}~{rest}"


def _last(text_: str, change: Callable[[str], str]) -> str:
    front, _, rest = text_.rpartition("~")
    return f"{front}~{change(rest)}"


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _left_over(part: str) -> str:
    """The last character with a left-over bit set: other text, same bytes."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return part[:-1] + alphabet[alphabet.index(part[-1]) + 1]


def _retold(draft: Draft, name: str, value: Any, salt: bytes | None = None) -> None:
    """A disclosure with another value or salt, the digest of the old one signed."""
    at = next(at for at, one in enumerate(draft.disclosures) if sd_jwt.read(one)[0] == name)
    old_salt = _decoded(json.loads(_decoded(draft.disclosures[at]))[0])
    draft.disclosures[at] = sd_jwt.disclosure(name, value, salt or old_salt)


def _spelled(draft: Draft, change: Callable[[str], str]) -> None:
    """The last disclosure in another spelling, of which the issuer signed the digest."""
    old = draft.disclosures.pop()
    draft.payload["_sd"].remove(sd_jwt.digest(old))
    draft.disclose("x", 0, text=change(old))


def _unsigned(draft: Draft) -> None:
    draft.payload["_sd"] = [one for one in draft.payload["_sd"] if one != sd_jwt.digest(draft.disclosures[0])]


def _p384() -> Any:
    return ec.derive_private_key(7, ec.SECP384R1()).public_key()


def _fewer(text_: str) -> str:
    jwt_, first, _, proof_ = text_.split("~")
    return "~".join((jwt_, first, proof_))


def _swapped(text_: str) -> str:
    jwt_, first, second, proof_ = text_.split("~")
    return "~".join((jwt_, second, first, proof_))


def _from_another_credential(items: list[str]) -> list[str]:
    other = sd_jwt.parse(CITY.credential(random_bytes=drip("another copy"))).disclosures
    return [*items[:-1], next(one for one in other if sd_jwt.read(one)[0] == "age_over_18")]


DEEP = json.loads("[" * 9 + "]" * 9)
KEY = {"kty": "EC", "crv": "P-256"} | {name: STRANGER.public_jwk()[name] for name in ("x", "y")}
HOLDER_KEY = BASES["accepted"]().payload["cnf"]["jwk"]
CARD_ONLY = ("urn:idverify:vct:identity-card:1",)
INSURANCE = ("urn:idverify:vct:insurance-status:1",)
USAGE = (CERTIFY_ONLY, True)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.25.1"), b"\x05\x00")
CA = x509.BasicConstraints(ca=True, path_length=None)


def purposes(*values: str) -> dict[str, Any]:
    """Extended key usages of a leaf."""
    return {"purpose": values}


def signing(**more: bool) -> dict[str, Any]:
    """Key usage of a leaf."""
    names = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")
    usage = dict.fromkeys((*names, "encipher_only", "decipher_only"), False) | {"digital_signature": True} | more
    return {"usage": (x509.KeyUsage(**usage), True)}


FORM = [
    Case("token_too_large", "payload.iss", "long issuer", payload(iss="https://" + "i" * 17_000)),
    Case("token_too_large", "header.kid", "long kid", header(kid="k" * 13_000)),
    Case("token_too_large", "binding.nonce", "long nonce", binding(nonce="n" * 9_000)),
    Case("token_malformed", "jwt", "four parts", jwt(lambda one: one + ".AAAA")),
    Case("token_malformed", "jwt", "no signature", jwt(lambda one: one.rpartition(".")[0] + ".")),
    Case("token_malformed", "binding", "two parts", proof(lambda one: one.rpartition(".")[0])),
    Case("token_malformed", "text", "not ASCII", text(lambda one: one + "é")),
    Case("token_encoding", "jwt", "padded", jwt(lambda one: one + "==")),
    Case("token_encoding", "jwt", "white space", jwt(lambda one: one[:60] + "\n" + one[60:])),
    Case("token_encoding", "binding", "left-over bits", proof(_left_over)),
    Case("token_duplicate_member", "header.alg", "none first", raw("header", twice("alg", "none"))),
    Case("token_duplicate_member", "payload.exp", "two ends", raw("payload", twice("exp", 2_000_000_000))),
    Case("token_duplicate_member", "binding.aud", "two audiences", raw("binding", twice("aud", "https://other.example"))),
    Case("token_number", "payload.exp", "Infinity", payload(exp=float("inf"))),
    Case("token_number", "payload.iat", "NaN", payload(iat=float("nan"))),
    Case("token_number", "binding.iat", "NaN", binding(iat=float("nan"))),
    Case("token_nesting", "payload.amr", "nine levels", payload(amr=DEEP)),
    Case("token_nesting", "payload.cnf", "nine levels", payload(cnf=DEEP)),
    Case("token_nesting", "binding.nonce", "nine levels", binding(nonce=DEEP)),
    Case("token_text", "payload.iss", "half a pair", payload(iss="\ud800")),
    Case("token_text", "payload.amr", "half a pair", payload(amr=["face", "\udfff"])),
    Case("token_text", "binding.nonce", "half a pair", binding(nonce="\ud800")),
    Case("token_header_forbidden", "header.jku", "address of keys", header(jku="https://evil.example/jwks")),
    Case("token_header_forbidden", "header.jwk", "a key", header(jwk=KEY)),
    Case("token_header_forbidden", "header.x5u", "address of a certificate", header(x5u="https://evil.example/x5u")),
    Case("token_header_forbidden", "binding.header.kid", "kid", binding_header(kid=STRANGER.kid)),
    Case("token_critical", "header.crit", "a known name", header(crit=["kid"])),
    Case("token_critical", "header.crit", "an unknown name", header(crit=["urn:example:must"])),
    Case("token_critical", "binding.header.crit", "an unknown name", binding_header(crit=["urn:example:must"])),
    Case("token_algorithm", "header.alg", "none", header(alg="none")),
    Case("token_algorithm", "header.alg", "HS256", header(alg="HS256")),
    Case("token_algorithm", "header.alg", "missing", header(alg=...)),
    Case("token_algorithm", "binding.header.alg", "none", binding_header(alg="none")),
    Case("token_algorithm", "binding.header.alg", "ES384", binding_header(alg="ES384")),
    Case("token_type", "header.typ", "JWT", header(typ="JWT")),
    Case("token_type", "header.typ", "the old name", header(typ="vc+sd-jwt")),
    Case("token_type", "binding.header.typ", "JWT", binding_header(typ="JWT")),
    Case("token_type", "binding.header.typ", "a credential's", binding_header(typ="dc+sd-jwt")),
    Case("token_key_unknown", "header.kid", "another", header(kid=STRANGER.kid)),
    Case("token_key_unknown", "header.kid", "missing", header(kid=...)),
    Case("token_key_unknown", "header.kid", "no text", header(kid=1)),
    Case("token_signature", "jwt.signature", "another key", signed_by(STRANGER)),
    Case("token_signature", "jwt.signature", "zeros", signature(lambda _: bytes(64))),
    Case("token_signature", "jwt.signature", "longer", signature(lambda one: one + b"\0")),
    Case("token_environment", "payload.env", "dev", payload(env="dev")),
    Case("token_environment", "payload.env", "sandbox", payload(env="sandbox")),
    Case("token_environment", "payload.env", "unknown, where dev is allowed", payload(env="staging"), "accepted-dev"),
    Case("token_environment", "allow_dev", "dev, not asked for", context(allow_dev=False), "accepted-dev"),
    Case("presentation_too_large", "disclosures", "too many", disclosures(lambda items: items * 33)),
    Case("presentation_too_large", "disclosures", "nothing but tildes", disclosures(lambda items: [*items, *[""] * 64])),
    Case("presentation_too_large", "binding", "too long", proof(lambda one: one + "A" * 65_536)),
    Case("presentation_malformed", "disclosures", "an empty one", disclosures(lambda items: [*items, ""])),
    Case("presentation_malformed", "text", "a tilde before", text(lambda one: "~" + one)),
    Case("presentation_malformed", "text", "no tilde", text(lambda one: one.replace("~", "."))),
]

CERTIFICATES = [
    Case("certificate_missing", "header.x5c", "missing", header(x5c=...)),
    Case("certificate_missing", "header.x5c", "empty", header(x5c=[])),
    Case("certificate_missing", "header.x5c", "with the root", lambda d: d.certified(CITY.leaf, CITY.root.certificate)),
    Case("certificate_missing", "header.x5c", "not a list", lambda d: _change(d.header, {"x5c": d.header["x5c"][0]})),
    Case("certificate_malformed", "header.x5c", "truncated", lambda d: d.certified(CITY.leaf[:-1])),
    Case("certificate_malformed", "header.x5c", "with a byte behind", lambda d: d.certified(CITY.leaf + b"\0")),
    Case("certificate_malformed", "header.x5c", "base64url", lambda d: _change(d.header, {"x5c": [base64url(CITY.leaf)]})),
    Case(
        "certificate_malformed",
        "header.x5c",
        "white space",
        lambda d: _change(d.header, {"x5c": [d.header["x5c"][0][:64] + "\n" + d.header["x5c"][0][64:]]}),
    ),
    Case("certificate_foreign", "trust", "another root", context(trust=trust(OTHER.root))),
    Case("certificate_foreign", "leaf.issuer", "a stranger's name", leaf(name=OTHER.root.name)),
    Case("certificate_foreign", "leaf.signature", "a stranger's key", leaf(key=OTHER.root.key)),
    Case("certificate_foreign", "leaf.signature", "SHA-384", leaf(digest=hashes.SHA384())),
    Case("trust_list_expired", "trust", "another's list in force", context(trust=trust(OTHER.root, ended=(CITY.root,)))),
    Case("trust_list_expired", "trust", "a namesake's list in force", context(trust=trust(NAMESAKE, ended=(CITY.root,)))),
    Case("trust_list_expired", "trust", "two have ended", context(trust=trust(OTHER.root, ended=(ELSEWHERE.root, CITY.root)))),
    Case("certificate_unsuitable", "leaf.basicConstraints", "an authority", leaf(constraints=(CA, True))),
    Case("certificate_unsuitable", "leaf.basicConstraints", "missing", leaf(constraints=None)),
    Case("certificate_unsuitable", "leaf.keyUsage", "certificates", leaf(usage=USAGE)),
    Case("certificate_unsuitable", "leaf.keyUsage", "more than signatures", leaf(**signing(crl_sign=True))),
    Case("certificate_unsuitable", "leaf.keyUsage", "not critical", leaf(usage=(signing()["usage"][0], False))),
    Case("certificate_unsuitable", "leaf.2.25.1", "unknown and critical", leaf(unknown=(UNKNOWN, True))),
    Case("certificate_unsuitable", "leaf.key", "P-384", leaf(public_key=_p384())),
    Case("certificate_unsuitable", "anchor.basicConstraints", "no authority", root(extensions=[USAGE])),
    Case("certificate_unsuitable", "anchor.basicConstraints", "of authorities", root(extensions=[(CA, True), USAGE])),
    Case(
        "certificate_unsuitable",
        "anchor.keyUsage",
        "missing",
        root(extensions=[(x509.BasicConstraints(ca=True, path_length=0), True)]),
    ),
    Case("certificate_purpose", "leaf.extendedKeyUsage", "status lists", leaf(**purposes(Purpose.STATUS))),
    Case("certificate_purpose", "leaf.extendedKeyUsage", "two", leaf(**purposes(Purpose.CREDENTIAL, Purpose.STATUS))),
    Case("certificate_purpose", "leaf.extendedKeyUsage", "web servers", leaf(**purposes("1.3.6.1.5.5.7.3.1"))),
    Case("certificate_purpose", "leaf.extendedKeyUsage", "missing", leaf(purpose=None)),
    Case("certificate_expired", "leaf.notAfter", "yesterday", leaf(days=29)),
    Case("certificate_expired", "leaf.notAfter", "a second ago", leaf(days=30 - 1 / DAY)),
    Case("certificate_expired", "anchor.notAfter", "yesterday", root(days=99)),
    Case("certificate_not_yet_valid", "leaf.notBefore", "tomorrow", leaf(begins=NOW + DAY, days=239)),
    Case("certificate_not_yet_valid", "leaf.notBefore", "in 61 s", leaf(begins=NOW + 61, days=240 - 61 / DAY)),
    Case("certificate_not_yet_valid", "anchor.notBefore", "tomorrow", root(begins=NOW + DAY, days=3549)),
]

# Two lists name one root: one for cards in another's name, one for insurance in its own.
SPLIT = (trust(CITY.root, types=CARD_ONLY, issuers=(ELSEWHERE.issuer,)), trust(CITY.root, types=INSURANCE))

CONTENT = [
    Case("credential_issuer", "payload.iss", "another", payload(iss="https://id.elsewhere.example")),
    Case("credential_issuer", "payload.iss", "a slash more", payload(iss=ISSUER + "/")),
    Case("credential_issuer", "payload.iss", "missing", payload(iss=...)),
    Case(
        "credential_issuer",
        "leaf.subjectAltName",
        "another",
        leaf(names=(x509.SubjectAlternativeName([x509.UniformResourceIdentifier("https://id.elsewhere.example")]), False)),
    ),
    Case(
        "credential_issuer",
        "leaf.subjectAltName",
        "a DNS name alone",
        leaf(names=(x509.SubjectAlternativeName([x509.DNSName("id.example")]), False)),
    ),
    Case("credential_issuer_not_trusted", "trust", "another", context(trust=trust(CITY.root, issuers=(ELSEWHERE.issuer,)))),
    Case("credential_issuer_not_trusted", "trust", "a slash more", context(trust=trust(CITY.root, issuers=(f"{ISSUER}/",)))),
    Case("credential_issuer_not_trusted", "trust", "in capitals", context(trust=trust(CITY.root, issuers=(ISSUER.upper(),)))),
    Case(
        "credential_issuer_not_trusted",
        "payload.iss",
        "another that the certificate names",
        payload(iss=ELSEWHERE.issuer),
        "accepted-two-names",
    ),
    Case("credential_type_unknown", "payload.vct", "unknown", payload(vct="urn:idverify:vct:passport:1")),
    Case("credential_type_unknown", "payload.vct", "missing", payload(vct=...)),
    Case("credential_type_unknown", "payload.vct", "a list", payload(vct=list(CARD_ONLY))),
    Case("credential_type_not_trusted", "trust", "an insurer", context(trust=trust(CITY.root, types=INSURANCE))),
    Case("credential_type_not_trusted", "trust", "cards", context(trust=trust(CITY.root, types=CARD_ONLY)), "accepted-proof"),
    Case(
        "credential_type_not_trusted",
        "trust",
        "cards alone",
        context(trust=trust(CITY.root, types=CARD_ONLY)),
        "accepted-licence",
    ),
    Case(
        "credential_type_not_trusted",
        "trust",
        "cards in another name",
        context(trust={"anchors": [one for held in SPLIT for one in held["anchors"]]}),
    ),
    Case("credential_time", "payload.iat", "missing", payload(iat=...)),
    Case("credential_time", "payload.exp", "text", payload(exp="1801094400")),
    Case("credential_time", "payload.nbf", "true", payload(nbf=True)),
    Case("credential_time", "payload.auth_time", "negative", payload(auth_time=-1)),
    Case("credential_time", "payload.auth_time", "after iat", payload(auth_time=int(NOW - DAY))),
    Case("credential_from_the_future", "payload.iat", "in 61 s", payload(iat=int(NOW) + 61)),
    Case("credential_from_the_future", "payload.iat", "tomorrow", payload(iat=int(NOW + DAY))),
    Case("credential_from_the_future", "now", "three days before", context(now=NOW - 3 * DAY)),
    Case("credential_not_yet_valid", "payload.nbf", "in 61 s", payload(nbf=int(NOW) + 61)),
    Case("credential_not_yet_valid", "payload.nbf", "tomorrow", payload(nbf=int(NOW + DAY))),
    Case("credential_not_yet_valid", "payload.nbf", "after its end", payload(nbf=int(NOW + 20 * DAY))),
    Case("credential_expired", "payload.exp", "now", payload(exp=int(NOW))),
    Case("credential_expired", "payload.exp", "yesterday", payload(exp=int(NOW - DAY))),
    Case("credential_expired", "now", "two weeks later", context(now=NOW + 14 * DAY)),
    Case("credential_lifetime", "payload.exp", "a year", payload(exp=int(NOW + 365 * DAY))),
    Case(
        "credential_lifetime", "payload.exp", "a second too long", lambda d: d.payload.update(exp=d.payload["iat"] + 1_296_001)
    ),
    Case("credential_lifetime", "payload.iat", "long ago", lambda d: d.payload.update(iat=d.payload["auth_time"])),
    Case("credential_assurance", "payload.acr", "a photo", payload(acr="urn:idverify:acr:photo-match-no-liveness")),
    Case("credential_assurance", "payload.acr", "passive", payload(acr="urn:idverify:acr:live-passive")),
    Case("credential_assurance", "payload.acr", "unknown", payload(acr="urn:example:gold")),
    Case("credential_assurance", "payload.acr", "missing", payload(acr=...)),
    Case("credential_assurance", "payload.amr", "text", payload(amr="face")),
    Case("credential_holder_key", "payload.cnf", "missing", payload(cnf=...)),
    Case("credential_holder_key", "payload.cnf", "a kid beside", payload(cnf={"jwk": HOLDER_KEY, "kid": "k"})),
    Case("credential_holder_key", "payload.cnf", "alg within", payload(cnf={"jwk": HOLDER_KEY | {"alg": "ES256"}})),
    Case(
        "credential_holder_key", "payload.cnf", "off the curve", payload(cnf={"jwk": HOLDER_KEY | {"x": base64url(bytes(32))}})
    ),
    Case("credential_holder_key", "payload.cnf", "P-384", payload(cnf={"jwk": HOLDER_KEY | {"crv": "P-384"}})),
    Case("credential_status", "payload.status", "missing", payload(status=...)),
    Case("credential_status", "payload.status", "negative", index(-1)),
    Case("credential_status", "payload.status", "beyond any list", index(2**20)),
    Case("credential_status", "payload.status", "true", payload(status={"status_list": {"idx": True, "uri": LIST}})),
    Case("credential_status", "payload.status", "no uri", payload(status={"status_list": {"idx": 1, "uri": ""}})),
    Case(
        "credential_status",
        "payload.status",
        "two mechanisms",
        payload(status={"status_list": {"idx": 1, "uri": LIST}, "other": {}}),
    ),
    Case("credential_claim", "payload.sub", "visible", payload(sub="everybody sees me")),
    Case("credential_claim", "payload.given_name", "unknown and visible", payload(given_name="雷")),
    Case("credential_claim", "payload.period", "missing", payload(period=...), "accepted-proof"),
]

DISCLOSURES = [
    Case("disclosure_malformed", "disclosures", "an array element", array(["c2FsdA", "CHN"])),
    Case("disclosure_malformed", "disclosures", "four elements", array(["c2FsdA", "address", "x", "y"])),
    Case("disclosure_malformed", "disclosures", "a number as name", array(["c2FsdA", 7, "x"])),
    Case("disclosure_malformed", "disclosures", "an object", array({"a": 1, "b": 2, "c": 3})),
    Case("disclosure_malformed", "disclosures", "no JSON", array(b"{")),
    Case("disclosure_malformed", "disclosures", "NaN", array(b'["c2FsdA","address",NaN]')),
    Case("disclosure_malformed", "disclosures", "a member twice", array(b'["c2FsdA","address",{"a":1,"a":2}]')),
    Case("disclosure_malformed", "disclosures", "half a pair", array(b'["c2FsdA","address","\\ud800"]')),
    Case("disclosure_malformed", "disclosures", "five levels", array(["c2FsdA", "address", [[[["x"]]]]])),
    Case("disclosure_malformed", "disclosures", "padded", lambda d: _spelled(d, lambda one: one + "=")),
    Case("disclosure_nested", "disclosures", "digests within", array(["c2FsdA", "address", {"_sd": []}])),
    Case("disclosure_nested", "disclosures", "dots within", array(["c2FsdA", "address", [{"...": "A" * 43}]])),
    Case("disclosure_nested", "payload....", "dots above", payload(**{"...": "A" * 43})),
    Case("disclosure_nested", "payload.period", "digests within", payload(period={"_sd": []}), "accepted-proof"),
    Case("disclosure_nested", "payload._sd_alg", "SHA-512", payload(_sd_alg="sha-512")),
    Case("disclosure_nested", "payload._sd_alg", "missing", payload(_sd_alg=...)),
    Case("disclosure_digests", "payload._sd", "missing", payload(_sd=...), "accepted-nothing"),
    Case("disclosure_digests", "payload._sd", "one twice", sd(lambda items: [*items, items[0]])),
    Case("disclosure_digests", "payload._sd", "a short one", sd(lambda items: [*items, "AAAA"])),
    Case("disclosure_digests", "payload._sd", "no text", sd(lambda items: [*items, 7])),
    Case("disclosure_tampered", "disclosures", "another value", lambda d: _retold(d, "name", "韩梅梅")),
    Case("disclosure_tampered", "disclosures", "another salt", lambda d: _retold(d, "age_over_18", True, bytes(16))),
    Case("disclosure_tampered", "disclosures", "of another copy", disclosures(_from_another_credential)),
    Case("disclosure_tampered", "disclosures", "added", disclose("address", "Palace", signed=False)),
    Case("disclosure_tampered", "payload._sd", "not signed", _unsigned),
    Case("disclosure_undeclared", "disclosures", "foreign, not signed", disclose("role", "police", signed=False)),
    Case("disclosure_undeclared", "disclosures", "foreign, signed", disclose("role", "police")),
    Case("disclosure_undeclared", "disclosures", "of another type", disclose("vehicle_classes", ["C1"])),
    Case("disclosure_reserved", "disclosures", "exp", disclose("exp", 2_000_000_000)),
    Case("disclosure_reserved", "disclosures", "cnf", disclose("cnf", {"jwk": KEY})),
    Case("disclosure_reserved", "disclosures", "env", disclose("env", "dev")),
    Case("disclosure_reserved", "disclosures", "...", disclose("...", "x")),
    Case("disclosure_repeated", "disclosures", "the same", disclosures(lambda items: [*items, items[0]])),
    Case("disclosure_repeated", "disclosures", "one name, two values", disclose("name", "韩梅梅")),
    Case("disclosure_repeated", "disclosures", "visible too", disclose("period", "2027-H1"), "accepted-proof"),
]

BINDING = [
    Case("binding_missing", "binding", "missing", proof(lambda _: "")),
    Case("binding_missing", "binding", "everything told", proof(lambda _: ""), "accepted-everything"),
    Case("binding_missing", "binding", "nothing told", proof(lambda _: ""), "accepted-nothing"),
    Case("binding_signature", "binding.signature", "another device", held_by(STRANGER)),
    Case("binding_signature", "binding.signature", "the issuer", held_by(CITY.signer)),
    Case("binding_signature", "binding.signature", "zeros", proof_signature(lambda _: bytes(64))),
    Case("binding_claim", "binding.nonce", "missing", binding(nonce=...)),
    Case("binding_claim", "binding.exp", "one more", binding(exp=int(NOW) + 60)),
    Case("binding_claim", "binding.iat", "text", binding(iat="1800000000")),
    Case("binding_claim", "binding.sd_hash", "a number", binding(sd_hash=7)),
    Case("binding_time", "binding.iat", "61 s ago", binding(iat=int(NOW) - 61)),
    Case("binding_time", "binding.iat", "in 61 s", binding(iat=int(NOW) + 61)),
    Case("binding_time", "now", "shown two minutes later", context(now=NOW + 120)),
    Case("binding_audience", "binding.aud", "another", binding(aud="https://other.example")),
    Case("binding_audience", "binding.aud", "a list with ours", binding(aud=[AUDIENCE])),
    Case("binding_audience", "audience", "shown to another", context(audience="https://police.example")),
    Case("binding_nonce", "binding.nonce", "another", binding(nonce="another")),
    Case("binding_nonce", "binding.nonce", "in capitals", binding(nonce=NONCE.upper())),
    Case("binding_nonce", "nonce", "shown again", context(nonce="the-next-one")),
    Case("binding_hash", "binding.sd_hash", "of another", binding(sd_hash=sd_jwt.digest("another~"))),
    Case("binding_hash", "binding.sd_hash", "without the last tilde", binding(sd_hash=lambda bound: sd_jwt.digest(bound[:-1]))),
    Case("binding_hash", "disclosures", "one taken away", text(_fewer)),
    Case("binding_hash", "disclosures", "in another order", text(_swapped)),
    Case("binding_replayed", "seen", "the same", _seen(str), "accepted-seen-others"),
    Case("binding_replayed", "seen", "under its other signature", _seen(mirrored), "accepted-seen-others"),
    Case("binding_replayed", "seen", "the same, before others", _seen(str, first=True), "accepted-seen-others"),
]

STATUS = [
    Case("credential_revoked", "payload.status", "its index", index(REVOKED)),
    Case("credential_revoked", "payload.status", "of a licence", index(REVOKED, 2), "accepted-licence"),
    Case("credential_revoked", "payload.status", "everything told", index(REVOKED), "accepted-everything"),
    Case("credential_suspended", "payload.status", "its index", index(SUSPENDED, 2), "accepted-licence"),
    Case("credential_suspended", "payload.status", "of a card", index(SUSPENDED, 2)),
    Case("credential_suspended", "payload.status", "nothing told", index(SUSPENDED, 2), "accepted-nothing"),
    Case("status_unknown", "status_lists", "none", context(status_lists=[])),
    Case("status_unknown", "status_lists", "another alone", context(status_lists=[LISTS[1]])),
    Case("status_unknown", "payload.status", "a list not held", payload(status={"status_list": {"idx": 1, "uri": LIST + "0"}})),
    Case(
        "status_unknown",
        "status_lists",
        "stale since it was fetched",
        context(status_lists=[CITY.list(now=NOW - DAY)]),
        "accepted-list-fetched-before",
    ),
    Case("status_unknown", "status_lists", "stale", context(status_lists=[CITY.list(now=NOW - 2 * DAY)])),
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
    Case(
        "status_foreign",
        "payload.status",
        "of another city, VALID",
        payload(status={"status_list": {"idx": 1, "uri": f"{ELSEWHERE.issuer}/v1/status-lists/1"}}),
        "accepted-two-cities",
    ),
    Case(
        "status_foreign",
        "payload.status",
        "of another city, REVOKED",
        payload(status={"status_list": {"idx": REVOKED, "uri": f"{ELSEWHERE.issuer}/v1/status-lists/1"}}),
        "accepted-two-cities",
    ),
    Case(
        "status_foreign",
        "payload.status",
        "of another issuer under the same root",
        payload(status={"status_list": {"idx": 1, "uri": f"{SUBURB.issuer}/v1/status-lists/1"}}),
        "accepted-two-issuers",
    ),
]
