"""ONNX Runtime runs on what was asked for, or does not start. What every engine owes: tests/contracts/test_engine.py."""

import subprocess
import sys

import onnxruntime
import pytest

from idverify.errors import ProviderUnavailable
from idverify.inference.manifest import default_models_folder, describe_pack
from idverify.inference.onnx import OnnxEngine


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
