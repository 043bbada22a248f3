"""Enrolment with the real models: what people send, good and bad."""

import dataclasses
import struct
import zlib

import cv2
import numpy as np
import pytest

from idverify.acquisition import Acquirer
from idverify.ceremonies import reembedding
from idverify.errors import (
    FailureToAcquire,
    IdverifyError,
    ImageRejected,
    MultipleFaces,
    NoFace,
    TemplateOutdated,
    TooLarge,
)
from idverify.inference.manifest import default_models_folder, describe_pack
from idverify.inference.onnx import OnnxEngine

from .installed import enrolled, events, open_reference


@pytest.fixture
def real(parts, engine):
    """The installation with real acquisition: exactly one face."""
    return dataclasses.replace(parts, acquirer=Acquirer(engine, faces="exactly_one"))


@pytest.fixture(scope="module")
def photographs(samples):
    """Bad portraits by name."""
    man = cv2.imread(str(samples / "obama.jpg"))
    other = cv2.resize(cv2.imread(str(samples / "biden.jpg")), (man.shape[1], man.shape[0]))
    noise = np.random.default_rng(1).integers(90, 110, (480, 640, 3), dtype=np.uint8)
    canvas = cv2.GaussianBlur(noise, (31, 31), 9)
    small = cv2.resize(man, None, fx=40 / man.shape[1], fy=40 / man.shape[1], interpolation=cv2.INTER_AREA)
    far = canvas.copy()
    far[100 : 100 + small.shape[0], 200 : 200 + small.shape[1]] = small
    return {
        "empty": b"",
        "text": b"a text file that is named .jpg",
        "truncated": jpeg(man)[:5000],
        "bomb": png_of_nothing(30_000, 30_000),
        "fifty_megapixels": png_of_nothing(10_000, 5_000),
        "eleven_mebibytes": b"\xff\xd8\xff" + bytes(11 * 1024 * 1024),
        "no_face": jpeg(canvas),
        "two_faces": jpeg(cv2.hconcat([man, other])),
        "twenty_pixels": jpeg(far),
    }


def jpeg(pixels):
    """The pixels as a JPEG."""
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def png_of_nothing(width, height):
    """A PNG whose header promises a great deal: some bytes of it, gigabytes of pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "errors"),
    [
        ("empty", ImageRejected),
        ("text", ImageRejected),
        ("truncated", ImageRejected),
        ("bomb", (ImageRejected, TooLarge)),
        ("fifty_megapixels", (ImageRejected, TooLarge)),
        ("eleven_mebibytes", TooLarge),
        ("no_face", NoFace),
        ("two_faces", MultipleFaces),
        ("twenty_pixels", FailureToAcquire),
    ],
)
def test_a_bad_portrait_is_refused_with_its_code_and_writes_nothing(real, photographs, name, errors):
    """No crash, no row, no event; and the next portrait is none the worse for it."""
    with pytest.raises(errors) as refused:
        enrolled(real, portrait=photographs[name])
    assert isinstance(refused.value, IdverifyError)
    assert refused.value.code not in {"error", "internal"}
    assert events(real) == []


def test_a_real_portrait_is_enrolled_and_its_template_opens_bit_for_bit(real, samples):
    """The template stored is the template measured."""
    portrait = (samples / "obama.jpg").read_bytes()
    made = enrolled(real, portrait=portrait)
    stored = open_reference(real, made.subject_id).template
    assert np.array_equal(stored.vector, real.acquirer.acquire(portrait).template.vector)
    assert stored.model_digest == real.acquirer.embedding_digest


def test_a_registry_moves_to_the_other_variant_and_back(real, samples):
    """Until it has, nothing is compared across variants; afterwards the template is the one that enrolment would make."""
    portrait = (samples / "obama.jpg").read_bytes()
    subject_id = enrolled(real, portrait=portrait).subject_id
    pack = describe_pack(default_models_folder(), "default", "accurate")
    accurate = dataclasses.replace(real, acquirer=Acquirer(OnnxEngine(pack), faces="dominant"))
    for before, after in ((real, accurate), (accurate, real)):
        with pytest.raises(TemplateOutdated):
            open_reference(after, subject_id)
        assert reembedding.pending(after) == 1
        assert [done.refusal for done in reembedding.reembed(after, actor="tester")] == [None]
        renewed = open_reference(after, subject_id).template
        assert renewed.model_digest == after.acquirer.embedding_digest != before.acquirer.embedding_digest
        assert np.array_equal(renewed.vector, after.acquirer.acquire(portrait).template.vector)


def test_no_probe_image_is_kept_anywhere(real, samples, tmp_path):
    """The profile `photo` keeps none: after a probe was measured, no piece of its file is in the data folder."""
    made = enrolled(real, portrait=(samples / "obama.jpg").read_bytes())
    probe = (samples / "obama2.jpg").read_bytes()
    real.acquirer.acquire(probe)
    open_reference(real, made.subject_id)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert not any(probe[at : at + 32] in kept for at in range(1000, len(probe) - 32, 5000))
