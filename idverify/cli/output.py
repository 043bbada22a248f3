"""How every command speaks: one JSON object or a readable table on standard output, progress and faults on standard error."""

import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

console = Console(stderr=True, highlight=False)
stdout = Console(highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="print one JSON object on standard output, and nothing else")]

OK, REJECTED, USAGE, UNUSABLE_INPUT, FAULT, CANNOT_TELL, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

EXIT_CODES = {"accepted": OK, "rejected": REJECTED, "inconclusive": CANNOT_TELL}
"""Of a command that ends with a decision, by the decision's name."""

_COLOURS = {"accepted": "green", "rejected": "red", "inconclusive": "yellow"}


def coloured(decision: str) -> str:
    """The decision's name, marked up to be seen at a glance."""
    return f"[bold {_COLOURS[decision]}]{decision}[/bold {_COLOURS[decision]}]"


def timestamp(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def printable(value: str) -> Text:
    """A stranger's text without characters that could move a terminal's cursor, and without markup."""
    return Text("".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in value))


def emit(result: Mapping[str, Any], *, as_json: bool, table: Callable[[], None] | None = None) -> None:
    """Print `result` as one JSON object, or let `table` print it for a person."""
    if as_json or table is None:
        write_json(result, indent=None if as_json else 2)
    else:
        table()


def write_json(result: Mapping[str, Any], *, indent: int | None = None) -> None:
    """One object on standard output, in ASCII: the same bytes under every locale."""
    sys.stdout.write(json.dumps(result, indent=indent) + "\n")
    sys.stdout.flush()
