"""The frozen values that travel between the rooms. No behaviour beyond checking their own shape."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A decoded photograph, upright.

    pixels: uint8 (height, width, 3), channel order BGR. digest: SHA-256, hex, of the file's bytes.
    """

    pixels: Pixels
    digest: str
    media_type: Literal["image/jpeg", "image/png", "image/webp"]


@dataclass(frozen=True, slots=True)
class Face:
    """A detected face. box: left, top, right, bottom in pixels of the image, which may exceed it; score: 0..1."""

    box: tuple[float, float, float, float]
    score: float

    @property
    def width(self) -> float:
        """Width of the box in pixels."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        """Height of the box in pixels."""
        return self.box[3] - self.box[1]


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """Comparison-ready data of one face. model_digest: of the variant that made it.

    vector: float32 (d,), of length 1; of a reference of several portraits shorter (face.embedding.reference_vector).
    """

    vector: Floats
    model_digest: str


@dataclass(frozen=True, slots=True)
class EmbeddingContract:
    """What an embedder takes and gives, as the manifest of its pack states it.

    Input: aligned faces of size x size pixels, planes in the order of `colour`, each (pixel - mean) / scale with pixel 0..255.
    Output: vectors of `dimension` numbers.
    """

    colour: Literal["BGR", "RGB"]
    mean: float
    scale: float
    size: int
    dimension: int


@dataclass(frozen=True, slots=True)
class Embedder:
    """One embedder's share in a template.

    role: the model's in its pack. weight: above 0, of its part of the template; a comparison score is the mean of the
    embedders' cosines, each weighing its weight squared. mirrored: the mirrored face is embedded too, and both vectors summed.
    """

    role: str
    contract: EmbeddingContract
    weight: float = 1.0
    mirrored: bool = False


@dataclass(frozen=True, slots=True)
class Variant:
    """How a pack makes a template of an aligned face.

    digest: SHA-256, hex, of all that makes it, its embedders and what is put into them; templates of another digest are not
    comparable.
    """

    name: str
    digest: str
    embedders: tuple[Embedder, ...]

    @property
    def dimension(self) -> int:
        """Numbers of a template."""
        return sum(embedder.contract.dimension for embedder in self.embedders)


@dataclass(frozen=True, slots=True)
class Component:
    """One quality measure (ISO/IEC 29794-5 name where one exists).

    native: in the measure's own unit. value: 0 (worst) to 100 (best). Both None: failure to assess.
    """

    name: str
    native: float | None
    value: int | None


@dataclass(frozen=True, slots=True)
class Quality:
    """Quality of one sample, and what the capture subject should change, in words (empty when nothing)."""

    components: tuple[Component, ...]
    retake: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Component:
        """The component of that name. Raises KeyError."""
        for component in self.components:
            if component.name == name:
                return component
        raise KeyError(name)


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """All that was measured on one photograph: steps 2 to 7 of a verification.

    pad_score: probability of a bona fide presentation by the PAD model, 0..1; None: not assessed.
    timings_ms: milliseconds by stage (decode, detect, landmarks, align, quality, pad, embed).
    """

    image_digest: str
    face: Face
    template: Template
    quality: Quality
    pad_score: float | None
    timings_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What the probe is compared with: from the registry, or sent along by the caller (then `digest` names its bytes)."""

    template: Template
    source: Literal["registry", "caller"]
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known when the decision falls. A check that did not run is None, and None never reads as a pass.

    comparison_score: cosine of probe and reference, -1..1. model_digest: of the variant both came from.
    """

    comparison_score: float | None
    model_digest: str
    pad_score: float | None
    quality: Quality | None

    @property
    def checks(self) -> tuple[str, ...]:
        """Names of the checks that ran, in the order of a verification."""
        ran = (("quality", self.quality), ("pad", self.pad_score), ("comparison", self.comparison_score))
        return tuple(name for name, found in ran if found is not None)


@dataclass(frozen=True, slots=True)
class LiveEvidence:
    """What a live session showed beyond the match. None: not measured, which never reads as a pass.

    challenge: every step was done, as asked and in time (False: one was not). pad_score: fused over the analysed frames, 0..1.
    parallax: how far the turned landmarks are from any flat picture's, as a fraction of the distance of the eyes. flash: share
    of the screen's changes of chroma that the face followed, -1..1, its lag behind the screen taken into account.
    flash_over_background: how much more of it the face gave back than what lies behind, -1..1. continuity:
    lowest comparison score between an analysed frame and the one that was matched, -1..1. injection: each signal by name, 0
    (as a camera) to 1 (as no camera). attestation: level that was really checked (`device`, `app`), or None. stream_signed:
    whether the attested key signed these frames (False: what came is no such signature). asked: those of `parallax` and `flash`
    that the challenge gave occasion for.
    """

    challenge: bool | None = None
    pad_score: float | None = None
    parallax: float | None = None
    flash: float | None = None
    flash_over_background: float | None = None
    continuity: float | None = None
    injection: Mapping[str, float] = field(default_factory=dict)
    attestation: str | None = None
    stream_signed: bool | None = None
    asked: frozenset[str] = frozenset()

    @property
    def checks(self) -> tuple[str, ...]:
        """Names of the checks that ran, in the order of a session. An attestation is one of these frames, or none at all."""
        names = ("challenge", "parallax", "flash", "continuity")
        ran = tuple(name for name in names if getattr(self, name) is not None)
        attested = ("attestation",) if self.attestation is not None and self.stream_signed else ()
        return (*ran, *attested, *(("injection",) if self.injection else ()))


@dataclass(frozen=True, slots=True)
class Accepted:
    """The evidence satisfies the policy. Only idverify.decision.decide makes one (a test holds this)."""

    policy: str
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """The evidence contradicts the claim. reasons: stable codes, never scores."""

    policy: str
    checks: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inconclusive:
    """The evidence cannot carry a decision. retake: words for the capture subject."""

    policy: str
    checks: tuple[str, ...]
    reasons: tuple[str, ...]
    retake: tuple[str, ...] = ()


Decision = Accepted | Rejected | Inconclusive


def decision_name(decision: Decision) -> Literal["accepted", "rejected", "inconclusive"]:
    """The decision's name as contracts spell it."""
    match decision:
        case Accepted():
            return "accepted"
        case Rejected():
            return "rejected"
        case Inconclusive():
            return "inconclusive"


def reasons_of(decision: Decision) -> tuple[str, ...]:
    """Why it was not accepted, as stable codes; empty when it was. For operators, the audit, and the backend that asked for a
    live session; never for who sent a photograph, or stood before the camera.
    """
    return () if isinstance(decision, Accepted) else decision.reasons


def retake_of(decision: Decision) -> tuple[str, ...]:
    """Words for the capture subject; empty unless another photograph may help."""
    return decision.retake if isinstance(decision, Inconclusive) else ()
