"""Attempts are spent before anything is compared, and no race, outage or second client gets round that."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from idverify.ceremonies import Limits
from idverify.ceremonies.attempts import spend_attempt, spend_live_attempt
from idverify.ceremonies.session_record import Held, Order
from idverify.errors import AttemptsExhausted, StoreUnavailable, SubjectNotFound
from idverify.sessions import state

from .installed import events

SUBJECT, OTHER = "sub_" + "a" * 32, "sub_" + "b" * 32
numbers = count()


def spend(parts, client="hotel", subject=SUBJECT):
    """One attempt."""
    spend_attempt(parts, client_id=client, subject_id=subject, transaction_id=f"t{next(numbers)}")


def test_the_limit_holds_and_frees_itself_as_the_window_moves(parts, clock):
    """Three per client in 3600 s: the wait named is the wait needed, to the second."""
    for _ in range(3):
        spend(parts)
        clock.now += 100
    with pytest.raises(AttemptsExhausted) as refused:
        spend(parts)
    assert refused.value.retry_after == 3300
    clock.now += 3299
    with pytest.raises(AttemptsExhausted):
        spend(parts)
    clock.now += 1
    spend(parts)


def test_a_lock_out_at_one_client_does_not_lock_the_person_out_at_another(parts):
    """Nor does it lock another person out at that client."""
    for _ in range(3):
        spend(parts, "attacker")
    with pytest.raises(AttemptsExhausted):
        spend(parts, "attacker")
    spend(parts, "hotel")
    spend(parts, "attacker", OTHER)


def test_the_wider_limit_holds_over_all_clients(parts):
    """Five per subject, however many clients share them out."""
    for client in ("a", "b", "c", "d", "e"):
        spend(parts, client)
    with pytest.raises(AttemptsExhausted):
        spend(parts, "f")
    spend(parts, "f", OTHER)


def test_refusals_are_audited_and_do_not_prolong_themselves(parts, clock):
    """Hammering must not keep a person locked out for ever."""
    for _ in range(3):
        spend(parts)
    clock.now += 3599
    with pytest.raises(AttemptsExhausted):
        spend(parts)
    clock.now += 1
    spend(parts)
    assert events(parts) == ["attempt.counted"] * 3 + ["attempt.refused", "attempt.counted"]


def test_attempts_at_once_never_exceed_the_limit(make_parts, database_url):
    """Eight threads on each database: three get through, all eight leave a trace, and the chain stays one."""
    parts = make_parts(database_url, limits=Limits(3, 5, 3600))

    def attempt(_):
        try:
            spend(parts)
        except AttemptsExhausted:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 3
    assert sorted(events(parts)) == ["attempt.counted"] * 3 + ["attempt.refused"] * 5


def test_a_plain_installation_refuses_the_eleventh_live_attempt_of_a_day_over_all_clients(make_parts, clock):
    """Ten a subject, whatever the window of the others is; another person, and the next day, have their own."""
    parts = make_parts(limits=Limits())

    def live_attempt(number, subject=SUBJECT):
        held = held_by(f"client {number}", f"ses_{number:032x}", subject, clock())
        with parts.store.transaction() as tx:
            spend_live_attempt(parts, tx, held, f"live {next(numbers)}")

    for number in range(10):
        live_attempt(number)
        clock.now += 8000
    with pytest.raises(AttemptsExhausted) as refused:
        live_attempt(10)
    assert refused.value.retry_after == 86_400 - 80_000
    live_attempt(10, OTHER)
    clock.now += refused.value.retry_after
    live_attempt(11)


def held_by(client, session_id, subject, now):
    """A session of that client about that subject."""
    order = Order(client, "Hotel", "https://hotel.example", "check-in", "active", "1", now, "c" * 43, "00" * 32, subject)
    return Held(session_id, state.begin(now), order, token_hash="0" * 64)


def test_a_limit_whose_store_is_down_denies(parts, tmp_path):
    """No count, no attempt."""
    parts.store.close()
    (tmp_path / "data" / "idverify.db").write_bytes(b"not a database, " * 4096)
    with pytest.raises(StoreUnavailable):
        spend(parts)


def test_a_store_that_goes_away_denies(make_parts, postgresql):
    """The server refuses connections from one moment to the next."""
    database = postgresql.new_database()
    parts = make_parts(postgresql.url(database))
    spend(parts)
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
    postgresql.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false", cut)
    with pytest.raises(StoreUnavailable):
        spend(parts)


def test_an_attempt_without_a_subject_is_audited_and_not_limited(parts):
    """The caller sent the reference: there is no subject to protect."""
    for _ in range(9):
        spend(parts, subject=None)
    assert events(parts) == ["attempt.counted"] * 9


@pytest.mark.parametrize("subject", ["", "A-17", "nul\x00", "x" * 10_000])
def test_a_subject_id_that_was_never_made_here_writes_nothing(parts, subject):
    """Callers cannot fill the database with names of their own."""
    with pytest.raises(SubjectNotFound):
        spend(parts, subject=subject)
    assert events(parts) == []
