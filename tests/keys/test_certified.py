"""Certified keys over time, in files and in a PKCS#11 token: who signs, until when, what stays published."""

import pytest

from idverify.errors import KeyUnavailable, SigningUnavailable
from idverify.keys import authority, signing
from idverify.keys.certified import RENEWED_BELOW_DAYS, CertifiedKeys
from idverify.keys.pkcs11 import Pkcs11Holder, Pkcs11Signer

DAY = 86_400
START = 1_800_000_000.0 // DAY * DAY
ISSUER = "https://id.example"
USAGE = "1.0.18013.5.1.2"


class Clock:
    now = START

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    """Moved by hand."""
    return Clock()


@pytest.fixture
def root(tmp_path):
    """A root on a medium of its own."""
    return authority.create(tmp_path / "root", name="City", country="XX", now=START)


@pytest.fixture(params=["file", "pkcs11"])
def keys(request, tmp_path, clock):
    """Keys without certificates, with either holder."""
    holder = Pkcs11Holder(request.getfixturevalue("hsm")) if request.param == "pkcs11" else None
    folder = tmp_path / "credential"
    return CertifiedKeys(signing.load_or_create(folder, clock, holder), folder, issuer=ISSUER)


def certify(keys, root):
    """As `pki issue` does."""
    return keys.certify(root, usage=USAGE, issuer=ISSUER)


def test_a_key_without_a_certificate_does_not_sign_and_the_message_says_what_to_do(keys):
    """Nothing falls back to an uncertified key."""
    assert keys.needs_certificates(ISSUER)
    with pytest.raises(SigningUnavailable, match="idverify pki issue"):
        _ = keys.current
    assert keys.published() == ()


def test_the_current_and_the_next_key_are_certified_once(keys, root):
    """The private half never moves: what is certified is the public half that its holder names."""
    made = certify(keys, root)
    assert {one.kid for one in made} == {one.kid for one in keys.signing.records()}
    assert certify(keys, root) == ()
    assert not keys.needs_certificates(ISSUER)
    certified = keys.current
    assert certified.signer.kid == keys.signing.current.kid
    assert len(certified.signer.sign(b"data")) == 64
    assert (certified.root, len(certified.chain)) == (root.certificate, 1)
    assert [jwk["kid"] for jwk, _ in keys.published()] == [one.kid for one in keys.signing.records()]


def test_in_a_token_the_certified_key_cannot_be_read_out(hsm, tmp_path, clock, root):
    """It signs there, and only there."""
    import pkcs11

    folder = tmp_path / "credential"
    keys = CertifiedKeys(signing.load_or_create(folder, clock, Pkcs11Holder(hsm)), folder)
    certify(keys, root)
    assert isinstance(keys.current.signer, Pkcs11Signer)
    assert not list(folder.glob("*.pem")) or all(path.name.endswith(".chain.pem") for path in folder.glob("*.pem"))

    def look(session):
        private = list(session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}))
        assert private
        assert all(one[pkcs11.Attribute.NEVER_EXTRACTABLE] for one in private)

    hsm.run(look)


def test_a_certificate_signs_for_ninety_days_and_no_second_longer(keys, root, clock):
    """Credentials that it signed on its last day need half a year of it yet."""
    certify(keys, root)
    clock.now = START + 90 * DAY - 1
    assert keys.current
    clock.now = START + 90 * DAY
    with pytest.raises(SigningUnavailable, match="may sign now"):
        _ = keys.current
    assert len(keys.published()) == 2
    clock.now = START + 274 * DAY
    assert keys.published() == ()


def test_a_renewed_certificate_waits_until_the_older_one_may_sign_no_more(keys, root, clock):
    """Until then readers have fetched it: both are published."""
    certify(keys, root)
    first = keys.current.chain
    clock.now = START + (90 - RENEWED_BELOW_DAYS) * DAY
    assert certify(keys, root) == ()
    clock.now += 1
    assert keys.needs_certificates(ISSUER)
    assert len(certify(keys, root)) == 2
    assert keys.current.chain == first
    assert len(keys.published()) == 4
    clock.now = START + 90 * DAY
    assert keys.current.chain != first


def test_a_rotation_needs_a_next_key_that_may_sign(keys, root, clock):
    """Otherwise nothing changes: an installation that cannot issue is worse than a key that is a day older."""
    before = keys.signing.records()
    with pytest.raises(SigningUnavailable, match="next key has no certificate"):
        keys.rotate()
    assert keys.signing.records() == before
    certify(keys, root)
    done = keys.rotate()
    certify(keys, root)
    assert keys.current.signer.kid == done.current
    assert {jwk["kid"] for jwk, _ in keys.published()} == {done.current, done.next, done.retired}
    clock.now = START + 100 * DAY
    with pytest.raises(SigningUnavailable):
        keys.rotate()


def test_a_certificate_for_another_issuer_does_not_sign(keys, root, tmp_path):
    """IDVERIFY_ISSUER was changed: every reader would refuse what is signed."""
    certify(keys, root)
    moved = CertifiedKeys(keys.signing, keys.folder, issuer="https://new.example")
    with pytest.raises(SigningUnavailable):
        _ = moved.current
    assert moved.needs_certificates("https://new.example")
    moved.certify(root, usage=USAGE, issuer="https://new.example")
    assert moved.current.chain != keys.current.chain


def test_another_process_sees_what_this_one_certified(keys, root, clock):
    """A running server needs no restart after `pki issue` or `pki rotate`."""
    server = CertifiedKeys(keys.signing, keys.folder, issuer=ISSUER)
    with pytest.raises(SigningUnavailable):
        _ = server.current
    certify(keys, root)
    assert server.current.chain == keys.current.chain
    again = keys.requests(usage=USAGE, issuer=ISSUER, root=root.fingerprint, every=True)
    made = [keys.install(asked.kid, root.answer(asked, now=START), root.certificate) for asked in again]
    keys.destroy_all_but([one.leaf for one in made])
    assert server.current.chain == keys.current.chain
    assert len(server.certificates()) == 2


@pytest.mark.parametrize("content", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\xff"])
def test_a_damaged_certificate_stops_the_signing_and_names_its_file(keys, root, content):
    """Faults fail closed."""
    certify(keys, root)
    path = next(keys.folder.glob("*.chain.pem"))
    path.chmod(0o600)
    path.write_bytes(content)
    with pytest.raises(SigningUnavailable, match=r"chain\.pem"):
        _ = CertifiedKeys(keys.signing, keys.folder).current


def test_a_certificate_that_others_could_change_is_refused(keys, root):
    """As every file of the folder of keys."""
    certify(keys, root)
    next(keys.folder.glob("*.chain.pem")).chmod(0o644)
    with pytest.raises(KeyUnavailable, match="chmod 600"):
        CertifiedKeys(keys.signing, keys.folder).certificates()
