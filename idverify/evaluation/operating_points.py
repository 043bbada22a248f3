"""The file that `idverify calibrate` writes and IDVERIFY_POLICIES_FILE names: [[policy]] tables."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def as_toml(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as [[policy]] tables. Values are strings, finite numbers, and mappings of strings to them."""
    return "\n".join("[[policy]]\n" + "".join(f"{key} = {_spelled(value)}\n" for key, value in row.items()) for row in rows)


def write_operating_points(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the rows whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_text(as_toml(rows), encoding="utf-8")
    partial.replace(path)


def _spelled(value: str | float | Mapping[str, Any]) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_spelled(key)} = {_spelled(entry)}" for key, entry in value.items()) + " }"
    # JSON spells strings and numbers as TOML does, but for DEL: it stands bare in JSON, and TOML does not allow that.
    return json.dumps(value, ensure_ascii=False, allow_nan=False).replace("\x7f", "\\u007f")
