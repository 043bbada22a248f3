"""Enrolling many: a CSV file that names portraits in one folder.

Columns, by name in the first line, in any order: ``identifier, file, legal_basis`` and, as far as known, ``name,
document_type, document_number, date_of_birth, valid_from, valid_until``, and ``source``. UTF-8, commas, RFC 4180 quotes.
``file`` is relative to the folder. A row with a ``source`` brings a further portrait of somebody who is enrolled, by a row
above it or before. Repeating a run is safe: a row whose content is there counts as present, and costs no attempt.
"""

import csv
import errno
import io
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from idverify.ceremonies import Parts
from idverify.ceremonies.enrolment import enrol
from idverify.ceremonies.kept_portraits import kept_portraits
from idverify.ceremonies.portraits import add_portrait
from idverify.ceremonies.records import CLAIMS, open_record, require_current
from idverify.ceremonies.reference import find_subject
from idverify.errors import (
    AttemptsExhausted,
    FailureToAcquire,
    Fault,
    InputError,
    InvalidInput,
    SubjectExists,
    SubjectNotFound,
    TooLarge,
)
from idverify.face.image import MAX_BYTES
from idverify.registry import claims as claims_record
from idverify.registry.claims import Claims, parse_claims, parse_legal_basis
from idverify.store import subjects

REQUIRED = ("identifier", "file", "legal_basis")
CLAIM_COLUMNS = tuple(field.name for field in fields(Claims))
SOURCE = "source"
LARGEST_CSV = 64 * 1024 * 1024
MOST_ROWS = 250_000


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the CSV. line: its number in the file, the header being 1."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row. code, reason, retake: of a refusal. It repeats nothing of the row but its line and its file.

    review: it was enrolled or added, and the face may have been enrolled before (idverify.ceremonies.duplicates).
    """

    line: int
    file: str
    status: Literal["enrolled", "added", "present", "refused"]
    subject_id: str | None = None
    code: str | None = None
    reason: str | None = None
    retake: tuple[str, ...] = ()
    review: bool = False


def read_rows(content: bytes) -> list[Row]:
    """The rows of a CSV file, read whole before the first is enrolled. Raises InvalidInput naming the line, TooLarge."""
    if len(content) > LARGEST_CSV:
        raise TooLarge(f"the CSV file exceeds {LARGEST_CSV} bytes")
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        columns = list(reader.fieldnames or ())
        _require_columns(columns)
        rows = []
        for cells in reader:
            if None in cells or None in cells.values():
                raise InvalidInput(f"line {reader.line_num}: expected {len(columns)} cells")
            rows.append(Row(reader.line_num, cells))
            if len(rows) > MOST_ROWS:
                raise TooLarge(f"the CSV file has more than {MOST_ROWS} rows")
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"the CSV file cannot be read: {error}") from None
    return rows


def enrol_rows(parts: Parts, rows: list[Row], folder: Path, *, actor: str) -> Iterator[Outcome]:
    """Enrol row after row, a transaction each. A row that cannot be used is refused, and the next one goes on.

    Raises Fault: then the run ends, and may be repeated from the start.
    """
    for row in rows:
        file = row.cells["file"]
        try:
            portrait = read_portrait(folder, file)
            yield (_add_or_find if row.cells.get(SOURCE) else _enrol_or_find)(parts, row, portrait, actor)
        except (InputError, AttemptsExhausted) as error:
            retake = error.retake if isinstance(error, FailureToAcquire) else ()
            yield Outcome(row.line, file, "refused", None, error.code, error.message, retake)


_OUR_FAULT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO})  # of the machine, not of the row


def read_portrait(folder: Path, file: str) -> bytes:
    """A regular file within the folder, links followed and counted where they lead. Raises InvalidInput."""
    try:
        root = folder.resolve(strict=True)
        path = (root / file).resolve(strict=True)
        if not path.is_relative_to(root):
            raise InvalidInput("file must lie within the folder of portraits")
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InvalidInput("file is not a regular file")
            with os.fdopen(descriptor, "rb", closefd=False) as opened:
                return opened.read(MAX_BYTES + 1)  # so much is refused as an image; the rest is never read
        finally:
            os.close(descriptor)
    except (OSError, ValueError, RuntimeError) as error:
        if isinstance(error, OSError) and error.errno in _OUR_FAULT:
            raise Fault(f"portraits cannot be read: {error.strerror}") from error
        raise InvalidInput(f"file cannot be read: {getattr(error, 'strerror', None) or 'unusable name'}") from None


def _require_columns(columns: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in columns]
    unknown = [name for name in columns if name not in (*REQUIRED, *CLAIM_COLUMNS, SOURCE)]
    if missing or unknown or len(set(columns)) != len(columns):
        raise InvalidInput(
            f"line 1 must name the columns {', '.join(REQUIRED)} and may name {', '.join((*CLAIM_COLUMNS, SOURCE))}, "
            f"each once: missing {missing}, unknown {unknown}"
        )


def _enrol_or_find(parts: Parts, row: Row, portrait: bytes, actor: str) -> Outcome:
    claims = parse_claims({name: row.cells[name] for name in CLAIM_COLUMNS if row.cells.get(name)})
    basis = parse_legal_basis(row.cells["legal_basis"])
    identifier = row.cells["identifier"]
    try:
        known = find_subject(parts, identifier)
    except SubjectNotFound:
        enrolled = enrol(
            parts,
            identifier=identifier,
            claims=claims,
            legal_basis=row.cells["legal_basis"],
            portrait=portrait,
            actor=actor,
        )
        review = enrolled.duplicate_check == "review"
        return Outcome(row.line, row.cells["file"], "enrolled", enrolled.subject_id, review=review)
    known_claims, pictures = _content(parts, known)
    if known_claims != claims_record.to_bytes(claims, basis) or portrait not in pictures:
        raise SubjectExists("enrolled already, with other claims or another portrait")
    return Outcome(row.line, row.cells["file"], "present", known)


def _add_or_find(parts: Parts, row: Row, portrait: bytes, actor: str) -> Outcome:
    """A further portrait, under every guard of `add_portrait`. Looked for first: who repeats a run spends no attempt on it."""
    told = [name for name in ("legal_basis", *CLAIM_COLUMNS) if row.cells.get(name)]
    if told:
        raise InvalidInput(f"a row with a source brings a portrait alone: leave {', '.join(told)} empty")
    subject_id = find_subject(parts, row.cells["identifier"])
    with parts.store.reading() as tx:
        pictures = [kept.picture for kept in kept_portraits(parts, tx, subject_id).portraits]
    if portrait in pictures:
        return Outcome(row.line, row.cells["file"], "present", subject_id)
    added = add_portrait(parts, subject_id, picture=portrait, source=row.cells[SOURCE], actor=actor)
    review = added.duplicate_check == "review"
    return Outcome(row.line, row.cells["file"], "added", subject_id, review=review)


def _content(parts: Parts, subject_id: str) -> tuple[bytes, list[bytes]]:
    """The claims, and every portrait."""
    with parts.store.reading() as tx:
        records = subjects.records_of(tx, subject_id, CLAIMS)
        require_current(parts, tx, subject_id, records, CLAIMS)
        kept = kept_portraits(parts, tx, subject_id)
    return open_record(parts, records[CLAIMS]), [portrait.picture for portrait in kept.portraits]
