"""How every command speaks: one JSON object or a readable table on standard output, progress and faults on standard error."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer
from rich.console import Console

console = Console(stderr=True, highlight=False)
stdout = Console(highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, and nothing else.")]


def emit(result: Mapping[str, Any], *, as_json: bool, table: Callable[[], None] | None = None) -> None:
    """Print `result` as one JSON object, or let `table` print it for a person."""
    if as_json or table is None:
        sys.stdout.write(json.dumps(result, indent=None if as_json else 2, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    else:
        table()
