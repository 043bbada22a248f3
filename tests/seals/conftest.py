"""An office with a key for seals, and a time-stamping authority of others, made once."""

import time
from collections.abc import Iterator

import pytest

from idverify.credentials.purposes import Purpose
from idverify.keys import authority
from idverify.keys.file import FileSigner
from idverify.seals import pdf

from .papers import paper
from .stamping import Authority, authority_in

NOW = float(int(time.time()))


class Office:
    """A root, and a key for seals under it."""

    def __init__(self, folder):
        self.folder = folder
        self.root = authority.create(folder, name="City of Test", country="XX", now=NOW)
        self.signer = FileSigner.new()
        self.certificate = self.certified(self.signer)

    def certified(self, signer, purpose=Purpose.SEAL):
        """Another key's certificate."""
        return self.root.issue(signer.public_jwk(), usage=purpose, issuer="https://id.example", now=NOW)

    def seal(self, document=None, **rest):
        """A sealed document."""
        rest = {"signer": self.signer, "certificate": self.certificate, "reason": "extract", "now": NOW} | rest
        return pdf.seal(paper() if document is None else document, **rest)


@pytest.fixture(scope="session")
def office(tmp_path_factory):
    """Of a city."""
    return Office(tmp_path_factory.mktemp("office") / "root")


@pytest.fixture(scope="session")
def sealed(office):
    """A document under its seal."""
    return office.seal()


@pytest.fixture(scope="module")
def tsa(tmp_path_factory) -> Iterator[Authority]:
    """It answers on this machine."""
    made = authority_in(tmp_path_factory.mktemp("tsa"))
    yield made
    made.close()
