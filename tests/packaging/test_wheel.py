"""The built wheel is the whole product: models, samples, migrations and the demo travel in it."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.checkout

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "idverify" / "web" / "capture"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout by the pinned backend that the environment holds."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return next(folder.glob("*.whl"))


def test_the_wheel_carries_the_pack_with_its_licence_and_the_samples_with_their_notice(wheel):
    """What runs offline must be inside; what must be quoted must be inside too."""
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "idverify/models/manifest.toml",
        "idverify/models/default/embedding.onnx",
        "idverify/models/default/LICENSE",
        "idverify/models/naive/embedding.onnx",
        "idverify/models/cards/embedding.md",
        "idverify/samples/obama.jpg",
        "idverify/samples/NOTICE.md",
    } <= names
    modules = {f"idverify/web/validator/{one.name}" for one in (ROOT / "idverify" / "web" / "validator").iterdir()}
    assert "idverify/web/validator/index.mjs" in modules <= names
    page = {f"idverify/web/capture/{one.relative_to(PAGE)}" for one in PAGE.rglob("*") if one.is_file()}
    assert {"idverify/web/capture/index.html", "idverify/web/capture/i18n/zh-Hans.json"} < page <= names
    assert any(name.startswith("idverify/store/migrations/versions/") for name in names)
    assert not [name for name in names if "lfw" in name or name.startswith("tests/")]


def test_the_demo_runs_from_the_installed_wheel_in_an_empty_folder(wheel, tmp_path):
    """Nothing of the checkout is within reach: the code that runs is the wheel's."""
    target = tmp_path / "site"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True, timeout=180)
    empty = tmp_path / "empty"
    empty.mkdir()
    script = "import sys, idverify; print(idverify.__file__, file=sys.stderr); from idverify.cli.main import main; main(['demo', '--json'])"
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=empty,
        env={"PYTHONPATH": str(target), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert str(target) in ran.stderr
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["as_expected"] is True
    assert list(empty.iterdir()) == [], "the demo leaves nothing behind"
