"""The root and its leaves, held against the rules of RFC 5280 by a verifier that is not ours, and against a tired operator."""

import stat
from base64 import encodebytes
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from idverify.errors import InvalidInput, KeyUnavailable
from idverify.keys import authority
from idverify.keys.file import FileSigner

NOW = 1_800_000_000.0
DAY = 86_400
USAGE = "1.0.18013.5.1.2"


def leaf_of(root, signer, issuer="https://id.example", now=NOW):
    """A certificate, parsed."""
    return x509.load_der_x509_certificate(root.issue(signer.public_jwk(), usage=USAGE, issuer=issuer, now=now))


@pytest.fixture
def signer():
    """A key to certify."""
    return FileSigner.new()


@pytest.fixture
def root(tmp_path):
    """A root."""
    return authority.create(tmp_path / "root", name="City of Example", country="XX", now=NOW)


def test_a_leaf_says_what_the_format_asks_and_nothing_more(root, signer):
    """One purpose, one URL and its host, 274 days from the beginning of the UTC day, signed directly by the root."""
    leaf, parent = leaf_of(root, signer), x509.load_der_x509_certificate(root.certificate)
    leaf.verify_directly_issued_by(parent)
    parent.verify_directly_issued_by(parent)
    extensions = {one.oid: (one.value, one.critical) for one in leaf.extensions}
    names = extensions[ExtensionOID.SUBJECT_ALTERNATIVE_NAME][0]
    assert extensions[ExtensionOID.BASIC_CONSTRAINTS] == (x509.BasicConstraints(ca=False, path_length=None), True)
    assert extensions[ExtensionOID.KEY_USAGE][1]
    assert [one.dotted_string for one in extensions[ExtensionOID.EXTENDED_KEY_USAGE][0]] == [USAGE]
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["https://id.example"]
    assert names.get_values_for_type(x509.DNSName) == ["id.example"]
    assert leaf.not_valid_before_utc == datetime.fromtimestamp(NOW // DAY * DAY, UTC)
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days == 274
    assert extensions[ExtensionOID.AUTHORITY_KEY_IDENTIFIER][0].key_identifier == (
        parent.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    )
    constraints = parent.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.value, constraints.critical) == (x509.BasicConstraints(ca=True, path_length=0), True)


def test_an_issuer_by_address_has_no_dns_name(root, signer):
    """As in development."""
    names = leaf_of(root, signer, "http://127.0.0.1:8000").extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.DNSName) == []


@pytest.mark.parametrize("issuer", ["", "id.example", "https://", "http://[::1", "urn:x", "https://市.example"])
def test_what_is_no_url_is_not_certified(root, signer, issuer):
    """Credentials would name it as their issuer."""
    with pytest.raises(KeyUnavailable, match="not a URL"):
        leaf_of(root, signer, issuer)


def test_a_root_that_ends_before_a_leaf_would_certifies_no_more(root, signer):
    """The message says to make another."""
    leaf_of(root, signer, now=NOW + (3650 - 275) * DAY)
    with pytest.raises(KeyUnavailable, match="make another"):
        leaf_of(root, signer, now=NOW + (3650 - 273) * DAY)


def test_a_root_opens_with_its_passphrase_alone_and_is_never_overwritten(tmp_path):
    """A missing and a wrong passphrase are told from nothing else; the key's file is private."""
    folder = tmp_path / "root"
    made = authority.create(folder, name="City", country="XX", now=NOW, passphrase=b"correct horse")
    assert stat.S_IMODE((folder / authority.KEY_FILE).stat().st_mode) == 0o600
    assert authority.encrypted(folder)
    assert authority.load(folder, b"correct horse").fingerprint == made.fingerprint
    for wrong in (None, b"", b"battery staple"):
        with pytest.raises(KeyUnavailable, match="passphrase"):
            authority.load(folder, wrong)
    with pytest.raises(KeyUnavailable, match="exists already"):
        authority.create(folder, name="Another", country="XX", now=NOW)
    assert authority.load(folder, b"correct horse").name == "City"


def test_a_certificate_of_another_key_is_refused(tmp_path, root):
    """Two folders mixed up."""
    authority.create(tmp_path / "other", name="Other", country="XX", now=NOW)
    (tmp_path / "root" / authority.CERTIFICATE_FILE).write_bytes((tmp_path / "other" / authority.CERTIFICATE_FILE).read_bytes())
    with pytest.raises(KeyUnavailable, match="another key"):
        authority.load(tmp_path / "root")
    (tmp_path / "root" / authority.CERTIFICATE_FILE).write_text("no certificate")
    with pytest.raises(KeyUnavailable, match="not a certificate"):
        authority.load(tmp_path / "root")


@pytest.mark.parametrize("name", ["", "x" * 65, "市" * 22])
def test_a_root_has_a_name_that_people_can_read(tmp_path, name):
    """X.509 has room for 64 bytes."""
    with pytest.raises(InvalidInput, match="64"):
        authority.create(tmp_path / "root", name=name, country="XX", now=NOW)


def test_an_answer_with_a_certificate_of_no_version_is_no_file_of_certificates(root):
    """The parser has an error of its own for that, which would read as a fault of ours."""
    body = encodebytes(root.certificate.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x58", 1))
    with pytest.raises(InvalidInput, match="not a file of certificates"):
        authority.read_pem(b"-----BEGIN CERTIFICATE-----\n" + body + b"-----END CERTIFICATE-----\n")


def test_nothing_secret_is_in_its_repr(root):
    """Logs."""
    assert str(root._key.private_numbers().private_value) not in repr(root)
