"""Templates and their comparison scores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idverify.errors import FailureToAssess
from idverify.face.comparison import compare, compare_many, compare_pairs, compare_quantised, quantise
from idverify.face.embedding import fuse, mirrored, prepare, reference_vector
from idverify.values import EmbeddingContract


def one(vector: np.ndarray) -> np.ndarray:
    """The template of one view by one embedder."""
    return fuse([vector[None]], [1.0])


def units(rows: np.ndarray) -> np.ndarray:
    """The rows brought to length 1, float32."""
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


BGR = EmbeddingContract("BGR", 127.0, 128.0, 112, 512)
RGB = EmbeddingContract("RGB", 127.5, 127.5, 112, 512)


@pytest.mark.parametrize(("contract", "planes"), [(BGR, [1.0, -127 / 128, 0.0]), (RGB, [-127 / 255, -1.0, 1.0])])
def test_an_aligned_face_is_prepared_as_the_pack_states(contract: EmbeddingContract, planes: list[float]) -> None:
    """Order of channels, mean and scale come from the manifest, not from habit."""
    colour = {"BGR": [255, 0, 127], "RGB": [255, 0, 63.75]}[contract.colour]
    aligned = np.empty((2, 112, 112, 3), np.uint8)
    aligned[:] = [int(value) for value in colour]
    batch = prepare(aligned, contract)
    assert (batch.shape, batch.dtype) == ((2, 3, 112, 112), np.float32)
    assert batch.flags.c_contiguous
    assert batch[0].mean(axis=(1, 2)) == pytest.approx(planes, abs=0.01)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(1, 6), scale=st.floats(1e-3, 1e6))
def test_every_way_of_comparing_gives_the_same_scores(seed: int, n: int, scale: float) -> None:
    """One to one, pairs, one against many, all against all; cosines whatever the length of the model's vectors."""
    random = np.random.default_rng(seed)
    a, b = (np.stack([one((scale * random.normal(size=512)).astype(np.float32)) for _ in range(n)]) for _ in range(2))
    assert np.linalg.norm(a, axis=1) == pytest.approx(np.ones(n), abs=1e-5)
    everything = compare_many(a, b)
    assert np.abs(everything).max() <= 1 + 1e-5
    assert np.allclose(np.diag(everything), compare_pairs(a, b), atol=1e-5)
    assert np.allclose(everything[:1], compare_many(a[:1], b), atol=1e-5)
    assert compare(a[0], b[0]) == pytest.approx(everything[0, 0], abs=1e-5)
    assert compare(a[0], a[0]) == pytest.approx(1, abs=1e-5)


def test_a_fused_score_is_the_mean_of_the_embedders_cosines_by_weight_squared() -> None:
    """Of sums of unit views, whatever the length of what a model gave; recomputed here from the definition."""
    random = np.random.default_rng(5)
    faces = [[random.normal(size=(2, 512)) * [[3.0], [40.0]], random.normal(size=(1, 192))] for _ in range(2)]
    templates = [fuse([part.astype(np.float32) for part in face], [1.0, 0.7]) for face in faces]
    assert [(template.shape, template.dtype) for template in templates] == [((704,), np.float32)] * 2

    def cosine(a: np.ndarray, b: np.ndarray) -> float:
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    sums = [[(part / np.linalg.norm(part, axis=1, keepdims=True)).sum(axis=0) for part in face] for face in faces]
    first, second = (cosine(a, b) for a, b in zip(*sums, strict=True))
    assert compare(*templates) == pytest.approx((first + 0.49 * second) / 1.49, abs=1e-6)


def test_a_mirrored_batch_has_each_face_and_behind_them_each_as_a_mirror_shows_it() -> None:
    """Left and right change places, nothing else does."""
    batch = np.random.default_rng(2).normal(size=(3, 3, 4, 5)).astype(np.float32)
    both = mirrored(batch)
    assert both.shape == (6, 3, 4, 5)
    assert np.array_equal(both[:3], batch)
    assert np.array_equal(both[3:, :, :, 0], batch[:, :, :, 4])
    assert np.array_equal(mirrored(both[3:])[3:], batch)


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
@pytest.mark.parametrize("embedder", [0, 1])
@pytest.mark.parametrize("view", [0, 1])
def test_a_view_without_direction_makes_no_template(value: float, embedder: int, view: int) -> None:
    """Zero and not-a-number compare equal to nothing, and above all not to everything; nor does another view cover for it."""
    outputs = [np.ones((2, 512), np.float32), np.ones((2, 192), np.float32)]
    outputs[embedder][view] = value
    with pytest.raises(FailureToAssess):
        fuse(outputs, [1.0, 1.0])


def test_two_opposite_views_make_no_template() -> None:
    """Their sum has no direction."""
    view = np.random.default_rng(1).normal(size=512).astype(np.float32)
    with pytest.raises(FailureToAssess):
        fuse([np.stack([view, -view])], [1.0])


def test_int8_costs_no_more_than_its_docstring_says() -> None:
    """Scores from -1 to 1 of a probe with quantised references: the stated deviation, the stated largest error, no bias."""
    random = np.random.default_rng(7)
    probe = units(random.normal(size=(1, 512)).astype(np.float32))[0]
    beside = units(random.normal(size=(100_000, 512)).astype(np.float32))
    beside = units(beside - (beside @ probe)[:, None] * probe)
    cosine = random.uniform(-1, 1, (100_000, 1)).astype(np.float32)
    references = units(cosine * probe + np.sqrt(1 - cosine**2) * beside)
    error = compare_quantised(probe, quantise(references)) - references @ probe
    assert float(error.std()) <= 0.0004
    assert float(np.abs(error).max()) <= 0.0022
    assert abs(float(error.mean())) <= 1e-5


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(0, 600), d=st.sampled_from([8, 192, 512]))
def test_int8_is_never_off_by_more_than_half_a_step_in_every_number(seed: int, n: int, d: int) -> None:
    """The bound of the docstring, for any number of rows around a block's edge; a vector's greatest number keeps its sign."""
    random = np.random.default_rng(seed)
    probe = units(random.normal(size=(1, d)).astype(np.float32))[0]
    references = units(random.laplace(size=(n, d)).astype(np.float32)) if n else np.empty((0, d), np.float32)
    found = quantise(references)
    assert (found.codes.dtype, found.codes.shape, found.scales.shape) == (np.int8, (n, d), (n,))
    error = np.abs(compare_quantised(probe, found) - references @ probe)
    assert (error <= found.scales * np.sqrt(d) / 2 + 1e-6).all()
    assert (np.abs(found.codes).max(axis=1, initial=127) == 127).all()


@given(seed=st.integers(0, 2**32 - 1), photographs=st.integers(1, 5))
def test_a_score_against_several_photographs_is_half_that_against_the_oldest(seed: int, photographs: int) -> None:
    """And half the mean of those against the others: a threshold of one photograph holds, and however many are added, the oldest
    keeps its say. One photograph is itself, to the last bit.
    """
    rows = units(np.random.default_rng(seed).standard_normal((photographs + 1, 64)))
    probe, templates = rows[0], rows[1:]
    alone = [compare(probe, template) for template in templates]
    expected = alone[0] if photographs == 1 else (alone[0] + np.mean(alone[1:])) / 2
    assert compare(probe, reference_vector(templates)) == pytest.approx(expected, abs=1e-6)
    assert np.array_equal(reference_vector(templates[:1]), templates[0])
