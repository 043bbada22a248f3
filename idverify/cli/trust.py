"""`idverify trust`: whom a relying party believes, and the list that an operator publishes."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Column, Table

from idverify.cli.files import require_new, write_new
from idverify.cli.installation import OPERATOR, Dev, vault_only
from idverify.cli.output import CANNOT_TELL, AsJson, emit, printable, stdout, timestamp
from idverify.errors import InvalidInput, TokenInvalid, TrustListUnpublished

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idverify.ceremonies import Vault
    from idverify.ceremonies.trust_publication import Scheme
    from idverify.credentials.anchors import Anchor
    from idverify.relying.folder import HeldList, Holdings

app = typer.Typer(help="Whom a relying party believes, and for what.", no_args_is_help=True)

HERE = Path("trust")
Where = Annotated[Path, typer.Option("--trust", envvar="IDVERIFY_TRUST", help="the relying party's folder")]


@app.command()
def add(
    source: Annotated[str, typer.Argument(help="a file, an https URL, or - for standard input")],
    pin: Annotated[
        str, typer.Option(help="SHA-256 of the operator's root, as its operator tells it by another way", show_default=False)
    ],
    type_: Annotated[
        list[str] | None, typer.Option("--type", help="believe it for this type alone; repeat for more; all it names if none")
    ] = None,
    trust: Where = HERE,
    as_json: AsJson = False,
) -> None:
    """Accept a trust list: from now on the issuers on it are believed, each for the types it is listed with.

    Later lists of that operator need no pin again and never go back behind this one. From a URL they are refreshed.

    Example: idverify trust add https://id.city.example/v1/trust-list --pin 4f1c...

    Exit codes: 0 accepted, 1 the list does not hold (another root, altered, older, expired), 3 it cannot be had, 4 a fault.
    """
    from idverify.cli.trust_scheme import vct_of
    from idverify.credentials.trust_list import LARGEST
    from idverify.relying.folder import Holdings

    types = frozenset(vct_of(one) for one in type_) if type_ else None
    url = source if "://" in source else None
    holdings = Holdings(trust)
    holdings.accept_list(_raw(source, LARGEST), pin, types, source=url, now=time.time())
    _show(holdings, as_json=as_json)


@app.command("list")
def list_(trust: Where = HERE, as_json: AsJson = False) -> None:
    """List the trust lists that are held, and whom they vouch for.

    Example: idverify trust list --trust ./trust

    Exit codes: 0 listed, 5 the time of every list is over: nobody is believed, 4 a fault.
    """
    from idverify.relying.folder import Holdings

    raise typer.Exit(_show(Holdings(trust), as_json=as_json))


@app.command()
def remove(
    pin: Annotated[str, typer.Argument(help="as `idverify trust list` prints it")], trust: Where = HERE, as_json: AsJson = False
) -> None:
    """Let go of a trust list: whom it alone vouched for is believed no more.

    Example: idverify trust remove 4f1c...

    Exit codes: 0 removed, 3 no such list is held, 4 a fault.
    """
    from idverify.relying.folder import Holdings

    Holdings(trust).forget_list(pin)
    emit({"removed": pin}, as_json=as_json, table=lambda: stdout.print(f"{pin} is removed.", markup=False))


@app.command()
def refresh(trust: Where = HERE, as_json: AsJson = False) -> None:
    """Fetch the trust lists anew, and the keys and status lists of everyone on them. A gate does this while it is online.

    Example: idverify trust refresh --trust ./trust

    Exit codes: 0 all of it came, 3 no list is held, 5 some of it did not come (what was held before stays), 4 a fault.
    """
    from idverify.cli.fetching import ManyFetches
    from idverify.relying import refresh as refreshing
    from idverify.relying.folder import Holdings

    holdings = Holdings(trust)
    if not holdings.lists():
        raise InvalidInput(f"{trust} holds no trust list: `idverify trust add` accepts one")
    attempts = refreshing.refresh(holdings, ManyFetches(), time.time)
    rows = [
        {"what": one.what, "url": one.url, "code": one.error and one.error.code, "message": one.error and one.error.message}
        for one in attempts
    ]

    def table() -> None:
        for one in rows:
            said = "fresh" if one["code"] is None else f"{one['code']}: {one['message']}"
            stdout.print(printable(f"{one['what']} {one['url']}: {said}"), soft_wrap=True)

    emit({"refreshed": rows}, as_json=as_json, table=table)
    raise typer.Exit(CANNOT_TELL if any(one.error for one in attempts) else 0)


@app.command()
def publish(
    scheme: Annotated[Path | None, typer.Argument(help="what to publish (TOML); as decided before if none")] = None,
    out: Annotated[Path | None, typer.Option(help="also write the signed list to this new file")] = None,
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """Sign and publish this installation's trust list, served at /v1/trust-list and signed anew every day.

    Example: idverify trust publish trust.toml

    Exit codes: 0 published, 1 no reader would accept it (it says why), 3 the file cannot be used, 4 a fault.
    """
    from idverify.ceremonies import trust_publication
    from idverify.cli.trust_scheme import read_scheme

    if out is not None:
        require_new(out)
    with vault_only(dev=dev) as vault:
        decided = _decided(vault) if scheme is None else read_scheme(scheme, vault)
        done = trust_publication.publish(vault, decided, actor=OPERATOR)
    if out is not None:
        write_new(out, done.text.encode("ascii"))
    listed = done.content.document
    result = {
        "pin": done.content.pin,
        "sequence": listed.sequence,
        "next_update": timestamp(listed.next_update),
        "issuers": [_described(one) for one in done.content.anchors],
    }

    def table() -> None:
        stdout.print(f"list {listed.sequence}, good until {result['next_update']}", markup=False)
        _print_issuers(done.content.anchors)
        stdout.print(f"pin: {done.content.pin}", markup=False, soft_wrap=True)

    emit(result, as_json=as_json, table=table)


def _show(holdings: "Holdings", *, as_json: bool) -> int:
    """Print what is held; the exit code says whether any of it is in force."""
    now = time.time()
    rows: list[dict[str, Any]] = []
    found: list[Anchor] = []
    for held in holdings.lists():
        row, anchors = _row(held, now)
        rows.append(row)
        found += anchors

    def table() -> None:
        for row in rows:
            state = f"until {row['next_update']}" if row["code"] is None else f"not in force: {row['message']} ({row['code']})"
            stdout.print(printable(f"{row['operator'] or 'a list'}, number {row['sequence']}, {state}"), soft_wrap=True)
            stdout.print(f"  pin {row['pin']}", markup=False, soft_wrap=True)
        if found:
            _print_issuers(found)
        if not rows:
            said = f"{holdings.folder} holds no trust list, nobody is believed: `idverify trust add` accepts one"
            stdout.print(said, markup=False, soft_wrap=True)

    emit({"lists": rows}, as_json=as_json, table=table)
    return CANNOT_TELL if rows and all(row["code"] for row in rows) else 0


def _row(held: "HeldList", now: float) -> tuple[dict[str, Any], "Sequence[Anchor]"]:
    from idverify.credentials.trust_list_document import spoken

    row: dict[str, Any] = {"pin": held.pin, "sequence": held.sequence, "source": held.source, "operator": None}
    row |= {"code": None, "message": None}
    try:
        found = held.read(now)
    except TokenInvalid as error:
        return row | {"code": error.code, "message": error.message, "next_update": None, "issuers": []}, []
    anchors, document = held.vouched(found), found.document
    described = [_described(one) for one in anchors]
    until = timestamp(document.next_update)
    return row | {"operator": spoken(document.operator), "next_update": until, "issuers": described}, anchors


def _described(anchor: "Anchor") -> dict[str, Any]:
    return {"name": anchor.name, "root": anchor.fingerprint, "types": sorted(anchor.types), "urls": list(anchor.issuers)}


def _print_issuers(anchors: "Sequence[Anchor]") -> None:
    from rich.text import Text

    from idverify.credentials.credential_types import type_of_vct
    from idverify.seals import SEAL, SEALING

    table = Table("issuer", Column("may issue", overflow="fold"), Column("root", overflow="fold"))
    for one in anchors:
        known = {vct: type_of_vct(vct) for vct in sorted(one.types)}
        names = [SEAL if vct == SEALING else vct if type_ is None else type_.name for vct, type_ in known.items()]
        table.add_row(printable(one.name), Text("\n").join(map(printable, names)), one.fingerprint)
    stdout.print(table)


def _raw(source: str, limit: int) -> bytes:
    from idverify.cli.fetching import fetch
    from idverify.cli.files import read_named

    return (fetch(source, limit) if "://" in source else read_named(source, limit=limit)).strip()


def _decided(vault: "Vault") -> "Scheme":
    """As the operator decided before. Raises TrustListUnpublished where that never was."""
    from idverify.ceremonies import trust_publication

    try:
        return trust_publication.decided(vault)
    except TrustListUnpublished:
        raise TrustListUnpublished("nothing was published before: name a file that says what, trust.toml") from None
