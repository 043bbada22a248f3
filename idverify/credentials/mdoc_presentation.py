"""The validator of presented mdocs: offline, to the same Finding that presentation.validate gives for an SD-JWT VC.

In order: the form, the issuer's signature and what it signed, the elements (mdoc_checks.py), what the document says of itself
(credential_checks.py), the status (believed.py), the holder's proof. The code is that of the first that does not hold, and a
status is named last.
"""

from idverify.credentials import credential_checks
from idverify.credentials.believed import Believed
from idverify.credentials.findings import ACCEPTED, Finding, Status
from idverify.credentials.mdoc_checks import DEVICE_CHECKS, ISSUER_CHECKS, Candidate
from idverify.credentials.mdoc_errors import MdocEncoding
from idverify.credentials.mdoc_session import Session
from idverify.credentials.presentation import TOLD
from idverify.credentials.replays import Replays
from idverify.errors import Overloaded, TokenInvalid


def validate(
    text: str | bytes,
    believed: Believed,
    *,
    session: Session,
    now: float,
    allow_dev: bool = False,
    replays: Replays | None = None,
) -> Finding:
    """What there is to say of a presentation (base64url of a DeviceResponse) at `now` (seconds since the epoch).

    session: what the reader asked; only a nonce that is used once keeps a presentation from being shown again, for it has no
    time of its own; `replays` helps a reader that used one twice. Never raises for a text. Claims have the names that they have
    in every other format, whatever the elements are called.
    """
    try:
        spelled = text if isinstance(text, str) else text.decode("ascii")
    except UnicodeError:
        return _refused(MdocEncoding.code)
    shown = Candidate(spelled, believed, now, session, replays)
    try:
        for check in ISSUER_CHECKS:
            check(shown)
        said = credential_checks.Shown(shown.payload, shown.leaf, shown.type, believed, now, allow_dev)
        for rule in credential_checks.CHECKS:
            rule(said)
    except TokenInvalid as refused:
        return _refused(refused.code)

    payload, anchor = shown.payload, shown.leaf.anchor.fingerprint
    standing = believed.standing(shown.issued.status, shown.leaf, payload["iss"], now)
    try:
        for check in DEVICE_CHECKS:
            check(shown)
    except (TokenInvalid, Overloaded) as refused:
        return Finding(True, False, standing.status, standing.age, anchor, refused.code, payload["vct"])
    told = {name: payload[name] for name in TOLD}
    code = standing.code or ACCEPTED
    return Finding(True, True, standing.status, standing.age, anchor, code, payload["vct"], {**told, **shown.claims})


def _refused(code: str) -> Finding:
    return Finding(False, False, Status.UNKNOWN, None, None, code)
