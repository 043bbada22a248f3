"""Duplicates over HTTP and at the command line, on real faces: who is told what, and what stays with the operator."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from idverify.acquisition import Acquirer
from idverify.api import app as composition
from idverify.api.app import Recogniser, compose
from idverify.ceremonies import Parts
from idverify.ceremonies.duplicate_index import DuplicateIndex, Mode
from idverify.ceremonies.duplicates import reported
from idverify.ceremonies.enrolment import enrol
from idverify.cli.main import build, run
from idverify.config import load_settings
from idverify.decision.policy import policies_from
from idverify.errors import ConfigurationInvalid
from idverify.inference.manifest import default_models_folder, load_pack
from idverify.registry.claims import Claims

from .support import code_of, enrolment, serving


@pytest.fixture
def searching(make_parts: Callable[..., Parts], tmp_path: Path) -> Callable[[Mode], Parts]:
    """An installation that searches for duplicates."""

    def make(mode: Mode) -> Parts:
        parts = make_parts(gallery_file=tmp_path / "gallery" / "references.sealed")
        return replace(parts, duplicates=DuplicateIndex(mode, parts.acquirer.embedding_digest, 512))

    return make


def test_only_a_client_with_the_scope_is_told_that_a_review_is_due(searching, samples: Path, tmp_path: Path) -> None:
    """Nobody is told whom the face resembles, nor how much; the sandbox is not searched; the index is kept at shutdown."""
    parts = searching("warn")
    photos = [(samples / name).read_bytes() for name in ("obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg")]
    with serving(parts, tmp_path) as service:
        writes, knows = service.client("subjects:write"), service.client("subjects:write", "subjects:duplicates")
        asked = [(knows, 0), (knows, 1), (writes, 2), (knows, 3)]
        answers = [client.post("/v1/subjects", json=enrolment(photos[at], f"A{at}")) for client, at in asked]
        assert [answer.json()["duplicate_check"] for answer in answers] == ["clear", "review", None, "clear"]
        ids = [answer.json()["subject_id"] for answer in answers]
        assert all(ids[0] not in answer.text and "score" not in answer.text for answer in answers[1:])
        assert [report.subject_id for report in reported(parts)] == [ids[1], ids[2]]
        with service.client("subjects:write", "subjects:duplicates", sandbox=True) as sandbox:
            for at in range(2):
                assert sandbox.post("/v1/subjects", json=enrolment(photos[at], f"S{at}")).json()["duplicate_check"] == "off"
        writes.close()
        knows.close()
    assert parts.gallery_file is not None
    assert parts.gallery_file.exists()


def test_block_answers_with_a_code_and_names_nobody(searching, samples: Path, tmp_path: Path) -> None:
    """409, the same to whoever may enrol; asking again under the key of the request asks anew, since nothing was made."""
    parts = searching("block")
    claims, first = Claims(), (samples / "obama.jpg").read_bytes()
    made = enrol(parts, identifier="A", claims=claims, legal_basis="consent", portrait=first, actor="tester")
    with serving(parts, tmp_path) as service, service.client() as client:
        again = enrolment((samples / "obama2.jpg").read_bytes(), "B")
        for _ in range(2):
            answer = client.post("/v1/subjects", json=again, headers={"Idempotency-Key": "the-same-key"})
            assert code_of(answer) == (409, "possible_duplicate")
            assert made.subject_id not in answer.text
        assert client.delete(f"/v1/subjects/{made.subject_id}").status_code == 204
        answer = client.post("/v1/subjects", json=again, headers={"Idempotency-Key": "the-same-key"})
        assert (answer.status_code, answer.json()["duplicate_check"]) == (201, "clear")


@pytest.fixture
def command(acquirer: Acquirer, monkeypatch, tmp_path: Path, capsys):
    """Runs a command on a development installation of its own; its exit code and the object that --json printed."""
    pack = load_pack(default_models_folder(), "default")
    policies = policies_from(pack.policies, acquirer.embedding_digest)
    recogniser = Recogniser(pack, acquirer.engine, acquirer, policies)
    monkeypatch.setattr(composition, "load_recogniser", lambda _settings: recogniser)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IDVERIFY_DATA_DIR", str(tmp_path / "data"))

    def call(*arguments):
        capsys.readouterr()
        code = run(build(), [*map(str, arguments), "--dev", "--json"])
        return code, json.loads(capsys.readouterr().out)

    return call


def test_an_operator_reviews_settles_and_reindexes_at_the_command_line(command, monkeypatch, samples: Path) -> None:
    """Exit 5 while something awaits a review, 0 afterwards; without a search there is no index."""

    def enrolled(name: str) -> dict[str, str]:
        asked = ("--subject", name, "--portrait", samples / f"{name}.jpg", "--legal-basis", "published_test_data")
        code, said = command("enrol", *asked)
        assert code == 0
        return said

    assert enrolled("biden")["duplicate_check"] == "off"
    assert command("registry", "reindex")[1]["error"]["code"] == "invalid_input"
    monkeypatch.setenv("IDVERIFY_DUPLICATES", "warn")
    first, second = enrolled("obama"), enrolled("obama2")
    assert (first["duplicate_check"], second["duplicate_check"]) == ("clear", "review")
    code, said = command("registry", "duplicates")
    (row,) = said["duplicates"]
    assert (code, row["subject_id"], row["others"], row["open"]) == (5, second["subject_id"], [first["subject_id"]], True)
    assert command("registry", "reindex") == (0, {"references": 3, "unsearchable": 0, "kept": True})
    assert command("registry", "erase", "--subject", "obama2", "--yes")[0] == 0
    assert command("registry", "duplicates") == (0, {"duplicates": []})
    code, said = command("registry", "duplicates", "--all")
    assert (code, [row["open"] for row in said["duplicates"]]) == (0, [False])


def test_block_is_refused_at_start_where_the_calibration_does_not_carry_it(command, monkeypatch, samples: Path) -> None:
    """The message says how large a gallery it carries, and what calibration would be needed."""
    asked = ("--portrait", samples / "biden.jpg", "--legal-basis", "published_test_data")
    assert command("enrol", "--subject", "A", *asked)[0] == 0
    monkeypatch.setattr("idverify.store.subjects.count", lambda _tx: 1000)
    monkeypatch.setenv("IDVERIFY_DUPLICATES", "block")
    code, said = command("verify", "--subject", "A", "--probe", samples / "biden.jpg")
    assert (code, said["error"]["code"]) == (4, "configuration_invalid")
    with pytest.raises(
        ConfigurationInvalid, match=r"for 1000 people.* with 2,450 people or more, or set IDVERIFY_DUPLICATES=warn"
    ):
        compose(load_settings(env="dev"))
