"""`idverify backup` and `idverify restore`."""

from pathlib import Path
from typing import Annotated

import typer

from idverify.cli.installation import OPERATOR, Dev, settings_for, vault_only
from idverify.cli.output import AsJson, emit, stdout

app = typer.Typer()


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="a new file", show_default=False)],
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """Write everything needed to bring this installation back, but for the key-encryption key, into one sealed file.

    It holds every row of one moment, and the signing keys and secrets. The service may go on meanwhile. Keep the KEK elsewhere.

    Example: idverify backup /mnt/backups/2027-01-15

    Exit codes: 0 written, 3 the file exists or cannot be written, 4 any other fault.
    """
    from idverify.ceremonies.backup import make_backup

    with vault_only(dev=dev) as vault:
        made = make_backup(vault, settings_for(dev=dev).keys_folder, file, actor=OPERATOR)
    result = {"file": str(file), "rows": made.rows, "files": made.files}
    words = f"{file}: {made.rows} rows, {made.files} files of keys. It opens only with the KEK file, which is not in it."
    emit(result, as_json=as_json, table=lambda: stdout.print(words, markup=False, soft_wrap=True))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="what `idverify backup` wrote", show_default=False)],
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """Bring an installation back from its backup, into an empty database and an empty data folder, all of it or nothing.

    The KEK file (or the PKCS#11 token) must be the one the backup was made under. Heads that others kept show afterwards how
    many events the backup lacks.

    Example: idverify restore /mnt/backups/2027-01-15

    Exit codes: 0 restored, 3 the file is no backup, 4 something is there already, the backup was altered, or any other fault.
    """
    import time

    from idverify.api.app import load_keys
    from idverify.ceremonies.backup import restore_backup
    from idverify.store import Store

    settings = settings_for(dev=dev)
    wrapper, _ = load_keys(settings, create=False)
    store = Store.open(settings.url)
    try:
        done = restore_backup(store, wrapper, settings.keys_folder, file, now=time.time(), actor=OPERATOR)
    finally:
        store.close()
    result = {"file": str(file), "rows": done.rows, "files": done.files}
    words = f"restored {done.rows} rows and {done.files} files of keys. Next: idverify audit verify --head FILE"
    emit(result, as_json=as_json, table=lambda: stdout.print(words, markup=False, soft_wrap=True))
