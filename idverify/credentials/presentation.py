"""The validator of presented credentials: offline, from what the relying party holds, to one Finding that says all of it.

In order: the signed part (certified_jws.py, certificates.py), what it says (credential_checks.py), the disclosures (sd_jwt.py),
the holder's proof (key_binding.py), the status (believed.py). The code is that of the first that does not hold.
"""

from idverify.credentials import certified_jws, credential, credential_checks, jws, key_binding, sd_jwt
from idverify.credentials.believed import Believed
from idverify.credentials.findings import ACCEPTED, Finding, Status
from idverify.credentials.purposes import Purpose
from idverify.credentials.replays import Replays
from idverify.credentials.status_reference import StatusReference
from idverify.errors import Overloaded, TokenInvalid

# Signed claims of the format itself that a reader is told beside the person's.
TOLD = ("iss", "exp", "acr", "amr", "auth_time")


def validate(
    text: str | bytes,
    believed: Believed,
    *,
    audience: str,
    nonce: str | None,
    now: float,
    allow_dev: bool = False,
    replays: Replays | None = None,
) -> Finding:
    """What there is to say of a presentation (`JWT~disclosure~...~KB-JWT`) at `now` (seconds since the epoch).

    audience: the reader's own name. nonce: what it asked for; with None any nonce will do, and only `replays` stands against a
    presentation that is shown twice within its two minutes. Never raises for a text; nothing that is not authentic and
    holder-bound has claims, and a revoked credential is authentic all the same. Claims told beside the disclosed ones: iss,
    exp, acr, amr, auth_time.
    """
    try:
        parts = sd_jwt.parse(jws.ascii_text(text))
        payload, leaf = certified_jws.validate(
            parts.jwt, credential.TYPE, believed.anchors, Purpose.CREDENTIAL, now, ended=believed.ended
        )
        shown = credential_checks.Shown.of(payload, leaf, believed, now, allow_dev)
        for check in credential_checks.CHECKS:
            check(shown)
        declared = shown.known_type.claims | {credential.SUBJECT}
        disclosed = sd_jwt.disclosed(payload, parts.disclosures, declared, credential.RESERVED)
    except TokenInvalid as refused:
        return Finding(False, False, Status.UNKNOWN, None, None, refused.code)

    entry = payload["status"]["status_list"]
    standing = believed.standing(StatusReference(entry["uri"], entry["idx"]), leaf, payload["iss"], now)
    vct, anchor = shown.known_type.vct, leaf.anchor.fingerprint
    try:
        holder = payload["cnf"]["jwk"]
        key_binding.validate(parts, holder, audience=audience, nonce=nonce, now=now, replays=replays)
    except (TokenInvalid, Overloaded) as refused:
        return Finding(True, False, standing.status, standing.age, anchor, refused.code, vct)

    visible = {name: payload[name] for name in (*TOLD, *sorted(shown.known_type.disclosed)) if name in payload}
    code = standing.code or ACCEPTED
    return Finding(True, True, standing.status, standing.age, anchor, code, vct, {**visible, **disclosed})
