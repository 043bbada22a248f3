"""`idverify registry`: enrol many and add portraits, renew templates, find duplicates, erase, purge, count."""

import csv
import json
import os
from collections import Counter
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from idverify.cli import document
from idverify.cli.files import read_file
from idverify.cli.installation import OPERATOR, Dev, settings_for, vault_only, whole_installation
from idverify.cli.output import AsJson, console, emit, stdout, timestamp
from idverify.cli.progress import progress_bar
from idverify.cli.subject import Subject, SubjectId, id_of, require_one
from idverify.errors import InvalidInput

if TYPE_CHECKING:
    from idverify.ceremonies.bulk import Outcome

app = typer.Typer(
    help="The registry of subjects: import, documents, renew, find duplicates, erase, purge, count.", no_args_is_help=True
)
app.command()(document.document)


@app.command("import")
def import_(
    csv_file: Annotated[
        Path,
        typer.Option(
            "--csv",
            help="UTF-8, first line names the columns: identifier, file, legal_basis and, as far as known, name, "
            "document_type, document_number, date_of_birth, valid_from, valid_until; a row with a source (as of `portraits "
            "add`) brings a further portrait of somebody enrolled by a row above, or before",
        ),
    ],
    images: Annotated[Path, typer.Option(help="folder of the portraits; `file` is relative to it")],
    report: Annotated[Path, typer.Option(help="where to write the refused rows and why: .csv, or .json")],
    ids: Annotated[Path | None, typer.Option(help="where to write the subject id of every row that is enrolled: .csv")] = None,
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """Enrol many, with one portrait or several. Rows that cannot be used are reported, the others go on; repeating it is safe.

    Example: idverify registry import --csv people.csv --images portraits --report refused.csv

    Exit codes: 0 every row's content is there now, 3 some row was refused or the CSV cannot be used, 4 a fault.
    """
    from idverify.ceremonies.bulk import LARGEST_CSV, enrol_rows, read_rows

    rows = read_rows(read_file(csv_file, limit=LARGEST_CSV))
    if report.suffix not in {".csv", ".json"}:
        raise InvalidInput("--report must end in .csv or .json")
    written = [path for path in (report, ids) if path is not None]
    if report == ids or any(path.exists() and path.samefile(csv_file) for path in written):
        raise InvalidInput("--csv, --report and --ids must be three files")
    for path in written:
        _write_private(path, "")  # before anybody is enrolled: a report that cannot be written is found now
    outcomes: list[Outcome] = []
    try:
        with whole_installation(dev=dev, create=True) as parts, progress_bar("enrolling") as progress:
            for done, outcome in enumerate(enrol_rows(parts, rows, images, actor=OPERATOR), start=1):
                outcomes.append(outcome)
                progress(done, len(rows))
    finally:
        _write_report(report, [outcome for outcome in outcomes if outcome.status == "refused"])
        if ids is not None:
            _write_ids(ids, [outcome for outcome in outcomes if outcome.status != "refused"])
    counts = Counter(outcome.status for outcome in outcomes)
    review = sum(outcome.review for outcome in outcomes)
    result = {**{status: counts[status] for status in ("enrolled", "added", "present", "refused")}, "review": review}
    words = (
        f"{counts['enrolled']} enrolled, {counts['added']} portraits added, {counts['present']} present already, "
        f"{counts['refused']} refused: see {report}"
    )
    if review:
        words += f"; {review} of the new ones may have been enrolled before: see `idverify registry duplicates`"
    emit({**result, "report": str(report)}, as_json=as_json, table=lambda: stdout.print(words, markup=False, soft_wrap=True))
    raise typer.Exit(3 if counts["refused"] else 0)


@app.command()
def reembed(dev: Dev = False, as_json: AsJson = False) -> None:
    """Renew the templates of another model from the sealed portraits. Broken off, it goes on where it stopped.

    Example: idverify registry reembed

    Exit codes: 0 every template belongs to the loaded model, 3 some portrait cannot be used with it, 4 a fault.
    """
    from idverify.ceremonies import reembedding

    refused: list[dict[str, str]] = []
    done = 0
    with whole_installation(dev=dev) as parts, progress_bar("renewing templates") as progress:
        pending = reembedding.pending(parts)
        for done, outcome in enumerate(reembedding.reembed(parts, actor=OPERATOR), start=1):
            progress(done, max(done, pending))
            if outcome.refusal is not None:
                refused.append({"subject_id": outcome.subject_id, "code": outcome.refusal})

    def table() -> None:
        stdout.print(f"{done - len(refused)} renewed, {len(refused)} refused", markup=False)
        for row in refused:
            stdout.print(f"  {row['subject_id']}: {row['code']}; erase and enrol anew", markup=False)

    emit({"renewed": done - len(refused), "refused": refused}, as_json=as_json, table=table)
    raise typer.Exit(3 if refused else 0)


@app.command()
def erase(
    subject: Subject = None,
    subject_id: SubjectId = None,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """Destroy a subject's data keys and everything sealed under them. docs/security/registry.md says what this cannot reach.

    Example: idverify registry erase --subject A-17

    Exit codes: 0 erased, 3 there is no such subject, 130 you said no.
    """
    from idverify.ceremonies.erasure import erase as run

    require_one(subject, subject_id)
    if not yes:
        if as_json:
            raise InvalidInput("with --json, say --yes: nobody is there to be asked")
        typer.confirm("Erase this subject for good?", abort=True, err=True)
    with vault_only(dev=dev) as vault:
        found = id_of(vault, subject, subject_id)
        run(vault, found, actor=OPERATOR)
    emit({"erased": found}, as_json=as_json, table=lambda: stdout.print(f"{found} is erased", markup=False))


@app.command()
def reindex(dev: Dev = False, as_json: AsJson = False) -> None:
    """Build the index of references anew from the sealed records, as IDVERIFY_DUPLICATES=warn or block searches it.

    Nothing needs it day by day: the index follows the registry by itself. Broken off, it changes nothing, and may be repeated.

    Example: idverify registry reindex

    Exit codes: 0 built, 3 duplicates are not searched here, 4 a fault, 5 built, but some references cannot be searched.
    """
    with whole_installation(dev=dev) as parts, progress_bar("references") as progress:
        index = parts.duplicates
        if index is None:
            raise InvalidInput("IDVERIFY_DUPLICATES is off: there is no index")
        built = index.refresh(parts, whole=True, progress=progress)
        result = {"references": built.references, "unsearchable": index.unsearchable, "kept": index.save(parts)}
    words = f"{built.references} references"
    if index.unsearchable:
        words += f", {index.unsearchable} more cannot be searched: renew them with `idverify registry reembed`"
    emit(result, as_json=as_json, table=lambda: stdout.print(words, markup=False, soft_wrap=True))
    raise typer.Exit(5 if index.unsearchable else 0)


@app.command()
def duplicates(
    everything: Annotated[bool, typer.Option("--all", help="those too that are settled: one of the two is erased")] = False,
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """List the enrolments whose face resembles somebody enrolled before, for a person to look at. Subject ids only, no scores.

    Erase whichever of the two should not be there (`registry erase --subject-id`): the entry is settled then.

    Example: idverify registry duplicates --json

    Exit codes: 0 nothing awaits review, 5 something does.
    """
    from idverify.ceremonies.duplicates import reported

    with vault_only(dev=dev) as vault:
        found = [report for report in reported(vault) if everything or report.open]
    rows = [{**asdict(report), "at": timestamp(report.at), "others": list(report.others)} for report in found]
    emit({"duplicates": rows}, as_json=as_json, table=lambda: _print_duplicates(rows))
    raise typer.Exit(5 if any(report.open for report in found) else 0)


@app.command()
def purge(dev: Dev = False, as_json: AsJson = False) -> None:
    """Delete kept evidence older than IDVERIFY_EVIDENCE_RETENTION_HOURS: answers kept for repeats, attempts beyond every limit,
    sessions and deliveries that ended.

    The profile `photo` keeps no probe image, so there is none to delete. Run it daily.

    Example: idverify registry purge
    """
    from idverify.ceremonies.purge import purge as run

    hours = settings_for(dev=dev).evidence_retention_hours
    with vault_only(dev=dev) as vault:
        gone = run(vault, retention_seconds=3600.0 * hours, actor=OPERATOR)
    words = ", ".join(f"{number} {what}" for what, number in asdict(gone).items())
    emit(asdict(gone), as_json=as_json, table=lambda: stdout.print(f"purged {words}", markup=False, soft_wrap=True))


@app.command()
def count(dev: Dev = False, as_json: AsJson = False) -> None:
    """Count the subjects. The registry names nobody on a command line.

    Example: idverify registry count --json
    """
    from idverify.ceremonies import reembedding, rotation
    from idverify.store import subjects

    with whole_installation(dev=dev) as parts:
        with parts.store.reading() as tx:
            enrolled = subjects.count(tx)
        outdated, old_key = reembedding.pending(parts), rotation.pending(parts)
    result = {"subjects": enrolled, "templates_of_another_model": outdated, "records_under_an_older_key": old_key}

    def table() -> None:
        for name, number in result.items():
            stdout.print(f"{name.replace('_', ' ')}: {number}", markup=False)

    emit(result, as_json=as_json, table=table)


def _print_duplicates(rows: list[dict[str, Any]]) -> None:
    if not rows:
        stdout.print("nothing to review")
    for row in rows:
        what = "refused to enrol a face" if row["refused"] else f"{row['subject_id']} was enrolled with a face"
        stdout.print(f"{row['at']}  {what} that resembles {', '.join(row['others'])}", markup=False, soft_wrap=True)


def _write_report(path: Path, refused: "list[Outcome]") -> None:
    """The refused rows. Also when the run broke off: then of the rows before."""
    told = [_told(outcome) for outcome in refused]
    columns = ("line", "file", "code", "reason", "retake")
    _write_private(path, json.dumps(told, indent=2) if path.suffix == ".json" else _as_csv(columns, told))


def _write_ids(path: Path, enrolled: "list[Outcome]") -> None:
    """Under which id each row's subject is found over HTTP."""
    told = [{"line": outcome.line, "file": outcome.file, "subject_id": outcome.subject_id} for outcome in enrolled]
    _write_private(path, _as_csv(("line", "file", "subject_id"), told))


def _write_private(path: Path, text: str) -> None:
    """Readable by the owner alone. Raises InvalidInput."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        console.print(f"the report cannot be written: {error.strerror}", markup=False)
        raise InvalidInput(f"cannot write {path}: {error.strerror}") from error


def _told(outcome: "Outcome") -> dict[str, Any]:
    return {
        "line": outcome.line,
        "file": outcome.file,
        "code": outcome.code,
        "reason": outcome.reason,
        "retake": list(outcome.retake),
    }


def _as_csv(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> str:
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([_cell(row[column]) for column in columns] for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    """A spreadsheet must not take a file name for a formula."""
    text = "; ".join(value) if isinstance(value, list) else value
    return f"'{text}" if isinstance(text, str) and text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
