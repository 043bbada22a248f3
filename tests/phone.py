"""A telephone for tests: it speaks the stream's protocol, and its camera sees a sample photograph that trembles in a hand.

What it shows is an attack, an injected photograph with noise, and the profile `passive` accepts it: nothing but a challenge or
attestation could tell. idverify.evaluation.attacks has the people and the attacks that are measured.
"""

import base64
import hashlib
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path

import cv2
import numpy as np

import idverify
from idverify.keys.jwk import base64url
from idverify.sessions.envelope import Chain, closing_statement, seal_frame, stream_key

SAMPLES = Path(idverify.__file__).parent / "samples"
VERIFIER = "v" * 43
CODE_CHALLENGE = base64url(hashlib.sha256(VERIFIER.encode()).digest())


def unpadded(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@cache
def scene(name: str) -> np.ndarray:
    """A sample photograph, scaled so that its face stands well in 640x480."""
    picture = cv2.imread(str(SAMPLES / name))
    height, width = picture.shape[:2]
    scale = 640 / width
    picture = cv2.resize(picture, (640, round(height * scale)), interpolation=cv2.INTER_AREA)
    canvas = np.full((max(480, picture.shape[0]), 640, 3), 90, np.uint8)
    canvas[: picture.shape[0]] = picture
    return canvas[:480]


def trembling(name: str, beat: float) -> np.ndarray:
    """The scene in a hand, whose tremor never repeats: frequencies without a common measure."""
    x = 2.1 * np.sin(0.83 * beat) + 1.7 * np.sin(0.31 * np.sqrt(2) * beat) + 2.3 * np.sin(0.07 * np.pi * beat)
    y = 1.6 * np.cos(0.71 * beat) + 1.9 * np.sin(0.23 * np.sqrt(3) * beat) + 1.1 * np.cos(0.05 * np.e * beat)
    return cv2.warpAffine(
        scene(name), np.float32([[1, 0, x], [0, 1, y]]), (640, 480), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


@lru_cache(maxsize=512)
def frame(name: str, number: int) -> bytes:
    """One JPEG of the scene: a hand trembles, a sensor makes noise."""
    random = np.random.default_rng(number)
    shifted = trembling(name, number)
    noisy = shifted + random.normal(0, 2.0, shifted.shape)
    return cv2.imencode(".jpg", np.clip(noisy, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


class Phone:
    """One connection's client side. sign: what its attested key makes of a statement; None: it is silent when asked."""

    def __init__(
        self, session_id: str, nonce: str, hello: dict, scene: str = "obama.jpg", sign: Callable[[bytes], bytes] | None = None
    ) -> None:
        self.first, number, raw = hello, hello["attempt"], bytes.fromhex(nonce)
        self.about, self.sign = (session_id, number, raw), sign
        key = stream_key(raw, unpadded(hello["salt"]), session_id, number)
        self.chain = Chain.start(session_id, number, raw, bytes.fromhex(hello["commitment"]), key)
        self.scene = scene
        self.number = 0
        self.heard: list[dict] = []

    def message(self, jpeg: bytes | None = None) -> bytes:
        """The next message: of the scene, or of these bytes."""
        sealed, self.chain = seal_frame(self.chain, frame(self.scene, self.number) if jpeg is None else jpeg)
        self.number += 1
        return sealed

    def signature(self) -> bytes:
        """The message that signs the stream so far."""
        assert self.sign is not None
        return self.message(self.sign(closing_statement(*self.about, self.chain.next_link)))

    def hear(self, said: dict) -> None:
        """Take in what the service says."""
        self.heard.append(said)
        if "reveal" in said:
            self.chain = self.chain.revealed(unpadded(said["reveal"]))

    @property
    def result(self) -> dict | None:
        """How it ended."""
        return next((said for said in self.heard if said["type"] == "result"), None)
