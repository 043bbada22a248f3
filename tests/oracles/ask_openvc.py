"""openvc-core as an oracle: cases as JSON on standard input, an answer each on standard output.

It reads the clock itself where a credential's own times are judged, so the clock of this process is set to the case's.
"""

import json
import sys
import time
from base64 import b64decode, b64encode, urlsafe_b64decode
from datetime import UTC, datetime
from hashlib import sha256

import base45
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from openvc import cbor, cose
from openvc.errors import OpenvcError
from openvc.mdoc import verify_device_response
from openvc.openid4vci import (
    parse_credential_issuer_metadata,
    parse_credential_offer,
    parse_credential_request,
    verify_credential_request_proofs,
)
from openvc.openid4vp import verify_vp_token
from openvc.proof.sd_jwt import SdJwtVcProofSuite
from openvc.status import check_token_status, decode_status_list, get_status, verify_status_list_token
from openvc.trustlist import Select, lote
from openvc.verify import VerificationPolicy, verify_credential
from openvc.x5c import load_x5c_chain, resolve_x5c_key


def _anchors(case):
    return [x509.load_der_x509_certificate(b64decode(one)) for one in case.get("anchors", [])]


def _when(case):
    return datetime.fromtimestamp(case["now"], UTC)


def _part(token, at):
    part = token.split(".")[at]
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def _list(case, uri, issuer):
    """Claims of the list at that address, signed under an anchor in the issuer's name."""
    token = case["lists"][uri]
    if case.get("keys"):
        key = case["keys"][0]
    else:
        key = resolve_x5c_key(_part(token, 0).get("x5c"), issuer, trust_anchors=_anchors(case), now=_when(case))
    return verify_status_list_token(token, public_key_jwk=key, expected_uri=uri, now=int(case["now"]))


def presentation(case):
    """verify_credential, the pipeline; with a bare key its proof suite alone, which asks for no certificate."""
    if case.get("keys"):
        found = SdJwtVcProofSuite().verify(
            case["text"], public_key_jwk=case["keys"][0], audience=case["audience"], nonce=case["nonce"],
            require_key_binding=True, kb_max_age_s=60, now=_when(case),
        )  # fmt: skip
        return {"accepted": True, "reason": "", "claims": found.claims}
    issuer = _part(case["text"].split("~")[0], 1).get("iss")
    policy = VerificationPolicy(
        audience=case["audience"], nonce=case["nonce"], require_key_binding=True, kb_max_age_s=60, leeway_s=60, now=_when(case)
    )
    found = verify_credential(
        case["text"],
        policy=policy,
        x5c_trust_anchors=_anchors(case),
        resolve_status_list_token=lambda uri: _list(case, uri, issuer),
    )
    return {"accepted": True, "reason": "", "claims": found.claims}


def status_list(case):
    """verify_status_list_token, and the status of each index asked for."""
    claims = _list(case, case["uri"], case["issuer"])
    asked = [{"status": {"status_list": {"uri": case["uri"], "idx": index}}} for index in case["indexes"]]
    found = [check_token_status(one, resolve_status_list_token=lambda _: claims) for one in asked]
    return {"accepted": True, "reason": "", "statuses": [one.status for one in found]}


def packed(case):
    """The statuses of a bare list."""
    content = decode_status_list(case["lst"])
    return {"accepted": True, "reason": "", "statuses": [get_status(content, i, bits=case["bits"]) for i in case["indexes"]]}


def slip(case):
    """A QR code: CBOR, COSE, X.509 and the status list are openvc's; which key signs what, and from where, is ours to say."""
    device = cose.parse_sign1(cbor.decode(base45.b45decode(case["text"].removeprefix("EID1:"))))
    issued = cose.parse_sign1(cbor.decode(cbor.decode(device.payload)[0]))
    claims = cbor.decode(issued.payload)
    leaf = next(one for one in case["leaves"] if sha256(b64decode(one)).digest()[:8] == issued.protected_header[4])
    certified = resolve_x5c_key([leaf], claims[1], trust_anchors=_anchors(case), now=_when(case))
    if not cose.verify_sign1(issued, public_jwk=certified, external_aad=b"urn:idverify:qr:slip:1"):
        return {"accepted": False, "reason": "SlipSignature"}
    key = dict(claims[8][1])
    if isinstance(key[-3], bool):  # a compressed point (RFC 9053 section 7.1.1), which openvc does not read
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes([2 + key[-3]]) + key[-2])
        key[-3] = point.public_numbers().y.to_bytes(32, "big")
    if not cose.verify_sign1(device, public_jwk=cose.cose_key_to_jwk(key), external_aad=b"urn:idverify:qr:envelope:1"):
        return {"accepted": False, "reason": "DeviceSignature"}
    number, index, *_ = claims[-70001]
    listed = {"uri": f"{claims[1].rstrip('/')}/v1/status-lists/{number}", "idx": index}
    status = {"status": {"status_list": listed}}
    found = check_token_status(status, resolve_status_list_token=lambda uri: _list(case, uri, claims[1]))
    return {"accepted": found.status == 0, "reason": f"Status: {found.status}"}


def trust_list(case):
    """consume_lote and walk_lote, as they are. issuing: only the roots that may issue this, by the identifier of the service."""
    token = case["text"]
    roots = load_x5c_chain(_part(token, 0).get("x5c"))[1:]
    held = {
        "lote_signer_certs": [one for one in roots if one.fingerprint(hashes.SHA256()).hex() == case["pin"]],
        "now": _when(case),
    }
    wanted = Select(service_types=frozenset({case["issuing"]})) if case.get("issuing") else None
    found = lote.walk_lote("list", fetch=lambda _: token.encode(), select=wanted, **held)
    if found.problems:
        return {"accepted": False, "reason": "; ".join(f"{one.stage}: {one.detail}" for one in found.problems)}
    sequence = lote.consume_lote(token, expected_signer_certs=held["lote_signer_certs"], now=held["now"]).sequence_number
    anchors = [b64encode(one.certificate.public_bytes(Encoding.DER)).decode() for one in found.anchors]
    return {"accepted": True, "reason": "", "sequence": sequence, "roots": [*dict.fromkeys(anchors)]}


def answer_of_wallet(case):
    """verify_vp_token: what a wallet showed, against the query, nonce and reader of the request that it answers."""
    found = verify_vp_token(
        case["token"],
        dcql_query=case["query"],
        nonce=case["nonce"],
        client_id=case["reader"],
        x5c_trust_anchors=_anchors(case),
        kb_max_age_s=60,
        now=_when(case),
    )
    return {"accepted": True, "reason": "", "queries": [one.query_id for one in found.presentations]}


def requests(case):
    """The three parsers of OpenID4VCI and the proofs of a request. It knows https alone, so for its eyes a loopback is one."""

    def secure(document):
        return json.loads(json.dumps(document).replace("http://", "https://"))

    issuer = case["issuer"]
    metadata = parse_credential_issuer_metadata(secure(case["documents"][f"{issuer}/.well-known/openid-credential-issuer"]))
    offer = parse_credential_offer(secure(case["offer"]))
    asked = parse_credential_request(
        case["resources"][0]["body"],
        batch_size=metadata.batch_size,
        supported_configuration_ids=list(metadata.credential_configurations_supported),
    )
    proven = verify_credential_request_proofs(
        asked, credential_issuer=issuer, check_nonce=lambda nonce: nonce == case["nonce"], batch_size=metadata.batch_size
    )
    same = offer.credential_issuer == metadata.credential_issuer
    keys = [one.public_jwk for one in proven]
    return {"accepted": same, "reason": "", "configuration": asked.credential_configuration_id, "keys": keys}


def mdoc(case):
    """verify_device_response on the transcript of the request. It knows no status: where that stands, and in whose list, is read here."""
    raw, asked = _raw(case["text"]), case["session"]
    thumbprint = None if asked["thumbprint"] is None else _raw(asked["thumbprint"])
    handover = sha256(cbor.encode([asked["client_id"], asked["nonce"], thumbprint, asked["response_uri"]])).digest()
    (found,) = verify_device_response(
        raw,
        trust_anchors=_anchors(case),
        session_transcript=cbor.encode([None, None, ["OpenID4VPHandover", handover]]),
        now=_when(case),
        leeway_s=60,
    )
    issued = cose.parse_sign1(cbor.decode(raw)["documents"][0]["issuerSigned"]["issuerAuth"])
    signed = cbor.decode(cbor.decode(issued.payload).value)
    issuer = signed["deviceKeyInfo"]["keyInfo"][-70001]["iss"]
    status = check_token_status({"status": signed["status"]}, resolve_status_list_token=lambda uri: _list(case, uri, issuer))
    claims = {name: value for elements in found.namespaces.values() for name, value in elements.items()}
    return {"accepted": status.status == 0, "reason": f"Status: {status.status}", "claims": claims}


def _raw(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


KINDS = {
    "requests": requests,
    "answer": answer_of_wallet,
    "mdoc": mdoc,
    "presentation": presentation,
    "status_list": status_list,
    "packed": packed,
    "slip": slip,
    "trust_list": trust_list,
}


def answer(case):
    """At the case's time. What is missing or of another type before openvc sees it is unreadable; all else it says itself."""
    time.time = lambda: case.get("now", 0)
    try:
        return KINDS[case["kind"]](case)
    except OpenvcError as error:
        return {"accepted": False, "reason": f"{type(error).__name__}: {error}"}
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, StopIteration) as error:
        return {"accepted": False, "reason": f"unreadable: {error!r}"}


if __name__ == "__main__":
    json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout, default=str)
