"""A CSV that says which group each person, or each image, belongs to: one column names them, every other column is a grouping.

::

    person,age,lighting        or      image,lighting
    Abel_Pacheco,60+,indoor            Abel_Pacheco_0001,indoor

It comes from elsewhere: names in it are text and nothing more, wherever they are shown.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from idverify.errors import InvalidInput
from idverify.evaluation.dataset import SUFFIXES
from idverify.evaluation.pairs import ImageName

KEYS: Final = ("person", "image")
COLUMNS: Final = 50
VALUES: Final = 200
MIXED, NO_ENTRY = UNGROUPED = "(images of different groups)", "(no entry)"
LIMIT: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Grouping:
    """One column. by: `person` or `image`; values: the group by that name (of a person, or an image without its suffix)."""

    column: str
    by: str
    values: Mapping[str, str]

    def of(self, images: Sequence[ImageName]) -> list[str | None]:
        """The group of each image; None where the file has none for it."""
        names = [image.person if self.by == "person" else str(image) for image in images]
        return [self.values.get(name) for name in names]


def read_groups(path: Path) -> tuple[Grouping, ...]:
    """The groupings in a file. Raises InvalidInput with the number of the line that is wrong."""
    try:
        if path.stat().st_size > LIMIT:
            raise InvalidInput(f"{path} is larger than {LIMIT} bytes")
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [(number, row) for number, row in enumerate(csv.reader(file, strict=True), start=1) if any(row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or ("not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error))
        raise InvalidInput(f"cannot read the groups in {path}: {reason}") from error
    if len(rows) < 2:
        raise InvalidInput(f"{path}: expected a line of column names and at least one line of values")
    header = [name.strip() for name in rows[0][1]]
    by = next((name for name in KEYS if name in header), None)
    columns = [name for name in header if name != by]
    if by is None or not columns or not all(columns) or len(set(header)) != len(header) or len(columns) > COLUMNS:
        raise InvalidInput(
            f"{path}: the first line names the columns: `person` or `image`, and 1 to {COLUMNS} groupings, each once"
        )
    return tuple(_grouping(path, header, by, column, rows[1:]) for column in columns)


def _image(name: str) -> str:
    """The name of an image without its folder and its suffix; what follows a full stop in a person's name is no suffix."""
    path = Path(name)
    return path.stem if path.suffix.lower() in SUFFIXES else path.name


def _grouping(path: Path, header: list[str], by: str, column: str, rows: Sequence[tuple[int, list[str]]]) -> Grouping:
    key, value = header.index(by), header.index(column)
    values: dict[str, str] = {}
    for number, row in rows:
        if len(row) != len(header):
            raise InvalidInput(f"{path}, line {number}: {len(row)} fields where the first line has {len(header)}")
        name, group = row[key].strip(), row[value].strip()
        name = name if by == "person" else _image(name)
        if not name:
            raise InvalidInput(f"{path}, line {number}: no {by}")
        if group in UNGROUPED:
            raise InvalidInput(f"{path}, line {number}: {group!r} is what a report calls comparisons of no group")
        if group and values.setdefault(name, group) != group:
            raise InvalidInput(f"{path}, line {number}: a second {column!r} for the same {by}")
    if len(set(values.values())) > VALUES:
        raise InvalidInput(f"{path}: column {column!r} has more than {VALUES} values: it names something other than groups")
    return Grouping(column, by, values)
