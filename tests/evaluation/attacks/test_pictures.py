"""What the simulator draws does what its species claims: light, sheets, heads, screens, noise."""

import io

import cv2
import numpy as np
import pytest

from evaluation.attacks.drawn import Still, landmarks, portrait
from idverify.evaluation.attacks.camera import Sensor, Tremor, encoded
from idverify.evaluation.attacks.light import Screen, linear, lit, on_head
from idverify.evaluation.attacks.lighting import LitHead
from idverify.evaluation.attacks.parameters import drawn
from idverify.evaluation.attacks.puppet import Head
from idverify.evaluation.attacks.replays import Display, Spliced, mixed
from idverify.evaluation.attacks.sheets import Hold, Sheet, placing
from idverify.evaluation.attacks.switching import Switched, cut, requantised, scaled
from idverify.face.pose import head_pose

RNG = np.random.default_rng


def test_the_screens_colour_comes_back_from_the_face_and_hardly_from_the_wall():
    """In the ratio of green to red, on the face at least five times as much as behind it."""
    shot, light = portrait(), drawn("light", RNG(1))
    weights = on_head(shot.landmarks, light)
    red, green = (lit(shot.pixels, weights, linear(colour), light).astype(float) for colour in ("#ff8a8a", "#5fd35f"))

    def ratio(pixels, rows, columns):
        part = pixels[rows, columns].reshape(-1, 3).mean(axis=0)
        return part[1] / part[2]

    face, wall = (slice(215, 240), slice(215, 265)), (slice(20, 100), slice(10, 60))
    answered = ratio(green, *face) / ratio(red, *face) - 1
    behind = ratio(green, *wall) / ratio(red, *wall) - 1
    assert answered > 0.03
    assert answered > 5 * behind


def test_the_light_lags_behind_the_message():
    """By the display's latency, and then rises."""
    group = {**drawn("light", RNG(1)), "latency_ms": 80.0, "rise_ms": 10.0}
    screen = Screen(group)
    screen.show("#5fd35f", 1.0)
    assert np.allclose(screen.light(1.07), group["idle"])
    assert np.allclose(screen.light(1.3), linear("#5fd35f"), atol=1e-3)


def test_colours_end_when_the_steps_are_over():
    """The page is itself again."""
    actor = LitHead(Still(), {**drawn("light", RNG(1)), "latency_ms": 0.0})
    plain = actor.shot(0.5).pixels
    actor.hear({"type": "colour", "rgb": "#5fd35f"}, 1.0)
    coloured = actor.shot(1.5).pixels
    actor.hear({"type": "ahead"}, 2.0)
    assert not np.array_equal(plain, coloured)
    assert np.array_equal(plain, actor.shot(3.0).pixels)


def homography_residual(before, after):
    """What the best homography leaves over, pixels."""
    found, _ = cv2.findHomography(before, after, 0)
    moved = cv2.perspectiveTransform(before[None], found)[0]
    return float(np.abs(moved - after).max())


def test_a_turned_sheet_moves_its_landmarks_by_a_homography_and_a_bent_one_does_not():
    """The plane is a plane, the cylinder none."""
    marks = landmarks()
    flat = placing(0.7, (35.0, 8.0, 3.0), (4.0, -2.0), np.inf)(marks)
    bent = placing(0.7, (35.0, 8.0, 3.0), (4.0, -2.0), 0.45 * 480)(marks)
    assert homography_residual(marks, flat) < 0.01
    assert homography_residual(marks, bent) > 1.0
    assert abs(head_pose(bent[None])[0, 0]) > abs(head_pose(flat[None])[0, 0]) + 3


@pytest.mark.parametrize("hold", list(Hold))
def test_a_sheet_is_turned_for_a_step_and_straight_again_when_it_is_done(hold):
    """The landmarks it reports are where the sheet shows them."""
    tremors = Tremor(0.0, RNG(1)), Tremor(0.0, RNG(1))
    room = np.zeros((480, 480, 3), np.uint8)
    sheet = Sheet(
        portrait(), room, hold, paper=drawn("photo", RNG(2)), light=drawn("light", RNG(3)), reaction=0.3, tremors=tremors
    )
    before = sheet.shot(0.5)
    sheet.hear({"type": "step", "kind": "turn_left", "amount": 18.0}, 1.0)
    turned = sheet.shot(2.5)
    sheet.hear({"type": "guidance", "code": "enough"}, 2.6)
    after = sheet.shot(5.0)
    narrower = np.ptp(turned.landmarks[:, 0]) / np.ptp(before.landmarks[:, 0])
    assert narrower == pytest.approx(1, abs=0.001) if hold is Hold.STILL else narrower < 0.93
    assert np.abs(after.landmarks - before.landmarks).max() < 0.5
    eye = before.landmarks[36:42].mean(axis=0).astype(int)
    assert before.pixels[eye[1], eye[0]].min() > 150  # the white of the drawn eye, where it says the eye is


@pytest.mark.parametrize("degrees", [-20.0, 20.0])
def test_a_synthetic_head_turns_as_heads_do(degrees):
    """Its landmarks read as turned to the asked side, and no homography explains them."""
    shot = portrait()
    posed = Head(shot.pixels, shot.landmarks).posed(degrees, 0.0)
    yaw = head_pose(posed.landmarks[None])[0, 0] - head_pose(shot.landmarks[None])[0, 0]
    assert 10 < yaw * np.sign(degrees) < 30
    assert homography_residual(shot.landmarks, posed.landmarks) > 2.0


def test_a_synthetic_head_blinks_and_opens_its_mouth():
    """The white of the eye is covered, and the inside of the mouth is dark."""
    shot = portrait()
    head = Head(shot.pixels, shot.landmarks)
    eye = shot.landmarks[36:42].mean(axis=0).astype(int)
    mouth = shot.landmarks[[62, 66]].mean(axis=0).astype(int)
    assert head.posed(0, 0, blink=1.0).pixels[eye[1] - 2, eye[0]].min() < 200 < shot.pixels[eye[1] - 2, eye[0]].min()
    assert head.posed(0, 0, mouth=1.0).pixels[mouth[1] + 10, mouth[0]].max() < 100


def test_the_sensors_noise_grows_with_the_light_and_never_repeats():
    """Two exposures of one scene differ; a bright one more than a dark one."""
    sensor = Sensor({**drawn("camera", RNG(1)), "flicker": 0.0}, RNG(2))
    dark, bright = np.full((480, 480, 3), 20, np.uint8), np.full((480, 480, 3), 200, np.uint8)
    first, second = sensor.expose(dark), sensor.expose(dark)
    assert not np.array_equal(first, second)
    assert sensor.expose(bright).std() > first.std() > 0.3


def test_a_screen_before_a_camera_throws_back_little_of_our_light():
    """The wall of the room answers the colour hardly, the display hardly either."""
    light = {**drawn("light", RNG(1)), "latency_ms": 0.0}
    display = Display(
        Still(), portrait().pixels, replay=drawn("replay", RNG(2)), light=light, tremor=Tremor(0.0, RNG(3)), generator=RNG(4)
    )
    plain = display.shot(0.5).pixels.astype(float)
    display.hear({"type": "colour", "rgb": "#5fd35f"}, 1.0)
    lit_up = display.shot(2.0).pixels.astype(float)
    assert np.abs(lit_up - plain).mean() < 4
    assert plain[5:470:40, 240].std() > 5  # bezel, moire, face: not a flat picture


def test_a_splice_shows_the_other_person_once_the_steps_are_over():
    """Before that the accomplice, or a mixture of both."""

    class Grey(Still):
        def shot(self, at):
            shot = portrait()
            return type(shot)(np.full_like(shot.pixels, 60), shot.landmarks)

    spliced = Spliced(Still(), Grey(), blend=0.0, seconds=0.0)
    assert spliced.shot(1.0).pixels.max() > 60
    spliced.hear({"type": "ahead"}, 2.0)
    assert spliced.shot(2.5).pixels.max() == 60
    half = mixed(portrait(), Grey().shot(0), 0.5).pixels
    assert 60 < half[230, 240].max() < portrait().pixels[230, 240].max()


def test_a_jpeg_keeps_its_tables_within_a_session():
    """One quality, one set of tables."""
    one, two = encoded(portrait().pixels, 85), encoded(np.zeros((480, 480, 3), np.uint8), 85)
    assert one[:100] == two[:100]
    assert one[:300] != encoded(portrait().pixels, 70)[:300]


class Filming(Still):
    """A source of JPEG of the drawn face."""

    def jpeg(self, at):
        """Always the same, of quality 90."""
        return encoded(portrait().pixels, 90)


@pytest.mark.parametrize(
    ("before", "after", "sizes", "one_encoder"),
    [
        (None, scaled(0.8, 90), [(480, 480), (384, 384)], True),
        (cut(0.8, 90, upright=True), cut(0.8, 90, upright=False), [(480, 384), (384, 480)], True),
        (None, requantised(60), [(480, 480), (480, 480)], False),
        (None, requantised(60, 90), [(480, 480), (480, 480)], True),
    ],
)
def test_another_encoder_takes_over_some_time_after_the_first_step(before, after, sizes, one_encoder):
    """What is asked decides when; sizes and quantisation tables are what the species says, in the JPEG's own words."""
    source = Switched(Filming(), 2.0, before=before, after=after)
    source.hear({"type": "guidance", "code": "ok"}, 0.5)
    before_any = source.jpeg(9.0)
    source.hear({"type": "step", "kind": "blink", "amount": 1.0}, 10.0)
    first, second = source.jpeg(11.9), source.jpeg(12.0)
    assert before_any == first
    assert [cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_COLOR).shape[:2] for one in (first, second)] == sizes
    assert (tables_of(first) == tables_of(second)) is one_encoder


def tables_of(jpeg):
    """The quantisation tables."""
    from PIL import Image

    return Image.open(io.BytesIO(jpeg)).quantization
