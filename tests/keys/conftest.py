"""A SoftHSM token of its own for each test that asks for one; skipped where the library is not installed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from idverify.keys.pkcs11 import Pkcs11Token

SEARCHED = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)


class SoftHsm(NamedTuple):
    """One token."""

    module: Path
    label: str = "idverify-test"
    pin: str = "4711"


def softhsm_module() -> Path:
    """The library, or a skip that says where it was looked for."""
    for candidate in (os.environ.get("IDVERIFY_TEST_PKCS11_MODULE"), *SEARCHED):
        if candidate and Path(candidate).is_file() and shutil.which("softhsm2-util"):
            return Path(candidate)
    pytest.skip(
        "SoftHSM is missing (apt-get install softhsm2): no softhsm2-util, or no libsofthsm2.so in " + ", ".join(SEARCHED)
    )


@pytest.fixture
def softhsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoftHsm]:
    """A fresh token in tmp_path. It reads its configuration when loaded, so it is unloaded afterwards."""
    pkcs11 = pytest.importorskip("pkcs11", reason="the extra idverify[pkcs11] is not installed")
    made = SoftHsm(softhsm_module())
    tokens, configuration = tmp_path / "tokens", tmp_path / "softhsm2.conf"
    tokens.mkdir()
    configuration.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(configuration))
    tool = ["softhsm2-util", "--module", str(made.module), "--init-token", "--free", "--label", made.label]
    subprocess.run([*tool, "--pin", made.pin, "--so-pin", "8765"], check=True, capture_output=True)
    yield made
    pkcs11.unload(str(made.module))


@pytest.fixture
def hsm(softhsm: SoftHsm) -> Pkcs11Token:
    """A session on that token."""
    return Pkcs11Token(softhsm.module, softhsm.label, softhsm.pin)
