"""What one frame of a live session shows: idverify.tracking makes it, this room judges it."""

from dataclasses import dataclass

from idverify.values import Face, Floats, Pixels, Quality, Template


@dataclass(frozen=True, slots=True)
class Light:
    """Mean light on the face and on what surrounds it: linear RGB (sRGB decoded, IEC 61966-2-1), 0..1."""

    face: tuple[float, float, float]
    background: tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """What a frame's bytes and pixels say of where it came from.

    digest: SHA-256 of the JPEG. tables: SHA-256 of its quantisation tables and chroma sampling. size: height, width in pixels.
    noise: standard deviation of what a 3x3 median takes away in the flattest tenth of the picture, in grey levels.
    thumbnail: uint8 (16, 16), grey.
    """

    digest: bytes
    tables: bytes
    size: tuple[int, int]
    noise: float
    thumbnail: Pixels


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The capture subject's face in a frame.

    landmarks: float32 (68, 2), pixels. yaw, pitch, roll: degrees from the landmarks, signs as in idverify.face.pose. eyes:
    probability that each is open, 0..1, as the image shows them. mouth: gap of the inner lips over the distance of the eyes.
    sharpness: variance of the Laplacian of the aligned face, grey levels squared. light: None where it could not be read.
    """

    face: Face
    landmarks: Floats
    yaw: float
    pitch: float
    roll: float
    eyes: tuple[float, float]
    mouth: float
    sharpness: float
    light: Light | None


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """One frame, tracked.

    sequence: its number in the stream. at: when it arrived, seconds on the server's clock. reveals: how many reveals its chain
    acknowledges (idverify.sessions.envelope); 0: made before the first step was known. faces: how many were found when last
    looked for. seen: None where there is no face.
    """

    sequence: int
    at: float
    reveals: int
    trace: Trace
    faces: int
    seen: Seen | None


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """One frame, fully analysed. pad_score: probability of a bona fide presentation, 0..1; None: not assessed."""

    sequence: int
    pad_score: float | None
    template: Template
    quality: Quality
