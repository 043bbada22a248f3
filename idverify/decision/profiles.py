"""The shipped profiles of live sessions. docs/decisions/0008-live.md says where each operating point comes from.

`photo`, one photograph without a session, is idverify.ceremonies.verification and needs none of this.
"""

from collections.abc import Mapping
from types import MappingProxyType

from idverify.decision.profile import Band, Profile

# Signals by name (idverify.liveness.injection), negated: from -passes on a frame stream is a camera's, below -fails it is none.
_INJECTION: Mapping[str, Band] = MappingProxyType(
    {
        "frozen": Band(-0.5, -0.5),
        "loop": Band(-0.5, -0.5),
        "resolution": Band(-0.5, -0.5),
        "tables": Band(-0.5, -0.5),
        "anticipated": Band(-0.5, -0.9),
        "noiseless": Band(-0.5, -0.9),
        "noise_change": Band(-0.9, -1.0),
        "jitter": Band(-0.9, -1.0),
    }
)

PASSIVE = Profile(
    name="passive",
    acr="urn:idverify:acr:live-passive",
    policy="fmr-1e-4",
    lenient_policy="fmr-1e-3",
    target_iapar=0.07,
    steps=0,
    three_dimensional=False,
    pad=Band(0.6, 0.4),
    continuity=Band(0.45, 0.3),
    parallax=Band(0.0, 0.0),
    flash=Band(-1.0, -1.0),
    injection=_INJECTION,
)

ACTIVE = Profile(
    name="active",
    acr="urn:idverify:acr:live-active",
    policy="fmr-1e-4",
    lenient_policy="fmr-1e-3",
    target_iapar=0.05,
    steps=3,
    three_dimensional=True,
    pad=Band(0.5, 0.3),
    continuity=Band(0.45, 0.3),
    parallax=Band(0.04, 0.03),
    flash=Band(0.5, 0.3),
    injection=_INJECTION,
)

ACTIVE_HIGH = Profile(
    name="active-high",
    acr="urn:idverify:acr:live-active-attested",
    policy="fmr-1e-5",
    lenient_policy="fmr-1e-4",
    target_iapar=0.03,
    steps=3,
    three_dimensional=True,
    pad=Band(0.5, 0.3),
    continuity=Band(0.45, 0.3),
    parallax=Band(0.04, 0.03),
    flash=Band(0.5, 0.3),
    injection=_INJECTION,
    attestation=frozenset({"device", "app"}),
)

PROFILES: Mapping[str, Profile] = MappingProxyType({one.name: one for one in (PASSIVE, ACTIVE, ACTIVE_HIGH)})
