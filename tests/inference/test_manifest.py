"""Nothing runs but the bytes that the manifest names, and in production nothing whose use nobody answered for."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idverify.errors import ModelRefused
from idverify.inference import manifest
from idverify.inference.manifest import MANIFEST, ROLES, default_models_folder, describe_pack, load_pack, require_accepted
from idverify.inference.onnx import OnnxEngine
from idverify.values import Embedder, EmbeddingContract, Variant

SHIPPED = (default_models_folder() / MANIFEST).read_text()


def test_the_digest_of_a_pack_is_over_the_sorted_digests_of_its_files():
    """Recomputed here from the files themselves, so that tokens and acceptances name what really runs."""
    pack = load_pack(default_models_folder(), "default")
    names = {role: role.removeprefix("coarse_") for role in ROLES}  # one detector under two contracts
    files = {role: hashlib.sha256((pack.folder / "default" / f"{names[role]}.onnx").read_bytes()).hexdigest() for role in ROLES}
    expected = hashlib.sha256("".join(f"{role} {files[role]}\n" for role in sorted(ROLES)).encode()).hexdigest()
    assert pack.digest == expected
    assert pack.spelled == f"default@{expected[:16]}"
    contract = EmbeddingContract("BGR", 127.0, 128.0, 112, 512)
    assert pack.variant == Variant("fast", pack.variant.digest, (Embedder("embedding", contract),))


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"coarse_detection"}))
def test_one_flipped_bit_in_a_model_file_refuses_start(folder, role):
    """One bit in the middle of the weights changes a score; it must change nothing but the outcome of starting."""
    file = folder / "default" / f"{role}.onnx"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(ModelRefused, match=role):
        load_pack(folder, "default")


def test_a_file_changed_after_the_pack_was_loaded_does_not_run(folder):
    """The engine hashes the very bytes that it runs: nothing fits between check and use."""
    pack = load_pack(folder, "default")
    file = folder / "default" / "pad.onnx"
    file.write_bytes(file.read_bytes().replace(b"logits", b"logitz"))
    with pytest.raises(ModelRefused, match="pad"):
        OnnxEngine(pack)


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"\0", lambda data: b""])
def test_a_shorter_or_longer_file_is_refused(folder, change):
    """Truncated by a full disk, or appended to."""
    file = folder / "default" / "eyes.onnx"
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(ModelRefused, match="eyes"):
        load_pack(folder, "default")


def test_a_missing_file_is_refused(folder):
    """With a word on which it is, and no stack of the operating system."""
    (folder / "default" / "pose.onnx").unlink()
    with pytest.raises(ModelRefused, match=r"pose\.onnx cannot be read"):
        load_pack(folder, "default")


@pytest.mark.parametrize("spelling", ["../eyes.onnx", "default/../../eyes.onnx", "{outside}", "default/link.onnx"])
def test_a_manifest_reaches_no_file_outside_its_folder(folder, spelling):
    """Neither upward, nor by an absolute path, nor through a link; though the file there has the right digest."""
    outside = folder.parent / "eyes.onnx"
    shutil.copy(folder / "default" / "eyes.onnx", outside)
    (folder / "default" / "link.onnx").symlink_to(outside)
    spelled = spelling.format(outside=outside)
    (folder / MANIFEST).write_text(SHIPPED.replace("default/eyes.onnx", spelled))
    with pytest.raises(ModelRefused, match="outside the models folder"):
        load_pack(folder, "default")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[pack.default.model.pad]", "[pack.default.model.passive]"),
        ('commercial_use = "unverified"', 'commercial_use = "yes"'),
        ('commercial_use = "unverified"', ""),
        ('colour = "grey"', 'colour = "gray"'),
        ("shape = [1, 24, 24]", "shape = [3, 24, 24]"),
        ("shape = [512]", "shape = [0]"),
        ("shape = [512]", "shape = [512, 2]"),
        ("scale = [256.0]", "scale = [0.0]"),
        ("scale = [256.0]", "scale = [nan]"),
        ("mean = [0.0]", "mean = [0.0, 0.0]"),
        ('sha256 = "', 'sha256 = "X'),
        ("size = ", "size = -"),
        ("size = ", "size = 1000000"),
        ("[pack.default.variant.accurate]", "[pack.default.variant.fast]"),
        ("[pack.default.variant.accurate]", "[pack.default.variant]"),
        ('{ role = "embedding", weight', '{ role = "pad", weight'),
        ('{ role = "embedding", weight', '{ role = "second_embedding", weight'),
        ('{ role = "embedding", weight = 1.0,', '{ role = "embedding", weight = 1.0 }, { role = "embedding",'),
        ('[{ role = "embedding", weight = 1.0, mirrored = true }]', "[]"),
        ("weight = 1.0", "weight = 0.0"),
        ("weight = 1.0", "weight = -1.0"),
        ("weight = 1.0", "weight = nan"),
        ("weight = 1.0", "weight = true"),
        ("weight = 1.0", "wieght = 1.0"),
        ("mirrored = true", "mirrored = 1"),
        ("[pack.default]", "[pack.'../default']"),
        ("[pack.default]", "[[pack.default]]"),
    ],
)
def test_a_manifest_that_states_something_else_is_refused(tmp_path, old, new):
    """Each statement is checked when it is read: a wrong one would otherwise show as a wrong score."""
    assert old in SHIPPED
    (tmp_path / MANIFEST).write_text(SHIPPED.replace(old, new))
    with pytest.raises(ModelRefused):
        describe_pack(tmp_path, "default")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for manifests alone."""
    return tmp_path_factory.mktemp("manifests")


@given(
    start=st.integers(0, len(SHIPPED)),
    length=st.integers(0, 40),
    text=st.text(max_size=12) | st.sampled_from(["inf", "-1", "[]", "{}", "1e400", '""', "true", "9" * 400, "1979-05-27"]),
)
def test_a_damaged_manifest_is_refused_or_still_a_pack(scratch, start, length, text):
    """Any splice of the manifest ends in ModelRefused or in a whole pack; nothing else escapes."""
    damaged = SHIPPED[:start] + text + SHIPPED[start + length :]
    (scratch / MANIFEST).write_text(damaged, encoding="utf-8", errors="surrogatepass")
    try:
        pack = describe_pack(scratch, "default")
    except ModelRefused:
        return
    assert set(pack.models) == set(ROLES)


def test_a_variant_is_named_by_all_that_makes_its_templates_and_by_nothing_else(tmp_path):
    """Other weights, other views, another embedder or another preparation of what it takes make another digest, and so end
    every operating point and template made before; what other models take does not.

    Recomputed here for the shipped pack from the description in the manifest.
    """
    shipped = describe_pack(default_models_folder(), "default")
    embedder = shipped.models["embedding"].sha256
    fast, accurate = shipped.variants["fast"], shipped.variants["accurate"]
    assert fast.digest == hashlib.sha256(f"{embedder} 1.0 plain BGR 127.0 128.0 112\n".encode()).hexdigest()
    assert accurate.digest == hashlib.sha256(f"{embedder} 1.0 mirrored BGR 127.0 128.0 112\n".encode()).hexdigest()
    assert (shipped.variant, describe_pack(default_models_folder(), "default", "accurate").variant) == (fast, accurate)

    def digest_after(old: str, new: str) -> str:
        assert old in SHIPPED
        (tmp_path / MANIFEST).write_text(SHIPPED.replace(old, new))
        return describe_pack(tmp_path, "default", "accurate").variant.digest

    assert digest_after("mirrored = true", "mirrored = true ") == accurate.digest
    assert digest_after("mirrored = true", "mirrored = false") == fast.digest
    assert digest_after("weight = 1.0", "weight = 0.5") not in {fast.digest, accurate.digest}
    assert digest_after(embedder, "0" * 64) not in {fast.digest, accurate.digest}
    taken = 'shape = [3, 112, 112], colour = "BGR", mean = [127.0], scale = [128.0]'
    for stated, other in (("BGR", "RGB"), ("127.0", "127.5"), ("128.0", "127.5"), ("112, 112", "96, 96")):
        assert digest_after(taken, taken.replace(stated, other)) not in {fast.digest, accurate.digest}
    assert digest_after("scale = [256.0]", "scale = [255.0]") == accurate.digest


def test_a_second_embedder_comes_after_the_first_in_the_template(tmp_path):
    """A role that a pack may have; the dimensions add up, and the digest knows the order."""
    second = SHIPPED[SHIPPED.index("[pack.default.model.embedding]") : SHIPPED.index("[pack.default.model.pad]")]
    second = second.replace("model.embedding]", "model.second_embedding]").replace("[512]", "[192]")
    rows = ['{ role = "embedding", weight = 1.0, mirrored = true }', '{ role = "second_embedding", weight = 0.7 }']

    def accurate(rows: list[str]) -> Variant:
        stated = SHIPPED.replace('{ role = "embedding", weight = 1.0, mirrored = true }', ", ".join(rows))
        (tmp_path / MANIFEST).write_text(stated + second)
        return describe_pack(tmp_path, "default", "accurate").variant

    there, back = accurate(rows), accurate(rows[::-1])
    assert [(one.role, one.weight, one.mirrored) for one in there.embedders] == [
        ("embedding", 1.0, True),
        ("second_embedding", 0.7, False),
    ]
    assert (there.dimension, back.dimension) == (704, 704)
    assert there.digest != back.digest


def test_a_variant_that_the_pack_does_not_have_is_refused(tmp_path):
    """By name, with those that there are: never another one instead."""
    (tmp_path / MANIFEST).write_text(SHIPPED.replace("[pack.default.variant.accurate]", "[other]"))
    with pytest.raises(ModelRefused, match=r"no variant 'accurate'\. Known: fast"):
        describe_pack(tmp_path, "default", "accurate")


def test_tokens_and_reports_name_the_variant_and_an_acceptance_holds_for_both():
    """The bytes that run are the same: what was accepted stays accepted."""
    fast, accurate = (describe_pack(default_models_folder(), "default", name) for name in ("fast", "accurate"))
    assert fast.running == fast.spelled == accurate.spelled
    assert accurate.running == f"{fast.spelled}/accurate"
    require_accepted(accurate, frozenset({fast.spelled}), dev=False)


def test_a_folder_without_a_manifest_or_without_the_pack_is_refused(tmp_path, folder):
    """The message names the file, or the packs that there are."""
    with pytest.raises(ModelRefused, match="cannot be read"):
        load_pack(tmp_path, "default")
    with pytest.raises(ModelRefused, match="Known: default"):
        load_pack(folder, "buffalo_l")


def test_production_demands_acceptance_by_name_and_digest_for_our_own_pack_too():
    """A name alone, another pack's digest or an older digest are no acceptance; the refusal says what to set."""
    pack = describe_pack(default_models_folder(), "default")
    for accepted in (set(), {"default"}, {"default@"}, {"default@0123456789abcdef"}, {f"other@{pack.digest[:16]}"}):
        with pytest.raises(ModelRefused, match=f"IDVERIFY_ACCEPT_MODEL={pack.spelled}"):
            require_accepted(pack, frozenset(accepted), dev=False)
    require_accepted(pack, frozenset({pack.spelled}), dev=False)
    require_accepted(pack, frozenset({f"default@{pack.digest}"}), dev=False)
    require_accepted(pack, frozenset(), dev=True)


def test_only_a_verified_right_of_commercial_use_runs_without_acceptance():
    """`no` is refused like `unverified`: the operator may hold another licence, and then says so."""
    pack = describe_pack(default_models_folder(), "default")
    require_accepted(replace(pack, commercial_use="verified"), frozenset(), dev=False)
    with pytest.raises(ModelRefused, match="not granted"):
        require_accepted(replace(pack, commercial_use="no"), frozenset(), dev=False)


def test_the_models_are_found_in_a_wheel_and_in_a_checkout(tmp_path, monkeypatch):
    """A wheel has them inside the package; a checkout beside it."""
    package = tmp_path / "idverify"
    monkeypatch.setattr(manifest, "__file__", str(package / "inference" / "manifest.py"))
    assert default_models_folder() == tmp_path / "models"
    (package / "models").mkdir(parents=True)
    (package / "models" / MANIFEST).write_text("")
    assert default_models_folder() == package / "models"
