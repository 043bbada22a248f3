"""The file that says which wallet providers are believed and what is asked of wallets: read whole, or refused."""

from pathlib import Path

import pytest
from credentials.providing import HIGH, MODERATE, WalletProvider

from idverify.api.app import compose
from idverify.api.wallet_file import load_wallets
from idverify.config import Settings
from idverify.credentials.providers import Demand, WalletTrust
from idverify.credentials.purposes import WALLET_PROVIDER, Purpose
from idverify.errors import ConfigurationInvalid
from idverify.keys.authority import pem_of

PROVIDER = WalletProvider(1_800_000_000.0)
WHOLE = f"""
client_attestation = true

[[provider]]
name = "wallets"
roots = "wallets.pem"
issuers = ["https://wallet.example"]
clients = ["https://wallet.example/app"]
usage = "{WALLET_PROVIDER}"

[keys.identity_card]
key_storage = ["{HIGH}", "{MODERATE}"]
user_authentication = ["{MODERATE}"]

[keys.proof_of_life]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that asks for something of everything."""
    (tmp_path / "wallets.pem").write_bytes(pem_of([PROVIDER.authority.certificate]))
    (tmp_path / "empty.pem").write_bytes(b"")
    written = tmp_path / "wallets.toml"
    written.write_text(WHOLE)
    return written


def test_what_the_file_states_holds(file: Path) -> None:
    """Paths are relative to it; a type that is named without levels asks for an attestation at any."""
    assert load_wallets(file) == WalletTrust(
        (PROVIDER.trusted(),),
        {
            "identity_card": Demand(frozenset({HIGH, MODERATE}), frozenset({MODERATE})),
            "proof_of_life": Demand(),
        },
        client_attestation=True,
    )


def test_an_empty_file_believes_nobody_and_asks_for_nothing(file: Path) -> None:
    """As where none is named; and a provider without a usage has ours."""
    file.write_text("")
    assert load_wallets(file) == WalletTrust()
    file.write_text('[[provider]]\nname = "wallets"\nroots = "wallets.pem"')
    (only,) = load_wallets(file).providers
    assert (only.usage, only.issuers, only.clients) == (WALLET_PROVIDER, frozenset(), frozenset())


@pytest.mark.parametrize(
    ("stated", "instead"),
    [
        ("clients", "clientele"),
        ("client_attestation", "client_atestation"),
        ("[keys.identity_card]", "[keys.identity_cart]"),
        ("user_authentication", "user_auth"),
        ("wallets.pem", "absent.pem"),
        ("wallets.pem", "empty.pem"),
        ("wallets.pem", "wallets.toml"),
        ("wallets.pem", ""),
        ('name = "wallets"', 'name = ""'),
        ("client_attestation = true", 'client_attestation = "yes"'),
        ('clients = ["https://wallet.example/app"]', ""),
        ('issuers = ["https://wallet.example"]', "issuers = [3]"),
        (WALLET_PROVIDER, "any"),
        (WALLET_PROVIDER, Purpose.CREDENTIAL.value),
        (WALLET_PROVIDER, Purpose.STATUS.value),
        ("[keys.proof_of_life]", '[[provider]]\nname = "wallets"\nroots = "wallets.pem"'),
        (WHOLE, "[keys.identity_card]"),
        (WHOLE, "client_attestation = true"),
        (WHOLE, "provider = 3"),
        (WHOLE, "keys = 3"),
        (WHOLE, "keys.identity_card = 3"),
        (WHOLE, "not TOML"),
    ],
)
def test_a_file_that_is_half_understood_or_cannot_be_fulfilled_is_refused(file: Path, stated: str, instead: str) -> None:
    """A demand that no provider could meet would close the desk in silence, and a misspelled one would open it."""
    file.write_text(WHOLE.replace(stated, instead))
    with pytest.raises(ConfigurationInvalid, match="IDVERIFY_WALLETS_FILE"):
        load_wallets(file)


def test_a_file_that_is_absent_is_refused(tmp_path: Path) -> None:
    """It was named, so it was meant."""
    with pytest.raises(ConfigurationInvalid):
        load_wallets(tmp_path / "absent.toml")


def test_an_installation_does_not_start_with_its_own_root_as_a_provider(file: Path, tmp_path: Path) -> None:
    """Its folder lies beside the data of a development installation, and is easily mistaken."""
    settings = Settings(env="dev", data_dir=tmp_path / "data", provider="cpu", wallets_file=file)
    parts = compose(settings)
    assert parts.wallets.client_attestation
    parts.store.close()
    file.write_text(WHOLE.replace("wallets.pem", "data.root/root.pem"))
    with pytest.raises(ConfigurationInvalid, match="root of wallets also issues"):
        compose(settings)
