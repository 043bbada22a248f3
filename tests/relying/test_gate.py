"""The checker at the door, over a real folder: what it believes now, what it saw before, and what it asks for."""

import multiprocessing
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from credentials.slips import CITY, NOW, PHONE, City, issued

from idverify.credentials import slip
from idverify.errors import StoreUnavailable
from idverify.relying.counters import FILE, FileCounters
from idverify.relying.folder import Holdings
from idverify.relying.gate import Gate

from .doors import listed, stocked


def opened(folder, holdings=None, **settings):
    """A gate over a folder."""
    return Gate(holdings or stocked(folder, CITY), FileCounters(folder), **settings)


def shown(made, counter=1, **facts):
    """As PHONE shows it."""
    return slip.present(made.slip, made.disclosures, PHONE, **({"now": NOW, "counter": counter} | facts))


def test_a_revocation_counts_at_the_next_code(tmp_path):
    """The list is refreshed beside a gate that is open: no restart."""
    holdings = stocked(tmp_path, CITY)
    door, made = opened(tmp_path, holdings), issued("gate")
    assert door.examine(shown(made, 1), NOW).code == "accepted"
    Holdings(tmp_path).store_status(listed(CITY, 5, now=NOW + 1), now=NOW + 2)
    assert door.examine(shown(made, 2), NOW + 2).code == "credential_revoked"


def test_without_a_list_or_past_its_day_the_status_is_unknown(tmp_path):
    """Never VALID and never REVOKED."""
    door, made = opened(tmp_path, stocked(tmp_path, CITY, statuses=False)), issued("gate")
    assert (found := door.examine(shown(made), NOW)).code == "status_unknown"
    assert found.holder_bound
    door = opened(tmp_path / "b", stocked(tmp_path / "b", CITY, 5))
    late, fresh = NOW + 86_400, issued("gate", now=NOW + 86_000, expires_at=NOW + 90_000)
    assert door.examine(shown(fresh, now=late), late).code == "status_unknown"


def test_past_its_next_update_a_trust_list_vouches_for_nobody(tmp_path):
    """Nor does a folder in which nothing was ever put."""
    late = NOW + 8 * 86_400
    fresh = issued("gate", now=late, expires_at=late + 60)
    assert opened(tmp_path).examine(shown(fresh, now=late), late).code == "trust_list_expired"
    assert (
        opened(tmp_path / "empty", Holdings(tmp_path / "empty")).examine(shown(issued("gate")), NOW).code == "slip_key_unknown"
    )


def test_a_foreign_city_does_not_pass(tmp_path):
    """Its keys are not held, whatever its name."""
    text = slip.present(issued("gate", City("city")).slip, (), PHONE, now=NOW, counter=1)
    assert opened(tmp_path).examine(text, NOW).code == "slip_key_unknown"


def test_a_gate_takes_its_purpose_and_the_answer_to_its_challenge(tmp_path):
    """And no code that answers another gate's."""
    door, made = opened(tmp_path, purpose="gate"), issued("gate")
    asked = bytes(range(8))
    door.ask(asked)
    assert door.examine(shown(made, 1), NOW).code == "slip_challenge_missing"
    assert door.examine(shown(made, 2, challenge=bytes(8)), NOW).code == "slip_challenge"
    assert door.examine(shown(made, 3, challenge=asked), NOW).accepted
    door.ask(None)
    assert door.examine(shown(made, 4, challenge=asked), NOW).code == "slip_challenge"
    police = issued("police")
    assert door.examine(slip.present(police.slip, (), PHONE, now=NOW, counter=1), NOW).code == "slip_purpose"


def test_a_gate_remembers_over_a_restart_and_forgets_when_the_day_is_over(tmp_path):
    """In a file that only its owner reads, which holds nobody's name."""
    text = shown(issued("gate"), 7)
    assert opened(tmp_path).examine(text, NOW).accepted
    assert opened(tmp_path, Holdings(tmp_path)).examine(text, NOW).code == "slip_replayed"
    path = tmp_path / FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"Zhang" not in path.read_bytes()
    counters = FileCounters(tmp_path)
    assert counters.take(b"key", 1, NOW + 10, NOW)
    assert not counters.take(b"key", 1, NOW + 10, NOW)
    assert counters.take(b"key", 1, NOW + 200, NOW + 100)


def test_of_one_code_shown_to_many_lanes_of_one_gate_one_lets_pass(tmp_path):
    """Threads of one process, and two processes over one folder."""
    counters = FileCounters(tmp_path)
    with ThreadPoolExecutor(8) as lanes:
        assert sum(lanes.map(lambda _: counters.take(b"a", 1, NOW + 60, NOW), range(64))) == 1
    with multiprocessing.get_context("spawn").Pool(2) as lanes:
        passed = lanes.starmap(taken, [(tmp_path, number) for number in (1, 1, 2, 2, 3, 3)], chunksize=1)
    assert 1 <= sum(passed) <= 3
    assert not FileCounters(tmp_path).take(b"b", 3, NOW + 60, NOW)


def taken(folder, number):
    """In a process of its own."""
    return FileCounters(folder).take(b"b", number, NOW + 60, NOW)


def test_what_cannot_be_remembered_does_not_pass(tmp_path):
    """A full or broken disk closes the gate; it does not open it."""
    holdings, counters = stocked(tmp_path, CITY), FileCounters(tmp_path)
    counters.close()
    with pytest.raises(StoreUnavailable):
        Gate(holdings, counters).examine(shown(issued("gate")), NOW)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / FILE).write_bytes(b"not a database" * 100)
    with pytest.raises(StoreUnavailable):
        FileCounters(tmp_path / "b")
