"""Requests of readers (OpenID4VP 1.0): a link, the signed request behind it, what it asks for, and the encrypted answer.

What is checked: the request is signed under the certificate that the link names by its digest, that certificate names the place
where the request lies, and the answer goes to that place. Whether the certificate's root is anyone's whom the person should
believe is not known here: it is shown, and the person decides.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from idverify.credentials import jwe, jws, request_object
from idverify.credentials.certificates import names_in
from idverify.credentials.credential_types import type_of_doctype
from idverify.credentials.mdoc_session import Session
from idverify.credentials.reading import decode_base64url
from idverify.errors import InvalidInput, TokenInvalid
from idverify.keys.jwk import base64url, thumbprint
from idverify.wallet import contents
from idverify.wallet.answers import MALFORMED, granted, member
from idverify.wallet.errors import CredentialUnavailable, IssuerRefused
from idverify.wallet.folder import Folder
from idverify.wallet.held import MDOC_FORMAT, SD_JWT_FORMAT, Holding
from idverify.wallet.offers import origin
from idverify.wallet.presenting import Asking, present
from idverify.wallet.shown import paths
from idverify.wallet.transport import Send

SCHEME = "openid4vp"
WHAT = "the request"
LONGEST_NAME = 256
ALTERNATIVES = "the reader leaves a choice of what to show, which this wallet does not know"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One credential that is asked for. kinds: vcts (or the doctype of an mdoc) that would do. claims: to be disclosed.

    authorities: key identifiers of which one must have certified the issuer's key; None where the reader names none.
    """

    id: str
    format: str
    kinds: tuple[str, ...]
    claims: tuple[str, ...]
    authorities: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose signature holds. name: what the reader calls who asks. reader, certified_by: as its certificate says.

    purpose: what for, as the reader says; None where it does not.
    state: None where the reader keeps none. encryption: of the answer to `key`.
    """

    client_id: str
    name: str
    purpose: str | None
    reader: str
    certified_by: str
    response_uri: str
    nonce: str = field(repr=False)
    state: str | None = field(repr=False)
    wanted: tuple[Wanted, ...]
    key: Mapping[str, Any]
    encryption: str


def read_request(link: str, send: Send, *, now: float) -> Request:
    """The request behind an `openid4vp://` link. now: seconds since the epoch. Raises InvalidInput, IssuerRefused."""
    client_id, uri = _addressed(link.strip())
    answer = send("GET", uri, {"Accept": f"application/{request_object.TYPE}"}, None)
    if answer.status != 200:
        granted(answer, WHAT)
        raise IssuerRefused(f"{WHAT} was answered with HTTP {answer.status}", MALFORMED)
    try:
        payload, leaf = request_object.read(answer.body.strip(), client_id, now)
        uris, hosts, certified_by = names_in(leaf)
    except TokenInvalid as error:
        raise IssuerRefused(f"{WHAT} is not one of the reader that the link names: {error.message}", error.code) from None
    response_uri = member(payload, "response_uri", str, WHAT)
    here = [name for name in sorted(uris) if origin(name) == origin(uri)] or _host(uri, hosts)
    if origin(response_uri) != origin(uri) or not here:
        raise IssuerRefused("the reader's certificate does not name the place where the answer would go", MALFORMED)
    if "transaction_data" in payload:  # OpenID4VP 1.0 section 8.4: what is not understood is not signed
        raise IssuerRefused("the reader asks for a signature under a transaction, which this wallet does not know", MALFORMED)
    query = member(payload, "dcql_query", dict, WHAT)
    if "credential_sets" in query:
        raise IssuerRefused(ALTERNATIVES, MALFORMED)
    if (payload.get("response_type"), payload.get("response_mode")) != ("vp_token", "direct_post.jwt"):
        raise IssuerRefused("the reader does not ask for an encrypted answer", MALFORMED)
    metadata = member(payload, "client_metadata", dict, WHAT)
    return Request(
        client_id=client_id,
        name=_shown(member(metadata, "client_name", str, WHAT) if "client_name" in metadata else here[0]),
        purpose=_shown(member(payload, "purpose", str, WHAT)) if "purpose" in payload else None,
        reader=_shown(here[0]),
        certified_by=_shown(certified_by),
        response_uri=response_uri,
        nonce=member(payload, "nonce", str, WHAT),
        state=member(payload, "state", str, WHAT) if "state" in payload else None,
        wanted=_all_wanted(query),
        key=_key(metadata),
        encryption=_encryption(metadata),
    )


def choose(folder: Folder, request: Request, *, now: float) -> dict[str, Holding]:
    """What would answer each credential asked for, by its id. Raises CredentialUnavailable; nothing was shown then."""
    chosen = {}
    for one in request.wanted:
        fitting = [held for held in folder.holdings() if _fits(held, one, now)]
        if not fitting:
            named = ", ".join(one.claims) or "nothing beside what every reader sees"
            whose = "" if one.authorities is None else ", of an authority that the reader believes,"
            raise CredentialUnavailable(
                f"the wallet holds no unused copy of {' or '.join(one.kinds)}{whose} that can show {named}"
            )
        chosen[one.id] = fitting[0]
    return chosen


def asked(request: Request, chosen: Mapping[str, Holding]) -> dict[str, list[str]]:
    """All that the person is asked to show, by configuration: of one that is asked for twice, what both ask for."""
    found: dict[str, list[str]] = {}
    for one in request.wanted:
        claims = found.setdefault(chosen[one.id].configuration, [])
        claims += [name for name in one.claims if name not in claims]
    return found


def answer(folder: Folder, request: Request, chosen: Mapping[str, Holding], send: Send, *, now: float) -> None:
    """Show what was chosen, encrypted to the reader. The copies are used up, and the record of the wallet says to whom.

    Raises CredentialUnavailable, IssuerRefused, AuditBroken.
    """
    session = Session(request.client_id, request.nonce, request.response_uri, _thumbprint(request.key))
    token = {
        one.id: [
            present(
                folder,
                chosen[one.id].configuration,
                show=_hidden(chosen[one.id], one),
                session=session,
                now=now,
                issuer=chosen[one.id].issuer,
                asking=Asking("request", request.name, request.purpose, request.reader, paths(one.claims)),
            )
        ]
        for one in request.wanted
    }
    try:
        kept = {} if request.state is None else {"state": request.state}
        sealed = jwe.encrypt({"vp_token": token, **kept}, request.key, request.encryption)
    except TokenInvalid:
        raise IssuerRefused("the reader's key for the answer is none on P-256", MALFORMED) from None
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    granted(send("POST", request.response_uri, headers, urlencode({"response": sealed}).encode()), "the answer")


def _addressed(link: str) -> tuple[str, str]:
    """client_id and request_uri of a link. Raises InvalidInput."""
    try:
        parts = urlsplit(link)
    except ValueError:
        raise InvalidInput("the request is not a link") from None
    query = parse_qs(parts.query)
    match parts.scheme, query.get("client_id"), query.get("request_uri"):
        case "openid4vp", [client_id], [uri]:
            return client_id, uri
        case _:
            raise InvalidInput(
                f"the link holds not one client_id and one request_uri: {SCHEME}://?client_id=...&request_uri=..."
            )


def _shown(text: str) -> str:
    """What a person is shown of a stranger's words: one line that moves no cursor. Raises IssuerRefused."""
    if not text.isprintable() or not 0 < len(text) <= LONGEST_NAME:
        raise IssuerRefused("the reader names itself, or what it asks for, in a way that cannot be shown", MALFORMED)
    return text


def _all_wanted(query: Mapping[str, Any]) -> tuple[Wanted, ...]:
    """Each under an id of its own (OpenID4VP 1.0 section 6.1): what is chosen for one is not shown for another."""
    found = tuple(_wanted(one) for one in member(query, "credentials", list, WHAT))
    if len({one.id for one in found}) < len(found):
        raise IssuerRefused("the reader calls two of the credentials that it asks for by one name", MALFORMED)
    return found


def _wanted(asked: object) -> Wanted:
    found = asked if isinstance(asked, dict) else {}
    format_, meta, name = found.get("format"), member(found, "meta", dict, WHAT), member(found, "id", str, WHAT)
    claims = member(found, "claims", list, WHAT) if "claims" in found else []
    paths = [member(one if isinstance(one, dict) else {}, "path", list, WHAT) for one in claims]
    if "claim_sets" in found or any("values" in one for one in claims):
        raise IssuerRefused(ALTERNATIVES, MALFORMED)  # all of it would be more than such a reader needs
    if format_ == MDOC_FORMAT:
        doctype = member(meta, "doctype_value", str, WHAT)
        return Wanted(name, MDOC_FORMAT, (doctype,), tuple(_claim(doctype, path) for path in paths), _authorities(found))
    if format_ != SD_JWT_FORMAT:
        raise IssuerRefused("the reader asks for a format that this wallet does not know", MALFORMED)
    vcts = member(meta, "vct_values", list, WHAT)
    if not all(isinstance(one, str) for one in vcts) or not all(len(one) == 1 and isinstance(one[0], str) for one in paths):
        raise _unknown_claims()
    return Wanted(name, SD_JWT_FORMAT, tuple(vcts), tuple(one[0] for one in paths), _authorities(found))


def _authorities(asked: Mapping[str, Any]) -> frozenset[str] | None:
    """Of the ways to name whom a reader believes, the one that this wallet can follow (OpenID4VP 1.0 section 6.1.1.1).

    Where a reader names others alone, nothing fits: the person's copy would be used up for an answer that is refused.
    """
    if "trusted_authorities" not in asked:
        return None
    found: set[str] = set()
    for one in member(asked, "trusted_authorities", list, WHAT):
        match one:
            case {"type": str() as kind, "values": [*values]} if all(isinstance(value, str) for value in values):
                found.update(values if kind == "aki" else ())
            case _:
                raise IssuerRefused("the reader does not say whose credentials it believes", MALFORMED)
    return frozenset(found)


def _claim(doctype: str, path: Sequence[object]) -> str:
    """The claim that an element says (OpenID4VP 1.0 section 7.2: namespace, element). Raises IssuerRefused."""
    type_ = type_of_doctype(doctype)
    match path:
        case [str() as namespace, str() as element] if type_ and element in type_.mdoc.namespaces.get(namespace, {}):
            return type_.mdoc.namespaces[namespace][element]
        case _:
            raise _unknown_claims()


def _unknown_claims() -> IssuerRefused:
    return IssuerRefused("the reader asks for claims in a way that this wallet does not know", MALFORMED)


def _thumbprint(key: Mapping[str, Any]) -> bytes:
    """SHA-256 of the key that the answer is encrypted to (RFC 7638). Raises IssuerRefused where it is none on P-256."""
    if not jws.is_point(key.get("x"), key.get("y")):
        raise IssuerRefused("the reader's key for the answer is none on P-256", MALFORMED)
    return decode_base64url(thumbprint(key["x"], key["y"]))


def _host(uri: str, names: Collection[str]) -> list[str]:
    """Where the request lies, if that host is among the names of a certificate (RFC 5280 section 4.2.1.6)."""
    scheme, place = origin(uri)
    host = urlsplit(uri).hostname
    return [f"{scheme}://{place}"] if host in {one.lower() for one in names} else []


def _key(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first key that the answer can be encrypted to (OpenID4VP 1.0 section 8.3). Raises IssuerRefused."""
    for one in member(member(metadata, "jwks", dict, WHAT), "keys", list, WHAT):
        match one:
            case {"kty": "EC", "crv": "P-256", "kid": str(), "alg": jwe.ALGORITHM} if one.get("use", "enc") == "enc":
                found: Mapping[str, Any] = one
                return found
    raise IssuerRefused("the reader gives no key that this wallet can encrypt to", MALFORMED)


def _encryption(metadata: Mapping[str, Any]) -> str:
    """The best that the reader knows; A128GCM where it does not say (OpenID4VP 1.0 section 5.1). Raises IssuerRefused."""
    known = metadata.get("encrypted_response_enc_values_supported", ["A128GCM"])
    for one in jwe.ENCRYPTIONS:
        if isinstance(known, list) and one in known:
            return one
    raise IssuerRefused("the reader asks for an encryption that this wallet does not know", MALFORMED)


def _fits(held: Holding, wanted: Wanted, now: float) -> bool:
    if held.format != wanted.format or not held.copies:
        return False
    said = contents.read(held.format, held.copies[0].credential)
    can = {*said.choices, *said.always}
    if wanted.authorities is not None and (said.authority is None or base64url(said.authority) not in wanted.authorities):
        return False
    return said.kind in wanted.kinds and said.expires_at > now and set(wanted.claims) <= can


def _hidden(held: Holding, wanted: Wanted) -> tuple[str, ...]:
    """Of the claims asked for, those that are not shown anyway. Raises CredentialUnavailable."""
    if not held.copies:
        raise CredentialUnavailable(f"every copy of {held.configuration} is used: `idverify wallet renew` fetches new ones")
    shown_anyway = contents.read(held.format, held.copies[0].credential).always
    return tuple(one for one in wanted.claims if one not in shown_anyway)
