"""Whom a relying party believes, and for what: the root of each issuer with the credential types that it may issue."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Anchor:
    """A trusted root. certificate: DER. types: the vct values that it may issue; for any other its word counts nothing."""

    name: str
    certificate: bytes
    types: frozenset[str]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hex: what a person compares, and what a verdict names."""
        return hashlib.sha256(self.certificate).hexdigest()
