"""Every row of every lasting table as JSON lines, the same from either database, and back."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, LargeBinary, func, insert, select

from idverify.errors import InvalidInput
from idverify.store.tables import FLEETING, metadata


def is_empty(tx: Connection) -> bool:
    """Whether no table holds a row."""
    return not any(tx.scalar(select(func.count()).select_from(table)) for table in metadata.sorted_tables)


def lines(tx: Connection) -> Iterator[bytes]:
    """One JSON line a row, tables in the order in which they can be written again. `tx` is a view of one moment."""
    for table in metadata.sorted_tables:
        if table.name in FLEETING:
            continue
        binary = _binary_columns(table.name)
        for row in tx.execute(select(table).execution_options(yield_per=20)).mappings():  # portraits: up to 10 MiB each
            values = {name: _encoded(value) if name in binary else value for name, value in row.items()}
            yield json.dumps([table.name, values]).encode() + b"\n"


def write_line(tx: Connection, line: bytes) -> None:
    """Write one row back. Raises InvalidInput when the line is not one that `lines` made."""
    try:
        name, values = json.loads(line)
        table, binary = metadata.tables[name], _binary_columns(name)
        row = {column: _decoded(value) if column in binary else value for column, value in values.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidInput("the backup holds a line that is not a row of this version's tables") from None
    if set(row) != set(table.columns.keys()):
        raise InvalidInput("the backup holds a row with other columns than this version's")
    tx.execute(insert(table).values(row))


def _binary_columns(table: str) -> frozenset[str]:
    return frozenset(column.name for column in metadata.tables[table].columns if isinstance(column.type, LargeBinary))


def _encoded(value: Any) -> str | None:
    return None if value is None else base64.b64encode(value).decode("ascii")


def _decoded(value: str | None) -> bytes | None:
    return None if value is None else base64.b64decode(value, validate=True)
