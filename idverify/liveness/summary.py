"""A whole session in numbers: the conductor's record and the analysed frames, to the evidence that is judged."""

from collections.abc import Mapping, Sequence

from idverify.liveness import flash, fusion, injection, parallax
from idverify.liveness.challenge import TURNS, Kind
from idverify.liveness.conductor import Conductor, parts_of
from idverify.liveness.observation import Analysis, Observation, Seen
from idverify.values import LiveEvidence, Quality, Template

STRAIGHT_DEGREES = 6.0
"""Yaw from the session's own straight face, within which a frame counts as straight."""

TURNED_SHARE = 0.6
"""Of the turn that was asked for, from which on a frame counts as turned."""


def summarise(
    conductor: Conductor, analyses: Mapping[int, Analysis], *, passed: bool, attestation: str | None
) -> tuple[LiveEvidence, Template | None, Quality | None]:
    """The evidence, the template to compare and the quality of its best frame; both None without a frame to match.

    analyses: by sequence number, of frames that `conductor.wants_look` chose. attestation: level that was checked.
    """
    judged = {one.sequence for one in conductor.evidence}
    frames = [analysis for sequence, analysis in sorted(analyses.items()) if sequence in judged]
    last = conductor.parts[-1] if conductor.parts and conductor.parts[-1].step is None else None
    final_numbers = {one.sequence for one in conductor.of_part(last)} if last else set()
    final = [one for one in frames if one.sequence in final_numbers]
    template = fusion.template(final) if final else None
    turns, colours = parts_of(conductor, *TURNS), parts_of(conductor, Kind.COLOURS)
    asked = {name for name, parts in (("parallax", turns), ("flash", colours)) if parts}
    answer = _flash(conductor) if colours else None
    told = len(conductor.frames) >= injection.ENOUGH_FRAMES  # else each signal is 0 because nothing could be seen
    evidence = LiveEvidence(
        challenge=passed,
        pad_score=fusion.fuse_pad(frames),
        parallax=_parallax(conductor) if turns else None,
        flash=None if answer is None else answer.share,
        flash_over_background=None if answer is None else answer.over_background,
        continuity=fusion.continuity(frames, final) if final else None,
        injection=_injection(conductor) if told else {},
        attestation=attestation,
        asked=frozenset(asked),
    )
    return evidence, template, max(final, key=fusion.usefulness).quality if final else None


def _parallax(conductor: Conductor) -> float | None:
    """Of the turns, the one that shows the least: a session is as three-dimensional as its flattest turn."""
    straight = _seen(conductor.of_part(conductor.parts[-1]))
    if not straight:
        return None
    neutral = sorted(one.yaw for one in straight)[len(straight) // 2]
    frontal = [one for one in _seen(conductor.evidence) if abs(one.yaw - neutral) <= STRAIGHT_DEGREES]
    least: float | None = None
    for part in parts_of(conductor, *TURNS):
        assert part.step is not None
        sign = 1 if part.step.kind is Kind.TURN_LEFT else -1
        wanted = TURNED_SHARE * part.step.amount
        turned = [one for one in _seen(conductor.of_part(part)) if sign * (one.yaw - neutral) >= wanted]
        found = parallax.residual(frontal, turned)
        if found is None:
            return None
        least = found if least is None else min(least, found)
    return least


def _injection(conductor: Conductor) -> dict[str, float]:
    """Of a stretch, the first reveal asks for its step; those of its colours ask for nothing."""
    acknowledged = len(conductor.acknowledged_at)
    kinds = {part.after: part.step.kind for part in conductor.parts if part.step is not None}
    asked = [kinds.get(number) for number in range(acknowledged)]
    return injection.signals(conductor.frames, conductor.revealed_at[:acknowledged], conductor.acknowledged_at, asked)


def _flash(conductor: Conductor) -> flash.Flash | None:
    """Of the first stretch of colours; there is one."""
    (part, *_) = parts_of(conductor, Kind.COLOURS)
    assert part.step is not None
    times = conductor.acknowledged_at[part.after + 1 : part.upto]  # the first reveal of the stretch only announces it
    shown = list(zip(times, part.step.colours, strict=False))
    return flash.response(shown, conductor.of_part(part))


def _seen(observations: Sequence[Observation]) -> list[Seen]:
    return [one.seen for one in observations if one.seen is not None]
