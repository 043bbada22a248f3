"""The subject that a command is about: named by the caller's identifier, or by the id that enrolment returned."""

from typing import TYPE_CHECKING, Annotated

import typer

from idverify.errors import InvalidInput

if TYPE_CHECKING:
    from idverify.ceremonies import Vault

Subject = Annotated[str | None, typer.Option(help="the identifier it was enrolled under")]
SubjectId = Annotated[str | None, typer.Option(help="or the id that enrolment returned")]


def require_one(subject: str | None, subject_id: str | None) -> None:
    """Before anything is opened. Raises InvalidInput unless exactly one is given."""
    if (subject is None) == (subject_id is None):
        raise InvalidInput("give exactly one of --subject and --subject-id")


def id_of(vault: "Vault", subject: str | None, subject_id: str | None) -> str:
    """The subject's id. Raises SubjectNotFound, InvalidInput, RecordTampered."""
    from idverify.ceremonies.reference import find_subject

    return subject_id or find_subject(vault, subject or "")
