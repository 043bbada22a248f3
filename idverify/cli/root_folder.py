"""Opening a root on the command line: its folder, and its passphrase from a file or a person."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from idverify.errors import InvalidInput, KeyUnavailable

if TYPE_CHECKING:
    from idverify.keys.authority import Authority

Root = Annotated[Path, typer.Option("--root", help="the root's folder, on a medium of its own", show_default=False)]
PassphraseFile = Annotated[
    Path | None, typer.Option(help="file whose first line is the root's passphrase; asked for at a terminal otherwise")
]


def opened(root: Path, passphrase_file: Path | None) -> "Authority":
    """The root. Raises KeyUnavailable, InvalidInput for an empty passphrase."""
    from idverify.keys import authority

    if passphrase_file is not None:
        return authority.load(root, _read_passphrase(passphrase_file))
    if not authority.encrypted(root):
        return authority.load(root)
    if not sys.stdin.isatty():
        raise KeyUnavailable("the root's key has a passphrase: give --passphrase-file, or run this at a terminal")
    return authority.load(root, typer.prompt("passphrase of the root", hide_input=True, err=True).encode())


def new_passphrase(file: Path | None) -> bytes:
    """For a root that is being made. Raises InvalidInput, KeyUnavailable."""
    if file is not None:
        return _read_passphrase(file)
    if not sys.stdin.isatty():
        raise InvalidInput("give the root a passphrase (--passphrase-file), or say --no-passphrase")
    asked: str = typer.prompt("passphrase for the root", hide_input=True, confirmation_prompt=True, err=True)
    return asked.encode()


def _read_passphrase(file: Path) -> bytes:
    """The first line of a private file. Raises InvalidInput where it is empty, KeyUnavailable."""
    from idverify.keys.private_files import read_private

    found = read_private(file).partition(b"\n")[0].rstrip(b"\r")
    if not found:
        raise InvalidInput(f"the first line of {file} is empty: it should be the passphrase")
    return found
