"""The tracker of the service, as the eye that indexes clips and photographs."""

from idverify.evaluation.attacks.clips import Look
from idverify.liveness.observation import Observation, Seen
from idverify.tracking import Tracker


def watcher(tracker: Tracker) -> Look:
    """What a JPEG shows to the service's own tracker. For one clip after another: it remembers the last frame."""
    last: Observation | None = None

    def look(jpeg: bytes, previous: Seen | None) -> Seen | None:
        nonlocal last
        before = last if previous is not None else None
        last = tracker.track(before, jpeg, sequence=0, at=0.0, reveals=0).observation
        return last.seen

    return look
