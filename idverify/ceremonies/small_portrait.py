"""The small picture of a credential, made of the subject's oldest portrait, where the type has one and the purpose shows it."""

from base64 import b64encode

from idverify.ceremonies import Parts
from idverify.ceremonies.kept_portraits import oldest_portrait
from idverify.credentials.credential_types import CredentialType
from idverify.errors import SubjectNotFound


def small_portrait(parts: Parts, subject_id: str, type_: CredentialType, purpose: str | None) -> str | None:
    """The picture (WebP) in base64; None where none is shown, or the subject was erased meanwhile.

    It takes milliseconds, so it is made before the writer's lock is taken. Raises RecordTampered, KeyUnavailable, and what
    acquiring raises.
    """
    shown = type_.claims if purpose is None else type_.slips[purpose].claims
    if "portrait" not in shown:
        return None
    with parts.store.reading() as tx:
        try:
            portrait = oldest_portrait(parts, tx, subject_id)
        except SubjectNotFound:
            return None
    return b64encode(parts.acquirer.small_picture(portrait)).decode("ascii")
