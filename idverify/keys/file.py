"""Keys in files: a KEK file that wraps, and a PEM that signs. Both are 0600 or refused.

The KEK file is text, one version a line, newest last, so that a person can print it, store it and type it in again::

    idverify-kek 1
    1.9f86d081 Vf3...
    2.60303ae2 bGl...

The eight digits are a check value of the key (HMAC-SHA-256), so that a mistyped or mixed-up line is refused at start, and
not at the first record that does not open.
"""

import hmac
import os
import threading
from base64 import urlsafe_b64decode
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from idverify.errors import KeyUnavailable, RecordTampered, SigningUnavailable
from idverify.keys.jwk import base64url, public_jwk
from idverify.keys.p256 import point_of
from idverify.keys.private_files import create_private, fingerprint, locked, read_private, replace_private

KEY_BYTES = 32
NONCE_BYTES = 12
_HEADER = "idverify-kek 1"
_ES256 = ec.ECDSA(hashes.SHA256())


def create_kek_file(path: Path) -> str:
    """A new KEK file (0600) with its first version, named in return; never over an existing file. Raises KeyUnavailable."""
    version, key = _new_version(1)
    create_private(path, _spelled({version: key}))
    return version


def load_kek_file(path: Path, data_dir: Path) -> "FileWrapper":
    """The wrapper over a KEK file. Raises KeyUnavailable, also for a file within the data folder or with a second name.

    Whoever copies the data folder must not get the keys with it: neither the path as written nor the file behind its links may
    lie there, however either is spelled.
    """
    refuse_inside(path, data_dir)
    return FileWrapper(path)


def refuse_inside(path: Path, data_dir: Path) -> None:
    """Raise KeyUnavailable if the file is, or would be, inside the data folder under any of its names."""
    try:
        written, behind = Path(os.path.normpath(path.absolute())), path.resolve()
        folder = data_dir.resolve()
        for place in (written, behind):
            for parent in place.parents:
                same = parent.exists() and folder.exists() and parent.samefile(folder)
                if same or parent == folder:
                    raise KeyUnavailable(f"{path} lies inside the data folder {data_dir}: keep it apart from what it protects")
        if behind.is_file() and behind.stat().st_nlink > 1:
            raise KeyUnavailable(f"{path} has a second name (hard link), which may lie inside the data folder: copy it instead")
    except (OSError, RuntimeError) as error:
        raise KeyUnavailable(f"cannot resolve {path}: {error}") from None


def add_kek_version(path: Path) -> str:
    """Add a version to the file, atomically, and name it. It wraps from now on; the older ones still unwrap."""
    with locked(path.resolve().parent):
        keys = _parsed(path, read_private(path))
        version, key = _new_version(1 + max(_number(version) for version in keys))
        replace_private(path.resolve(), _spelled({**keys, version: key}))
    return version


def drop_old_versions(path: Path) -> tuple[str, ...]:
    """Remove every version but the newest, atomically, and name them. Whatever they wrapped is lost for ever."""
    with locked(path.resolve().parent):
        keys = _parsed(path, read_private(path))
        newest = list(keys)[-1]
        replace_private(path.resolve(), _spelled({newest: keys[newest]}))
    return tuple(keys)[:-1]


class FileWrapper:
    """Wrapper over a KEK file. It follows the file: a version that another process adds is used at once."""

    def __init__(self, path: Path) -> None:
        """Read the file. Raises KeyUnavailable."""
        self._path = path
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._ciphers: dict[str, AESGCM] = {}
        self._fresh()

    def __repr__(self) -> str:
        return f"FileWrapper({str(self._path)!r})"

    @property
    def versions(self) -> tuple[str, ...]:
        """See keys.Wrapper."""
        return tuple(self._fresh())

    @property
    def version(self) -> str:
        """See keys.Wrapper."""
        return self.versions[-1]

    def wrap(self, key: bytes, associated_data: bytes, version: str | None = None) -> bytes:
        """See keys.Wrapper. 60 bytes: nonce (12), sealed key (32), tag (16)."""
        if len(key) != KEY_BYTES:
            raise ValueError("only keys of 32 bytes are wrapped")
        ciphers = self._fresh()
        chosen = version or next(reversed(ciphers))
        nonce = os.urandom(NONCE_BYTES)
        return nonce + _cipher(ciphers, chosen).encrypt(nonce, key, bound_to(chosen, associated_data))

    def unwrap(self, wrapped: bytes, associated_data: bytes, version: str) -> bytes:
        """See keys.Wrapper."""
        cipher = _cipher(self._fresh(), version)
        try:
            return cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound_to(version, associated_data))
        except (InvalidTag, ValueError):
            raise RecordTampered("a wrapped key does not open: it was altered, moved, or sealed for something else") from None

    def add_version(self) -> str:
        """See keys.Wrapper."""
        return add_kek_version(self._path)

    def drop_old_versions(self) -> tuple[str, ...]:
        """See keys.Wrapper."""
        return drop_old_versions(self._path)

    def _fresh(self) -> dict[str, AESGCM]:
        seen = fingerprint(self._path)
        with self._lock:
            if seen != self._seen:
                keys = _parsed(self._path, read_private(self._path))
                self._ciphers = {version: AESGCM(key) for version, key in keys.items()}
                self._seen = seen
            return self._ciphers


class FileSigner:
    """ES256 with a private key held in this process, parsed once: parsing its PEM at each call would halve the rate."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        """`key` is on P-256. Raises KeyUnavailable for any other curve."""
        try:
            self._jwk = public_jwk(point_of(key.public_key()))
        except ValueError:
            raise KeyUnavailable("a signing key must be on P-256") from None
        self._key = key

    @classmethod
    def new(cls) -> "FileSigner":
        """A new key, in memory alone."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def create(cls, folder: Path) -> "FileSigner":
        """A new key, kept as `KID.pem` (PKCS#8, 0600) in the folder. Raises KeyUnavailable."""
        signer = cls.new()
        plain = serialization.NoEncryption()
        pem = signer._key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        create_private(folder / f"{signer.kid}.pem", pem)
        return signer

    @classmethod
    def load(cls, path: Path) -> "FileSigner":
        """The key in a PEM file. Raises KeyUnavailable."""
        try:
            key = serialization.load_pem_private_key(read_private(path), password=None)
        except (ValueError, TypeError):
            raise KeyUnavailable(f"{path} is not a private key in PEM without a password") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise KeyUnavailable(f"{path} is not an elliptic-curve key")
        return cls(key)

    def __repr__(self) -> str:
        return f"FileSigner(kid={self.kid!r})"

    @property
    def kid(self) -> str:
        """See keys.Signer."""
        return self._jwk["kid"]

    def sign(self, data: bytes) -> bytes:
        """See keys.Signer."""
        try:
            r, s = decode_dss_signature(self._key.sign(data, _ES256))
        except Exception:
            raise SigningUnavailable("the signing key did not sign") from None
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def public_jwk(self) -> dict[str, str]:
        """See keys.Signer."""
        return dict(self._jwk)


def bound_to(version: str, associated_data: bytes) -> bytes:
    """What a wrapped key is authenticated with: its purpose, its version, and the caller's associated data."""
    return b"idverify wrapped key 1\0" + version.encode("ascii") + b"\0" + associated_data


def _new_version(number: int) -> tuple[str, bytes]:
    key = os.urandom(KEY_BYTES)
    return f"{number}.{_check_value(key)}", key


def _check_value(key: bytes) -> str:
    return hmac.digest(key, b"idverify kek check value", "sha256")[:4].hex()


def _number(version: str) -> int:
    return int(version.partition(".")[0])


def _cipher(ciphers: dict[str, AESGCM], version: str) -> AESGCM:
    try:
        return ciphers[version]
    except KeyError:
        raise KeyUnavailable(f"the KEK version {version} is not in the KEK file") from None


def _spelled(keys: dict[str, bytes]) -> bytes:
    lines = [_HEADER, *(f"{version} {base64url(key)}" for version, key in keys.items())]
    return ("\n".join(lines) + "\n").encode("ascii")


def _parsed(path: Path, content: bytes) -> dict[str, bytes]:
    """Versions and keys, oldest first. Raises KeyUnavailable naming the line and nothing of its content."""
    lines = [line.strip() for line in content.decode("ascii", "replace").splitlines()]
    if not lines or lines[0] != _HEADER:
        raise KeyUnavailable(f"{path} is not a KEK file: `idverify keys create-kek` makes one")
    keys: dict[str, bytes] = {}
    for at, line in enumerate(lines[1:], start=2):
        if not line or line.startswith("#"):
            continue
        version, _, encoded = line.partition(" ")
        number, _, check = version.partition(".")
        try:
            key = urlsafe_b64decode(encoded + "=")
        except ValueError:
            key = b""
        last = _number(next(reversed(keys))) if keys else 0
        sound = len(key) == KEY_BYTES and base64url(key) == encoded and check == _check_value(key)
        if not (sound and number.isascii() and number.isdigit() and int(number) > last):
            raise KeyUnavailable(f"{path}, line {at}: this version is damaged, or out of order")
        keys[version] = key
    if not keys:
        raise KeyUnavailable(f"{path} holds no version")
    return keys
