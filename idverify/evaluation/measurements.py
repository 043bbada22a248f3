"""What acquisition made of each photograph, once: a journal that a run which was killed goes on from.

A line a photograph is appended as soon as it is measured, so that nothing but the photograph in hand is lost. A last line that
was cut short is dropped and measured again. What is known is found by the SHA-256 of the photograph's bytes.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np

import idverify
from idverify.errors import FailureToAcquire, ImageRejected, InvalidInput, TooLarge
from idverify.values import Floats, Probe, Quality

Progress = Callable[[int, int], None]

FACE_ROOMS: Final = ("face", "liveness", "inference")
LIMIT: Final = 64 * 1024 * 1024  # bytes of one photograph; acquisition has its own, lower limits


class Acquires(Protocol):
    """What makes a Probe of a photograph: idverify.acquisition.Acquirer."""

    def acquire(self, data: bytes) -> Probe:
        """The probe in one photograph."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One photograph. digest: SHA-256, hex, of its bytes.

    vector: float32 (d,), None where acquisition failed; code: the error's, empty where it did not. quality: the unified one,
    0..100, NaN: not assessed. pad_score: 0..1, NaN: not assessed.
    """

    digest: str
    vector: Floats | None
    code: str
    quality: float
    pad_score: float


def measure(paths: Iterable[Path], acquirer: Acquires, *, cache: Path, made_by: str, progress: Progress) -> list[Measured]:
    """Each photograph's measurements, in their order.

    cache: folder of the journal; made_by: what names the models, their provider and how faces are chosen. Measurements of
    other models, or of other code in the rooms that make them, are never reused. progress is called with (done, all). A
    photograph that cannot be acquired is a result, not an error. Raises InvalidInput for an unreadable file or journal.
    """
    files = list(paths)
    cache.mkdir(parents=True, exist_ok=True)
    journal = cache / f"measurements-{_fingerprint(made_by)[:16]}.jsonl"
    known = _load(journal)
    found = []
    with journal.open("ab") as file:
        for done, path in enumerate(files):
            progress(done, len(files))
            data = _read(path)
            digest = hashlib.sha256(data).hexdigest()
            if digest not in known:
                known[digest] = _acquire(acquirer, data, digest)
                file.write(_line(known[digest]))
                file.flush()
            found.append(known[digest])
    progress(len(files), len(files))
    return found


def unified_quality(quality: Quality) -> float:
    """The least of the component values, 0..100; NaN where one could not be assessed, which never reads as good."""
    values = [component.value for component in quality.components]
    return float("nan") if None in values or not values else float(min(value for value in values if value is not None))


def _acquire(acquirer: Acquires, data: bytes, digest: str) -> Measured:
    try:
        probe = acquirer.acquire(data)
    except (FailureToAcquire, ImageRejected, TooLarge) as error:
        return Measured(digest, None, error.code, float("nan"), float("nan"))
    pad_score = float("nan") if probe.pad_score is None else probe.pad_score
    return Measured(digest, probe.template.vector, "", unified_quality(probe.quality), pad_score)


def _fingerprint(made_by: str) -> str:
    """Names the models and the code that measure, so that neither can change unnoticed under a journal."""
    package = Path(idverify.__file__).parent
    total = hashlib.sha256(made_by.encode())
    sources = [package / "acquisition.py", *(path for room in FACE_ROOMS for path in sorted((package / room).glob("*.py")))]
    for source in sources:
        total.update(source.read_bytes())
    return total.hexdigest()


def _line(one: Measured) -> bytes:
    vector = None if one.vector is None else base64.b64encode(one.vector.astype("<f4").tobytes()).decode()
    numbers = [None if np.isnan(value) else value for value in (one.quality, one.pad_score)]
    fields = [one.digest, vector, one.code, *numbers]
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def _load(journal: Path) -> dict[str, Measured]:
    if not journal.exists():
        return {}
    try:
        data = journal.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):  # killed in the middle of a line
            with journal.open("r+b") as file:
                file.truncate(len(whole))
        return {one.digest: one for one in map(_parsed, whole.splitlines())}
    except (OSError, ValueError, TypeError) as error:
        raise InvalidInput(f"{journal} is not a journal of measurements: delete it and run again") from error


def _parsed(line: bytes) -> Measured:
    digest, vector, code, quality, pad_score = json.loads(line)
    values = None if vector is None else np.frombuffer(base64.b64decode(vector), dtype="<f4").astype(np.float32)
    if not isinstance(digest, str) or not isinstance(code, str) or (values is None) != bool(code):
        raise ValueError("not a measurement")
    quality, pad_score = (float("nan") if value is None else float(value) for value in (quality, pad_score))
    return Measured(digest, values, code, quality, pad_score)


def _read(path: Path) -> bytes:
    """The file's bytes, one more than the limit at most: acquisition then refuses it as too large."""
    try:
        with path.open("rb") as file:
            return file.read(LIMIT + 1)
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}") from error
