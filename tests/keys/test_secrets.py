"""The installation's secrets: made once, wrapped at rest, unchanged by rotation."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from idverify.errors import KeyUnavailable, RecordTampered
from idverify.keys import private_files, secrets
from idverify.keys.file import create_kek_file, drop_old_versions, load_kek_file


@pytest.fixture
def folder(tmp_path):
    """Where the secrets are kept."""
    return tmp_path / "data" / "keys"


@pytest.fixture
def wrapper(tmp_path):
    """Over a KEK file beside the data folder."""
    create_kek_file(tmp_path / "kek")
    return load_kek_file(tmp_path / "kek", tmp_path / "data")


def test_they_are_made_once_and_kept_wrapped_and_private(folder, wrapper):
    """Four different secrets of 32 bytes; none of them, nor its repr, shows."""
    made = secrets.load_or_create(folder, wrapper)
    assert secrets.load_or_create(folder, wrapper) == made == secrets.load(folder, wrapper)
    each = [getattr(made, name) for name in secrets.NAMES]
    assert {len(one) for one in each} == {32}
    assert len(set(each)) == len(each) == 4
    content = (folder / secrets.FILE).read_text()
    assert not any(private_files_text(one) in content for one in each)
    assert stat.S_IMODE((folder / secrets.FILE).stat().st_mode) == 0o600
    assert repr(made) == "Secrets(...)"


def test_processes_that_start_together_agree_on_one_set(folder, wrapper):
    """The lock lets one of them make it."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: secrets.load_or_create(folder, wrapper), range(8)))
    assert all(one == made[0] for one in made)


def test_rotation_rewraps_them_unchanged_and_may_be_repeated(folder, wrapper, tmp_path):
    """After it the old version may go."""
    made = secrets.load_or_create(folder, wrapper)
    assert secrets.rewrap(folder, wrapper) is False
    new = wrapper.add_version()
    assert secrets.rewrap(folder, wrapper) is True
    assert secrets.rewrap(folder, wrapper) is False
    drop_old_versions(tmp_path / "kek")
    assert json.loads((folder / secrets.FILE).read_text())["kek_version"] == new
    assert secrets.load(folder, wrapper) == made


def test_a_rotation_that_fails_leaves_the_old_file_and_can_go_on(folder, wrapper, monkeypatch):
    """A crash before the file is replaced."""
    made = secrets.load_or_create(folder, wrapper)
    wrapper.add_version()
    with monkeypatch.context() as broken:
        broken.setattr(private_files.os, "replace", _crash)
        with pytest.raises(KeyUnavailable):
            secrets.rewrap(folder, wrapper)
    assert secrets.load(folder, wrapper) == made
    assert secrets.rewrap(folder, wrapper) is True


def test_two_secrets_cannot_change_places(folder, wrapper):
    """Each wrap is bound to the secret's name."""
    secrets.load_or_create(folder, wrapper)
    content = json.loads((folder / secrets.FILE).read_text())
    wrapped = content["wrapped"]
    wrapped["audit"], wrapped["lookup"] = wrapped["lookup"], wrapped["audit"]
    (folder / secrets.FILE).write_text(json.dumps(content))
    with pytest.raises(RecordTampered):
        secrets.load(folder, wrapper)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"format":"other"}', '{"format":"idverify-secrets-1","wrapped":3}', "[" * 9999]
)
def test_a_damaged_file_is_refused_and_never_replaced_by_new_secrets(folder, wrapper, content):
    """New secrets would orphan every record: that is for a person to decide."""
    secrets.load_or_create(folder, wrapper)
    (folder / secrets.FILE).write_text(content)
    with pytest.raises(KeyUnavailable, match="damaged"):
        secrets.load_or_create(folder, wrapper)
    assert (folder / secrets.FILE).read_text() == content


def test_another_installations_kek_does_not_open_them(folder, wrapper, tmp_path):
    """It is named as missing, not taken for tampering."""
    secrets.load_or_create(folder, wrapper)
    create_kek_file(tmp_path / "other")
    with pytest.raises(KeyUnavailable, match="not in the KEK file"):
        secrets.load(folder, load_kek_file(tmp_path / "other", tmp_path / "data"))


def private_files_text(secret):
    """How the file would spell a secret that was not wrapped."""
    return secrets.base64url(secret)[:20]


def _crash(*_):
    raise OSError(5, "crashed here")
