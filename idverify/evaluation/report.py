"""report.json: the figures, and what would be needed to get them again."""

import json
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import idverify
from idverify.errors import InvalidInput
from idverify.evaluation.hardware import describe_hardware
from idverify.inference import Engine


def provenance(engine: Engine, *, arguments: Sequence[str], now: float) -> dict[str, Any]:
    """What a figure about faces came from: the models too. arguments: the command line; now: seconds since the epoch."""
    return {
        **origin(arguments=arguments, now=now),
        "pack": engine.pack,
        "variant": {"name": engine.variant.name, "digest": engine.variant.digest},
        "models": dict(engine.digests),
        "provider": engine.provider,
    }


def origin(*, arguments: Sequence[str], now: float) -> dict[str, Any]:
    """What any figure came from. arguments: the command line; now: seconds since the epoch."""
    return {
        "version": idverify.__version__,
        "commit": _commit(),
        "command": command_line(arguments, os.environ.get("IDVERIFY_DATA")),
        "date": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
        "hardware": describe_hardware(),
    }


def command_line(arguments: Sequence[str], data: str | None) -> str:
    """The command as a person can type it elsewhere: the folder of evaluation data is written $IDVERIFY_DATA."""
    spelled = shlex.join(["idverify", *arguments])
    return spelled.replace(data.rstrip("/"), "$IDVERIFY_DATA") if data else spelled


def output_folder(path: Path) -> Path:
    """The folder, made where it is missing. Raises InvalidInput when it cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"cannot write to {path}: {error.strerror}") from error
    return path


def write_report(folder: Path, report: Mapping[str, Any], name: str = "report.json") -> Path:
    """Write the report whole or not at all, and return its path."""
    path = folder / name
    partial = folder / f".{name}.partial"
    partial.write_text(json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    partial.replace(path)
    return path


def _commit() -> str | None:
    """The checkout's commit, with `-dirty` where files differ from it; None outside a checkout."""
    root = Path(idverify.__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None
    git = ["git", "-C", str(root)]
    try:
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)  # noqa: S603
        status = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
    return head.stdout.strip() + ("-dirty" if status.stdout.strip() else "")
