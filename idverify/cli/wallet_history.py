"""`idverify wallet history`: what the wallet showed to whom, and what the issuers tell of who asked for what."""

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Table

from idverify.cli.output import REJECTED, AsJson, console, emit, printable, stdout, timestamp
from idverify.cli.wallet_client import HERE, Provider, Where, client_of

if TYPE_CHECKING:
    from idverify.audit.chain import Entry
    from idverify.wallet.folder import Folder

_HEAD = re.compile(r"([0-9]{1,12}):([0-9a-f]{64})")


def history(
    issuer: Annotated[
        bool, typer.Option("--issuer", help="also what each issuer tells of who asked for what; needs the network")
    ] = False,
    head: Annotated[
        str | None, typer.Option(help="COUNT:HASH as an earlier call printed it: finds what was cut off since")
    ] = None,
    begin_anew: Annotated[
        bool, typer.Option("--begin-anew", help="put a record that is broken aside and begin another")
    ] = False,
    provider: Provider = None,
    wallet: Where = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what this wallet showed, to whom and what for, newest first, and whether the record of it is whole.

    Keep the head that is printed somewhere else: with --head, a later call also finds that an older record was put back.

    Example: idverify wallet history --issuer

    Exit codes: 0 shown and whole, 1 the record is broken (it says where), 2 usage, 3 no issuer to ask, or one that refuses,
    4 the wallet cannot be used.
    """
    from idverify.wallet.folder import Folder

    kept = None if head is None else _parsed(head)
    folder = Folder(wallet)
    if begin_anew:
        aside = folder.begin_history(now=time.time())
        console.print(f"The broken record lies in {aside}" if aside else "There was no record to put aside", markup=False)
    found = folder.history()
    report = found.checked(folder.log_key, kept)
    entries = [_spelled(one) for one in reversed(found.entries)]
    told = _of_issuers(folder, provider) if issuer else {}
    result: dict[str, Any] = {
        "intact": report.intact,
        "findings": [{"at": one.seq, "what": one.what} for one in report.findings],
        "head": f"{report.count}:{report.hash}",
        "entries": entries,
    }
    if issuer:
        result["issuers"] = told
    emit(result, as_json=as_json, table=lambda: _print(result))
    raise typer.Exit(0 if report.intact else REJECTED)


def _parsed(head: str) -> tuple[int, str]:
    found = _HEAD.fullmatch(head)
    if found is None:
        raise typer.BadParameter("--head is COUNT:HASH, as `idverify wallet history` prints it")
    return int(found[1]), found[2]


def _of_issuers(folder: "Folder", provider: Path | None) -> dict[str, list[dict[str, Any]]]:
    """By issuer, what it tells. Of several grants of one issuer any that still holds will do: they are one person's."""
    from idverify.wallet.errors import CredentialUnavailable, IssuerRefused

    grants = folder.grants()
    if not grants:
        raise CredentialUnavailable("no issuer can be asked: the wallet holds no grant that can be renewed")
    client = client_of(folder, provider)
    told: dict[str, list[dict[str, Any]]] = {}
    refused: dict[str, IssuerRefused] = {}
    for grant in grants:
        if grant.issuer not in told:
            try:
                told[grant.issuer] = list(client.history(grant))
            except IssuerRefused as error:
                refused[grant.issuer] = error
    for issuer in refused.keys() - told.keys():
        raise refused[issuer]
    return told


def _spelled(entry: "Entry") -> dict[str, Any]:
    at = timestamp(entry.at) if isinstance(entry.at, int | float) and 0 <= entry.at < 2**35 else None
    return {"number": entry.seq, "at": at, "event": entry.event, **entry.details}


def _print(result: Mapping[str, Any]) -> None:
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("", "when", "who", "what for", "credential", "shown"):
        table.add_column(name, overflow="fold")
    for one in result["entries"]:
        shown = ", ".join(".".join(map(str, path)) for path in one.get("shown") or () if isinstance(path, list))
        who = one.get("requester") or ("whoever read the code" if one.get("way") == "qr" else one["event"])
        row = (one["number"], one["at"], who, one.get("purpose"), one.get("configuration"), shown)
        table.add_row(*(printable("" if cell is None else str(cell)) for cell in row))
    if table.rows:
        stdout.print(table)
    else:
        console.print("Nothing was shown yet.", markup=False)
    for name, entries in result.get("issuers", {}).items():
        stdout.print(printable(f"{name} tells:"))
        for one in entries:
            said = one.get("said")
            words = said.get("en") if isinstance(said, dict) else None
            stdout.print(printable(f"  {one.get('at')}  {words or one.get('kind')}"))
    for finding in result["findings"]:
        console.print(printable(f"BROKEN at {finding['at']}: {finding['what']}"))
    console.print(printable(f"head {result['head']}"))
