"""polaris-oid4vp as an oracle: cases as JSON on standard input, an answer each on standard output.

It lets a status list be signed by a certificate of the usages that it knows for credentials; our key for lists has one of its own.
For lists that set is replaced, and nothing else of it is touched.
"""

import json
import sys
from base64 import b64decode

from cryptography import x509
from polaris_oid4vp import sdjwt, status

CREDENTIAL = sdjwt._ISSUER_EKUS
STATUS = frozenset({x509.ObjectIdentifier("2.25.99843960711705871273018891193280666293.2")})


def _anchors(case):
    return [x509.load_der_x509_certificate(b64decode(one)) for one in case.get("anchors", [])]


def _authority(case):
    """Its answer to 'who may publish this list?': a certificate for lists, under an anchor, in the credential's issuer's name."""

    def holder(*, credential_issuer, status_uri, header, issuer_key_verify):
        if header is None:
            return lambda *_: False, status.STATED, "asked before the list is there"
        sdjwt._ISSUER_EKUS = STATUS
        keys, why, certified = sdjwt._issuer_public_keys(header, case.get("keys"), _anchors(case), case["now"])
        named = certified is None or not sdjwt._leaf_names(certified[0], credential_issuer)
        if not keys or not named:
            raise ValueError(why or "the list is another issuer's")
        return (
            lambda signed, signature, _: any(sdjwt._verify_es256(key, signed, signature) for key in keys),
            status.STATED,
            "CA",
        )

    return holder


def _decided(case, uri, index, issuer):
    token = case["lists"].get(uri)
    if token is None:
        return {"checked": False, "code": status.UNREACHABLE, "reason": "no such list"}
    return status.decide(
        token, index=index, expected_uri=uri, authority=_authority(case), now=int(case["now"]), credential_issuer=issuer
    )


def presentation(case):
    """verify_presentation, and the status list that the credential names."""
    sdjwt._ISSUER_EKUS = CREDENTIAL
    found = sdjwt.verify_presentation(
        case["text"],
        expected_nonce=case["nonce"],
        expected_audience=case["audience"],
        trust_anchors=_anchors(case),
        issuer_jwks=case.get("keys"),
        now=case["now"],
        max_skew_seconds=60,
        status_resolver=lambda uri, idx, issuer: _decided(case, uri, idx, issuer),
    )
    if not found.authentic:
        return {"accepted": False, "reason": f"{found.code}: {found.reason}"}
    state = found.revocation
    if state["state"] == sdjwt.NO_STATUS_CLAIM or (state["checked"] and state["status"] == status.VALID):
        return {"accepted": True, "reason": "", "claims": found.claims}
    return {"accepted": False, "reason": f"{state['state']}: {state['reason']}"}


def status_list(case):
    """decide: the status of each index asked for."""
    found = [_decided(case, case["uri"], index, case["issuer"]) for index in case["indexes"]]
    refused = next((one for one in found if not one["checked"]), None)
    if refused:
        return {"accepted": False, "reason": f"{refused['code']}: {refused['reason']}"}
    stale = any(one["stale"] for one in found)
    return {"accepted": True, "reason": "stale" if stale else "", "statuses": [one["status"] for one in found]}


def packed(case):
    """The statuses of a bare list."""
    content = status._inflate_bounded(status._b64u(case["lst"], "lst"))
    return {"accepted": True, "reason": "", "statuses": [status.status_at(content, i, case["bits"]) for i in case["indexes"]]}


KINDS = {"presentation": presentation, "status_list": status_list, "packed": packed}


def answer(case):
    """Its answer. An exception out of it is none, but nothing was accepted either: the page says that it crashed."""
    try:
        return KINDS[case["kind"]](case)
    except Exception as error:
        return {"accepted": False, "reason": f"crashed: {error!r}"}


if __name__ == "__main__":
    json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout, default=str)
