"""Image bytes to Probe: the right person, the right refusal, the same answer alone and in company."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from idverify.acquisition import Acquirer
from idverify.errors import FailureToAcquire, FailureToAssess, ImageRejected, InputError, MultipleFaces, NoFace, TooLarge
from idverify.face.comparison import compare
from idverify.inference.manifest import default_models_folder, describe_pack
from idverify.inference.onnx import OnnxEngine
from idverify.values import Pixels, Probe

STAGES = {"decode", "detect", "landmarks", "align", "quality", "pad", "embed"}


def jpeg(pixels: Pixels) -> bytes:
    """The picture as a camera would send it."""
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()


def photograph(samples: Path, name: str) -> Pixels:
    """A sample's pixels."""
    return cv2.imread(str(samples / name))


@pytest.fixture(scope="module")
def strict(engine) -> Acquirer:
    """Exactly one face."""
    return Acquirer(engine, faces="exactly_one")


def test_a_probe_holds_all_that_was_measured(strict, engine, samples) -> None:
    """Steps 2 to 7, each timed."""
    probe = strict.acquire((samples / "obama.jpg").read_bytes())
    assert set(probe.timings_ms) == STAGES
    assert all(ms > 0 for ms in probe.timings_ms.values())
    assert np.linalg.norm(probe.template.vector) == pytest.approx(1, abs=1e-5)
    assert probe.template.vector.shape == (512,)
    assert probe.template.model_digest == strict.embedding_digest == engine.variant.digest
    assert probe.pad_score > 0.99
    assert len(probe.image_digest) == 64


def test_one_man_on_two_occasions_scores_above_any_other(strict, samples) -> None:
    """Mated scores stand clear of non-mated ones."""
    vectors = {
        name: strict.acquire((samples / f"{name}.jpg").read_bytes()).template.vector
        for name in ("obama", "obama2", "obama3", "biden")
    }
    mated = [compare(vectors[a], vectors[b]) for a, b in (("obama", "obama2"), ("obama", "obama3"), ("obama2", "obama3"))]
    non_mated = [compare(vectors[a], vectors["biden"]) for a in ("obama", "obama2", "obama3")]
    assert min(mated) > 0.6
    assert max(non_mated) < 0.25


def test_a_picture_held_sideways_gives_the_same_template(strict, samples) -> None:
    """EXIF says how the phone was held."""
    from PIL import Image

    from tests.face.pictures import encoded, exif

    upright = Image.open(samples / "obama.jpg").crop((200, 0, 800, 600))
    plain = strict.acquire(encoded(upright, "PNG"))
    turned = strict.acquire(encoded(upright.transpose(Image.Transpose.ROTATE_90), "PNG", exif=exif(6)))
    assert compare(plain.template.vector, turned.template.vector) > 0.9999


def test_a_selfie_that_fills_the_frame_is_taken(strict, samples) -> None:
    """Forehead and chin cut off: found by looking again with a margin, and still the same man."""
    close = photograph(samples, "obama.jpg")[130:400, 375:615]
    probe = strict.acquire(jpeg(cv2.resize(close, (480, 540))))
    other = strict.acquire((samples / "obama2.jpg").read_bytes())
    assert compare(probe.template.vector, other.template.vector) > 0.5


def _text(_: Path) -> bytes:
    return b"Not a picture, although it is named photo.jpg\n" * 100


def _two_men(samples: Path) -> bytes:
    heads = [photograph(samples, "obama.jpg")[30:560, 250:750], photograph(samples, "biden.jpg")[100:680, 300:850]]
    return jpeg(np.hstack([cv2.resize(head, (400, 440)) for head in heads]))


def _far_away(samples: Path) -> bytes:
    head = photograph(samples, "obama.jpg")[0:700, 150:850]
    small = cv2.resize(head, None, fx=20 / 330, fy=20 / 330, interpolation=cv2.INTER_AREA)
    scene = np.full((240, 320, 3), 120, np.uint8)
    scene[80 : 80 + len(small), 100 : 100 + small.shape[1]] = small
    return jpeg(scene)


def _wall(_: Path) -> bytes:
    y, x = np.mgrid[0:480, 0:640]
    return jpeg(np.dstack([100 + 30 * np.sin(x / 40), 110 + 20 * np.cos(y / 30), 120 + 0 * x]).astype(np.uint8))


def _back_of_a_head(samples: Path) -> bytes:
    """No such photograph is at hand: the outline of a head with hair where the face was."""
    picture = photograph(samples, "obama.jpg")
    hair = np.random.default_rng(3).normal(38, 8, (*picture.shape[:2], 1)).repeat(3, axis=2)
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.ellipse(mask, (492, 245), (125, 185), 0, 0, 360, 255, -1)
    picture[mask > 0] = np.clip(cv2.GaussianBlur(hair, (0, 0), 1.5), 0, 255).astype(np.uint8)[mask > 0]
    return jpeg(picture)


REFUSALS = {
    "a text named .jpg": (_text, (ImageRejected,)),
    "no bytes": (lambda _: b"", (ImageRejected,)),
    "half a file": (lambda samples: (samples / "obama.jpg").read_bytes()[:60_000], (ImageRejected,)),
    "eleven mebibytes": (lambda samples: (samples / "obama.jpg").read_bytes() + bytes(11 << 20), (TooLarge,)),
    "a wall": (_wall, (NoFace,)),
    "a back of a head": (_back_of_a_head, (NoFace,)),
    "two men": (_two_men, (MultipleFaces,)),
    "a face of twenty pixels": (_far_away, (NoFace, FailureToAssess)),
}


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize("policy", ["exactly_one", "dominant"])
def test_what_cannot_be_used_is_refused_with_its_own_code(engine, samples, name: str, policy) -> None:
    """And, where a person can do better, with words that say how."""
    make, kinds = REFUSALS[name]
    with pytest.raises(kinds) as refusal:
        Acquirer(engine, faces=policy).acquire(make(samples))
    if isinstance(refusal.value, FailureToAcquire):
        assert refusal.value.retake


def test_a_photograph_without_a_face_is_refused(strict, evaluation_data) -> None:
    """A crop beside the face."""
    with pytest.raises(NoFace):
        strict.acquire((evaluation_data / "stills" / "crop" / "no_face.png").read_bytes())


@pytest.mark.parametrize("batch", [1, 3, 16])
def test_many_give_what_each_gives_alone_and_one_bad_one_spoils_no_other(engine, samples, batch: int) -> None:
    """In order, refusals in their places as values."""
    good = [(samples / name).read_bytes() for name in ("obama.jpg", "biden.jpg", "obama2.jpg")]
    outcomes = Acquirer(engine, batch=batch).acquire_many([good[0], _text(samples), good[1], _wall(samples), good[2]])
    assert [type(outcome) for outcome in outcomes] == [Probe, ImageRejected, Probe, NoFace, Probe]
    alone = Acquirer(engine)
    for outcome, data in zip(outcomes[::2], good, strict=True):
        probe = alone.acquire(data)
        assert isinstance(outcome, Probe)
        assert compare(outcome.template.vector, probe.template.vector) > 0.9999
        assert outcome.pad_score == pytest.approx(probe.pad_score, abs=1e-3)
        assert outcome.quality.retake == probe.quality.retake
        assert set(outcome.timings_ms) == STAGES


@pytest.fixture(scope="module")
def accurate(engine) -> Acquirer:
    """Both views, in one template."""
    return Acquirer(OnnxEngine(describe_pack(default_models_folder(), "default", "accurate")))


def test_the_accurate_variant_sums_what_the_model_makes_of_a_face_and_of_its_mirror(
    accurate, strict, samples, monkeypatch
) -> None:
    """Two views in one run; a template of its own digest, of the same length, recomputed here from what the model answered."""
    data = (samples / "obama.jpg").read_bytes()
    runs: list[tuple[str, np.ndarray, np.ndarray]] = []
    run = accurate.engine.run

    def watched(role: str, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        outputs = run(role, batch)
        runs.append((role, batch, outputs[0]))
        return outputs

    monkeypatch.setattr(accurate.engine, "run", watched)
    probe = accurate.acquire(data)
    ((_, batch, answer),) = (one for one in runs if one[0] == "embedding")
    assert np.array_equal(batch[1], batch[0, :, :, ::-1])
    plain, seen = answer / np.linalg.norm(answer, axis=1, keepdims=True)
    expected = (plain + seen) / np.linalg.norm(plain + seen)
    assert np.abs(probe.template.vector - expected).max() < 1e-6
    assert compare(plain, strict.acquire(data).template.vector) > 0.9999 > compare(plain, expected)
    assert probe.template.model_digest == accurate.embedding_digest != strict.embedding_digest
    assert accurate.engine.pack == f"{strict.engine.pack}/accurate"


def test_faces_in_one_batch_keep_their_own_mirrors(accurate, samples) -> None:
    """Three faces are six views in one run of the model."""
    data = [(samples / name).read_bytes() for name in ("obama.jpg", "biden.jpg", "obama2.jpg")]
    together = Acquirer(accurate.engine, batch=3).acquire_many(data)
    for outcome, photo in zip(together, data, strict=True):
        assert isinstance(outcome, Probe)
        assert compare(outcome.template.vector, accurate.acquire(photo).template.vector) > 0.9999


def test_nothing_gives_nothing(strict) -> None:
    """No photograph, no outcome."""
    assert strict.acquire_many([]) == []


class Broken:
    """An engine whose model of one role answers with what it must not."""

    def __init__(self, engine, role: str, value: float) -> None:
        self._engine, self._role, self._value = engine, role, value
        self.pack, self.provider, self.digests = engine.pack, engine.provider, engine.digests
        self.variant = engine.variant

    def run(self, model: str, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        """The true answer, but for the one role."""
        outputs = self._engine.run(model, batch)
        return tuple(np.full_like(output, self._value) for output in outputs) if model == self._role else outputs


@pytest.mark.parametrize(
    ("role", "value"), [("landmarks", float("nan")), ("landmarks", 0.5), ("embedding", float("nan")), ("embedding", 0.0)]
)
def test_a_required_measurement_that_fails_is_a_failure_to_assess(engine, samples, role: str, value: float) -> None:
    """Whatever the model said, no template is made of it."""
    with pytest.raises(FailureToAssess):
        Acquirer(Broken(engine, role, value)).acquire((samples / "obama.jpg").read_bytes())


def test_a_presentation_that_could_not_be_assessed_has_no_score(engine, samples) -> None:
    """None, which no policy that asks for PAD lets pass."""
    assert Acquirer(Broken(engine, "pad", float("nan"))).acquire((samples / "obama.jpg").read_bytes()).pad_score is None


def test_eyes_that_could_not_be_assessed_have_no_value(engine, samples) -> None:
    """Neither open nor closed."""
    probe = Acquirer(Broken(engine, "eyes", float("nan"))).acquire((samples / "obama.jpg").read_bytes())
    assert probe.quality["eyes_open"].value is None


def test_a_detector_that_answers_nonsense_finds_no_face(engine, samples) -> None:
    """Boxes that are not numbers are no faces."""
    with pytest.raises(NoFace):
        Acquirer(Broken(engine, "detection", float("nan"))).acquire((samples / "obama.jpg").read_bytes())


def test_pairs_of_lfw_are_told_apart(engine, evaluation_data) -> None:
    """The first 40 mated and 40 non-mated pairs of pairsDevTest at a threshold from elsewhere: at most two errors."""
    folder = evaluation_data / "lfw"
    lines = [line.split() for line in (folder / "pairsDevTest.txt").read_text().splitlines()]
    rows = [row for row in lines if len(row) == 3][:40] + [row for row in lines if len(row) == 4][:40]
    pairs = [(row[0], row[1], row[0] if len(row) == 3 else row[2], row[-1]) for row in rows]
    acquirer = Acquirer(engine, faces="dominant")

    def vector(person: str, number: str) -> np.ndarray | InputError:
        outcome = acquirer.acquire_many([(folder / person / f"{person}_{int(number):04d}.jpg").read_bytes()])[0]
        return outcome.template.vector if isinstance(outcome, Probe) else outcome

    errors = 0
    for first, one, second, other in pairs:
        a, b = vector(first, one), vector(second, other)
        if isinstance(a, InputError) or isinstance(b, InputError):
            errors += 1
        else:
            errors += (compare(a, b) >= 0.3) != (first == second)
    assert errors <= 2
