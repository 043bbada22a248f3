"""The OpenAPI document against the service: schemathesis tries to break it, and every documented answer is seen."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from ceremonies.issued import LICENCE, Wallet, in_person
from ceremonies.live import Capture, enrolled
from credentials.proofs import dpop
from phone import SAMPLES, VERIFIER

from idverify.api.limits import TWO_IMAGE_BODY
from idverify.api.openapi import examples
from idverify.ceremonies import Parts
from idverify.ceremonies.documents import put_document
from idverify.ceremonies.history import PATH as HISTORY
from idverify.ceremonies.history import history_url
from idverify.ceremonies.review import answer, view
from idverify.ceremonies.statuses import allocate
from idverify.ceremonies.trust_publication import NOWHERE, Scheme, own_entity, publish
from idverify.decision.profile import Band
from idverify.errors import Overloaded
from idverify.store import clients

from .support import AUDIENCE, Running, asked, code_of, enrolment, in_base64, serving
from .test_stream import body as session_body

Seen = set[tuple[str, str, int]]
_REQUESTS = re.compile(r'idverify_requests_total\{code="[^"]*",method="([A-Z]+)",route="([^"]+)",status="(\d+)"\}')


def seen_by(service: Running) -> Seen:
    """Method, route and status of every answer so far, by the service's own count."""
    found = _REQUESTS.findall(service.app.state.service.metrics.exposition().decode())
    return {(method, route, int(status)) for method, route, status in found}


def documented(document: dict[str, Any]) -> Seen:
    """Method, route and status of every answer that the document promises."""
    return {
        (method.upper(), route, int(status))
        for route, operations in document["paths"].items()
        for method, operation in operations.items()
        for status in operation["responses"]
    }


@pytest.fixture(scope="module")
def document(service: Running) -> dict[str, Any]:
    """The service's own OpenAPI document."""
    with service.stranger() as client:
        return dict(client.get("/openapi.json").json())


def test_schemathesis(service: Running, document: dict[str, Any], samples: Path, tmp_path: Path) -> None:
    """With a key of every scope and seeded subjects: each operation answers 2xx, nothing answers 5xx or off the document."""
    with service.client() as client:
        for name, path, method in (
            ("read", "/v1/subjects/{subject_id}", "get"),
            ("erase", "/v1/subjects/{subject_id}", "delete"),
            ("file", "/v1/subjects/{subject_id}/documents/{type_name}", "put"),
            ("show", "/v1/subjects/{subject_id}/documents/{type_name}", "get"),
            ("add", "/v1/subjects/{subject_id}/portraits", "post"),
            ("list", "/v1/subjects/{subject_id}/portraits", "get"),
            ("remove", "/v1/subjects/{subject_id}/portraits/{portrait_id}", "delete"),
        ):
            made = client.post("/v1/subjects", json=enrolment((samples / "obama.jpg").read_bytes(), f"seeded for {name}"))
            document["paths"][path][method]["parameters"][0]["example"] = made.json()["subject_id"]
            if name == "remove":
                second = {"portrait": in_base64((samples / "obama3.jpg").read_bytes()), "source": "renewal"}
                client.post(f"/v1/subjects/{made.json()['subject_id']}/portraits", json=second).raise_for_status()
        put_document(service.parts, made.json()["subject_id"], "driving_licence", LICENCE, actor="tester")
        offer = dict(next(iter(examples()["offer_credentials"].values()))["value"], subject_id=made.json()["subject_id"])
        media = document["paths"]["/v1/credentials/offers"]["post"]["requestBody"]["content"]["application/json"]
        media["examples"]["in_person"]["value"] = offer
        offered = client.post("/v1/credentials/offers", json=offer).raise_for_status().json()["offer_uri"]
        document["paths"]["/v1/credentials/offers/{offer_id}"]["get"]["parameters"][0]["example"] = offered.rpartition("/")[2]
        made = client.post("/v1/subjects", json=enrolment((samples / "obama.jpg").read_bytes(), "seeded for verify"))
        media = document["paths"]["/v1/verifications"]["post"]["requestBody"]["content"]["application/json"]
        for example in media["examples"].values():
            if "subject_id" in example["value"]:
                example["value"]["subject_id"] = made.json()["subject_id"]
    client_id, key = service.new_key()
    own = own_entity(service.parts, frozenset({"urn:idverify:vct:identity-card:1"}), "City of Test", NOWHERE)
    publish(service.parts, Scheme({"en": "City of Test"}, NOWHERE, (own,)), actor="tester")
    seed_sessions(service.parts, client_id, document)
    with service.stranger(headers={"Authorization": f"Bearer {key}"}) as same:
        online = examples()["request_presentation"]["online"]["value"]
        request_id = same.post("/v1/presentations/requests", json=online).raise_for_status().json()["request_id"]
    result = document["paths"]["/v1/presentations/requests/{request_id}"]["get"]
    result["parameters"][0]["example"] = request_id
    document["paths"]["/v1/status-lists/{number}"]["get"]["parameters"][0]["example"] = seeded_list(service.parts)
    read_own_history(service, client_id, made.json()["subject_id"])
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    run = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            "run",
            str(tmp_path / "openapi.json"),
            f"--url={service.url}",
            f"--header=Authorization:Bearer {key}",
            "--phases=examples,coverage,fuzzing",
            "--exclude-checks=positive_data_acceptance",
            "--max-examples=10",
            "--seed=2026",
            "--no-color",
            "--continue-on-failure",
            "--request-timeout=20",
        ],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=tmp_path,
        env={**os.environ, "NO_PROXY": "*"},
        check=False,
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    seen = seen_by(service)
    assert {answer for answer in seen if answer[2] >= 500} == set()
    good = {(method, route) for method, route, status in seen if status < 300}
    assert {(method, route) for method, route, _ in documented(document)} <= good


def read_own_history(service: Running, client_id: str, subject_id: str) -> None:
    """As a person's wallet does: no tool that has a client's key can."""
    with service.parts.store.reading() as tx:
        client = clients.by_id(tx, client_id)
    wallet = Wallet(service.parts).accept(in_person(service.parts, client, subject_id, audience=AUDIENCE))
    proof = dpop(wallet.device, history_url(service.parts), service.parts.now(), htm="GET", token=wallet.access)
    with service.stranger(headers={"Authorization": f"DPoP {wallet.access}", "DPoP": proof}) as person:
        person.get(HISTORY).raise_for_status()


def seeded_list(parts: Parts) -> str:
    """Number of a status list."""
    with parts.store.transaction() as tx:
        facts = {"credential_id": "c", "subject_id": "s", "type_name": "identity_card", "expires_at": parts.now() + 1000}
        return allocate(parts, tx, **facts, bits=1, count=1)[0].uri.rsplit("/", 1)[1]


def seed_sessions(parts: Parts, client_id: str, document: dict[str, Any]) -> None:
    """A session for each operation on one, in the state that it needs, and its id and body as the document's example."""
    with parts.store.reading() as tx:
        client = clients.by_id(tx, client_id)
    assert client is not None
    subject_id = enrolled(parts, (SAMPLES / "obama2.jpg").read_bytes(), "seeded for sessions")
    always_borderline = {**parts.profiles, "passive": replace(parts.profiles["passive"], pad=Band(2.0, 0.0))}
    reviewed = replace(parts, profiles=always_borderline)
    for name, path, method, state in (
        ("read", "/v1/sessions/{session_id}", "get", "created"),
        ("cancel", "/v1/sessions/{session_id}", "delete", "created"),
        ("redeem", "/v1/sessions/{session_id}/redeem", "post", "approved"),
        ("view", "/v1/reviews/{session_id}", "get", "review"),
        ("answer", "/v1/reviews/{session_id}/answer", "post", "review"),
        ("decide", "/v1/reviews/{session_id}/decision", "post", "review"),
    ):
        made = Capture(reviewed if state == "review" else parts, client=client, subject_id=subject_id)
        if state != "created":
            made.begin()
            made.connect().until("result")
            assert made.look().status == state
        if name in {"answer", "decide"}:
            view(parts, client, made.session_id)
        if name == "decide":
            answer(parts, client, made.session_id, same_person=True)
        operation = document["paths"][path][method]
        operation["parameters"][0]["example"] = made.session_id
        if name == "redeem":
            body = {"code": made.phone.result["code"], "verifier": VERIFIER}
            operation["requestBody"]["content"]["application/json"]["examples"]["refused"]["value"] = body


@dataclass(frozen=True)
class Provoker:
    """Gets each documented refusal out of an operation of a service that is short of patience."""

    service: Running
    guarded: Running
    subject: str
    session: str
    key: str
    photo: bytes

    def answer(self, method: str, route: str, status: int, *, keyed: bool) -> httpx.Response:
        """An answer that should have that status."""
        named = route.replace("{type_name}", "driving_licence").replace("{portrait_id}", "first")
        path = named.replace("{subject_id}", self.subject).replace("{session_id}", self.session)
        unknown = named.replace("{subject_id}", "sub_" + "0" * 32).replace("{session_id}", "ses_" + "0" * 32)
        typed = {"Content-Type": "application/json"}
        headers = {"Authorization": f"Bearer {self.key}"}
        with self.service.stranger(headers=headers) as client, self.service.stranger() as stranger:
            match status:
                case 400 if route == HISTORY:
                    return client.get(path, params={"limit": "0"})
                case 400:
                    return client.request(method, path, json={"unknown": 1})
                case 401:
                    return stranger.request(method, path)
                case 403 if keyed and route != HISTORY:
                    with self.service.client("subjects:write" if route == "/metrics" else "metrics:read") as other:
                        return other.request(method, path)
                case 403:
                    with self.guarded.stranger() as plain:
                        return plain.request(method, path)
                case 404 if method == "POST" and "{" not in route:
                    return client.post(path, json=self.body(route, subject_id="sub_" + "0" * 32))
                case 404 if method in {"POST", "PUT"}:
                    return client.request(method, unknown, json=self.body(route))
                case 404:
                    return client.request(method, unknown)
                case 408:
                    return client.request(method, path, content=trickle(), headers=typed)
                case 409 if "session_id" in route:
                    client.delete(f"/v1/sessions/{self.session}")
                    return client.request(method, path, json=self.body(route) if method == "POST" else None)
                case 409 if method == "DELETE":
                    return client.delete(path)
                case 409 if route == "/v1/credentials/offers":
                    return client.post(path, json={"types": ["identity_card"], "session_id": self.session})
                case 409:
                    key = {"Idempotency-Key": "used-by-another"}
                    client.post(path, json=self.body(route), headers=key)
                    return client.post(path, content=json.dumps(self.body(route), indent=1), headers=typed | key)
                case 413:
                    return client.request(method, path, content=b" " * (TWO_IMAGE_BODY + 1), headers=typed)
                case 415:
                    return client.request(method, path, content=b"<xml/>", headers={"Content-Type": "application/xml"})
                case 422 if "{type_name}" in route:
                    unknown = path.replace("driving_licence", "library_card")
                    return client.request(method, unknown, json=self.body(route))
                case 422 if route == "/v1/presentations/requests":
                    return client.post(path, json={"credentials": [{"type": "library_card"}]})
                case 422 if route == "/v1/credentials/offers":
                    return client.post(path, json=self.body(route, types=["library_card"]))
                case 422:
                    bad = in_base64(b"text")
                    return client.post(path, json=self.body(route, **{_PICTURE[route]: bad}))
                case 429:
                    with ExitStack() as full:
                        while True:
                            try:
                                full.enter_context(self.service.app.state.service.in_flight.held())
                            except Overloaded:
                                return client.request(method, path)
        raise AssertionError(f"no way is known to get {status} out of {method} {route}")

    def body(self, route: str, **rest: object) -> dict[str, object]:
        """A body that works."""
        if route == "/v1/subjects":
            return enrolment(self.photo, "provoked", **rest)
        if route == "/v1/sessions":
            named = {} if "reference" in rest else {"subject_id": self.subject}
            return {**session_body(**named), **rest}
        operation = _OPERATIONS.get(route.rsplit("/", 1)[1])
        if operation is not None:
            mine = {"subject_id": self.subject} if operation == "offer_credentials" else {}
            return {**next(iter(examples()[operation].values()))["value"], **mine, **rest}
        return {**asked(self.photo, subject_id=self.subject), **rest}


_PICTURE = {
    "/v1/subjects": "portrait",
    "/v1/subjects/{subject_id}/portraits": "portrait",
    "/v1/verifications": "probe",
    "/v1/sessions": "reference",
}
_OPERATIONS = {
    "redeem": "redeem_session",
    "answer": "answer_review",
    "decision": "decide_review",
    "{type_name}": "put_document",
    "offers": "offer_credentials",
    "portraits": "add_portrait",
}


def trickle() -> Iterator[bytes]:
    """A body that takes too long."""
    for _ in range(20):
        yield b" "
        time.sleep(0.05)


def test_every_documented_refusal_is_seen(
    make_parts: Callable[..., Parts], document: dict[str, Any], samples: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each 4xx of each operation in the document can be had, as a problem document with a code that the document names."""
    photo = (samples / "obama2.jpg").read_bytes()
    with (
        serving(make_parts(), tmp_path_factory.mktemp("impatient"), body_seconds=0.3) as service,
        serving(make_parts(), tmp_path_factory.mktemp("guarded"), require_tls=True) as guarded,
        service.client() as client,
    ):
        subject = client.post("/v1/subjects", json=enrolment(photo, "seeded")).json()["subject_id"]
        _, key = service.new_key()
        with service.stranger(headers={"Authorization": f"Bearer {key}"}) as same:
            session = same.post("/v1/sessions", json=session_body(subject_id=subject)).json()["session_id"]
        provoker = Provoker(service, guarded, subject, session, key, photo)
        for method, route, status in sorted(documented(document)):
            if 400 <= status < 500:
                operation = document["paths"][route][method.lower()]
                found, code = code_of(provoker.answer(method, route, status, keyed="security" in operation))
                assert found == status, (method, route, status)
                assert code in operation["responses"][str(status)]["description"]
