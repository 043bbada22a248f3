"""The sandbox: a second, throw-away installation in the same process, for clients that were added with --sandbox.

It has a database of its own, in a folder that is gone when the service stops, and its tokens say env=sandbox. A sandbox client
works on these parts and on no others, so no check has to keep it from real subjects, nor real clients from its subjects: they
are in different databases. The chain itself is the real one: same models, same decision, same signature.
"""

import hashlib
import tempfile
import threading
from dataclasses import replace
from functools import cache

from idverify.api.examples import OTHER_MAN, PORTRAIT, SAME_MAN, SAME_MAN_AGAIN, sample, small_photo
from idverify.ceremonies import Limits, Parts
from idverify.ceremonies.enrolment import enrol
from idverify.ceremonies.reference import find_subject
from idverify.errors import InvalidInput, StoreUnavailable, SubjectNotFound
from idverify.registry.claims import TEST_BASIS, Claims
from idverify.store import Store

ENVIRONMENT = "sandbox"
SUBJECT = "sandbox"
"""The subject id under which every sandbox client finds the shipped portrait."""

LIMITS = Limits(client_subject=10, subject=1000, window_seconds=60)


@cache
def sample_digests() -> frozenset[str]:
    """SHA-256, hex, of the shipped photographs and of the small one that the OpenAPI examples carry."""
    names = (PORTRAIT, SAME_MAN, SAME_MAN_AGAIN, OTHER_MAN)
    return frozenset(hashlib.sha256(take(name)).hexdigest() for take in (sample, small_photo) for name in names)


def require_sample(portrait: bytes) -> None:
    """Raises InvalidInput unless the portrait is a shipped one: real people are not enrolled in a sandbox."""
    if hashlib.sha256(portrait).hexdigest() not in sample_digests():
        raise InvalidInput("the sandbox enrols only the sample photographs that travel with idverify")


class Sandbox:
    """The sandbox installation, made when the first sandbox client calls. Safe from many threads."""

    def __init__(self, parts: Parts) -> None:
        self._real = parts
        self._lock = threading.RLock()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._parts: Parts | None = None

    def parts(self) -> Parts:
        """The sandbox's parts. Raises StoreUnavailable when its folder cannot be made."""
        with self._lock:
            if self._parts is None:
                self._folder = _new_folder()
                self._parts = replace(
                    self._real,
                    deployment=f"{self._real.deployment}/{ENVIRONMENT}",
                    environment=ENVIRONMENT,
                    limits=LIMITS,
                    store=Store.open(f"sqlite:///{self._folder.name}/sandbox.db"),
                    duplicates=None,  # the samples show one man three times
                    gallery_file=None,
                )
            return self._parts

    @property
    def made(self) -> Parts | None:
        """The sandbox's parts, where a client has called for them."""
        return self._parts

    def subject_id(self, named: str) -> str:
        """The subject id behind a name that a sandbox client used: the alias `sandbox`, or an id of the sandbox itself.

        The subject of the alias is enrolled when it is first asked for, and again after it was erased.
        """
        if named != SUBJECT:
            return named
        with self._lock:
            parts = self.parts()
            try:
                return find_subject(parts, SUBJECT)
            except SubjectNotFound:
                return self._enrolled(parts)

    def close(self) -> None:
        """Let go of the database, and of the folder with it."""
        with self._lock:
            if self._parts is not None:
                self._parts.store.close()
                self._parts = None
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None

    def _enrolled(self, parts: Parts) -> str:
        claims = Claims(name="Sandbox Subject", document_type="sample", document_number="S0000001", date_of_birth="1961-08-04")
        return enrol(
            parts, identifier=SUBJECT, claims=claims, legal_basis=TEST_BASIS, portrait=sample(PORTRAIT), actor=ENVIRONMENT
        ).subject_id


def _new_folder() -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix="idverify-sandbox-")
    except OSError as error:
        raise StoreUnavailable(f"the sandbox's folder cannot be made: {error.strerror}") from error
