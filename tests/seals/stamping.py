"""A time-stamping authority by somebody else: `openssl ts` behind an HTTP server on this machine."""

import shutil
import subprocess
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

CONFIGURATION = """
[tsa]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
ess_cert_id_chain = no
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[signer]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[req]
distinguished_name = name
[name]
"""


class Authority:
    """In a folder. url: where it answers; root: PEM file. answered: changes what it sends, for tests that lie."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder / "root.pem"
        self.answered: Callable[[bytes], bytes] = lambda answer: answer
        self.status, self.asked = 200, 0
        (folder / "ts.cnf").write_text(CONFIGURATION)
        (folder / "serial").write_text("01\n")
        new = ["req", "-config", "ts.cnf", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        self._openssl(
            *new,
            "-x509",
            "-days",
            "7300",
            "-extensions",
            "root",
            "-subj",
            "/CN=Time Root",
            "-keyout",
            "root.key",
            "-out",
            "root.pem",
        )
        self._openssl(*new, "-subj", "/CN=Time of Test", "-keyout", "tsa.key", "-out", "tsa.csr")
        sign = ["x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "7300"]
        self._openssl(*sign, "-extfile", "ts.cnf", "-extensions", "signer", "-out", "tsa.pem")
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/timestamp-query"
                answer = outer.answered(outer.stamp(request))
                self.send_response(outer.status)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/tsa"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stamp(self, request: bytes) -> bytes:
        """What it answers to a request (DER)."""
        self.asked += 1
        (self.folder / "request").write_bytes(request)
        made = ["ts", "-reply", "-config", "ts.cnf", "-section", "tsa", "-queryfile", "request", "-signer", "tsa.pem"]
        self._openssl(*made, "-inkey", "tsa.key", "-out", "answer")
        return (self.folder / "answer").read_bytes()

    def close(self) -> None:
        """Answers no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)


def authority_in(folder: Path) -> Authority:
    """One that answers, or a skip that says what is missing."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is missing (apt-get install openssl): it is the time-stamping authority of these tests")
    return Authority(folder)
