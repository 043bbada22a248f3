"""The journal of trials: a line a trial, by species, so that a run which was cut short goes on where it stopped."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import idverify
from idverify.errors import InvalidInput
from idverify.evaluation.attacks.trial import Trial

_ROOMS = ("face", "liveness", "inference", "sessions", "decision", "evaluation/attacks")
_FILES = ("acquisition.py", "tracking.py", "ceremonies/live.py", "ceremonies/live_decision.py")


class Journal:
    """Trials of one species and strength. Two runs may share a folder as long as each has species of its own."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{name}.jsonl"
        self.trials = _load(self._path)

    def known(self, subject: str, seed: int) -> bool:
        """Whether the trial was made."""
        return any(one.subject == subject and one.seed == seed for one in self.trials)

    def add(self, trial: Trial) -> None:
        """Write a trial down at once."""
        with self._path.open("ab") as file:
            file.write(json.dumps(trial.line(), separators=(",", ":"), allow_nan=False).encode() + b"\n")
        self.trials.append(trial)


def fingerprint(made_by: Mapping[str, Any]) -> str:
    """Names what a trial's outcome hangs on: the models and what was asked for, and the code and parameters of both sides."""
    package = Path(idverify.__file__).parent
    total = hashlib.sha256(json.dumps(made_by, sort_keys=True).encode())
    sources = [package / name for name in _FILES]
    sources += [path for room in _ROOMS for path in sorted((package / room).iterdir()) if path.suffix in {".py", ".toml"}]
    for source in sources:
        total.update(source.read_bytes())
    return total.hexdigest()


def _load(path: Path) -> list[Trial]:
    if not path.exists():
        return []
    try:
        data = path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):  # killed in the middle of a line
            with path.open("r+b") as file:
                file.truncate(len(whole))
        return [_parsed(line) for line in whole.splitlines()]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InvalidInput(f"{path} is not a journal of trials: delete it and run again") from error


def _parsed(line: bytes) -> Trial:
    fields = json.loads(line)
    return Trial(**{**fields, "reasons": tuple(fields["reasons"]), "steps": tuple(fields["steps"])})
