"""Only our app, unmodified, on a locked device with its maker's system, with a fresh key in hardware, is level `app`."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from idverify.attestation import AttestationRefused, AttestedKey, Revocations, check, der

from . import forge
from .forge import Authority, android, expected, key_description

SOUND = android()


def refusal(data, **changed):
    """The reason under which it is refused."""
    with pytest.raises(AttestationRefused) as refused:
        check("android_key", data, expected(**changed))
    assert refused.value.code == "attestation_refused"
    return refused.value.reason


@pytest.mark.parametrize(("level", "hardware"), [(1, "tee"), (2, "strongbox")])
def test_our_app_on_an_intact_device_is_attested(level, hardware):
    """With the key that the hardware made, for whoever wants to check its signatures."""
    found = check("android_key", android(described={"levels": (level, level)}), expected())
    assert (found.level, found.hardware, found.key) == ("app", hardware, AttestedKey(forge.spki(forge.KEY)))


def test_the_root_may_be_left_out_and_may_be_a_later_certificate_of_the_pinned_key():
    """Roots are issued anew with the same name and key; what is pinned still decides how long it holds."""
    leaf, middle, _ = forge.MAKER.chain(forge.android_leaf())
    assert check("android_key", leaf + middle, expected()).level == "app"
    renewed = forge.certificate(
        forge.MAKER.root_name, forge.MAKER.key, forge.MAKER.root_name, forge.MAKER.key, ca=True, until=2060
    )
    assert check("android_key", leaf + middle + forge.der_of(renewed), expected()).level == "app"


@pytest.mark.parametrize(
    ("reason", "described"),
    [
        ("nonce_wrong", {"challenge": b"another session's nonce, 32 byte"}),
        ("nonce_wrong", {"challenge": forge.NONCE[:-1]}),
        ("nonce_wrong", {"challenge": b""}),
        ("software_only", {"levels": (0, 0)}),
        ("software_only", {"levels": (0, 1)}),
        ("software_only", {"levels": (1, 0)}),
        ("software_only", {"levels": (3, 3)}),
        ("description_too_old", {"version": 2}),
        ("boot_unverified", {"hardware": {704: forge.root_of_trust(locked=b"\x00")}}),
        ("boot_unverified", {"hardware": {704: forge.root_of_trust(state=1)}}),
        ("boot_unverified", {"hardware": {704: forge.root_of_trust(state=2)}}),
        ("boot_unverified", {"hardware": {704: forge.root_of_trust(state=3)}}),
        ("malformed", {"hardware": {704: forge.root_of_trust(locked=b"\x01")}}),
        ("boot_unproven", {"hardware": {704: None}}),
        ("boot_unproven", {"hardware": {704: None}, "software": {704: forge.root_of_trust()}}),
        ("boot_unproven", {"software": {704: forge.root_of_trust()}}),
        ("key_imported", {"hardware": {702: forge.integer(2)}}),
        ("malformed", {"hardware": {702: None}, "software": {702: forge.integer(0)}}),
        ("key_unsuitable", {"hardware": {1: forge.tlv(0x31, forge.integer(2) + forge.integer(7))}}),
        ("key_unsuitable", {"hardware": {600: forge.tlv(5, b"")}}),
        ("key_unsuitable", {"software": {600: forge.tlv(5, b"")}}),
        ("app_unknown", {"software": {709: None}}),
        ("app_unknown", {"software": {709: None}, "hardware": {709: forge.application()}}),
        ("app_unknown", {"software": {709: forge.application(packages=(("evil.app", 7),))}}),
        ("app_unknown", {"software": {709: forge.application(packages=((forge.PACKAGE, 7), ("evil.app", 7)))}}),
        ("app_unknown", {"software": {709: forge.application(signers=(b"s" * 32,))}}),
        ("app_unknown", {"software": {709: forge.application(signers=(forge.SIGNER, b"s" * 32))}}),
        ("app_unknown", {"software": {709: forge.application(signers=())}}),
        ("app_unknown", {"software": {709: forge.application(packages=(("", 7),))}}),
        ("app_unknown", {"software": {709: forge.application(packages=(("ex\u00e4mple", 7),))}}),
        ("app_unknown", {"software": {709: forge.application(signers=(b"short",))}}),
        ("malformed", {"software": {709: forge.application(more=b"\x31\x00")}}),
        ("malformed", {"software": {709: forge.application(within=b"\x05\x00")}}),
        ("malformed", {"hardware": {704: forge.root_of_trust(more=b"\x05\x00")}}),
        ("malformed", {"hardware": {1: forge.tlv(0x31, forge.integer(2) * 257)}}),
        ("malformed", {"hardware": {702: forge.tlv(2, b"\x00\x00")}}),
        ("malformed", {"hardware": {702: forge.tlv(2, b"")}}),
        ("malformed", {"hardware": {702: forge.tlv(2, b"\x80")}}),
        ("malformed", {"hardware": {702: forge.integer(0) + b"\x05\x00"}}),
        ("malformed", {"after": b"\x05\x00"}),
        ("malformed", {"inside": b"\x05\x00"}),
    ],
)
def test_what_the_hardware_says_otherwise_is_refused(reason, described):
    """Each under its own reason: a chain that is sound, from a maker we trust, about something else than our app."""
    assert refusal(android(described=described)) == reason


def test_a_patch_level_is_demanded_only_where_it_is_configured():
    """An old system is one that others have broken into."""
    assert check("android_key", SOUND, expected(oldest_patch=203005)).level == "app"
    assert refusal(SOUND, oldest_patch=203006) == "patch_too_old"
    assert refusal(android(described={"hardware": {706: None}}), oldest_patch=203001) == "patch_too_old"


def test_a_chain_to_another_root_is_refused_even_under_the_same_names():
    """Names are free; keys are not."""
    assert refusal(android(Authority())) == "root_unknown"
    assert refusal(SOUND, android_roots=()) == "root_unknown"
    assert refusal(SOUND, android_roots=(forge.FIDO.root,)) == "root_unknown"


def test_a_certificate_that_the_next_one_did_not_sign_is_refused():
    """A leaf of one's own making before somebody's genuine intermediate."""
    foreign = forge.android_leaf(Authority())
    assert refusal(b"".join(forge.MAKER.chain(foreign))) == "chain_broken"
    leaf, middle, root = forge.MAKER.chain(forge.android_leaf())
    assert refusal(middle + leaf + root) in {"root_unknown", "chain_broken"}
    assert refusal(leaf + root) == "root_unknown"


@pytest.mark.parametrize(
    ("reason", "leaf"),
    [
        ("expired", {"until": 2030}),
        ("expired", {"since": 2031}),
        ("key_unsuitable", {"key": forge.new_key(ec.SECP384R1())}),
        ("key_unsuitable", {"key": forge.new_key(ec.SECP256K1())}),
        ("key_unsuitable", {"key": rsa.generate_private_key(65537, 2048)}),
        ("description_missing", {"description": b""}),
        ("malformed", {"description": b"\x00"}),
        ("extension_unknown", {"more": [(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)]}),
        ("revoked", {"serial": 12345}),
    ],
)
def test_an_unsuitable_leaf_is_refused(reason, leaf):
    """Expired, not yet valid, another curve, an extension that must be understood and is not, revoked."""
    assert refusal(android(**leaf)) == reason


@pytest.mark.parametrize(
    ("reason", "intermediate"),
    [
        ("expired", {"until": 2030}),
        ("revoked", {"serial": 12345}),
        ("issuer_is_no_authority", {"ca": False, "length": None}),
        ("issuer_is_no_authority", {"ca": None, "length": None}),
        ("issuer_is_no_authority", {"usage": False}),
        ("issuer_is_no_authority", {"root": {"length": 0}}),
        ("expired", {"root": {"until": 2030}}),
        ("revoked", {"root": {"serial": 12345}}),
        ("root_unknown", {"digest": hashes.SHA224()}),
        ("key_unsuitable", {"own_key": rsa.generate_private_key(65537, 1024)}),
        ("key_unsuitable", {"own_key": forge.new_key(ec.SECP224R1())}),
        ("description_misplaced", {"more": [(x509.UnrecognizedExtension(forge.DESCRIPTION, key_description()), False)]}),
    ],
)
def test_an_unsuitable_issuer_is_refused(reason, intermediate):
    """The intermediate's faults and the root's count as the leaf's."""
    maker = Authority(**intermediate)
    assert refusal(android(maker), android_roots=(maker.root,)) == reason


def test_an_attested_key_cannot_attest_another():
    """Whoever has a genuine hardware key, even one that may issue, signs what he likes with it: it is no chain."""
    inner = forge.new_key()
    for ca in (None, True):
        outer = forge.android_leaf(ca=ca)
        claim = [(x509.UnrecognizedExtension(forge.DESCRIPTION, key_description()), False)]
        fake = forge.certificate(forge.name("Fake"), inner, outer.subject, forge.KEY, ca=None, more=claim)
        maker = Authority(length=5)
        outer = forge.android_leaf(maker, ca=ca)
        data = b"".join([forge.der_of(fake), *maker.chain(outer)])
        assert refusal(data, android_roots=(maker.root,)) in {"issuer_is_no_authority", "description_misplaced"}


def test_without_a_fresh_revocation_list_no_chain_is_believed():
    """Missing, stale, or dated in the future: nobody can say that the key is not a published one."""
    nothing = frozenset()
    assert refusal(SOUND, revocations=None) == "revocation_unknown"
    assert refusal(SOUND, revocations=Revocations(nothing, forge.NOW - 8 * 86_400)) == "revocation_unknown"
    assert refusal(SOUND, revocations=Revocations(nothing, forge.NOW + 2 * 86_400)) == "revocation_unknown"
    assert check("android_key", SOUND, expected(revocations=Revocations(nothing, forge.NOW - 6 * 86_400))).level == "app"


def test_what_is_too_long_or_too_large_is_refused_before_it_is_parsed():
    """Six certificates, 16,384 bytes."""
    leaf, middle, root = forge.MAKER.chain(forge.android_leaf())
    assert refusal(leaf + middle * 6 + root) == "chain_length"
    assert refusal(SOUND + bytes(16_384)) == "too_large"
    assert refusal(b"") == "chain_length"
    assert refusal(root) == "chain_length"


@pytest.mark.parametrize(
    "tail", [b"\x00", b"\x30", b"\x30\x00", b"\x05\x00", b"\x30\x80\x00\x00", b"\x30\x81\x01\x00", b"\xff" * 9]
)
def test_trailing_bytes_are_refused(tail):
    """Also those that would be an element of their own."""
    refusal(SOUND + tail)


def test_a_signature_has_one_spelling():
    """Unused bits of its last octet, where they are zero, would be another."""
    leaf = next(leaf for leaf in iter(lambda: forge.der_of(forge.android_leaf()), None) if leaf[-1] & 1 == 0)
    signature = der.elements(der.only(leaf, der.SEQUENCE))[-1].raw
    respelled = leaf.removesuffix(signature) + signature[:2] + b"\x01" + signature[3:]
    assert refusal(respelled + forge.der_of(forge.MAKER.middle)) == "malformed"


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, len(SOUND) - 1), bit=st.integers(0, 7))
def test_no_flipped_bit_passes_but_in_the_copy_of_the_root(at, bit):
    """What is pinned counts, not the copy that is sent along."""
    flipped = bytearray(SOUND)
    flipped[at] ^= 1 << bit
    try:
        found = check("android_key", bytes(flipped), expected())
    except AttestationRefused:
        return
    assert at >= len(SOUND) - len(forge.der_of(forge.MAKER.root))
    assert found.key.public_key == forge.spki(forge.KEY)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(SOUND)), st.binary(min_size=1, max_size=8))
def test_no_insertion_into_the_chain_passes(at, inserted):
    """And nothing but a refusal comes out, whatever the bytes."""
    changed = SOUND[:at] + inserted + SOUND[at:]
    within_root = at > len(SOUND) - len(forge.der_of(forge.MAKER.root))
    try:
        check("android_key", changed, expected())
    except AttestationRefused:
        return
    assert within_root


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_no_description_meets_anything_but_a_refusal(noise):
    """Certified by a maker we trust, as a phone with broken firmware might."""
    refusal(android(description=noise or b"\x00"))
