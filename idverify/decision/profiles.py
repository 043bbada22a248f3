"""The shipped profiles of live sessions. docs/security/live.md says what is known of each operating point.

`photo`, one photograph without a session, is idverify.ceremonies.verification and needs none of this.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from idverify.decision.profile import TEMPLATE, Band, Profile

_SIGNALS = ("frozen", "loop", "resolution", "tables", "anticipated", "noiseless", "noise_change", "jitter")

# Signals of idverify.liveness.injection, negated: up to 0.5 odd but honest phones give, from 0.8 on no camera was seen to.
# `anticipated` errs too often to reject anybody by itself.
_INJECTION: Mapping[str, Band] = MappingProxyType(dict.fromkeys(_SIGNALS, Band(-0.5, -0.8)) | {"anticipated": Band(-0.8, -1.0)})

# What the points were measured with: with other models there are no such profiles. Both variants of the shipped pack resemble
# one person's frames alike (benchmarks/continuity_by_variant.py).
MEASURED_WITH: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "detection": frozenset({"2b1d44c4097d14100737cfaf7837dba28c06b2a87a63b6d30150aa621dd9ea4f"}),
        "coarse_detection": frozenset({"2b1d44c4097d14100737cfaf7837dba28c06b2a87a63b6d30150aa621dd9ea4f"}),
        "landmarks": frozenset({"96f2ca6a39c1dbb3ed16cf1b21275a2af00af4ada5afee35b4b8ee85913a231c"}),
        "pad": frozenset({"ddb6755b9a4004cdc29363ed8c4b4f20e35e8c93e606994c231b74d7e271dbef"}),
        TEMPLATE: frozenset(
            {
                "a1331d3af39a6359375a2c1fcc64a0044ff4403f16100088cf74e815e380051c",  # fast
                "f845d032d178da1c57971f0127835b6011476356f00ae7d8a47162dbf8300504",  # accurate
            }
        ),
    }
)

ACTIVE = Profile(
    name="active",
    acr="urn:idverify:acr:live-active",
    policy="fmr-1e-4",
    lenient_policy="fmr-1e-3",
    target_iapar=0.05,
    steps=3,
    three_dimensional=True,
    pad=Band(0.5, 0.02),
    continuity=Band(0.45, 0.35),
    parallax=Band(0.05, 0.04),
    flash=Band(0.8, 0.5),
    flash_over_background=Band(0.6, 0.3),
    measured_with=MEASURED_WITH,
    injection=_INJECTION,
)

PASSIVE = replace(
    ACTIVE, name="passive", acr="urn:idverify:acr:live-passive", target_iapar=0.07, steps=0, three_dimensional=False
)

# `device` says nothing of the camera: a browser with a virtual one attests as well as any.
ACTIVE_HIGH = replace(
    ACTIVE,
    name="active-high",
    acr="urn:idverify:acr:live-active-attested",
    policy="fmr-1e-5",
    lenient_policy="fmr-1e-4",
    target_iapar=0.03,
    attestation=frozenset({"app"}),
)

PROFILES: Mapping[str, Profile] = MappingProxyType({one.name: one for one in (PASSIVE, ACTIVE, ACTIVE_HIGH)})
