"""Status lists as relying parties fetch them: signed anew when a status changed, and often enough that none grows stale."""

import hashlib
from dataclasses import dataclass

from idverify.ceremonies import Vault
from idverify.credentials import certified_jws, status_list, status_list_cwt
from idverify.credentials.status_bits import pack
from idverify.credentials.status_reference import list_uri, lists_uri
from idverify.store import statuses

RENEWED_AFTER_SECONDS = 300
"""A list is signed anew by then, so that whoever fetches it may keep it for at least ten of its fifteen minutes (ttl)."""

MAX_AGE_SECONDS = 10
"""For which a cache between us and a reader may keep a list: a change is out within 15 s, caches included."""


@dataclass(frozen=True, slots=True)
class SignedList:
    """One list, signed in both formats. version: of the list. signed_at: seconds since the epoch."""

    token: str
    cwt: bytes
    etag: str
    cwt_etag: str
    version: int
    signed_at: float


def published(vault: Vault, number: int, earlier: SignedList | None = None) -> SignedList | None:
    """The list of that number as it stands, signed; None where there is none. `earlier` itself while that still holds.

    Raises SigningUnavailable, StoreUnavailable.
    """
    now = vault.now()
    with vault.store.reading() as tx:
        version = statuses.version(tx, number)
        if earlier is not None and version == earlier.version and now - earlier.signed_at < RENEWED_AFTER_SECONDS:
            return earlier
        row = statuses.get_list(tx, number)
        if row is None:
            return None
        content = pack(row.bits, statuses.exceptions(tx, number), row.base)
    signing = vault.status_keys.current
    said = status_list.statement(
        content,
        row.bits,
        uri=list_uri(vault.issuer, number),
        issuer=vault.issuer,
        aggregation_uri=lists_uri(vault.issuer),
        now=now,
    )
    token = certified_jws.sign(said, signing.signer, signing.chain, status_list.TYPE)
    cwt = status_list_cwt.sign(said, signing.signer, signing.chain)
    return SignedList(token, cwt, _etag(token.encode("ascii")), _etag(cwt), row.version, now)


def _etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def list_uris(vault: Vault) -> list[str]:
    """The address of every list, so that a reader that is sometimes offline can fetch all of them. Raises StoreUnavailable."""
    with vault.store.reading() as tx:
        return [list_uri(vault.issuer, row.number) for row in statuses.lists(tx)]
