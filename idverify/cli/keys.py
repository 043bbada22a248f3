"""`idverify keys`: make, rotate and list the keys of an installation."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Column, Table

from idverify.cli.installation import OPERATOR, Dev, settings_for, vault_only
from idverify.cli.output import AsJson, console, emit, stdout, timestamp
from idverify.cli.progress import progress_bar
from idverify.keys.file import create_kek_file, refuse_inside
from idverify.keys.signing import CACHE_SECONDS

if TYPE_CHECKING:
    from idverify.ceremonies import Vault

app = typer.Typer(help="Make, rotate and list keys.", no_args_is_help=True)


@app.command("create-kek")
def create_kek(
    file: Annotated[Path, typer.Argument(help="a new file, outside the data folder and its backups", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Make the key that wraps all others. Name its file in IDVERIFY_KEK_FILE, and keep a copy apart from the backups.

    Example: idverify keys create-kek /etc/idverify/kek

    Exit codes: 0 made, 4 the file exists or cannot be written, or lies inside the data folder.
    """
    from idverify.config import load_settings

    refuse_inside(file, load_settings().data_dir)
    version = create_kek_file(file)
    result = {"file": str(file), "version": version}
    emit(result, as_json=as_json, table=lambda: stdout.print(f"made {file} with version {version}", markup=False))


@app.command()
def rotate(
    kek: Annotated[
        bool, typer.Option("--kek", help="rotate the key-encryption key: re-wrap everything, drop the old one")
    ] = False,
    now: Annotated[
        bool, typer.Option("--now", help="after a theft: also where relying parties may not know the next key yet")
    ] = False,
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """Rotate the signing key, or with --kek the key-encryption key. A running server notices by itself; both can be repeated.

    The signing key that was published ahead begins to sign, and the old one stays published until its last token has expired.
    Ten minutes must have passed since the last rotation: twice the time for which relying parties keep a key set. --now does
    not wait, and until they fetch again they refuse what the new key signs.

    With --kek, records in older backups can no longer be opened: keep a copy of the KEK file if you mean to restore one.

    Example: idverify keys rotate --kek

    Exit codes: 0 rotated, 3 too early and nothing changed, 4 a fault; an interrupted --kek goes on where it stopped when it is
    called again.
    """
    with vault_only(dev=dev) as vault:
        result = _rotate_kek(vault, settings_for(dev=dev).keys_folder) if kek else _rotate_signing(vault, hasty=now)
    emit(result, as_json=as_json, table=lambda: _print(result))


@app.command("list")
def list_keys(dev: Dev = False, as_json: AsJson = False) -> None:
    """List the signing keys and the versions of the key-encryption key, without a secret among them.

    Example: idverify keys list --json

    Exit codes: 0 listed, 4 a fault.
    """
    with vault_only(dev=dev) as vault:
        published = {key["kid"] for key in vault.signing.jwks()["keys"]}
        signing = [
            {"kid": one.kid, "state": one.state, "since": timestamp(one.since), "published": one.kid in published}
            for one in vault.signing.records()
        ]
        versions = vault.wrapper.versions
    result = {"signing": signing, "kek": {"wraps": versions[-1], "unwrap": list(versions)}}
    emit(result, as_json=as_json, table=lambda: _print_list(result))


@app.command()
def jwks(dev: Dev = False, as_json: AsJson = False) -> None:
    """Print the JWK Set that relying parties trust, as /.well-known/jwks.json serves it; always one JSON object.

    Example: idverify keys jwks > jwks.json

    Exit codes: 0 printed, 4 a fault.
    """
    with vault_only(dev=dev) as vault:
        published = vault.signing.jwks()
    emit(published, as_json=as_json)


def _rotate_signing(vault: "Vault", *, hasty: bool) -> dict[str, Any]:
    from idverify.ceremonies.rotation import rotate_signing

    done = rotate_signing(vault, actor=OPERATOR, hasty=hasty)
    if done.published_for < CACHE_SECONDS:
        console.print(
            f"the new key had been published for {done.published_for:.0f} s only: relying parties that hold an older key "
            "set refuse its tokens until they fetch again",
            style="yellow",
        )
    return {"current": done.current, "retired": done.retired, "next": done.next}


def _rotate_kek(vault: "Vault", keys_folder: Path) -> dict[str, Any]:
    from idverify.ceremonies.rotation import rotate_kek

    with progress_bar("re-wrapping") as progress:
        done = rotate_kek(vault, keys_folder, actor=OPERATOR, progress=progress)
    return {"version": done.version, "dropped": list(done.dropped), "records": done.records}


def _print(result: dict[str, Any]) -> None:
    for name, value in result.items():
        stdout.print(f"{name}: {', '.join(value) if isinstance(value, list) else value}", markup=False)


def _print_list(result: dict[str, Any]) -> None:
    table = Table("state", "published", "since", Column("signing key", overflow="fold"))
    for one in result["signing"]:
        table.add_row(one["state"], "yes" if one["published"] else "no", one["since"], one["kid"])
    stdout.print(table)
    stdout.print(
        f"key-encryption key: {result['kek']['wraps']} wraps; {', '.join(result['kek']['unwrap'])} unwrap", markup=False
    )
