"""`idverify registry document`: what an authority says of a subject beyond enrolment."""

from pathlib import Path
from typing import Annotated, Any

import typer

from idverify.cli.files import read_file
from idverify.cli.installation import OPERATOR, Dev, vault_only
from idverify.cli.output import AsJson, emit, stdout
from idverify.cli.subject import Subject, SubjectId, id_of, require_one
from idverify.errors import InvalidInput, TokenInvalid

LARGEST = 64 * 1024


def document(
    type_name: Annotated[str, typer.Option("--type", help="credential type: driving_licence, vehicle_licence, ...")],
    subject: Subject = None,
    subject_id: SubjectId = None,
    claims: Annotated[Path | None, typer.Option(help="JSON file of the claims; without it the document is shown")] = None,
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """File a subject's document in place of the one on file, or show what is on file. Either is audited.

    Example: idverify registry document --subject A-17 --type driving_licence --claims licence.json

    Exit codes: 0 filed or shown, 3 there is no such subject, type or document, or the claims do not fit, 4 a fault.
    """
    from idverify.ceremonies.documents import put_document, read_document

    require_one(subject, subject_id)
    values = None if claims is None else _parsed(read_file(claims, limit=LARGEST))
    with vault_only(dev=dev) as vault:
        found = id_of(vault, subject, subject_id)
        if values is None:
            shown = read_document(vault, found, type_name, actor=OPERATOR)
            emit({"subject_id": found, "type": type_name, "claims": shown}, as_json=as_json)
            return
        version = put_document(vault, found, type_name, values, actor=OPERATOR)
    emit(
        {"subject_id": found, "type": type_name, "version": version},
        as_json=as_json,
        table=lambda: stdout.print(f"filed {type_name} of {found}, version {version}", markup=False, soft_wrap=True),
    )


def _parsed(raw: bytes) -> dict[str, Any]:
    """Raises InvalidInput unless it is a JSON object that names no member twice."""
    from idverify.credentials.reading import strict_object

    try:
        return strict_object(raw)
    except TokenInvalid:
        raise InvalidInput("the claims are not a JSON object, or name a member twice") from None
