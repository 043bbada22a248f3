"""Assurance profiles: what a live session must show before it is accepted, besides the match."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from idverify.errors import PolicyUnknown

TEMPLATE = "template"
"""In place of a role: all that makes a template."""


@dataclass(frozen=True, slots=True)
class Band:
    """Two operating points of one measure, the higher the better: it passes from `passes` on and fails below `fails`.

    What lies between is borderline: a reviewer decides, never chance. Both equal: there is nothing between.
    """

    passes: float
    fails: float

    def __post_init__(self) -> None:
        if not self.fails <= self.passes:
            raise ValueError("a band fails below where it passes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One assurance profile.

    policy: the operating point of the comparison; its target FMR is the profile's. lenient_policy: from its threshold on, a
    comparison score below the policy's goes to a reviewer. target_iapar: share of impostor attack presentations that the
    whole chain may accept (ISO/IEC 30107-3), aimed at, not promised. steps: of the challenge; 0 asks for a hold alone.
    three_dimensional: parallax or flash, whichever the challenge asked for, must show more than a flat picture. pad,
    continuity, parallax, flash, flash_over_background: of values.LiveEvidence. injection: limits of the signals by name, the
    lower the better: a Band of negated values; two signals that reach `suspicion` are borderline together. attestation:
    levels of which one must have been checked, and its key have signed the stream; empty: none is needed. measured_with:
    digests of the models that the points were measured with, by role; under TEMPLATE, of the variant.
    """

    name: str
    acr: str
    policy: str
    lenient_policy: str
    target_iapar: float
    steps: int
    three_dimensional: bool
    pad: Band
    continuity: Band
    parallax: Band
    flash: Band
    flash_over_background: Band
    measured_with: Mapping[str, frozenset[str]]
    injection: Mapping[str, Band] = field(default_factory=dict)
    suspicion: float = 0.4
    attestation: frozenset[str] = frozenset()


def profiles_for(profiles: Mapping[str, Profile], digests: Mapping[str, str]) -> dict[str, Profile]:
    """The profiles whose points were measured with these models: of any other, a point says nothing.

    digests: SHA-256, hex, of the loaded models by role, and of the variant (values.Variant) under TEMPLATE.
    """
    return {
        name: profile
        for name, profile in profiles.items()
        if all(digests.get(role) in known for role, known in profile.measured_with.items())
    }


def find_profile(profiles: Mapping[str, Profile], name: str) -> Profile:
    """The profile of that name. Raises PolicyUnknown."""
    try:
        return profiles[name]
    except KeyError:
        known = ", ".join(sorted(profiles)) or "none: no profile was measured with the loaded models"
        raise PolicyUnknown(f"no profile named {name!r}. Known: {known}") from None
