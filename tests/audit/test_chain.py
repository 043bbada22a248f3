"""What the chain, and a head, find; and what they do not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idverify.audit.chain import GENESIS, authentic, check_chain, link
from idverify.audit.heads import Head, check, from_claims, to_claims

KEY = b"k" * 32


def chain_of(length, key=KEY, salt=0):
    """A genuine chain."""
    entries = []
    for number in range(length):
        entries.append(
            link(
                key,
                entries[-1] if entries else None,
                at=1000.5 + number,
                actor="client",
                event="subject.enrolled",
                subject_id=f"sub_{number}",
                details={"n": number + salt, "list": [True, None, "é"]},
            )
        )
    return entries


CHAIN = chain_of(12)
HEAD = Head("https://id.example", 8, CHAIN[7].hash, 1010)

EDITS = {
    "seq": lambda value: value + 100,
    "at": lambda value: value + 0.25,
    "actor": lambda value: value + "x",
    "event": lambda _: "subject.erased",
    "subject_id": lambda _: "sub_x",
    "details": lambda value: {**value, "n": -1},
    "previous": lambda _: "f" * 64,
    "hash": lambda _: "f" * 64,
}


def test_a_genuine_chain_holds_with_and_without_head():
    """And an empty one."""
    assert check(KEY, CHAIN, None).intact
    assert check(KEY, CHAIN, HEAD).intact
    assert check(KEY, [], None) == check_chain(KEY, [])
    assert check_chain(KEY, []).hash == GENESIS


@given(at=st.integers(0, 11), field=st.sampled_from(sorted(EDITS)))
def test_any_edit_is_found(at, field):
    """Of any field of any event, by who lacks the key."""
    edited = list(CHAIN)
    edited[at] = replace(edited[at], **{field: EDITS[field](getattr(edited[at], field))})
    assert not check(KEY, edited, None).intact


@given(at=st.integers(0, 10), count=st.integers(1, 5))
def test_any_deletion_before_the_end_is_found(at, count):
    """The first event included."""
    kept = CHAIN[:at] + CHAIN[at + min(count, 11 - at) :]
    report = check(KEY, kept, None)
    assert report.findings[0].seq == at + 1


@given(one=st.integers(0, 11), other=st.integers(0, 11))
def test_any_swap_is_found(one, other):
    """Rows exchanged whole, or exchanged under each other's numbers."""
    if one == other:
        return
    moved, renumbered = list(CHAIN), list(CHAIN)
    moved[one], moved[other] = CHAIN[other], CHAIN[one]
    renumbered[one] = replace(CHAIN[other], seq=CHAIN[one].seq)
    renumbered[other] = replace(CHAIN[one], seq=CHAIN[other].seq)
    assert not check(KEY, moved, None).intact
    assert not check(KEY, renumbered, None).intact


def test_a_genuine_event_of_another_history_is_found():
    """Each of its fields is authentic; only that it does not follow gives it away."""
    other = chain_of(12, salt=1)
    report = check_chain(KEY, [*CHAIN[:5], other[5], *CHAIN[6:]])
    assert [finding.seq for finding in report.findings] == [6, 7]
    assert all("follow" in finding.what for finding in report.findings)


def test_an_event_that_occurs_twice_is_found():
    """Replayed in place of the next one or besides."""
    assert not check_chain(KEY, [*CHAIN[:5], CHAIN[4], *CHAIN[5:]]).intact


@given(left=st.integers(0, 7))
def test_a_truncation_below_the_head_is_found_by_the_head_alone(left):
    """What is left is a genuine chain: without a head nothing shows."""
    assert check(KEY, CHAIN[:left], None).intact
    assert check(KEY, CHAIN[:left], HEAD).findings[-1].seq == left + 1


def test_a_rewrite_with_the_key_is_found_by_the_head_alone():
    """The holder of the audit key writes another genuine history; the head, signed by another key, remembers."""
    rewritten = chain_of(12, salt=1)
    assert check(KEY, rewritten, None).intact
    assert check(KEY, rewritten, HEAD).findings[-1].seq == HEAD.count


def test_what_came_after_the_head_can_be_cut_off_unseen():
    """The limit that `idverify audit verify` states."""
    assert check(KEY, CHAIN[:9], HEAD).intact


def test_a_chain_under_another_key_is_found_at_its_first_event():
    """A forger without the key."""
    assert check(KEY, chain_of(3, b"x" * 32), None).findings[0].seq == 1


@pytest.mark.parametrize("field", ["actor", "at", "subject_id", "previous"])
@pytest.mark.parametrize("value", [b"bytes", float("nan"), float("inf")])
def test_a_value_of_another_type_is_a_finding_and_no_crash(field, value):
    """SQLite lets any type stand in any column."""
    forged = replace(CHAIN[0], **{field: value})
    assert not authentic(KEY, forged)
    assert not check_chain(KEY, [forged]).intact


def test_a_long_list_of_findings_stops():
    """A destroyed chain of millions must not fill the memory."""
    forged = [replace(entry, actor="x") for entry in chain_of(300)]
    assert len(check_chain(KEY, forged).findings) == 100


@pytest.mark.parametrize(
    "change",
    [{"count": True}, {"count": -1}, {"count": 1.0}, {"iat": "1"}, {"hash": "f"}, {"hash": 1}, {"iss": None}, {"extra": 1}],
)
def test_claims_that_are_no_head_are_refused(change):
    """Types are exact."""
    claims = to_claims(HEAD)
    assert from_claims(claims) == HEAD
    with pytest.raises(ValueError, match="audit head"):
        from_claims({**claims, **change})
