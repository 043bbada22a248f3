"""openvc-core as an issuer: what our wallet sends to get credentials, read by other authors. Cases in, an answer each out."""

import json
import sys
from base64 import b64decode, urlsafe_b64decode
from datetime import UTC, datetime

from cryptography import x509
from openvc.errors import OpenvcError
from openvc.openid4vci import (
    peek_key_attestation,
    verify_compact,
    verify_credential_request_proofs,
)
from openvc.x5c import resolve_x5c_key


def proofs(case):
    """verify_credential_request_proofs; then the attestation in it, under the provider's root."""
    now = datetime.fromtimestamp(case["now"], UTC)
    found = verify_credential_request_proofs(
        case["request"],
        credential_issuer=case["issuer"],
        check_nonce=lambda nonce: nonce == case["nonce"],
        resolve_proof_key_in_context=lambda held: held.key_attestation.attested_keys[int(held.kid)],
        require_key_attestation=case["attested"],
        now=now,
        batch_size=30,
    )
    said = {"accepted": True, "reason": "", "keys": [one.thumbprint for one in found]}
    if case["attested"]:
        text = found[0].key_attestation
        header = json.loads(urlsafe_b64decode(text.split(".")[0] + "=="))
        anchors = [x509.load_der_x509_certificate(b64decode(one)) for one in case["anchors"]]
        key = resolve_x5c_key(header["x5c"], case["provider"], trust_anchors=anchors, now=now)
        verify_compact(text, public_key_jwk=key)
        peeked = peek_key_attestation(text)
        said |= {"attested": [one["x"] for one in peeked.attested_keys], "key_storage": list(peeked.key_storage)}
    return said


def answer(case):
    """What openvc says of it."""
    try:
        return proofs(case)
    except OpenvcError as error:
        return {"accepted": False, "reason": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout, default=str)
