"""Health, metrics, keys, the audit head, tokens, and the page of the interface."""

import html
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from idverify.api import heads
from idverify.api.openapi import examples
from idverify.ceremonies import Parts
from idverify.ceremonies.audit_head import SignedHead, read_head, verify_chain, write_head
from idverify.errors import Fault, SigningUnavailable, StoreUnavailable

from .support import AUDIENCE, Running, asked, code_of, in_base64, serving


def test_readiness_names_what_really_runs(service: Running) -> None:
    """Pack with digest, and the engine with its provider."""
    with service.stranger() as client:
        told = client.get("/readyz").json()
    assert told["status"] == "ready"
    assert told["pack"] == service.parts.acquirer.engine.pack
    assert told["variant"] == service.parts.acquirer.engine.variant.name
    assert told["provider"].split()[0] in {"openvino", "onnxruntime"}
    assert set(told["checks"].values()) == {"ok"}


def test_no_models_no_readiness(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until every model ran once, and whenever the signing key does not sign, the answer is 503 and says which."""
    inner = service.app.state.service
    monkeypatch.setattr(inner, "_warm", False)
    monkeypatch.setattr(inner, "_ready", None)
    with service.stranger() as client:
        cold = client.get("/readyz")
    assert code_of(cold) == (503, "not_ready")
    assert cold.json()["checks"]["models"] == "failed"
    monkeypatch.undo()
    inner._ready = None


def test_probes_of_a_store_that_hangs_hold_no_look_up_back(
    make_parts: Callable[..., Parts], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many who ask for readiness at one time one makes us look, all get what it finds, and clients are served meanwhile."""
    parts = make_parts()
    looked: list[None] = []
    answers = threading.Event()

    def ping() -> None:
        looked.append(None)
        answers.wait(10)

    monkeypatch.setattr("idverify.api.service.LOOKUP_THREADS", 1)
    monkeypatch.setattr(parts.store, "ping", ping)
    with (
        serving(parts, tmp_path) as service,
        service.stranger() as prober,
        service.client() as client,
        ThreadPoolExecutor(12) as pool,
    ):
        probes = [pool.submit(prober.get, "/readyz") for _ in range(12)]
        time.sleep(0.3)
        try:
            assert client.get("/v1/subjects/sub_0000000000000000", timeout=3).status_code == 404
            assert not any(probe.done() for probe in probes)
        finally:
            answers.set()
        assert {probe.result().status_code for probe in probes} == {200}
        assert len(looked) == 1


class _NoKeys:
    @property
    def current(self) -> Any:
        raise SigningUnavailable("the token was pulled out of slot 3")

    def __init__(self, keys: Any) -> None:
        self.jwks, self.history = keys.jwks, keys.history


def test_a_key_that_does_not_sign_means_no_readiness_and_no_token(
    make_parts: Callable[..., Parts], tmp_path: Path, samples: Path
) -> None:
    """503 everywhere, without a word of why."""
    parts = make_parts()
    with serving(replace(parts, signing=_NoKeys(parts.signing)), tmp_path) as service, service.client() as client:
        ready = client.get("/readyz")
        reference = in_base64((samples / "obama.jpg").read_bytes())
        answer = client.post("/v1/verifications", json=asked((samples / "obama2.jpg").read_bytes(), reference=reference))
        head = client.get("/v1/audit/head")
    assert code_of(ready) == (503, "not_ready")
    assert ready.json()["checks"]["signing"] == "failed"
    assert code_of(answer) == code_of(head) == (503, "signing_unavailable")
    assert "slot" not in ready.text + answer.text + head.text


def test_metrics_count_by_template_and_carry_no_ids(service: Running, subject: str, samples: Path) -> None:
    """Routes are templates, stages are timed, decisions counted; no id of anything appears."""
    with service.client() as client:
        client.post("/v1/verifications", json=asked((samples / "obama2.jpg").read_bytes(), subject_id=subject))
        client.get(f"/v1/subjects/{subject}")
        client.get(f"/v1/{subject}")
        answer = client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    told = answer.text
    assert 'route="/v1/subjects/{subject_id}"' in told
    assert 'idverify_stage_seconds_count{stage="embed"}' in told
    assert 'idverify_decisions_total{decision="accepted",environment="production",policy="fmr-1e-4"}' in told
    assert 'route="unmatched"' in told
    assert [word for word in (subject, "sub_", "cli_", "idvk_") if word in told] == []


def test_the_key_set_may_be_kept_for_a_while(service: Running) -> None:
    """RFC 7517, with the keys to come, and no private part."""
    with service.stranger() as client:
        answer = client.get("/.well-known/jwks.json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert len(answer.json()["keys"]) == 2
    assert all("d" not in key and key["alg"] == "ES256" for key in answer.json()["keys"])


def test_the_audit_head_holds_the_chain(make_parts: Callable[..., Parts], tmp_path: Path) -> None:
    """What is served is signed, holds for the chain, is renewed in time, and stands in its file."""
    parts = make_parts()
    with serving(parts, tmp_path, head_seconds=0.2) as service, service.stranger() as client:
        service.new_key()
        deadline = time.monotonic() + 5
        while (told := client.get("/v1/audit/head")).json()["count"] < 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        head = read_head(told.content, parts.signing.history())
        assert head.count == told.json()["count"] == 1
        assert verify_chain(parts.store, parts.secrets.audit, head).intact
        assert (tmp_path / "audit-head.jws").read_text().strip() == told.json()["head"]


def test_a_shortened_audit_makes_the_service_unready(make_parts: Callable[..., Parts], tmp_path: Path) -> None:
    """When events that a head counted are gone, readiness ends, and that head stays as the evidence."""
    parts = make_parts()
    with serving(parts, tmp_path, head_seconds=0.1) as service, service.stranger() as client:
        service.new_key()
        service.new_key()
        deadline = time.monotonic() + 10
        while client.get("/v1/audit/head").json()["count"] < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        evidence = (tmp_path / "audit-head.jws").read_text()
        with parts.store.transaction() as tx:
            tx.execute(text("DELETE FROM audit_events WHERE seq = 2"))
        while (answer := client.get("/readyz")).status_code == 200 and time.monotonic() < deadline:
            time.sleep(0.05)
    assert code_of(answer) == (503, "not_ready")
    assert answer.json()["checks"]["audit"] == "failed"
    assert (tmp_path / "audit-head.jws").read_text() == evidence


def test_an_audit_head_that_failed_in_a_way_nobody_foresaw_is_counted_and_written_the_next_time(
    make_parts: Callable[..., Parts], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Else the witness would fall silent for good, while the service looks well."""
    failures: list[BaseException] = [MemoryError(), ValueError("a flaw"), StoreUnavailable("gone")]

    def write(vault: Parts, path: Path) -> SignedHead:
        if failures:
            raise failures.pop(0)
        return write_head(vault, path)

    monkeypatch.setattr(heads, "write_head", write)
    with serving(make_parts(), tmp_path, head_seconds=0.05) as service, service.client("metrics:read") as client:
        deadline = time.monotonic() + 10
        while not (tmp_path / "audit-head.jws").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        counted = client.get("/metrics").text
    assert (tmp_path / "audit-head.jws").exists()
    assert 'idverify_audit_heads_total{outcome="failed"} 3.0' in counted
    said = [record.code for record in caplog.records if record.getMessage() == "audit head"]  # type: ignore[attr-defined]
    assert said == [Fault.code, Fault.code, "store_unavailable"]


def test_a_token_is_introspected_for_its_audience_and_nonce(service: Running, subject: str, samples: Path) -> None:
    """Active with its claims; refused, with the code of the check, for another nonce, another byte, no token at all."""
    with service.client() as client:
        body = asked((samples / "obama2.jpg").read_bytes(), subject_id=subject, nonce="nonce-of-mine")
        token = client.post("/v1/verifications", json=body).json()["token"]

        def ask(**rest: object) -> dict[str, Any]:
            return dict(client.post("/v1/tokens/introspect", json={"token": token, **rest}).raise_for_status().json())

        told = ask(nonce="nonce-of-mine")
        assert told["active"] is True
        assert told["claims"]["audience"] == AUDIENCE
        assert ask(nonce="nonce-of-another") == {"active": False, "code": "token_nonce"}
        assert ask(token=token[:-2]) == {"active": False, "code": "token_signature"}
        assert ask(token="x") == {"active": False, "code": "token_malformed"}
        answer = client.post("/v1/tokens/introspect", json={"token": token, "audience": "https://elsewhere.example"})
        assert code_of(answer) == (403, "audience_not_allowed")
    _, key = service.new_key("tokens:introspect", audiences=(AUDIENCE, "https://elsewhere.example"))
    with service.stranger(headers={"Authorization": f"Bearer {key}"}) as several:
        assert code_of(several.post("/v1/tokens/introspect", json={"token": token})) == (400, "invalid_input")
        other = several.post("/v1/tokens/introspect", json={"token": token, "audience": "https://elsewhere.example"})
        assert other.json() == {"active": False, "code": "token_audience"}


def test_the_page_needs_no_script_and_no_network(service: Running) -> None:
    """It shows every operation with a command, and loads nothing from anywhere."""
    with service.stranger() as client:
        page = client.get("/docs")
        paths = client.get("/openapi.json").json()["paths"]
    shown = html.unescape(page.text)
    for path, operations in paths.items():
        assert path in shown
        assert all(operation["summary"] in shown for operation in operations.values())
    assert not [word for word in ("<script", "src=", "https://cdn", "@import") if word in page.text]


def test_every_example_works_as_the_page_shows_it(service: Running) -> None:
    """Each command of the page, run as it stands with a sandbox key, gives the 2xx that it promises."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    _, key = service.new_key(sandbox=True)
    with service.stranger() as client:
        commands = re.findall(r"<pre>(curl.*?)</pre>", client.get("/docs").text, re.DOTALL)
    assert len(commands) >= 12
    with service.stranger(headers={"Authorization": f"Bearer {key}"}) as client:
        session = client.post("/v1/sessions", json=examples()["create_session"]["reference_sent_along"]["value"]).json()[
            "session_id"
        ]
        online = client.post("/v1/presentations/requests", json=examples()["request_presentation"]["online"]["value"]).json()
    assert session.startswith("ses_sandbox_")
    commands = [one.replace("{session_id}", session).replace("{request_id}", online["request_id"]) for one in commands]
    # An approved session, one that awaits a reviewer, a list, an offer, a second portrait, a person's wallet: the sandbox has none
    # to begin with.
    of_a_state = (
        "/redeem",
        "/v1/reviews/ses_",
        "/v1/status-lists/",
        "/v1/trust-list",
        "/offers/{offer_id}",
        "/portraits/{portrait_id}",
        "/v1/me/history",
    )
    for command in (one for one in commands if not any(part in one for part in of_a_state)):
        run = subprocess.run(
            ["bash", "-c", html.unescape(command).replace("curl -s", "curl -sf --noproxy '*'")],
            env={"IDVERIFY_URL": service.url, "IDVERIFY_KEY": key, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            timeout=30,
            check=False,
        )
        assert run.returncode == 0, (command, run.stdout[:300], run.stderr[:300])
