"""Sessions that go through the page, from the link to their end."""

import io
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from api.support import AUDIENCE, Running, serving
from ceremonies.live import Capture
from phone import VERIFIER
from playwright.sync_api import Browser, Route

from idverify.api.routes_person import COOKIE_PREFIX
from idverify.api.server import JsonLines, Listening
from idverify.ceremonies import Parts, person, sessions
from idverify.decision.profiles import ACTIVE
from idverify.qr import read

from .visits import CLIENT, visiting

pytestmark = pytest.mark.xdist_group("capture")  # one browser, one clip


RELYING_PARTY = """<!doctype html><title>Hotel</title><script>
addEventListener("message", (event) => (window.told = [event.origin, event.data]));
</script>"""
PRIMER = ("Continue", "That is right, continue", "Turn on the camera")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the service writes to its log meanwhile."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("idverify")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield written
    logger.removeHandler(handler)
    logger.setLevel(before)


def test_a_session_goes_from_link_over_another_device_to_the_verdict(
    service: Running, browser: Browser, log: io.StringIO
) -> None:
    """The relying party's page opens the link, a phone takes over once its code was typed, and the code comes back to that page.

    The service took chain and MAC of every frame. The camera is off at the end, nothing is stored, no token has reached a log, an
    address or a Referer, and hints stood a second each.
    """
    with visiting(service, browser) as visit, visiting(service, browser) as phone:
        hotel = visit.page
        hotel.route(AUDIENCE + "/**", lambda route: route.fulfill(body=RELYING_PARTY, content_type="text/html"))
        hotel.goto(AUDIENCE + "/checking-in")
        with hotel.expect_popup() as popup:
            hotel.evaluate("(url) => { window.open(url) }", visit.url)
        visit.watch(popup.value).tap("Continue", "That is right, continue", "Use another device")
        visit.sees("Go on with a phone")
        link = visit.page.get_by_label("Link", exact=True).input_value()
        picture = visit.page.locator("img.qr").screenshot()
        assert read(cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)) == (link,)

        phone.open(service.url + "/capture/" + link.rpartition("/")[2]).sees("Is this yours?")
        assert CLIENT in phone.page.inner_text("main")
        code = phone.tap("I began this myself").page.locator("p.code").inner_text().replace(" ", "")
        visit.page.get_by_label("Digits on the phone").fill(f"{(int(code) + 1) % 10**6:06d}")
        visit.tap("Confirm").page.get_by_text("Tries left: 2").wait_for()
        phone.page.reload()
        assert phone.page.locator("p.code").inner_text().replace(" ", "") == code, "no new code: the first would not match"
        visit.page.get_by_label("Digits on the phone").fill(code)
        visit.tap("Confirm").sees("Go on with the phone")
        phone.tap("Turn on the camera").sees("Done. It is you", 20)
        assert "on the first device" in phone.page.inner_text("main")

        visit.sees("Done. It is you")
        assert "has been told" in visit.page.inner_text("main")
        origin, told = hotel.evaluate("() => window.told")
        assert (origin, told["session_id"], told["outcome"]) == (service.url, visit.created["session_id"], "approved")
        both = {"code": told["code"], "verifier": VERIFIER}
        redeemed = visit.backend.post(f"/v1/sessions/{told['session_id']}/redeem", json=both).raise_for_status()
        assert redeemed.json()["token"].count(".") == 2
        assert len(phone.sent) >= 27
        assert phone.camera_is_off()
        times = [at for at, words in phone.seen("hints")]
        assert times
        assert all(after - before >= 990 for before, after in pairwise(times)), times
        assert phone.page.evaluate("() => localStorage.length + sessionStorage.length") == 0
        assert [*visit.said, *phone.said] == [
            "Failed to load resource: the server responded with a status of 400 (Bad Request)"
        ]
        requested = visit.requested + phone.requested
        assert {url.split("/")[2] for url, _ in requested} == {service.url.removeprefix("http://")}
        for token in (visit.created["client_token"], link.rpartition("#")[2]):
            assert token not in log.getvalue()
            assert not [url for url, headers in requested if token in url or headers.get("referer")]
        assert log.getvalue().count('"event": "request"') > 5


def test_who_came_by_a_plain_link_is_taken_back_to_the_registered_url(service: Running, browser: Browser) -> None:
    """With the code after an approval, by itself; without one after any other end, at a tap. Nothing is said to an opener, and
    neither a Referer nor the token travels along. What carries a person is told to the first device alone.
    """
    back, state = AUDIENCE + "/checked?desk=3", "9&=#/"
    with visiting(service, browser, return_url=back, state=state) as visit:
        hotel = visit.page
        arrived: list[tuple[str, dict[str, str]]] = []

        def receive(route: Route) -> None:
            arrived.append((route.request.url, route.request.all_headers()))
            route.fulfill(body=RELYING_PARTY, content_type="text/html")

        hotel.context.route(AUDIENCE + "/**", receive)
        hotel.goto(AUDIENCE + "/checking-in")
        passed = Capture(service.parts, client=visit.client, by_reference=True, returning=(back, state))
        passed.begin()
        passed.connect().until("result")
        where = {"domain": "127.0.0.1", "path": f"/v1/sessions/{passed.session_id}"}
        hotel.context.add_cookies([{"name": COOKIE_PREFIX + passed.session_id, "value": passed.bearer.agent or "", **where}])
        with hotel.expect_popup() as popup:
            hotel.evaluate("(url) => { window.open(url) }", f"{service.url}/capture/{passed.session_id}#{passed.bearer.token}")
        visit.watch(popup.value).sees("Done. It is you")
        assert "goes back to Hotel Specimen by itself" in visit.page.inner_text("main")
        visit.page.wait_for_url(AUDIENCE + "/**", timeout=8000)
        code = person.outcome(service.parts, passed.session_id, passed.bearer).code
        assert visit.page.url == f"{back}&code={code}&state=9%26%3D%23%2F&outcome=approved"
        assert hotel.evaluate("() => window.told") is None
        assert (
            sessions.redeem(service.parts, visit.client, passed.session_id, code=code or "", verifier=VERIFIER).count(".") == 2
        )

        visit.backend.delete(f"/v1/sessions/{visit.created['session_id']}").raise_for_status()
        visit.open().sees("This check was cancelled").tap("Another way", "Back").tap("Back to Hotel Specimen")
        visit.page.wait_for_url(AUDIENCE + "/**")
        assert visit.page.url == f"{back}&state=9%26%3D%23%2F&outcome=cancelled"
        assert [url for url, headers in arrived[1:] if "referer" in headers] == []
        assert len(arrived) == 3


def test_the_way_through_by_keyboard_and_nothing_of_the_client_is_markup(service: Running, browser: Browser) -> None:
    """Name and purpose are text, whatever they hold. Targets are large, nothing is wider than a small phone."""
    bad = '<img src=x onerror="window.pwned=1">'
    with visiting(service, browser, profile="active", purpose=bad, client="<b>Hotel</b>", reduced_motion="reduce") as visit:
        visit.open().sees("Show that it is you")
        shown = visit.page.locator("dl.facts dd").all_inner_texts()
        assert shown == ["<b>Hotel</b>", bad]
        for heading in ("What you agreed to", "Choose how", "Your camera comes next"):
            sizes = visit.page.evaluate(
                "() => [...document.querySelectorAll('button, .option')].map((one) => one.getBoundingClientRect())"
                ".map(({ width, height }) => Math.min(width, height))"
            )
            assert min(sizes) >= 48
            assert visit.page.evaluate("() => document.documentElement.scrollWidth") <= 360
            for _ in range(9):
                visit.page.keyboard.press("Tab")
                if "main" in (visit.page.evaluate("() => document.activeElement.className") or ""):
                    break
            visit.page.keyboard.press("Enter")
            visit.sees(heading)
            assert visit.page.evaluate("() => document.activeElement.tagName") == "H1"
            if heading == "Choose how":
                assert visit.page.locator("input[value=no_flashing]").is_checked()
        visit.tap("Another way")
        assert visit.created["session_id"] in visit.page.inner_text("main")
        visit.tap("Back").sees("Your camera comes next")
        assert visit.page.evaluate("() => window.pwned") is None
        assert visit.page.locator("main img, main b").count() == 0
        visit.tap("中文").sees("接下来需要使用摄像头")
        visit.page.reload()
        visit.sees("请证明是您本人")
        assert visit.status()["status"] == "created", "looking claims nothing"


@pytest.fixture
def one_step(make_parts: Callable[..., Parts], tmp_path: Path, certificate: tuple[Path, Path]) -> Iterator[Running]:
    """A service over TLS, as in production, whose active profile asks for one step: colours where the head may not move, a turn
    where no colours may be.
    """
    listening = Listening("127.0.0.1", 0, *certificate)
    parts = make_parts(profiles={"active": replace(ACTIVE, steps=1)})
    with serving(parts, tmp_path, listening=listening, require_tls=True, concurrency=4) as running:
        yield running


COVERED = """
const draw = CanvasRenderingContext2D.prototype.drawImage;
CanvasRenderingContext2D.prototype.drawImage = function (...given) {
  if (window.covered) this.fillRect(0, 0, this.canvas.width, this.canvas.height);
  else draw.apply(this, given);
};
"""
"""A hand over the lens."""


def test_colours_are_painted_as_they_are_revealed_and_end_when_the_face_leaves(one_step: Running, browser: Browser) -> None:
    """Each, in order, over the whole screen; nobody is lit who does not look; and the person is told what to do better."""
    with visiting(one_step, browser, profile="active") as visit:
        visit.page.add_init_script(COVERED)
        assert visit.url.startswith("https:")
        visit.open().tap("Continue", "That is right, continue")
        visit.page.get_by_label("Without moving your head").check()
        visit.tap("Continue", "Turn on the camera")
        visit.until("colour")
        corners: list[str] = []
        while len({colour for colour in corners if colour != "#ffffff"}) < 2:
            picture = visit.page.screenshot(clip={"x": 2, "y": 300, "width": 2, "height": 2})
            blue, green, red = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)[0, 0].tolist()
            corners.append(f"#{red:02x}{green:02x}{blue:02x}")
        visit.page.evaluate("() => (window.covered = true)")
        result = visit.until("result")
        revealed = [said["rgb"] for said in visit.heard if said["type"] == "colour"]
        assert 2 <= len(revealed) < 7
        assert set(corners) <= {*revealed, "#ffffff"}, "no colour but those"
        assert visit.seen("colours") == [f"rgb({int(c[1:3], 16)}, {int(c[3:5], 16)}, {int(c[5:], 16)})" for c in revealed]
        assert (result["outcome"], result["attempts_left"]) == ("retake", 2)
        assert result["guidance"][0] == "no_face"
        visit.sees("That did not work yet")
        assert "Keep your whole face in the picture" in visit.page.inner_text("main")
        assert "You have 2 tries left" in visit.page.inner_text("main")
        assert visit.status()["status"] == "resubmission_requested"
        assert visit.camera_is_off()


def test_a_step_is_shown_and_a_hidden_page_pauses_without_losing_the_attempt(one_step: Running, browser: Browser) -> None:
    """The arrow points to the person's own side; whoever is called away comes back once to the same attempt."""
    with visiting(one_step, browser, profile="active") as visit:
        visit.open().tap("Continue", "That is right, continue")
        visit.page.get_by_label("Without changing colours").check()
        visit.tap("Continue", "Turn on the camera")
        step = visit.until("step")
        assert step["kind"] in {"turn_left", "turn_right"}
        side = step["kind"].removeprefix("turn_")
        visit.page.locator(f".pointer.{step['kind']} svg").first.wait_for()
        pointer = visit.page.locator(".pointer .icon").first.bounding_box()
        assert pointer is not None
        assert (pointer["x"] < 100) == (side == "left"), "the mirror's left is the person's own"
        visit.page.get_by_role("status").filter(has_text=f"Slowly turn to your {side}").wait_for()
        assert visit.page.get_by_text("Step 1 of 1").is_visible()
        visit.page.evaluate(
            "() => { Object.defineProperty(document, 'hidden', { get: () => true, configurable: true });"
            " document.dispatchEvent(new Event('visibilitychange')); }"
        )
        visit.sees("Paused")
        assert visit.camera_is_off()
        visit.page.evaluate("() => Object.defineProperty(document, 'hidden', { get: () => false })")
        visit.heard.clear()
        visit.tap("Go on").until("step")
        assert (visit.status()["status"], visit.status()["attempts"]) == ("started", 1)
        visit.tap("Stop").sees("Stopped")
        assert visit.camera_is_off()
