"""The references of a registry in memory, for one search against all: 512-bit sign codes find, int8 vectors rank.

A code is the signs of a vector's numbers. Two vectors at cosine c differ in about arccos(c) / pi of them, so the codes nearest
to a probe's hold its mate; which one it is, the caller settles with the vectors. docs/decisions/0005-duplicate-search.md has
the figures. Nothing here touches a disk: the vectors, and the codes made of them, are biometric data.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from idverify.values import Floats

Codes = NDArray[np.int8]
Bits = NDArray[np.uint8]
Number = TypeVar("Number", bound=np.generic)

CANDIDATES: Final = 1024
"""Nearest codes whose vectors are compared."""

_SMALLEST: Final = 64
_ID_BYTES: Final = 16
_CHUNK: Final = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """n references, nearest code first: subject ids, codes int8 (n, d), scales float32 (n,) as face.comparison.Quantised."""

    subject_ids: tuple[str, ...]
    codes: Codes
    scales: Floats


class Gallery:
    """References by subject id, one each. Not safe from several threads: whoever owns it holds a lock."""

    def __init__(self, dimension: int) -> None:
        """dimension: of the vectors, a multiple of 8."""
        self._ids: list[str] = []
        self._row: dict[str, int] = {}
        self._codes: Codes = np.zeros((0, dimension), dtype=np.int8)
        self._scales: Floats = np.zeros(0, dtype=np.float32)
        self._bits: Bits = np.zeros((0, dimension // 8), dtype=np.uint8)

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, subject_id: str) -> bool:
        return subject_id in self._row

    def put(self, subject_id: str, code: Codes, scale: float) -> None:
        """Add the subject's reference, int8 (d,) and its scale, or replace it."""
        row = self._row.get(subject_id)
        if row is None:
            row = len(self._ids)
            if row == len(self._scales):
                self._grow(max(_SMALLEST, row + row // 2))
            self._ids.append(subject_id)
            self._row[subject_id] = row
        self._codes[row], self._scales[row], self._bits[row] = code, scale, np.packbits(code > 0)

    def remove(self, subject_id: str) -> None:
        """Overwrite the subject's reference, if there is one. The last row moves into its place."""
        row = self._row.pop(subject_id, None)
        if row is None:
            return
        last = len(self._ids) - 1
        moved = self._ids.pop()
        if row != last:
            self._ids[row], self._row[moved] = moved, row
            self._codes[row], self._scales[row], self._bits[row] = self._codes[last], self._scales[last], self._bits[last]
        self._codes[last], self._scales[last], self._bits[last] = 0, 0, 0

    def candidates(self, probe: Floats, most: int = CANDIDATES) -> Candidates:
        """The references, `most` of them or all, whose codes are nearest to that of a probe (d,)."""
        import faiss  # noqa: PLC0415  (loads slowly, and only where duplicates are searched)

        size = len(self._ids)
        if size <= most:
            rows = np.arange(size)
        else:
            faiss.omp_set_num_threads(1)  # of the calling thread; a second one would take the core of another request
            wanted = np.packbits(probe > 0)[None]
            _, found = faiss.knn_hamming(wanted, self._bits[:size], most, variant="mc")
            rows = found[0]
        return Candidates(tuple(self._ids[row] for row in rows), self._codes[rows], self._scales[rows])

    def pieces(self) -> Iterator[bytes]:
        """Everything, for sealing: ids, codes, scales, as `from_buffer` takes it. Not to be changed meanwhile."""
        size = len(self._ids)
        for start in range(0, size, _CHUNK):
            yield b"".join(bytes.fromhex(one.removeprefix("sub_")) for one in self._ids[start : start + _CHUNK])
        for start in range(0, size, _CHUNK):
            yield self._codes[start : min(start + _CHUNK, size)].tobytes()
        yield self._scales[:size].astype("<f4").tobytes()

    @classmethod
    def from_buffer(cls, buffer: bytearray, dimension: int) -> "Gallery":
        """The inverse of joining `pieces`; the gallery works on the buffer itself. Raises ValueError for any other length."""
        size, rest = divmod(len(buffer), bytes_each(dimension))
        if rest:
            raise ValueError("not a whole number of references")
        made = cls(dimension)
        ids, codes = size * _ID_BYTES, size * (_ID_BYTES + dimension)
        made._ids = ["sub_" + buffer[at : at + _ID_BYTES].hex() for at in range(0, ids, _ID_BYTES)]
        made._row = {subject_id: row for row, subject_id in enumerate(made._ids)}
        made._codes = np.frombuffer(buffer, dtype=np.int8)[ids:codes].reshape(size, dimension)
        made._scales = np.frombuffer(buffer, dtype=np.uint8)[codes:].view("<f4").astype(np.float32)
        made._bits = np.empty((size, dimension // 8), dtype=np.uint8)
        for start in range(0, size, _CHUNK):
            made._bits[start : start + _CHUNK] = np.packbits(made._codes[start : start + _CHUNK] > 0, axis=1)
        return made

    def _grow(self, capacity: int) -> None:
        self._codes = _larger(self._codes, capacity)
        self._scales = _larger(self._scales, capacity)
        self._bits = _larger(self._bits, capacity)


def _larger(array: NDArray[Number], capacity: int) -> NDArray[Number]:
    """The rows in a larger array. The old one is overwritten: whoever is erased later must not live on in memory given back."""
    larger = np.zeros((capacity, *array.shape[1:]), dtype=array.dtype)
    larger[: len(array)] = array
    array[:] = np.zeros(1, dtype=array.dtype)
    return larger


def bytes_each(dimension: int) -> int:
    """Bytes of one reference in `pieces`: id, code, scale."""
    return _ID_BYTES + dimension + 4
