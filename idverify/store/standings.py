"""Whether a subject may have further credentials: kept longer than any one of them, so that no fresh copy evades it."""

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select

from idverify.store.tables import standings


@dataclass(frozen=True, slots=True)
class Standing:
    """About a credential (its id) or a subject's credentials of a type (`subject/type`).

    suspended: nothing is issued. revoked_at: nothing is issued on a check of the person that is older than this.
    """

    about: str
    subject_id: str
    suspended: bool = False
    revoked_at: float | None = None


def get(tx: Connection, about: str) -> Standing | None:
    """The standing of that; None where nothing ever befell it."""
    row = tx.execute(select(standings).where(standings.c.about == about)).one_or_none()
    return None if row is None else Standing(*row)


def of_subject(tx: Connection, subject_id: str) -> list[Standing]:
    """Whatever is known of the subject."""
    return [Standing(*row) for row in tx.execute(select(standings).where(standings.c.subject_id == subject_id))]


def put(tx: Connection, standing: Standing) -> None:
    """Write it in place of what was there."""
    tx.execute(delete(standings).where(standings.c.about == standing.about))
    tx.execute(insert(standings).values(**asdict(standing)))


def erase_those_of(tx: Connection, subject_id: str) -> None:
    """Delete what is known of the subject."""
    tx.execute(delete(standings).where(standings.c.subject_id == subject_id))
