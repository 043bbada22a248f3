"""Which of the faces found is the capture subject's."""

from collections.abc import Sequence
from typing import Literal

from idverify.errors import FailureToAssess, MultipleFaces, NoFace
from idverify.face.words import RETAKE
from idverify.values import Face

FacesPolicy = Literal["exactly_one", "dominant", "most_prominent"]

# Smaller than this share of the largest face's height is a passer-by, someone at work behind, a picture on the wall.
_BYSTANDER = 0.5
# The runner-up may have at most this share of the first one's prominence.
_RIVAL = 0.7
MIN_HEIGHT = 32.0  # pixels; half the landmark model's input. Below, what is measured is invention


def select(faces: Sequence[Face], size: tuple[int, int], policy: FacesPolicy) -> Face:
    """The capture subject's face in an image of (height, width).

    `exactly_one`: no other face may be of comparable size. `dominant`: several may be there, if one is clearly larger and
    nearer to the middle than any other. `most_prominent`: that one, however close the runner-up: for data sets whose labels
    name the person in the middle, never for a service (settings do not offer it). Raises NoFace, MultipleFaces, or
    FailureToAssess where the face is too small.
    """
    if not faces:
        raise NoFace("no face was found", (RETAKE["no_face"],))
    largest = largest_height(faces)
    present = sorted(
        (face for face in faces if face.height >= _BYSTANDER * largest), key=lambda face: prominence(face, size), reverse=True
    )
    rivals = len(present) > 1 and prominence(present[1], size) > _RIVAL * prominence(present[0], size)
    if (policy == "exactly_one" and len(present) > 1) or (policy == "dominant" and rivals):
        raise MultipleFaces("more than one face was found", (RETAKE["single_face_present"],))
    if present[0].height < MIN_HEIGHT:
        raise FailureToAssess("the face is too small to be assessed", (RETAKE["inter_eye_distance"],))
    return present[0]


def largest_height(faces: Sequence[Face]) -> float:
    """Height in pixels of the largest of one or more faces."""
    return max(face.height for face in faces)


def smallest_rival(policy: FacesPolicy) -> float:
    """How small a face can change what `select` says of one in the middle, as a share of that one's height."""
    return _BYSTANDER if policy == "exactly_one" else _RIVAL


def prominence(face: Face, size: tuple[int, int]) -> float:
    """Height of the box in pixels in the middle of the image, falling to a quarter of it on the image's inscribed circle."""
    height, width = size
    left, top, right, bottom = face.box
    away_x, away_y = (left + right - width) / 2, (top + bottom - height) / 2
    return face.height / (1.0 + 3.0 * (away_x**2 + away_y**2) / (min(height, width) / 2) ** 2)
