"""`idverify wallet`: a person's wallet in a folder. It takes offers, shows credentials, makes QR codes."""

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Table

from idverify.cli.files import STANDARD_INPUT, read_standard_input
from idverify.cli.output import REJECTED, UNUSABLE_INPUT, AsJson, console, emit, printable, stdout, timestamp
from idverify.cli.wallet_client import HERE, Provider, Where, client_of
from idverify.cli.wallet_history import history
from idverify.cli.wallet_provider import make_provider
from idverify.errors import InvalidInput

if TYPE_CHECKING:
    from idverify.wallet.held import Holding

app = typer.Typer(help="A person's wallet, for tests and demonstrations: its keys lie in a folder.", no_args_is_help=True)

LARGEST_OFFER = 64 * 1024

Issuer = Annotated[str | None, typer.Option(help="whose, where several issuers gave the same")]
Copies = Annotated[int, typer.Option(min=1, max=30, help="single-use copies of each credential; the issuer may allow fewer")]
app.command()(history)
app.command("provider")(make_provider)


@app.command()
def init(wallet: Where = HERE, as_json: AsJson = False) -> None:
    """Make a wallet: a private folder with a device key.

    Example: idverify wallet init --wallet ./my-wallet

    Exit codes: 0 made, 4 there is one already, or the folder cannot be written.
    """
    from idverify.wallet.folder import Folder

    folder = Folder.create(wallet)
    result = {"wallet": str(folder.path), "device": folder.device.kid}
    emit(result, as_json=as_json, table=lambda: stdout.print(f"made {folder.path}", markup=False))


@app.command()
def accept(
    offer: Annotated[str, typer.Argument(help="the offer's link (quoted), its https address, or - for standard input")],
    tx_code: Annotated[
        str | None, typer.Option(help="the code that the issuer gave by another way; asked for if needed")
    ] = None,
    copies: Copies = 10,
    provider: Provider = None,
    wallet: Where = HERE,
    as_json: AsJson = False,
) -> None:
    """Take what an issuer offers: fresh keys, single-use copies, slips for QR codes.

    Example: idverify wallet accept 'openid-credential-offer://?credential_offer_uri=https...' --tx-code 493536

    Exit codes: 0 taken, 3 no such offer, a wrong code, or an issuer that refuses, 4 the wallet cannot be used.
    """
    from idverify.cli.fetching import send
    from idverify.wallet.folder import Folder
    from idverify.wallet.offers import read_offer

    folder = Folder(wallet)
    text = offer if offer != STANDARD_INPUT else read_standard_input(LARGEST_OFFER).decode("utf-8", "replace")
    found = read_offer(text, send)
    if found.needs_tx_code and tx_code is None and sys.stdin.isatty():
        tx_code = typer.prompt("the code that the issuer gave", err=True).strip()
    taken = list(client_of(folder, provider).accept(found, tx_code=tx_code, copies=copies))
    emit({"taken": [_spelled(one) for one in taken]}, as_json=as_json, table=lambda: _print(taken))


@app.command()
def renew(
    configurations: Annotated[list[str] | None, typer.Argument(help="of which; everything that can be renewed if none")] = None,
    copies: Copies = 10,
    provider: Provider = None,
    wallet: Where = HERE,
    as_json: AsJson = False,
) -> None:
    """Fetch fresh copies and today's slips, silently: the same device, at most 90 days after the last live verification.

    Example: idverify wallet renew identity_card.gate

    Exit codes: 0 renewed, 3 nothing can be, one that was named cannot, or an issuer refused, 4 the wallet cannot be used.
    """
    from idverify.wallet.client import Denied
    from idverify.wallet.errors import CredentialUnavailable
    from idverify.wallet.folder import Folder
    from idverify.wallet.held import Holding

    folder, only = Folder(wallet), tuple(configurations or ())
    client = client_of(folder, provider)
    grants = [grant for grant in folder.grants() if not only or set(only) & set(folder.wanted(grant))]
    missing = set(only) - {name for grant in grants for name in folder.wanted(grant)}
    if missing or not grants:
        what = ", ".join(sorted(missing)) or "anything here"
        raise CredentialUnavailable(f"{what} cannot be renewed: it takes a new offer, after a new live verification")
    outcomes = [one for grant in grants for one in client.renew(grant, only, copies=copies)]
    taken = [one for one in outcomes if isinstance(one, Holding)]
    denied = {one.configuration: one.message for one in outcomes if isinstance(one, Denied)}

    def table() -> None:
        if taken:
            _print(taken)
        for name, message in denied.items():
            console.print(printable(f"{name} is not renewed: {message}"))

    emit({"taken": [_spelled(one) for one in taken], "denied": denied}, as_json=as_json, table=table)
    raise typer.Exit(UNUSABLE_INPUT if denied and (only or not taken) else 0)


@app.command(name="list")
def list_(wallet: Where = HERE, as_json: AsJson = False) -> None:
    """Show what the wallet holds. No claim is printed.

    Example: idverify wallet list

    Exit codes: 0 shown, 4 the wallet cannot be used.
    """
    from idverify.wallet.folder import Folder

    held = Folder(wallet).holdings()
    emit({"held": [_spelled(one) for one in held]}, as_json=as_json, table=lambda: _print(held))


@app.command()
def delete(
    configuration: Annotated[str, typer.Argument(help="as `idverify wallet list` names it", show_default=False)],
    issuer: Issuer = None,
    provider: Provider = None,
    wallet: Where = HERE,
    as_json: AsJson = False,
) -> None:
    """Delete a credential with its copies and keys, and tell the issuer, who revokes nothing for that. It is not renewed then.

    Example: idverify wallet delete identity_card.gate

    Exit codes: 0 deleted, whether or not the issuer heard of it, 3 no such credential, 4 the wallet cannot be used.
    """
    from idverify.wallet.folder import Folder

    told = client_of(Folder(wallet), provider).delete(configuration, issuer)
    heard = "the issuer knows" if told else "the issuer was not told"
    emit(
        {"deleted": configuration, "issuer_told": told},
        as_json=as_json,
        table=lambda: stdout.print(printable(f"deleted {configuration}; {heard}"), markup=False),
    )


@app.command()
def present(
    configuration: Annotated[str, typer.Argument(help="as `idverify wallet list` names it", show_default=False)],
    audience: Annotated[str, typer.Option(help="who asks, as they gave their name")],
    nonce: Annotated[str, typer.Option(help="the nonce that they gave for this presentation")],
    show: Annotated[
        list[str] | None, typer.Option(help="a claim to disclose; repeat it for more, leave it out for none")
    ] = None,
    purpose: Annotated[str | None, typer.Option(help="what for, as they said: it is kept in `idverify wallet history`")] = None,
    issuer: Issuer = None,
    wallet: Where = HERE,
    as_json: AsJson = False,
) -> None:
    """Show a credential to a relying party: a copy that nobody has seen, with the claims that you name. The copy is used up.

    Example: idverify wallet present identity_card --audience https://hotel.example --nonce 5f0c2a --show name

    Exit codes: 0 shown, 3 no such credential or claim, or no unused copy, 4 the wallet cannot be used.
    """
    from idverify.credentials.mdoc_session import Session
    from idverify.wallet import presenting
    from idverify.wallet.folder import Folder

    text = presenting.present(
        Folder(wallet),
        configuration,
        show=tuple(show or ()),
        session=Session.plain(audience, nonce),
        now=time.time(),
        issuer=issuer,
        asking=presenting.Asking("presentation", audience, purpose),
    )
    emit({"presentation": text}, as_json=as_json, table=lambda: typer.echo(text))


@app.command()
def answer(
    link: Annotated[str, typer.Argument(help="the reader's link (quoted): openid4vp://?..., or - for standard input")],
    yes: Annotated[bool, typer.Option("--yes", help="show what is asked without asking the person")] = False,
    wallet: Where = HERE,
    as_json: AsJson = False,
) -> None:
    """Answer a reader's request over the network: see who asks for what, say yes or no, and send it encrypted to that reader.

    Example: idverify wallet answer 'openid4vp://?client_id=x509_hash...&request_uri=https...'

    Exit codes: 0 taken, 1 the person said no, 2 nobody can be asked, 3 a request that does not hold, nothing that would answer
    it, or a reader that refuses, 4 the wallet cannot be used.
    """
    from idverify.cli.fetching import send
    from idverify.wallet import requests
    from idverify.wallet.folder import Folder

    folder = Folder(wallet)
    request = requests.read_request(sys.stdin.read(LARGEST_OFFER) if link == "-" else link, send, now=time.time())
    chosen = requests.choose(folder, request, now=time.time())
    asked = requests.asked(request, chosen)
    if not yes:
        if link == "-" or not sys.stdin.isatty():
            raise typer.BadParameter("nobody is here to be asked: --yes answers without asking")
        what_for = "" if request.purpose is None else f", for {request.purpose}"
        console.print(
            f"{request.name} asks{what_for}, through {request.reader} (certificate of {request.certified_by}):", markup=False
        )
        for name, claims in asked.items():
            console.print(f"  {name}: {', '.join(claims) or 'nothing beside what every reader sees'}", markup=False)
        yes = typer.confirm("Show this?", err=True)
    if yes:
        requests.answer(folder, request, chosen, send, now=time.time())
    result = {
        "answered": yes,
        "name": request.name,
        "purpose": request.purpose,
        "reader": request.reader,
        "certified_by": request.certified_by,
        "shown": asked if yes else {},
    }
    emit(result, as_json=as_json, table=lambda: stdout.print("shown" if yes else "nothing was shown", markup=False))
    raise typer.Exit(0 if yes else REJECTED)


@app.command()
def qr(
    configuration: Annotated[str, typer.Argument(help="TYPE.PURPOSE, as `idverify wallet list` names it", show_default=False)],
    show: Annotated[list[str] | None, typer.Option(help="of a slip with choices: a claim to disclose; repeat for more")] = None,
    challenge: Annotated[str | None, typer.Option(help="16 hex digits that the gate shows, if it shows any")] = None,
    png: Annotated[Path | None, typer.Option(help="write a picture to this file instead of drawing")] = None,
    text: Annotated[bool, typer.Option("--text", help="print the code's text instead of drawing it")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="make a new code every 30 s, until interrupted")] = False,
    issuer: Issuer = None,
    wallet: Where = HERE,
    as_json: AsJson = False,
) -> None:
    """Show a slip as a QR code, signed for this moment: a gate takes it for a minute, and once. Each call makes a new code.

    Example: idverify wallet qr identity_card.gate --watch

    Exit codes: 0 shown, 2 usage, 3 no such slip or claim, or its day is over, 4 the wallet cannot be used, 130 interrupted.
    """
    from idverify.cli.challenge import parse_challenge
    from idverify.credentials.slip import REFRESH_SECONDS
    from idverify.qr import Drawn
    from idverify.wallet.codes import code
    from idverify.wallet.folder import Folder

    if as_json and watch:
        raise typer.BadParameter("--json prints one object, and --watch never ends")
    folder, asked = Folder(wallet), None if challenge is None else parse_challenge(challenge)
    while True:
        made = code(folder, configuration, now=time.time(), show=tuple(show or ()), challenge=asked, issuer=issuer)
        drawn = Drawn(made)
        if png is not None:
            _write(png, drawn.png())
        if as_json:
            emit({"text": made, "version": drawn.version}, as_json=True)
        elif text:
            typer.echo(made)
        elif png is None:
            stdout.clear()
            typer.echo(drawn.letters())
        if not watch:
            return
        time.sleep(REFRESH_SECONDS)


def _write(path: Path, content: bytes) -> None:
    """In one step, so that who displays the file never sees half a code."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise InvalidInput(f"cannot write {path}: {error.strerror}") from None


def _spelled(holding: "Holding") -> dict[str, Any]:
    return {
        "configuration": holding.configuration,
        "issuer": holding.issuer,
        "format": holding.format,
        "copies": len(holding.copies),
        "received_at": timestamp(holding.received_at),
        "expires_at": _expires_at(holding),
        "renewable": holding.grant is not None,
    }


def _expires_at(holding: "Holding") -> str | None:
    """Of the copies, which were issued together; None where none is left."""
    from idverify.wallet.contents import read

    return timestamp(read(holding.format, holding.copies[0].credential).expires_at) if holding.copies else None


def _print(held: "Iterable[Holding]") -> None:
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("credential", "issuer", "unused copies", "good until", "renewable"):
        table.add_column(name, overflow="fold")
    for one in held:
        copies = "QR codes" if one.is_slip else str(len(one.copies))
        row = (
            printable(one.configuration),
            printable(one.issuer),
            copies,
            _expires_at(one) or "",
            "yes" if one.grant else "no",
        )
        table.add_row(*row)
    stdout.print(table)
    if not table.rows:
        console.print("The wallet is empty: idverify wallet accept OFFER", markup=False)
