"""How well steps are judged on people who were asked for none: benchmarks/results/steps.json. Needs IDVERIFY_DATA.

    python benchmarks/steps.py

Two minutes. Six clips of six people, observed at 10 and at 15 frames a second. Operating points were set on three and are
reported on the other three. Blinks are held against those marked by eye on contact sheets of the eyes at ten frames a second
(not blindly: what the models said was known, and one of d6, between two frames of the sheet, was marked once it had been
counted). Every other step is asked for every half second, with eight seconds' time: how often it is done there says how often
a clip that was recorded beforehand would pass it by chance, and, on the one clip of turns (d3), that turns pass at all. Angles
of the landmarks are held against the pose model's, each relative to its median in the clip.
"""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from idverify.acquisition import Acquirer
from idverify.api.app import load_engine
from idverify.cli.progress import progress_bar
from idverify.config import default_provider
from idverify.evaluation.intervals import clopper_pearson
from idverify.evaluation.report import provenance, write_report
from idverify.inference import Engine
from idverify.inference.manifest import default_models_folder, load_pack
from idverify.liveness import pose
from idverify.liveness.challenge import Kind, Step
from idverify.liveness.eyelids import blinks
from idverify.liveness.guidance import guide
from idverify.liveness.observation import Observation
from idverify.liveness.steps import Doing, follow
from idverify.tracking import Tracker
from idverify.values import Floats, Pixels

RESULTS = Path(__file__).resolve().parent / "results"
GROUPS = {"set": ("d0", "d3", "d6"), "reported": ("d9", "d10", "d13")}
RATES = (10, 15)
SIDE = 640  # pixels of the longer side
REST, TIME, EVERY = 0.6, 8.0, 0.5  # seconds

# When eyes were shut, tenths of a second from the start: first and last frame of each blink. d3 winks and looks down for long:
# nothing in it could be marked for certain.
BLINKS: dict[str, tuple[tuple[int, int], ...]] = {
    "d0": ((26, 27),),
    "d6": ((16, 17), (69, 69), (73, 75), (126, 127), (130, 131), (150, 151), (156, 157), (310, 310), (320, 320)),
    "d9": (
        (3, 6), (12, 14), (47, 49), (64, 66), (98, 104), (121, 124),
        (127, 130), (140, 143), (150, 151), (162, 163), (173, 177), (184, 189),
    ),
    "d10": ((74, 75), (111, 113)),
    "d13": ((14, 15), (26, 27), (34, 35), (105, 106)),
}  # fmt: skip
LATEST = 6  # tenths of a second after the last shut frame in which a blink is counted

STEPS = (
    *(Step(kind, amount) for kind in (Kind.TURN_LEFT, Kind.TURN_RIGHT) for amount in (14.0, 18.0, 22.0)),
    *(Step(kind, amount) for kind in (Kind.LOOK_UP, Kind.LOOK_DOWN) for amount in (8.0, 12.0, 16.0)),
    *(Step(Kind.BLINK, float(times)) for times in (1, 2, 3)),
    Step(Kind.OPEN_MOUTH),
    Step(Kind.MOVE_CLOSER, 1.25),
)


def main() -> int:
    """0 done, 2 without the data."""
    data = os.environ.get("IDVERIFY_DATA", "")
    if not data:
        print("IDVERIFY_DATA is not set: there is nothing to measure on", file=sys.stderr)
        return 2
    engine = load_engine(load_pack(default_models_folder(), "default"), default_provider())
    report: dict[str, Any] = {"rates": {}}
    done, total = 0, len(RATES) * sum(map(len, GROUPS.values()))
    with progress_bar("clips") as advance:
        for rate in RATES:
            seen = {}
            for clip in (clip for clips in GROUPS.values() for clip in clips):
                seen[clip] = watched(engine, Path(data) / "video" / f"{clip}.mp4", rate)
                done += 1
                advance(done, total)
            report["rates"][str(rate)] = {name: judged(clips, seen) for name, clips in GROUPS.items()}
    report |= provenance(engine, arguments=[], now=time.time()) | {"command": "python benchmarks/steps.py"}
    print(write_report(RESULTS, report, "steps.json"))
    return 0


def watched(engine: Engine, file: Path, rate: int) -> tuple[list[Observation], Floats]:
    """A clip observed at that rate, and the pose model's angles of each frame (n, 3)."""
    tracker = Tracker(Acquirer(engine, faces="dominant"))
    seen: list[Observation] = []
    angles = []
    for at, pixels in frames(file, rate):
        data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()
        tracked = tracker.track(seen[-1] if seen else None, data, sequence=len(seen), at=at, reveals=1)
        seen.append(tracked.observation)
        face = tracked.observation.seen
        batch = pose.prepare(tracked.picture.pixels, [face.face]) if face else None
        angles.append(np.full(3, np.nan) if batch is None else pose.parse(*engine.run("pose", batch))[0])
    return seen, np.array(angles)


def frames(file: Path, rate: int) -> Sequence[tuple[float, Pixels]]:
    """When, seconds, and what."""
    video = cv2.VideoCapture(str(file))
    own, index, due, kept = video.get(cv2.CAP_PROP_FPS), 0, 0.0, []
    while True:
        good, pixels = video.read()
        if not good:
            return kept
        if index >= round(due * own):
            scale = min(1.0, SIDE / max(pixels.shape[:2]))
            kept.append((index / own, cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)))
            due += 1 / rate
        index += 1


def judged(clips: Sequence[str], seen: dict[str, tuple[list[Observation], Floats]]) -> dict[str, Any]:
    """All figures of a group of clips."""
    return {
        "people": len(clips),
        "frames": sum(len(seen[clip][0]) for clip in clips),
        "without_face": sum(one.seen is None for clip in clips for one in seen[clip][0]),
        "blinks": counted([clip for clip in clips if clip in BLINKS], seen),
        "angles": {clip: compared(*seen[clip]) for clip in clips},
        "by_chance": {clip: passed(seen[clip][0]) for clip in clips},
        "guidance": {clip: codes(seen[clip][0]) for clip in clips},
    }


def counted(clips: Sequence[str], seen: dict[str, tuple[list[Observation], Floats]]) -> dict[str, Any]:
    """Marked blinks that were counted, and counted ones that nobody marked."""
    hits = extra = 0
    for clip in clips:
        shown = [(one.at, one.seen) for one in seen[clip][0] if one.seen]
        times, faces = [at for at, _ in shown], [face for _, face in shown]
        left, before = list(BLINKS[clip]), 0
        for end in range(1, len(times) + 1):
            now, _ = blinks(faces, times[:end], faces[:end])
            if now > before:
                mine = [mark for mark in left if mark[1] - 0.5 <= 10 * times[end - 1] <= mark[1] + LATEST]
                hits, extra = hits + bool(mine), extra + (not mine)
                left = [mark for mark in left if mark not in mine[:1]]
            before = now
    total = sum(len(BLINKS[clip]) for clip in clips)
    low, high = clopper_pearson(hits, total)
    return {"marked": total, "people": len(clips), "counted": hits, "low": low, "high": high, "counted_unmarked": extra}


def compared(seen: Sequence[Observation], model: Floats) -> dict[str, Any]:
    """Landmarks' angles beside the model's, degrees."""
    rows = {}
    for axis, name in enumerate(("yaw", "pitch")):
        ours = np.array([getattr(one.seen, name) if one.seen else np.nan for one in seen])
        both = np.isfinite(ours) & np.isfinite(model[:, axis])
        one, other = ours[both], model[both, axis]
        apart = np.abs((one - np.median(one)) - (other - np.median(other)))
        rows[name] = {
            "n": int(both.sum()),
            "median_difference": float(np.median(apart)),
            "p95_difference": float(np.percentile(apart, 95)),
            "correlation": float(np.corrcoef(one, other)[0, 1]),
            "range": float(np.ptp(one)),
            "range_of_model": float(np.ptp(other)),
        }
    return rows


def passed(seen: Sequence[Observation]) -> dict[str, Any]:
    """By step: in how many windows it was done, and failed."""
    starts = np.arange(REST, seen[-1].at - 3.0, EVERY)
    rows = {}
    for step in STEPS:
        outcomes = [outcome(step, seen, start) for start in starts]
        rows[f"{step.kind.value} {step.amount:g}"] = {
            "n": len(outcomes),
            "done": outcomes.count(Doing.DONE),
            "failed": outcomes.count(Doing.FAILED),
        }
    return rows


def outcome(step: Step, seen: Sequence[Observation], start: float) -> Doing:
    """Of a step that is revealed then."""
    before = [one for one in seen if start - REST <= one.at < start]
    during = [one for one in seen if start <= one.at < start + TIME]
    for count in range(1, len(during) + 1):
        state = follow(step, before, during[:count]).state
        if state is not Doing.PENDING:
            return state
    return Doing.PENDING


def codes(seen: Sequence[Observation]) -> dict[str, int]:
    """Frames by what the person would have been told."""
    said = [guide(one) for one in seen]
    return {code: said.count(code) for code in sorted(set(said))}


if __name__ == "__main__":
    sys.exit(main())
