"""`idverify token validate`: exit codes, one JSON object, a readable table, and a careful fetch."""

import io
import json
import os
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from idverify.cli import fetching, main, token
from idverify.credentials import verdict
from idverify.credentials.assurance import PHOTO
from idverify.errors import InvalidInput
from idverify.keys.file import FileSigner
from idverify.values import Accepted

AUDIENCE = "https://hotel.example"
SIGNER = FileSigner.new()
TRUST = json.dumps({"keys": [SIGNER.public_jwk()]})


def issued(**changes):
    """A token of this moment."""
    facts = {
        "acr": PHOTO,
        "issuer": "https://id.example",
        "audience": AUDIENCE,
        "client_id": "hotel-app",
        "subject": "s",
        "reference_digest": None,
        "transaction_id": "t" * 32,
        "purpose": "check-in",
        "nonce": "n" * 8,
        "target_fmr": 1e-4,
        "fmr_high": 2e-4,
        "model_pack": "default@0123456789abcdef",
        "environment": "production",
        "signer": SIGNER,
        "now": time.time(),
        "random_bytes": os.urandom,
    }
    return verdict.issue(Accepted("fmr-1e-4", ("quality", "comparison")), **(facts | changes))


@pytest.fixture
def trust(tmp_path):
    """A saved key set."""
    (tmp_path / "jwks.json").write_text(TRUST)
    return str(tmp_path / "jwks.json")


def run(*arguments):
    """Exit code of the command."""
    return main.run(token.app, ["validate", *arguments])


def test_a_valid_token_exits_0_and_says_what_it_says(trust, capsys):
    """The table for a person, one object for a script; a nonce and an issuer may be held against it."""
    held = ("--trust", trust, "--audience", AUDIENCE)
    assert run(issued(), *held) == 0
    shown = capsys.readouterr().out
    assert "VALID" in shown
    assert "photo match, no liveness" in shown
    assert "neither a credential nor a login" in shown
    assert run(issued(), *held, "--nonce", "n" * 8, "--issuer", "https://id.example", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["valid"] is True
    assert answer["claims"]["audience"] == AUDIENCE
    assert answer["claims"]["meaning"] == "photo match, no liveness"
    assert answer["claims"]["may_found_credential"] is False


def test_a_refused_token_exits_1_with_its_code_and_what_it_means(trust, capsys):
    """In the table and in the object."""
    assert run(issued(), "--trust", trust, "--audience", "https://police.example") == 1
    shown = capsys.readouterr().out
    assert "REFUSED token_audience" in shown
    assert "made for someone else" in shown
    assert run(issued(now=time.time() - 700), "--trust", trust, "--audience", AUDIENCE, "--json") == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["valid"] is False
    assert answer["error"]["code"] == "token_expired"


@pytest.mark.parametrize("changes", [("--nonce", "other-nonce"), ("--issuer", "https://other.example")])
def test_what_is_asked_for_is_compared(trust, changes):
    """Issuer and nonce."""
    assert run(issued(), "--trust", trust, "--audience", AUDIENCE, *changes) == 1


def test_tokens_of_development_are_refused_unless_allowed(trust):
    """As everywhere."""
    assert run(issued(environment="dev"), "--trust", trust, "--audience", AUDIENCE) == 1
    assert run(issued(environment="dev"), "--trust", trust, "--audience", AUDIENCE, "--allow-dev") == 0


def test_a_token_is_read_from_standard_input(trust, monkeypatch, capsys):
    """With the line's end that a shell adds; too much is refused, noise is only an invalid token."""
    for content, code in ((issued().encode() + b"\n", 0), (b"\xff\xfe noise", 1), (b"", 1), (b"A" * 100_000, 3)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert run("-", "--trust", trust, "--audience", AUDIENCE, "--json") == code
        assert json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    "content", [None, "", "{}", '{"keys":[]}', '{"keys":[{}],"keys":[{}]}', "not json", "[" * 5000, "x" * 2_000_000]
)
def test_an_unusable_key_set_exits_3_and_never_says_that_the_token_is_forged(tmp_path, content, capsys):
    """A missing file too."""
    if content is not None:
        (tmp_path / "jwks.json").write_text(content)
    assert run(issued(), "--trust", str(tmp_path / "jwks.json"), "--audience", AUDIENCE, "--json") == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] in ("invalid_input", "too_large")


@pytest.mark.parametrize(
    "arguments", [(), ("token",), ("token", "--trust", "x"), ("token", "--audience", "x"), ("token", "--unknown")]
)
def test_a_call_without_what_is_needed_exits_2(arguments, capsys):
    """Trust and audience have no default."""
    assert run(*arguments, "--json") == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "usage"


def test_nothing_in_a_token_moves_the_terminals_cursor(trust, capsys):
    """Control characters and markup in claims are shown, not obeyed."""
    assert run(issued(purpose="\x1b[2J[bold]x[/bold]\r\n"), "--trust", trust, "--audience", AUDIENCE) == 0
    shown = capsys.readouterr().out
    assert "\x1b[2J" not in shown
    assert "[bold]x[/bold]" in shown


class Site(BaseHTTPRequestHandler):
    """Serves a key set, something endless, and redirects."""

    def do_GET(self):
        if self.path == "/jwks.json":
            self._answer(200, TRUST.encode())
        elif self.path == "/here":
            self._answer(302, b"", location="/jwks.json")
        elif self.path == "/elsewhere":
            self._answer(302, b"", location="https://evil.invalid/jwks.json")
        elif self.path == "/file":
            self._answer(302, b"", location="file:///etc/passwd")
        elif self.path == "/large":
            self._answer(200, b" " * 2_000_000)
        elif self.path == "/slow":
            time.sleep(3)
        elif self.path == "/dribbling":
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                for _ in range(100):
                    self.wfile.write(b" ")
                    time.sleep(0.1)
        else:
            self._answer(404, b"")

    def _answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def site():
    """On a free port of this machine; yields its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_a_key_set_is_fetched_from_this_machine(monkeypatch):
    """Also through a redirect that stays in its place; proxies of the environment see nothing of it."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with site() as address:
        for path in ("/jwks.json", "/here"):
            assert run(issued(), "--trust", address + path, "--audience", AUDIENCE) == 0


@pytest.mark.parametrize("path", ["/elsewhere", "/file", "/large", "/missing", "/slow"])
def test_a_fetch_that_goes_astray_exits_3(monkeypatch, capsys, path):
    """Another place, another scheme, too much, nothing, too slow."""
    monkeypatch.setattr(fetching, "TIMEOUT_SECONDS", 0.3)
    with site() as address:
        assert run(issued(), "--trust", address + path, "--audience", AUDIENCE, "--json") == 3
    assert "error" in json.loads(capsys.readouterr().out)


def test_an_answer_that_never_ends_is_not_waited_for(monkeypatch, capsys):
    """A byte now and then keeps each of its waits short."""
    monkeypatch.setattr(fetching, "WHOLE_SECONDS", 0.5)
    with site() as address:
        began = time.monotonic()
        assert run(issued(), "--trust", address + "/dribbling", "--audience", AUDIENCE, "--json") == 3
        assert time.monotonic() - began < 5
    assert "within 0.5 seconds" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_a_host_that_takes_too_long_in_all_is_passed_over_and_others_are_not():
    """One slow city would else keep every other's revocations from a gate."""
    many = fetching.ManyFetches(host_seconds=0.0)
    with site() as slow, site() as other:
        assert many(slow + "/jwks.json", 10_000)
        with pytest.raises(InvalidInput, match="not asked"):
            many(slow + "/jwks.json", 10_000)
        assert many(other + "/jwks.json", 10_000)


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example/jwks.json",
        "http://127.0.0.1.evil.example/jwks.json",
        "http://localhost.evil.example/jwks.json",
        "http://169.254.169.254/jwks.json",
        "file:///etc/passwd",
        "ftp://id.example/jwks.json",
        "data://text,{}",
        "https://",
        "https://user:secret@id.example/jwks.json",
        "http://[::1",
    ],
)
def test_no_other_place_is_ever_asked(monkeypatch, capsys, url):
    """The refusal comes before any connection."""
    monkeypatch.setattr(fetching, "build_opener", lambda *_: pytest.fail("connected"))
    assert run(issued(), "--trust", url, "--audience", AUDIENCE, "--json") == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "invalid_input"
