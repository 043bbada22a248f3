"""`idverify keys`: make, rotate and list the keys of an installation."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from idverify.cli.installation import Dev, settings_for, vault_only
from idverify.cli.output import AsJson, console, emit, stdout
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
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """Rotate the signing key, or with --kek the key-encryption key. A running server notices by itself; both can be repeated.

    The signing key that was published ahead begins to sign, and the old one stays published until its last token has expired.
    With --kek, records in older backups can no longer be opened: keep a copy of the KEK file if you mean to restore one.

    Example: idverify keys rotate --kek

    Exit codes: 0 rotated, 4 a fault; an interrupted --kek goes on where it stopped when it is called again.
    """
    with vault_only(dev=dev) as vault:
        result = _rotate_kek(vault, settings_for(dev=dev).data_dir / "keys") if kek else _rotate_signing(vault)
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
            {"kid": one.kid, "state": one.state, "since": _when(one.since), "published": one.kid in published}
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


def _rotate_signing(vault: "Vault") -> dict[str, Any]:
    from idverify.audit.events import Event
    from idverify.store import audit

    with vault.store.transaction() as tx:
        rotation = vault.signing.rotate()
        audit.append(
            tx,
            vault.secrets.audit,
            Event.SIGNING_KEY_ROTATED,
            at=vault.now(),
            actor="operator",
            subject_id=None,
            details={"current": rotation.current, "retired": rotation.retired, "next": rotation.next},
        )
    if rotation.published_for < CACHE_SECONDS:
        console.print(
            f"the new key had been published for {rotation.published_for:.0f} s only: relying parties that hold an older key "
            "set refuse its tokens until they fetch again",
            style="yellow",
        )
    return {"current": rotation.current, "retired": rotation.retired, "next": rotation.next}


def _rotate_kek(vault: "Vault", folder: Path) -> dict[str, Any]:
    """Add a version, wrap every record and the secrets under it, and destroy the older ones once nothing needs them."""
    from idverify.keys import secrets

    # More than one version means that an earlier rotation was interrupted: it goes on instead of beginning another.
    if len(vault.wrapper.versions) == 1:
        vault.wrapper.add_version()
    secrets.rewrap(folder, vault.wrapper)
    done = 0
    dropped: tuple[str, ...] | None = None
    while dropped is None:
        done += _rewrap(vault)
        dropped = _drop_if_unused(vault)
    return {"version": vault.wrapper.version, "dropped": list(dropped), "records": done}


def _rewrap(vault: "Vault") -> int:
    from idverify.ceremonies.rewrapping import pending, rewrap

    done = 0
    columns = (TextColumn("re-wrapping"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("re-wrapping", total=pending(vault))
        for done in rewrap(vault):
            progress.update(task, completed=done)
    return done


def _drop_if_unused(vault: "Vault") -> tuple[str, ...] | None:
    """The versions destroyed, or None if a server wrapped under one of them in the meantime. Writers wait while it looks."""
    from idverify.audit.events import Event
    from idverify.store import audit, subjects

    with vault.store.transaction() as tx:
        *old, newest = vault.wrapper.versions
        if subjects.count_under_other_key(tx, newest):
            return None
        details: dict[str, Any] = {"version": newest, "dropped": list(old)}
        audit.append(
            tx, vault.secrets.audit, Event.KEK_DROPPED, at=vault.now(), actor="operator", subject_id=None, details=details
        )
        return vault.wrapper.drop_old_versions()


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


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
