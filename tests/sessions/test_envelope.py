"""The chain and the MAC of a stream: the one message that may come now, and no other."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idverify.errors import FrameRefused
from idverify.sessions.envelope import (
    BURST,
    HEADER_BYTES,
    MAX_FRAME_BYTES,
    MAX_FRAMES,
    Chain,
    Pace,
    closing_statement,
    open_frame,
    seal_frame,
    stream_key,
)

SESSION = "ses_" + "0" * 32
NONCE = b"n" * 32
KEY = stream_key(NONCE, b"s" * 16, SESSION, 1)
START = Chain.start(SESSION, 1, NONCE, b"c" * 32, KEY)


def _sealed(count, chain=START):
    messages = []
    for number in range(count):
        message, chain = seal_frame(chain, b"\xff\xd8 picture %d" % number)
        messages.append(message)
    return messages


def _opened(messages, chain=START):
    frames = []
    for message in messages:
        frame, chain = open_frame(chain, message)
        frames.append(frame)
    return frames


def test_frames_arrive_as_they_were_sealed():
    """Numbers and pictures."""
    frames = _opened(_sealed(5))
    assert [frame.sequence for frame in frames] == [0, 1, 2, 3, 4]
    assert frames[3].jpeg == b"\xff\xd8 picture 3"


@given(st.permutations(range(5)), st.integers(0, 5))
def test_any_other_order_a_gap_or_a_repetition_is_refused(order, dropped):
    """Only 0, 1, 2, ... from the first on."""
    messages = _sealed(5)
    chosen = [messages[index] for index in order if index != dropped]
    longest = next((at for at, message in enumerate(chosen) if message is not messages[at]), len(chosen))
    if longest == len(chosen):
        assert len(_opened(chosen)) == longest
    else:
        with pytest.raises(FrameRefused):
            _opened(chosen)
        assert len(_opened(chosen[:longest])) == longest
    with pytest.raises(FrameRefused):
        _opened([messages[0], messages[0]])


@given(st.data())
def test_any_changed_bit_is_refused(data):
    """Of the number, the link, the MAC or the picture."""
    message = bytearray(_sealed(1)[0])
    message[data.draw(st.integers(0, len(message) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(FrameRefused):
        open_frame(START, bytes(message))


@pytest.mark.parametrize(
    "other",
    [
        Chain.start(SESSION, 2, NONCE, b"c" * 32, KEY),
        Chain.start(SESSION, 1, NONCE, b"d" * 32, KEY),
        Chain.start("ses_" + "1" * 32, 1, NONCE, b"c" * 32, KEY),
        Chain.start(SESSION, 1, b"m" * 32, b"c" * 32, KEY),
        Chain.start(SESSION, 1, NONCE, b"c" * 32, stream_key(NONCE, b"t" * 16, SESSION, 1)),
    ],
    ids=["attempt", "seed", "session", "nonce", "connection"],
)
def test_a_recording_fits_no_other_session_attempt_challenge_or_connection(other):
    """What was sealed for one is refused by every other."""
    with pytest.raises(FrameRefused):
        open_frame(other, _sealed(1)[0])


def test_a_reveal_is_acknowledged_only_by_a_frame_that_was_sealed_after_it_came_in():
    """A frame on its way counts as made before; one that claims to know what it cannot is refused."""
    messages = _sealed(2)
    _, chain = open_frame(START, messages[0])
    after = chain.revealed(b"r" * 8)
    in_flight, later = open_frame(after, messages[1])
    assert in_flight.reveals == 0
    right, _ = seal_frame(later, b"picture")
    assert open_frame(later, right)[0].reveals == 1
    guessed, _ = seal_frame(chain.revealed(b"x" * 8), b"picture")
    with pytest.raises(FrameRefused):
        open_frame(after, guessed)
    with pytest.raises(FrameRefused):
        open_frame(chain, seal_frame(after, b"picture")[0])
    with pytest.raises(ValueError, match="outstanding"):
        after.revealed(b"r" * 8)


def test_a_reveal_before_any_frame_is_acknowledged_too():
    """The start of the chain stands for the message that there is not."""
    revealed = START.revealed(b"r" * 8)
    assert open_frame(revealed, seal_frame(revealed, b"picture")[0])[0].reveals == 1
    assert open_frame(revealed, seal_frame(START, b"picture")[0])[0].reveals == 0


def test_the_statement_that_ends_a_stream_is_made_of_its_last_message_and_what_asked_for_it():
    """Byte for byte, as an app has to make it."""
    (message,) = _sealed(1)
    asked = open_frame(START, message)[1].revealed(b"r" * 8)
    link = hashlib.sha256(message + b"rrrrrrrr").digest()
    assert asked.next_link == link
    assert closing_statement(SESSION, 1, NONCE, link) == (
        b"idverify stream end 1\0"
        + b"\0\0\0\x24ses_00000000000000000000000000000000"
        + b"\0\0\0\x01\x01"
        + b"\0\0\0\x20nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
        + b"\0\0\0\x20"
        + link
    )


@pytest.mark.parametrize("size", [0, 1, HEADER_BYTES, HEADER_BYTES + MAX_FRAME_BYTES + 1])
def test_a_message_of_an_impossible_length_is_refused_before_it_is_hashed(size):
    """Nothing, a stump, a header alone, and one byte too many."""
    with pytest.raises(FrameRefused, match="header"):
        open_frame(START, b"\0" * size)


def test_the_pace_forgives_a_burst_and_refuses_a_flood():
    """What a network held back comes at once; twice that does not."""
    pace = Pace()
    for _ in range(BURST):
        pace = pace.took(30_000, 10.0)
    with pytest.raises(FrameRefused, match="faster"):
        pace.took(30_000, 10.0)
    assert pace.took(30_000, 11.0).frames == BURST + 1


def test_a_stream_is_bounded_in_frames_and_bytes():
    """Whatever the pace; a clock that is set back gives no frames."""
    with pytest.raises(FrameRefused, match="long"):
        Pace(frames=MAX_FRAMES).took(1, 1.0)
    with pytest.raises(FrameRefused, match="long"):
        Pace(size=200_000_000).took(1, 1.0)
    with pytest.raises(FrameRefused, match="faster"):
        Pace(tokens=0.5, at=100.0).took(1, 0.0)
