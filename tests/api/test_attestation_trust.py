"""The file that says which devices and apps are trusted: read whole, or refused."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from idverify.api.attestation_trust import load_trust
from idverify.attestation import App, Trust
from idverify.errors import ConfigurationInvalid
from tests.attestation import forge

WHOLE = f"""
[android]
roots = "android.pem"
revocations = "status.json"
oldest_patch = 202501

[[android.app]]
package = "{forge.PACKAGE}"
signer = "{forge.SIGNER.hex()}"

[webauthn]
roots = "android.pem"
authenticators = ["00010203-0405-0607-0809-0a0b0c0d0e0f"]
rp_id = "{forge.RP_ID}"
origins = ["{forge.ORIGIN}"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that trusts something of everything, and what it names."""
    (tmp_path / "android.pem").write_bytes(forge.MAKER.root.public_bytes(Encoding.PEM))
    (tmp_path / "status.json").write_text('{"entries": {"1f": {"status": "REVOKED"}}}')
    os.utime(tmp_path / "status.json", (1_900_000_000, 1_900_000_000))
    written = tmp_path / "trust.toml"
    written.write_text(WHOLE)
    return written


def test_what_the_file_states_is_trusted(file: Path) -> None:
    """Paths are relative to it, and the list is as old as its file."""
    trust = load_trust(file)
    assert trust.android_roots == trust.authenticator_roots == (forge.MAKER.root,)
    assert trust.apps == {App(forge.PACKAGE, forge.SIGNER)}
    assert trust.revocations is not None
    assert (trust.revocations.serials, trust.revocations.fetched_at) == ({0x1F}, 1_900_000_000)
    assert (trust.oldest_patch, trust.revocations_max_age) == (202501, Trust().revocations_max_age)
    assert trust.authenticators == {forge.AAGUID}
    assert (trust.rp_id, trust.origins) == (forge.RP_ID, {forge.ORIGIN})


def test_an_empty_file_trusts_nobody(file: Path) -> None:
    """As where none is named."""
    file.write_text("")
    assert load_trust(file) == Trust()


@pytest.mark.parametrize(
    ("stated", "instead"),
    [
        ("oldest_patch", "oldest_pach"),
        ("[webauthn]", "[webautn]"),
        ("[android]", "colour = 1\n[android]"),
        ("signer =", "signatory = 1\nsigner ="),
        ("android.pem", "absent.pem"),
        ("status.json", "absent.json"),
        ("status.json", "android.pem"),
        (forge.SIGNER.hex(), "00ff"),
        ("202501", '"soon"'),
        ("00010203-", "xyz-"),
        (WHOLE, "android = 3"),
        (WHOLE, "[android]\napp = 3"),
        (WHOLE, "[android]\napp = [3]"),
        (WHOLE, "not TOML"),
    ],
)
def test_a_file_that_is_half_understood_is_refused(file: Path, stated: str, instead: str) -> None:
    """A misspelled name must trust neither less nor more in silence."""
    file.write_text(WHOLE.replace(stated, instead))
    with pytest.raises(ConfigurationInvalid):
        load_trust(file)


def test_a_file_that_is_absent_is_refused(tmp_path: Path) -> None:
    """It was named, so it was meant."""
    with pytest.raises(ConfigurationInvalid):
        load_trust(tmp_path / "absent.toml")
