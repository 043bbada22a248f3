"""What the wallet's commands that talk to issuers share: the client, and who attests it."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from idverify.wallet.client import Client
    from idverify.wallet.folder import Folder

Where = Annotated[Path, typer.Option("--wallet", envvar="IDVERIFY_WALLET", help="the wallet's folder")]
HERE = Path("wallet")
Provider = Annotated[
    Path | None,
    typer.Option(
        "--wallet-provider",
        envvar="IDVERIFY_WALLET_PROVIDER",
        help="folder of a test provider (`idverify wallet provider`) that attests this wallet and its keys",
    ),
]


def client_of(folder: "Folder", provider: Path | None) -> "Client":
    """The folder's client. Raises InvalidInput or KeyUnavailable for a provider that cannot be read."""
    from idverify.cli.fetching import send
    from idverify.wallet.client import Client
    from idverify.wallet.provider import WalletProvider

    attester = None if provider is None else WalletProvider.open(provider)
    return Client(folder, send, now=time.time, random_bytes=os.urandom, provider=attester)
