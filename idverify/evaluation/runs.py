"""Two runs of a benchmark, opened to be held against each other."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from idverify.errors import InvalidInput

_READ: Final[Mapping[str, tuple[str, ...]]] = {
    "accuracy": ("accuracy", "operating_points", "eer"),
    "pad": ("species", "bpcer", "bpcer_low", "bpcer_high", "thresholds", "threshold_from"),
    "latency": ("total", "ratio_to_naive"),
}
"""Kinds of reports that can be compared, and the keys without which one cannot."""

KEPT: Final = "kept"
"""Key of a report: SHA-256, hex, of each file beside it that was kept for a comparison."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run. folder: where its scores lie, if they were kept; kind: accuracy, pad or latency."""

    name: str
    folder: Path
    report: dict[str, Any]
    kind: str


def open_run(path: Path) -> Run:
    """A folder with a report.json, or such a file. Raises InvalidInput when it is none, or not whole.

    Nor is it whole where a file beside it is another than the one it was made from: a later run in the same folder was cut
    short, and its scores would be judged at the thresholds of this one.
    """
    file = path / "report.json" if path.is_dir() else path
    try:
        report = json.loads(file.read_text(encoding="utf-8"), parse_constant=_refused)
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInput(f"cannot read a report in {file}: {getattr(error, 'strerror', None) or 'not JSON'}") from error
    kind = report.get("kind") if isinstance(report, dict) else None
    if not isinstance(kind, str) or kind not in _READ:
        raise InvalidInput(f"{file} is not a report of bench accuracy, pad or latency")
    if missing := [key for key in _READ[kind] if key not in report]:
        raise InvalidInput(f"{file} is no whole report of bench {kind}: it lacks {', '.join(missing)}")
    _require_kept(file.parent, report.get(KEPT))
    return Run(str(path), file.parent, report, kind)


def digests_of(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """SHA-256, hex, of these files of the folder, by name: for the key KEPT of a report."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def _require_kept(folder: Path, kept: Any) -> None:
    """Raise InvalidInput where a file is there and another one. A report that was copied away from its files has none."""
    if not isinstance(kept, dict):  # of an earlier version
        return
    there = [name for name in kept if Path(name).name == name and (folder / name).is_file()]
    for name, digest in digests_of(folder, there).items():
        if digest != kept[name]:
            raise InvalidInput(
                f"{folder / name} is not the file that the report beside it was made from: run the benchmark again"
            )


def _refused(name: str) -> None:
    """Every comparison with NaN is false: a report that held one would differ from nothing, or from everything."""
    raise ValueError(f"{name} is no number of JSON")


def check_comparable(a: Run, b: Run, *, other_data: bool) -> None:
    """Raise InvalidInput unless both are of one kind and of the same data, or `other_data` lets the latter pass."""
    if a.kind != b.kind:
        raise InvalidInput(f"{a.name} is a report of bench {a.kind}, {b.name} of bench {b.kind}: nothing to compare")
    if not other_data and not same_data(a, b):
        raise InvalidInput(
            "the runs measured different data (dataset, list of pairs, or listed against all pairs), so no difference between "
            "them is the doing of what was measured. To hold their intervals side by side, as independent samples: --other-data"
        )


def same_data(a: Run, b: Run) -> bool:
    """Whether both measured the same files, by the same lists, in the same way. What an earlier report lacks is not judged."""

    def identity(run: Run, key: str) -> Any:
        found = run.report.get(key)
        return sorted(found.values()) if isinstance(found, dict) else found

    known = [(identity(a, key), identity(b, key)) for key in ("dataset_digest", "pairs_sha256")]
    protocols = {run.report.get("protocol", "listed pairs") for run in (a, b)}
    return len(protocols) == 1 and all(one == other for one, other in known if one is not None and other is not None)
