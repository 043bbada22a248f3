"""A picture small enough for a QR code."""

import cv2
import numpy as np
import pytest

from idverify.face.small_picture import HEIGHT, LARGEST, WIDTH, small_picture
from idverify.values import Face


@pytest.mark.parametrize("name", ["obama.jpg", "obama2.jpg", "biden.jpg"])
def test_a_portrait_becomes_a_small_picture_of_the_same_head(acquirer, samples, name):
    """It fits, it is a WebP, and a detector still finds the face where a checker looks for it."""
    made = acquirer.small_picture((samples / name).read_bytes())
    assert len(made) <= LARGEST
    pixels = cv2.imdecode(np.frombuffer(made, np.uint8), cv2.IMREAD_COLOR)
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    enlarged = cv2.resize(pixels, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
    face = acquirer.search(enlarged)[0]
    assert face.box[0] < 3 * WIDTH < face.box[2]
    assert face.height > 2.4 * HEIGHT


def test_a_face_at_the_edge_has_its_edge_repeated_and_noise_still_fits():
    """The worst picture there is compresses to what a code can carry."""
    noise = np.random.default_rng(1).integers(0, 256, (300, 200, 3), dtype=np.uint8)
    assert len(small_picture(noise, Face((-40.0, -30.0, 90.0, 140.0), 0.9))) <= LARGEST
