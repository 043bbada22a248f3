"""The manifest of a models folder: what each model file is, whose it is, what it takes and gives, and its SHA-256.

A pack is seven models, one a role, and maybe a second embedder; two roles may share a file. Its variants say which embedders
make a template: `fast` is the first one alone, `accurate` is what the manifest states. Nothing runs whose bytes differ from the
manifest, and in production nothing whose commercial use is not verified unless the operator accepted it by name and digest.
"""

import hashlib
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from idverify.errors import ModelRefused
from idverify.values import Embedder, EmbeddingContract, Variant

ROLES = ("detection", "coarse_detection", "landmarks", "embedding", "pad", "pose", "eyes")
EMBEDDERS = ("embedding", "second_embedding")
OPTIONAL_ROLES = frozenset(EMBEDDERS) - frozenset(ROLES)
FAST, ACCURATE = ("fast", "accurate")
MANIFEST = "manifest.toml"
CommercialUse = Literal["verified", "unverified", "no"]
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_LARGEST = 2**31  # bytes of one model file: the most that ONNX holds in one file
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMERCIAL_USES = ("verified", "unverified", "no")
_COLOURS = ("BGR", "RGB", "grey")


@dataclass(frozen=True, slots=True)
class Input:
    """What a model takes: float32 (n, *shape), planes in the order of `colour`, each (pixel - mean) / scale with pixel 0..255.

    mean and scale: one number for all planes, or one a plane.
    """

    name: str
    shape: tuple[int, ...]
    colour: Literal["BGR", "RGB", "grey"]
    mean: tuple[float, ...]
    scale: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Output:
    """What a model gives: float32 (n, *shape)."""

    name: str
    shape: tuple[int, ...]
    meaning: str


@dataclass(frozen=True, slots=True)
class Model:
    """One model file under its contract. size: bytes. licence: as its publisher declares it."""

    role: str
    path: Path
    sha256: str
    size: int
    licence: str
    input: Input
    outputs: tuple[Output, ...]

    def read(self) -> bytes:
        """The file's bytes, read once and found to be those of the manifest; run these, never the path again.

        Raises ModelRefused.
        """
        try:
            with self.path.open("rb") as file:
                data = file.read(self.size + 1)
        except OSError as error:
            raise ModelRefused(f"{self.role}: {self.path.name} cannot be read: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise ModelRefused(f"{self.role}: {self.path.name} is not the file of the manifest (its SHA-256 differs)")
        return data


@dataclass(frozen=True, slots=True)
class Pack:
    """The models of one name.

    variants: by name, `fast` always among them; variant: the one that runs. policies: raw `[[policy]]` tables of the manifest,
    for decision.policy.policies_from.
    """

    name: str
    folder: Path
    models: Mapping[str, Model]
    licence: str
    commercial_use: CommercialUse
    policies: list[dict[str, Any]]
    variants: Mapping[str, Variant]
    variant: Variant

    @property
    def digest(self) -> str:
        """SHA-256, hex, over one line `role sha256` a model, sorted."""
        lines = sorted(f"{role} {model.sha256}\n" for role, model in self.models.items())
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @property
    def spelled(self) -> str:
        """NAME@DIGEST with the digest's first 16 hex digits, as IDVERIFY_ACCEPT_MODEL spells it: whichever variant runs."""
        return f"{self.name}@{self.digest[:16]}"

    @property
    def running(self) -> str:
        """The pack and its running variant, as tokens and reports spell it: NAME@DIGEST, and /VARIANT for any but `fast`."""
        return self.spelled if self.variant.name == FAST else f"{self.spelled}/{self.variant.name}"


def default_models_folder() -> Path:
    """The folder of the models that travel with idverify: in the wheel, or beside the package in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "models"
    return inside if (inside / MANIFEST).is_file() else package.parent / "models"


def pack_names(folder: Path) -> tuple[str, ...]:
    """Names of the packs in the folder's manifest, in its order. Raises ModelRefused."""
    return tuple(_tables(_document(folder), "pack"))


def load_pack(folder: Path, name: str, variant: str = FAST) -> Pack:
    """The pack of that name, each of its files read and found to have the manifest's SHA-256. Raises ModelRefused."""
    pack = describe_pack(folder, name, variant)
    for model in pack.models.values():
        model.read()
    return pack


def describe_pack(folder: Path, name: str, variant: str = FAST) -> Pack:
    """The pack as the manifest states it, to run in this variant; its files were not looked at. Raises ModelRefused."""
    document = _document(folder)
    packs = _tables(document, "pack")
    if name not in packs:
        raise ModelRefused(f"no pack named {name!r} in {folder / MANIFEST}. Known: {', '.join(sorted(packs)) or 'none'}")
    try:
        pack = _pack(folder, name, packs[name], document)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise ModelRefused(f"{folder / MANIFEST}: pack {name!r}: {type(error).__name__}: {error}") from error
    if variant not in pack.variants:
        raise ModelRefused(f"pack {name!r} has no variant {variant!r}. Known: {', '.join(pack.variants)}")
    return replace(pack, variant=pack.variants[variant])


def require_accepted(pack: Pack, accepted: frozenset[str], dev: bool) -> None:
    """Refuse, in production, a pack whose commercial use is not verified and which the operator did not accept.

    accepted: NAME@DIGEST as `pack.spelled` has it, or with the whole digest. Raises ModelRefused telling what to set.
    """
    if dev or pack.commercial_use == "verified" or accepted & {pack.spelled, f"{pack.name}@{pack.digest}"}:
        return
    raise ModelRefused(
        f"the right to use model pack {pack.name!r} commercially is {_SAYS[pack.commercial_use]} (licence: {pack.licence}). "
        f"Read its cards; to run it in production all the same, set IDVERIFY_ACCEPT_MODEL={pack.spelled}"
    )


_SAYS = {"unverified": "not verified", "no": "not granted"}


def _document(folder: Path) -> dict[str, Any]:
    try:
        return tomllib.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelRefused(f"{folder / MANIFEST} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ModelRefused(f"{folder / MANIFEST} is not TOML: {error}") from error


def _tables(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    tables = document.get(key, {})
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise ModelRefused(f"the manifest's [{key}] is not a table of tables")
    return tables


def _pack(folder: Path, name: str, table: Mapping[str, Any], document: Mapping[str, Any]) -> Pack:
    if not _NAME.fullmatch(name):
        raise ValueError("a pack's name is lower-case letters, digits, '_' and '-'")
    if table["commercial_use"] not in _COMMERCIAL_USES:
        raise ValueError(f"commercial_use is one of {', '.join(_COMMERCIAL_USES)}")
    if set(table["model"]) - OPTIONAL_ROLES != set(ROLES):
        raise ValueError(f"a pack has the roles {', '.join(ROLES)}, and may have {', '.join(OPTIONAL_ROLES)}")
    models = {role: _model(folder, role, table["model"][role]) for role in (*ROLES, *OPTIONAL_ROLES) if role in table["model"]}
    variants = {FAST: _variant(FAST, [{"role": "embedding"}], models)}
    if stated := table.get("variant", {}):
        if set(stated) != {ACCURATE}:
            raise ValueError(f"a manifest states the variant {ACCURATE!r} alone; {FAST!r} is the first embedder")
        variants[ACCURATE] = _variant(ACCURATE, stated[ACCURATE]["embedders"], models)
    return Pack(
        name=name,
        folder=folder,
        models=models,
        licence=str(table["licence"]),
        commercial_use=table["commercial_use"],
        policies=[dict(row) for row in document.get("policy", [])],
        variants=variants,
        variant=variants[FAST],
    )


def _variant(name: str, rows: list[Mapping[str, Any]], models: Mapping[str, Model]) -> Variant:
    """The variant of these embedders.

    Its digest is over one line an embedder, in order: `sha256 weight mirrored|plain colour mean scale size`. What is put into a
    model makes its vectors as its weights do: with another colour order nothing that was measured or enrolled before holds.
    """
    embedders = tuple(_embedder(row, models) for row in rows)
    roles = [embedder.role for embedder in embedders]
    if not roles or len(set(roles)) != len(roles):
        raise ValueError(f"variant {name}: one or more embedders, each once")
    lines = [f"{models[embedder.role].sha256} {_spelled(embedder)}\n" for embedder in embedders]
    return Variant(name, hashlib.sha256("".join(lines).encode()).hexdigest(), embedders)


def _spelled(embedder: Embedder) -> str:
    taken = embedder.contract
    views = "mirrored" if embedder.mirrored else "plain"
    return f"{embedder.weight!r} {views} {taken.colour} {taken.mean!r} {taken.scale!r} {taken.size}"


def _embedder(row: Mapping[str, Any], models: Mapping[str, Model]) -> Embedder:
    unknown = set(row) - {"role", "weight", "mirrored"}
    role, weight, mirrored = row["role"], row.get("weight", 1.0), row.get("mirrored", False)
    if unknown or role not in EMBEDDERS or role not in models:
        raise ValueError(f"a variant's embedder is a role of the pack among {', '.join(EMBEDDERS)}, with weight and mirrored")
    if type(weight) not in {int, float} or not 0 < weight <= 100 or type(mirrored) is not bool:
        raise ValueError(f"{role}: a weight is above 0, at most 100, and mirrored is true or false")
    return Embedder(role, _embedding_contract(models[role]), float(weight), mirrored)


def _model(folder: Path, role: str, table: Mapping[str, Any]) -> Model:
    if not _SHA256.fullmatch(table["sha256"]):
        raise ValueError(f"{role}: sha256 is 64 lower-case hexadecimal digits")
    size = int(table["size"])
    if not 0 < size <= _LARGEST:
        raise ValueError(f"{role}: size is 1 to {_LARGEST} bytes")
    taken = table["input"]
    contract = Input(
        name=str(taken["name"]),
        shape=_shape(taken["shape"]),
        colour=taken["colour"],
        mean=tuple(float(value) for value in taken["mean"]),
        scale=tuple(float(value) for value in taken["scale"]),
    )
    if contract.colour not in _COLOURS:
        raise ValueError(f"{role}: colour is one of {', '.join(_COLOURS)}")
    planes = contract.shape[0]
    if planes != (1 if contract.colour == "grey" else 3) or {len(contract.mean), len(contract.scale)} - {1, planes}:
        raise ValueError(f"{role}: shape, colour, mean and scale do not agree")
    if not all(map(math.isfinite, contract.mean + contract.scale)) or min(contract.scale) <= 0:
        raise ValueError(f"{role}: mean and scale are finite, and a scale is positive")
    return Model(
        role=role,
        path=_inside(folder, str(table["file"])),
        sha256=table["sha256"],
        size=size,
        licence=str(table["licence"]),
        input=contract,
        outputs=tuple(Output(str(out["name"]), _shape(out["shape"]), str(out["meaning"])) for out in table["output"]),
    )


def _shape(sizes: list[int]) -> tuple[int, ...]:
    shape = tuple(int(size) for size in sizes)
    if not shape or min(shape) < 1:
        raise ValueError(f"a shape is positive sizes without the batch axis, not {sizes}")
    return shape


def _inside(folder: Path, name: str) -> Path:
    """The file below the folder, links followed: a manifest reaches no other file of the machine."""
    root = folder.resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise ValueError(f"{name!r} lies outside the models folder")
    return path


def _embedding_contract(model: Model) -> EmbeddingContract:
    """How aligned faces become the embedder's input, and the length of what comes out. Raises ValueError."""
    taken = model.input
    square = len(taken.shape) == 3 and taken.shape[1] == taken.shape[2]
    if not square or taken.colour == "grey" or len(taken.mean) != 1 or len(taken.scale) != 1:
        raise ValueError(f"{model.role}: takes one square colour image with one mean and one scale")
    if len(model.outputs) != 1 or len(model.outputs[0].shape) != 1:
        raise ValueError(f"{model.role}: gives one vector")
    return EmbeddingContract(taken.colour, taken.mean[0], taken.scale[0], taken.shape[1], model.outputs[0].shape[0])
