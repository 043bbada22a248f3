"""The scripts beside the command line."""

import importlib.util
import json
import tomllib
from pathlib import Path

import pytest

from idverify.api.examples import OTHER_MAN, SAME_MAN, sample
from idverify.face.comparison import compare

pytestmark = pytest.mark.checkout

ROOT = Path(__file__).resolve().parents[2]


def script(name):
    """A script of benchmarks/ as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_new_operating_points_replace_the_old_ones_and_keep_what_a_person_set(tmp_path):
    """Twice over, without growing; the models above stay byte for byte."""
    manifest, points = tmp_path / "manifest.toml", tmp_path / "points.toml"
    manifest.write_text("# models\n[pack.default]\nlicence = 'x'\n")
    points.write_text('[[policy]]\nname = "fmr-1e-4"\nthreshold = 0.4\n')
    ship = script("calibrate_default").ship
    ship(manifest, [points])
    manifest.write_text(manifest.read_text() + "minimum_pad = 0.5\nminimum_quality = { sharpness = 20 }\n")
    points.write_text('[[policy]]\nname = "fmr-1e-4"\nthreshold = 0.5\n')
    ship(manifest, [points])
    once = manifest.read_text()
    ship(manifest, [points])
    assert manifest.read_text() == once
    assert once.startswith("# models\n[pack.default]\nlicence = 'x'\n")
    expected = {"name": "fmr-1e-4", "threshold": 0.5, "minimum_quality": {"sharpness": 20}, "minimum_pad": 0.5}
    assert tomllib.loads(once)["policy"] == [expected]


def test_each_variant_keeps_its_own_gates_and_a_new_one_takes_those_of_the_first(tmp_path):
    """Also when new models change every digest."""
    manifest, fast, accurate = (tmp_path / name for name in ("manifest.toml", "fast.toml", "accurate.toml"))
    ship = script("calibrate_default").ship

    def row(digest, extra=""):
        return f'[[policy]]\nname = "fmr-1e-4"\nmodel_digest = "{digest}"\n{extra}'

    def shipped():
        return [(found["model_digest"], found.get("minimum_pad")) for found in tomllib.loads(manifest.read_text())["policy"]]

    manifest.write_text("# models\n\n# Operating points of the default pack\n" + row("f1", "minimum_pad = 0.5\n"))
    fast.write_text(row("f1"))
    accurate.write_text(row("a1"))
    ship(manifest, [fast, accurate])
    assert shipped() == [("f1", 0.5), ("a1", 0.5)]
    manifest.write_text(manifest.read_text().replace('"a1"\nminimum_pad = 0.5', '"a1"\nminimum_pad = 0.7'))
    fast.write_text(row("f2"))
    accurate.write_text(row("a2"))
    ship(manifest, [fast, accurate])
    assert shipped() == [("f2", 0.5), ("a2", 0.7)]


def test_a_benchmark_that_did_not_run_keeps_its_row(tmp_path):
    """The table is made of the kept reports; what was never measured has no row."""
    table_of = script("run").table_of
    found = {"accuracy": {"mean": 0.992, "low": 0.98, "high": 0.996, "n": 1000}, "date": "2026-01-02T03:04:05Z"}
    (tmp_path / "accuracy.json").write_text(json.dumps(found))
    total = {"p50_ms": 30.0, "p95_ms": 31.0, "p99_ms": 32.0}
    found = {"total": total, "naive": {"total": total}, "ratio_to_naive": 1.0, "n": 200, "date": "2026-05-06T07:08:09Z"}
    found |= {"provider": "onnxruntime 1.0 cpu", "instruction_set_limit": None}
    (tmp_path / "latency.json").write_text(json.dumps(found))
    _, _, latency, accuracy = table_of(tmp_path).splitlines()
    assert "2026-05-06" in latency
    assert "99.20%" in accuracy
    assert "2026-01-02" in accuracy


def test_a_morph_resembles_both_people_and_more_of_one_is_less_of_the_other(acquirer):
    """Else the figures about morphs would be those of pictures that fool nobody."""
    morphing = script("morphing")
    photographs = [sample(SAME_MAN), sample(OTHER_MAN)]
    faces = [morphing.marked(acquirer, data) for data in photographs]
    own = [acquirer.acquire(data).template.vector for data in photographs]

    def scores(share):
        vector = acquirer.acquire(morphing.morph(*faces, share)).template.vector
        return [compare(vector, one) for one in own]

    found = [scores(share) for share in (0.0, 0.3, 0.5, 0.6, 0.7, 1.0)]
    ours, theirs = zip(*found, strict=True)
    assert list(ours) == sorted(ours, reverse=True)
    assert list(theirs) == sorted(theirs)
    assert ours[0] > 0.9
    assert theirs[-1] > 0.9
    assert max(min(scores) for scores in found) > 0.41 > compare(*own) + 0.3
