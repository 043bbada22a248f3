"""Assurance profiles: what a live session must show before it is accepted, besides the match."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from idverify.errors import PolicyUnknown


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
    levels of which one must have been checked; empty: none is needed.
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
    injection: Mapping[str, Band] = field(default_factory=dict)
    suspicion: float = 0.4
    attestation: frozenset[str] = frozenset()


def find_profile(profiles: Mapping[str, Profile], name: str) -> Profile:
    """The profile of that name. Raises PolicyUnknown."""
    try:
        return profiles[name]
    except KeyError:
        raise PolicyUnknown(f"no profile named {name!r}. Known: {', '.join(sorted(profiles))}") from None
