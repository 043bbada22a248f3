"""Whom a relying party believes, for what and in whose name: the root of each issuer, the types of credential that it may
issue, and the URLs that what it signs may name as `iss`.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Anchor:
    """A trusted root. certificate: DER. types: the vct values that it may issue; for any other its word counts nothing.

    issuers: the URLs that it may speak for, as `iss` spells them; below them its keys and status lists are fetched.
    """

    name: str
    certificate: bytes
    types: frozenset[str]
    issuers: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hex: what a person compares, and what a verdict names."""
        return hashlib.sha256(self.certificate).hexdigest()


def may_name(anchors: Iterable[Anchor], root: bytes, issuer: str) -> bool:
    """Whether one of the anchors lists that issuer under the root (DER). Two trust lists may name one root."""
    return any(issuer in one.issuers for one in anchors if one.certificate == root)


def may_issue(anchors: Iterable[Anchor], root: bytes, issuer: str, vct: str) -> bool:
    """Whether one of the anchors trusts the root (DER) for that type in the name of that issuer."""
    return any(issuer in one.issuers and vct in one.types for one in anchors if one.certificate == root)
