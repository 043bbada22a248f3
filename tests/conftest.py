"""What every test may lean on: the sample photos, the evaluation data where there is any, one engine, one acquirer."""

import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import idverify

if TYPE_CHECKING:
    from idverify.acquisition import Acquirer
    from idverify.inference.onnx import OnnxEngine

SAMPLES = Path(idverify.__file__).parent / "samples"

CHECKOUT = (Path(__file__).resolve().parent.parent / "pyproject.toml").is_file()
NO_CHECKOUT = "needs the checkout (documents, build files, benchmarks), not an installed wheel"

NO_DATA = "IDVERIFY_DATA is not set: real faces for measuring are absent"


def pytest_configure(config: pytest.Config) -> None:
    """Registered here, so that the tests also run beside an installed wheel, where no pyproject.toml is."""
    config.addinivalue_line("markers", f"checkout: {NO_CHECKOUT}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Against an installed wheel, what looks at the checkout is skipped."""
    if not CHECKOUT:
        for item in items:
            if item.get_closest_marker("checkout"):
                item.add_marker(pytest.mark.skip(reason=NO_CHECKOUT))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under IDVERIFY_REQUIRE_ALL=1 (continuous integration) a test that would skip fails, for want of data excepted."""
    report = yield
    if report.skipped and os.environ.get("IDVERIFY_REQUIRE_ALL") == "1" and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr)
        if NO_DATA not in reason:
            report.outcome = "failed"
            report.longrepr = f"skipped although IDVERIFY_REQUIRE_ALL=1: {reason}"
    return report


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of the photographs that travel with the package."""
    return SAMPLES


@pytest.fixture(scope="session")
def evaluation_data() -> Path:
    """The folder named by IDVERIFY_DATA; tests that need real faces in number skip where it is absent."""
    folder = os.environ.get("IDVERIFY_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip(NO_DATA)
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def engine() -> "OnnxEngine":
    """The default pack on one thread of this processor."""
    from idverify.inference.manifest import default_models_folder, load_pack
    from idverify.inference.onnx import OnnxEngine

    return OnnxEngine(load_pack(default_models_folder(), "default"), provider="cpu", threads=1)


@pytest.fixture(scope="session")
def acquirer(engine: "OnnxEngine") -> "Acquirer":
    """Acquisition as the service composes it."""
    from idverify.acquisition import Acquirer

    return Acquirer(engine, faces="dominant")
