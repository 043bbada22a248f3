"""What every Signer and every Wrapper owes its callers, whichever holds the key."""

import hashlib
import json
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from joserfc.jwk import ECKey
from joserfc.jws import deserialize_compact

from idverify.errors import KeyUnavailable, RecordTampered
from idverify.keys import Signer, Wrapper
from idverify.keys.file import FileSigner, create_kek_file, load_kek_file
from idverify.keys.pkcs11 import Pkcs11Holder, Pkcs11Wrapper
from idverify.keys.signing import FileHolder, Holder

KEY = bytes(range(32))


@pytest.fixture(params=["file", "pkcs11"])
def wrapper(request: pytest.FixtureRequest, tmp_path: Path) -> Wrapper:
    """A fresh wrapper of each kind."""
    if request.param == "pkcs11":
        return Pkcs11Wrapper.load_or_create(request.getfixturevalue("hsm"))
    create_kek_file(tmp_path / "kek")
    return load_kek_file(tmp_path / "kek", tmp_path / "data")


@pytest.fixture(params=["file", "pkcs11"])
def holder(request: pytest.FixtureRequest, tmp_path: Path) -> Holder:
    """An empty place for signing keys of each kind."""
    return Pkcs11Holder(request.getfixturevalue("hsm")) if request.param == "pkcs11" else FileHolder(tmp_path)


@pytest.fixture
def signer(holder: Holder) -> Signer:
    """A fresh signing key of each kind."""
    return holder.create()


def test_a_wrapped_key_opens_again_and_is_wrapped_anew_each_time(wrapper):
    """Round trip; equal keys give different wraps."""
    first, second = wrapper.wrap(KEY, b"row 1"), wrapper.wrap(KEY, b"row 1")
    assert first != second
    assert KEY not in first
    assert wrapper.unwrap(first, b"row 1", wrapper.version) == wrapper.unwrap(second, b"row 1", wrapper.version) == KEY


def test_other_associated_data_does_not_open_it(wrapper):
    """A wrap moved to another row is refused."""
    with pytest.raises(RecordTampered):
        wrapper.unwrap(wrapper.wrap(KEY, b"row 1"), b"row 2", wrapper.version)


@pytest.mark.parametrize("at", [0, 11, 12, 43, 44, 59])
def test_an_altered_byte_anywhere_is_refused(wrapper, at):
    """In the nonce, in the sealed key and in the tag."""
    wrapped = bytearray(wrapper.wrap(KEY, b"row 1"))
    wrapped[at] ^= 1
    with pytest.raises(RecordTampered):
        wrapper.unwrap(bytes(wrapped), b"row 1", wrapper.version)


@pytest.mark.parametrize("length", [0, 5, 12, 27, 59])
def test_a_shortened_one_is_refused(wrapper, length):
    """Truncation meets RecordTampered, whatever is missing."""
    with pytest.raises(RecordTampered):
        wrapper.unwrap(wrapper.wrap(KEY, b"")[:length], b"", wrapper.version)


def test_an_unknown_version_is_unavailable_and_not_tampered(wrapper):
    """A missing key is told apart from a forged record."""
    with pytest.raises(KeyUnavailable):
        wrapper.unwrap(wrapper.wrap(KEY, b""), b"", "7.00000000")
    with pytest.raises(KeyUnavailable):
        wrapper.wrap(KEY, b"", "7.00000000")


def test_the_newest_version_wraps_and_every_kept_one_unwraps(wrapper):
    """A version is bound into the wrap: the new key opens nothing of the old one."""
    old, under_old = wrapper.version, wrapper.wrap(KEY, b"")
    new = wrapper.add_version()
    assert wrapper.version == new != old
    assert wrapper.versions == (old, new)
    assert wrapper.unwrap(under_old, b"", old) == KEY
    with pytest.raises(RecordTampered):
        wrapper.unwrap(under_old, b"", new)


def test_a_caller_that_read_the_version_before_a_rotation_still_wraps_under_it(wrapper):
    """Version and wrap belong together although a rotation fell in between."""
    read = wrapper.version
    wrapper.add_version()
    assert wrapper.unwrap(wrapper.wrap(KEY, b"", read), b"", read) == KEY


def test_dropped_versions_are_gone_for_good(wrapper):
    """Dropping destroys all but the newest, and is safe to repeat."""
    old, under_old = wrapper.version, wrapper.wrap(KEY, b"")
    new = wrapper.add_version()
    assert wrapper.drop_old_versions() == (old,)
    assert wrapper.drop_old_versions() == ()
    assert wrapper.versions == (new,)
    with pytest.raises(KeyUnavailable):
        wrapper.unwrap(under_old, b"", old)


def test_only_whole_keys_are_wrapped(wrapper):
    """Anything but 32 bytes is a mistake of the caller."""
    with pytest.raises(ValueError, match="32 bytes"):
        wrapper.wrap(b"short", b"")


def test_wrapping_from_many_threads_mixes_nothing_up(wrapper):
    """Eight threads, each with keys and rows of its own."""

    def there_and_back(number: int) -> bool:
        key, data = hashlib.sha256(b"%d" % number).digest(), b"row %d" % number
        return wrapper.unwrap(wrapper.wrap(key, data), data, wrapper.version) == key

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(there_and_back, range(64)))


def test_what_it_signs_verifies_under_its_public_key(signer):
    """Held against joserfc, which did not sign it."""
    protected = _segment(json.dumps({"alg": "ES256"}).encode())
    signature = signer.sign(protected + b"." + _segment(b"payload"))
    assert len(signature) == 64
    token = protected + b"." + _segment(b"payload") + b"." + _segment(signature)
    key = ECKey.import_key(signer.public_jwk())
    assert deserialize_compact(token, key, algorithms=["ES256"]).payload == b"payload"


def test_kid_is_the_thumbprint_of_rfc_7638_and_the_jwk_is_public(signer):
    """The thumbprint is computed here anew, from the JWK alone."""
    jwk = signer.public_jwk()
    members = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    assert signer.kid == jwk["kid"] == _segment(hashlib.sha256(members.encode()).digest()).decode()
    assert jwk.keys() == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert (jwk["kty"], jwk["crv"], jwk["alg"], jwk["use"]) == ("EC", "P-256", "ES256", "sig")


def test_a_caller_cannot_change_the_key_by_changing_its_jwk(signer):
    """Each caller gets a copy."""
    kid = signer.kid
    signer.public_jwk()["kid"] = "other"
    assert signer.kid == kid == signer.public_jwk()["kid"]


def test_signing_from_many_threads_gives_valid_signatures(signer):
    """Eight threads share one signer."""
    key = ECKey.import_key(signer.public_jwk())

    def sound(number: int) -> bool:
        signed = _segment(b'{"alg":"ES256"}') + b"." + _segment(b"%d" % number)
        token = signed + b"." + _segment(signer.sign(signed))
        return deserialize_compact(token, key, algorithms=["ES256"]).payload == b"%d" % number

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(sound, range(64)))


def test_a_key_is_found_again_by_its_kid_until_it_is_destroyed(holder):
    """Destroying is safe to repeat and touches no other key."""
    made, other = holder.create(), holder.create()
    assert holder.load(made.kid).public_jwk() == made.public_jwk()
    holder.destroy(made.kid)
    holder.destroy(made.kid)
    with pytest.raises(KeyUnavailable):
        holder.load(made.kid)
    assert holder.load(other.kid).kid == other.kid


def test_nothing_secret_is_in_any_repr(wrapper, signer):
    """Neither the PIN nor the private number."""
    for thing in (wrapper, signer):
        assert "4711" not in repr(thing)
    if isinstance(signer, FileSigner):
        secret = signer._key.private_numbers().private_value
        assert str(secret) not in repr(signer)


def _segment(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")
