"""What happens on the root's machine, which has no network and no installation: a request is examined, and answered.

Of a request only the key, the usage and the issuer's URL count; everything else in a certificate is the root's own word.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from idverify.credentials.purposes import Purpose
from idverify.errors import InvalidInput
from idverify.keys.authority import Authority, pem_of
from idverify.keys.certificate_request import CertificateRequest, digest_of, read_pem


@dataclass(frozen=True, slots=True)
class Asked:
    """Requests that a root may answer once a person has confirmed the issuer and the digest: one issuer, a purpose each."""

    requests: tuple[CertificateRequest, ...]

    @property
    def issuer(self) -> str:
        """The URL that every certificate would name."""
        return self.requests[0].issuer

    @property
    def digest(self) -> str:
        """SHA-256, hex, of the requests: equal on both machines, or the requests were exchanged on the way."""
        return digest_of(self.requests)

    @property
    def purposes(self) -> tuple[Purpose, ...]:
        """What each key is for, in the order of the requests."""
        return tuple(Purpose(one.usage) for one in self.requests)


def examine(content: bytes) -> Asked:
    """The requests in a file. Raises InvalidInput, naming what a root must not sign."""
    return examined(read_pem(content))


def examined(requests: Sequence[CertificateRequest]) -> Asked:
    """Each for a purpose that keys of an installation have, no key twice, all for one issuer. Raises InvalidInput."""
    for one in requests:
        if one.usage not in set(Purpose):
            raise InvalidInput(f"a request asks for a usage that no key of an installation has: {one.usage}")
    if len({one.kid for one in requests}) != len(requests):
        raise InvalidInput("one key is asked for twice: each key has one purpose, and one certificate at a time")
    if len({one.issuer for one in requests}) != 1:
        raise InvalidInput("the requests name more than one issuer: one installation has one")
    return Asked(tuple(requests))


def sign(authority: Authority, asked: Asked, *, now: float) -> bytes:
    """The answer: a certificate for each request in its order, then the root's own, in PEM. Raises KeyUnavailable."""
    return pem_of([*(authority.answer(one, now=now) for one in asked.requests), authority.certificate])
