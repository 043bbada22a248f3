"""What may be used once, from its use until it would be refused anyway: nonces, and the identifiers of proofs."""

from sqlalchemy import Connection, delete, insert, select

from idverify.store.tables import spent


def spend(tx: Connection, digest: str, expires_at: float) -> bool:
    """Use it up; False when it was used before. `tx` is a write transaction: its lock keeps two uses from both succeeding."""
    if tx.scalar(select(spent.c.digest).where(spent.c.digest == digest)) is not None:
        return False
    tx.execute(insert(spent).values(digest=digest, expires_at=expires_at))
    return True


def purge(tx: Connection, before: float) -> int:
    """Forget what would be refused since before; how many there were."""
    return tx.execute(delete(spent).where(spent.c.expires_at < before)).rowcount
