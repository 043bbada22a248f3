"""Idempotency keys over a real socket."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from idverify.ceremonies import Parts

from .support import Running, asked, code_of, enrolment, in_base64, serving


def test_an_idempotency_key_gives_the_first_answer_again(service: Running, subject: str, samples: Path) -> None:
    """The same request under the same key is answered with the same token, without another attempt; it is stored sealed."""
    body = asked((samples / "obama2.jpg").read_bytes(), subject_id=subject)
    key = {"Idempotency-Key": "order-66-attempt-1"}
    with service.client() as client, service.client() as other:
        first = client.post("/v1/verifications", json=body, headers=key)
        again = client.post("/v1/verifications", json=body, headers=key)
        elsewhere = other.post("/v1/verifications", json=body, headers=key)
        changed = client.post("/v1/verifications", json={**body, "nonce": "another-one"}, headers=key)
        route = client.post("/v1/subjects", json=body, headers=key)
    assert again.content == first.content
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    assert elsewhere.json()["transaction_id"] != first.json()["transaction_id"]
    assert code_of(changed) == (409, "idempotency_conflict")
    assert code_of(route)[0] in (400, 409)
    with service.parts.store.reading() as tx:
        stored = b"".join(bytes(row.body) for row in tx.execute(text("SELECT body FROM idempotency WHERE body IS NOT NULL")))
    assert first.json()["token"].encode()[:30] not in stored


def test_a_request_that_failed_can_be_sent_again_under_its_key(service: Running, samples: Path) -> None:
    """An error is not stored: the same key works once the photograph does."""
    key = {"Idempotency-Key": "retry-me-please"}
    with service.client() as client:
        bad = client.post("/v1/subjects", json=enrolment(b"no picture", "retried"), headers=key)
        good = client.post("/v1/subjects", json=enrolment((samples / "obama.jpg").read_bytes(), "retried"), headers=key)
    assert (bad.status_code, good.status_code) == (422, 201)


def test_a_concurrent_duplicate_is_refused(service: Running, samples: Path) -> None:
    """Of simultaneous requests under one key one is carried out; the others meet it running, or get its answer."""
    body = enrolment((samples / "obama.jpg").read_bytes(), "all at once")
    with service.client() as client, ThreadPoolExecutor(6) as pool:

        def send(_: int) -> httpx.Response:
            return client.post("/v1/subjects", json=body, headers={"Idempotency-Key": "all-at-once"})

        answers = list(pool.map(send, range(6)))
    made = {answer.json()["subject_id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    assert {code_of(answer) for answer in answers if answer.status_code != 201} <= {(409, "idempotency_conflict")}


@pytest.mark.parametrize("key", ["", "short", "x" * 256, "with space here"])
def test_a_malformed_idempotency_key_is_refused(service: Running, key: str) -> None:
    """8 to 255 visible ASCII characters."""
    with service.client() as client:
        answer = client.post("/v1/verifications", json={}, headers={"Idempotency-Key": key})
    assert code_of(answer) == (400, "invalid_input")


def test_after_a_day_a_key_is_free_again(make_parts: Callable[..., Parts], tmp_path: Path, samples: Path) -> None:
    """The stored answer is deleted when its time has come, and the request is carried out anew."""
    hours = [0.0]
    parts = make_parts(now=lambda: time.time() + 3600 * hours[0])
    body = asked((samples / "obama2.jpg").read_bytes(), reference=in_base64((samples / "obama.jpg").read_bytes()))
    with serving(parts, tmp_path) as service, service.client() as client:

        def transaction() -> str:
            answer = client.post("/v1/verifications", json=body, headers={"Idempotency-Key": "the-same-key"})
            return str(answer.json()["transaction_id"])

        first = transaction()
        hours[0] = 23.9
        assert transaction() == first
        hours[0] = 24.1
        assert transaction() != first


def test_a_stored_answer_that_was_moved_does_not_open(service: Running, samples: Path) -> None:
    """Whoever swaps stored answers in the database gets a 500, not another client's token."""
    body = asked((samples / "obama2.jpg").read_bytes(), reference=in_base64((samples / "obama.jpg").read_bytes()))
    keys = [{"Idempotency-Key": f"swapped-{number}"} for number in (1, 2)]
    with service.client() as client:
        first, _ = (client.post("/v1/verifications", json=body, headers=key) for key in keys)
        with service.parts.store.transaction() as tx:
            moved = (
                "UPDATE idempotency SET body = (SELECT body FROM idempotency WHERE key = 'swapped-1') WHERE key = 'swapped-2'"
            )
            tx.execute(text(moved))
        again = [client.post("/v1/verifications", json=body, headers=key) for key in keys]
    assert again[0].content == first.content
    assert code_of(again[1]) == (500, "internal")
