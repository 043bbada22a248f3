"""Label errors of a data set, each named with its evidence, and what remains without them.

A file of TOML tables::

    [[exclusion]]
    people = ["Sepp_Blatter", "Joseph_Blatter"]     # one person under two names: nobody can say whether the two are mated
    evidence = "..."

    [[exclusion]]
    images = ["Ray_Young_0001"]                      # not the person named, or not only that person
    evidence = "..."
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from idverify.errors import InvalidInput
from idverify.evaluation.comparisons import Comparisons, Mask
from idverify.evaluation.pairs import ImageName


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Either two names of one person, or images that are not what their name says; and the evidence."""

    people: tuple[str, ...]
    images: tuple[str, ...]
    evidence: str


def read_exclusions(path: Path) -> tuple[Exclusion, ...]:
    """The exclusions in a file. Raises InvalidInput when it is malformed, or one of them names no evidence."""
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get("exclusion")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(f"{path}: {error}") from error
    if not isinstance(rows, list) or not rows:
        raise InvalidInput(f"{path}: no [[exclusion]] tables")
    return tuple(_exclusion(row, f"{path}, exclusion {number}") for number, row in enumerate(rows, start=1))


def kept(comparisons: Comparisons, images: Sequence[ImageName], exclusions: Sequence[Exclusion]) -> Mask:
    """Which comparisons no exclusion touches, (n,). images: those that first_image and second_image count."""
    keep = np.ones(comparisons.scores.size, dtype=np.bool_)
    names = np.array([str(image) for image in images])
    people = np.array([image.person for image in images])
    for exclusion in exclusions:
        if exclusion.images:
            hit = np.isin(names, exclusion.images)
            keep &= ~(hit[comparisons.first_image] | hit[comparisons.second_image])
        else:
            one, other = (people == name for name in exclusion.people)
            crossed = one[comparisons.first_image] & other[comparisons.second_image]
            keep &= ~(crossed | (other[comparisons.first_image] & one[comparisons.second_image]))
    return keep


def _exclusion(row: Any, where: str) -> Exclusion:
    if not isinstance(row, dict):
        raise InvalidInput(f"{where}: not a table")
    people, images, evidence = _names(row, "people", where), _names(row, "images", where), row.get("evidence")
    if not isinstance(evidence, str) or not evidence.strip():
        raise InvalidInput(f"{where}: an exclusion names its evidence")
    if set(row) - {"people", "images", "evidence"} or bool(people) == bool(images) or len(people) not in (0, 2):
        raise InvalidInput(f"{where}: expected `people` (two names) or `images`, and `evidence`")
    return Exclusion(people, images, evidence)


def _names(row: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    names = row.get(key, [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidInput(f"{where}: `{key}` is a list of names")
    return tuple(names)
