"""How commands show what a validator found of a credential: a word to act on, big, then why, then what was disclosed."""

import importlib
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from idverify.cli.output import CANNOT_TELL, OK, REJECTED, printable, stdout, timestamp
from idverify.credentials.credential_types import type_of_vct
from idverify.credentials.findings import ACCEPTED, Finding, Status
from idverify.errors import TokenInvalid

_STYLES = {"VALID": "white on green", "UNKNOWN": "black on yellow"}
_REFUSING = ("errors", "credential_errors", "mdoc_errors", "slip_errors", "status_errors", "trust_list_errors")
_OF_STATUS = {
    ACCEPTED: "Whole, trusted, shown by its holder, and not revoked.",
    "credential_revoked": "The issuer has revoked it.",
    "credential_suspended": "The issuer has suspended it; it may be valid again later.",
    "status_unknown": "No status list that holds is at hand, so it may be revoked. `idverify trust refresh` fetches new lists.",
    "status_foreign": "The status list is not its issuer's, so it may be revoked. `idverify trust refresh` fetches new lists.",
}


def word(finding: Finding) -> str:
    """What a person acts on: VALID, REVOKED, SUSPENDED or UNKNOWN of what holds, else REFUSED."""
    return finding.status.value if finding.authentic and finding.holder_bound else "REFUSED"


def exit_code(finding: Finding) -> int:
    """0 accepted, 5 authentic but of unknown status, 1 all else."""
    if finding.accepted:
        return OK
    return CANNOT_TELL if word(finding) == Status.UNKNOWN else REJECTED


def explain(code: str) -> str:
    """A code in words."""
    return _OF_STATUS.get(code) or _refusals().get(code, code)


def spelled(finding: Finding) -> dict[str, Any]:
    """The finding as JSON."""
    return {"word": word(finding), **asdict(finding), "message": explain(finding.code)}


def show(finding: Finding) -> None:
    """Print it for a person at a door."""
    said = word(finding)
    style = _STYLES.get(said, "white on red")
    stdout.print(Panel(Text(" ".join(said), style="bold", justify="center"), style=style, padding=(1, 4), width=44))
    stdout.print(Text(explain(finding.code)), Text(f"({finding.code})", style="dim"))
    rows = dict(_rows(finding))
    if rows:
        table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
        for name, value in rows.items():
            table.add_row(printable(name), printable(value))
        stdout.print(table)


def _rows(finding: Finding) -> list[tuple[str, str]]:
    known = type_of_vct(finding.type) if finding.type else None
    rows = []
    if finding.type:
        rows.append(("credential", " ".join(one["name"] for one in known.display.values()) if known else finding.type))
    for name, value in finding.claims.items():
        label = " ".join(known.labels[name].values()) if known and name in known.labels else name
        rows.append((label, _value(name, value)))
    if finding.status_age is not None:
        rows.append(("status list", f"{_age(finding.status_age)} old"))
    if finding.trust_anchor:
        rows.append(("trusted root", finding.trust_anchor))
    return rows


def _value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in ("exp", "auth_time") and isinstance(value, int):
        return timestamp(value)
    if name == "portrait":
        return f"a picture of {len(str(value)) * 3 // 4} bytes, signed by the issuer"
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _age(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


@cache
def _refusals() -> Mapping[str, str]:
    for name in _REFUSING:
        importlib.import_module(f"idverify.credentials.{name}")
    waiting, found = list(TokenInvalid.__subclasses__()), {}
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if "code" in vars(one):
            found[one.code] = " ".join((one.__doc__ or "").split())
    return found
