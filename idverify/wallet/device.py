"""The keys of a wallet: the device key, which speaks to issuers, and one key for each copy and each slip."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec

from idverify.credentials.reading import decode_base64url
from idverify.errors import KeyUnavailable, TokenInvalid
from idverify.keys import Signer
from idverify.keys.file import FileSigner
from idverify.keys.jwk import bare, base64url

SCALAR_BYTES = 32


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A P-256 private key as the wallet's folder keeps it. secret: the scalar, 32 bytes, base64url."""

    secret: str = field(repr=False)

    @classmethod
    def new(cls) -> "HeldKey":
        """A key that nothing else was ever made with."""
        scalar = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        return cls(base64url(scalar.to_bytes(SCALAR_BYTES, "big")))

    @property
    def signer(self) -> FileSigner:
        """What signs with it. Raises KeyUnavailable for a scalar that is none."""
        try:
            scalar = int.from_bytes(decode_base64url(self.secret), "big")
            return FileSigner(ec.derive_private_key(scalar, ec.SECP256R1()))
        except (TokenInvalid, ValueError):
            raise KeyUnavailable("a key of the wallet is damaged") from None


def bare_jwk(signer: Signer) -> dict[str, str]:
    """The public key with the members that identify it, kty, crv, x, y, and no other (RFC 7638 section 3.2)."""
    return bare(signer.public_jwk())
