"""Our seals, read by programs that nobody here wrote: poppler's pdfsig and OpenSSL. And what each says once something was changed."""

import shutil
import subprocess

import pytest

from .conftest import NOW
from .papers import appended, byte_range, message_of, words


def needed(program, package):
    """The program, or a skip that says how to get it."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is missing (apt-get install {package})")
    return program


def pdfsig(folder, document):
    """What it says."""
    (folder / "document.pdf").write_bytes(document)
    asked = [needed("pdfsig", "poppler-utils"), "document.pdf"]
    return subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("stamped", [False, True], ids=["B-B", "B-T"])
def test_poppler_finds_the_seal_valid_over_the_whole_document(tmp_path, office, tsa, stamped):
    """In the format of PAdES, with SHA-256, in the name of the issuer."""
    said = pdfsig(tmp_path, office.seal(ask=tsa.stamp if stamped else None))
    assert "Signature Validation: Signature is Valid." in said
    assert "Total document signed" in said
    assert "Signature Type: ETSI.CAdES.detached" in said
    assert "Signing Hash Algorithm: SHA-256" in said
    assert "CN=https://id.example,O=City of Test,C=XX" in said


def test_poppler_sees_what_was_changed_and_what_was_added(tmp_path, sealed):
    """A digit in the page, and an update behind the seal."""
    assert "Digest Mismatch" in pdfsig(tmp_path, sealed.replace(b"owes 100", b"owes 900"))
    assert "Not total document signed" in pdfsig(tmp_path, appended(sealed, {4: words("Zoe owes 900")}))


@pytest.mark.parametrize("stamped", [False, True], ids=["B-B", "B-T"])
def test_openssl_verifies_message_and_chain(tmp_path, office, tsa, stamped):
    """CAdES, so that it asks for the name of the certificate among what was signed; up to the root, for any purpose."""
    sealed = office.seal(ask=tsa.stamp if stamped else None)
    _, start, end, _ = byte_range(sealed)
    (tmp_path / "message").write_bytes(message_of(sealed))
    (tmp_path / "content").write_bytes(sealed[:start] + sealed[end:])
    asked = [needed("openssl", "openssl"), "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "message"]
    asked += ["-content", "content", "-CAfile", str(office.folder / "root.pem"), "-purpose", "any", "-out", "out"]
    done = subprocess.run([*asked, "-attime", str(int(NOW))], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, "successful" in done.stderr) == (0, True), done.stderr
    (tmp_path / "content").write_bytes(sealed[:start].replace(b"owes 100", b"owes 900") + sealed[end:])
    changed = subprocess.run([*asked, "-attime", str(int(NOW))], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert changed.returncode != 0
