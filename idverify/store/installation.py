"""The one row that names this installation."""

from collections.abc import Callable

from sqlalchemy import insert, select

from idverify.store import Store
from idverify.store.tables import installation


def deployment(store: Store, random_bytes: Callable[[int], bytes]) -> str:
    """The installation's name, 32 random hex digits, made on first start.

    It is part of every seal, so that records carried into another installation with the same keys do not open there. Raises
    StoreUnavailable.
    """
    with store.transaction() as tx:
        name: str | None = tx.scalar(select(installation.c.deployment))
        if name is None:
            name = random_bytes(16).hex()
            tx.execute(insert(installation).values(id=1, deployment=name))
    return name
