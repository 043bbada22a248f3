"""Who is impersonated, and with what: clips and photographs, apart for setting thresholds and for reporting."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import cv2
import numpy as np

from idverify.errors import InvalidInput
from idverify.evaluation.attacks.camera import encoded
from idverify.evaluation.attacks.clips import Clip, Look, read_clip, square
from idverify.evaluation.attacks.moves import Moves
from idverify.evaluation.attacks.shots import Shot

Split = Literal["set", "report"]

CLIPS: Final[dict[Split, tuple[str, ...]]] = {"set": ("d0", "d3", "d6"), "report": ("d9", "d10", "d13")}
SESSIONS: Final[dict[Split, str]] = {"set": "01", "report": "02"}
"""Of NUAA. Its people are in both sessions, on two days and in other light."""

REFERENCE_QUALITY = 95
_PHOTOS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """Somebody to be verified or impersonated.

    name: of the clip (with `-mirrored`) or of the session of photographs; person: whom intervals cluster by. reference: the
    JPEG that is enrolled, shown in no session. photos: faces to be printed or put on a mesh. prints: frames of printed photos.
    """

    name: str
    person: str
    reference: bytes
    photos: tuple[Shot, ...]
    moves: Moves | None = None
    prints: tuple[Shot, ...] = ()


def clip_subjects(folder: Path, split: Split, look: Look) -> list[Subject]:
    """The people of the clips, each as filmed and mirrored. Raises InvalidInput where a clip is missing."""
    found: list[Subject] = []
    for name in CLIPS[split]:
        path = folder / f"{name}.mp4"
        if not path.is_file():
            raise InvalidInput(f"no clip {path.name} in {folder.name}/: see docs/how-to/attacks.md for what is needed")
        clip = read_clip(path, look)
        found += [of_clip(name, clip), of_clip(f"{name}-mirrored", clip.mirror())]
    return found


def photo_subjects(folder: Path, split: Split, look: Look) -> list[Subject]:
    """The people of NUAA's session who have live and printed frames. Raises InvalidInput without any."""
    found: list[Subject] = []
    live, prints = folder / "live", folder / "print"
    for person in sorted({path.name[:4] for path in live.glob("*.jpg")}):
        mark = f"_{SESSIONS[split]}_"
        shots = _shots(sorted(path for path in live.glob(f"{person}_*.jpg") if mark in path.name[7:]), look)
        printed = _shots(sorted(path for path in prints.glob(f"{person}_*.jpg") if mark in path.name[7:]), look)
        if len(shots) > 2 and printed:
            best = [shot for _, shot in sorted(shots, key=lambda one: one[0])]
            reference, photos = encoded(best[0].pixels, REFERENCE_QUALITY), tuple(best[1 : _PHOTOS + 1])
            found.append(
                Subject(
                    f"{person}-{SESSIONS[split]}",
                    f"nuaa-{person}",
                    reference,
                    photos,
                    prints=tuple(shot for _, shot in printed),
                )
            )
    if not found:
        raise InvalidInput(f"no photographs of NUAA's session {SESSIONS[split]} in {folder.name}/live and {folder.name}/print")
    return found


def of_clip(name: str, clip: Clip) -> Subject:
    """The person of a clip, enrolled by a frame of a rest that is seldom shown."""
    moves = Moves(clip)
    rest = moves.rests[-1]
    pixels = clip.picture(rest[len(rest) // 2])
    frames = [frame for run in moves.rests[:3] for frame in run[:: max(1, len(run) // 3)]]
    photos = tuple(Shot(clip.picture(frame), clip.landmarks[frame]) for frame in frames[:_PHOTOS])
    return Subject(name, clip.person, encoded(pixels, REFERENCE_QUALITY), photos, moves)


def _shots(paths: Sequence[Path], look: Look) -> list[tuple[float, Shot]]:
    """The files that show a face, each with how little it is a photograph for a document: turned, nodding, eyes shut."""
    found: list[tuple[float, Shot]] = []
    for path in paths:
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if pixels is None:
            raise InvalidInput(f"{path.name} is no photograph that can be read")
        cut = square(pixels)
        seen = look(encoded(cut, REFERENCE_QUALITY), None)
        if seen is not None and np.isfinite(seen.landmarks).all():
            unlike = abs(seen.yaw) / 10 + abs(seen.pitch) / 10 + 2 * (1 - min(seen.eyes))
            found.append((unlike, Shot(cut, seen.landmarks)))
    return found
