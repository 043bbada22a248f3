"""Public keys on P-256 (FIPS 186-5, SEC 1), between a point's bytes and what verifies signatures."""

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key


def public_key(point: bytes) -> ec.EllipticCurvePublicKey:
    """The key of a point, compressed or not (SEC 1 section 2.3.3). Raises ValueError for what is not on the curve."""
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


def on_p256(key: object) -> ec.EllipticCurvePublicKey:
    """The key, if it is a public key on P-256. Raises ValueError for any other."""
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise ValueError("not a public key on P-256")


def point_in(spki: bytes) -> bytes:
    """The uncompressed point, 65 bytes, in a SubjectPublicKeyInfo (DER). Raises ValueError for what is no key on P-256."""
    return point_of(load_der_public_key(spki))


def point_of(key: object) -> bytes:
    """The uncompressed point, 65 bytes, of a public key on P-256. Raises ValueError for any other."""
    return on_p256(key).public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
