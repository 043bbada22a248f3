"""The sandbox: the documented outcomes, and the wall between it and real subjects."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from phone import CODE_CHALLENGE

from idverify.api.sandbox import Sandbox
from idverify.api.sweeper import Sweeper
from idverify.ceremonies import Parts, sessions
from idverify.ceremonies.clients import add_client
from idverify.credentials import verdict
from idverify.credentials.errors import TokenEnvironment

from .support import AUDIENCE, Running, asked, code_of, enrolment, serving


def faceless() -> bytes:
    """A picture without a face."""
    return bytes(cv2.imencode(".png", np.full((400, 400, 3), 90, np.uint8))[1])


def test_the_documented_outcomes_come_out(make_parts: Callable[..., Parts], tmp_path: Path, samples: Path) -> None:
    """Each line of the sandbox's table, through the real chain."""
    with serving(make_parts(), tmp_path) as service, service.client(sandbox=True) as client:

        def outcome(probe: bytes, subject_id: str = "sandbox") -> tuple[int, str]:
            answer = client.post("/v1/verifications", json=asked(probe, subject_id=subject_id))
            return (200, answer.json()["decision"]) if answer.status_code == 200 else code_of(answer)

        photo = (samples / "obama2.jpg").read_bytes()
        assert outcome(photo) == (200, "accepted")
        assert outcome((samples / "biden.jpg").read_bytes()) == (200, "rejected")
        assert outcome(faceless()) == (422, "no_face")
        assert outcome(b"text") == (422, "image_rejected")
        assert outcome(photo, "sub_" + "1" * 32) == (404, "subject_not_found")
        assert [outcome(b"text") for _ in range(6)] == [(422, "image_rejected")] * 6
        assert outcome(photo) == (429, "attempts_exhausted")


def test_its_tokens_are_good_for_nothing_but_trying(service: Running, samples: Path) -> None:
    """They say env=sandbox: validators refuse them unless asked, and introspection holds for sandbox clients alone."""
    with service.client(sandbox=True) as sandboxed, service.client() as real:
        body = asked((samples / "obama2.jpg").read_bytes(), subject_id="sandbox")
        token = sandboxed.post("/v1/verifications", json=body).json()["token"]
        asking = {"token": token, "audience": AUDIENCE}
        assert sandboxed.post("/v1/tokens/introspect", json=asking).json()["claims"]["environment"] == "sandbox"
        assert real.post("/v1/tokens/introspect", json=asking).json() == {"active": False, "code": "token_environment"}
    with pytest.raises(TokenEnvironment):
        verdict.validate(token, service.parts.signing.jwks(), audience=AUDIENCE, now=time.time())


def test_a_real_token_is_not_active_in_the_sandbox(service: Running, subject: str, samples: Path) -> None:
    """Nor does a sandbox client learn anything from a real token."""
    with service.client(sandbox=True) as sandboxed, service.client() as real:
        body = asked((samples / "obama2.jpg").read_bytes(), subject_id=subject)
        asking = {"token": real.post("/v1/verifications", json=body).json()["token"]}
        assert real.post("/v1/tokens/introspect", json=asking).json()["active"] is True
        assert sandboxed.post("/v1/tokens/introspect", json=asking).json() == {"active": False, "code": "token_environment"}


def test_neither_side_reaches_the_other(service: Running, subject: str, samples: Path) -> None:
    """A sandbox client finds no real subject, a real client no sandbox subject, by any call and any name."""
    photo = (samples / "obama2.jpg").read_bytes()
    with service.client(sandbox=True) as sandboxed, service.client() as real:
        inner = sandboxed.get("/v1/subjects/sandbox").json()["subject_id"]
        for client, names in ((sandboxed, [subject]), (real, ["sandbox", inner])):
            for name in names:
                assert code_of(client.get(f"/v1/subjects/{name}")) == (404, "subject_not_found")
                assert code_of(client.delete(f"/v1/subjects/{name}")) == (404, "subject_not_found")
                assert code_of(client.post("/v1/verifications", json=asked(photo, subject_id=name))) == (
                    404,
                    "subject_not_found",
                )
        assert real.get(f"/v1/subjects/{subject}").status_code == 200
        assert sandboxed.get(f"/v1/subjects/{inner}").status_code == 200


def test_real_people_are_not_enrolled_in_it(service: Running, samples: Path) -> None:
    """Only the shipped photographs: one byte more is another photograph."""
    portrait = (samples / "obama.jpg").read_bytes()
    with service.client(sandbox=True) as client:
        name = f"s-{os.urandom(4).hex()}"
        assert code_of(client.post("/v1/subjects", json=enrolment(portrait + b"\0", name))) == (400, "invalid_input")
        made = client.post("/v1/subjects", json=enrolment(portrait, name)).json()["subject_id"]
        assert client.delete(f"/v1/subjects/{made}").status_code == 204
        assert client.delete("/v1/subjects/sandbox").status_code == 204
        assert client.get("/v1/subjects/sandbox").status_code == 200, "the subject is always there"


def test_nothing_of_it_is_left_when_the_service_stops(make_parts: Callable[..., Parts], tmp_path: Path) -> None:
    """Its folder goes with the service; the real database never saw it."""
    from idverify.store import subjects

    parts = make_parts()
    with serving(parts, tmp_path) as service, service.client(sandbox=True) as client:
        assert client.get("/v1/subjects/sandbox").status_code == 200
        folder = Path(service.app.state.service.sandbox._folder.name)
        assert folder.exists()
        with parts.store.reading() as tx:
            assert subjects.count(tx) == 0
    assert not folder.exists()


def test_sessions_of_the_sandbox_are_swept_too(make_parts: Callable[..., Parts], samples: Path) -> None:
    """What is kept for a reviewer there goes after 72 hours as well."""
    now = [1_800_000_000.0]
    parts = make_parts(now=lambda: now[0])
    sandbox = Sandbox(parts)
    sweeper = Sweeper(parts, sandbox)
    assert sweeper.sweep() == 0
    facts = {"name": "t", "scopes": ("sessions:create",), "audiences": ("a",), "purposes": ("p",), "sandbox": True}
    client, _ = add_client(parts, actor="tester", **facts)
    photo = (samples / "obama2.jpg").read_bytes()
    sessions.create(sandbox.parts(), client, sessions.Asked("a", "p", "passive", "1", now[0], CODE_CHALLENGE, reference=photo))
    now[0] += 600
    assert sweeper.sweep() == 1
    sandbox.close()
