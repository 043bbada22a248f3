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

# By acr. A profile that checks liveness adds its own acr here; the one of `photo` never changes its meaning.
ASSURANCES: Mapping[str, Assurance] = MappingProxyType(
    {PHOTO: Assurance("photo match, no liveness", liveness_level="none", founds_credential=False)}
)

# Method (RFC 8176) by the check that earns it. A quality check or presentation attack detection is no authentication method.
METHODS: Mapping[str, str] = MappingProxyType({"comparison": "face"})


def methods_of(checks: tuple[str, ...] | list[str]) -> list[str]:
    """The methods that these checks earn."""
    return [METHODS[check] for check in checks if check in METHODS]
