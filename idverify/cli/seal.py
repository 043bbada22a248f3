"""`idverify seal`: the electronic seal of an office on a PDF, and what holds of a seal that somebody shows."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from idverify.cli.files import read_file, read_named, require_new, write_new
from idverify.cli.installation import OPERATOR, Dev, require_issuer, vault_only
from idverify.cli.output import CANNOT_TELL, OK, REJECTED, AsJson, emit, printable, stdout, timestamp
from idverify.errors import IdverifyError, InvalidInput, TokenInvalid

if TYPE_CHECKING:
    from idverify.relying.seals import SealFinding
    from idverify.seals.pdf import AskStamp

app = typer.Typer(help="Seal documents (PDF), and say whether a seal holds.", no_args_is_help=True)

StampRoots = Annotated[
    Path | None,
    typer.Option("--tsa-trust", envvar="IDVERIFY_TSA_TRUST", help="roots of time-stamping authorities that are believed (PEM)"),
]


@app.command()
def sign(
    file: Annotated[Path, typer.Argument(help="the PDF to seal; it is not changed", show_default=False)],
    out: Annotated[Path, typer.Option(help="new file for the sealed PDF", show_default=False)],
    reason: Annotated[str | None, typer.Option(help="why it is sealed, for readers of the PDF; up to 200 characters")] = None,
    tsa: Annotated[
        str | None, typer.Option(envvar="IDVERIFY_TSA_URL", help="http or https URL of a time-stamping authority (RFC 3161)")
    ] = None,
    tsa_trust: StampRoots = None,
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """Seal a PDF in this installation's name: from then on every change to it shows, in PDF readers of other makers too.

    With --tsa the seal holds longer than its certificate: without a time stamp nobody can tell, once that has ended, whether
    the document was sealed before. The authority sees a digest, never the document. With --tsa-trust its answer is held
    against those roots before the file is written.

    Example: idverify seal sign deed.pdf --out deed-sealed.pdf --reason "extract of the register" --tsa http://tsa.example

    Exit codes: 0 sealed, 3 the file is not sealed as it is (encrypted, scripts, signed already, no PDF), 4 no certified key for
    seals (`idverify pki issue`, or `request`), no time stamp, or another fault.
    """
    from idverify.ceremonies.sealing import seal
    from idverify.seals.opening import LARGEST

    require_issuer(dev=dev)
    require_new(out)
    document, roots = read_file(file, limit=LARGEST), _roots(tsa_trust)
    with vault_only(dev=dev) as vault:
        sealed, found = seal(
            vault, document, actor=OPERATOR, reason=reason, ask=None if tsa is None else _asking(tsa), stamp_roots=roots
        )
    write_new(out, sealed)
    result = {"out": str(out), "bytes": len(sealed), **_spelled(found)}
    emit(result, as_json=as_json, table=lambda: stdout.print(printable(f"sealed by {result['issuer']}: {out}"), soft_wrap=True))


@app.command()
def validate(
    file: Annotated[str, typer.Argument(help="the PDF, or - for standard input", show_default=False)],
    trust: Annotated[Path, typer.Option(envvar="IDVERIFY_TRUST", help="the folder that `idverify trust` keeps")],
    tsa_trust: StampRoots = None,
    as_json: AsJson = False,
) -> None:
    """Say whether the seal on a PDF holds, and whose it is. No network is used.

    It holds when the whole document is as it was sealed, to the last byte, and a trust list names the root of whoever sealed it
    for seals: a root that is listed for other things alone, an insurer's, say, seals nothing.

    Example: idverify seal validate deed-sealed.pdf --trust ./trust

    Exit codes: 0 valid, 1 refused, 3 the document is not examined (encrypted, scripts, no PDF), 5 cannot tell: the certificate
    has ended and no trusted time stamp says that it was sealed before, or the trust list has ended.
    """
    from idverify.relying import seals
    from idverify.relying.folder import Holdings
    from idverify.relying.seals import SealFinding, Word
    from idverify.seals.opening import LARGEST

    document, roots = read_named(file, limit=LARGEST), _roots(tsa_trust)
    if not trust.is_dir():
        raise InvalidInput(f"{trust} is no folder: `idverify trust add` makes one")
    now = time.time()
    try:
        believed = Holdings(trust).believed(now)
    except TokenInvalid as error:  # no list in force: whose seal it is cannot be told
        found = SealFinding(Word.UNKNOWN, error.code, error.message)
    else:
        found = seals.validate(document, believed, now=now, stamp_roots=roots)
    emit(_spelled(found), as_json=as_json, table=lambda: _show(found))
    raise typer.Exit({Word.VALID: OK, Word.UNKNOWN: CANNOT_TELL}.get(found.word, REJECTED))


def _asking(url: str) -> "AskStamp":
    """Whatever the network does is a fault of the authority's side, for the document is as good as any."""
    from idverify.cli.fetching import ask_time_stamp
    from idverify.seals.errors import TimeStampUnavailable
    from idverify.seals.pdf import LARGEST_ANSWER

    def ask(request: bytes) -> bytes:
        try:
            return ask_time_stamp(url, request, LARGEST_ANSWER)
        except IdverifyError as error:
            raise TimeStampUnavailable(error.message) from None

    return ask


def _roots(file: Path | None) -> tuple[bytes, ...]:
    from idverify.keys.authority import LARGEST_ANSWER, read_pem

    return () if file is None else read_pem(read_file(file, limit=LARGEST_ANSWER))


def _spelled(found: "SealFinding") -> dict[str, Any]:
    seal = found.seal
    stamp = None if seal is None or seal.stamp is None else seal.stamp
    return {
        "word": found.word.value,
        "code": found.code,
        "message": found.message,
        "sealer": None if found.sealer is None else {"organisation": found.sealer[0], "country": found.sealer[1]},
        "issuer": found.issuer,
        "trust_anchor": found.trust_anchor,
        "reason": None if seal is None else seal.reason,
        "claimed_at": None if seal is None or seal.claimed_at is None else timestamp(seal.claimed_at),
        "time_stamp": stamp and {"at": timestamp(stamp.at), "authority": stamp.authority, "trusted": stamp.trusted},
        "changes": list(found.changes),
    }


def _show(found: "SealFinding") -> None:
    from rich.table import Table

    colour = {"VALID": "green", "UNKNOWN": "yellow"}.get(found.word.value, "red")
    stdout.print(f"[bold {colour}]{found.word.value}[/bold {colour}] {found.code}")
    stdout.print(found.message, markup=False)
    said = _spelled(found)
    rows = {
        "sealed by": found.sealer and ", ".join(one for one in found.sealer if one),
        "in the name of": said["issuer"],
        "trusted root": said["trust_anchor"],
        "reason": said["reason"],
        "time, as the sealer says": said["claimed_at"],
        "time stamp": said["time_stamp"] and _stamped(said["time_stamp"]),
        "added after the seal": ", ".join(found.changes),
    }
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value in rows.items():
        if value:
            table.add_row(name, printable(value))
    stdout.print(table)


def _stamped(stamp: dict[str, Any]) -> str:
    trusted = "" if stamp["trusted"] else ", an authority that is not believed here: --tsa-trust names those that are"
    return f"{stamp['at']}, {stamp['authority']}{trusted}"
