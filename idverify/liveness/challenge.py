"""What the person is asked to do: steps drawn from a seed that the server alone knows until the session ends.

The same seed gives the same steps, so an audit that holds the seed can replay them. Its commitment, sent first, binds the
server.
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

SEED_BYTES = 32


class Kind(StrEnum):
    """Kinds of step. Left and right are the person's own."""

    HOLD = "hold"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    LOOK_UP = "look_up"
    LOOK_DOWN = "look_down"
    BLINK = "blink"
    OPEN_MOUTH = "open_mouth"
    MOVE_CLOSER = "move_closer"
    COLOURS = "colours"


TURNS = (Kind.TURN_LEFT, Kind.TURN_RIGHT)
NODS = (Kind.LOOK_UP, Kind.LOOK_DOWN)
STILL = (Kind.BLINK, Kind.OPEN_MOUTH, Kind.MOVE_CLOSER)
"""Without movement of the head."""

# Screen colours that are told apart by their chroma on skin, none of them a saturated red (WCAG 2.3.1: R / (R + G + B) >= 0.8),
# all of one luminance or nearly, so that a change is a change of chroma and no flash at all in the sense of WCAG 2.3.1 (a pair
# of opposing changes in relative luminance of 10 % or more).
PALETTE = ("#ff8a8a", "#7fb3ff", "#5fd35f", "#d9a0ff", "#d8b94a")
COLOUR_SECONDS = 0.6
COLOURS_SHOWN = 7  # the more, the less often the answer to another sequence passes by chance (docs/security/live.md)

PAUSES = 7
"""Pauses before a reveal: none, a tenth of a second, and so on."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. amount: degrees of a turn or nod, blinks, times the size of the face when moving closer, seconds of a hold;
    0 where the kind says all. colours: `#rrggbb`, in order, for Kind.COLOURS alone. pause: seconds that the reveal waits longer
    than it must, so that nobody knows when it comes.
    """

    kind: Kind
    amount: float = 0.0
    colours: tuple[str, ...] = ()
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Options:
    """What may be asked. movement: of the head. flashing: of the screen. steps: how many; 0 asks for a hold alone.

    With both, a turn and the colours come even where `steps` is 1. Raises ValueError for more steps than there are kinds, or
    fewer than 0.
    """

    movement: bool = True
    flashing: bool = True
    steps: int = 2

    def __post_init__(self) -> None:
        """Checked here, so that `draw` cannot fail on an attempt that a person waits for."""
        if not 0 <= self.steps <= len(_kinds(self)):
            raise ValueError(f"from 0 to {len(_kinds(self))} steps can be asked of these")


def commitment(seed: bytes) -> bytes:
    """SHA-256 that binds the server to the seed before anything is revealed. 32 bytes."""
    return hashlib.sha256(b"idverify challenge seed\x00" + seed).digest()


def draw(seed: bytes, options: Options) -> tuple[Step, ...]:
    """The steps of this seed, in order. Raises ValueError unless the seed has 32 bytes.

    With movement there is always a turn, whose parallax tells a head from a picture; with flashing the colours come last.
    """
    numbers = _numbers(seed)
    if options.steps == 0:
        return (_paused(numbers, Kind.HOLD),)
    kinds: list[Kind] = []
    if options.movement:
        kinds.append(TURNS[_below(numbers, 2)])
    if options.flashing:
        kinds.append(Kind.COLOURS)
    while len(kinds) < options.steps:
        others = [kind for kind in _kinds(options) if kind not in kinds]
        kinds.append(others[_below(numbers, len(others))])
    flash = [kind for kind in kinds if kind is Kind.COLOURS]
    moves = _shuffled(numbers, [kind for kind in kinds if kind is not Kind.COLOURS])
    return tuple(_paused(numbers, kind) for kind in (*moves, *flash))


def redrawn(steps: tuple[Step, ...], seed: bytes) -> tuple[Step, ...]:
    """The same kinds of step with new amounts and colours, in a new order where more than one moves: after a lost connection.

    The colours stay last. Raises ValueError unless the seed has 32 bytes.
    """
    numbers = _numbers(seed)
    before: list[Kind] = [step.kind for step in steps if step.kind is not Kind.COLOURS]
    moves = _shuffled(numbers, before)
    while len(set(before)) > 1 and moves == before:
        moves = _shuffled(numbers, before)
    flash = [step.kind for step in steps if step.kind is Kind.COLOURS]
    return tuple(_paused(numbers, kind) for kind in (*moves, *flash))


def _kinds(options: Options) -> tuple[Kind, ...]:
    return (*STILL, *(TURNS + NODS if options.movement else ()), *((Kind.COLOURS,) if options.flashing else ()))


def _paused(numbers: Iterator[int], kind: Kind) -> Step:
    return replace(_step(numbers, kind), pause=_below(numbers, PAUSES) / 10)


def _step(numbers: Iterator[int], kind: Kind) -> Step:
    match kind:
        case Kind.TURN_LEFT | Kind.TURN_RIGHT:
            return Step(kind, 14.0 + _below(numbers, 9))
        case Kind.LOOK_UP | Kind.LOOK_DOWN:
            return Step(kind, 14.0 + _below(numbers, 5))  # less is done by chance (docs/reference/live-steps.md)
        case Kind.BLINK:
            return Step(kind, 1.0 + _below(numbers, 3))
        case Kind.MOVE_CLOSER:
            return Step(kind, 1.25 + _below(numbers, 16) / 100)
        case Kind.COLOURS:
            return Step(kind, colours=_colours(numbers))
        case Kind.HOLD:
            return Step(kind, 2.0)
        case _:
            return Step(kind)


def _colours(numbers: Iterator[int]) -> tuple[str, ...]:
    """No colour twice in a row."""
    shown: list[str] = []
    while len(shown) < COLOURS_SHOWN:
        choice = [colour for colour in PALETTE if not shown or colour != shown[-1]]
        shown.append(choice[_below(numbers, len(choice))])
    return tuple(shown)


def _shuffled(numbers: Iterator[int], kinds: list[Kind]) -> list[Kind]:
    """Fisher and Yates."""
    shuffled = list(kinds)
    for last in range(len(shuffled) - 1, 0, -1):
        other = _below(numbers, last + 1)
        shuffled[last], shuffled[other] = shuffled[other], shuffled[last]
    return shuffled


def _numbers(seed: bytes) -> Iterator[int]:
    """Numbers of 32 bits: HMAC-SHA-256 in counter mode. Raises ValueError unless the seed has 32 bytes."""
    if len(seed) != SEED_BYTES:
        raise ValueError("a seed has 32 bytes")
    return _counted(seed)


def _counted(seed: bytes) -> Iterator[int]:
    counter = 0
    while True:
        block = hmac.digest(seed, b"idverify challenge" + counter.to_bytes(4, "big"), hashlib.sha256)
        for offset in range(0, len(block), 4):
            yield int.from_bytes(block[offset : offset + 4], "big")
        counter += 1


def _below(numbers: Iterator[int], bound: int) -> int:
    """A number from 0 to bound - 1, each as likely: what would favour the small ones is drawn again."""
    limit = 2**32 - 2**32 % bound
    return next(number for number in numbers if number < limit) % bound
