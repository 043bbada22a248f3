"""A person's visit to the capture page, in a real Chromium, to a real service."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.support import AUDIENCE, PURPOSE, Running, in_base64
from phone import CODE_CHALLENGE, SAMPLES
from playwright.sync_api import Browser, Page, Playwright

from idverify.ceremonies.clients import add_client
from idverify.store.clients import Client

CHROMIUM = shutil.which("chromium")
PHONE = {"width": 360, "height": 640}
CLIENT = "Hotel Specimen"

WATCH = """
const seen = (window.seen = { hints: [], colours: [], tracks: [] });
const open = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
if (open) navigator.mediaDevices.getUserMedia = async (wish) => {
  const stream = await open(wish);
  seen.tracks.push(...stream.getTracks());
  return stream;
};
new MutationObserver((changes) => changes.forEach(({ target, type }) => {
  if (type === "childList" && target.className === "hint") seen.hints.push([performance.now(), target.textContent]);
  if (type === "attributes" && target.className === "colour") seen.colours.push(target.style.backgroundColor);
})).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["style"] });
"""
"""Keeps what the page showed, and the camera's tracks."""


def launch(
    playwright: Playwright, clip: Path | None = None, *, device: bool = True, allow: bool = True, elsewhere: str | None = None
) -> Browser:
    """The system's Chromium. clip: what its camera sees. device: whether it has one. allow: without being asked.

    elsewhere: a host's name that leads to this machine, which is no secure context.
    """
    flags = ["--no-sandbox", "--disable-gpu"]
    if device:
        flags.append("--use-fake-device-for-media-stream")
    if clip is not None:
        flags.append(f"--use-file-for-fake-video-capture={clip}")
    if allow:
        flags.append("--use-fake-ui-for-media-stream")
    if elsewhere is not None:
        flags.append(f"--host-resolver-rules=MAP {elsewhere} 127.0.0.1")
    return playwright.chromium.launch(executable_path=CHROMIUM, args=flags)


@dataclass
class Visit:
    """One session and its page. heard: what the service said on the stream; sent: frames. requested: addresses, with headers."""

    service: Running
    created: dict[str, str]
    backend: Any
    page: Page
    client: Client
    heard: list[dict[str, Any]] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    requested: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The link, at the address where the service under test listens."""
        return self.service.url + "/capture/" + self.created["capture_url"].rpartition("/")[2]

    def watch(self, page: Page) -> "Visit":
        """From now on this is the visit's page."""
        self.page = page
        self.requested.clear()
        page.on("websocket", self._listen)
        page.on("request", lambda request: self.requested.append((request.url, request.all_headers())))
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        return self

    def _listen(self, socket: Any) -> None:
        socket.on("framereceived", lambda payload: self.heard.append(json.loads(payload)))
        socket.on("framesent", lambda payload: self.sent.append(payload))  # noqa: PLW0108 -- Playwright marks what it is given

    def seen(self, what: str) -> list[Any]:
        """What WATCH kept."""
        return list(self.page.evaluate(f"() => window.seen.{what}"))

    def camera_is_off(self) -> bool:
        """Whether there was a camera, and none of its tracks goes on."""
        states = self.page.evaluate("() => window.seen.tracks.map((track) => track.readyState)")
        return bool(states) and set(states) == {"ended"}

    def until(self, kind: str, seconds: float = 10) -> dict[str, Any]:
        """Wait until the service has said something of that kind."""
        deadline = time.monotonic() + seconds
        while not (found := [said for said in self.heard if said["type"] == kind]):
            assert time.monotonic() < deadline, self.heard[-3:]
            self.page.wait_for_timeout(50)
        return found[-1]

    def open(self, url: str | None = None) -> "Visit":
        """Open the link."""
        self.page.goto(url or self.url)
        return self

    def tap(self, *names: str) -> "Visit":
        """Buttons, one after another."""
        for name in names:
            self.page.get_by_role("button", name=name, exact=True).click(timeout=8000)
        return self

    def sees(self, text: str, seconds: float = 8) -> "Visit":
        """Wait for a heading."""
        self.page.get_by_role("heading", name=text).wait_for(timeout=1000 * seconds)
        return self

    def status(self) -> dict[str, Any]:
        """What the backend sees."""
        return dict(self.backend.get(f"/v1/sessions/{self.created['session_id']}").raise_for_status().json())


@contextmanager
def visiting(
    service: Running,
    browser: Browser,
    *,
    profile: str = "passive",
    purpose: str = PURPOSE,
    client: str = CLIENT,
    return_url: str | None = None,
    state: str | None = None,
    **context: Any,
) -> Iterator[Visit]:
    """A session of the man on obama2.jpg, and a page that was not opened yet."""
    added, key = add_client(
        service.parts,
        actor="tester",
        name=client,
        scopes=("sessions:create",),
        audiences=(AUDIENCE,),
        purposes=(purpose,),
        return_urls=(return_url,) if return_url else (),
    )
    asked = {
        "audience": AUDIENCE,
        "purpose": purpose,
        "profile": profile,
        "consent": {"version": "2026-11", "accepted_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(service.parts.now()))},
        "code_challenge": CODE_CHALLENGE,
        "reference": in_base64((SAMPLES / "obama2.jpg").read_bytes()),
        "return_url": return_url,
        "state": state,
    }
    with service.stranger(headers={"Authorization": f"Bearer {key}"}, verify=False) as backend:
        created = backend.post("/v1/sessions", json=asked).raise_for_status().json()
        opened = browser.new_context(**{"viewport": PHONE, "locale": "en-GB", "ignore_https_errors": True, **context})
        opened.add_init_script(WATCH)
        visit = Visit(service, created, backend, opened.new_page(), added)
        visit.watch(visit.page)
        try:
            yield visit
        finally:
            opened.close()
