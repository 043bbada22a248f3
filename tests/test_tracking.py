"""Frames to observations: the face is followed, lost when it is gone, and looked for where it went; hostile frames are refused."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from idverify.acquisition import Acquirer
from idverify.errors import ImageRejected, NoFace, TooLarge
from idverify.liveness.challenge import Kind, Step
from idverify.liveness.observation import Observation
from idverify.liveness.steps import Doing, follow
from idverify.liveness.traces import light, trace
from idverify.tracking import MAX_PIXELS, Tracker, bend, plausible
from idverify.values import Pixels


def jpeg(pixels: Pixels, quality: int = 85) -> bytes:
    """The picture as a capture page sends it."""
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


@pytest.fixture(scope="module")
def tracker(engine) -> Tracker:
    """As the service composes it."""
    return Tracker(Acquirer(engine, faces="dominant"))


@pytest.fixture(scope="module")
def portrait(samples) -> Pixels:
    """640 x 480, a man who looks into the camera."""
    photograph = cv2.imread(str(samples / "obama.jpg"))
    crop = photograph[60:540, 170:810]
    return np.ascontiguousarray(crop)


def observed(tracker: Tracker, pixels: Pixels, previous: Observation | None = None, **options) -> Observation:
    """One frame observed."""
    return tracker.track(previous, jpeg(pixels), sequence=3, at=12.5, reveals=1, **options).observation


def test_an_observation_says_what_the_frame_shows(tracker, portrait) -> None:
    """Sequence, time and reveals are handed through; the man looks ahead with open eyes and a smile."""
    found = observed(tracker, portrait)
    assert (found.sequence, found.at, found.reveals, found.faces) == (3, 12.5, 1, 1)
    assert found.trace.size == portrait.shape[:2]
    assert found.trace.thumbnail.shape == (16, 16)
    assert len(found.trace.digest) == len(found.trace.tables) == 32
    assert found.seen is not None
    assert max(abs(found.seen.yaw), abs(found.seen.roll)) < 12
    assert min(found.seen.eyes) > 0.9
    assert 0 <= found.seen.mouth < 0.5
    assert found.seen.light is not None


def test_a_face_is_followed_as_it_moves_and_marked_as_if_it_were_looked_for(tracker, portrait) -> None:
    """Three pixels a frame to the right, forty times."""
    previous = observed(tracker, portrait)
    for step in range(1, 41):
        moved = np.roll(portrait, 3 * step, axis=1)
        tracked = tracker.track(previous, jpeg(moved), sequence=step, at=step / 10, reveals=0)
        assert not tracked.searched
        previous = tracked.observation
    fresh = observed(tracker, moved)
    eyes = np.linalg.norm(fresh.seen.landmarks[36] - fresh.seen.landmarks[45])
    assert np.abs(previous.seen.landmarks - fresh.seen.landmarks).max() < 0.08 * eyes


def test_a_face_that_is_gone_is_not_seen_any_more(tracker, portrait) -> None:
    """The landmark model marks a face on any picture: without another look a blank wall would go on being a person."""
    before = observed(tracker, portrait)
    gone = observed(tracker, np.full_like(portrait, 120), before)
    assert (gone.seen, gone.faces) == (None, 0)
    back = observed(tracker, portrait, gone)
    assert back.seen is not None


def test_a_face_that_jumps_is_looked_for(tracker, portrait) -> None:
    """Far away in one frame: found at its new place, by a search."""
    before = observed(tracker, portrait)
    jumped = tracker.track(before, jpeg(np.roll(portrait, 260, axis=1)), sequence=1, at=0.1, reveals=0)
    assert jumped.searched
    assert jumped.observation.seen.landmarks[30, 0] - before.seen.landmarks[30, 0] == pytest.approx(260, abs=15)


def test_asked_to_look_it_searches_whatever_was_there(tracker, portrait) -> None:
    """Analysed frames are looked at afresh."""
    before = observed(tracker, portrait)
    assert tracker.track(before, jpeg(portrait), sequence=1, at=0.1, reveals=0, look=True).searched


def test_two_of_the_same_size_are_no_subject(tracker, portrait) -> None:
    """Their number says why."""
    face = portrait[:, 160:480]
    both = observed(tracker, np.hstack([face, face]))
    assert (both.seen, both.faces) == (None, 2)


def test_nobody_is_followed_into_a_picture_of_two_of_the_same_size(tracker, portrait) -> None:
    """Else frames that no analysis would choose a subject from were evidence of a step whenever they were not analysed."""
    small = cv2.resize(portrait, (320, 240))
    one, two = np.full_like(portrait, 90), np.full_like(portrait, 90)
    one[120:360, :320] = small
    two[120:360] = np.hstack([small, small])
    before = observed(tracker, one)
    assert before.seen is not None
    assert observed(tracker, two, before, look=True).seen is None
    assert observed(tracker, two, before).seen is None


def test_an_analysis_is_the_probe_of_the_same_picture(tracker, engine, portrait) -> None:
    """One order of stages for photographs and for frames; the frame's own search is not repeated, a followed frame's is made."""
    probe = Acquirer(engine, faces="dominant").acquire(jpeg(portrait))
    first = tracker.track(None, jpeg(portrait), sequence=7, at=0.0, reveals=0)
    followed = tracker.track(first.observation, jpeg(portrait), sequence=8, at=0.1, reveals=0)
    for tracked in (first, followed):
        analysis = tracker.analyse(tracked)
        assert analysis.sequence == tracked.observation.sequence
        assert analysis.pad_score == pytest.approx(probe.pad_score)
        assert analysis.template.model_digest == probe.template.model_digest
        assert float(analysis.template.vector @ probe.template.vector) > 0.9999
        assert analysis.quality == probe.quality
    with pytest.raises(NoFace):
        tracker.analyse(tracker.track(None, jpeg(np.full_like(portrait, 90)), sequence=9, at=0.2, reveals=0))


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"not a picture" * 50,
        cv2.imencode(".png", np.full((480, 640, 3), 90, np.uint8))[1].tobytes(),
        jpeg(np.full((480, 640, 3), 90, np.uint8))[:900],
        jpeg(np.full((32, 32, 3), 90, np.uint8)),
        jpeg(np.full((2400, MAX_PIXELS // 2400 + 1, 3), 90, np.uint8)),
        b"\xff\xd8\xff" + bytes(11 * 1024 * 1024),
    ],
    ids=["empty", "text", "PNG", "cut", "tiny", "more pixels than a camera sends", "more bytes"],
)
def test_what_is_no_frame_is_refused(tracker, frame: bytes) -> None:
    """Only JPEGs, whole, of a camera's size; nothing else but the documented refusals leaves."""
    with pytest.raises((ImageRejected, TooLarge)):
        tracker.track(None, frame, sequence=0, at=0.0, reveals=0)


def test_the_tables_are_the_encoders_not_the_pictures(tracker, portrait) -> None:
    """The same for another picture and another size; not for another quality or chroma sampling, nor from another encoder."""
    other = np.ascontiguousarray(portrait[:400, ::-1])
    tables = [observed(tracker, picture).trace.tables for picture in (portrait, other)]
    assert tables[0] == tables[1]
    full = cv2.imencode(".jpg", portrait, [cv2.IMWRITE_JPEG_QUALITY, 85, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111])[
        1
    ].tobytes()
    rest = [tracker.track(None, data, sequence=0, at=0.0, reveals=0).observation for data in (jpeg(portrait, 84), full)]
    assert len({tables[0], *(found.trace.tables for found in rest)}) == 3


def test_noise_is_that_of_the_sensor_not_of_the_scene(portrait) -> None:
    """Known noise on a picture with edges is found again, and none where there is none."""
    from idverify.face import image

    scene = cv2.GaussianBlur(portrait, (0, 0), 2)
    random = np.random.default_rng(4)
    found = []
    for deviation in (0.0, 3.0, 6.0):
        noisy = np.clip(scene + random.normal(0, deviation, scene.shape[:2])[:, :, None], 0, 255).astype(np.uint8)
        data = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()
        found.append(trace(data, image.decode(data)).noise)
    assert found[0] < 1.0
    assert found[1] == pytest.approx(3.0, rel=0.35)
    assert found[2] == pytest.approx(6.0, rel=0.35)


def test_light_on_the_face_is_told_from_light_behind_it(tracker, portrait) -> None:
    """A face that turns redder is redder; its surroundings are not, and the other way round."""
    points = observed(tracker, portrait).seen.landmarks
    plain = light(portrait, points)
    mask = np.zeros(portrait.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(points.astype(np.int32)), 255)
    red = portrait.copy()
    red[mask > 0, 2] = np.clip(red[mask > 0, 2].astype(int) + 40, 0, 255)
    lit, behind = light(red, points), portrait.copy()
    behind[mask == 0, 0] = np.clip(behind[mask == 0, 0].astype(int) + 60, 0, 255)
    assert lit.face[0] > 1.15 * plain.face[0]
    assert lit.face[2] == pytest.approx(plain.face[2], rel=0.03)
    assert lit.background == pytest.approx(plain.background, rel=1e-6)
    assert light(behind, points).background[2] > 1.15 * plain.background[2]


def test_what_is_no_sequel() -> None:
    """Far away, of another size, of another shape, or no numbers at all."""
    points = np.random.default_rng(1).uniform(0, 200, (68, 2)).astype(np.float32)
    points[42:48] += (80, 0)
    assert plausible(points, points + 3)
    assert bend(points, points + 50) == pytest.approx(0, abs=1e-4)
    for other in (points + 500, points * 1.5, points[::-1].copy(), np.full_like(points, np.nan), np.ones_like(points)):
        assert not plausible(points, other)


def clip(evaluation_data: Path, name: str, rate: int = 10) -> list[Pixels]:
    """Its frames at that rate."""
    video = cv2.VideoCapture(str(evaluation_data / "video" / name))
    every, frames = round(video.get(cv2.CAP_PROP_FPS) / rate), []
    while video.grab():
        frames.append(video.retrieve()[1])
    return frames[::every]


def test_a_person_who_turns_both_ways_did_so_and_one_who_does_not_did_not(tracker, evaluation_data) -> None:
    """Real people at ten frames a second: d3 turns, d10 looks ahead and makes faces."""
    done = {}
    for name in ("d3.mp4", "d10.mp4"):
        seen: list[Observation] = []
        for index, pixels in enumerate(clip(evaluation_data, name)):
            previous = seen[-1] if seen else None
            seen.append(tracker.track(previous, jpeg(pixels), sequence=index, at=index / 10, reveals=1).observation)
        assert all(observation.seen for observation in seen)
        for kind in (Kind.TURN_LEFT, Kind.TURN_RIGHT):
            starts = range(6, len(seen) - 40, 5)
            ends = [
                any(follow(Step(kind, 14.0), seen[at - 6 : at], seen[at : at + n]).state is Doing.DONE for n in range(1, 80, 2))
                for at in starts
            ]
            done[name, kind] = any(ends)
    assert done == {
        ("d3.mp4", Kind.TURN_LEFT): True,
        ("d3.mp4", Kind.TURN_RIGHT): True,
        ("d10.mp4", Kind.TURN_LEFT): False,
        ("d10.mp4", Kind.TURN_RIGHT): False,
    }
