"""Two runs of a benchmark, opened to be held against each other."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from idverify.errors import InvalidInput

_MARKS: Final = {"latency": "ratio_to_naive", "pad": "species", "accuracy": "accuracy"}
"""What tells reports of an earlier version apart, that do not name their kind."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run. folder: where its scores lie, if they were kept; kind: accuracy, pad or latency."""

    name: str
    folder: Path
    report: dict[str, Any]
    kind: str


def open_run(path: Path) -> Run:
    """A folder with a report.json, or such a file. Raises InvalidInput when it is none."""
    file = path / "report.json" if path.is_dir() else path
    try:
        report = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"cannot read a report in {file}: {getattr(error, 'strerror', None) or 'not JSON'}") from error
    kind = report.get("kind") if isinstance(report, dict) else None
    if isinstance(report, dict) and kind is None:
        kind = next((name for name, mark in _MARKS.items() if mark in report), None)
    if kind not in _MARKS:
        raise InvalidInput(f"{file} is not a report of bench accuracy, pad or latency")
    return Run(str(path), file.parent, report, kind)


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
