"""The KEK file and the PEM: private or refused, never in the data folder, never half-written."""

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from idverify.errors import KeyUnavailable, RecordTampered, SigningUnavailable
from idverify.keys import private_files
from idverify.keys.file import (
    FileSigner,
    FileWrapper,
    _parsed,
    add_kek_version,
    create_kek_file,
    drop_old_versions,
    load_kek_file,
)

KEY = bytes(32)


@pytest.fixture
def data(tmp_path):
    """A data folder."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def kek(tmp_path):
    """A KEK file outside it."""
    create_kek_file(tmp_path / "kek")
    return tmp_path / "kek"


def test_a_kek_file_is_made_private_even_under_a_careless_umask(tmp_path):
    """Mode 0600 whatever the umask, and never over an existing file."""
    before = os.umask(0)
    try:
        create_kek_file(tmp_path / "kek")
    finally:
        os.umask(before)
    content = (tmp_path / "kek").read_bytes()
    assert stat.S_IMODE((tmp_path / "kek").stat().st_mode) == 0o600
    with pytest.raises(KeyUnavailable, match="exists"):
        create_kek_file(tmp_path / "kek")
    assert (tmp_path / "kek").read_bytes() == content


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_a_kek_file_that_others_can_use_is_refused(kek, data, mode):
    """Any permission for group or others, not reading alone."""
    kek.chmod(mode)
    with pytest.raises(KeyUnavailable, match="other accounts"):
        load_kek_file(kek, data)


def test_a_kek_file_inside_the_data_folder_is_refused_however_it_is_spelled(tmp_path, data, kek, monkeypatch):
    """Plainly, deeper, through `..`, relative, through links to the file, its folder and the data folder, by a hard link."""
    (data / "deep").mkdir()
    create_kek_file(data / "deep" / "kek")
    inside = data / "deep" / "kek"
    (tmp_path / "to-file").symlink_to(inside)
    (tmp_path / "to-folder").symlink_to(data / "deep")
    (tmp_path / "to-data").symlink_to(data)
    (data / "out").symlink_to(kek)
    monkeypatch.chdir(tmp_path)
    spellings = [
        inside,
        data / "deep" / ".." / "deep" / "kek",
        data / ".." / "data" / "deep" / "kek",
        Path("data/deep/kek"),
        Path("./elsewhere/../data/deep/kek"),
        tmp_path / "to-file",
        tmp_path / "to-folder" / "kek",
        tmp_path / "to-data" / "deep" / "kek",
        data / "out",
    ]
    for spelled in spellings:
        with pytest.raises(KeyUnavailable, match="inside the data folder"):
            load_kek_file(spelled, data)
        with pytest.raises(KeyUnavailable, match="inside the data folder"):
            load_kek_file(spelled, tmp_path / "to-data")
    os.link(inside, tmp_path / "hard")
    with pytest.raises(KeyUnavailable, match="hard link"):
        load_kek_file(tmp_path / "hard", data)


def test_a_kek_file_beside_the_data_folder_is_accepted(tmp_path, data, kek):
    """Also when its name begins like the folder's, when the path climbs out of it, and through a link from outside."""
    create_kek_file(tmp_path / "data.kek")
    (tmp_path / "link").symlink_to(kek)
    for path in (tmp_path / "data.kek", data / ".." / "kek", tmp_path / "link"):
        assert load_kek_file(path, data).version.startswith("1.")


@pytest.mark.parametrize(
    "damage", ["typo", "cut", "swapped check", "no header", "empty", "order", "twice", "binary", "no version"]
)
def test_a_damaged_kek_file_is_refused_before_anything_is_wrapped_under_it(kek, data, damage):
    """The check value finds a mistyped key; the message shows the line's number and nothing of the key."""
    add_kek_version(kek)
    header, first, second = kek.read_text().splitlines()
    secret = first.split()[1]
    typed = ("B" if secret[5] == "A" else "A").join((secret[:5], secret[6:]))
    lines = {
        "typo": [header, first.replace(secret, typed), second],
        "cut": [header, first[:-4], second],
        "swapped check": [header, first.split()[0] + " " + second.split()[1]],
        "no header": [first, second],
        "empty": [],
        "order": [header, second, first],
        "twice": [header, first, first],
        "binary": ["\0\0\0"],
        "no version": [header],
    }[damage]
    kek.write_text("\n".join(lines) + "\n")
    with pytest.raises(KeyUnavailable) as refused:
        load_kek_file(kek, data)
    assert secret[:8] not in refused.value.message


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: ("idverify-kek 1\n" + text).encode()))
def test_no_content_of_a_kek_file_meets_another_exception(content):
    """Whatever the bytes: keys, or KeyUnavailable."""
    with pytest.raises(KeyUnavailable):
        _parsed(Path("kek"), content)


def test_a_person_may_comment_and_space_the_file(kek, data):
    """It is printed, stored and typed in again."""
    header, first = kek.read_text().splitlines()
    kek.write_text(f"{header}\n\n# from the safe, box 7\n  {first}  \r\n")
    assert load_kek_file(kek, data).version == first.split()[0]


def test_a_rotation_that_fails_leaves_the_old_file_whole(kek, monkeypatch):
    """A full disk at each step of the rewriting."""
    content = kek.read_bytes()
    for step in ("fsync", "replace", "fchmod"):
        with monkeypatch.context() as broken:
            broken.setattr(private_files.os, step, _full_disk)
            with pytest.raises(KeyUnavailable, match="No space left"):
                add_kek_version(kek)
        assert kek.read_bytes() == content
    assert add_kek_version(kek).startswith("2.")
    assert stat.S_IMODE(kek.stat().st_mode) == 0o600
    assert [path.name for path in kek.parent.iterdir()] == ["kek"]


def test_a_running_process_uses_a_version_that_another_one_added(kek, data):
    """No restart: the file is looked at before each use."""
    running = load_kek_file(kek, data)
    old, wrapped = running.version, running.wrap(KEY, b"")
    new = add_kek_version(kek)
    assert running.version == new
    assert running.unwrap(wrapped, b"", old) == KEY
    drop_old_versions(kek)
    assert running.versions == (new,)


def test_a_wrap_is_bound_to_its_version_even_where_two_versions_share_a_key(kek, data):
    """A line that a person copied under another number does not open what the first one wrapped."""
    header, first = kek.read_text().splitlines()
    kek.write_text(f"{header}\n{first}\n{first.replace('1.', '2.', 1)}\n")
    wrapper = load_kek_file(kek, data)
    old, new = wrapper.versions
    with pytest.raises(RecordTampered):
        wrapper.unwrap(wrapper.wrap(KEY, b"", old), b"", new)


def test_a_rotation_follows_a_link_instead_of_replacing_it(tmp_path, kek):
    """The file behind the link gets the version."""
    (tmp_path / "link").symlink_to(kek)
    add_kek_version(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert len(FileWrapper(kek).versions) == 2


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"\xff" * 100])
def test_a_damaged_pem_is_unavailable(tmp_path, content):
    """Never a library's own exception."""
    (tmp_path / "key.pem").touch(0o600)
    (tmp_path / "key.pem").write_bytes(content)
    with pytest.raises(KeyUnavailable):
        FileSigner.load(tmp_path / "key.pem")


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP256K1()])
def test_a_key_on_another_curve_is_refused(tmp_path, curve):
    """ES256 is P-256 and nothing else, whatever the PEM holds."""
    pem = ec.generate_private_key(curve).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    private_files.create_private(tmp_path / "key.pem", pem)
    with pytest.raises(KeyUnavailable, match="P-256"):
        FileSigner.load(tmp_path / "key.pem")


def test_a_private_file_must_be_a_regular_one(tmp_path, data):
    """A folder, a pipe (which must not block) and a missing file."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (data, tmp_path / "pipe", tmp_path / "missing"):
        with pytest.raises(KeyUnavailable):
            private_files.read_private(path)


def test_a_signer_that_fails_says_so_in_our_words(tmp_path):
    """The library's exception and its details stay inside."""

    class Broken:
        def sign(self, *_):
            raise RuntimeError("secret detail")

    signer = FileSigner.create(tmp_path)
    signer._key = Broken()
    with pytest.raises(SigningUnavailable) as failed:
        signer.sign(b"data")
    assert "secret detail" not in str(failed.value)
    assert failed.value.__cause__ is None


def _full_disk(*_, **__):
    raise OSError(28, "No space left on device")
