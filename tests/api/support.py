"""A real service on a free port: real models, a real SQLite file, real keys, real sockets."""

import base64
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from fastapi import FastAPI

from idverify.api.http import build_app
from idverify.api.server import Listening, in_background, server_for
from idverify.api.service import Options
from idverify.ceremonies import Parts
from idverify.ceremonies.clients import EVALUATION, SCOPES, add_client

AUDIENCE = "https://hotel.example"
PURPOSE = "hotel check-in"
ALL_SCOPES = tuple(scope for scope in SCOPES if scope != EVALUATION)


def in_base64(data: bytes) -> str:
    """As a request carries it."""
    return base64.b64encode(data).decode()


def asked(probe: bytes, **rest: object) -> dict[str, object]:
    """The body of a verification."""
    return {"probe": in_base64(probe), "audience": AUDIENCE, "purpose": PURPOSE, **rest}


def enrolment(photo: bytes, identifier: str, **rest: object) -> dict[str, object]:
    """The body of an enrolment."""
    return {
        "identifier": identifier,
        "claims": {"name": "Jane Specimen", "document_type": "passport", "document_number": "X1234567"},
        "legal_basis": "consent",
        "portrait": in_base64(photo),
        **rest,
    }


@dataclass(frozen=True)
class Running:
    """A service that listens."""

    url: str
    parts: Parts
    app: FastAPI
    stop: Callable[[], None]

    def new_key(self, *scopes: str, sandbox: bool = False, audiences: tuple[str, ...] = (AUDIENCE,)) -> tuple[str, str]:
        """A client with these scopes, or all but evaluation: its id and its key."""
        client, key = add_client(
            self.parts,
            actor="tester",
            name="test",
            scopes=scopes or ALL_SCOPES,
            audiences=audiences,
            purposes=(PURPOSE,),
            sandbox=sandbox,
        )
        return client.id, key

    def client(self, *scopes: str, sandbox: bool = False, **rest: object) -> httpx.Client:
        """An HTTP client with a fresh key."""
        _, key = self.new_key(*scopes, sandbox=sandbox)
        return self.stranger(headers={"Authorization": f"Bearer {key}"}, **rest)

    def stranger(self, **rest: object) -> httpx.Client:
        """An HTTP client without a key."""
        return httpx.Client(base_url=self.url, timeout=30, trust_env=False, **rest)  # type: ignore[arg-type]


@contextmanager
def serving(
    parts: Parts, folder: Path, *, listening: Listening | None = None, sock: socket.socket | None = None, **options: object
) -> Iterator[Running]:
    """The service over these parts, for the length of a block. sock: to listen on, where the port must be known before."""
    app = build_app(parts, Options(head_file=folder / "audit-head.jws", **options))  # type: ignore[arg-type]
    listening = listening or Listening("127.0.0.1", 0)
    sock = sock or socket.create_server(("127.0.0.1", 0))
    scheme, port = "https" if listening.tls else "http", sock.getsockname()[1]
    with in_background(server_for(app, listening), sock) as stop:
        yield Running(f"{scheme}://127.0.0.1:{port}", parts, app, stop)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem document, whose form is checked on the way."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text[:200]
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["type"] == f"urn:idverify:problem:{problem['code']}"
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert problem["title"]
    return answer.status_code, problem["code"]
