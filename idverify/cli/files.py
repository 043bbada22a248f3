"""Reading and writing what a person named on the command line."""

import sys
from pathlib import Path

from idverify.errors import InvalidInput, TooLarge

STANDARD_INPUT = "-"


def read_file(path: Path, *, limit: int = 64 * 1024 * 1024) -> bytes:
    """The bytes of a file. Raises InvalidInput when it is missing or unreadable, TooLarge beyond `limit` bytes."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}") from error
    if len(data) > limit:
        raise TooLarge(f"{path} is larger than {limit} bytes")
    return data


def read_standard_input(limit: int) -> bytes:
    """All of standard input. Raises TooLarge beyond `limit` bytes."""
    data = sys.stdin.buffer.read(limit + 1)
    if len(data) > limit:
        raise TooLarge(f"standard input is longer than {limit} bytes")
    return data


def read_named(name: str, *, limit: int) -> bytes:
    """Standard input where the name is `-`, else the file of that name. Raises as `read_file`."""
    return read_standard_input(limit) if name == STANDARD_INPUT else read_file(Path(name), limit=limit)


def require_new(path: Path) -> None:
    """Before anything is done: a command that fails should have done nothing. Raises InvalidInput."""
    if path.exists() or not path.parent.is_dir():
        raise InvalidInput(f"cannot write {path}: --out takes a new file in a folder that is there")


def write_new(path: Path, data: bytes) -> None:
    """Never over a file that is there, and whole or not at all. Raises InvalidInput."""
    made = False
    try:
        with path.open("xb") as file:
            made = True
            file.write(data)
    except OSError as error:
        if made:
            path.unlink(missing_ok=True)
        raise InvalidInput(f"cannot write {path}: {error.strerror}") from error
