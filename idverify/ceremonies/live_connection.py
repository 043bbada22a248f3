"""What one connection of a live session knows, as a frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from idverify.liveness.conductor import Conductor
from idverify.liveness.observation import Analysis, Observation
from idverify.sessions.envelope import Chain, Pace
from idverify.values import Reference

Said = dict[str, Any]
"""One message of the service's, as JSON members."""


@dataclass(frozen=True, slots=True, eq=False)
class Live:
    """One connection under way.

    reference: as of the beginning; what is compared is read anew at the end. analyses, kept: by sequence number, the analysed
    frames and, of those after the last step, their JPEG. spent: whether this attempt's first step was revealed. signature_due:
    until when the attested key may sign, once it was asked to. over: nothing more will be said.
    """

    session_id: str
    connection: str
    seed: bytes
    reference: Reference
    chain: Chain
    conductor: Conductor
    pace: Pace = field(default_factory=Pace)
    previous: Observation | None = None
    analyses: Mapping[int, Analysis] = field(default_factory=dict)
    kept: Mapping[int, bytes] = field(default_factory=dict)
    spent: bool = False
    renewed_at: float = 0.0
    said: str = ""
    signature_due: float | None = None
    over: bool = False
