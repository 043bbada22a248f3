"""Packs that are added to an installation: the default pack with an embedder replaced, or with a second one beside it."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from idverify.errors import InvalidInput
from idverify.inference.manifest import (
    ACCURATE,
    MANIFEST,
    CommercialUse,
    Model,
    Pack,
    default_models_folder,
    load_pack,
    pack_names,
)


@dataclass(frozen=True, slots=True)
class Licence:
    """Of what is added, in words; whether it may be used commercially; where it is from."""

    words: str
    commercial_use: CommercialUse
    source: str


def demand_addable(name: str, models_dir: Path) -> None:
    """Raise InvalidInput where a pack of that name cannot be added to the folder."""
    if models_dir.resolve() == default_models_folder().resolve():
        raise InvalidInput("packs are not added to the folder that travels with idverify; name another with --models-dir")
    if (models_dir / MANIFEST).exists() and name in pack_names(models_dir):
        raise InvalidInput(f"{models_dir / MANIFEST} has a pack {name!r} already; remove it and its folder to add it anew")
    if (models_dir / name).exists():
        raise InvalidInput(f"{models_dir / name} is in the way; remove it to add the pack")


def install(
    name: str,
    models_dir: Path,
    added: Mapping[str, tuple[Model, bytes]],
    licence: Licence,
    accurate: Sequence[Mapping[str, Any]] = (),
) -> Pack:
    """Copy the models into a folder of their own, then name them in the manifest: the last, atomic step.

    The default pack's files are copied too, so that an upgrade of idverify never changes a pack that an operator accepted.
    added: by role, in place of the default pack's or beside them; accurate: the embedders of that variant, none for no variant.
    Raises InvalidInput as demand_addable does, OSError.
    """
    demand_addable(name, models_dir)
    base = load_pack(default_models_folder(), "default")
    models_dir.mkdir(parents=True, exist_ok=True)
    target = models_dir / name
    with tempfile.TemporaryDirectory(dir=models_dir, prefix=".adding-") as temporary:
        staged = Path(temporary) / name
        staged.mkdir()
        held = {role: (model, model.read()) for role, model in base.models.items()} | dict(added)
        models = {role: _placed(model, staged, data) for role, (model, data) in held.items()}
        shutil.copy(base.models["detection"].path.parent / "LICENSE", staged)
        manifest = models_dir / MANIFEST
        before = manifest.read_text(encoding="utf-8") if manifest.exists() else _PREAMBLE
        written = Path(temporary) / MANIFEST
        written.write_text(before + _described(name, models, base, licence, accurate), encoding="utf-8")
        os.replace(staged, target)
        try:
            os.replace(written, manifest)
        except OSError:
            shutil.rmtree(target)
            raise
    return load_pack(models_dir, name)


def _placed(model: Model, folder: Path, data: bytes) -> Model:
    path = folder / f"{model.role}.onnx"
    path.write_bytes(data)
    return replace(model, path=path, sha256=hashlib.sha256(data).hexdigest(), size=len(data))


_PREAMBLE = """# Model packs added to this installation, in the terms of the manifest that travels with idverify.
# Operating points: `idverify calibrate` makes them; IDVERIFY_POLICIES_FILE names its file.
"""


def _described(
    name: str, models: Mapping[str, Model], base: Pack, licence: Licence, accurate: Sequence[Mapping[str, Any]]
) -> str:
    """The pack as TOML. JSON's strings, numbers and arrays, as far as they occur here, are TOML's too."""
    lines = [
        f"\n[pack.{name}]",
        f"licence = {_toml(f'{licence.words}. The rest: {base.licence}')}",
        f"commercial_use = {_toml(licence.commercial_use)}",
        f"source = {_toml(f'{licence.source}; the rest: {base.spelled}')}",
    ]
    if accurate:
        rows = (", ".join(f"{key} = {_toml(value)}" for key, value in row.items()) for row in accurate)
        lines += [f"\n[pack.{name}.variant.{ACCURATE}]", "embedders = [", *(f"    {{ {row} }}," for row in rows), "]"]
    for role, model in models.items():
        taken = model.input
        lines += [
            f"\n[pack.{name}.model.{role}]",
            f"file = {_toml(f'{name}/{role}.onnx')}",
            f"sha256 = {_toml(model.sha256)}",
            f"size = {model.size}",
            f"licence = {_toml(model.licence)}",
            f"input = {{ name = {_toml(taken.name)}, shape = {_toml(taken.shape)}, colour = {_toml(taken.colour)}, "
            f"mean = {_toml(taken.mean)}, scale = {_toml(taken.scale)} }}",
            "output = [",
            *(
                f"    {{ name = {_toml(out.name)}, shape = {_toml(out.shape)}, meaning = {_toml(out.meaning)} }},"
                for out in model.outputs
            ),
            "]",
        ]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    return json.dumps(value)
