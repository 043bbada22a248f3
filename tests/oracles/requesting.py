"""Requests of a reader for a wallet (OpenID4VP 1.0 section 5), one that holds and others that differ from it by one thing."""

import json
from base64 import b64encode

from credentials.authority import Authority, public, signer
from credentials.proofs import signed

from idverify.credentials import jwe, request_object
from idverify.credentials.purposes import Purpose
from idverify.errors import TokenInvalid
from idverify.keys.jwk import base64url
from oracles.cases import Vector
from oracles.issuing import CARD, NOW

READER = "https://hotel.example"


def requests() -> list[Vector]:
    """Each with what our wallet says of it; read at NOW by a wallet that believes the root of the reader, and a neighbour's."""
    root, neighbour = (Authority(name, begins=NOW - 60) for name in ("Readers", "Neighbours"))
    known = [b64encode(one.certificate).decode() for one in (root, neighbour)]
    key, other = signer(), signer()
    leaf, foreign = (
        authority.certify(public(one), READER, begins=NOW - 60, purpose=Purpose.READER)
        for authority, one in ((root, key), (neighbour, other))
    )
    spelled = b64encode(leaf).decode()
    client_id = request_object.client_id_of(leaf)
    header = {"alg": "ES256", "typ": request_object.TYPE, "kid": key.kid, "x5c": [spelled]}
    payload = _payload(client_id)

    def said(by=key, *, header=header, **changes):
        made = {name: value for name, value in (payload | changes).items() if value is not None}
        return signed(by, {name: value for name, value in header.items() if value is not None}, made)

    text = said()
    head, body, signature = text.split(".")
    thief = {"response_uri": "https://thief.example/response"}
    twice = json.dumps(payload)[:-1] + ', "response_uri": "https://thief.example/response"}'
    texts = {
        "nothing": text,
        "header.kid, a name of the reader's own": said(header=header | {"kid": "key-1"}),
        "header.kid, missing": said(header=header | {"kid": None}),
        "signature, zeros": f"{head}.{body}.{'A' * 86}",
        "signature, another key": said(other),
        "payload, another place": f"{head}.{base64url(json.dumps(payload | thief).encode())}.{signature}",
        "header, algorithm none": f"{_part(header | {'alg': 'none'})}.{body}.{signature}",
        "header, algorithm HS256": f"{_part(header | {'alg': 'HS256'})}.{body}.{signature}",
        "header.typ, JWT": said(header=header | {"typ": "JWT"}),
        "header.typ, a credential": said(header=header | {"typ": "dc+sd-jwt"}),
        "header.typ, missing": said(header=header | {"typ": None}),
        "header.x5c, missing": said(header=header | {"x5c": None}),
        "header.x5c, in two lines": said(header=header | {"x5c": [f"{spelled[:64]}\n{spelled[64:]}"]}),
        "header.x5c, another reader": said(other, header=header | {"kid": other.kid, "x5c": [b64encode(foreign).decode()]}),
        "header.jwk, beside the certificate": said(header=header | {"jwk": key.public_jwk()}),
        "header.crit, unheard of": said(header=header | {"crit": ["urn:example:unheard"], "urn:example:unheard": 1}),
        "client_id, another reader": said(client_id=request_object.client_id_of(foreign)),
        "client_id, missing": said(client_id=None),
        "aud, another": said(aud="https://bank.example"),
        "aud, missing": said(aud=None),
        "exp, a second ago": said(exp=int(NOW) - 1),
        "exp, text": said(exp=str(int(NOW) + 300)),
        "response_uri, twice": _signed_text(key, head, twice),
    }
    case = {"kind": "request", "client_id": client_id, "readers": known, "now": NOW}
    return [
        Vector("request", ("requests", f"{code}: {differs}"), differs, code, "", case | {"text": text})
        for differs, text in texts.items()
        for code in [_ours(text, client_id)]
    ]


def _payload(client_id):
    key = jwe.public_half(jwe.new_key("k1"))
    query = {"id": "card", "format": "dc+sd-jwt", "meta": {"vct_values": [CARD]}, "claims": [{"path": ["name"]}]}
    return {
        "client_id": client_id,
        "aud": request_object.AUDIENCE,
        "response_type": "vp_token",
        "response_mode": "direct_post.jwt",
        "response_uri": f"{READER}/response",
        "nonce": "n-0S6_WzA2Mj",
        "state": "af0ifjsldkj",
        "iat": int(NOW),
        "exp": int(NOW) + 300,
        "dcql_query": {"credentials": [query]},
        "client_metadata": {"jwks": {"keys": [key]}, "encrypted_response_enc_values_supported": ["A256GCM"]},
    }


def _part(value):
    return base64url(json.dumps(value).encode())


def _signed_text(key, head, text):
    body = f"{head}.{base64url(text.encode())}"
    return f"{body}.{base64url(key.sign(body.encode()))}"


def _ours(text, client_id):
    try:
        request_object.read(text, client_id, NOW)
    except TokenInvalid as error:
        return error.code
    return "accepted"
