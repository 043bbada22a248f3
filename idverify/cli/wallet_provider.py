"""`idverify wallet provider`: a wallet provider for testing, which attests whatever it is asked to."""

import time
from pathlib import Path
from typing import Annotated

import typer

from idverify.cli.output import AsJson, emit, stdout

URL = "https://wallet-provider.test"
Levels = list[str] | None


def make_provider(
    folder: Annotated[Path, typer.Argument(help="a new folder, for the provider's root and key", show_default=False)],
    url: Annotated[str, typer.Option(help="what it calls itself, and the client_id of the wallets that it attests")] = URL,
    key_storage: Annotated[
        Levels, typer.Option(help="a level that it claims for keys, as iso_18045_high; repeat it for more; none by default")
    ] = None,
    user_authentication: Annotated[Levels, typer.Option(help="likewise, of what guards the use of keys")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a wallet provider for tests: it looks at nothing, and claims what you say. Never let a real issuer believe it.

    Example: idverify wallet provider ./test-provider --key-storage iso_18045_high

    It prints what goes into the issuer's IDVERIFY_WALLETS_FILE. Exit codes: 0 made, 4 there is one, or it cannot be written.
    """
    from idverify.keys.authority import CERTIFICATE_FILE
    from idverify.wallet.provider import NAME, WalletProvider

    made = WalletProvider.create(
        folder, url=url, key_storage=key_storage or (), user_authentication=user_authentication or (), now=time.time()
    )
    root = folder.resolve() / CERTIFICATE_FILE
    result = {"name": NAME, "root": str(root), "url": made.url, "key_storage": [*made.key_storage]}

    def table() -> None:
        lines = (
            "[[provider]]",
            f'name = "{NAME}"',
            f'roots = "{root}"',
            f'issuers = ["{made.url}"]',
            f'clients = ["{made.url}"]',
        )
        stdout.print("\n".join(lines), markup=False, soft_wrap=True)

    emit(result, as_json=as_json, table=table)
