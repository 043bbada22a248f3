"""Signing keys over time: whoever holds a key set of the last ten minutes can check every living token."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idverify.credentials.reading import SKEW_SECONDS
from idverify.credentials.verdict_checks import LIFETIME_SECONDS
from idverify.errors import KeyUnavailable, SigningUnavailable
from idverify.keys import private_files, signing
from idverify.keys.pkcs11 import Pkcs11Holder


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.at = 1_800_000_000.0

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    """Standing still."""
    return Clock()


@pytest.fixture
def folder(tmp_path):
    """Where the keys are kept."""
    return tmp_path / "signing"


@pytest.fixture
def keys(folder, clock):
    """The keys of a first start."""
    return signing.load_or_create(folder, clock)


def kids(keys):
    """The published kids."""
    return [key["kid"] for key in keys.jwks()["keys"]]


def test_first_start_makes_one_key_that_signs_and_publishes_the_next(keys, folder, clock):
    """Private files; a second start finds the same."""
    again = signing.load_or_create(folder, clock)
    assert again.current.kid == keys.current.kid
    assert len(kids(keys)) == 2
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.iterdir())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert all("d" not in key for key in keys.jwks()["keys"])


def test_a_key_is_published_before_it_signs(keys):
    """What signs after a rotation was in every key set fetched before it."""
    published = kids(keys)
    keys.rotate()
    assert keys.current.kid in published


def test_a_retired_key_stays_published_until_its_last_token_has_expired(keys, clock):
    """To the second, and its public half is kept for the audit for good."""
    old = keys.current.kid
    keys.rotate()
    clock.at += LIFETIME_SECONDS + SKEW_SECONDS
    assert old in kids(keys)
    clock.at += 1
    assert old not in kids(keys)
    assert old in [key["kid"] for key in keys.history()["keys"]]


def test_retirement_outlasts_what_the_validator_allows():
    """Two rooms that may not import each other hold to the same figures."""
    assert signing.PUBLISHED_AFTER_RETIREMENT >= LIFETIME_SECONDS + SKEW_SECONDS


def test_a_retired_private_key_is_destroyed_at_once(keys, folder):
    """Its thief would find nothing."""
    old = keys.current.kid
    keys.rotate()
    assert {path.stem for path in folder.glob("*.pem")} == {one.kid for one in keys.records() if one.state != "retired"}
    with pytest.raises(KeyUnavailable):
        signing.FileHolder(folder).load(old)


def test_a_running_process_notices_a_rotation_by_another(keys, folder, clock):
    """No restart, no signal."""
    running = signing.load(folder, clock)
    assert running.current.kid == keys.current.kid
    rotation = signing.rotate(folder, clock)
    assert running.current.kid == keys.current.kid == rotation.current
    assert rotation.next in kids(running)


def test_an_unchanged_index_is_not_read_again(keys, monkeypatch):
    """One `stat` a call, because it lies on the way of every token."""
    monkeypatch.setattr(signing, "_read", pytest.fail)
    assert keys.current.kid in kids(keys)


def test_processes_that_start_together_agree_on_one_set(folder, clock):
    """The lock lets one of them make it."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: signing.load_or_create(folder, clock).current.kid, range(8)))
    assert len(set(made)) == 1


def test_signing_and_publishing_go_on_while_others_rotate(keys, folder, clock):
    """What signs is published, in every interleaving that eight threads find."""

    def use(_):
        current = keys.current
        assert len(current.sign(b"data")) == 64
        return current.kid in kids(keys)

    def turn(_):
        return bool(signing.rotate(folder, clock))

    with ThreadPoolExecutor(8) as pool:
        uses, turns = pool.map(use, range(100)), pool.map(turn, range(10))
        assert all(uses)
        assert all(turns)


@settings(max_examples=25, deadline=None)
@given(waits=st.lists(st.floats(0, 2000), min_size=1, max_size=8))
def test_whatever_the_rhythm_of_rotation_a_living_tokens_key_is_published(waits, tmp_path_factory):
    """A token of each moment, held against the key set of every later moment of its life."""
    clock = Clock()
    keys = signing.load_or_create(tmp_path_factory.mktemp("signing"), clock)
    tokens = [(clock.at, keys.current.kid)]
    for wait in waits:
        clock.at += wait
        keys.rotate()
        tokens.append((clock.at, keys.current.kid))
        living = {kid for at, kid in tokens if clock.at < at + LIFETIME_SECONDS}
        assert living <= set(kids(keys))


@pytest.mark.parametrize("crash_at", range(1, 8))
def test_a_crash_at_any_write_leaves_keys_that_sign_and_rotate(keys, folder, clock, monkeypatch, crash_at):
    """Power is cut at the nth change to the disk, halfway through the write where it is one."""
    before, count = keys.current.kid, 0

    def cut(real):
        def call(*arguments, **named):
            nonlocal count
            count += 1
            if count == crash_at:
                raise PowerCutError
            return real(*arguments, **named)

        return call

    with monkeypatch.context() as broken:
        for module, name in ((private_files, "_write"), (private_files.os, "replace"), (private_files, "_sync_folder")):
            broken.setattr(module, name, cut(getattr(module, name)))
        broken.setattr(signing.FileHolder, "destroy", cut(signing.FileHolder.destroy))
        if crash_at <= 6:
            with pytest.raises(PowerCutError):
                signing.rotate(folder, clock)
        else:
            signing.rotate(folder, clock)
    (folder / "index.json.new").unlink(missing_ok=True) if crash_at % 2 else (folder / "index.json.new").write_text("{half")
    restarted = signing.load(folder, clock)
    assert restarted.current.sign(b"data")
    assert before in kids(restarted)
    rotation = signing.rotate(folder, clock)
    assert restarted.current.kid == rotation.current
    left = {path.stem for path in folder.glob("*.pem")}
    assert not left & {one.kid for one in restarted.records() if one.state == "retired"}


class PowerCutError(BaseException):
    """Not an Exception: nothing on the way may tidy up after it."""


@pytest.mark.parametrize(
    "damage", ["", "{", '{"format":"x","keys":[]}', "two current", "no next", "twice", "private", "[" * 9999, "kid"]
)
def test_a_damaged_index_stops_the_start_and_is_left_for_a_person(keys, folder, clock, damage):
    """Never new keys in silence: relying parties would refuse every token."""
    content = json.loads((folder / signing.INDEX).read_text())
    coming, current = content["keys"]
    match damage:
        case "two current":
            coming["state"] = "current"
        case "no next":
            content["keys"] = [current]
        case "twice":
            coming.update(current, state="next")
        case "private":
            coming["public"]["d"] = "AAAA"
        case "kid":
            coming["public"]["kid"] = "other"
    text = json.dumps(content) if damage in ("two current", "no next", "twice", "private", "kid") else damage
    (folder / signing.INDEX).write_text(text)
    with pytest.raises(KeyUnavailable, match="damaged"):
        signing.load_or_create(folder, clock)
    with pytest.raises(SigningUnavailable):
        _ = keys.current
    assert (folder / signing.INDEX).read_text() == text


def test_a_pem_exchanged_for_another_is_refused(keys, folder, clock):
    """The index names the key by its thumbprint."""
    stranger = signing.FileHolder(folder).create()
    (folder / f"{stranger.kid}.pem").replace(folder / f"{keys.current.kid}.pem")
    with pytest.raises(KeyUnavailable, match="not the one"):
        signing.load(folder, clock)


@pytest.mark.parametrize("name", ["index", "pem"])
def test_keys_that_others_can_read_are_refused(keys, folder, clock, name):
    """The index too: whoever writes it chooses what is published."""
    path = folder / (signing.INDEX if name == "index" else f"{keys.current.kid}.pem")
    path.chmod(0o644)
    with pytest.raises(KeyUnavailable, match="other accounts"):
        signing.load(folder, clock)


def test_keys_that_vanish_while_running_are_unavailable(keys, folder):
    """No token is signed from memory when the index is gone."""
    (folder / signing.INDEX).unlink()
    with pytest.raises(SigningUnavailable):
        _ = keys.current


def test_rotation_says_how_long_the_new_key_had_been_published(keys, clock):
    """So that the command can warn about key sets that are still cached."""
    clock.at += 100
    assert keys.rotate().published_for == 100
    assert keys.rotate().published_for == 0


def test_the_same_life_is_led_by_keys_in_a_pkcs11_token(folder, clock, hsm):
    """Made, published ahead, promoted, retired and destroyed."""
    holder = Pkcs11Holder(hsm)
    keys = signing.load_or_create(folder, clock, holder)
    old = keys.current
    assert len(old.sign(b"data")) == 64
    rotation = keys.rotate()
    assert keys.current.kid == rotation.current != old.kid
    assert old.kid in kids(keys)
    assert list(folder.glob("*.pem")) == []
    with pytest.raises(SigningUnavailable):
        old.sign(b"data")
