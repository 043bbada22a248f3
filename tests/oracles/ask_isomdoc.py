"""isomdoc as an oracle: cases as JSON on standard input, an answer each on standard output.

It holds both signatures, the digests and the doctypes to the standard, and leaves certificate, time and status to its caller,
who looks at none of them here.
"""

import json
import sys
from base64 import b64encode, urlsafe_b64decode
from datetime import date
from hashlib import sha256

import cbor2
from cryptography.exceptions import InvalidSignature
from isomdoc import verify_device_response


def _raw(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _plain(value):
    return b64encode(value).decode() if isinstance(value, bytes) else value.isoformat() if isinstance(value, date) else value


def answer(case):
    """What it raises is a refusal; it has no errors of its own."""
    asked = case["session"]
    try:
        thumbprint = None if asked["thumbprint"] is None else _raw(asked["thumbprint"])
        handover = sha256(cbor2.dumps([asked["client_id"], asked["nonce"], thumbprint, asked["response_uri"]])).digest()
        found = verify_device_response(_raw(case["text"]), [None, None, ["OpenID4VPHandover", handover]])
        (document,) = found.documents
    except RuntimeError as error:
        return {"accepted": False, "reason": f"refused, {error}"}
    except InvalidSignature:
        return {"accepted": False, "reason": "InvalidSignature"}
    except Exception as error:
        return {"accepted": False, "reason": f"unreadable: {error!r}"}
    items = [one for elements in document.issuer_signed.namespaces.values() for one in elements]
    claims = {one.element_identifier: _plain(one.element_value) for one in items}
    return {"accepted": True, "reason": "", "claims": claims}


if __name__ == "__main__":
    json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout, default=str)
