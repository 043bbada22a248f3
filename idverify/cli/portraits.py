"""`idverify portraits`: further portraits of a person who is enrolled, from the command line."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from idverify.cli.enrol import say_enrolled
from idverify.cli.files import read_file
from idverify.cli.installation import OPERATOR, Dev, vault_only, whole_installation
from idverify.cli.output import AsJson, emit, stdout, timestamp
from idverify.cli.subject import Subject, SubjectId, id_of, require_one

if TYPE_CHECKING:
    from idverify.ceremonies.portraits import Listed

app = typer.Typer(
    help="Further portraits of a subject: add, list, remove. Many at once: registry import.", no_args_is_help=True
)


@app.command()
def add(
    portrait: Annotated[Path, typer.Option(help="another photograph of the person: JPEG, PNG or WebP with one face")],
    source: Annotated[str, typer.Option(help="household_register, identity_card, driving_licence, passport, renewal or other")],
    subject: Subject = None,
    subject_id: SubjectId = None,
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """Add a portrait; up to five count together. It must match those that are there, and costs an attempt on the subject.

    Example: idverify portraits add --dev --subject A-17 --portrait licence.jpg --source driving_licence

    Exit codes: 0 added, 3 the photo cannot be used, does not match (portrait_mismatch), is there already (portrait_exists),
    would be the sixth, or the subject's attempts are used up.
    """
    from idverify.ceremonies.portraits import add_portrait

    require_one(subject, subject_id)
    photo = read_file(portrait)
    with whole_installation(dev=dev) as parts:
        found = id_of(parts, subject, subject_id)
        added = add_portrait(parts, found, picture=photo, source=source, actor=OPERATOR)
    result = {
        "subject_id": found,
        **_row(added.listed),
        "retake": list(added.retake),
        "duplicate_check": added.duplicate_check,
    }
    words = f"added {added.listed.portrait_id} to {found}"
    emit(result, as_json=as_json, table=lambda: say_enrolled(words, added.retake, added.duplicate_check))


@app.command("list")
def list_(subject: Subject = None, subject_id: SubjectId = None, dev: Dev = False, as_json: AsJson = False) -> None:
    """List a subject's portraits, oldest first, without the pictures. The reading is audited.

    Example: idverify portraits list --subject A-17

    Exit codes: 0 listed, 3 there is no such subject.
    """
    from idverify.ceremonies.portraits import list_portraits

    require_one(subject, subject_id)
    with vault_only(dev=dev) as vault:
        found = id_of(vault, subject, subject_id)
        rows = [_row(one) for one in list_portraits(vault, found, actor=OPERATOR)]

    def table() -> None:
        for row in rows:
            stdout.print(f"{row['portrait_id']}  {row['added_at']}  {row['source']}", markup=False)

    emit({"subject_id": found, "portraits": rows}, as_json=as_json, table=table)


@app.command()
def remove(
    portrait_id: Annotated[str, typer.Argument(help="as `portraits list` prints it")],
    subject: Subject = None,
    subject_id: SubjectId = None,
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """Destroy one portrait; those that are left count from then on. The last one stays: erase the subject.

    Example: idverify portraits remove por_0f3a... --subject A-17

    Exit codes: 0 removed, 3 there is no such subject or portrait, or it is the last one.
    """
    from idverify.ceremonies.portraits import remove_portrait

    require_one(subject, subject_id)
    with whole_installation(dev=dev) as parts:
        found = id_of(parts, subject, subject_id)
        remove_portrait(parts, found, portrait_id, actor=OPERATOR)
    result = {"subject_id": found, "removed": portrait_id}
    emit(result, as_json=as_json, table=lambda: stdout.print(f"removed {portrait_id} of {found}", markup=False))


def _row(one: "Listed") -> dict[str, Any]:
    return {"portrait_id": one.portrait_id, "added_at": timestamp(one.added_at), "source": one.source}
