"""What goes wrong, and what the page says to do about it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from api.support import Running, serving
from playwright.sync_api import Browser, Playwright

from idverify.ceremonies import Parts

from .visits import launch, visiting

pytestmark = pytest.mark.xdist_group("capture")  # one browser, one clip


HERE = ("Continue", "That is right, continue")
THROWS = """
const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
const moods = %s;
navigator.mediaDevices.getUserMedia = async (wish) => {
  if (moods.length > 0) throw new DOMException("no", moods.shift());
  return real(wish);
};
"""


def test_a_blocked_camera(service: Running, playwright: Playwright, clip: Path) -> None:
    """Which settings of which browser, a reload, another device; nothing is asked again by itself, and the link is not taken."""
    with launch(playwright, clip, allow=False) as blocking, visiting(service, blocking) as visit:
        visit.open().tap(*HERE, "Turn on the camera").sees("The camera is blocked")
        assert "Click the symbol beside the address" in visit.page.inner_text("main")
        assert visit.page.get_by_role("button", name="Use another device").is_visible()
        assert visit.status()["status"] == "created"
        visit.tap("Reload the page").sees("Show that it is you")


def test_a_device_without_a_camera_and_a_connection_that_is_not_safe(service: Running, playwright: Playwright) -> None:
    """The one is told before anything is asked of the browser and led to a phone, three times at most; the other to https."""
    with launch(playwright, device=False, elsewhere="capture.test") as bare:
        with visiting(service, bare) as visit:
            visit.open().tap(*HERE).sees("No camera here")
            for _ in range(3):
                visit.tap("Use another device").sees("Go on with a phone").tap("Back")
            visit.tap("Use another device").sees("Stay on this device")
        with visiting(service, bare) as visit:
            visit.open(visit.url.replace("127.0.0.1", "capture.test")).sees("This connection is not safe")
            assert "https://" in visit.page.inner_text("main")
            assert not [url for url, _ in visit.requested if "/v1/" in url], "nothing was asked of the service"


def test_a_camera_with_moods(service: Running, browser: Browser) -> None:
    """Another app has it: close that, try again. It cannot meet the wish: it is taken as it is, and nothing is said. A call takes
    it away: paused, and nothing is lost before the first step.
    """
    with visiting(service, browser, profile="active") as visit:
        visit.page.add_init_script(THROWS % ["NotReadableError", "AbortError", "OverconstrainedError"])
        visit.open().tap(*HERE, "Continue", "Turn on the camera").sees("The camera gives no picture")
        visit.tap("Try again").sees("The camera gives no picture").tap("Try again").until("hello")
        visit.page.evaluate("() => window.seen.tracks[0].dispatchEvent(new Event('ended'))")
        visit.sees("Paused")
        assert "You have 3 tries left" in visit.page.inner_text("main")
        assert visit.camera_is_off()


def test_a_browser_that_gives_no_page_a_camera(service: Running, browser: Browser) -> None:
    """As in an app's own window: the link is to be opened elsewhere, and is still free there."""
    with visiting(service, browser) as visit:
        visit.page.add_init_script("Object.defineProperty(Navigator.prototype, 'mediaDevices', { get: () => undefined })")
        visit.open().sees("This browser cannot do it")
        assert visit.page.get_by_label("Link", exact=True).input_value() == visit.url
        assert visit.status()["status"] == "created"


def test_links_that_open_nothing(service: Running, browser: Browser) -> None:
    """Cut off, of another session, and begun in another browser."""
    with visiting(service, browser) as visit, visiting(service, browser) as other:
        visit.open(visit.url[:-3]).sees("This link is incomplete")
        visit.open(visit.url.partition("#")[0] + "#" + other.created["client_token"]).sees("This link does not work")
        stranger = {"Authorization": f"Bearer {other.created['client_token']}"}
        with service.stranger(headers=stranger) as elsewhere:
            elsewhere.post(f"/v1/sessions/{other.created['session_id']}/begin", json={}).raise_for_status()
        other.open().sees("Begun elsewhere")


def test_a_profile_that_no_page_can_meet(service: Running, browser: Browser) -> None:
    """It needs an attested app: the person is not led through three attempts that cannot pass."""
    with visiting(service, browser, profile="active-high") as visit:
        visit.open().sees("This check needs an app")


class Clock:
    """The system's, put forward."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.ahead = 0.0
        self._now = now

    def __call__(self) -> float:
        return self._now() + self.ahead


@pytest.fixture
def mortal(make_parts: Callable[..., Parts], tmp_path: Path) -> Iterator[Running]:
    """A service with a clock that can be put forward, to be stopped."""
    with serving(make_parts(now=Clock(time.time)), tmp_path, concurrency=4) as running:
        yield running


def test_a_link_whose_time_runs_out_and_a_service_that_is_gone(mortal: Running, browser: Browser) -> None:
    """Two minutes before, more time is offered, once; after its end the page says so. Who is cut off is told, and may try again."""
    with visiting(mortal, browser) as visit, visiting(mortal, browser) as late:
        mortal.parts.now.ahead = 485.0
        visit.open().page.get_by_text("This link ends in two minutes").wait_for()
        visit.tap("More time").page.get_by_text("This link ends").wait_for(state="detached")
        visit.tap(*HERE, "Turn on the camera").until("hello")
        mortal.parts.now.ahead = 601.0
        late.open().sees("This link has ended")
        assert late.status()["status"] == "expired"
        mortal.stop()
        visit.sees("Connection lost", 10)
        assert visit.camera_is_off()
        visit.tap("Try again").sees("No connection")
