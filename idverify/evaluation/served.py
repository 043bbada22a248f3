"""A service to load: `idverify serve --dev` in a process and a folder of its own, and the caller that its requests come from.

What is started here is ended here, however the block ends, and only this machine's loopback address is ever spoken to.
"""

import base64
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Final

from idverify.errors import Fault
from idverify.evaluation.hardware import held_to
from idverify.evaluation.load import ANSWERED

AUDIENCE: Final = "https://load.example"
PURPOSE: Final = "load test"
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 35.0
"""The service gives running requests thirty seconds."""
REQUEST_SECONDS: Final = 30.0
_PROGRAM: Final = (sys.executable, "-m", "idverify.cli.main")
_ATTEMPTS: Final = {"IDVERIFY_ATTEMPTS_CLIENT_SUBJECT": "10000000", "IDVERIFY_ATTEMPTS_SUBJECT": "10000000"}


@dataclass(frozen=True, slots=True)
class Served:
    """A service that listens. key: of a client that may enrol, verify and ask for sessions. ready_s: from start to /readyz."""

    port: int
    pid: int
    key: str
    ready_s: float
    ready: Mapping[str, Any]


@contextmanager
def served(folder: Path, *, concurrency: int, cores: Set[int]) -> Iterator[Served]:
    """The service with a fresh installation in `folder`, held to `cores` (empty: to none), for the length of a block.

    The attempts that a client has on one subject are set out of reach, so that what is met is the limit of the machine.
    While it runs, SIGTERM ends this process as Ctrl-C does, so that the service does not outlive it. Raises Fault when the
    service does not start, or ended by itself before the block did: nothing measured on it is then to be believed. What it said
    is quoted.
    """
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("IDVERIFY_") or name in _KEPT},
        **_ATTEMPTS,
        "IDVERIFY_DATA_DIR": str(folder / "data"),
        "IDVERIFY_CONCURRENCY": str(concurrency),
    }
    key = _new_key(environment)
    log = folder / "service.log"
    began = time.perf_counter()
    process: subprocess.Popen[bytes] | None = None
    try:
        with _terminated_as_interrupted():
            with log.open("wb") as stderr, held_to(cores):
                process = subprocess.Popen(  # noqa: S603
                    [*_PROGRAM, "serve", "--dev", "--port", "0"],
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=stderr,
                    start_new_session=True,  # Ctrl-C reaches this process alone, which ends the other in order
                )
            port = _port(process, log, began + START_SECONDS)
            ready = _ready(process, port, log, began + START_SECONDS)
            yield Served(port, process.pid, key, time.perf_counter() - began, ready)
            if process.poll() is not None:
                raise Fault(f"the service ended in the middle of it, with status {process.returncode}: {_tail(log)}")
    finally:
        if process is not None:
            _end(process)


_KEPT: Final = frozenset(
    {
        f"IDVERIFY_{name}"
        for name in (
            "MODELS_DIR",
            "PACK",
            "POLICIES_FILE",
            "DEFAULT_POLICY",
            "PROVIDER",
            "THREADS",
            "FACES",
            "BATCH_WINDOW_MS",
            "BATCH_MOST",
        )
    }
)
"""Settings of what a verification runs, and on what. The rest (keys, databases, an issuer) belong to an installation in use."""


def _new_key(environment: Mapping[str, str]) -> str:
    scopes = ("subjects:write", "verifications:create", "sessions:create", "metrics:read")
    words = ["clients", "add", "load", *(word for scope in scopes for word in ("--scope", scope))]
    command = [*_PROGRAM, *words, "--audience", AUDIENCE, "--purpose", PURPOSE, "--dev", "--json"]
    ran = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False, timeout=START_SECONDS)  # noqa: S603
    if ran.returncode != 0:
        raise Fault(f"the client for the load could not be added: {ran.stdout.strip() or ran.stderr.strip()}")
    return str(json.loads(ran.stdout)["key"])


def _port(process: subprocess.Popen[bytes], log: Path, due: float) -> int:
    """The port that the service says it listens on."""
    while time.perf_counter() < due and process.poll() is None:
        if found := re.search(r"Listening on http://127\.0\.0\.1:(\d+),", log.read_text(encoding="utf-8", errors="replace")):
            return int(found[1])
        time.sleep(0.01)
    raise Fault(f"the service did not start: {_tail(log)}")


def _ready(process: subprocess.Popen[bytes], port: int, log: Path, due: float) -> dict[str, Any]:
    """What /readyz says once it is good."""
    while time.perf_counter() < due and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            said = answer.read()
            if answer.status == 200:
                return dict(json.loads(said))
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.01)
    raise Fault(f"the service did not become ready: {_tail(log)}")


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-2000:].strip() or "it said nothing"


def _end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and what that does not end is killed. An impatient second Ctrl-C cannot leave it running."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # signals are the main thread's
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@dataclass(slots=True)
class Caller:
    """The requests of one client: POST /v1/verifications with these photographs in turn. Safe from many threads.

    subject_id: whom they are compared with, once enrolled.
    """

    service: Served
    photos: Sequence[bytes]
    subject_id: str = ""
    _bodies: list[bytes] = field(default_factory=list)
    _own: threading.local = field(default_factory=threading.local)

    def enrol(self, portrait: bytes) -> None:
        """Enrol the subject that the photographs are then compared with. Raises Fault when it is refused."""
        document = {"identifier": "load", "claims": {}, "legal_basis": "published_test_data", "portrait": _in_base64(portrait)}
        try:
            status, said = self._post("/v1/subjects", json.dumps(document).encode())
        except (OSError, http.client.HTTPException) as error:
            raise Fault(f"the subject for the load could not be enrolled: {type(error).__name__}") from error
        if status != 201:
            raise Fault(f"the subject for the load could not be enrolled: {status} {said[:300].decode(errors='replace')}")
        self.subject_id = json.loads(said)["subject_id"]
        common = {"audience": AUDIENCE, "purpose": PURPOSE, "subject_id": self.subject_id}
        self._bodies = [json.dumps({"probe": _in_base64(photo), **common}).encode() for photo in self.photos]

    def verify(self, turn: int) -> str:
        """Send the photograph of that turn: ANSWERED, the code of a problem, or what became of the connection."""
        try:
            status, said = self._post("/v1/verifications", self._bodies[turn % len(self._bodies)])
        except (OSError, http.client.HTTPException) as error:
            self._close()
            return type(error).__name__
        if status == 200:
            return ANSWERED
        try:
            return str(json.loads(said)["code"])
        except (ValueError, KeyError, TypeError):
            return f"status {status}"

    def _post(self, path: str, body: bytes) -> tuple[int, bytes]:
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = http.client.HTTPConnection(
                "127.0.0.1", self.service.port, timeout=REQUEST_SECONDS
            )
        headers = {"Authorization": f"Bearer {self.service.key}", "Content-Type": "application/json"}
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def _close(self) -> None:
        self._own.connection.close()
        self._own.connection = None


def _in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
