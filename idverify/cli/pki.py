"""`idverify pki`: the root of an issuer, and the certificates of its signing keys."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from idverify.cli import pki_offline
from idverify.cli.installation import OPERATOR, Dev, require_issuer, vault_only
from idverify.cli.output import AsJson, console, emit, stdout, timestamp
from idverify.cli.pki_offline import emit_issued
from idverify.cli.root_folder import PassphraseFile, Root, new_passphrase, opened
from idverify.errors import InvalidInput

if TYPE_CHECKING:
    from idverify.ceremonies import Vault

app = typer.Typer(help="The root of an issuer, and the certificates of its signing keys.", no_args_is_help=True)

DAY = 86_400


@app.command()
def init(
    root: Root,
    name: Annotated[str, typer.Option(help="of the operator, as people read it in the certificate", show_default=False)],
    country: Annotated[str, typer.Option(help="of the operator, two letters (ISO 3166-1)", show_default=False)],
    passphrase_file: PassphraseFile = None,
    no_passphrase: Annotated[
        bool, typer.Option("--no-passphrase", help="leave the key unencrypted: the medium alone protects it")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a root: a key that only certifies keys, and the certificate that relying parties pin. Keep it offline.

    Example: idverify pki init --root /media/root --name "City of Example" --country CN

    Exit codes: 0 made, 2 a name or a country that no root has, 3 no passphrase was given, 4 there is one already, or the folder
    cannot be written.
    """
    from idverify.config import load_settings
    from idverify.keys import authority
    from idverify.keys.file import refuse_inside

    try:
        authority.require_operator(name, country)
    except InvalidInput as error:
        raise typer.BadParameter(error.message) from None
    refuse_inside(root / authority.KEY_FILE, load_settings().data_dir)
    passphrase = None if no_passphrase else new_passphrase(passphrase_file)
    made = authority.create(root, name=name, country=country, now=time.time(), passphrase=passphrase)
    result = {"root": str(root), "name": made.name, "country": country, "pin": made.fingerprint}
    emit(result, as_json=as_json, table=lambda: _print(result))


@app.command()
def issue(
    root: Root,
    replace: Annotated[
        bool, typer.Option("--replace", help="certify anew and destroy older certificates, as after a theft of the root")
    ] = False,
    passphrase_file: PassphraseFile = None,
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """Certify the keys for credentials, status lists, the trust list, online requests and seals, those that need it.

    Safe to repeat. A certificate signs for 90 days and is valid for 274. Repeat this once a month, with the root at hand. With
    a root on a machine of its own, `request`, `sign` and `install` do the same.

    Example: idverify pki issue --root /media/root

    Exit codes: 0 done, 4 IDVERIFY_ISSUER is not set, the root does not open, or another fault.
    """
    from idverify.ceremonies.certification import certify

    require_issuer(dev=dev)
    at_hand = opened(root, passphrase_file)
    with vault_only(dev=dev, create=True) as vault:
        made = certify(vault, at_hand, actor=OPERATOR, replace=replace)
        issuer = vault.issuer
    emit_issued(made, issuer, as_json=as_json)


@app.command()
def rotate(
    root: Annotated[
        Path | None, typer.Option("--root", help="certify the new next keys too; without it `request` does")
    ] = None,
    passphrase_file: PassphraseFile = None,
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """Let the keys that were certified ahead sign from now on, and make new next ones. A running server notices by itself.

    What the retired keys signed stays valid: their certificates stay published until their time is over. With a root on
    a machine of its own leave --root out: `pki request` asks for the new next keys.

    Example: idverify pki rotate --root /media/root

    Exit codes: 0 rotated, 4 a fault; after one it may be repeated.
    """
    from idverify.ceremonies.certification import rotate_certified

    require_issuer(dev=dev)
    at_hand = None if root is None else opened(root, passphrase_file)
    with vault_only(dev=dev) as vault:
        done = rotate_certified(vault, at_hand, actor=OPERATOR)
    if any(one.published_for < DAY for one in done.values()):
        console.print(
            "a new key had been published for less than a day: gates that have not refreshed since refuse its QR codes "
            "until they do",
            style="yellow",
        )
    result = {name: {"current": one.current, "retired": one.retired, "next": one.next} for name, one in done.items()}
    emit(result, as_json=as_json, table=lambda: _print({name: one["current"] for name, one in result.items()}))


for command in (pki_offline.request, pki_offline.sign, pki_offline.install):
    app.command()(command)


@app.command("list")
def list_(dev: Dev = False, as_json: AsJson = False) -> None:
    """List the certificates: for whom, until when each signs and is valid, and the pin of the root above it.

    Example: idverify pki list --json

    Exit codes: 0 listed, 4 a fault.
    """
    with vault_only(dev=dev) as vault:
        rows = _listed(vault)

    def table() -> None:
        shown = Table(
            "purpose", "key", Column("issuer", overflow="fold"), "signs until", "valid until", Column("kid", overflow="fold")
        )
        for one in rows:
            issuers = escape("\n".join(one["issuers"]))
            shown.add_row(one["purpose"], one["state"], issuers, one["signs_until"], one["valid_until"], one["kid"])
        stdout.print(shown)
        for pin in sorted({one["root"] for one in rows}):
            stdout.print(f"root: {pin}", markup=False)

    emit({"certificates": rows}, as_json=as_json, table=table)


def _listed(vault: "Vault") -> list[dict[str, Any]]:
    from idverify.ceremonies.certification import FOLDERS, certified_keys
    from idverify.keys.authority import fingerprint

    rows = []
    for purpose, keys in certified_keys(vault).items():
        states = {one.kid: one.state for one in keys.signing.records()}
        rows += [
            {
                "purpose": FOLDERS[purpose],
                "state": states.get(one.kid, "unknown"),
                "kid": one.kid,
                "certificate": one.fingerprint,
                "signs_until": timestamp(one.signs_until),
                "valid_until": timestamp(one.ends),
                "issuers": sorted(one.issuers),
                "root": fingerprint(one.root),
            }
            for one in keys.certificates()
        ]
    return rows


def _print(result: dict[str, Any]) -> None:
    for name, value in result.items():
        stdout.print(f"{name}: {value}", markup=False, soft_wrap=True)
