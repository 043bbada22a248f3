"""Enrolling many from a CSV file and a folder."""

import errno
import os
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idverify.ceremonies import bulk
from idverify.ceremonies.bulk import enrol_rows, read_portrait, read_rows
from idverify.errors import Fault, InputError, InvalidInput, StoreUnavailable, TooLarge
from idverify.face.image import MAX_BYTES, decode
from idverify.store import subjects

HEADER = "identifier,file,legal_basis,name,date_of_birth\n"


@pytest.fixture
def folder(tmp_path):
    """Portraits, and traps around them."""
    root = tmp_path / "portraits"
    (root / "sub").mkdir(parents=True)
    for name, content in {"a.jpg": b"a", "b.jpg": b"b", "sub/c.jpg": b"c", "none.jpg": b"no face"}.items():
        (root / name).write_bytes(content)
    (tmp_path / "outside.jpg").write_bytes(b"outside")
    (root / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    (root / "inner.jpg").symlink_to(root / "a.jpg")
    os.mkfifo(root / "pipe")
    return root


def run(parts, folder, text):
    """Outcomes as (line, status, code)."""
    outcomes = list(enrol_rows(parts, read_rows(text.encode()), folder, actor="tester"))
    return [(outcome.line, outcome.status, outcome.code) for outcome in outcomes]


MIXED = HEADER + (
    "A,a.jpg,consent,Ann,1990-01-01\n"
    "B,b.jpg,consent,,\n"
    "C,sub/c.jpg,consent,,\n"
    "D,none.jpg,consent,,\n"
    "E,missing.jpg,consent,,\n"
    "F,a.jpg,no reason,,\n"
    "G,a.jpg,consent,,1990-13-01\n"
    ",a.jpg,consent,,\n"
    "A,b.jpg,consent,Ann,1990-01-01\n"
)


def test_rows_are_enrolled_or_refused_each_with_its_reason_and_repeating_is_safe(parts, folder):
    """The second run enrols nobody and finds everyone who is there."""
    refused = [
        (5, "refused", "no_face"),
        (6, "refused", "invalid_input"),
        (7, "refused", "invalid_input"),
        (8, "refused", "invalid_input"),
        (9, "refused", "invalid_input"),
        (10, "refused", "subject_exists"),
    ]
    assert run(parts, folder, MIXED) == [(line, "enrolled", None) for line in (2, 3, 4)] + refused
    calls = parts.acquirer.calls
    assert run(parts, folder, MIXED) == [(line, "present", None) for line in (2, 3, 4)] + refused
    assert parts.acquirer.calls == calls + 1
    with parts.store.reading() as tx:
        assert subjects.count(tx) == 3


def test_a_report_repeats_nothing_personal(parts, folder):
    """Line and file lead back to the row; names and identifiers stay out of reports that are mailed around."""
    text = HEADER + "secret-id,none.jpg,consent,Secret Name,1990-01-01\n"
    outcome = next(enrol_rows(parts, read_rows(text.encode()), folder, actor="tester"))
    assert "ecret" not in str(outcome)
    assert "1990" not in str(outcome)


def test_a_fault_ends_the_run(parts, folder, monkeypatch):
    """A million rows are not refused one by one because the database is down."""

    def gone(*_, **__):
        raise StoreUnavailable("gone")

    monkeypatch.setattr(subjects, "add", gone)
    with pytest.raises(StoreUnavailable):
        run(parts, folder, MIXED)


@pytest.mark.parametrize(
    "file",
    [
        "../outside.jpg",
        "sub/../../outside.jpg",
        "/etc/hostname",
        "link.jpg",
        "pipe",
        "sub",
        "",
        ".",
        "nul\x00.jpg",
        "x" * 5000,
        "\ud800",
    ],
)
def test_a_file_outside_the_folder_or_no_file_at_all_is_refused(folder, file):
    """Whatever the CSV's author hopes to read with the service's rights; and a pipe must not hang the run."""
    with pytest.raises(InvalidInput):
        read_portrait(folder, file)


def test_rows_that_name_a_folder_leak_no_descriptor(folder):
    """A thousand of them would otherwise refuse the good rows behind them."""
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(50):
        with pytest.raises(InvalidInput):
            read_portrait(folder, ".")
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_machine_out_of_descriptors_is_a_fault_and_no_bad_row(folder, monkeypatch):
    """The run ends, and repeating it later is safe."""

    def exhausted(*_):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "open", exhausted)
    with pytest.raises(Fault):
        read_portrait(folder, "a.jpg")


def test_a_link_within_the_folder_is_followed(folder):
    """It leads where the operator put everything else."""
    assert read_portrait(folder, "inner.jpg") == b"a"


def test_a_portrait_beyond_ten_mebibytes_is_too_large_and_read_no_further(folder):
    """A file of any size costs no more memory than the largest image, and one byte."""
    with (folder / "big.jpg").open("wb") as file:
        file.truncate(1024 * MAX_BYTES)
    portrait = read_portrait(folder, "big.jpg")
    assert len(portrait) == MAX_BYTES + 1
    with pytest.raises(TooLarge):
        decode(portrait)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"identifier,file\n",
        b"identifier,file,legal_basis,colour\n",
        b"identifier,file,legal_basis,file\n",
        b"identifier,file,legal_basis\na,b\n",
        b"identifier,file,legal_basis\na,b,c,d\n",
        b'identifier,file,legal_basis\n"a,b,c\n',
        b'identifier,file,legal_basis\n"a"x,b,c\n',
        b"identifier;file;legal_basis\n",
    ],
)
def test_a_csv_that_is_not_as_documented_is_refused_whole(content):
    """Before anybody is enrolled."""
    with pytest.raises(InvalidInput):
        read_rows(content)


def test_a_csv_of_a_spreadsheet_is_read():
    """Byte order mark, carriage returns, quotes, a line feed within a cell; the header alone is no error."""
    rows = read_rows(b'\xef\xbb\xbffile,identifier,legal_basis\r\na.jpg,"x, ""y""","consent: a"\r\n')
    assert rows[0].cells == {"file": "a.jpg", "identifier": 'x, "y"', "legal_basis": "consent: a"}
    assert read_rows(b"identifier,file,legal_basis\n") == []


def test_more_rows_than_the_bound_are_too_large(monkeypatch):
    """Memory is bounded."""
    monkeypatch.setattr(bulk, "MOST_ROWS", 2)
    assert len(read_rows(b"identifier,file,legal_basis\n" + b",,\n" * 2)) == 2
    with pytest.raises(TooLarge):
        read_rows(b"identifier,file,legal_basis\n" + b",,\n" * 3)


@given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_an_input_error(content):
    """Nothing else comes out of the parser."""
    for data in (content, b"identifier,file,legal_basis\n" + content):
        with suppress(InputError):
            read_rows(data)
