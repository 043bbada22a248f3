"""/v1/subjects/{id}/portraits over a real socket, with the real models."""

import os
from pathlib import Path

import pytest
from sqlalchemy import text

from .support import Running, asked, code_of, enrolment, in_base64


def portrait(samples: Path, name: str, **rest: object) -> dict[str, object]:
    """The body of an addition."""
    return {"portrait": in_base64((samples / name).read_bytes()), "source": "identity_card", **rest}


@pytest.fixture
def path(service: Running, samples: Path) -> str:
    """Of the portraits of a new subject: obama.jpg."""
    with service.client("subjects:write") as client:
        body = enrolment((samples / "obama.jpg").read_bytes(), f"several-{os.urandom(4).hex()}")
        return f"/v1/subjects/{client.post('/v1/subjects', json=body).raise_for_status().json()['subject_id']}/portraits"


def test_portraits_are_added_listed_and_removed_and_no_picture_comes_out(service: Running, samples: Path, path: str) -> None:
    """Three photographs of one man of several years; verified against all, and against what is left."""
    subject_id = path.split("/")[3]
    with service.client() as client:
        added = client.post(path, json=portrait(samples, "obama3.jpg", source="renewal"))
        assert (added.status_code, added.json()["source"], added.json()["duplicate_check"]) == (201, "renewal", "off")
        listed = client.get(path).json()["portraits"]
        assert [one["source"] for one in listed] == ["enrolment", "renewal"]
        assert [set(one) for one in listed] == [{"portrait_id", "added_at", "source"}] * 2
        assert listed[1]["portrait_id"] == added.json()["portrait_id"]
        probe = (samples / "obama2.jpg").read_bytes()
        for _ in range(2):
            decided = client.post("/v1/verifications", json=asked(probe, subject_id=subject_id)).json()["decision"]
            assert decided == "accepted"
            gone = client.delete(f"{path}/first")
        assert code_of(gone) == (404, "portrait_not_found")
        last = listed[1]["portrait_id"]
        assert code_of(client.delete(f"{path}/{last}")) == (409, "portrait_limit")
        stranger = (samples / "biden.jpg").read_bytes()
        assert client.post("/v1/verifications", json=asked(stranger, subject_id=subject_id)).json()["decision"] == "rejected"


def test_another_mans_photograph_is_refused_without_a_word_on_how_near_it_came(
    service: Running, samples: Path, path: str
) -> None:
    """And the record is as it was."""
    with service.client() as client:
        answer = client.post(path, json=portrait(samples, "biden.jpg"))
        assert code_of(answer) == (409, "portrait_mismatch")
        assert set(answer.json()) == {"type", "title", "status", "code", "detail", "request_id"}
        assert not any(character.isdigit() for character in answer.json()["detail"])
        assert len(client.get(path).json()["portraits"]) == 1


def test_an_addition_under_its_key_happens_once_and_costs_one_attempt(service: Running, samples: Path, path: str) -> None:
    """Sent again it gets the first answer; on another subject the key is taken."""
    key = {"Idempotency-Key": f"add-{os.urandom(4).hex()}"}
    body = portrait(samples, "obama2.jpg")
    with service.client("subjects:write", "subjects:read") as client:
        first, again = (client.post(path, json=body, headers=key) for _ in range(2))
        other = client.post("/v1/subjects/sub_" + "0" * 32 + "/portraits", json=body, headers=key)
        unkeyed = client.post(path, json=body)
        assert len(client.get(path).json()["portraits"]) == 2
    assert (first.status_code, again.content, again.headers["Idempotency-Replayed"]) == (201, first.content, "true")
    assert first.json()["duplicate_check"] is None, "without the scope subjects:duplicates"
    assert code_of(other) == (409, "idempotency_conflict")
    assert code_of(unkeyed) == (409, "portrait_exists")
    with service.parts.store.reading() as tx:
        count = text("SELECT count(*) FROM attempts WHERE subject_id = :subject")
        assert tx.execute(count, {"subject": path.split("/")[3]}).scalar() == 2


@pytest.mark.parametrize(
    "change",
    [{"source": "enrolment"}, {"source": None}, {"source": 7}, {"portrait": "x y"}, {"policy": "fmr-1e-2"}, {"weight": 9}],
)
def test_an_addition_with_a_bad_field_is_refused(service: Running, samples: Path, path: str, change: dict[str, object]) -> None:
    """Whoever adds chooses neither threshold nor weight."""
    with service.client("subjects:write") as client:
        assert code_of(client.post(path, json={**portrait(samples, "obama2.jpg"), **change})) == (400, "invalid_input")


def test_the_sandbox_takes_sample_photographs_only(service: Running, samples: Path) -> None:
    """Nobody real gets in as a second portrait either; its subject is the sandbox's own."""
    path = "/v1/subjects/sandbox/portraits"
    real = in_base64((samples / "obama2.jpg").read_bytes() + b"\0")
    with service.client(sandbox=True) as client:
        assert code_of(client.post(path, json={"portrait": real, "source": "other"})) == (400, "invalid_input")
        assert client.post(path, json=portrait(samples, "obama2.jpg")).status_code == 201
        assert code_of(client.post(path, json=portrait(samples, "biden.jpg"))) == (409, "portrait_mismatch")
        assert client.delete(f"{path}/first").status_code == 204
        assert len(client.get(path).json()["portraits"]) == 1
