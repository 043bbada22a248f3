"""Whose seal is believed: two cities, an insurer, a stranger, and time that goes by. Real roots and lists, no network."""

from pathlib import Path

import pytest
from credentials.authority import Authority as CarelessAuthority
from credentials.authority import public
from keys.conftest import hsm, softhsm
from seals.papers import paper
from seals.stamping import Authority, authority_in

from idverify.ceremonies.sealing import seal
from idverify.credentials import certificates
from idverify.credentials.believed import Believed
from idverify.credentials.certificates import leaf_under
from idverify.credentials.credential_errors import CertificatePurpose, CertificateUnsuitable
from idverify.credentials.purposes import Purpose
from idverify.keys.file import FileSigner
from idverify.keys.pkcs11 import Pkcs11Holder
from idverify.relying.seals import Word, validate
from idverify.seals import SEALING, pdf

from .deployments import IDENTITY, INSURANCE

__all__ = ["hsm", "softhsm"]

DAY = 86_400


@pytest.fixture(scope="module")
def tsa(tmp_path_factory):
    """Of others."""
    made = authority_in(tmp_path_factory.mktemp("tsa"))
    yield made
    made.close()


@pytest.fixture
def today(clock):
    """The real time, which the time-stamping authority of others goes by."""
    import time

    clock.now = float(int(time.time()))
    return clock


def root_of(tsa: Authority) -> bytes:
    """DER."""
    from idverify.keys.authority import read_pem

    return read_pem(Path(tsa.root).read_bytes())[0]


def sealed_by(city, **rest):
    """A paper."""
    return seal(city.vault, paper(), actor="operator", **rest)[0]


def word(reader, document, now, **rest):
    """What is found: word and code."""
    found = validate(document, reader.hotel.believed(now), now=now, **rest)
    return found.word, found.code


def test_a_seal_is_believed_of_whom_the_list_names_for_seals_alone(deploy, clock):
    """Two cities; an insurer, whose root is trusted for insurance; a city that is trusted for its cards; and a stranger."""
    a, b, insurer, cards, stranger = map(deploy, ("city-a", "city-b", "insurer", "city-c", "stranger"))
    named = (b.entity(IDENTITY, SEALING), insurer.entity(INSURANCE), cards.entity(IDENTITY))
    a.hotel.accept_list(a.publish(*named, types=(IDENTITY, SEALING)), a.pin, now=clock())
    now = clock() + 5
    found = validate(sealed_by(b), a.hotel.believed(now), now=now)
    assert (found.word, found.sealer, found.issuer, found.trust_anchor) == (Word.VALID, ("city-b", "XX"), b.issuer, b.pin)
    assert word(a, sealed_by(a), now) == (Word.VALID, "accepted")
    for other in (insurer, cards):
        assert word(a, sealed_by(other), now) == (Word.REFUSED, "seal_out_of_scope")
    assert word(a, sealed_by(stranger), now) == (Word.REFUSED, "certificate_foreign")


def test_a_seal_in_a_name_that_the_list_does_not_have_is_refused(deploy, clock):
    """City B certifies itself a key in City A's name; both may seal, each in its own."""
    a, b = deploy("city-a"), deploy("city-b")
    a.hotel.accept_list(a.publish(b.entity(SEALING), types=(SEALING,)), a.pin, now=clock())
    signer = FileSigner.new()
    for issuer, expected in ((b.issuer, (Word.VALID, "accepted")), (a.issuer, (Word.REFUSED, "seal_issuer_not_trusted"))):
        certificate = b.root.issue(signer.public_jwk(), usage=Purpose.SEAL, issuer=issuer, now=clock())
        document = pdf.seal(paper(), signer=signer, certificate=certificate, reason=None, now=clock())
        assert word(a, document, clock() + 5) == expected


def test_a_reader_who_takes_a_list_for_less_believes_no_seal_of_it(deploy, clock):
    """`trust add --type identity_card`."""
    city = deploy("city-a")
    document = sealed_by(city)
    city.hotel.accept_list(city.publish(types=(IDENTITY, SEALING)), city.pin, frozenset({IDENTITY}), now=clock())
    assert word(city, document, clock() + 5) == (Word.REFUSED, "seal_out_of_scope")


@pytest.mark.parametrize("purpose", [one for one in Purpose if one is not Purpose.SEAL])
def test_no_other_key_of_an_installation_seals_and_the_key_for_seals_signs_nothing_else(deploy, clock, purpose):
    """Both ways, by two properties of the certificate; with one of the checks taken out the other still refuses."""
    city = deploy("city-a")
    city.hotel.accept_list(city.publish(types=(IDENTITY, SEALING)), city.pin, now=clock())
    anchors = city.hotel.anchors(clock())
    held = {Purpose.CREDENTIAL: city.vault.credential_keys, Purpose.STATUS: city.vault.status_keys}
    held |= {Purpose.TRUST_LIST: city.vault.trust_list_keys, Purpose.READER: city.vault.reader_keys}
    key, seals = held[purpose].current, city.vault.seal_keys.current
    document = pdf.seal(paper(), signer=key.signer, certificate=key.chain[0], reason=None, now=clock())
    assert word(city, document, clock() + 5) == (Word.REFUSED, "certificate_unsuitable")
    for check, refusal in (
        (None, CertificateUnsuitable),
        (certificates.leaf_may_only_sign, CertificatePurpose),
        (certificates.purpose_is_the_one, CertificateUnsuitable),
    ):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(certificates, "CHECKS", tuple(one for one in certificates.CHECKS if one is not check))
            certificates.examined.cache_clear()
            with pytest.raises(refusal):
                leaf_under(key.chain, anchors, purpose=Purpose.SEAL, now=clock())
            with pytest.raises(refusal):
                leaf_under(seals.chain, anchors, purpose=purpose, now=clock())
    certificates.examined.cache_clear()


def test_a_certificate_that_may_sign_anything_seals_nothing(clock):
    """A careless authority's: with both usages, with more purposes, with none."""
    root, signer = CarelessAuthority("careless", begins=clock() - DAY), FileSigner.new()
    committing = certificates._COMMITTING_ONLY
    both = type(committing)(True, True, False, False, False, False, False, False, False)
    believed = Believed((root.anchor(frozenset({SEALING})),))

    def code(purpose, usage):
        leaf = root.certify(public(signer), "https://id.example", begins=clock() - DAY, purpose=purpose, usage=(usage, True))
        document = pdf.seal(paper(), signer=signer, certificate=leaf, reason=None, now=clock())
        return validate(document, believed, now=clock()).code

    assert code(Purpose.SEAL, committing) == "accepted"
    assert code(Purpose.SEAL, both) == "certificate_unsuitable"
    assert code((Purpose.SEAL, Purpose.CREDENTIAL), committing) == "certificate_purpose"
    assert code((), committing) == "certificate_purpose"


def test_after_the_certificate_has_ended_only_a_trusted_time_stamp_can_tell(deploy, today, tsa):
    """Without one, and with one of an unknown authority, the answer is UNKNOWN and never REFUSED: nobody changed anything."""
    city = deploy("city-a")
    plain, stamped = sealed_by(city), sealed_by(city, ask=tsa.stamp, stamp_roots=[root_of(tsa)])
    today.now += 275 * DAY
    city.hotel.accept_list(_renewed(city), city.pin, now=today())
    now = today() + 5
    assert word(city, plain, now) == (Word.UNKNOWN, "certificate_expired")
    assert word(city, stamped, now) == (Word.UNKNOWN, "certificate_expired")
    found = validate(stamped, city.hotel.believed(now), now=now, stamp_roots=[root_of(tsa)])
    assert (found.word, found.proven_at) == (Word.VALID, found.seal.stamp.at)
    tampered = stamped.replace(b"owes 100", b"owes 900")
    assert word(city, tampered, now, stamp_roots=[root_of(tsa)]) == (Word.REFUSED, "seal_tampered")


def test_a_seal_that_a_trusted_stamp_dates_after_its_certificate_is_refused(deploy, today, tsa):
    """The key was used too late, and that is proven: nothing is left to be told."""
    city = deploy("city-a")
    city.hotel.accept_list(city.publish(types=(SEALING,)), city.pin, now=today())
    signer, then = FileSigner.new(), today() - 280 * DAY
    root = CarelessAuthority("late", begins=then - DAY)
    leaf = root.certify(
        public(signer), "https://id.example", begins=then, purpose=Purpose.SEAL, usage=(certificates._COMMITTING_ONLY, True)
    )
    document = pdf.seal(paper(), signer=signer, certificate=leaf, reason=None, now=then, ask=tsa.stamp)
    believed = Believed((root.anchor(frozenset({SEALING})),))
    now = today() + 60
    late = validate(document, believed, now=now, stamp_roots=[root_of(tsa)])
    assert (late.word, late.code) == (Word.REFUSED, "certificate_expired")
    assert validate(document, believed, now=now).word is Word.UNKNOWN


def test_a_certificate_that_has_not_begun_is_refused_and_a_list_that_has_ended_tells_nothing(deploy, clock):
    """A clock that was put back; and a reader who was offline for more than a week."""
    city, other = deploy("city-a"), deploy("city-b")
    document = sealed_by(city)
    city.hotel.accept_list(city.publish(types=(SEALING,)), city.pin, now=clock())
    ended = city.hotel.believed(clock() + DAY).anchors
    assert validate(document, Believed(ended), now=clock() - 2 * DAY).code == "certificate_not_yet_valid"
    found = validate(document, Believed((), ended=ended), now=clock() + DAY)
    assert (found.word, found.code) == (Word.UNKNOWN, "trust_list_expired")
    assert validate(sealed_by(other), Believed((), ended=ended), now=clock() + DAY).word is Word.REFUSED


def test_a_city_taken_off_the_list_seals_no_more_whatever_its_time_stamps_say(deploy, today, tsa):
    """The answer to a stolen key is another root: what was sealed under the old one is sealed again."""
    city, other = deploy("city-a"), deploy("city-b")
    document = sealed_by(other, ask=tsa.stamp)
    city.hotel.accept_list(city.publish(other.entity(SEALING)), city.pin, now=today())
    assert word(city, document, today() + 60, stamp_roots=[root_of(tsa)]) == (Word.VALID, "accepted")
    today.now += 60
    city.hotel.accept_list(city.publish(), city.pin, now=today())
    assert word(city, document, today() + 60, stamp_roots=[root_of(tsa)]) == (Word.REFUSED, "certificate_foreign")


def test_a_key_in_a_token_seals_as_a_key_in_a_file_does(deploy, clock, hsm):
    """It cannot be taken away, only used."""
    city = deploy("city-a", holder=Pkcs11Holder(hsm))
    city.hotel.accept_list(city.publish(types=(SEALING,)), city.pin, now=clock())
    assert word(city, sealed_by(city), clock() + 5) == (Word.VALID, "accepted")


def _renewed(city):
    """Its list, once its keys have certificates again."""
    from idverify.ceremonies.certification import certify

    certify(city.vault, city.root, actor="operator")
    return city.publish(types=(SEALING,))
