"""What a wallet was granted, as it is kept: bound to its device key, sealed, found by the hashes of its tokens."""

import hmac
from dataclasses import dataclass, replace
from typing import Any

from idverify.ceremonies import Vault
from idverify.ceremonies.founding import Foundation
from idverify.ceremonies.row_sealing import GRANT_ROW, open_row, seal_row
from idverify.ceremonies.wallet_secrets import ACCESS, REFRESH, is_secret, new_secret, secret_hash
from idverify.credentials import dpop
from idverify.credentials.credential import REISSUE_SECONDS
from idverify.credentials.credential_types import credential_types
from idverify.credentials.proof_errors import ProofNotBound, ProofReplayed
from idverify.errors import IssuanceRefused, StoreUnavailable
from idverify.store import Connection, grants, spent
from idverify.store.grants import Row

ACCESS_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant, opened. thumbprint: of the device key (RFC 7638). access_until: when the newest access token ends.

    first: whether that token came with the offer itself, rather than by renewing. issued: how many copies, on `day` (of the
    epoch). instance: the wallet that a provider vouched for, without which it is not renewed; None: nobody did.
    """

    grant_id: str
    access_hash: str
    refresh_hash: str | None
    thumbprint: str
    foundation: Foundation
    types: tuple[str, ...]
    access_until: float
    first: bool
    day: int = 0
    issued: int = 0
    version: int = 1
    instance: str | None = None

    @property
    def ends(self) -> float:
        """When nothing is issued on it any more."""
        return self.foundation.auth_time + REISSUE_SECONDS

    def credential_id(self, type_name: str) -> str:
        """What the wallet's credentials of the type are revoked by, every copy and slip of them."""
        return f"{self.grant_id}.{type_name}"


def renewable(types: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the types that are issued again without a new live session."""
    known = credential_types()
    return tuple(name for name in types if name in known and not known[name].live_renewal)


def new_grant(
    vault: Vault, foundation: Foundation, types: tuple[str, ...], thumbprint: str, instance: str | None = None
) -> tuple[Grant, str, str | None]:
    """A grant with its access token, and its refresh token where something may be issued silently."""
    access = new_secret(vault, ACCESS)
    refresh = new_secret(vault, REFRESH) if renewable(types) else None
    grant = Grant(
        grant_id=f"crd_{vault.random_bytes(16).hex()}",
        access_hash=secret_hash(access),
        refresh_hash=None if refresh is None else secret_hash(refresh),
        thumbprint=thumbprint,
        foundation=foundation,
        types=types,
        access_until=vault.now() + ACCESS_SECONDS,
        first=True,
        instance=instance,
    )
    return grant, access, refresh


def with_new_access(vault: Vault, grant: Grant) -> tuple[Grant, str]:
    """The grant with another access token, in place of the one before."""
    access = new_secret(vault, ACCESS)
    until = min(vault.now() + ACCESS_SECONDS, grant.ends)
    return replace(grant, access_hash=secret_hash(access), access_until=until, first=False), access


def add_grant(vault: Vault, tx: Connection, grant: Grant) -> None:
    """Write a new grant."""
    grants.add(tx, _row(vault, grant))


def save_grant(vault: Vault, tx: Connection, grant: Grant) -> None:
    """Write the grant as its next version. Raises StoreUnavailable when another writer was first."""
    newer = replace(grant, version=grant.version + 1)
    if not grants.replace(tx, _row(vault, newer), grant.version):
        raise StoreUnavailable("the grant was changed meanwhile")


def grant_of_access(vault: Vault, tx: Connection, token: str) -> Grant | None:
    """The grant that the access token opens, while it lives. Raises RecordTampered."""
    row = grants.by_access(tx, secret_hash(token)) if is_secret(token, ACCESS) else None
    grant = None if row is None else _opened(vault, row)
    return grant if grant is not None and vault.now() < min(grant.access_until, grant.ends) else None


def grant_shown(vault: Vault, tx: Connection, access_token: str, proof: dpop.Proof) -> Grant:
    """The grant of an access token whose device key was shown. Raises IssuanceRefused, ProofNotBound, RecordTampered."""
    grant = grant_of_access(vault, tx, access_token)
    if grant is None:
        raise IssuanceRefused("invalid_token", "no such access token, or it has ended: renew it")
    if not hmac.compare_digest(grant.thumbprint, proof.thumbprint):
        raise ProofNotBound
    return grant


def grant_used(vault: Vault, tx: Connection, access_token: str, proof: dpop.Proof) -> Grant:
    """The same, for the one request that this proof is for: it is used up. Raises ProofReplayed too."""
    grant = grant_shown(vault, tx, access_token, proof)
    if not spent.spend(tx, proof.digest, proof.expires_at):
        raise ProofReplayed
    return grant


def grant_of_refresh(vault: Vault, tx: Connection, token: str) -> Grant | None:
    """The grant that the refresh token renews, while it may. Raises RecordTampered."""
    row = grants.by_refresh(tx, secret_hash(token)) if is_secret(token, REFRESH) else None
    grant = None if row is None else _opened(vault, row)
    return grant if grant is not None and vault.now() < grant.ends else None


def _row(vault: Vault, grant: Grant) -> Row:
    content = {
        "thumbprint": grant.thumbprint,
        "foundation": grant.foundation.to_json(),
        "types": list(grant.types),
        "access_until": grant.access_until,
        "first": grant.first,
        "day": grant.day,
        "issued": grant.issued,
        "instance": grant.instance,
    }
    row = Row(
        grant_id=grant.grant_id,
        access_hash=grant.access_hash,
        refresh_hash=grant.refresh_hash,
        subject_id=grant.foundation.subject_id,
        expires_at=grant.ends,
        version=grant.version,
        sealed=b"",
    )
    return replace(row, sealed=seal_row(vault, GRANT_ROW, content, *_bound(row)))


def _opened(vault: Vault, row: Row) -> Grant:
    content: dict[str, Any] = open_row(vault, GRANT_ROW, row.sealed, *_bound(row))
    return Grant(
        grant_id=row.grant_id,
        access_hash=row.access_hash,
        refresh_hash=row.refresh_hash,
        thumbprint=content["thumbprint"],
        foundation=Foundation.from_json(content["foundation"]),
        types=tuple(content["types"]),
        access_until=content["access_until"],
        first=content["first"],
        day=content["day"],
        issued=content["issued"],
        version=row.version,
        instance=content.get("instance"),  # absent from grants of earlier releases
    )


def _bound(row: Row) -> tuple[str, ...]:
    return row.grant_id, row.access_hash, row.refresh_hash or "", row.subject_id, str(row.version)
