"""What an operator configures is read whole or not at all."""

import json

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from idverify.attestation import App, AttestationRefused, Expected, check, read_revocations, read_roots
from idverify.errors import ConfigurationInvalid

from . import forge


def test_roots_are_read_from_pem_and_trusted():
    """Several in one file."""
    pem = forge.MAKER.root.public_bytes(Encoding.PEM) + forge.FIDO.root.public_bytes(Encoding.PEM)
    roots = read_roots(pem)
    assert check("android_key", forge.android(), forge.expected(android_roots=roots)).level == "app"


@pytest.mark.parametrize(
    "pem", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b" " * 2_000_000]
)
def test_a_file_without_roots_stops_the_service(pem):
    """An empty trust that nobody meant would only show when phones are refused."""
    with pytest.raises(ConfigurationInvalid):
        read_roots(pem)


@pytest.mark.parametrize("status", ["REVOKED", "SUSPENDED", "SOMETHING_NEW"])
@pytest.mark.parametrize("spelled", ["{:x}", "{:X}", "{:d}"])
def test_a_listed_serial_is_refused_however_it_is_spelled(status, spelled):
    """Hex as the format has it, and decimal as its older entries have it."""
    serial = 6_681_152_659_205_225_093
    listed = read_revocations(json.dumps({"entries": {spelled.format(serial): {"status": status}}}).encode(), forge.NOW)
    with pytest.raises(AttestationRefused) as refused:
        check("android_key", forge.android(serial=serial), forge.expected(revocations=listed))
    assert refused.value.reason == "revoked"


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"entries": []}', b'{"entries": {"xyz": {}}}', b'{"entries": {"": {}}}', b"[" * 100_000, b"\xff"],
)
def test_a_list_that_cannot_be_read_whole_stops_the_service(content):
    """Half a list would let through what the other half names."""
    with pytest.raises(ConfigurationInvalid):
        read_revocations(content, forge.NOW)


def test_an_app_without_a_whole_digest_and_a_short_nonce_are_our_own_mistakes():
    """They are found when the service starts, not when a phone answers."""
    with pytest.raises(ConfigurationInvalid):
        App(forge.PACKAGE, b"short")
    with pytest.raises(ConfigurationInvalid):
        App("", forge.SIGNER)
    with pytest.raises(ValueError, match="16 bytes"):
        Expected(b"short", forge.NOW)


def test_a_refusal_tells_a_client_nothing():
    """The reason is for operators and the audit; the message is the same for all."""
    messages = set()
    for data in (b"", b"\x00", forge.android(described={"challenge": b"x"}), forge.android(until=2030)):
        with pytest.raises(AttestationRefused) as refused:
            check("android_key", data, forge.expected())
        messages.add(str(refused.value))
    assert len(messages) == 1
