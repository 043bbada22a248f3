"""Photographs to templates, once: kept in a file so that a run that was cut short goes on where it stopped."""

import hashlib
import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

import idverify
from idverify.acquisition import Acquirer
from idverify.errors import FailureToAcquire, ImageRejected, InvalidInput, TooLarge
from idverify.evaluation.pairs import ImageName
from idverify.values import Floats

Progress = Callable[[int, int], None]
SAVE_EVERY: Final = 200


@dataclass(frozen=True, slots=True, eq=False)
class Templates:
    """What acquisition made of each image.

    vectors: float32 (n, d), rows of NaN where acquisition failed; digests: SHA-256, hex, of each file; failures: the error's
    code by image, for those that failed. A failure stays in the count: it is never dropped.
    """

    images: tuple[ImageName, ...]
    vectors: Floats
    digests: tuple[str, ...]
    failures: Mapping[ImageName, str]


def embed(images: Mapping[ImageName, Path], acquirer: Acquirer, *, cache: Path, made_by: str, progress: Progress) -> Templates:
    """Templates of all images, in the mapping's order.

    cache: folder; made_by: what names the models and their provider. Templates of other models, or of other code in the rooms
    that make them, are never reused. progress is called with (done, all). Raises InvalidInput for an unreadable file or cache,
    and where every acquisition failed.
    """
    cache.mkdir(parents=True, exist_ok=True)
    store = cache / f"templates-{_fingerprint(made_by)[:16]}.npz"
    known = _load(store)
    digests: list[str] = []
    fresh = 0
    for done, path in enumerate(images.values()):
        progress(done, len(images))
        data = _read(path)
        digest = hashlib.sha256(data).hexdigest()
        digests.append(digest)
        if digest not in known:
            known[digest] = _acquire(acquirer, data)
            fresh += 1
            if fresh % SAVE_EVERY == 0:
                _save(store, known)
    if fresh:
        _save(store, known)
    progress(len(images), len(images))
    return _templates(tuple(images), digests, known)


def _acquire(acquirer: Acquirer, data: bytes) -> "Floats | str":
    """The template's vector, or the code of the failure."""
    try:
        vector: Floats = acquirer.acquire(data).template.vector
    except (FailureToAcquire, ImageRejected, TooLarge) as error:
        return error.code
    return vector


def _templates(images: tuple[ImageName, ...], digests: list[str], known: "Mapping[str, Floats | str]") -> Templates:
    found = [known[digest] for digest in digests]
    size = next((entry.size for entry in found if not isinstance(entry, str)), None)
    if size is None:
        raise InvalidInput("no face could be acquired from any of the images")
    missing = np.full(size, np.nan, dtype=np.float32)
    vectors = np.stack([missing if isinstance(entry, str) else entry for entry in found])
    failures = {image: entry for image, entry in zip(images, found, strict=True) if isinstance(entry, str)}
    return Templates(images, vectors, tuple(digests), failures)


def _fingerprint(made_by: str) -> str:
    """Names the models and the code that make a template, so that neither can change unnoticed under a cache."""
    package = Path(idverify.__file__).parent
    total = hashlib.sha256(made_by.encode())
    for source in (
        package / "acquisition.py",
        *sorted((package / "face").glob("*.py")),
        *sorted((package / "inference").glob("*.py")),
    ):
        total.update(source.read_bytes())
    return total.hexdigest()


def _load(store: Path) -> "dict[str, Floats | str]":
    if not store.exists():
        return {}
    try:
        with np.load(store, allow_pickle=False) as file:
            entries = zip(file["digests"].tolist(), file["codes"].tolist(), file["vectors"], strict=True)
            return {digest: code or vector for digest, code, vector in entries}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InvalidInput(f"{store} is not a cache of templates: delete it and run again") from error


def _save(store: Path, known: "Mapping[str, Floats | str]") -> None:
    size = next((entry.size for entry in known.values() if not isinstance(entry, str)), 0)
    nothing = np.zeros(size, dtype=np.float32)
    partial = store.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(
            file,
            digests=np.array(list(known)),
            codes=np.array([entry if isinstance(entry, str) else "" for entry in known.values()]),
            vectors=np.stack([nothing if isinstance(entry, str) else entry for entry in known.values()]),
        )
        file.flush()
        os.fsync(file.fileno())
    partial.replace(store)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}") from error
