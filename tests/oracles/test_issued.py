"""Everything that is issued here, before verifiers that others wrote."""

import re
import time
from base64 import b64encode
from io import BytesIO
from pathlib import Path

import base45
import pytest
from PIL import Image

from idverify import qr
from idverify.cli import keys, main, pki, trust
from idverify.credentials.credential_types import credential_types
from idverify.credentials.trust_list_document import ISSUING
from idverify.keys import authority
from oracles.asking import OPENVC, SD_JWT_VC, STRICT, ask
from oracles.conftest import answering
from oracles.issuing import CARD, CLAIMS, HELD, ISSUER, LICENCE, NOW, PAUSED, WITHDRAWN, Issuer

TRUST = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "trust.md"
TYPES = list(credential_types().values())


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    """One issuer for all."""
    return Issuer(tmp_path_factory.mktemp("issuer"))


def test_two_strict_verifiers_of_different_authors_are_among_those_asked():
    """Strict: certificate, signature, times, audience, nonce, binding, status. A third reads the same presentations."""
    assert {one.values[0] for one in answering("presentation")} == {*STRICT, SD_JWT_VC}
    assert len({one.authors for one in STRICT}) == 2
    assert CLAIMS.keys() == credential_types().keys()


@pytest.mark.parametrize("oracle", answering("presentation"), indirect=True)
def test_every_type_of_credential_is_accepted_with_all_some_or_none_of_its_claims(oracle, issuer):
    """And what is shown is read as it was written: Chinese, quotes, an emoji, lists, truth values."""
    cases = [issuer.presented(type_, HELD, shown=shown) for type_ in TYPES for shown in (0, 1, 20)]
    answers = ask(oracle, cases)
    assert [one["reason"] for one in answers if not one["accepted"]] == []
    for case, answer in zip(cases, answers, strict=True):
        assert answer["claims"].items() >= case["expected"].items()


@pytest.mark.parametrize("oracle", answering("presentation"), indirect=True)
def test_a_revoked_or_suspended_credential_is_refused_and_so_is_one_without_a_list(oracle, issuer):
    """Each type; suspended only where its list has two bits. No list is no answer, which none of them takes for a good one."""
    bad = [(type_, index) for type_ in TYPES for index in (WITHDRAWN, PAUSED) if index == WITHDRAWN or type_.status_bits == 2]
    cases = [issuer.presented(type_, index, shown=1) for type_, index in bad]
    cases += [issuer.presented(type_, HELD, shown=1) | {"lists": {}} for type_ in TYPES]
    assert [one["accepted"] for one in ask(oracle, cases)] == [False] * len(cases)


@pytest.mark.parametrize("oracle", answering("mdoc"), indirect=True)
def test_every_type_is_accepted_as_an_mdoc_and_no_other_request_is_answered_by_it(oracle, issuer):
    """All, some or none of its elements, read as they were written; for another nonce or reader it is nobody's."""
    cases = [issuer.presented_as_mdoc(type_, HELD, shown=shown) for type_ in TYPES for shown in (0, 1, 20)]
    answers = ask(oracle, cases)
    assert [one["reason"] for one in answers if not one["accepted"]] == []
    for case, answer in zip(cases, answers, strict=True):
        pictures = {name for name in case["expected"] if name == "portrait"}  # bytes, which JSON has no word for
        assert answer["claims"].keys() >= case["expected"].keys()
        assert all(answer["claims"][name] == value for name, value in case["expected"].items() if name not in pictures)
    changed = [
        cases[1] | {"session": cases[1]["session"] | {name: "another"}} for name in ("client_id", "nonce", "response_uri")
    ]
    altered = cases[1] | {"text": cases[1]["text"].replace(cases[1]["text"][40:44], "AAAA", 1)}
    assert [one["accepted"] for one in ask(oracle, [*changed, altered])] == [False] * 4


def test_a_revoked_mdoc_is_refused_by_who_asks_its_list(issuer):
    """Each type, by openvc-core; and where there is no list."""
    cases = [issuer.presented_as_mdoc(type_, WITHDRAWN, shown=1) for type_ in TYPES]
    assert [one["reason"] for one in ask(OPENVC, cases)] == ["Status: 1"] * len(TYPES)
    assert [one["accepted"] for one in ask(OPENVC, [one | {"lists": {}} for one in cases])] == [False] * len(TYPES)


@pytest.mark.parametrize("oracle", answering("status_list"), indirect=True)
def test_a_status_list_is_read_as_it_was_written(oracle, issuer):
    """A million entries of one bit and of two; a day later it is refused."""
    indexes = [0, HELD, WITHDRAWN, PAUSED, 2**20 - 1]
    case = {"kind": "status_list", "issuer": ISSUER, "anchors": [issuer.anchor], "lists": issuer.lists, "indexes": indexes}
    cases = [case | {"uri": issuer.uri(bits), "now": now} for bits in (1, 2) for now in (NOW, NOW + 86_401)]
    answers = ask(oracle, cases)
    assert [one.get("statuses") for one in answers] == [[0, 0, 1, 0, 0], None, [0, 0, 1, 2, 0], None]


@pytest.mark.parametrize("oracle", answering("slip"), indirect=True)
def test_both_signatures_of_every_kind_of_slip_hold_and_a_revoked_one_is_refused(oracle, issuer):
    """For each type and purpose; and with a single bit of the device's signature changed, the last."""
    kinds = [(type_, purpose) for type_ in TYPES for purpose in type_.slips]
    cases = [issuer.scanned(*kind, HELD) for kind in kinds]
    assert [one for one in ask(oracle, cases) if not one["accepted"]] == []
    content = bytearray(base45.b45decode(cases[0]["text"].removeprefix("EID1:")))
    content[-1] ^= 1
    altered = cases[0] | {"text": "EID1:" + base45.b45encode(bytes(content)).decode()}
    answers = ask(oracle, [altered, *(issuer.scanned(*kind, WITHDRAWN) for kind in kinds)])
    assert [one["reason"] for one in answers] == ["DeviceSignature", *["Status: 1"] * len(kinds)]


@pytest.mark.parametrize("oracle", answering("qr"), indirect=True)
def test_a_phone_reads_every_code_that_is_drawn(oracle, issuer):
    """For each type and purpose, with every claim shown; and a picture without a code is read as none."""
    texts = [issuer.scanned(type_, purpose, HELD)["text"] for type_ in TYPES for purpose in type_.slips]
    cases = [{"kind": "qr", "text": text, "png": b64encode(qr.Drawn(text).png()).decode()} for text in texts]
    assert [one["read"] for one in ask(oracle, cases)] == [[text] for text in texts]
    blank = BytesIO()
    Image.new("L", (200, 200), 255).save(blank, "png")
    (none,) = ask(oracle, [cases[0] | {"png": b64encode(blank.getvalue()).decode()}])
    assert (none["accepted"], none["read"]) == (False, [])


@pytest.mark.parametrize("oracle", answering("trust_list"), indirect=True)
def test_a_trust_list_is_read_with_its_number_and_its_roots_under_the_pinned_root_only(oracle, issuer):
    """Signature, operator, structure and end as ETSI TS 119 602 has them; and who asks for one type gets its roots alone."""
    case = issuer.vouched()
    asked = [case, *(case | {"issuing": f"{ISSUING}:{vct}"} for vct in (CARD, LICENCE))]
    read, *narrowed = ask(oracle, asked)
    assert (read["accepted"], read.get("sequence"), read.get("roots")) == (True, 7, case["expected"]), read["reason"]
    assert [one["roots"] for one in narrowed] == [[one] for one in case["expected"]]
    refused = ask(oracle, [case | {"pin": "0" * 64}, case | {"now": NOW + 86_401}])
    assert [one["accepted"] for one in refused] == [False, False]


@pytest.mark.parametrize("oracle", answering("trust_list"), indirect=True)
def test_the_list_that_an_operator_publishes_is_read_as_it_stands(oracle, tmp_path, monkeypatch):
    """From `pki init` to `trust publish`, with the file that the documentation shows; nothing of it is changed for the reader."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "DATA_DIR": "data",
        "KEK_FILE": "kek",
        "ISSUER": "https://id.city-a.example",
        "ENV": "production",
    }.items():
        monkeypatch.setenv(f"IDVERIFY_{name}", value)
    scheme = re.search(r"```\n# trust.toml\n(.*?)```", TRUST.read_text("utf-8"), re.DOTALL)
    Path("trust.toml").write_text(scheme[1], encoding="utf-8")
    others = [authority.create(Path(name), name=name, country="CN", now=time.time()) for name in ("city-b", "insurer")]
    for name in ("city-b", "insurer"):
        Path(f"{name}.pem").write_bytes((Path(name) / authority.CERTIFICATE_FILE).read_bytes())
    for app, arguments in (
        (keys.app, ["create-kek", "kek"]),
        (pki.app, ["init", "--root", "root", "--name", "City A", "--country", "CN", "--no-passphrase"]),
        (pki.app, ["issue", "--root", "root"]),
        (trust.app, ["publish", "trust.toml", "--out", "list.jws"]),
    ):
        assert main.run(app, [*arguments, "--json"]) == 0
    own = authority.load(Path("root"))
    case = {"kind": "trust_list", "text": Path("list.jws").read_text(), "now": time.time() + 7, "pin": own.fingerprint}
    (read,) = ask(oracle, [case])
    assert read["accepted"], read["reason"]
    assert read["roots"] == [b64encode(one.certificate).decode() for one in (own, *others)]
