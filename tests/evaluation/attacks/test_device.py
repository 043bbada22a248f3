"""The simulated device speaks the protocol, and the hostile ones break it where they say they do."""

from base64 import urlsafe_b64encode

import numpy as np
import pytest

from idverify.errors import FrameRefused
from idverify.evaluation.attacks.device import Device, Opened
from idverify.evaluation.attacks.parameters import drawn
from idverify.evaluation.attacks.tampering import Tamper, TamperingDevice
from idverify.evaluation.attacks.timing import CameraClock, ProgramClock, RecordedClock
from idverify.sessions.envelope import Chain, open_frame, stream_key

OPENED = Opened("ses_" + "0" * 32, b"n" * 32)
SALT, COMMITMENT = b"s" * 16, b"c" * 32
HELLO = {"type": "hello", "attempt": 1, "salt": urlsafe_b64encode(SALT).decode().rstrip("="), "commitment": COMMITMENT.hex()}


class Numbered:
    """A source whose JPEG is its number."""

    def __init__(self):
        self.count = 0
        self.heard = []

    def hear(self, said, at):
        self.heard.append(said["type"])

    def jpeg(self, at):
        self.count += 1
        return b"\xff\xd8 frame %d" % self.count


def served():
    """The service's end of the chain."""
    key = stream_key(OPENED.nonce, SALT, OPENED.session_id, 1)
    return Chain.start(OPENED.session_id, 1, OPENED.nonce, COMMITMENT, key)


def sent(device, frames):
    """So many messages, opened by the service's end until one is refused."""
    chain, opened = served(), []
    while len(opened) < frames:
        for message, at in device.next():
            frame, chain = open_frame(chain, message)
            opened.append((frame, at))
    return opened


def test_a_reveal_is_acknowledged_by_the_first_frame_sealed_after_it_arrived():
    """What the service says travels: frames that are on their way when it speaks acknowledge nothing."""
    device = Device(Numbered(), ProgramClock(10.0, np.random.default_rng(1)))
    device.connect(OPENED, HELLO)
    chain, frames = served(), []
    for number in range(6):
        ((message, at),) = device.next()
        frame, chain = open_frame(chain, message)
        frames.append(frame.reveals)
        if number == 1:
            reveal = b"12345678"
            chain = chain.revealed(reveal)
            device.hear([{"type": "step", "reveal": urlsafe_b64encode(reveal).decode().rstrip("=")}], at + 0.1)
    assert frames == [0, 0, 0, 1, 1, 1]
    assert device.source.heard == ["step"]


@pytest.mark.parametrize("tamper", list(Tamper))
def test_a_naive_attack_on_the_protocol_is_refused_at_once(tamper):
    """Every change of what was sealed breaks the chain or the MAC."""
    device = TamperingDevice(
        Numbered(),
        ProgramClock(10.0, np.random.default_rng(1)),
        tamper,
        every=5,
        informed=False,
        generator=np.random.default_rng(2),
    )
    device.connect(OPENED, HELLO)
    with pytest.raises(FrameRefused):
        sent(device, 20)


@pytest.mark.parametrize("tamper", [Tamper.REORDER, Tamper.DROP, Tamper.DUPLICATE])
def test_who_tampers_before_sealing_is_not_stopped_by_the_chain(tamper):
    """The client holds the key: order and membership are proven, a camera is not."""
    source = Numbered()
    device = TamperingDevice(
        source, ProgramClock(10.0, np.random.default_rng(1)), tamper, every=5, informed=True, generator=np.random.default_rng(2)
    )
    device.connect(OPENED, HELLO)
    jpegs = [frame.jpeg for frame, _ in sent(device, 12)]
    in_order = [b"\xff\xd8 frame %d" % number for number in range(1, 13)]
    assert jpegs != in_order


@pytest.mark.parametrize("tamper", [Tamper.SEQUENCE, Tamper.MAC])
def test_an_informed_forger_is_refused_too(tamper):
    """A right MAC over a number that jumps, and the MAC of another connection's key."""
    device = TamperingDevice(
        Numbered(),
        ProgramClock(10.0, np.random.default_rng(1)),
        tamper,
        every=5,
        informed=True,
        generator=np.random.default_rng(2),
    )
    device.connect(OPENED, HELLO)
    with pytest.raises(FrameRefused):
        sent(device, 20)


def test_a_recording_lends_its_rhythm_to_a_program():
    """Informed attackers send with the gaps of a camera; the naive one's are alike to the millisecond."""
    camera = CameraClock(
        drawn("camera", np.random.default_rng(3)), drawn("network", np.random.default_rng(4)), np.random.default_rng(5)
    )
    gaps = np.diff([camera.next().received for _ in range(200)])
    recorded = RecordedClock(gaps.tolist(), camera.down)
    copied = np.diff([recorded.next().received for _ in range(200)])
    program = ProgramClock(10.0, np.random.default_rng(6))
    even = np.diff([program.next().received for _ in range(200)])
    assert np.allclose(copied[:-1], gaps[1:])
    assert gaps.min() > 0
    assert even.std() < 0.001 < gaps.std()
