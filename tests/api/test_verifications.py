"""POST /v1/verifications over a real socket."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from idverify.api.schemas import VerificationIn, parse
from idverify.ceremonies import Limits, Parts
from idverify.credentials import verdict
from idverify.errors import InvalidInput
from idverify.keys import Signer

from .support import AUDIENCE, PURPOSE, Running, asked, code_of, enrolment, in_base64, serving

SAYS_TOO_MUCH = ("score", "margin", "threshold", "similar", "reason", "template", "pad_", "cosine", "fnmr")


def names_in(document: Any) -> Iterator[str]:
    """Every member name in a JSON document."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield name
            yield from names_in(value)
    elif isinstance(document, list):
        for item in document:
            yield from names_in(item)


def test_the_same_man_is_accepted_and_his_token_holds_for_its_audience(service: Running, subject: str, samples: Path) -> None:
    """A probe from another occasion is accepted, and the token validates against the published keys, with the nonce."""
    body = asked((samples / "obama2.jpg").read_bytes(), subject_id=subject, nonce="fresh-nonce")
    with service.client("verifications:create") as client:
        answer = client.post("/v1/verifications", json=body)
        keys = client.get("/.well-known/jwks.json").json()
    assert answer.status_code == 200
    told = answer.json()
    assert told["decision"] == "accepted"
    assert told["policy"]["target_fmr"] == 1e-4
    claims = verdict.validate(told["token"], keys, audience=AUDIENCE, nonce="fresh-nonce", now=time.time())
    assert claims.transaction_id == told["transaction_id"]
    assert claims.subject not in (None, subject)
    assert claims.purpose == PURPOSE


def test_another_man_is_rejected_and_told_no_more_than_that(service: Running, subject: str, samples: Path) -> None:
    """A non-match is an answer without token, reasons or score."""
    with service.client("verifications:create") as client:
        answer = client.post("/v1/verifications", json=asked((samples / "biden.jpg").read_bytes(), subject_id=subject))
    told = answer.json()
    assert (answer.status_code, told["decision"], told["token"], told["retake"]) == (200, "rejected", None, [])


def test_no_answer_says_anything_that_helps_to_climb(service: Running, subject: str, samples: Path) -> None:
    """Accepted, rejected and refused answers alike have no member that names a score, a margin or a failed check."""
    with service.client() as client:
        for probe in ("obama2.jpg", "biden.jpg"):
            answers = [
                client.post("/v1/verifications", json=asked((samples / probe).read_bytes(), subject_id=subject)),
                client.post("/v1/verifications", json=asked((samples / probe).read_bytes(), subject_id="sub_" + "0" * 32)),
                client.get(f"/v1/subjects/{subject}"),
            ]
            for answer in answers:
                told = [name for name in names_in(answer.json()) if any(word in name for word in SAYS_TOO_MUCH)]
                assert told == []


def test_a_reference_sent_along_names_nobody(service: Running, samples: Path) -> None:
    """The token of a comparison with the caller's own reference carries its digest and no registry subject."""
    body = asked((samples / "obama2.jpg").read_bytes(), reference=in_base64((samples / "obama.jpg").read_bytes()))
    with service.client("verifications:create") as client:
        token = client.post("/v1/verifications", json=body).json()["token"]
    claims = verdict.validate(token, service.parts.signing.jwks(), audience=AUDIENCE, now=time.time())
    assert (claims.reference_source, claims.subject) == ("caller", None)


def test_an_evaluation_client_sees_scores_but_no_registry_subject(service: Running, subject: str, samples: Path) -> None:
    """The scope `evaluation` adds the score of a comparison with a reference sent along, and refuses subjects."""
    probe, reference = (samples / "obama2.jpg").read_bytes(), in_base64((samples / "obama.jpg").read_bytes())
    with service.client("verifications:create", "evaluation") as client:
        seen = client.post("/v1/verifications", json=asked(probe, reference=reference))
        refused = client.post("/v1/verifications", json=asked(probe, subject_id=subject))
        ready = client.get("/readyz").json()
    assert 0.41 < seen.json()["comparison_score"] <= 1
    assert (seen.json()["pack"], seen.json()["provider"]) == (ready["pack"], ready["provider"])
    assert code_of(refused) == (403, "scope_missing")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"audience": "https://elsewhere.example"}, 403, "audience_not_allowed"),
        ({"purpose": "curiosity"}, 403, "purpose_not_allowed"),
        ({"policy": "fmr-1e-99"}, 422, "policy_unknown"),
        ({"subject_id": "sub_" + "0" * 32}, 404, "subject_not_found"),
        ({"subject_id": "../etc/passwd"}, 404, "subject_not_found"),
        ({"subject_id": None}, 400, "invalid_input"),
        ({"reference": "AAAA"}, 400, "invalid_input"),
        ({"nonce": "short"}, 400, "invalid_input"),
        ({"probe": "https://photos.example/me.jpg"}, 400, "invalid_input"),
        ({"probe": "data:image/jpeg;base64,AAAA"}, 400, "invalid_input"),
        ({"probe": 7}, 400, "invalid_input"),
        ({"threshold": 0.1}, 400, "invalid_input"),
    ],
)
def test_what_a_client_may_not_ask_is_refused_with_its_code(
    service: Running, subject: str, samples: Path, change: dict[str, object], status: int, code: str
) -> None:
    """Foreign audiences and purposes, unknown policies and subjects, and malformed fields each have their code."""
    body = {**asked((samples / "obama2.jpg").read_bytes(), subject_id=subject), **change}
    with service.client("verifications:create") as client:
        assert code_of(client.post("/v1/verifications", json=body)) == (status, code)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"probe": NaN}',
        b'{"probe": "\xff"}',
        b'{"probe": "\\ud800"}',
        b"\x00" * 100,
        b'{"probe": "AAAA", ' + b'"' + b"x" * 50_000 + b'": 1}',
    ],
    ids=["empty", "null", "deep list", "deep object", "NaN", "not UTF-8", "half a surrogate pair", "zeros", "long name"],
)
def test_a_body_that_is_no_request_is_refused_shortly(service: Running, body: bytes) -> None:
    """Malformed and hostile JSON gets a short 400 that does not repeat it."""
    with service.client("verifications:create") as client:
        answer = client.post("/v1/verifications", content=body, headers={"Content-Type": "application/json"})
    assert code_of(answer) == (400, "invalid_input")
    assert len(answer.content) < 2000


@pytest.mark.parametrize("shape", ["members", "list"])
def test_a_body_of_a_million_members_costs_little(shape: str) -> None:
    """JSON that is small to send and large to hold is refused before it is parsed."""
    members = b",".join(b'"%x":1' % number for number in range(1_000_000))
    body = b"{" + members + b"}" if shape == "members" else b'{"probe":[' + b"1," * 5_000_000 + b"1]}"
    began = time.process_time()
    with pytest.raises(InvalidInput, match="too many members"):
        parse(VerificationIn, body)
    assert time.process_time() - began < 0.5


def test_a_lock_out_at_one_client_is_not_one_at_another(
    make_parts: Callable[..., Parts], tmp_path: Path, samples: Path
) -> None:
    """Attempts run out per client and subject with 429 and Retry-After; another client's still count."""
    parts = make_parts(limits=Limits(client_subject=2, subject=50, window_seconds=3600))
    with serving(parts, tmp_path) as service, service.client() as first, service.client() as second:
        body = enrolment((samples / "obama.jpg").read_bytes(), "someone")
        subject_id = first.post("/v1/subjects", json=body).json()["subject_id"]
        probe = asked((samples / "biden.jpg").read_bytes(), subject_id=subject_id)
        statuses = [first.post("/v1/verifications", json=probe).status_code for _ in range(2)]
        refused = first.post("/v1/verifications", json=probe)
        elsewhere = second.post("/v1/verifications", json=probe)
    assert statuses == [200, 200]
    assert code_of(refused) == (429, "attempts_exhausted")
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert elsewhere.status_code == 200


class _LockingSigner:
    """A signer during whose signature another process takes the database and keeps it."""

    def __init__(self, signer: Signer, take: Callable[[], None]) -> None:
        self._signer, self._take = signer, take

    def sign(self, data: bytes) -> bytes:
        signature = self._signer.sign(data)
        self._take()
        return signature

    def __getattr__(self, name: str) -> Any:
        return getattr(self._signer, name)


class _LockingKeys:
    def __init__(self, keys: Any, take: Callable[[], None]) -> None:
        self._keys, self._take = keys, take

    @property
    def current(self) -> _LockingSigner:
        return _LockingSigner(self._keys.current, self._take)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._keys, name)


@dataclass(frozen=True)
class Database:
    """A database that can be taken away and given back."""

    url: str
    take: Callable[[], None]
    give: Callable[[], None]


@pytest.fixture(params=["another process locks the SQLite file", "the PostgreSQL server cuts everyone off"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """One of each kind."""
    if "SQLite" in request.param:
        file = tmp_path / "data.db"
        with closing(sqlite3.connect(file, check_same_thread=False, isolation_level=None)) as other:
            take, give = (partial(other.execute, statement) for statement in ("BEGIN EXCLUSIVE", "ROLLBACK"))
            yield Database(f"sqlite:///{file}", take, give)  # type: ignore[arg-type]
        return
    server = request.getfixturevalue("postgresql")
    name = server.new_database()
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    take = partial(server.execute, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", cut)
    yield Database(server.url(name), take, partial(server.execute, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))


def test_no_token_leaves_when_the_database_goes_between_decision_and_audit(
    make_parts: Callable[..., Parts], database: Database, tmp_path: Path, samples: Path
) -> None:
    """The token was signed, the audit could not be committed: 503 without a token; back again, the service goes on."""
    taken: list[bool] = []

    def take() -> None:
        if taken == [False]:
            database.take()
            taken[:] = [True]

    parts = make_parts(url=database.url)
    parts = replace(parts, signing=_LockingKeys(parts.signing, take))
    with serving(parts, tmp_path, head_seconds=3600) as service, service.client() as client:
        body = enrolment((samples / "obama.jpg").read_bytes(), "someone")
        subject_id = client.post("/v1/subjects", json=body).json()["subject_id"]
        probe = asked((samples / "obama2.jpg").read_bytes(), subject_id=subject_id)
        taken.append(False)
        answer = client.post("/v1/verifications", json=probe)
        assert taken == [True], "the signature was not reached"
        database.give()
        again = client.post("/v1/verifications", json=probe)
        kept = client.get(f"/v1/subjects/{subject_id}")
    assert code_of(answer) == (503, "store_unavailable")
    assert b"eyJ" not in answer.content
    assert "detail" not in answer.json()
    assert again.json()["decision"] == "accepted"
    assert kept.json()["identifier"] == "someone"
