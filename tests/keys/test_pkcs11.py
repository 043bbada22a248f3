"""What is particular to a PKCS#11 token: keys that cannot leave, PINs that are not tried twice, a missing extra."""

import sys

import pytest

from idverify.errors import ConfigurationInvalid, KeyUnavailable, SigningUnavailable
from idverify.keys.pkcs11 import Pkcs11Holder, Pkcs11Token, Pkcs11Wrapper


def test_no_secret_key_can_be_read_out_of_the_token(hsm):
    """Sensitive, never extractable, from the first moment on."""
    import pkcs11

    Pkcs11Wrapper.load_or_create(hsm)
    Pkcs11Holder(hsm).create()

    def look(session):
        found = [
            one
            for kind in (pkcs11.ObjectClass.SECRET_KEY, pkcs11.ObjectClass.PRIVATE_KEY)
            for one in session.get_objects({pkcs11.Attribute.CLASS: kind})
        ]
        for one in found:
            assert one[pkcs11.Attribute.SENSITIVE] is True
            assert one[pkcs11.Attribute.EXTRACTABLE] is False
            assert one[pkcs11.Attribute.NEVER_EXTRACTABLE] is True
            with pytest.raises(pkcs11.PKCS11Error):
                _ = one[pkcs11.Attribute.VALUE]
        return len(found)

    assert hsm.run(look) == 2


def test_a_token_without_a_kek_is_refused_where_none_may_be_made(hsm):
    """Opening is not making."""
    with pytest.raises(KeyUnavailable, match="no KEK"):
        _ = Pkcs11Wrapper(hsm).version
    made = Pkcs11Wrapper.load_or_create(hsm)
    assert Pkcs11Wrapper.load_or_create(hsm).version == Pkcs11Wrapper(hsm).version == made.version


def test_a_second_session_on_the_same_token_shares_its_keys(hsm, softhsm):
    """The token is logged in already."""
    made = Pkcs11Wrapper.load_or_create(hsm)
    again = Pkcs11Wrapper(Pkcs11Token(softhsm.module, softhsm.label, softhsm.pin))
    assert again.unwrap(made.wrap(bytes(32), b""), b"", made.version) == bytes(32)


def test_a_wrong_pin_is_refused_and_not_repeated_in_the_message(softhsm):
    """At start."""
    with pytest.raises(KeyUnavailable, match="PIN") as refused:
        Pkcs11Token(softhsm.module, softhsm.label, "0000")
    assert "0000" not in refused.value.message


def test_a_pin_that_was_refused_is_never_tried_again(hsm, monkeypatch):
    """A token locks after a few tries, and then nobody signs."""
    hsm._session.close()
    hsm._session, hsm._pin = None, "0000"
    with pytest.raises(KeyUnavailable, match="PIN"):
        hsm.run(len)
    monkeypatch.setattr(hsm, "_token", None)
    with pytest.raises(KeyUnavailable, match="PIN"):
        hsm.run(len)


def test_a_missing_library_or_token_is_a_matter_of_configuration(softhsm, tmp_path):
    """Each names what to look at."""
    with pytest.raises(ConfigurationInvalid, match="no PKCS#11 token"):
        Pkcs11Token(softhsm.module, "another", softhsm.pin)
    with pytest.raises(ConfigurationInvalid, match="no PKCS#11 token"):
        Pkcs11Token(tmp_path / "missing.so", softhsm.label, softhsm.pin)


def test_without_the_extra_the_message_says_what_to_install(tmp_path, monkeypatch):
    """The package imports without python-pkcs11."""
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(ConfigurationInvalid, match=r"idverify\[pkcs11\]"):
        Pkcs11Token(tmp_path / "module.so", "label", "4711")


def test_a_device_that_fails_once_is_opened_anew(hsm):
    """The failure is reported in our words, and the next call works."""
    signer = Pkcs11Holder(hsm).create()
    hsm._session = object()
    hsm._objects.clear()
    with pytest.raises(SigningUnavailable):
        signer.sign(b"data")
    assert len(signer.sign(b"data")) == 64


def test_a_token_in_trouble_is_not_taken_for_a_forged_record(hsm, monkeypatch):
    """A decryption that fails while the key itself fails says nothing about the record."""
    import pkcs11

    class Broken:
        def decrypt(self, *_, **__):
            raise pkcs11.DeviceError

        encrypt = decrypt

    wrapper = Pkcs11Wrapper.load_or_create(hsm)
    wrapped, version = wrapper.wrap(bytes(32), b""), wrapper.version
    monkeypatch.setattr(Pkcs11Wrapper, "_kek", lambda *_: Broken())
    with pytest.raises(KeyUnavailable):
        wrapper.unwrap(wrapped, b"", version)
