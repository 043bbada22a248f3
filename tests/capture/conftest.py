"""One Chromium with a camera, and one service, for all that need no other."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from api.conftest import make_parts
from api.support import Running, serving
from api.test_server import certificate
from playwright.sync_api import Browser, Playwright, sync_playwright

from idverify.ceremonies import Parts

from .camera import write_clip
from .visits import CHROMIUM, launch

__all__ = ["certificate", "make_parts"]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Skips where the system has no Chromium: none is downloaded."""
    if CHROMIUM is None:
        pytest.skip("Chromium is absent (apt-get install chromium)")
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the camera sees: obama.jpg."""
    return write_clip(tmp_path_factory.mktemp("camera") / "camera.mjpeg", "obama.jpg", 12)


@pytest.fixture(scope="session")
def browser(playwright: Playwright, clip: Path) -> Iterator[Browser]:
    """With a camera, and the right to use it."""
    with launch(playwright, clip) as running:
        yield running


@pytest.fixture(scope="module")
def service(make_parts: Callable[..., Parts], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service as it is shipped."""
    with serving(make_parts(), tmp_path_factory.mktemp("head"), concurrency=4) as running:
        yield running
