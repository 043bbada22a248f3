"""What a verdict promises: the meaning of each acr, and the checks that earn a method in amr."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Assurance:
    """What an acr stands for. founds_credential: whether a credential or a login may rest on it."""

    meaning: str
    liveness_level: str
    founds_credential: bool


PHOTO = "urn:idverify:acr:photo-match-no-liveness"
PASSIVE = "urn:idverify:acr:live-passive"
ACTIVE = "urn:idverify:acr:live-active"
ATTESTED = "urn:idverify:acr:live-active-attested"
SUPERVISED = "urn:idverify:acr:supervised-in-person"

# By acr. What one means never changes; what would mean something else gets an acr of its own.
ASSURANCES: Mapping[str, Assurance] = MappingProxyType(
    {
        PHOTO: Assurance("photo match, no liveness", liveness_level="none", founds_credential=False),
        PASSIVE: Assurance("live face, nothing asked of it", liveness_level="passive", founds_credential=False),
        ACTIVE: Assurance("live face that followed a challenge", liveness_level="active", founds_credential=True),
        ATTESTED: Assurance(
            "live face that followed a challenge, on an attested device",
            liveness_level="active-attested",
            founds_credential=True,
        ),
        SUPERVISED: Assurance(
            "a registrar saw the person and the document", liveness_level="in-person", founds_credential=True
        ),
    }
)

# Method (RFC 8176) by the check that earns it. A quality check or presentation attack detection is no authentication method.
METHODS: Mapping[str, str] = MappingProxyType({"comparison": "face"})

HARDWARE_KEY = "hwk"
"""Of a credential, never of a verdict: the wallet proved possession of a key that hardware keeps (RFC 8176 section 2)."""


def methods_of(checks: tuple[str, ...] | list[str]) -> list[str]:
    """The methods that these checks earn."""
    return [METHODS[check] for check in checks if check in METHODS]
