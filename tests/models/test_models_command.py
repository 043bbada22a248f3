"""`idverify models list | verify | add`: what they print, what they write, and how they end."""

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import typer
from onnx import TensorProto, helper, numpy_helper
from rich.console import Console

from idverify.cli import models
from idverify.cli.main import run
from idverify.config import default_provider
from idverify.errors import ModelRefused
from idverify.inference.insightface_packs import EMBEDDERS, estimate_norm
from idverify.inference.manifest import MANIFEST, ROLES, default_models_folder, load_pack, require_accepted
from idverify.inference.onnx import OnnxEngine
from idverify.values import EmbeddingContract


@pytest.fixture
def idverify(tmp_path, monkeypatch, capsys):
    """Runs one command in an empty folder; gives its exit code and the object that it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IDVERIFY_MODELS_DIR", raising=False)
    monkeypatch.delenv("IDVERIFY_PROVIDER", raising=False)
    app = typer.Typer()
    app.add_typer(models.app, name="models")

    def command(*arguments: object) -> tuple[int, dict]:
        code = run(app, ["models", *map(str, arguments), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return command


def embedder(dimension: int = 512, size: int = 112, batch: str | int = "None") -> bytes:
    """A small real graph with the signature of InsightFace's embedders: it stands for weights that may not be shipped.

    Its vector is the mean of each colour times a fixed matrix, so that another order of the channels shows.
    """
    weights = np.random.default_rng(3).normal(size=(3, dimension)).astype(np.float32)
    nodes = [
        helper.make_node("GlobalAveragePool", ["input.1"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights", "bias"], ["683"]),
    ]
    graph = helper.make_graph(
        nodes,
        "embedder",
        [helper.make_tensor_value_info("input.1", TensorProto.FLOAT, [batch, 3, size, size])],
        [helper.make_tensor_value_info("683", TensorProto.FLOAT, [1, dimension])],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(np.ones(dimension, np.float32), "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=6)
    onnx.checker.check_model(model)
    return model.SerializeToString()


@pytest.fixture
def source(tmp_path) -> Path:
    """An unpacked pack as its archive has it; only the embedder's file is looked at."""
    folder = tmp_path / "unpacked"
    folder.mkdir()
    for file in set(EMBEDDERS.values()):
        (folder / file).write_bytes(embedder())
    (folder / "det_10g.onnx").write_bytes(b"another contract than ours")
    return folder


def test_list_states_pack_digests_licence_and_right_of_use(idverify):
    """All that an operator needs in order to accept a pack, and no file is run for it."""
    code, printed = idverify("list")
    assert code == 0
    (pack,) = printed["packs"]
    assert pack["pack"] == load_pack(default_models_folder(), "default").spelled
    assert pack["commercial_use"] == "unverified"
    assert "MIT" in pack["licence"]
    assert {row["role"] for row in pack["models"]} == set(ROLES)
    digests = {row["variant"]: row["digest"] for row in pack["variants"]}
    assert digests["fast"] != digests["accurate"]
    assert {policy["model_digest"] for policy in pack["policies"]} <= set(digests.values())
    for row in pack["variants"]:
        assert row["policies"] == sum(policy["model_digest"] == row["digest"] for policy in pack["policies"])


def test_list_can_be_read_on_80_columns(monkeypatch, capsys):
    """Each operating point is one line, and the words on its data stand once, below."""
    monkeypatch.setattr(models, "stdout", Console(width=80, highlight=False))
    models.list_packs()
    printed = capsys.readouterr().out
    policies = load_pack(default_models_folder(), "default").policies
    first = policies[0]
    rows = [line.split() for line in printed.splitlines() if line.startswith(first["name"])]
    same = [row for row in policies if row["name"] == first["name"]]
    assert [row[1] for row in rows] == [f"{row['threshold']:.3g}" for row in same]
    assert {row[-1] for row in rows} == {str(row["n_non_mated"]) for row in same}
    assert " ".join(printed.split()).count(first["calibrated_on"]) == 1


def test_verify_runs_every_model_and_a_changed_byte_exits_4(idverify, tmp_path):
    """The command that an operator runs after copying an installation."""
    code, printed = idverify("verify")
    assert code == 0
    assert printed["verified"] is True
    assert printed["provider"].split()[0] == {"openvino": "openvino", "cpu": "onnxruntime"}[default_provider()]
    assert len(printed["models"]) == len(ROLES)
    assert [row["variant"] for row in printed["variants"]] == ["fast", "accurate"]
    assert all(row["milliseconds"] > 0 for row in printed["models"])

    copied = tmp_path / "copied"
    shutil.copytree(default_models_folder(), copied, ignore=shutil.ignore_patterns("naive", "cards", "*.py"))
    file = copied / "default" / "landmarks.onnx"
    data = bytearray(file.read_bytes())
    data[-1000] ^= 0x80
    file.write_bytes(data)
    code, printed = idverify("verify", "--models-dir", copied)
    assert (code, printed["error"]["code"]) == (4, "model_refused")


def test_verify_on_a_provider_that_is_not_there_exits_4(idverify, monkeypatch):
    """Never a fallback, and never another one than the service would run."""
    code, printed = idverify("verify", "--provider", "tensorrt")
    assert (code, printed["error"]["code"]) == (4, "provider_unavailable")
    monkeypatch.setenv("IDVERIFY_PROVIDER", "tensorrt")
    code, printed = idverify("verify")
    assert (code, printed["error"]["code"]) == (4, "provider_unavailable")


def test_an_added_pack_is_the_default_one_with_its_embedder_replaced(idverify, source, tmp_path):
    """It carries its own embedding contract and digest, no operating points, and production refuses it until accepted."""
    code, printed = idverify("add", "buffalo_l", "--from", source)
    assert code == 0
    assert printed["operating_points"] == 0
    assert printed["embedding_sha256"] == hashlib.sha256((source / "w600k_r50.onnx").read_bytes()).hexdigest()

    pack = load_pack(tmp_path / "models-added", "buffalo_l")
    assert pack.spelled == printed["pack"]
    assert pack.variant.embedders[0].contract == EmbeddingContract("RGB", 127.5, 127.5, 112, 512)
    shipped = load_pack(default_models_folder(), "default")
    same = {role for role in pack.models if pack.models[role].sha256 == shipped.models[role].sha256}
    assert same == set(pack.models) - {"embedding"}
    assert all(path.resolve().is_relative_to(tmp_path) for path in (model.path for model in pack.models.values()))
    assert pack.policies == []
    notice = (default_models_folder() / "default" / "LICENSE").read_bytes()
    assert (tmp_path / "models-added" / "buffalo_l" / "LICENSE").read_bytes() == notice

    assert pack.commercial_use == "no"
    assert "non-commercial research only" in pack.licence
    with pytest.raises(ModelRefused, match="non-commercial research only"):
        require_accepted(pack, frozenset({shipped.spelled}), dev=False)
    require_accepted(pack, frozenset({pack.spelled}), dev=False)

    engine = OnnxEngine(pack)
    engine.warm_up()
    (found,) = engine.run("embedding", np.ones((3, 3, 112, 112), dtype=np.float32))
    assert found.shape == (3, 512)
    assert {row["name"] for row in idverify("list")[1]["packs"]} == {"default", "buffalo_l"}
    assert len(idverify("verify")[1]["models"]) == 2 * len(ROLES)


def test_packs_are_added_beside_each_other_and_never_over_each_other(idverify, source, tmp_path):
    """The second leaves the first as it was; the same name again is refused, and so is the folder of the shipped packs."""
    assert idverify("add", "buffalo_s", "--from", source)[0] == 0
    before = load_pack(tmp_path / "models-added", "buffalo_s").digest
    assert idverify("add", "antelopev2", "--from", source)[0] == 0
    written = (tmp_path / "models-added" / MANIFEST).read_bytes()
    code, printed = idverify("add", "buffalo_s", "--from", source)
    assert (code, printed["error"]["code"]) == (3, "invalid_input")
    assert (tmp_path / "models-added" / MANIFEST).read_bytes() == written
    assert load_pack(tmp_path / "models-added", "buffalo_s").digest == before
    assert idverify("add", "buffalo_m", "--from", source, "--models-dir", default_models_folder())[0] == 3
    assert not (default_models_folder() / "buffalo_m").exists()


@pytest.mark.parametrize(
    "data",
    [b"", b"no graph", embedder(dimension=128), embedder(size=128), embedder(batch=1)],
    ids=["empty", "no graph", "128 numbers", "128 pixels", "a batch of one alone"],
)
def test_a_file_that_is_no_such_embedder_is_refused_and_leaves_nothing(idverify, source, tmp_path, data):
    """The graph is tried before anything is named in a manifest."""
    (source / "w600k_mbf.onnx").write_bytes(data)
    code, printed = idverify("add", "buffalo_sc", "--from", source)
    assert (code, printed["error"]["code"]) == (3, "invalid_input")
    assert "w600k_mbf.onnx" in printed["error"]["message"]
    assert not (tmp_path / "models-added").exists()


def test_an_unknown_name_and_a_folder_without_the_embedder_exit_3(idverify, tmp_path):
    """The message says which names there are, and which file was looked for."""
    (tmp_path / "empty").mkdir()
    code, printed = idverify("add", "buffalo_xxl")
    assert code == 3
    assert "antelopev2" in printed["error"]["message"]
    code, printed = idverify("add", "antelopev2", "--from", tmp_path / "empty")
    assert code == 3
    assert "glintr100.onnx" in printed["error"]["message"]
    assert idverify("add", "antelopev2", "--from", tmp_path / "absent")[0] == 3


def test_a_disk_that_fills_before_the_manifest_is_written_leaves_nothing(idverify, source, tmp_path, monkeypatch):
    """The manifest comes last; when it cannot be put in place, the files go too."""
    replace = os.replace

    def full(old: str, new: str) -> None:
        if str(new).endswith(MANIFEST):
            raise OSError(28, "No space left on device")
        replace(old, new)

    monkeypatch.setattr("idverify.inference.added_packs.os.replace", full)
    code, _ = idverify("add", "buffalo_l", "--from", source)
    assert code == 4
    assert not list((tmp_path / "models-added").iterdir())


def test_a_failed_download_exits_4_and_leaves_nothing(idverify, tmp_path, monkeypatch):
    """The downloader prints to standard output while it fails; the one JSON object stands there alone all the same."""
    storage = pytest.importorskip("insightface.utils.storage")

    def unreachable(url: str, path: str, overwrite: bool) -> None:
        raise ConnectionError(url)

    monkeypatch.setattr(storage, "download_file", unreachable)
    code, printed = idverify("add", "buffalo_l")
    assert code == 4
    assert "--from FOLDER" in printed["error"]["message"]
    assert not (tmp_path / "models-added").exists()


def test_a_download_is_added_as_a_folder_is(idverify, tmp_path, monkeypatch):
    """The archive may hold a folder of the pack's name, as antelopev2's does."""
    storage = pytest.importorskip("insightface.utils.storage")

    def download(sub_dir: str, name: str, root: str) -> str:
        folder = Path(root) / sub_dir / name / name
        folder.mkdir(parents=True)
        (folder / "glintr100.onnx").write_bytes(embedder())
        return str(folder.parent)

    monkeypatch.setattr(storage, "download", download)
    assert idverify("add", "antelopev2")[0] == 0
    assert load_pack(tmp_path / "models-added", "antelopev2").variant.embedders[0].contract.colour == "RGB"


def test_without_insightface_the_way_to_install_it_is_told(idverify, monkeypatch):
    """It must come without its dependencies, or it writes over opencv-python-headless."""
    monkeypatch.setitem(sys.modules, "insightface", None)
    code, printed = idverify("add", "buffalo_l")
    assert (code, printed["error"]["code"]) == (4, "configuration_invalid")
    assert "--no-deps" in printed["error"]["message"]


@pytest.mark.filterwarnings("ignore")
def test_the_alignment_oracle_turns_scales_and_shifts_onto_the_template():
    """InsightFace's transform undoes a known similarity of its own template."""
    pytest.importorskip("insightface")
    template = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])
    turn = 2.5 * np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    landmarks = (template @ turn.T + [40, -7]).astype(np.float32)
    matrix = estimate_norm(landmarks)
    np.testing.assert_allclose(landmarks @ matrix[:, :2].T + matrix[:, 2], template, atol=1e-3)
