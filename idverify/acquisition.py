"""Image bytes to Probe: steps 2 to 7 of a verification. The only place that knows the order of the face stages."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from idverify.errors import FailureToAcquire, FailureToAssess, ImageRejected, TooLarge
from idverify.face import alignment, detection, embedding, image, landmarks, quality
from idverify.face.selection import FacesPolicy, largest_height, select, smallest_rival
from idverify.face.small_picture import small_picture
from idverify.inference import Engine
from idverify.liveness import eyes, pad
from idverify.values import Embedder, Face, Floats, Image, Pixels, Probe, Quality, Template

Refusal = FailureToAcquire | ImageRejected | TooLarge


@dataclass(slots=True)
class _Stopwatch:
    """Milliseconds by stage."""

    ms: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = perf_counter()
        yield
        self.ms[name] = self.ms.get(name, 0.0) + (perf_counter() - began) * 1000


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A photograph and the capture subject's face in it."""

    index: int
    image: Image
    face: Face
    faces: tuple[Face, ...]
    watch: _Stopwatch

    @property
    def size(self) -> tuple[int, int]:
        return self.image.pixels.shape[0], self.image.pixels.shape[1]


@dataclass(frozen=True, slots=True, eq=False)
class _Marked:
    """The same, marked and brought onto the template."""

    found: _Found
    landmarks: Floats
    aligned: Pixels


class Acquirer:
    """Makes a Probe of a photograph. Holds no state between calls; safe from many threads where the engine is.

    faces: `exactly_one` (a second face of comparable size is refused) or `dominant` (one clearly larger and nearer to the
    middle is taken). batch: photographs in memory, and faces in a model call, at one time. On one CPU core 1 is the fastest
    (a batch of 16 takes half as long again per face, its intermediate results outgrow the cache); an accelerator wants more.
    """

    def __init__(self, engine: Engine, *, faces: FacesPolicy = "exactly_one", batch: int = 1) -> None:
        self._engine = engine
        self._faces: FacesPolicy = faces
        self._batch = batch

    @property
    def engine(self) -> Engine:
        """What runs the models."""
        return self._engine

    @property
    def embedding_digest(self) -> str:
        """SHA-256, hex, of what makes templates (values.Variant): those of another digest are not comparable."""
        return self._engine.variant.digest

    def acquire(self, data: bytes) -> Probe:
        """The probe in one photograph.

        Raises TooLarge, ImageRejected, NoFace, MultipleFaces or FailureToAssess; Fault when the engine fails.
        """
        outcome = self.acquire_many([data])[0]
        if isinstance(outcome, Probe):
            return outcome
        raise outcome

    def small_picture(self, data: bytes) -> bytes:
        """The face in one photograph as a WebP of at most 520 bytes, for people to look at. Raises as `acquire`."""
        picture = image.decode(data)
        return small_picture(picture.pixels, self.choose(self.search(picture.pixels), picture.pixels))

    def acquire_many(self, photographs: Sequence[bytes]) -> list[Probe | Refusal]:
        """The probe, or why there is none, of each photograph, in their order; one bad photograph spoils no other.

        The models run on `batch` faces per call. A probe's time in a shared stage is its share of that stage. Raises Fault when
        the engine fails.
        """
        outcomes: list[Probe | Refusal] = []
        for first in range(0, len(photographs), self._batch):
            outcomes += self._acquire(photographs[first : first + self._batch])
        return outcomes

    def _acquire(self, photographs: Sequence[bytes]) -> list[Probe | Refusal]:
        outcomes: dict[int, Probe | Refusal] = {}
        found: list[_Found] = []
        for index, data in enumerate(photographs):
            try:
                found.append(self._find(index, data))
            except (ImageRejected, TooLarge, FailureToAcquire) as refusal:
                outcomes[index] = refusal
        outcomes |= self._measure(found, self._mark(found))
        return [outcomes[index] for index in range(len(photographs))]

    def search(self, pixels: Pixels) -> tuple[Face, ...]:
        """Every face of one image that matters to the selection, best first. Raises Fault when the engine fails."""
        return self._search(pixels, (pixels.shape[0], pixels.shape[1]))

    def glance(self, pixels: Pixels) -> tuple[Face, ...]:
        """The faces that the small canvas shows, best first: sure of near ones, in a third of the time of a search."""
        return self._look(pixels, [detection.whole((pixels.shape[0], pixels.shape[1]), detection.COARSE)])

    def choose(self, faces: Sequence[Face], pixels: Pixels) -> Face:
        """The capture subject's among them. Raises NoFace, MultipleFaces or FailureToAssess."""
        return select(faces, (pixels.shape[0], pixels.shape[1]), self._faces)

    def mark(self, picture: Image, face: Face) -> Floats:
        """The landmarks, float32 (68, 2), of a face of one image. Raises Fault when the engine fails."""
        return self._mark([_Found(0, picture, face, (face,), _Stopwatch())])[0]

    def eyes_open(self, pixels: Pixels, points: Floats) -> Floats:
        """Probability, 0..1, that the eyes are open, of one face, landmarks (68, 2): (2,), as the image shows them."""
        (output,) = self._engine.run("eyes", eyes.prepare(pixels, points[None]))
        opened: Floats = eyes.parse(output)[0]
        return opened

    def measure(self, picture: Image, face: Face, faces: tuple[Face, ...], points: Floats) -> Probe:
        """The probe of one face that was found and marked already. Raises FailureToAssess; Fault when the engine fails."""
        outcome = self._measure([_Found(0, picture, face, faces, _Stopwatch())], [points])[0]
        if isinstance(outcome, Probe):
            return outcome
        raise outcome

    def _measure(self, found: Sequence[_Found], landmarked: Sequence[Floats]) -> dict[int, Probe | Refusal]:
        """The outcomes by the index of the photograph."""
        outcomes: dict[int, Probe | Refusal] = {}
        marked: list[_Marked] = []
        for one, points in zip(found, landmarked, strict=True):
            try:
                with one.watch.stage("align"):
                    marked.append(_Marked(one, points, alignment.align(one.image.pixels, points[None])[0]))
            except FailureToAssess as refusal:
                outcomes[one.index] = refusal
        shared = _Stopwatch()
        qualities = self._assess_quality(marked, shared)
        pad_scores = self._assess_presentation(marked, shared)
        embedded = self._embed(marked, shared)
        weights = [embedder.weight for embedder in self._engine.variant.embedders]
        for sample, measured, pad_score, outputs in zip(marked, qualities, pad_scores, embedded, strict=True):
            one = sample.found
            try:
                template = Template(embedding.fuse(outputs, weights), self.embedding_digest)
            except FailureToAssess as refusal:
                outcomes[one.index] = refusal
                continue
            timings = one.watch.ms | {name: ms / len(marked) for name, ms in shared.ms.items()}
            outcomes[one.index] = Probe(one.image.digest, one.face, template, measured, pad_score, timings)
        return outcomes

    def _find(self, index: int, data: bytes) -> _Found:
        watch = _Stopwatch()
        with watch.stage("decode"):
            picture = image.decode(data)
        size = picture.pixels.shape[0], picture.pixels.shape[1]
        with watch.stage("detect"):
            faces = self._search(picture.pixels, size)
            face = select(faces, size, self._faces)
        return _Found(index, picture, face, faces, watch)

    def _search(self, pixels: Pixels, size: tuple[int, int]) -> tuple[Face, ...]:
        """Every face that matters to the selection, best first."""
        coarse = detection.whole(size, detection.COARSE)
        faces = self._look(pixels, [coarse])
        if not faces or largest_height(faces) * smallest_rival(self._faces) * coarse.scale < detection.SURE:
            faces = self._look(pixels, [detection.whole(size)]) or self._look(pixels, detection.closer_looks(size))
        if faces and detection.fills_frame(faces[0], size):
            return self._look(pixels, [detection.padded(size, detection.COARSE)]) or faces
        return faces

    def _look(self, pixels: Pixels, views: Sequence[detection.View]) -> tuple[Face, ...]:
        logits, deltas = self._engine.run(views[0].canvas.role, detection.prepare(pixels, views))
        return detection.parse(logits, deltas, views)

    def _mark(self, found: Sequence[_Found]) -> list[Floats]:
        if not found:
            return []
        watch = _Stopwatch()
        with watch.stage("landmarks"):
            boxes = [landmarks.expected(one.face) for one in found]
            points = self._mark_at(found, boxes)
            moved = [landmarks.recentred(box, marks) for box, marks in zip(boxes, points, strict=True)]
            again = {index: box for index, box in enumerate(moved) if box is not None}
            marked_again = self._mark_at([found[index] for index in again], list(again.values()))
            points = list((dict(enumerate(points)) | dict(zip(again, marked_again, strict=True))).values())
        for one in found:
            one.watch.ms["landmarks"] = watch.ms["landmarks"] / len(found)
        return points

    def _mark_at(self, found: Sequence[_Found], boxes: Sequence[Face]) -> list[Floats]:
        if not found:
            return []
        batch = np.concatenate([landmarks.prepare(one.image.pixels, [box]) for one, box in zip(found, boxes, strict=True)])
        (output,) = self._engine.run("landmarks", batch)
        return [landmarks.parse(row[None], [box], one.size)[0] for one, box, row in zip(found, boxes, output, strict=True)]

    def _assess_quality(self, marked: Sequence[_Marked], watch: _Stopwatch) -> list[Quality]:
        if not marked:
            return []
        with watch.stage("quality"):
            batch = np.concatenate([eyes.prepare(one.found.image.pixels, one.landmarks[None]) for one in marked])
            (output,) = self._engine.run("eyes", batch)
            more_open = eyes.parse(output).max(axis=1)
            return [
                quality.assess(one.aligned, one.landmarks, one.found.face, one.found.faces, float(probability))
                for one, probability in zip(marked, more_open, strict=True)
            ]

    def _assess_presentation(self, marked: Sequence[_Marked], watch: _Stopwatch) -> list[float | None]:
        if not marked:
            return []
        with watch.stage("pad"):
            batch = np.concatenate([pad.prepare(one.found.image.pixels, [one.found.face]) for one in marked])
            (output,) = self._engine.run("pad", batch)
            return [None if np.isnan(score) else float(score) for score in pad.parse(output)]

    def _embed(self, marked: Sequence[_Marked], watch: _Stopwatch) -> list[list[Floats]]:
        """Of each face, what each embedder of the variant made of its views: (views, d)."""
        if not marked:
            return []
        with watch.stage("embed"):
            aligned = np.stack([one.aligned for one in marked])
            outputs = [self._views(aligned, embedder) for embedder in self._engine.variant.embedders]
            return [[views[:, index] for views in outputs] for index in range(len(marked))]

    def _views(self, aligned: Pixels, embedder: Embedder) -> Floats:
        """(views, n, d), of n faces."""
        batch = embedding.prepare(aligned, embedder.contract)
        (output,) = self._engine.run(embedder.role, embedding.mirrored(batch) if embedder.mirrored else batch)
        return output.reshape(-1, len(aligned), output.shape[1])
