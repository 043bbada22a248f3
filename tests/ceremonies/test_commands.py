"""The command groups of registry, audit and backup, in process, on an installation with simulated models."""

import hashlib
import json
import os
import shutil
from dataclasses import replace

import pytest
from sqlalchemy import delete

from idverify.api import app as composition
from idverify.ceremonies.audit_head import write_head
from idverify.cli.installation import OPERATOR
from idverify.cli.main import build, run
from idverify.config import load_settings
from idverify.decision.policy import policies_from
from idverify.decision.profile import TEMPLATE, find_profile, profiles_for
from idverify.decision.profiles import PROFILES
from idverify.errors import ConfigurationInvalid, PolicyUnknown
from idverify.evaluation.operating_points import as_toml
from idverify.inference.manifest import default_models_folder, describe_pack
from idverify.keys.file import create_kek_file
from idverify.store import Store, audit
from idverify.store.tables import audit_events

from .conftest import MODEL
from .installed import enrolled


@pytest.fixture
def command(parts, make_parts, monkeypatch, tmp_path, capsys):
    """Runs a command; its exit code and the object that --json printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IDVERIFY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("IDVERIFY_KEK_FILE", str(tmp_path / "kek"))
    monkeypatch.setattr(composition, "compose", lambda _settings, create: make_parts())

    def call(*arguments):
        capsys.readouterr()
        code = run(build(), [*map(str, arguments), "--dev", "--json"])
        return code, json.loads(capsys.readouterr().out)

    return call


def test_enrol_prints_the_opaque_id_and_refuses_a_second_time(command, tmp_path):
    """Exit 0, then 3 with the code."""
    (tmp_path / "a.jpg").write_bytes(b"portrait")
    asked = ("enrol", "--subject", "A", "--portrait", tmp_path / "a.jpg", "--legal-basis", "consent", "--name", "Ann")
    code, said = command(*asked)
    assert code == 0
    assert said["subject_id"].startswith("sub_")
    code, said = command(*asked)
    assert (code, said["error"]["code"]) == (3, "subject_exists")


@pytest.mark.parametrize(
    ("option", "value"), [("--portrait", "missing.jpg"), ("--legal-basis", "why not"), ("--date-of-birth", "1.2.1990")]
)
def test_enrol_refuses_an_unusable_value(command, tmp_path, option, value):
    """Exit 3."""
    (tmp_path / "a.jpg").write_bytes(b"portrait")
    options = {"--subject": "A", "--portrait": "a.jpg", "--legal-basis": "consent", option: value}
    code, said = command("enrol", *(word for pair in options.items() for word in pair))
    assert (code, said["error"]["code"]) == (3, "invalid_input")


def test_import_reports_refused_rows_and_is_safe_to_repeat(command, tmp_path):
    """In CSV and JSON, 0600, and no cell that a spreadsheet would run."""
    (tmp_path / "im").mkdir()
    (tmp_path / "im" / "a.jpg").write_bytes(b"portrait")
    (tmp_path / "p.csv").write_text("identifier,file,legal_basis\nA,a.jpg,consent\nB,=cmd(),consent\n")
    for report, counts in (("r.csv", (1, 0, 1)), ("r.json", (0, 1, 1))):
        code, said = command("registry", "import", "--csv", "p.csv", "--images", "im", "--report", report)
        assert (code, (said["enrolled"], said["present"], said["refused"])) == (3, counts)
        assert (tmp_path / report).stat().st_mode & 0o777 == 0o600
    assert "'=cmd()" in (tmp_path / "r.csv").read_text()
    assert [(row["line"], row["code"]) for row in json.loads((tmp_path / "r.json").read_text())] == [(3, "invalid_input")]
    assert command("registry", "count") == (
        0,
        {"subjects": 1, "templates_of_another_model": 0, "records_under_an_older_key": 0},
    )


def test_erase_wants_one_name_and_a_yes(command, parts):
    """By identifier or by id; an unknown one is exit 3."""
    made = enrolled(parts, "A")
    assert command("registry", "erase", "--subject", "A")[0] == 3
    assert command("registry", "erase", "--subject", "A", "--subject-id", made.subject_id, "--yes")[0] == 3
    assert command("registry", "erase", "--subject", "A", "--yes") == (0, {"erased": made.subject_id})
    code, said = command("registry", "erase", "--subject-id", made.subject_id, "--yes")
    assert (code, said["error"]["code"]) == (3, "subject_not_found")


def test_reembed_and_purge_say_what_they_did(command, parts, make_parts, monkeypatch):
    """Renewed templates, and rows that went."""
    enrolled(parts)
    monkeypatch.setattr(composition, "compose", lambda _settings, create: make_parts(model="6" * 64))
    assert command("registry", "reembed") == (0, {"renewed": 1, "refused": []})
    nothing = {"attempts": 0, "responses": 0, "sessions": 0, "deliveries": 0, "credentials": 0, "offers": 0, "grants": 0}
    assert command("registry", "purge") == (0, nothing)


def test_audit_verify_holds_the_chain_against_a_head_and_states_its_limits(command, parts, tmp_path):
    """Exit 0 whole, 1 broken and where, 3 when the head is none."""
    enrolled(parts, "A")
    enrolled(parts, "B")
    write_head(parts, tmp_path / "head")
    code, said = command("audit", "verify", "--head", "head")
    assert (code, said["intact"], said["count"], said["head_count"]) == (0, True, 2, 2)
    assert any("cut off" in limit for limit in said["cannot_find"])
    with parts.store.transaction() as tx:
        tx.execute(delete(audit_events).where(audit_events.c.seq == 2))
    assert command("audit", "verify")[0] == 0
    code, said = command("audit", "verify", "--head", "head")
    assert (code, said["findings"][0]["seq"]) == (1, 2)
    (tmp_path / "head").write_text("no head")
    assert command("audit", "verify", "--head", "head")[0] == 3
    assert command("audit", "verify", "--head", "missing")[0] == 3


def test_audit_verify_makes_no_installation_where_there_is_none(command, tmp_path, monkeypatch):
    """A mistyped folder must not be reported as whole."""
    monkeypatch.setenv("IDVERIFY_DATA_DIR", str(tmp_path / "typo"))
    code, said = command("audit", "verify")
    assert (code, said["error"]["code"]) == (4, "key_unavailable")
    assert not (tmp_path / "typo").exists()


def test_backup_and_restore_bring_an_installation_back(command, parts, tmp_path, monkeypatch):
    """Into an empty place; a second time it is refused."""
    enrolled(parts)
    code, said = command("backup", "b")
    assert code == 0
    assert said["files"] == sum(path.is_file() for path in (tmp_path / "data" / "keys").rglob("*")) > 4
    monkeypatch.setenv("IDVERIFY_DATA_DIR", str(tmp_path / "new"))
    assert command("restore", "b")[0] == 0
    assert command("audit", "verify")[1]["count"] == 3
    code, said = command("restore", "b")
    assert (code, said["error"]["code"]) == (4, "configuration_invalid")
    assert command("restore", "missing")[0] in {3, 4}


def test_the_audit_names_whoever_sat_at_the_command_line_by_one_name(command, parts, make_parts, monkeypatch, tmp_path):
    """So that one question finds all that was not done by a client of the service."""
    (tmp_path / "a.jpg").write_bytes(b"portrait")
    (tmp_path / "b.jpg").write_bytes(b"somebody else")
    rows = [{**row, "model_digest": MODEL} for row in describe_pack(default_models_folder(), "default").policies]
    with_policies = {"policies": policies_from(rows, MODEL)}
    monkeypatch.setattr(composition, "compose", lambda _settings, create: replace(make_parts(), **with_policies))
    client = command("clients", "add", "Metrics", "--scope", "metrics:read")[1]["id"]
    for words in (
        ("clients", "revoke", client),
        ("enrol", "--subject", "A", "--portrait", "a.jpg", "--legal-basis", "consent"),
        ("verify", "--subject", "A", "--probe", "b.jpg"),
        ("keys", "rotate", "--now"),
        ("keys", "rotate", "--kek"),
        ("backup", "b"),
        ("registry", "erase", "--subject", "A", "--yes"),
        ("registry", "purge"),
    ):
        assert "error" not in command(*words)[1], words
    with parts.store.reading() as tx:
        found = list(audit.events(tx))
    assert {entry.event for entry in found} >= {"client.revoked", "verification.decided", "keys.kek_dropped", "evidence.purged"}
    assert {entry.actor for entry in found} == {OPERATOR}


def test_a_terminal_sees_words(parts, make_parts, monkeypatch, capsys, tmp_path):
    """Without --json."""
    monkeypatch.setattr(composition, "compose", lambda _settings, create: make_parts())
    monkeypatch.setattr(composition, "open_vault", lambda _settings, create: make_parts())
    enrolled(parts)
    assert run(build(), ["registry", "count", "--dev"]) == 0
    assert "subjects: 1" in capsys.readouterr().out
    assert run(build(), ["audit", "verify", "--dev"]) == 0
    assert "whole" in capsys.readouterr().out


def test_import_never_writes_its_report_over_the_csv_nor_finds_out_late_that_it_cannot(command, tmp_path):
    """Both are refused before anybody is enrolled."""
    (tmp_path / "im").mkdir()
    (tmp_path / "p.csv").write_text("identifier,file,legal_basis\nA,a.jpg,consent\n")
    for report, ids in (("p.csv", "i.csv"), ("absent/r.csv", "i.csv"), ("r.csv", "r.csv"), ("r.csv", "p.csv")):
        code, said = command("registry", "import", "--csv", "p.csv", "--images", "im", "--report", report, "--ids", ids)
        assert (code, said["error"]["code"]) == (3, "invalid_input")
    assert (tmp_path / "p.csv").read_text().startswith("identifier")


@pytest.mark.parametrize("file", ["/", "."])
def test_a_backup_needs_a_file_name(command, file):
    """A folder is the caller's mistake."""
    code, said = command("backup", file)
    assert (code, said["error"]["code"]) in {(3, "invalid_input"), (4, "key_unavailable")}


def test_a_client_whose_name_looks_like_markup_is_listed(parts, make_parts, monkeypatch, capsys):
    """It would otherwise break the list for good."""
    monkeypatch.setattr(composition, "open_vault", lambda _settings, create: make_parts())
    assert run(build(), ["clients", "add", "[/red]x", "--scope", "metrics:read", "--dev"]) == 0
    assert run(build(), ["clients", "list", "--dev"]) == 0
    assert "[/red]x" in capsys.readouterr().out


def test_import_tells_under_which_id_each_row_is_found(command, tmp_path):
    """HTTP takes no other name; the file is the owner's alone."""
    (tmp_path / "im").mkdir()
    (tmp_path / "im" / "a.jpg").write_bytes(b"portrait")
    (tmp_path / "p.csv").write_text("identifier,file,legal_basis\nA,a.jpg,consent\nB,b.jpg,consent\n")
    command("registry", "import", "--csv", "p.csv", "--images", "im", "--report", "r.csv", "--ids", "i.csv")
    header, row = (tmp_path / "i.csv").read_text().splitlines()
    assert header == "line,file,subject_id"
    assert row.startswith("2,a.jpg,sub_")
    assert (tmp_path / "i.csv").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("words", [("registry", "count"), ("keys", "list"), ("clients", "list"), ("audit", "verify")])
def test_a_mistyped_folder_is_not_taken_for_an_empty_installation(words, tmp_path, monkeypatch, capsys):
    """Nothing is made there, and the message says what is missing."""
    monkeypatch.setenv("IDVERIFY_DATA_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("IDVERIFY_KEK_FILE", str(tmp_path / "kek"))
    create_kek_file(tmp_path / "kek")
    assert run(build(), [*words, "--dev", "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "key_unavailable"
    assert not (tmp_path / "elsewhere").exists()


def test_a_database_that_vanished_is_missed(command, parts, tmp_path):
    """An empty one in its place would have an audit that is whole."""
    parts.store.close()
    for file in (tmp_path / "data").glob("idverify.db*"):
        file.unlink()
    code, said = command("audit", "verify")
    assert (code, said["error"]["code"]) == (4, "store_unavailable")


def test_a_device_is_no_database_and_keeps_its_mode(tmp_path):
    """As root, making it private would break the machine."""
    os.mkfifo(tmp_path / "pipe", 0o666)
    mode = (tmp_path / "pipe").stat().st_mode
    with pytest.raises(ConfigurationInvalid):
        Store.open(f"sqlite:///{tmp_path / 'pipe'}")
    assert (tmp_path / "pipe").stat().st_mode == mode


def test_production_needs_an_issuer(tmp_path, monkeypatch):
    """Tokens that name loopback as their issuer are believed by nobody, or by everybody."""
    monkeypatch.delenv("IDVERIFY_ISSUER", raising=False)
    pack = describe_pack(default_models_folder(), "default")
    settings = load_settings(data_dir=tmp_path / "data", kek_file=tmp_path / "kek", accept_model=pack.spelled)
    with pytest.raises(ConfigurationInvalid, match="IDVERIFY_ISSUER"):
        composition.compose(settings)


@pytest.mark.parametrize(("variant", "other"), [("fast", "accurate"), ("accurate", "fast")])
def test_a_variant_without_operating_points_does_not_start(tmp_path, variant, other):
    """Those of the other variant are no substitute, whatever their names: its scores are distributed otherwise."""
    digest = describe_pack(default_models_folder(), "default", other).variant.digest
    row = {**describe_pack(default_models_folder(), "default").policies[2], "model_digest": digest}
    (tmp_path / "points.toml").write_text(as_toml([row]))
    settings = load_settings(env="dev", data_dir=tmp_path / "data", policies_file=tmp_path / "points.toml", variant=variant)
    with pytest.raises(ConfigurationInvalid, match=f"variant '{variant}'; known: none, run `idverify calibrate`"):
        composition.compose(settings)
    assert composition.load_recogniser(settings).acquirer.embedding_digest != digest
    assert list(composition.load_recogniser(settings.model_copy(update={"variant": other})).policies) == [row["name"]]


def digests_of(pack):
    """What a profile's operating points are held against."""
    return {role: model.sha256 for role, model in pack.models.items()} | {TEMPLATE: pack.variant.digest}


@pytest.mark.parametrize("variant", ["fast", "accurate"])
def test_the_live_profiles_are_those_of_the_models_they_were_measured_with(variant):
    """Of the shipped pack in both variants, and with one model changed of none."""
    digests = digests_of(describe_pack(default_models_folder(), "default", variant))
    assert profiles_for(PROFILES, digests) == dict(PROFILES)
    for role in ("detection", "landmarks", "pad", TEMPLATE):
        assert profiles_for(PROFILES, {**digests, role: "0" * 64}) == {}
        assert profiles_for(PROFILES, {one: digest for one, digest in digests.items() if one != role}) == {}


def test_a_service_with_another_pad_model_offers_no_live_session(tmp_path):
    """Its policies hold, since the embedder is the same; what was measured of liveness says nothing of it."""
    shutil.copytree(default_models_folder(), tmp_path / "models", ignore=shutil.ignore_patterns("naive", "cards", "*.py"))
    pad, manifest = tmp_path / "models/default/pad.onnx", tmp_path / "models/manifest.toml"
    known = hashlib.sha256(pad.read_bytes()).hexdigest()
    pad.write_bytes(pad.read_bytes() + b"\xa2\x06\x00")  # a field that no reader of the format knows
    other, size = hashlib.sha256(pad.read_bytes()).hexdigest(), pad.stat().st_size
    stated = manifest.read_text().replace(known, other).replace(f"size = {size - 3}\n", f"size = {size}\n")
    manifest.write_text(stated)
    parts = composition.compose(load_settings(env="dev", data_dir=tmp_path / "data", models_dir=tmp_path / "models"))
    parts.store.close()
    assert (dict(parts.profiles), "fmr-1e-4" in parts.policies) == ({}, True)
    with pytest.raises(PolicyUnknown, match="none: no profile was measured with the loaded models"):
        find_profile(parts.profiles, "active")
