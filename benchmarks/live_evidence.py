"""The evidence of a live session, measured: the figures of docs/security/live.md. Needs IDVERIFY_DATA.

    IDVERIFY_DATA=DIR python benchmarks/live_evidence.py

`set` is three clips (d0, d3, d6), NUAA session 01 and every other person of LFW; `reported` the others. Some thresholds were
fixed with both in sight (docs/security/live.md).
Writes benchmarks/results/live_evidence.json. Some ten minutes on one core.
"""

import os
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from live_scenes import NETWORKS, frames_of, lit, look_at, observe, photograph, played, sent

from idverify.acquisition import Acquirer
from idverify.decision.profiles import ACTIVE
from idverify.evaluation.report import provenance, write_report
from idverify.face.comparison import compare
from idverify.inference.manifest import default_models_folder, load_pack
from idverify.inference.onnx import OnnxEngine
from idverify.liveness import fusion, injection, parallax
from idverify.liveness.challenge import NODS, TURNS, Kind, Options, draw
from idverify.liveness.observation import Analysis, Observation, Seen
from idverify.tracking import Tracker

RESULTS = Path(__file__).resolve().parent / "results"
PARTS = {"set": ("d0", "d3", "d6"), "reported": ("d9", "d10", "d13")}
TURNING = {"set": ("d3",), "reported": ("d9",)}
SESSIONS = {"set": "01", "reported": "02"}
MOVES = (*TURNS, *NODS, Kind.OPEN_MOUTH, Kind.MOVE_CLOSER)
PEOPLE = 60  # of LFW, one photograph each
Clips = dict[str, tuple[list[Observation], list[Analysis]]]


def spread(values: Sequence[float]) -> dict[str, float | int]:
    """n, and what lies at the ends and between."""
    if not len(values):
        return {"n": 0}
    cuts = dict(zip(("lowest", "p1", "p5", "p50", "p95", "p99", "highest"), (0, 1, 5, 50, 95, 99, 100), strict=True))
    return {"n": len(values)} | {name: round(float(np.percentile(values, cut)), 4) for name, cut in cuts.items()}


def counted(values: Sequence[float | None], threshold: float) -> dict[str, Any]:
    """How many reach the threshold; what was not assessed does not."""
    known = [value for value in values if value is not None]
    return {"n": len(values), "assessed": len(known), "reach": sum(value >= threshold for value in known)} | {
        "of": spread(known)
    }


def turns(observations: Sequence[Observation], rng: np.random.Generator) -> list[float | None]:
    """Residuals of frames straight on and frames turned by at least 14 degrees, as a step would take them."""
    seen = [one.seen for one in observations if one.seen]
    yaw = np.array([one.yaw for one in seen])
    straight = np.flatnonzero(np.abs(yaw) < 5)
    found: list[float | None] = []
    for sign in (1, -1):
        far = np.flatnonzero(sign * yaw > 10)
        for _ in range(150 if len(far) else 0):
            first, second = int(rng.choice(straight)), int(rng.choice(far))
            frontal: list[Seen] = [seen[index] for index in straight if abs(index - first) < 8][:4]
            turned = [seen[index] for index in far if abs(index - second) < 5 and abs(yaw[index] - yaw[second]) < 2.5][:4]
            if len(frontal) > 1 and len(turned) > 1 and parallax.turn(frontal, turned) >= 14:
                found.append(parallax.residual(frontal, turned))
    return found


def of_parallax(tracker: Tracker, clips: Clips, data: Path) -> dict[str, Any]:
    """Heads that turn, and photographs that are turned by 15 to 40 degrees, flat and bent."""
    rng = np.random.default_rng(1)
    people: dict[str, Path] = {}
    for path in sorted((data / "lfw").rglob("*.jpg")):
        people.setdefault(path.stem[:-5], path)
    chosen = sorted(rng.choice(sorted(people), PEOPLE, replace=False).tolist())
    report: dict[str, Any] = {}
    for offset, (part, names) in enumerate(TURNING.items()):
        found: dict[str, list[float | None]] = defaultdict(list)
        read: dict[str, list[float]] = defaultdict(list)
        for name in chosen[offset::2]:
            picture = cv2.imread(str(people[name]))
            for kind in ("plane", "bent, axis upright", "bent, axis level", "bent only when turned"):
                for _ in range(2):
                    yaw, pitch = float(rng.choice((-1, 1)) * rng.uniform(15, 40)), float(rng.uniform(-8, 8))
                    bend = 0.0 if kind == "plane" else float(rng.uniform(0.3, 1.0) * rng.choice((1, 1, 1, 1, -1)))
                    rest, upright = 0.0 if "only" in kind else bend, "level" not in kind
                    straight = [photograph(picture, rng.uniform(-2, 2), rng.uniform(-2, 2), rest, upright) for _ in range(3)]
                    turned = [photograph(picture, yaw + rng.uniform(-2, 2), pitch, bend, upright) for _ in range(3)]
                    sides = look_at(tracker, straight), look_at(tracker, turned)
                    found[kind].append(parallax.residual(*sides))
                    read[kind].append(parallax.turn(*sides) if all(sides) else 0.0)
        heads = {name: counted(turns(clips[name][0], rng), ACTIVE.parallax.passes) for name in names}
        flat = {kind: counted(found[kind], ACTIVE.parallax.passes) | {"turn_as_read": spread(read[kind])} for kind in found}
        report[part] = {"heads_that_turn": heads, "photographs": flat, "people": len(chosen[offset::2])}
    return report


def of_flash(clips: Clips) -> dict[str, Any]:
    """Simulated screen light on the measured light of clips."""
    report: dict[str, Any] = {}
    for part, names in PARTS.items():
        rng, long = np.random.default_rng(2), [name for name in names if clips[name][0][-1].at > 6]
        cases: dict[str, dict[str, Any]] = {f"genuine, gain {gain}": {"gain": gain} for gain in (0.03, 0.05, 0.1, 0.2, 0.4)}
        cases |= {"genuine, gain 0.1, wall close behind": {"gain": 0.1, "behind": 0.3}, "no answer": {"gain": 0.0}}
        cases |= {"another sequence": {"gain": 0.2, "other": True}, "whole picture tinted": {"gain": 0.2, "behind": 1.0}}
        cases |= {f"late by {lag} s": {"gain": 0.2, "lag": lag} for lag in (0.45, 0.6, 0.9, 1.5)}
        report[part] = {"clips": long}
        for name, case in cases.items():
            answers = []
            for number in range(300):
                colours, other = (draw(rng.bytes(32), Options())[-1].colours for _ in range(2))
                answers.append(
                    lit(
                        clips[long[number % len(long)]][0],
                        rng,
                        colours,
                        gain=case["gain"],
                        behind=case.get("behind", 0.1),
                        lag=case.get("lag", rng.uniform(0.03, 0.25)),
                        shown=other if "other" in case else colours,
                    )
                )
            known = [answer for answer in answers if answer]
            both = sum(
                answer.share >= ACTIVE.flash.passes and answer.over_background >= ACTIVE.flash_over_background.passes
                for answer in known
            )
            report[part][name] = {"n": len(answers), "assessed": len(known), "reach": both}
            report[part][name] |= {"share": spread([answer.share for answer in known])}
            report[part][name] |= {"over_background": spread([answer.over_background for answer in known])}
    return report


def of_injection(tracker: Tracker, clips: Clips, data: Path) -> dict[str, Any]:
    """Signals of clips sent over simulated networks, of clips played over and over, and of reveals at random moments."""
    report: dict[str, Any] = {}
    for part, names in PARTS.items():
        rng, long = np.random.default_rng(3), [name for name in names if clips[name][0][-1].at > 6]
        report[part] = {"genuine": {}, "played": {}, "people_who_move_as_they_like": {}}
        for network in NETWORKS:
            found = [injection.signals(sent(clips[long[i % len(long)]][0], rng, network, 11, 10), [], []) for i in range(60)]
            report[part]["genuine"][network] = {name: spread([one[name] for one in found]) for name in injection.NAMES}
        for way in (
            "loop",
            "loop, noise and tint",
            "loop, other frames",
            "to and fro, noise and tint",
            "still",
            "still, noise",
        ):
            rows = []
            for name in long:
                pictures = [picture for _, picture in frames_of(data / "video" / f"{name}.mp4", 30)]
                streams = (observe(tracker, played(pictures, rng, way), 0)[0] for _ in range(4))
                rows += [injection.signals(stream, [], []) for stream in streams]
            report[part]["played"][way] = {
                name: spread([row[name] for row in rows]) for name in ("loop", "frozen", "noiseless")
            }
        for answers in (2, 3):
            values = []
            for number in range(300):
                stream = sent(clips[long[number % len(long)]][0], rng, "wireless", 11, 10)
                reveals = np.sort(rng.uniform(stream[0].at + 1.2, stream[-1].at - 1, answers)).tolist()
                acks = [moment + 0.15 for moment in reveals]
                stream = [replace(one, reveals=sum(one.at >= ack for ack in acks)) for one in stream]
                asked = rng.choice(MOVES, answers, replace=False).tolist()
                values.append(injection.signals(stream, reveals, acks, asked)["anticipated"])
            over = {str(level): sum(value >= level for value in values) for level in (injection.SUSPICION, injection.EVIDENCE)}
            report[part]["people_who_move_as_they_like"][f"{answers} reveals"] = {"n": len(values), "reach": over}
    return report


def of_fusion(engine: OnnxEngine, clips: Clips, data: Path) -> dict[str, Any]:
    """PAD fused over eight frames of one NUAA session; continuity of each clip, and of one person's frames with another's."""
    report: dict[str, Any] = {}
    acquirer, rng = Acquirer(engine, faces="dominant"), np.random.default_rng(4)
    for part, session in SESSIONS.items():
        report[part] = {}
        for kind in ("live", "print"):
            people: dict[str, list[Analysis]] = defaultdict(list)
            for path in sorted((data / "nuaa" / kind).rglob("*.jpg")):
                if path.stem.split("_")[3] == session:
                    probes = [one for one in acquirer.acquire_many([path.read_bytes()]) if not isinstance(one, Exception)]
                    people[path.stem[:4]] += [Analysis(0, one.pad_score, one.template, one.quality) for one in probes]
            fused = [
                fusion.fuse_pad([group[index] for index in rng.choice(len(group), min(8, len(group)), replace=False)])
                for group in people.values()
                for _ in range(50)
            ]
            report[part][kind] = {"people": len(people)} | spread([score for score in fused if score is not None])
        own, others, mixed = {}, [], []
        for name in PARTS[part]:
            frames = clips[name][1]
            lows = []
            for _ in range(100):
                chosen = [frames[index] for index in rng.choice(len(frames), min(16, len(frames)), replace=False)]
                lows.append(fusion.continuity(chosen, chosen) or 0.0)
            own[name] = spread(lows) | {"pad": fusion.fuse_pad(frames)}
            for other in PARTS[part]:
                if other != name:
                    others += [fusion.continuity([frame], clips[other][1]) or 0.0 for frame in frames]
                    mixed += [both(frames, clips[other][1], rng) for _ in range(200)]
        template_alone = sum(likeness(final) >= ACTIVE.continuity.passes for final in mixed)
        matched_of_two = spread([fusion.continuity(final, final) or 0.0 for final in mixed])
        report[part]["continuity"] = {"own": own, "of_others": spread(others)}
        report[part]["continuity"] |= {"matched_of_two": matched_of_two | {"like_their_template": template_alone}}
    return report


def both(first: Sequence[Analysis], second: Sequence[Analysis], rng: np.random.Generator) -> list[Analysis]:
    """Four to six frames to be matched, of two people."""
    count = int(rng.integers(4, 7))
    of_first = int(rng.integers(1, count))
    chosen = [first[index] for index in rng.integers(0, len(first), of_first)]
    return chosen + [second[index] for index in rng.integers(0, len(second), count - of_first)]


def likeness(final: Sequence[Analysis]) -> float:
    """The lowest comparison score of the frames with the template that they make."""
    matched = fusion.template(final).vector
    return min(compare(one.template.vector, matched) for one in final)


def main() -> None:
    """Measure all, write the report."""
    data = Path(os.environ.get("IDVERIFY_DATA") or sys.exit("IDVERIFY_DATA names no folder"))
    engine = OnnxEngine(load_pack(default_models_folder(), "default"), provider="cpu", threads=1)
    tracker = Tracker(Acquirer(engine, faces="dominant"))
    report: dict[str, Any] = {"provenance": provenance(engine, arguments=sys.argv, now=time.time())}
    clips: Clips = {}
    for name in (name for names in PARTS.values() for name in names):
        print(f"observing {name}", file=sys.stderr)
        clips[name] = observe(tracker, frames_of(data / "video" / f"{name}.mp4"))
    for title, measure in (
        ("fusion", lambda: of_fusion(engine, clips, data)),
        ("flash", lambda: of_flash(clips)),
        ("parallax", lambda: of_parallax(tracker, clips, data)),
        ("injection", lambda: of_injection(tracker, clips, data)),
    ):
        print(f"measuring {title}", file=sys.stderr)
        report[title] = measure()
        write_report(RESULTS, report, "live_evidence.json")


if __name__ == "__main__":
    main()
