"""What the page sends, and when: its module in a real browser, with a socket and a camera that the test holds."""

import base64

import pytest
from api.support import Running
from playwright.sync_api import Browser

from idverify.api.capture_page import _assets
from idverify.keys.jwk import base64url
from idverify.sessions.envelope import Chain, open_frame, stream_key

from .visits import visiting

pytestmark = pytest.mark.xdist_group("capture")

SCRIPT = """async ({ build, nonce, hello, reveal }) => {
  const { Stream } = await import(`/capture/${build}/stream.mjs`);
  const sent = [], painted = [];
  const socket = Object.assign(new EventTarget(), {
    readyState: 1, bufferedAmount: 0, send: (message) => sent.push(btoa(String.fromCharCode(...message))), close: () => {},
  });
  const say = (said) => socket.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(said) }));
  const colour = () => say({ type: "colour", rgb: "#7fb3ff", reveal, deadline_ms: 600 });
  const later = (milliseconds = 120) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  let due = [], picture;
  window.requestAnimationFrame = (callback) => due.push(callback);
  const frame = () => due.splice(0).forEach((callback) => callback());
  const camera = { each: (callback) => (picture = callback), take: () => {}, jpeg: async () => Uint8Array.of(255, 216, 1) };
  const stream = new Stream({ sessionId: "ses_1", socket: () => socket }, nonce, camera, { colour: ({ rgb }) => painted.push(rgb) });
  const ended = stream.run();
  const counts = [];
  PLAY
  say({ type: "error", code: "internal" });
  return { counts, sent, painted, ended: await ended };
}"""

JAM = """
  picture();
  await later();
  counts.push(sent.length);
  say(hello);
  await later();
  picture();
  picture(); // while the first is on its way
  await later();
  counts.push(sent.length);
  socket.bufferedAmount = 70_000;
  picture();
  await later();
  counts.push(sent.length);
  socket.bufferedAmount = 0;
  picture();
  await later();
  say({ type: "checking" });
  picture();
  await later();
"""
EARLY = """
  say(hello);
  await later();
  picture(); // and while it is sealed, a colour is revealed
  colour();
  await later();
  frame();
  frame();
  await later();
  picture();
  await later();
"""
UNPAINTED = """
  say(hello);
  await later();
  colour();
  await later();
  frame(); // the browser is about to paint
  await later();
  picture();
  await later();
  counts.push(sent.length);
  frame(); // it has
  await later();
  picture();
  await later();
"""


def played(service: Running, browser: Browser, play: str) -> tuple[dict, list[int]]:
    """What the play returns, and how many reveals each of its messages acknowledges, opened as the service would."""
    nonce, salt, seal, reveal = b"n" * 32, b"s" * 16, b"c" * 32, b"r" * 8
    hello = {"type": "hello", "attempt": 1, "salt": base64url(salt), "commitment": seal.hex(), "steps": 1}
    with visiting(service, browser) as visit:
        visit.open().sees("Show that it is you")
        asked = {"build": _assets()[0], "nonce": nonce.hex(), "hello": hello, "reveal": base64url(reveal)}
        told = visit.page.evaluate(SCRIPT.replace("PLAY", play), asked)
    chain, reveals = Chain.start("ses_1", 1, nonce, seal, stream_key(nonce, salt, "ses_1", 1)), []
    chain = chain.revealed(reveal)
    for message in told["sent"]:
        frame, chain = open_frame(chain, base64.b64decode(message))
        reveals.append(frame.reveals)
    return told, reveals


def test_pictures_go_out_one_at_a_time_and_not_into_a_jam(service: Running, browser: Browser) -> None:
    """None before the service has spoken, none while one is sealed, none while much waits to be sent, none after the last."""
    told, reveals = played(service, browser, JAM)
    assert (told["counts"], len(told["sent"])) == ([0, 1, 1], 2)
    assert reveals == [0, 0]
    assert told["ended"] == {"kind": "error", "type": "error", "code": "internal"}


@pytest.mark.parametrize("play", [EARLY, UNPAINTED], ids=["taken before it was revealed", "taken before it was painted"])
def test_a_picture_from_before_a_colour_does_not_answer_it(service: Running, browser: Browser, play: str) -> None:
    """It shows a face in the light before: the service would take that for an answer."""
    told, reveals = played(service, browser, play)
    assert reveals == [0, 1]
    assert told["painted"] == ["#7fb3ff"]
