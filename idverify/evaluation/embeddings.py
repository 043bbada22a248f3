"""Photographs to templates, once: kept in a journal so that a run that was cut short goes on where it stopped."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from idverify.errors import InvalidInput
from idverify.evaluation.measurements import Acquires, Progress, measure
from idverify.evaluation.pairs import ImageName
from idverify.values import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Templates:
    """What acquisition made of each image.

    vectors: float32 (n, d), rows of NaN where acquisition failed; digests: SHA-256, hex, of each file; failures: the error's
    code by image, for those that failed. A failure stays in the count: it is never dropped. qualities: float32 (n,), unified,
    0..100, NaN where it was not assessed.
    """

    images: tuple[ImageName, ...]
    vectors: Floats
    digests: tuple[str, ...]
    failures: Mapping[ImageName, str]
    qualities: Floats

    def only(self, wanted: Mapping[ImageName, Path]) -> "Templates":
        """Those of these images, in this object's order."""
        kept = np.array([image in wanted for image in self.images], dtype=np.bool_)
        images = tuple(image for image in self.images if image in wanted)
        digests = tuple(digest for digest, keep in zip(self.digests, kept, strict=True) if keep)
        failures = {image: code for image, code in self.failures.items() if image in wanted}
        return Templates(images, self.vectors[kept], digests, failures, self.qualities[kept])


def embed(images: Mapping[ImageName, Path], acquirer: Acquires, *, cache: Path, made_by: str, progress: Progress) -> Templates:
    """Templates of all images, in the mapping's order; the arguments are those of idverify.evaluation.measurements.measure.

    Raises InvalidInput for an unreadable file or journal, and where every acquisition failed.
    """
    found = measure(images.values(), acquirer, cache=cache, made_by=made_by, progress=progress)
    size = next((one.vector.size for one in found if one.vector is not None), None)
    if size is None:
        raise InvalidInput("no face could be acquired from any of the images")
    missing = np.full(size, np.nan, dtype=np.float32)
    vectors = np.stack([missing if one.vector is None else one.vector for one in found])
    failures = {image: one.code for image, one in zip(images, found, strict=True) if one.code}
    qualities = np.array([one.quality for one in found], dtype=np.float32)
    return Templates(tuple(images), vectors, tuple(one.digest for one in found), failures, qualities)
