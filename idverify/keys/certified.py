"""Signing keys with certificates of a root: what credentials, status lists and trust lists are signed with.

A certificate lies beside the key it certifies, as `KID.FINGERPRINT.chain.pem` (leaf, then root), and stays when a newer one is
issued for the same key: the oldest that may still sign does, so that readers have long fetched the newer one when its turn
comes. A key that retired stays published for as long as a certificate of it is valid: credentials that name it live on.
"""

import hashlib
import os
import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from idverify.errors import KeyUnavailable, SigningUnavailable
from idverify.keys import Signer
from idverify.keys.authority import SIGNING_DAYS, Authority, fingerprint, pem_of
from idverify.keys.certificate_request import CertificateRequest, make
from idverify.keys.private_files import locked, read_private, replace_private
from idverify.keys.signing import Rotation, SigningKeys

_CHAIN = ".chain.pem"
RENEWED_BELOW_DAYS = 60
"""A key whose newest certificate signs for fewer days than these asks for another (`requests`)."""
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Certificate:
    """One leaf and its root, both DER. It signs from `begins` until `signs_until` and is valid until `ends` (seconds since the
    epoch). issuers: the URLs that it names.
    """

    kid: str
    leaf: bytes
    root: bytes
    begins: float
    signs_until: float
    ends: float
    issuers: frozenset[str]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the leaf, hex."""
        return hashlib.sha256(self.leaf).hexdigest()


@dataclass(frozen=True, slots=True)
class Certified:
    """A key that may sign now. chain: what `x5c` carries, DER: the leaf alone. root: DER, which readers hold already."""

    signer: Signer
    chain: tuple[bytes, ...]
    root: bytes
    signs_until: float


class CertifiedKeys:
    """The keys of one purpose and their certificates. What another process changes is noticed at the next use."""

    def __init__(self, signing: SigningKeys, folder: Path, *, issuer: str | None = None) -> None:
        """folder: where the certificates are. issuer: the URL that a certificate must name to sign; None: any."""
        self.signing, self.folder = signing, folder
        self._issuer = issuer
        self._lock = threading.Lock()
        self._read: dict[str, Certificate] = {}

    def __repr__(self) -> str:
        return f"CertifiedKeys({str(self.folder)!r})"

    @property
    def current(self) -> Certified:
        """The key that signs now. Raises SigningUnavailable, also where no certificate of it may sign now."""
        signer, now = self.signing.current, self.signing.now()
        try:
            found = [one for one in self._of(signer.kid) if one.begins <= now < one.signs_until]
        except KeyUnavailable as error:
            raise SigningUnavailable(error.message) from None
        if not found:
            raise SigningUnavailable(
                f"no certificate of {self.folder.name} may sign now: `idverify pki issue` or `request` leads to one"
            )
        oldest = min(found, key=lambda one: one.signs_until)
        return Certified(signer, (oldest.leaf,), oldest.root, oldest.signs_until)

    def published(self) -> tuple[tuple[dict[str, str], tuple[bytes, ...]], ...]:
        """JWK and chain of every valid certificate, newest key first: of the next key, the current one, and retired ones.

        Raises KeyUnavailable.
        """
        now = self.signing.now()
        return tuple(
            (dict(record.public), (one.leaf,))
            for record in self.signing.records()
            for one in self._of(record.kid)
            if now < one.ends
        )

    def certificates(self) -> tuple[Certificate, ...]:
        """Every certificate in the folder, the newest last. Raises KeyUnavailable."""
        try:
            names = [name for name in os.listdir(self.folder) if name.endswith(_CHAIN)]
        except OSError as error:
            raise KeyUnavailable(f"cannot read {self.folder}: {error.strerror}") from None
        with self._lock:  # a file never changes: its name holds the digest of what it certifies
            self._read = {name: self._read.get(name) or _read(self.folder / name) for name in names}
            return tuple(sorted(self._read.values(), key=lambda one: one.begins))

    def living(self) -> frozenset[str]:
        """The kids of the current and the next key. Raises KeyUnavailable."""
        return frozenset(one.kid for one in self.signing.records() if one.state != "retired")

    def needs_certificates(self, issuer: str) -> bool:
        """Whether a key lacks one for that issuer that signs for RENEWED_BELOW_DAYS more. Raises KeyUnavailable."""
        return any(not self._lasting(kid, issuer) for kid in self.living())

    def requests(self, *, usage: str, issuer: str, root: str, every: bool = False) -> tuple[CertificateRequest, ...]:
        """Requests for the current and the next key, where they need a certificate under the root of that fingerprint.

        A key needs it when no certificate of this root and issuer signs for RENEWED_BELOW_DAYS more; every: both in any case.
        usage: object identifier. Raises KeyUnavailable, SigningUnavailable.
        """
        asked = []
        for kid in sorted(self.living()):
            good = [one for one in self._lasting(kid, issuer) if fingerprint(one.root) == root]
            if every or not good:
                asked.append(make(self.signing.signer(kid), usage=usage, issuer=issuer))
        return tuple(asked)

    def install(self, kid: str, leaf: bytes, root: bytes) -> Certificate:
        """Put a certificate (DER) beside its key. Safe to repeat; the caller has examined it. Raises KeyUnavailable."""
        with locked(self.folder):
            path = _path(self.folder, kid, leaf)
            replace_private(
                path, pem_of((leaf, root))
            )  # under its name at once and whole: every reader reads all that lie here
            return _read(path)

    def destroy_all_but(self, leaves: Collection[bytes]) -> None:
        """Destroy every other certificate, of retired keys too: what is left vouches for its root. Raises KeyUnavailable."""
        with locked(self.folder):
            for one in self.certificates():
                if one.leaf not in leaves:
                    _path(self.folder, one.kid, one.leaf).unlink(missing_ok=True)

    def certify(self, authority: Authority, *, usage: str, issuer: str) -> tuple[Certificate, ...]:
        """Request, answer and install with the root at hand, unexamined and unrecorded, as development does at its start.

        Safe to repeat. Raises KeyUnavailable, SigningUnavailable.
        """
        asked, now = self.requests(usage=usage, issuer=issuer, root=authority.fingerprint), self.signing.now()
        return tuple(self.install(one.kid, authority.answer(one, now=now), authority.certificate) for one in asked)

    def require_next(self) -> None:
        """Raise SigningUnavailable unless the next key has a certificate that may sign; KeyUnavailable."""
        coming, now = next(one for one in self.signing.records() if one.state == "next"), self.signing.now()
        if not any(one.begins <= now < one.signs_until for one in self._of(coming.kid)):
            raise SigningUnavailable(
                "the next key has no certificate that may sign: `idverify pki issue` or `request` leads to one"
            )

    def rotate(self) -> Rotation:
        """The next key signs from now on. Raises SigningUnavailable when it has no certificate yet: then nothing changed.

        Raises KeyUnavailable.
        """
        self.require_next()
        return self.signing.rotate()

    def _lasting(self, kid: str, issuer: str) -> list[Certificate]:
        least = self.signing.now() + RENEWED_BELOW_DAYS * _DAY
        return [one for one in self.certificates() if one.kid == kid and issuer in one.issuers and one.signs_until >= least]

    def _of(self, kid: str) -> list[Certificate]:
        found = [one for one in self.certificates() if one.kid == kid]
        return [one for one in found if self._issuer is None or self._issuer in one.issuers]


def _path(folder: Path, kid: str, leaf: bytes) -> Path:
    return folder / f"{kid}.{hashlib.sha256(leaf).hexdigest()[:16]}{_CHAIN}"


def _read(path: Path) -> Certificate:
    try:
        leaf, root = x509.load_pem_x509_certificates(read_private(path))
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        raise KeyUnavailable(f"{path} does not hold a certificate and its root in PEM") from None
    begins = leaf.not_valid_before_utc
    return Certificate(
        kid=path.name.partition(".")[0],
        leaf=leaf.public_bytes(Encoding.DER),
        root=root.public_bytes(Encoding.DER),
        begins=begins.timestamp(),
        signs_until=(begins + timedelta(days=SIGNING_DAYS)).timestamp(),
        ends=leaf.not_valid_after_utc.timestamp(),
        issuers=frozenset(names.get_values_for_type(x509.UniformResourceIdentifier)),
    )
