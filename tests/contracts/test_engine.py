"""What every engine owes its callers, held by ONNX Runtime, by OpenVINO in either precision, and by either behind a window."""

import platform
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from idverify.api.app import load_engine
from idverify.errors import Fault, ModelRefused
from idverify.inference import Engine
from idverify.inference.batching import BatchingEngine
from idverify.inference.manifest import MANIFEST, ROLES, default_models_folder, describe_pack, load_pack
from tests.inference.conftest import eye_graph, folder, substitute

__all__ = ["folder", "substitute"]

PACK = describe_pack(default_models_folder(), "default")
PROVIDERS = ["cpu", "openvino", "openvino-f32"] if platform.machine() in {"x86_64", "AMD64"} else ["cpu"]


@pytest.fixture(scope="module", params=PROVIDERS)
def provider(request) -> str:
    """Each provider that any machine of this kind has."""
    return request.param


@pytest.fixture(scope="module")
def plain(provider) -> Engine:
    """The default pack, for two callers at a time."""
    return load_engine(PACK, provider, callers=2)


@pytest.fixture(scope="module", params=["plain", "batching"])
def engine(plain, request) -> Engine:
    """The engine, and the engine behind a window."""
    return plain if request.param == "plain" else BatchingEngine(plain, window_ms=2, most=4)


@pytest.fixture(scope="module")
def exact() -> Engine:
    """The yardstick: ONNX Runtime in float32."""
    return load_engine(PACK, "cpu")


def batch_of(role: str, n: int) -> np.ndarray:
    """The same n random inputs at every call, within what the model's contract makes of pixels."""
    contract = PACK.models[role].input
    pixels = np.random.default_rng(7).integers(0, 256, (n, *contract.shape)).astype(np.float32)
    mean, scale = (np.array(part, np.float32).reshape(-1, 1, 1) for part in (contract.mean, contract.scale))
    return (pixels - mean) / scale


@pytest.mark.parametrize("role", ROLES)
def test_a_batch_gives_what_its_images_give_alone(engine, role):
    """Nine images, more than run at once, so that the seams between cuts are seen too."""
    batch = batch_of(role, 9)
    together = engine.run(role, batch)
    alone = [engine.run(role, batch[i : i + 1]) for i in range(len(batch))]
    for index, output in enumerate(together):
        assert output.shape == (9, *PACK.models[role].outputs[index].shape)
        np.testing.assert_allclose(output, np.concatenate([outputs[index] for outputs in alone]), rtol=0, atol=1e-5)


@pytest.mark.parametrize("role", ROLES)
def test_every_engine_computes_the_same_function(engine, exact, provider, role):
    """Within rounding of float32; in bfloat16, whose rounding is 1 in 256, within hundredths of the outputs' spread."""
    batch = batch_of(role, 3)
    allowed = 0.05 if provider == "openvino" else 1e-5
    for found, expected in zip(engine.run(role, batch), exact.run(role, batch), strict=True):
        assert np.sqrt(np.mean((found - expected) ** 2)) <= allowed * expected.std() + 1e-6


def test_many_threads_get_what_one_gets(engine):
    """Eight callers of an engine made for two, each with its own image: none gets another's answer, none is turned away."""
    batch = batch_of("embedding", 8)
    expected = engine.run("embedding", batch)[0]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda i: engine.run("embedding", batch[i % 8 : i % 8 + 1])[0], range(48)))
    for i, output in enumerate(found):
        np.testing.assert_allclose(output[0], expected[i % 8], rtol=0, atol=1e-5)


def test_an_answer_is_the_callers_to_keep(engine):
    """The next run writes into buffers of its own."""
    first, second = batch_of("embedding", 2)[:, None]
    kept = engine.run("embedding", first)[0]
    copy = kept.copy()
    engine.run("embedding", second)
    np.testing.assert_array_equal(kept, copy)


@pytest.mark.parametrize(
    "batch",
    [
        np.zeros((1, 1, 24, 24)),
        np.zeros((0, 1, 24, 24), dtype=np.float32),
        np.zeros((1, 24, 24), dtype=np.float32),
        np.zeros((1, 1, 24, 25), dtype=np.float32),
        np.zeros((1, 24, 24, 1), dtype=np.float32),
    ],
    ids=["float64", "empty", "no batch axis", "another width", "channels last"],
)
def test_another_shape_or_type_is_the_callers_error(engine, batch):
    """A mistake in a prepare() shows where it was made, not as a low score."""
    with pytest.raises(ValueError, match="eyes takes float32"):
        engine.run("eyes", batch)


@pytest.mark.parametrize("answer", ["nan", "infinity"])
def test_a_number_that_is_not_finite_does_not_leave_the_engine(provider, folder, substitute, answer):
    """NaN compares false with every threshold; what a later check makes of that must not matter."""
    substitute("eyes", eye_graph(answer))
    with pytest.raises(Fault, match="not finite"):
        load_engine(load_pack(folder, "default"), provider)


def test_a_graph_that_is_not_what_the_manifest_states_is_refused(provider, folder, substitute):
    """Right digest, wrong model or wrong contract: a slip in the manifest, found at start."""
    stated = (folder / MANIFEST).read_text()
    for old, new in (
        ("[1, 24, 24]", "[1, 24, 48]"),
        ('name = "yaw"', 'name = "roll"'),
        ('input = { name = "input"', 'input = { name = "x"'),
        ("[512]", "[511]"),
    ):
        assert old in stated
        (folder / MANIFEST).write_text(stated.replace(old, new))
        with pytest.raises(ModelRefused, match="the manifest states"):
            load_engine(load_pack(folder, "default"), provider)
    (folder / MANIFEST).write_text(stated)
    substitute("landmarks", (folder / "default" / "eyes.onnx").read_bytes())
    with pytest.raises(ModelRefused, match="landmarks"):
        load_engine(load_pack(folder, "default"), provider)


def test_bytes_that_are_no_graph_are_refused(provider, folder, substitute):
    """Right digest, no ONNX."""
    substitute("pad", b"\x08\x07" + b"not a graph" * 100)
    with pytest.raises(ModelRefused, match="pad"):
        load_engine(load_pack(folder, "default"), provider)


def test_a_file_changed_behind_the_manifest_does_not_run(provider, folder):
    """One byte of the weights."""
    path = folder / "default" / "eyes.onnx"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelRefused, match="SHA-256"):
        load_engine(describe_pack(folder, "default"), provider)


def test_the_engine_says_what_runs(engine, provider):
    """Reports and logs name the runtime, its version, the device and, where it has a choice, the precision."""
    runtime, version, *how = engine.provider.split()
    assert runtime == {"cpu": "onnxruntime"}.get(provider, "openvino")
    assert version[0].isdigit()
    assert how[0] == "cpu"
    assert how[1:] in {"cpu": [[]], "openvino": [["f32,", "embedding", "bf16"], ["f32"]], "openvino-f32": [["f32"]]}[provider]
    assert engine.pack == PACK.spelled
    assert set(engine.digests) == set(ROLES)
