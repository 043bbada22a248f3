"""`idverify wallet`: how it reaches issuers, how it keeps a code fresh. The whole way is in tests/api/test_wallet.py."""

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from credentials.slips import ISSUER
from wallet.issued import slips

from idverify.cli import fetching, main, wallet
from idverify.errors import InvalidInput, TooLarge
from idverify.wallet.folder import Folder
from idverify.wallet.held import SLIP_FORMAT, Holding


@contextmanager
def answering(status, headers=(), body=b"{}"):
    """A server on loopback, and what it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append((self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_refusal_is_an_answer_and_its_headers_are_read():
    """An issuer says with 400 that it wants a nonce, and gives it in a header."""
    with answering(400, [("DPoP-Nonce", "n-1")], b'{"error": "use_dpop_nonce"}') as (url, asked):
        answer = fetching.send("POST", f"{url}/token", {"DPoP": "proof"}, b"code=1")
    assert (answer.status, answer.headers["dpop-nonce"], answer.body) == (400, "n-1", b'{"error": "use_dpop_nonce"}')
    assert asked[0][0] == "/token"
    assert asked[0][2] == b"code=1"


def test_a_redirect_is_not_followed():
    """The code and the proofs go to the issuer and nowhere else, whatever it answers."""
    with answering(200) as (thief, stolen):
        for status in (301, 302, 303, 307, 308):
            with answering(status, [("Location", f"{thief}/token")]) as (url, asked):
                assert fetching.send("POST", f"{url}/token", {}, b"code=1").status == status
                assert len(asked) == 1
    assert stolen == []


@pytest.mark.parametrize(
    "url", ["http://id.example/token", "file:///etc/passwd", "https://user@id.example", "https://[::1", "ftp://x/"]
)
def test_only_https_and_this_machine_are_asked(url):
    """An offer can name any address."""
    with pytest.raises(InvalidInput):
        fetching.send("GET", url, {}, None)


def test_an_endless_answer_and_a_silent_machine_are_unusable_input():
    """Never a traceback, never more memory than an answer may take."""
    with answering(200, body=b"x" * (fetching.LARGEST_ANSWER + 1)) as (url, _), pytest.raises(TooLarge):
        fetching.send("POST", url, {}, b"")
    with pytest.raises(InvalidInput, match="cannot reach"):
        fetching.send("POST", url, {}, b"")


def test_a_wallet_lists_the_words_of_an_issuer_without_obeying_them(tmp_path, capsys):
    """An offer names its issuer and its credentials in any characters."""
    folder = Folder.create(tmp_path / "wallet")
    folder.keep(Holding("https://id.example/\x1b[2J", "card\x1b[2J[red]x", SLIP_FORMAT, 1, ()))
    assert main.run(wallet.app, ["list", "--wallet", str(folder.path)]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "[red]x" in shown


def test_a_watched_code_is_made_anew_until_interrupted(tmp_path, monkeypatch, capsys):
    """Every 30 seconds another one, with the next number; Ctrl-C ends it."""
    folder = Folder.create(tmp_path / "wallet")
    folder.keep(Holding(ISSUER, "identity_card.gate", SLIP_FORMAT, 1, tuple(slips("gate"))))
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        if len(waited) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(wallet, "time", SimpleNamespace(time=time.time, sleep=sleep))  # other threads sleep on
    held = ["--wallet", str(folder.path)]
    assert main.run(wallet.app, ["qr", "identity_card.gate", "--text", "--watch", *held]) == 130
    codes = capsys.readouterr().out.splitlines()
    assert len(set(codes)) == len(waited) == 3
    assert set(waited) == {30}
    assert all(code.startswith("EID1:") for code in codes)
    assert folder.holding("identity_card.gate").counter == 4
