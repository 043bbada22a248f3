"""The record of what was shown: complete, without a value, kept before anything leaves, and telling where it was broken."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from credentials.slips import ISSUER, NOW, PERSON
from hypothesis import given
from hypothesis import strategies as st

from idverify.audit.chain import GENESIS, link
from idverify.credentials.mdoc_session import Session
from idverify.errors import AuditBroken, InvalidInput, KeyUnavailable
from idverify.wallet import folder as folder_module
from idverify.wallet.codes import code
from idverify.wallet.device import HeldKey
from idverify.wallet.errors import CredentialUnavailable
from idverify.wallet.folder import SHOWN, Folder
from idverify.wallet.held import SD_JWT_FORMAT, SLIP_FORMAT, Holding
from idverify.wallet.presenting import Asking, present
from idverify.wallet.shown import ACTOR, BEGUN, EMPTY, EVENT, OTHER, Showing, log_key, parse, paths, spell

from .issued import cards, slips

HOTEL = "https://hotel.example"
KEY = log_key(HeldKey.new())


@pytest.fixture
def wallet(folder):
    """A wallet with eight copies of a card, and two slips."""
    held = Holding(ISSUER, "identity_card", SD_JWT_FORMAT, int(NOW), tuple(cards(8)))
    folder.keep(held)
    for purpose in ("gate", "police"):
        name = f"identity_card.{purpose}"
        folder.keep(replace(held, configuration=name, format=SLIP_FORMAT, copies=tuple(slips(purpose))))
    return folder


def show(wallet, *names, audience=HOTEL, **rest):
    """A presentation."""
    return present(wallet, "identity_card", show=names, session=Session.plain(audience, "n" * 8), now=NOW, **rest)


def details(wallet):
    """What the record says."""
    found = wallet.history()
    assert found.checked(wallet.log_key).intact
    return [dict(one.details) for one in found.entries]


def test_it_says_who_what_for_and_which_claims_and_no_value(wallet):
    """Of presentations, and of codes that anybody may have read; what every reader sees counts as shown."""
    show(wallet, "name", "date_of_birth")
    show(wallet, asking=Asking("request", "Grand Hotel", "check-in", "https://id.example", paths(["name"])))
    code(wallet, "identity_card.gate", now=NOW)
    code(wallet, "identity_card.police", now=NOW, show=("name",))
    first, second, gate, police = details(wallet)
    assert first == {
        "way": "presentation",
        "configuration": "identity_card",
        "issuer": ISSUER,
        "requester": HOTEL,
        "reader": None,
        "purpose": None,
        "asked": None,
        "shown": [["date_of_birth"], ["name"]],
    }
    told = (second["way"], second["requester"], second["purpose"], second["reader"], second["asked"], second["shown"])
    assert told == ("request", "Grand Hotel", "check-in", "https://id.example", [["name"]], [])
    assert (gate["way"], gate["requester"], gate["purpose"], gate["asked"]) == ("qr", None, "gate", None)
    assert ["age_over_18"] in gate["shown"]
    assert (police["purpose"], police["shown"]) == ("police", [["name"]])
    text = (wallet.path / SHOWN).read_text()
    assert not any(str(value) in text for value in PERSON.values() if len(str(value)) > 4)


def test_what_is_refused_is_not_recorded_and_no_value_becomes_a_path(wallet):
    """A claim that the card has not, a value in a claim's place, words that are no line: nothing is shown, nothing recorded."""
    before = len(wallet.holding("identity_card").copies)
    for names in (("iban",), (PERSON["name"],), ("name", "name\n")):
        with pytest.raises(CredentialUnavailable):
            show(wallet, *names)
    for words in (
        {"audience": "a\nb"},
        {"audience": "a" * 257},
        {"audience": ""},
        {"asking": Asking("request", "H", "p" * 257)},
    ):
        with pytest.raises(InvalidInput):
            show(wallet, **words)
    for names in (("iban",), (PERSON["name"],)):
        with pytest.raises(InvalidInput):
            code(wallet, "identity_card.police", now=NOW, show=names)
    with pytest.raises(CredentialUnavailable):
        code(wallet, "identity_card.gate", now=NOW + 2 * 86_400)
    assert details(wallet) == []
    assert len(wallet.holding("identity_card").copies) == before
    odd = Showing("qr", "x", ISSUER, None, None, paths(["name"]), paths(["name", "Zoë, born 1990", "a" * 200]))
    assert odd.details()["shown"] == [[OTHER], [OTHER], ["name"]]
    many = Showing("qr", "x", ISSUER, None, None, None, paths(f"claim_{number}" for number in range(10_000)))
    assert len(many.details()["shown"]) == 64


@pytest.mark.parametrize("fails", ["shown.json", "held-"])
def test_a_crash_shows_nothing_that_is_not_recorded(wallet, monkeypatch, fails):
    """The record comes first: when it cannot be written the copy stays; when the copy cannot be struck off, it is not shown."""
    genuine = folder_module.replace_private

    def failing(path, data):
        if path.name.startswith(fails):
            raise KeyUnavailable("the disk is full")
        genuine(path, data)

    monkeypatch.setattr(folder_module, "replace_private", failing)
    for attempt in (lambda: show(wallet, "name"), lambda: code(wallet, "identity_card.gate", now=NOW)):
        with pytest.raises(KeyUnavailable):
            attempt()
    monkeypatch.undo()
    assert len(wallet.holding("identity_card").copies) == 8
    assert wallet.holding("identity_card.gate").counter == 1
    assert len(details(wallet)) == (0 if fails == "shown.json" else 2)


def test_showings_at_one_time_are_each_recorded(wallet):
    """Eight threads, each with the folder opened anew: as many events as copies and codes, and one chain."""

    def one(number):
        opened = Folder(wallet.path)
        try:
            return code(opened, "identity_card.gate", now=NOW) if number % 2 else show(opened, "name")
        except CredentialUnavailable:
            return None

    with ThreadPoolExecutor(8) as pool:
        made = [text for text in pool.map(one, range(24)) if text]
    assert (len(made), len(set(made))) == (20, 20)
    assert sorted(one["way"] for one in details(wallet)) == ["presentation"] * 8 + ["qr"] * 12


def test_nothing_is_shown_on_a_broken_record_until_it_is_put_aside(wallet):
    """The broken one stays as evidence, and the new one says that it was begun; a whole one cannot be put aside."""
    with pytest.raises(InvalidInput, match="holds"):
        wallet.begin_history(now=NOW)
    show(wallet, "name")
    path = wallet.path / SHOWN
    broken = path.read_text().replace("identity_card", "library_card")
    path.write_text(broken)
    for attempt in (lambda: show(wallet, "name"), lambda: code(wallet, "identity_card.gate", now=NOW)):
        with pytest.raises(AuditBroken, match="begin-anew"):
            attempt()
    assert len(wallet.holding("identity_card").copies) == 7
    aside = wallet.begin_history(now=NOW)
    assert aside.read_text() == broken
    assert show(wallet, "name")
    assert [one.event for one in wallet.history().entries] == [BEGUN, EVENT]


def test_a_record_that_is_gone_is_missed(wallet):
    """Deleted, emptied, another wallet's, an older one put back: found, the last by who kept its head."""
    show(wallet, "name")
    path = wallet.path / SHOWN
    older = path.read_bytes()
    show(wallet, "name")
    kept = wallet.history().head
    newer = path.read_bytes()
    assert wallet.history().checked(wallet.log_key, kept).intact
    for content in (None, b"", b"{}", b"[" * 100_000, spell(EMPTY, KEY), b"\xff", newer[:-40]):
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
            path.chmod(0o600)
        assert not wallet.history().checked(wallet.log_key).intact
        with pytest.raises(AuditBroken):
            show(wallet, "name")
    path.write_bytes(older)
    path.chmod(0o600)
    assert wallet.history().checked(wallet.log_key).intact
    (finding,) = wallet.history().checked(wallet.log_key, kept).findings
    assert (finding.seq, "cut off" in finding.what) == (2, True)
    assert not wallet.history().checked(wallet.log_key, (1, "0" * 64)).intact


def test_a_wallet_of_an_earlier_version_begins_its_record(wallet):
    """It has none, and no word that it should."""
    device = wallet.path / "device.json"
    raw = json.loads(device.read_text())
    del raw["records"]
    device.write_text(json.dumps(raw))
    (wallet.path / SHOWN).unlink()
    opened = Folder(wallet.path)
    assert opened.history().checked(opened.log_key).intact
    show(opened, "name")
    assert len(details(opened)) == 1


def history_of(length, key=KEY):
    """A genuine record."""
    found = EMPTY
    for number in range(length):
        showing = Showing("presentation", "identity_card", ISSUER, f"https://{number}.example", None, None, paths(["name"]))
        found = found.after(key, EVENT, showing.details(), NOW + number)
    return found


WHOLE = history_of(9)
EDITS = {
    "seq": 77,
    "at": 1.0,
    "actor": "x",
    "event": BEGUN,
    "subject_id": "x",
    "details": {},
    "previous": "f" * 64,
    "hash": "f" * 64,
}


@st.composite
def tampered(draw):
    """What somebody without the key can make of a record."""
    entries, head = list(WHOLE.entries), WHOLE.head
    at = draw(st.integers(0, len(entries) - 1))
    other = draw(st.integers(0, len(entries) - 1).filter(lambda one: one != at))
    match draw(st.sampled_from(["edit", "delete", "cut", "repeat", "swap", "insert", "forge", "head", "empty", "foreign"])):
        case "edit":
            field = draw(st.sampled_from(sorted(EDITS)))
            entries[at] = replace(entries[at], **{field: EDITS[field]})
        case "delete":
            del entries[at]
        case "cut":
            del entries[at:]
        case "repeat":
            entries.insert(at, entries[other])
        case "swap":
            entries[at], entries[other] = entries[other], entries[at]
        case "insert":
            entries.insert(at, history_of(at + 1, b"another key").entries[at])
        case "forge":
            facts = {"at": NOW, "actor": ACTOR, "event": EVENT, "subject_id": None, "details": {}}
            entries.append(link(b"another key", entries[-1], **facts))
            head = (entries[-1].seq, entries[-1].hash)
        case "head":
            head = (at, WHOLE.entries[at - 1].hash if at else GENESIS)
        case "empty":
            entries, head = [], (0, GENESIS)
        case "foreign":
            entries, head = list(history_of(3, b"another key").entries), None
    return replace(WHOLE, entries=tuple(entries), head=head)


@given(tampered(), st.booleans())
def test_whatever_is_done_without_the_key_is_found(record, signed_by_another):
    """Edits, deletions, repetitions, changes of order, insertions, a cut end, another head."""
    text = spell(record, b"another key") if record.head != WHOLE.head or signed_by_another else _with_head(record)
    assert not parse(text, KEY).checked(KEY).intact


@given(st.integers(0, 8), st.sampled_from(["at", "actor", "event", "details"]))
def test_it_says_where_it_was_broken(at, field):
    """The very event, and no other."""
    entries = [*WHOLE.entries]
    entries[at] = replace(entries[at], **{field: EDITS[field]})
    (finding,) = parse(_with_head(replace(WHOLE, entries=tuple(entries))), KEY).checked(KEY).findings
    assert finding.seq == at + 1


@given(st.integers(0, 8))
def test_an_older_head_of_its_own_is_not_taken_for_the_end(at):
    """Genuine once: what stands beyond it is found."""
    older = replace(WHOLE, head=history_of(at).head)
    (finding,) = parse(spell(older, KEY), KEY).checked(KEY).findings
    assert (finding.seq, "beyond" in finding.what) == (at + 1, True)


@given(st.integers(0, 8))
def test_it_says_from_where_on_it_was_cut(at):
    """And how many there were."""
    (finding,) = parse(_with_head(replace(WHOLE, entries=WHOLE.entries[:at])), KEY).checked(KEY).findings
    assert (finding.seq, "counts 9" in finding.what) == (at + 1, True)


def _with_head(record):
    """The events changed, the head left as it was."""
    mac = json.loads(spell(WHOLE, KEY))["head"]
    raw = json.loads(spell(record, KEY))
    return json.dumps(raw | {"head": mac}).encode()


@given(st.integers(0, 12), st.integers(0, 400), st.integers(0, 255))
def test_a_record_goes_through_a_file_and_no_byte_of_it_can_change(length, at, byte):
    """What was written is read again; with any one byte changed it does not hold, or says the same."""
    record = history_of(length)
    text = spell(record, KEY)
    assert parse(text, KEY) == record
    at %= len(text)
    changed = parse(text[:at] + bytes([byte]) + text[at + 1 :], KEY)
    assert changed == record or not changed.checked(KEY).intact
