"""`idverify seal` as an office and a reader of papers type it: exit codes, and what is said."""

import json
import time

import pytest
from seals.papers import appended, paper, words
from seals.stamping import Authority, authority_in

from idverify.cli import fetching, keys, main, pki, seal, trust

SCHEME = """
operator = {en = "City A"}
contact = {street = "1 Road", country = "CN", electronic = ["mailto:a@a.example"], information = ["https://a.example"]}

[[issuer]]
name = "City A"
types = ["identity_card", "seal"]
"""


@pytest.fixture(scope="module")
def tsa(tmp_path_factory):
    """Of others."""
    made = authority_in(tmp_path_factory.mktemp("tsa"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A production installation with a certified key for seals, its list held by a reader; in its folder."""
    folder = tmp_path_factory.mktemp("office")
    with pytest.MonkeyPatch.context() as patched:
        _settle(patched, folder)
        assert main.run(keys.app, ["create-kek", "kek"]) == 0
        assert main.run(pki.app, ["init", "--root", "root", "--name", "City A", "--country", "CN", "--no-passphrase"]) == 0
        assert main.run(pki.app, ["issue", "--root", "root"]) == 0
        (folder / "trust.toml").write_text(SCHEME)
        assert main.run(trust.app, ["publish", "trust.toml", "--out", "list.jws"]) == 0
        from idverify.keys.authority import certificate_in, fingerprint

        pin = fingerprint(certificate_in(folder / "root"))
        assert main.run(trust.app, ["add", "list.jws", "--pin", pin, "--trust", "trust"]) == 0
    return folder


def _settle(patched, folder):
    patched.chdir(folder)
    for name, value in {
        "DATA_DIR": "data",
        "KEK_FILE": "kek",
        "ISSUER": "https://id.city-a.example",
        "ENV": "production",
    }.items():
        patched.setenv(f"IDVERIFY_{name}", str(folder / value) if name in {"DATA_DIR", "KEK_FILE"} else value)


@pytest.fixture
def call(office, monkeypatch, capsys, tmp_path):
    """Runs a command in the office's folder: its code, and the one object that it prints. Files are in `here`."""
    _settle(monkeypatch, office)
    (tmp_path / "deed.pdf").write_bytes(paper())

    def run(*arguments):
        capsys.readouterr()
        code = main.run(seal.app, [*(str(one) for one in arguments), "--json"])
        return code, json.loads(capsys.readouterr().out)

    run.here = tmp_path
    return run


def sealed(call, *more):
    """A deed, sealed."""
    out = call.here / f"sealed-{len(list(call.here.iterdir()))}.pdf"
    code, said = call("sign", call.here / "deed.pdf", "--out", out, *more)
    assert (code, said["word"]) == (0, "VALID"), said
    return out


def test_what_an_office_seals_a_reader_finds_valid_and_a_changed_copy_refused(call):
    """0 and 1; the reader's folder and the file are all it takes."""
    out = sealed(call, "--reason", "extract of the register")
    code, said = call("validate", out, "--trust", "trust")
    assert (code, said["word"], said["reason"]) == (0, "VALID", "extract of the register")
    assert (said["sealer"], said["issuer"]) == ({"organisation": "City A", "country": "CN"}, "https://id.city-a.example")
    (call.here / "changed.pdf").write_bytes(out.read_bytes().replace(b"owes 100", b"owes 900"))
    assert call("validate", call.here / "changed.pdf", "--trust", "trust")[1]["code"] == "seal_tampered"
    (call.here / "added.pdf").write_bytes(
        appended(out.read_bytes(), {4: words("x"), 90: b"<< /Type /Annot /Subtype /Stamp >>"})
    )
    code, said = call("validate", call.here / "added.pdf", "--trust", "trust")
    assert (code, said["code"], said["changes"]) == (1, "seal_document_changed", ["/Annot", "/Stamp"])
    assert call("validate", call.here / "deed.pdf", "--trust", "trust")[1]["code"] == "seal_missing"


def test_a_time_stamp_is_asked_of_the_authority_that_was_named_and_held_against_its_root(call, tsa, monkeypatch):
    """A reader who names no root is told of the stamp and that nobody vouches for it. 5 once the reader's list has ended."""
    plain, stamped = sealed(call), sealed(call, "--tsa", tsa.url, "--tsa-trust", tsa.root)
    code, said = call("validate", stamped, "--trust", "trust", "--tsa-trust", tsa.root)
    assert (code, said["time_stamp"]["trusted"], said["time_stamp"]["authority"]) == (0, True, "Time of Test")
    assert call("validate", stamped, "--trust", "trust")[1]["time_stamp"]["trusted"] is False
    then = time.time() + 271 * 86_400
    monkeypatch.setattr(time, "time", lambda: then)
    code, said = call("validate", plain, "--trust", "trust")
    assert (code, said["word"], said["code"]) == (5, "UNKNOWN", "trust_list_expired")


def test_a_stamp_under_another_root_than_was_named_leaves_nothing_sealed(call, tsa):
    """The operator named whose word counts; no file is written."""
    code, said = call(
        "sign", call.here / "deed.pdf", "--out", call.here / "out.pdf", "--tsa", tsa.url, "--tsa-trust", "root/root.pem"
    )
    assert (code, said["error"]["code"]) == (4, "time_stamp_unavailable")
    assert not (call.here / "out.pdf").exists()


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://tsa.example", "tsa.example", "http://", "http://user@tsa.example", "http://[::1"]
)
def test_only_an_address_on_the_web_is_asked(call, url):
    """Nothing on this machine's disk, and nobody's password."""
    code, said = call("sign", call.here / "deed.pdf", "--out", call.here / "out.pdf", "--tsa", url)
    assert (code, said["error"]["code"]) == (4, "time_stamp_unavailable")
    assert "http or https" in said["error"]["message"]


def lies(tsa: Authority, answered, status=200):
    """For one request."""
    tsa.answered, tsa.status = answered, status


@pytest.mark.parametrize(
    ("answered", "status"),
    [
        (lambda answer: answer, 500),
        (lambda answer: answer, 302),
        (lambda answer: b"<html>", 200),
        (lambda answer: bytes(100_000), 200),
    ],
    ids=["fault", "elsewhere", "a page", "too much"],
)
def test_an_authority_that_is_not_well_leaves_nothing_sealed(call, tsa, answered, status):
    """A fault of its side: 4."""
    lies(tsa, answered, status)
    try:
        code, said = call("sign", call.here / "deed.pdf", "--out", call.here / "out.pdf", "--tsa", tsa.url)
    finally:
        lies(tsa, lambda answer: answer)
    assert (code, said["error"]["code"]) == (4, "time_stamp_unavailable")
    assert not (call.here / "out.pdf").exists()


def test_an_authority_that_never_ends_is_not_waited_for(call, monkeypatch, tsa):
    """The whole of an answer has its time."""
    monkeypatch.setattr(fetching, "WHOLE_SECONDS", 0.05)
    lies(tsa, lambda answer: (time.sleep(0.5), answer)[1])
    try:
        code, said = call("sign", call.here / "deed.pdf", "--out", call.here / "out.pdf", "--tsa", tsa.url)
    finally:
        lies(tsa, lambda answer: answer)
    assert (code, said["error"]["code"]) == (4, "time_stamp_unavailable")


@pytest.mark.parametrize(
    ("document", "refusal"),
    [
        (b"no PDF", "document_unreadable"),
        (paper(catalog=b"/OpenAction << /S /JavaScript /JS (1) >>"), "document_active"),
        (paper(trailer=b"/Encrypt 5 0 R", more=[b"<< /Filter /Standard >>"]), "document_encrypted"),
    ],
    ids=["no PDF", "script", "encrypted"],
)
def test_what_is_not_sealed_is_not_examined_either(call, document, refusal):
    """3, whoever asks."""
    (call.here / "bad.pdf").write_bytes(document)
    for arguments in (
        ("sign", call.here / "bad.pdf", "--out", call.here / "out.pdf"),
        ("validate", call.here / "bad.pdf", "--trust", "trust"),
    ):
        code, said = call(*arguments)
        assert (code, said["error"]["code"]) == (3, refusal)


def test_files_that_are_missing_or_there_already(call):
    """Nothing is written over, and a missing folder is not an empty one."""
    out = sealed(call)
    before = out.read_bytes()
    assert call("sign", call.here / "deed.pdf", "--out", out)[0] == 3
    assert out.read_bytes() == before
    assert call("sign", call.here / "none.pdf", "--out", call.here / "out.pdf")[0] == 3
    assert call("sign", out, "--out", call.here / "out.pdf")[1]["error"]["code"] == "document_signed"
    assert call("validate", out, "--trust", call.here / "none")[0] == 3
    assert call("validate", out, "--trust", "trust", "--tsa-trust", call.here / "deed.pdf")[0] == 3


def test_an_office_without_a_key_for_seals_is_told_how_to_get_one(call, office, tmp_path):
    """Older than seals: 4, and the way."""
    import shutil

    kept = tmp_path / "kept"
    shutil.copytree(office / "data" / "keys" / "seal", kept)
    try:
        for path in (office / "data" / "keys" / "seal").glob("*.chain.pem"):
            path.unlink()
        code, said = call("sign", call.here / "deed.pdf", "--out", call.here / "out.pdf")
    finally:
        shutil.copytree(kept, office / "data" / "keys" / "seal", dirs_exist_ok=True)
    assert (code, said["error"]["code"]) == (4, "signing_unavailable")
    assert "`idverify pki issue` or `request`" in said["error"]["message"]


def test_a_person_reads_a_word_first_and_nothing_that_moves_the_cursor(call, capsys):
    """What a stranger's document says is printed, and only that."""
    out = sealed(call)
    document = appended(out.read_bytes(), {90: b"<< /Type /Page /Subtype /#1b#5b2J >>"})
    (call.here / "added.pdf").write_bytes(document)
    capsys.readouterr()
    assert main.run(seal.app, ["validate", str(call.here / "added.pdf"), "--trust", "trust"]) == 1
    said = capsys.readouterr().out
    assert said.startswith("REFUSED seal_document_changed")
    assert "/Page" in said
    assert "\x1b[2J" not in said
