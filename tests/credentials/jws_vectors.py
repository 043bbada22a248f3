"""The shared vectors of tokens that are one compact JWS: what of one differs from another, and whether a check is missed."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import pytest

NOT_OF_THE_READER = {"name", "base", "differs", "kind", "text", "expect", "trust"}
# Fields of which the text or a part of it is made, and what stands for such a part as a whole.
WHOLE = {"text": ("header", "payload", "jwt"), "payload": ("payload",)}
Vectors = dict[str, dict[str, Any]]


def fields(vector: dict[str, Any]) -> dict[str, str]:
    """Every field by its dotted path: what the reader holds, its first trusted key and further ones, header, payload, signature."""
    found = {name: json.dumps(value) for name, value in vector.items() if name not in NOT_OF_THE_READER}
    if "trust" in vector:
        first, *more = vector["trust"]["keys"]
        found |= {f"trust.{name}": json.dumps(value) for name, value in first.items()} | {"trust.more": json.dumps(more)}
    parts = vector["text"].split(".")
    for name, part in zip(("header", "payload"), parts, strict=False):
        try:
            pairs = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)), object_pairs_hook=list)
        except ValueError:
            pairs = [("", part)]
        for member, _ in pairs:
            found[f"{name}.{member}"] = json.dumps([value for one, value in pairs if one == member])
    return found | {"text": vector["text"], "jwt.signature": parts[-1]}


def assert_differs_in_its_field_alone(vector: dict[str, Any], base: dict[str, Any]) -> None:
    """From an accepted one; but for the signature over it, and the text that is made of the fields."""
    assert base["expect"]["code"] == "accepted"
    one, other = fields(vector), fields(base)
    changed = {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
    named = vector["differs"]
    if named in WHOLE:
        changed = {name for name in changed if name.partition(".")[0] not in WHOLE[named]} | {named}
    assert changed - {"text", "jwt.signature"} - {named} == set()
    assert named in changed


def assert_missed(
    monkeypatch: pytest.MonkeyPatch,
    places: Sequence[tuple[ModuleType, str]],
    name: str,
    vectors: Vectors,
    outcome: Callable[[dict[str, Any]], Any],
) -> None:
    """With that check taken out, some vector is found to be something else."""
    for module, place in places:
        monkeypatch.setattr(module, place, tuple(check for check in getattr(module, place) if check.__name__ != name))
    assert any(outcome(one) != one["expect"] for one in vectors.values()), name
