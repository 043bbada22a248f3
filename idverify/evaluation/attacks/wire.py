"""A running service at the other end of a network: sessions over HTTP, frames over its WebSocket, in real time.

The device is the one that the service in process meets. Its own delays are kept: what it seals is sent when its clock says that
it arrives, and what the service says is read as much later as its network takes. A machine too slow for that drops frames, as a
telephone does.
"""

import base64
import http.client
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from idverify.errors import Fault, InvalidInput
from idverify.evaluation.attacks.device import Device, Opened
from idverify.evaluation.attacks.service import Asked
from idverify.evaluation.attacks.shots import Said
from idverify.evaluation.attacks.trial import LONGEST, Run, Verdict
from idverify.liveness.challenge import Kind, Step

_HTTP_SECONDS, _OPEN_SECONDS = 30.0, 10.0
_SOCKET: Final[Mapping[str, Any]] = {"proxy": None, "compression": None, "open_timeout": _OPEN_SECONDS, "max_queue": None}
_BUSY_SECONDS = 60.0
"""How long a service that has no place free is asked again."""

_BEHIND_SECONDS = 0.1
"""From here on a frame is not made any more: the next one is due."""


@dataclass(frozen=True, slots=True)
class RemoteService:
    """What opens sessions at a URL. key: of a client that may ask for them, for this audience and purpose."""

    url: str
    key: str
    audience: str
    purpose: str

    draws: ClassVar[int] = 20

    def attempt(
        self, reference: bytes, asked: Asked, seed: int, build: Callable[[], Device], able: Callable[[Step], bool]
    ) -> Run | None:
        """How a device fares in a new session; None once a step comes that it is not able to do.

        The service draws its own challenge: `seed` says nothing to it. Raises InvalidInput for what the service refuses, Fault
        where it is not there.
        """
        created = self._asked(reference, asked)
        path, token = f"/v1/sessions/{created['session_id']}", created["client_token"]
        begun = self._call("POST", f"{path}/begin", {"movement": asked.movement, "flashing": asked.flashing}, token)
        headers = {"Authorization": f"Bearer {token}", "X-Session-Agent": begun["agent"]}
        opened = Opened(created["session_id"], bytes.fromhex(created["nonce"]))
        try:
            with connect(f"ws{self.url.removeprefix('http')}{path}/stream", additional_headers=headers, **_SOCKET) as socket:
                speaking = _Speaking(socket, opened, build())
                verdict = speaking.until_ended(able)
        except (OSError, ConnectionClosed, InvalidHandshake) as error:
            raise Fault(f"the stream of {self.url} broke: {type(error).__name__}") from error
        if not all(able(step) for step in speaking.revealed):
            with suppress(InvalidInput):  # it has ended meanwhile
                self._call("DELETE", path)
            return None
        if verdict.outcome not in {"approved", *verdict.reasons}:
            verdict = Verdict(verdict.outcome, tuple(dict.fromkeys(self._call("GET", path)["reasons"])))
        return Run(verdict, speaking.frames, speaking.now(), tuple(speaking.revealed))

    def about(self) -> Mapping[str, Any]:
        """What the service says of itself: its version, models and provider. Raises as `attempt` does."""
        return self._call("GET", "/readyz")

    def _asked(self, reference: bytes, asked: Asked) -> dict[str, Any]:
        return self._call(
            "POST",
            "/v1/sessions",
            {
                "audience": self.audience,
                "purpose": self.purpose,
                "profile": asked.profile,
                "consent": {"version": "benchmark", "accepted_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")},
                "code_challenge": "A" * 43,
                "reference": base64.b64encode(reference).decode("ascii"),
            },
        )

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None, token: str | None = None) -> dict[str, Any]:
        until = time.monotonic() + _BUSY_SECONDS
        while True:
            status, said = self._exchange(method, path, body, token or self.key)
            if status != 429 or time.monotonic() > until:
                break
            time.sleep(0.5)
        if status >= 500:
            raise Fault(f"{method} {path} of {self.url}: status {status}")
        if status >= 400:
            raise InvalidInput(
                f"{method} {path} of {self.url} is refused: {said.get('code', status)}, {said.get('detail', '')}"
            )
        return said

    def _exchange(self, method: str, path: str, body: Mapping[str, Any] | None, token: str) -> tuple[int, dict[str, Any]]:
        where = urlsplit(self.url)
        kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
        connection = kind(where.hostname or "", where.port, timeout=_HTTP_SECONDS)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            connection.request(method, where.path.rstrip("/") + path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            content = answer.read()
            return answer.status, dict(json.loads(content)) if content else {}
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Fault(f"{self.url} does not answer as the service does: {type(error).__name__}") from error
        finally:
            connection.close()


class _Speaking:
    """A device at a stream, in real time. Times are seconds since it began.

    revealed: the steps, as far as anybody out here knows them. Raises InvalidInput where the service does not say hello.
    """

    def __init__(self, socket: ClientConnection, opened: Opened, device: Device) -> None:
        hello = json.loads(socket.recv(timeout=_OPEN_SECONDS))
        if hello["type"] != "hello":
            raise InvalidInput(f"the service opens no stream: {hello.get('code')}")
        self._socket, self._device = socket, device
        self._began = time.monotonic()
        self._verdict: Verdict | None = None
        self._closed = False
        self.revealed: list[Step] = []
        self.frames = 0
        device.connect(opened, hello)
        device.hear([hello], 0.0)

    def now(self) -> float:
        """Seconds since the device began."""
        return time.monotonic() - self._began

    def until_ended(self, able: Callable[[Step], bool]) -> Verdict:
        """What the service made of it; `undecided` where the device was not able to do a step, or it took too long."""
        while self._verdict is None and self.now() < LONGEST:
            if self._closed:
                return Verdict("connection_lost", ("connection_lost",))
            if not all(able(step) for step in self.revealed):
                break
            moment = self._device.clock.next()
            while moment.received < self.now() - _BEHIND_SECONDS:
                moment = self._device.clock.next()
            self._listen(moment.sealed)
            if self._verdict is None and not self._closed:
                self._send(self._device.made(moment))
        return self._verdict or Verdict("undecided")

    def _send(self, messages: Sequence[tuple[bytes, float]]) -> None:
        for message, at in messages:
            self._listen(at)
            try:
                self._socket.send(message)
            except ConnectionClosed:  # what it said before is still to be read
                return
            self.frames += 1

    def _listen(self, until: float) -> None:
        """Hear what the service says until then, and what it has said at least."""
        while not self._closed and self._verdict is None:
            try:
                self._heard(json.loads(self._socket.recv(timeout=max(0.0, until - self.now()))))
            except TimeoutError:
                return
            except ConnectionClosed:
                self._closed = True

    def _heard(self, said: Said) -> None:
        match said["type"]:
            case "result":
                self._verdict = Verdict(said["outcome"])
            case "error":
                self._verdict = Verdict(said["code"], (said["code"],))
            case "step":
                self.revealed.append(Step(Kind(said["kind"]), float(said["amount"])))
        self._device.hear([said], self.now())
