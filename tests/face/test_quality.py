"""Quality: each component answers to its own defect, and words follow where a person can act."""

import cv2
import numpy as np
import pytest

from idverify.face import alignment, detection, landmarks, quality
from idverify.face.quality import RETAKE_BELOW, SCALES, Scale, assess
from idverify.face.words import RETAKE
from idverify.values import Face, Floats, Pixels, Quality


@pytest.fixture(scope="module")
def sample(engine, samples) -> tuple[Pixels, Floats, Face]:
    """A good photograph: aligned face, landmarks, box."""
    pixels = cv2.imread(str(samples / "obama.jpg"))
    view = detection.whole(pixels.shape[:2])
    faces = detection.parse(*engine.run("detection", detection.prepare(pixels, [view])), [view])
    points = landmarks.parse(engine.run("landmarks", landmarks.prepare(pixels, faces))[0], faces, pixels.shape[:2])
    return alignment.align(pixels, points)[0], points[0], faces[0]


def measured(
    sample, *, aligned: Pixels | None = None, points: Floats | None = None, others=(), eyes: float | None = 0.99
) -> Quality:
    """Quality of the sample with one thing changed."""
    good_aligned, good_points, face = sample
    return assess(
        good_aligned if aligned is None else aligned, good_points if points is None else points, face, (face, *others), eyes
    )


def test_a_good_photograph_has_every_component_and_no_advice(sample) -> None:
    """All eleven, in the order of the table, from 0 to 100."""
    found = measured(sample)
    assert [part.name for part in found.components] == list(SCALES)
    assert all(part.value is not None and part.value >= 50 for part in found.components)
    assert found.retake == ()


def half_lit(aligned: Pixels) -> Pixels:
    """The left half in deep shadow."""
    light = np.ones((112, 112, 1), np.float32)
    light[:, :56] = 0.12
    return (aligned * cv2.GaussianBlur(light, (0, 0), 4)[..., None]).astype(np.uint8)


DEFECTS = {
    "sharpness": lambda face: cv2.GaussianBlur(face, (0, 0), 4),
    "under_exposure_prevention": lambda face: (face * 0.1).astype(np.uint8),
    "over_exposure_prevention": lambda face: np.clip(face * 3.5, 0, 255).astype(np.uint8),
    "illumination_uniformity": half_lit,
}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_of_the_picture_lowers_its_component_and_is_put_into_words(sample, name: str) -> None:
    """Out of focus, dark, glaring, lit from one side."""
    spoiled = measured(sample, aligned=DEFECTS[name](sample[0]))
    assert spoiled[name].value < RETAKE_BELOW
    assert RETAKE[name] in spoiled.retake


def test_a_picture_moved_while_taken_is_not_sharp(sample) -> None:
    """Motion blurs one direction alone; the other must not make up for it."""
    motion = np.full((1, 21), 1 / 21, np.float32)
    still, moved = measured(sample), measured(sample, aligned=cv2.filter2D(sample[0], -1, motion))
    assert moved["sharpness"].value < still["sharpness"].value - 30


def test_how_sharp_a_face_is_does_not_depend_on_the_light(sample) -> None:
    """A third of the light, the same focus."""
    dim = measured(sample, aligned=(sample[0] * 0.35).astype(np.uint8))
    assert dim["sharpness"].native == pytest.approx(measured(sample)["sharpness"].native, abs=0.25)


def test_a_face_far_away_is_asked_to_come_closer(sample) -> None:
    """The same face at a tenth of the size."""
    far = measured(sample, points=sample[1] * 0.1)
    assert far["inter_eye_distance"].native == pytest.approx(measured(sample)["inter_eye_distance"].native / 10, rel=1e-3)
    assert RETAKE["inter_eye_distance"] in far.retake


@pytest.mark.parametrize("side", [-1, 1])
def test_a_turned_face_keeps_the_sign_in_its_native_value_alone(sample, side: int) -> None:
    """The nose moved towards one edge of the jaw: left and right are equally bad."""
    points = sample[1].copy()
    points[30] += (side * 0.55 * (points[45, 0] - points[36, 0]), 0)
    turned = measured(sample, points=points)["head_pose_yaw"]
    assert turned.native * side > 25
    assert turned.value < 45


def test_a_wide_open_mouth_and_closed_eyes_are_put_into_words(sample) -> None:
    """What the person can change at once."""
    points = sample[1].copy()
    points[[65, 66, 67]] += (0, 0.5 * np.linalg.norm(points[8] - points[27]))
    found = measured(sample, points=points, eyes=0.001)
    assert {RETAKE["mouth_closed"], RETAKE["eyes_open"]} <= set(found.retake)


def test_a_second_face_as_large_is_put_into_words(sample) -> None:
    """The native value is the other's height over this one's."""
    left, top, right, bottom = sample[2].box
    found = measured(sample, others=(Face((left - 300, top, right - 300, top + 0.9 * (bottom - top)), 0.9),))
    assert found["single_face_present"].native == pytest.approx(0.9)
    assert found.retake == (RETAKE["single_face_present"],)


def test_what_could_not_be_measured_has_no_value_and_never_a_good_one(sample) -> None:
    """Eyes not assessed; landmarks all in one place."""
    assert measured(sample, eyes=None)["eyes_open"].value is None
    nowhere = measured(sample, points=np.zeros((68, 2), np.float32))
    for name in ("head_pose_yaw", "head_pose_pitch", "mouth_closed"):
        assert (nowhere[name].native, nowhere[name].value) == (None, None)
    assert nowhere["inter_eye_distance"].value in {0, None}


def test_every_component_has_words_and_every_scale_two_ends() -> None:
    """A measure without advice would be a riddle."""
    assert set(SCALES) <= set(RETAKE)
    assert Scale(10, 90).value(50) == 50
    assert (Scale(10, 90).value(-5), Scale(10, 90).value(500)) == (0, 100)
    assert (Scale(1, 0).value(0.25), Scale(1, 0).value(3)) == (75, 0)


def test_the_samples_get_no_advice(acquirer, samples) -> None:
    """Press photographs of three occasions: nothing to change."""
    for name in ("obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg"):
        assert acquirer.acquire((samples / name).read_bytes()).quality.retake == ()


def test_few_faces_of_lfw_get_advice_for_their_picture(engine, evaluation_data) -> None:
    """Of 150 press photographs at most a tenth; lighting and focus of at most three."""
    from idverify.acquisition import Acquirer
    from idverify.values import Probe

    files = sorted((evaluation_data / "lfw").glob("*/*_0001.jpg"))[::20][:150]
    outcomes = Acquirer(engine, faces="dominant").acquire_many([file.read_bytes() for file in files])
    probes = [outcome for outcome in outcomes if isinstance(outcome, Probe)]
    assert len(probes) >= 0.98 * len(files)
    advised = [probe.quality.retake for probe in probes if probe.quality.retake]
    assert len(advised) <= 0.1 * len(probes)
    of_picture = {RETAKE[name] for name in DEFECTS}
    assert sum(bool(of_picture & set(words)) for words in advised) <= 3
    assert quality.RETAKE_BELOW == 20
