"""The score file of `idverify bench pad`: a row a presentation. Every figure of its report comes from it alone."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from idverify.errors import InvalidInput
from idverify.evaluation.measurements import Measured
from idverify.evaluation.pad import ACQUIRED, NOT_ASSESSED, Presentations, person_of

HEADER: Final = ("kind", "species", "file", "person", "sha256", "outcome", "score")
BONA_FIDE, ATTACK = "bona_fide", "attack"


def write_pad_scores(path: Path, species: Mapping[str, Sequence[tuple[str, Measured]]]) -> None:
    """species: its name, or none for bona fide presentations -> (file, what was measured) of each presentation."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for name, presentations in species.items():
            for photo, one in presentations:
                outcome = one.code or (NOT_ASSESSED if np.isnan(one.pad_score) else ACQUIRED)
                spelled = repr(float(one.pad_score)) if outcome == ACQUIRED else ""
                kind = ATTACK if name else BONA_FIDE
                writer.writerow((kind, name, photo, person_of(photo), one.digest, outcome, spelled))


def read_pad_scores(path: Path) -> tuple[Presentations, dict[str, Presentations], dict[str, str]]:
    """(bona fide, attacks by species, SHA-256 by kind, species and file). Raises InvalidInput when the file is malformed."""
    rows: dict[str, list[list[str]]] = {}
    digests: dict[str, str] = {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            header, *lines = csv.reader(file)
        if tuple(header) != HEADER:
            raise InvalidInput(f"{path} is not a file of PAD scores")
        for row in lines:
            rows.setdefault("" if row[0] == BONA_FIDE else row[1], []).append(row)
            digests["/".join(row[:3])] = row[4]
        found = {name: _presentations(group) for name, group in rows.items()}
    except (OSError, ValueError, IndexError, csv.Error) as error:
        raise InvalidInput(f"{path} is not a file of PAD scores: {error}") from error
    if "" not in found or len(found) < 2:
        raise InvalidInput(f"{path} holds no bona fide, or no attack presentations")
    return found.pop(""), found, digests


def _presentations(rows: Sequence[Sequence[str]]) -> Presentations:
    scores = np.array([float(row[6]) if row[6] else np.nan for row in rows], dtype=np.float32)
    return Presentations(tuple(row[2] for row in rows), tuple(row[3] for row in rows), scores, tuple(row[5] for row in rows))
