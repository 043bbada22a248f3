"""Compact UTF-8 JSON, as every answer is written."""

import json
from typing import Any


def dumps(document: Any) -> bytes:
    """The document as bytes. Raises ValueError for NaN and infinities, which JSON does not have."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
