"""`idverify enrol`: one person, from the command line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from idverify.cli.files import read_file
from idverify.cli.installation import OPERATOR, Dev, whole_installation
from idverify.cli.output import AsJson, emit, stdout

app = typer.Typer()

_CHECKS = {
    "review": "this face may be enrolled already: see `idverify registry duplicates`",
    "incomplete": "no duplicate found, but some references could not be searched: `idverify registry reembed` renews them",
}


@app.command()
def enrol(
    subject: Annotated[str, typer.Option(help="your identifier for this person; kept as an HMAC, and sealed")],
    portrait: Annotated[Path, typer.Option(help="registry photo: JPEG, PNG or WebP with one face")],
    legal_basis: Annotated[
        str,
        typer.Option(
            help="consent, legal_obligation, public_task, vital_interests or, with --dev, published_test_data; "
            "then ': ' and the statute or file, if any"
        ),
    ],
    name: Annotated[str | None, typer.Option(help="as in the document")] = None,
    document_type: Annotated[str | None, typer.Option(help="like passport or resident_id")] = None,
    document_number: Annotated[str | None, typer.Option(help="as in the document")] = None,
    date_of_birth: Annotated[str | None, typer.Option(help="YYYY-MM-DD")] = None,
    valid_from: Annotated[str | None, typer.Option(help="YYYY-MM-DD; before it nobody is verified against this record")] = None,
    valid_until: Annotated[str | None, typer.Option(help="YYYY-MM-DD, inclusive; after it likewise")] = None,
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """Enrol a person: claims, portrait and template are sealed, each under a key of its own. Further portraits of them:
    `idverify portraits add`.

    Example: idverify enrol --dev --subject A-17 --portrait a.jpg --legal-basis "consent: form 7"

    Exit codes: 0 enrolled, 3 the photo or a value cannot be used, or the identifier (or, with IDVERIFY_DUPLICATES=block, the
    face) is enrolled already.
    """
    from idverify.ceremonies.enrolment import enrol as run
    from idverify.registry.claims import Claims

    claims = Claims(name, document_type, document_number, date_of_birth, valid_from, valid_until)
    photo = read_file(portrait)
    with whole_installation(dev=dev, create=True) as parts:
        enrolled = run(parts, identifier=subject, claims=claims, legal_basis=legal_basis, portrait=photo, actor=OPERATOR)

    result = {
        "subject_id": enrolled.subject_id,
        "portrait_digest": enrolled.portrait_digest,
        "retake": list(enrolled.retake),
        "duplicate_check": enrolled.duplicate_check,
    }
    words = f"enrolled as {enrolled.subject_id}"
    emit(result, as_json=as_json, table=lambda: say_enrolled(words, enrolled.retake, enrolled.duplicate_check))


def say_enrolled(words: str, retake: Sequence[str], duplicate_check: str) -> None:
    """What became of a portrait, for a person to read. retake, duplicate_check: as of an enrolment."""
    stdout.print(words, markup=False)
    for better in retake:
        stdout.print(f"  a better portrait: {better}", markup=False)
    if duplicate_check in _CHECKS:
        stdout.print(f"  {_CHECKS[duplicate_check]}", markup=False)
