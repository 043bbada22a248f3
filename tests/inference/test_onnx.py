"""The engine runs what was asked for, on what was asked for, or does not start; and no NaN leaves it."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
import pytest

from idverify.errors import Fault, ModelRefused, ProviderUnavailable
from idverify.inference.manifest import MANIFEST, ROLES, default_models_folder, describe_pack, load_pack
from idverify.inference.onnx import OnnxEngine
from tests.inference.conftest import eye_graph


def batch_of(engine: OnnxEngine, role: str, n: int) -> np.ndarray:
    """The same n random inputs at every call."""
    shape = describe_pack(default_models_folder(), "default").models[role].input.shape
    return np.random.default_rng(7).normal(size=(n, *shape)).astype(np.float32)


@pytest.mark.parametrize("role", ROLES)
def test_a_batch_gives_what_its_images_give_alone(engine, role):
    """Nine images, more than run at once, so that the seams between cuts are seen too."""
    batch = batch_of(engine, role, 9)
    together = engine.run(role, batch)
    alone = [engine.run(role, batch[i : i + 1]) for i in range(len(batch))]
    for index, output in enumerate(together):
        assert output.shape[0] == 9
        np.testing.assert_allclose(output, np.concatenate([outputs[index] for outputs in alone]), rtol=0, atol=1e-5)


def test_many_threads_get_what_one_gets(engine):
    """Eight callers of one engine at a time, each with its own image."""
    batch = batch_of(engine, "embedding", 8)
    expected = engine.run("embedding", batch)[0]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda i: engine.run("embedding", batch[i % 8 : i % 8 + 1])[0], range(48)))
    for i, output in enumerate(found):
        np.testing.assert_allclose(output[0], expected[i % 8], rtol=0, atol=1e-5)


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
def test_a_number_that_is_not_finite_does_not_leave_the_engine(folder, substitute, answer):
    """NaN compares false with every threshold; what a later check makes of that must not matter."""
    substitute("eyes", eye_graph(answer))
    engine = OnnxEngine(load_pack(folder, "default"))
    with pytest.raises(Fault, match="not finite"):
        engine.run("eyes", np.zeros((1, 1, 24, 24), dtype=np.float32))
    with pytest.raises(Fault, match="not finite"):
        engine.warm_up()


def test_a_provider_that_the_runtime_lacks_is_refused():
    """No silent fallback to the processor: the operator asked for something else, and latency depends on it."""
    pack = describe_pack(default_models_folder(), "default")
    missing = "cuda" if "CUDAExecutionProvider" not in onnxruntime.get_available_providers() else "directml"
    with pytest.raises(ProviderUnavailable, match=f"{missing}.*the installed ONNX Runtime does not have it"):
        OnnxEngine(pack, provider=missing)
    with pytest.raises(ProviderUnavailable, match="quantum"):
        OnnxEngine(pack, provider="quantum")


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_provider_that_is_announced_and_does_not_become_active_is_refused(monkeypatch):
    """As on a machine with the GPU build and no driver: ONNX Runtime then makes a session on the processor and only warns."""
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime has CUDA")
    monkeypatch.setattr("idverify.inference.onnx.onnxruntime.get_available_providers", lambda: ["CUDAExecutionProvider"])
    with pytest.raises(ProviderUnavailable, match="runs on"):
        OnnxEngine(describe_pack(default_models_folder(), "default"), provider="cuda")


def test_two_builds_of_onnxruntime_over_each_other_are_named(tmp_path, monkeypatch):
    """The package manager installs both into one folder without a word; start-up is where somebody says it."""
    metadata = tmp_path / "onnxruntime_gpu-1.31.1.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: onnxruntime-gpu\nVersion: 1.31.1\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ProviderUnavailable, match="onnxruntime and onnxruntime-gpu"):
        OnnxEngine(describe_pack(default_models_folder(), "default"))


def test_a_graph_that_is_not_what_the_manifest_states_is_refused(folder, substitute):
    """Right digest, wrong model or wrong contract: a slip in the manifest, found at start."""
    stated = (folder / MANIFEST).read_text()
    for old, new in (
        ("[1, 24, 24]", "[1, 24, 48]"),
        ('name = "yaw"', 'name = "roll"'),
        ('input = { name = "input"', 'input = { name = "x"'),
    ):
        (folder / MANIFEST).write_text(stated.replace(old, new))
        with pytest.raises(ModelRefused, match="the manifest states"):
            OnnxEngine(load_pack(folder, "default"))
    (folder / MANIFEST).write_text(stated)
    substitute("landmarks", (folder / "default" / "eyes.onnx").read_bytes())
    with pytest.raises(ModelRefused, match="landmarks"):
        OnnxEngine(load_pack(folder, "default"))


def test_bytes_that_are_no_graph_are_refused(folder, substitute):
    """Right digest, no ONNX."""
    substitute("pad", b"\x08\x07" + b"not a graph" * 100)
    with pytest.raises(ModelRefused, match="pad"):
        OnnxEngine(load_pack(folder, "default"))


def test_the_engine_says_what_runs(engine):
    """Reports and logs name the runtime, its version and the provider."""
    assert engine.provider == f"onnxruntime {onnxruntime.__version__} cpu"
    assert engine.pack.startswith("default@")
    assert set(engine.digests) == set(ROLES)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is read")
def test_long_batches_do_not_swell_a_worker():
    """64 images at once through every model keep the process under 450 MB; uncut they take 535, with the arena 1,700."""
    script = """
import re
import numpy as np
from idverify.inference.manifest import default_models_folder, load_pack
from idverify.inference.onnx import OnnxEngine
pack = load_pack(default_models_folder(), "default")
engine = OnnxEngine(pack)
for role, model in pack.models.items():
    engine.run(role, np.ones((64, *model.input.shape), dtype=np.float32))
# Not getrusage: its maximum survives exec, so a large parent would be measured.
print(int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert float(ran.stdout) < 450
