"""A presentation in whichever of the two formats it came, on one session: what a reader calls that takes both."""

from idverify.credentials import credential, mdoc, mdoc_presentation, mdoc_reading, presentation, sd_jwt
from idverify.credentials.believed import Believed
from idverify.credentials.findings import Finding
from idverify.credentials.mdoc_session import Session
from idverify.credentials.reading import decode_base64url, parse_object
from idverify.credentials.replays import Replays
from idverify.credentials.status_reference import StatusReference


def format_of(text: str | bytes) -> str:
    """`dc+sd-jwt` or `mso_mdoc`: the one has dots and tildes, the other is base64url of a CBOR map and has neither."""
    raw = text.encode("utf-8", "replace") if isinstance(text, str) else text
    return mdoc.FORMAT if raw.startswith(b"o") and not {*b".~"} & {*raw} else credential.FORMAT


def validate(
    text: str | bytes,
    believed: Believed,
    *,
    session: Session,
    now: float,
    allow_dev: bool = False,
    replays: Replays | None = None,
) -> Finding:
    """What there is to say of it, as presentation.validate and mdoc_presentation.validate say it. Never raises for a text."""
    if format_of(text) == mdoc.FORMAT:
        return mdoc_presentation.validate(text, believed, session=session, now=now, allow_dev=allow_dev, replays=replays)
    asked = {"audience": session.client_id, "nonce": session.nonce}
    return presentation.validate(text, believed, **asked, now=now, allow_dev=allow_dev, replays=replays)


def status_of(text: str) -> StatusReference | None:
    """Where the status of a presentation that holds stands; None where that of an mdoc cannot be read."""
    if format_of(text) == mdoc.FORMAT:
        return mdoc_reading.status_of(text)
    payload = parse_object(decode_base64url(sd_jwt.parse(text).jwt.split(".")[1]))
    entry = payload["status"]["status_list"]
    return StatusReference(entry["uri"], entry["idx"])
