"""Asking a wallet on the person's own device, over the network (OpenID4VP 1.0): a signed request, an encrypted answer, once.

The id of a request is a secret between its client and the wallet. The database has its hash and what is sealed: the key that
the answer is encrypted to, the nonce, the state, later what was found. A row lives for five minutes, and for five more once it
has its answer.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import quote

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.believing import believed_here
from idverify.ceremonies.clients import audience_of, purpose_of
from idverify.ceremonies.documents import find_type
from idverify.ceremonies.presentations import Answer, Query, answer_to
from idverify.ceremonies.row_sealing import REQUEST_ROW, open_row, seal_row
from idverify.ceremonies.wallet_secrets import REQUEST, is_secret, new_secret, secret_hash
from idverify.credentials import cose, credential, jwe, mdoc, request_object
from idverify.credentials.anchors import Anchor
from idverify.credentials.certificates import key_identifier_of
from idverify.credentials.findings import Finding, Status
from idverify.credentials.mdoc_session import Session
from idverify.credentials.proof_errors import AnswerUnreadable
from idverify.credentials.reading import decode_base64url
from idverify.errors import InputError, InvalidInput, RequestAnswered, RequestNotFound, SigningUnavailable, TokenInvalid
from idverify.keys.jwk import base64url, thumbprint
from idverify.store import Connection, presentation_requests
from idverify.store.clients import Client
from idverify.store.presentation_requests import Row

PATH = "/v1/presentations/requests"
SECONDS = 300.0
MOST_REFUSED = 5
"""Answers that were refused, after which a request is closed: who holds the link cannot make us write events without end."""
_FORMATS = {
    credential.FORMAT: {"sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"]},
    mdoc.FORMAT: {"issuerauth_alg_values": [cose.ES256], "deviceauth_alg_values": [cose.ES256]},
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A new request. link: for the person's wallet, as a link or a QR code. uri: where the wallet fetches what is asked."""

    id: str
    audience: str
    nonce: str
    expires_at: float
    uri: str
    link: str


@dataclass(frozen=True, slots=True)
class _Request:
    """One request, opened. reader: its client_id. key: private JWK. asked: claims by credential type, or by `TYPE.mdoc`.

    answers: by credential type, as JSON; None until the wallet's answer was taken.
    """

    request_hash: str
    client_id: str
    audience: str
    purpose: str
    reader: str
    nonce: str
    state: str
    key: Mapping[str, str]
    asked: Mapping[str, Sequence[str]]
    expires_at: float
    refused: int = 0
    answers: Mapping[str, Mapping[str, Any]] | None = None

    @property
    def queries(self) -> dict[str, Query]:
        """What is asked for, by its name in `asked`."""
        return {name: _query(name, claims) for name, claims in self.asked.items()}

    def session(self, response_uri: str) -> Session:
        """What a presentation must be made for."""
        return Session(self.reader, self.nonce, response_uri, decode_base64url(thumbprint(self.key["x"], self.key["y"])))


def ask_online(
    vault: Vault, client: Client, audience: str | None, asked: Mapping[str, Sequence[str]], purpose: str | None = None
) -> Asked:
    """A request to a wallet on behalf of the client's audience. asked: claims by name of the credential type, or `TYPE.mdoc`.

    purpose: one of the client's, None where it has one only; the person is told. Raises UnknownCredentialType, InvalidInput,
    AudienceNotAllowed, PurposeNotAllowed, SigningUnavailable without a reader's certificate.
    """
    named, what_for = audience_of(client, audience), purpose_of(client, purpose)
    if not asked:
        raise InvalidInput("credentials: ask for at least one")
    for name, claims in asked.items():
        if unknown := sorted(set(claims) - _query(name, claims).type.claims):
            raise InvalidInput(f"credentials: {name} has no claim {unknown[0][:64]!r}")
    request_id = new_secret(vault, REQUEST)
    request = _Request(
        request_hash=secret_hash(request_id),
        client_id=client.id,
        audience=named,
        purpose=what_for,
        reader=request_object.client_id_of(vault.reader_keys.current.chain[0]),
        nonce=base64url(vault.random_bytes(16)),
        state=base64url(vault.random_bytes(16)),
        key=jwe.new_key(base64url(vault.random_bytes(8))),
        asked={name: list(dict.fromkeys(claims)) for name, claims in asked.items()},
        expires_at=vault.now() + SECONDS,
    )
    with vault.store.transaction() as tx:
        presentation_requests.purge(tx, vault.now())
        presentation_requests.add(tx, _row(vault, request))
        record_event(
            vault,
            tx,
            Event.PRESENTATION_REQUESTED,
            actor=client.id,
            audience=named,
            purpose=what_for,
            asked={name: [[one] for one in claims] for name, claims in request.asked.items()},
        )
    uri = f"{_address(vault, request_id)}/object"
    link = f"openid4vp://?client_id={quote(request.reader, safe='')}&request_uri={quote(uri, safe='')}"
    return Asked(request_id, named, request.nonce, request.expires_at, uri, link)


def signed_request(vault: Vault, request_id: str, wallet_nonce: str | None = None) -> str:
    """The request object, as often as the wallet fetches it. wallet_nonce: one that the wallet sent, to find again in it.

    Raises RequestNotFound, RequestAnswered, SigningUnavailable (also where the reader's key was rotated meanwhile: ask anew).
    """
    with vault.store.reading() as tx:
        request = _found(vault, tx, request_id)
        anchors = believed_here(vault, tx).anchors
    _require_open(vault, request)
    certified = vault.reader_keys.current
    if request_object.client_id_of(certified.chain[0]) != request.reader:
        raise SigningUnavailable("the reader's key was rotated after this request was made")
    payload: dict[str, Any] = {
        "client_id": request.reader,
        "response_type": "vp_token",
        "response_mode": "direct_post.jwt",
        "response_uri": f"{_address(vault, request_id)}/response",
        "nonce": request.nonce,
        "state": request.state,
        "iat": int(vault.now()),
        "exp": int(request.expires_at),
        "dcql_query": {"credentials": [_asking(name, one, anchors) for name, one in request.queries.items()]},
        "client_metadata": {
            "client_name": request.audience,
            "jwks": {"keys": [jwe.public_half(request.key)]},
            "encrypted_response_enc_values_supported": list(jwe.ENCRYPTIONS),
            "vp_formats_supported": _FORMATS,
        },
        "purpose": request.purpose,
    }
    if wallet_nonce is not None:
        payload["wallet_nonce"] = wallet_nonce
    return request_object.sign(payload, certified)


def take_answer(vault: Vault, request_id: str, response: str) -> None:
    """Open the wallet's answer, validate what it shows, and keep the outcome for the client. One answer a request.

    What does not open is refused, audited, and leaves the request open, five times. Raises RequestNotFound, RequestAnswered,
    AnswerUnreadable, InvalidInput for another state, any Fault (the request then stays as it was).
    """
    refusal: InputError | TokenInvalid | None = None
    with vault.store.reading() as view:
        _found(vault, view, request_id)  # a stranger without an id of ours takes no writer's lock
    with vault.store.transaction() as tx:
        request = _found(vault, tx, request_id)
        if request.refused >= MOST_REFUSED:
            raise RequestNotFound("this request was closed after too many answers that could not be taken")
        try:
            _require_open(vault, request)
            shown = _shown(request, response)
        except (InputError, TokenInvalid) as error:
            refusal = error
            request = replace(request, refused=request.refused + 1)
            record_event(
                vault, tx, Event.PRESENTATION_REFUSED, actor=request.client_id, reason=error.code, count=request.refused
            )
        else:
            session = request.session(f"{_address(vault, request_id)}/response")
            answers = {name: _spelled(_answer(vault, tx, request, session, name, text)) for name, text in shown.items()}
            request = replace(request, answers=answers, expires_at=vault.now() + SECONDS)
        presentation_requests.replace(tx, _row(vault, request))
    if refusal is not None:
        raise refusal


def read_answer(vault: Vault, client: Client, request_id: str) -> tuple[float, dict[str, Answer] | None]:
    """Until when it can be read, and what the wallet showed, by credential type; None before it answered.

    Raises RequestNotFound, also for another client's.
    """
    with vault.store.reading() as tx:
        request = _found(vault, tx, request_id)
    if request.client_id != client.id or request.expires_at <= vault.now():
        raise RequestNotFound("no such request of yours, or it has ended")
    answers = request.answers
    return request.expires_at, None if answers is None else {name: _parsed(one) for name, one in answers.items()}


def _shown(request: _Request, response: str) -> dict[str, str]:
    """One presentation for each credential asked for. Raises AnswerUnreadable, InvalidInput."""
    content = jwe.decrypt(response, request.key)
    state = content.get("state")
    if not isinstance(state, str) or not hmac.compare_digest(state.encode("utf-8", "replace"), request.state.encode()):
        raise InvalidInput("state: not the one of this request")
    token = content.get("vp_token")
    names = {_id(name): name for name in request.asked}
    if not isinstance(token, dict) or token.keys() != names.keys():
        raise AnswerUnreadable
    lists = {names[one]: shown for one, shown in token.items() if isinstance(shown, list) and len(shown) == 1}
    shown = {name: one[0] for name, one in lists.items() if isinstance(one[0], str)}
    if shown.keys() != request.asked.keys():
        raise AnswerUnreadable
    return shown


def _answer(vault: Vault, tx: Connection, request: _Request, session: Session, name: str, text: str) -> Answer:
    return answer_to(
        vault,
        tx,
        text,
        client_id=request.client_id,
        audience=request.audience,
        purpose=request.purpose,
        session=session,
        query=request.queries[name],
    )


def _asking(name: str, query: Query, anchors: Sequence[Anchor]) -> dict[str, Any]:
    """The credential query (OpenID4VP 1.0 section 6.1): whose root is named only where every root that would do has a name."""
    roots = [key_identifier_of(one.certificate) for one in anchors if query.type.vct in one.types]
    as_mdoc = query.format == mdoc.FORMAT
    meta = {"doctype_value": query.type.mdoc.doctype} if as_mdoc else {"vct_values": [query.type.vct]}
    asking: dict[str, Any] = {"id": _id(name), "format": query.format, "meta": meta}
    if query.claims:
        paths = [query.type.mdoc.place(claim) if as_mdoc else (claim,) for claim in query.claims]
        asking["claims"] = [{"path": list(path)} for path in paths]
    if roots and None not in roots:
        values = sorted({base64url(one) for one in roots if one is not None})
        asking["trusted_authorities"] = [{"type": "aki", "values": values}]
    return asking


def _query(name: str, claims: Sequence[str]) -> Query:
    """Raises UnknownCredentialType."""
    type_name = name.removesuffix(f".{mdoc.CONFIGURATION}")
    return Query(find_type(type_name), tuple(claims), credential.FORMAT if type_name == name else mdoc.FORMAT)


def _id(name: str) -> str:
    """In the request: section 6.1 has letters, digits, underscores and hyphens."""
    return name.replace(".", "-")


def _require_open(vault: Vault, request: _Request) -> None:
    if request.expires_at <= vault.now():
        raise RequestNotFound("this request has ended: ask for another")
    if request.answers is not None:
        raise RequestAnswered("this request was answered already: ask for another")


def _address(vault: Vault, request_id: str) -> str:
    return f"{vault.issuer.rstrip('/')}{PATH}/{request_id}"


def _found(vault: Vault, tx: Connection, request_id: str) -> _Request:
    row = presentation_requests.by_hash(tx, secret_hash(request_id)) if is_secret(request_id, REQUEST) else None
    if row is None:
        raise RequestNotFound("no such request, or it has ended")
    content = open_row(vault, REQUEST_ROW, row.sealed, row.request_hash, row.client_id)
    return _Request(request_hash=row.request_hash, client_id=row.client_id, **content)


def _row(vault: Vault, request: _Request) -> Row:
    content = asdict(request)
    bound = (content.pop("request_hash"), content.pop("client_id"))
    return Row(*bound, request.expires_at, seal_row(vault, REQUEST_ROW, content, *bound))


def _spelled(answer: Answer) -> dict[str, Any]:
    finding = {**asdict(answer.finding), "claims": dict(answer.finding.claims)}
    return {"finding": finding, "subject": answer.subject, "claims": dict(answer.claims), "evidence": answer.evidence}


def _parsed(raw: Mapping[str, Any]) -> Answer:
    finding = Finding(**{**raw["finding"], "status": Status(raw["finding"]["status"])})
    return Answer(finding, raw["subject"], raw["claims"], raw["evidence"])
