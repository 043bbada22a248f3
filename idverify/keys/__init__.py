"""The ports to secret keys: what signs, and what wraps. keys/file.py and keys/pkcs11.py implement both.

Where signing keys live over time is keys/signing.py's own port, Holder, with an implementation in each of the two.
"""

from typing import Protocol


class Signer(Protocol):
    """An ES256 key pair (RFC 7518 section 3.4) whose private half never leaves its holder. Safe from many threads."""

    @property
    def kid(self) -> str:
        """RFC 7638 thumbprint (SHA-256, base64url) of the public key."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Signature over SHA-256 of `data`: 64 bytes, r || s, big-endian. Raises SigningUnavailable."""
        ...

    def public_jwk(self) -> dict[str, str]:
        """The public key as an RFC 7517 JWK: kty, crv, x, y, kid, alg=ES256, use=sig."""
        ...


class Wrapper(Protocol):
    """Key-encryption keys (KEK) by version; the newest wraps, every one kept can unwrap. Safe from many threads.

    A version's name is `NUMBER.CHECK`: NUMBER counts up, CHECK (8 hex digits) tells apart keys of different installations.
    Another process may add or drop versions at any time; this one notices by itself.
    """

    @property
    def version(self) -> str:
        """Name of the version that wraps now. Raises KeyUnavailable."""
        ...

    @property
    def versions(self) -> tuple[str, ...]:
        """Every version that can unwrap, oldest first; the last is `version`. Raises KeyUnavailable."""
        ...

    def wrap(self, key: bytes, associated_data: bytes, version: str | None = None) -> bytes:
        """`key` (32 bytes) sealed with AES-256-GCM, bound to `associated_data` and to the version.

        version: the newest when None. Who stores a version beside the result, or in `associated_data`, reads `version` once and
        passes it here, because a rotation may fall between the two calls. Raises KeyUnavailable.
        """
        ...

    def unwrap(self, wrapped: bytes, associated_data: bytes, version: str) -> bytes:
        """The key again. Raises RecordTampered if anything differs, KeyUnavailable if the version is gone."""
        ...

    def add_version(self) -> str:
        """Make a new version, which wraps from now on, and name it. Raises KeyUnavailable."""
        ...

    def drop_old_versions(self) -> tuple[str, ...]:
        """Destroy every version but the newest, and name them. What they wrapped is lost for ever. Raises KeyUnavailable."""
        ...
