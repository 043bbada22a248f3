"""The validator for web pages, in a page: what Node finds of the shared vectors, Chromium's own WebCrypto and inflater find too."""

import json
from collections import Counter
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser

pytestmark = [pytest.mark.xdist_group("capture"), pytest.mark.checkout]

ROOT = Path(__file__).resolve().parents[2]
SERVED = ("/idverify/web/validator/", "/tests/web/examine.mjs", "/tests/vectors/credentials/")
PAGE = b"<!doctype html><title>A gate</title>"
# As the guide asks for: nothing but what comes from the page's own origin, and no code made of text.
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'"
EXAMINE = """async (files) => {
  const { agrees, examine, vectorsOf } = await import("/tests/web/examine.mjs");
  const found = { secure: isSecureContext, codes: [], wrong: [] };
  for (const file of files) {
    for (const vector of vectorsOf(file, await (await fetch(`/tests/vectors/credentials/${file}`)).json())) {
      const told = await examine(vector);
      found.codes.push(`${vector.kind} ${told.code}`);
      if (!agrees(told, vector)) found.wrong.push([file, vector.name, vector.expect, told]);
    }
  }
  return found;
}"""


class Handler(SimpleHTTPRequestHandler):
    """The module, the vectors, and an empty page."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments, directory=str(ROOT))

    def do_GET(self) -> None:
        """A file of those that are served, or the page."""
        if self.path.startswith(SERVED):
            super().do_GET()
            return
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def origin() -> Iterator[str]:
    """Where a gate serves its page from."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_every_shared_vector_is_found_in_chromium_as_it_says(browser: Browser, origin: str) -> None:
    """Presentations, QR codes, status lists, trust lists and verdicts, in a page under a strict content security policy."""
    folder = ROOT / "tests" / "vectors" / "credentials"
    contents = {path.name: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}
    kinds = ("presentation", "slip", "status_list", "trust_list", "verdict")
    known = [
        one for held in contents.values() for one in (held["common"] | own for own in held["vectors"]) if one["kind"] in kinds
    ]
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(origin)
    found = page.evaluate(EXAMINE, list(contents))
    context.close()
    assert (found["secure"], found["wrong"], said) == (True, [], [])
    assert Counter(found["codes"]) == Counter(f"{one['kind']} {one['expect']['code']}" for one in known)
    assert len(known) > 900
