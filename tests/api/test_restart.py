"""A live session outlives the service that began it: what one process served goes on in the next."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
from phone import VERIFIER

from idverify.credentials import verdict

from .support import AUDIENCE, PURPOSE, in_base64
from .test_commands import answering, installation, serving_dev
from .test_stream import Visit

__all__ = ["installation"]


@dataclass(frozen=True)
class Process:
    """A service that is another process, for a client with this key."""

    url: str
    key: str

    def client(self, *_scopes: str) -> httpx.Client:
        """The relying party's."""
        return self.stranger(headers={"Authorization": f"Bearer {self.key}"})

    def stranger(self, **rest: object) -> httpx.Client:
        """Anybody's."""
        return httpx.Client(base_url=self.url, timeout=30, trust_env=False, **rest)  # type: ignore[arg-type]


def test_a_session_outlives_the_processes_that_serve_it(installation: dict[str, str], samples: Path) -> None:
    """Asked for and begun at one, which is killed; filmed at a second, killed too; redeemed at a third."""
    allowed = ("--scope", "sessions:create", "--audience", AUDIENCE, "--purpose", PURPOSE)
    command = [sys.executable, "-m", "idverify.cli.main", "clients", "add", "Hotel", *allowed, "--dev", "--json"]
    added = subprocess.run(command, env=installation, capture_output=True, text=True, timeout=60, check=True)
    key = json.loads(added.stdout)["key"]

    with serving_dev(installation) as (first, url, _):
        answering(url)
        one = Visit(Process(url, key), reference=in_base64((samples / "obama2.jpg").read_bytes()))  # type: ignore[arg-type]
        first.kill()
        assert first.wait(10) < 0

    with serving_dev(installation) as (second, url, _):
        answering(url)
        one.service = Process(url, key)  # type: ignore[assignment]
        for _ in range(3):  # a machine that is busy for seconds is asked for another attempt, as anybody is
            with one.stream() as socket:
                phone = one.film(socket)
            if (phone.result or {}).get("outcome") != "retake":
                break
        assert phone.result is not None
        assert phone.result["outcome"] == "approved"
        second.kill()
        assert second.wait(10) < 0

    with serving_dev(installation) as (_, url, _):
        answering(url)
        halves = {"code": phone.result["code"], "verifier": VERIFIER}
        backend = Process(url, key).client()
        token = backend.post(f"/v1/sessions/{one.id}/redeem", json=halves).raise_for_status().json()["token"]
        jwks = backend.get("/.well-known/jwks.json").json()
        assert verdict.validate(token, jwks, audience=AUDIENCE, allow_dev=True, now=time.time()).transaction_id == one.id
