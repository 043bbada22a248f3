"""The manifest of a models folder: what each model file is, whose it is, what it takes and gives, and its SHA-256.

A pack is seven models, one a role; two roles may share a file. Nothing runs whose bytes differ from the manifest, and in
production nothing runs whose commercial use is not verified unless the operator accepted it by name and digest.
"""

import hashlib
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from idverify.errors import ModelRefused
from idverify.values import EmbeddingContract

ROLES = ("detection", "coarse_detection", "landmarks", "embedding", "pad", "pose", "eyes")
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
    """The models of one name. policies: raw `[[policy]]` tables of the manifest, for decision.policy.policies_from."""

    name: str
    folder: Path
    models: Mapping[str, Model]
    licence: str
    commercial_use: CommercialUse
    policies: list[dict[str, Any]]

    @property
    def digest(self) -> str:
        """SHA-256, hex, over one line `role sha256` a model, sorted."""
        lines = sorted(f"{role} {model.sha256}\n" for role, model in self.models.items())
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @property
    def spelled(self) -> str:
        """NAME@DIGEST with the digest's first 16 hex digits, as tokens, reports and IDVERIFY_ACCEPT_MODEL spell it."""
        return f"{self.name}@{self.digest[:16]}"

    @property
    def embedding_contract(self) -> EmbeddingContract:
        """How aligned faces become the embedder's input, and the length of what comes out."""
        model = self.models["embedding"]
        taken = model.input
        return EmbeddingContract(
            colour=cast(Literal["BGR", "RGB"], taken.colour),
            mean=taken.mean[0],
            scale=taken.scale[0],
            size=taken.shape[1],
            dimension=model.outputs[0].shape[0],
        )


def default_models_folder() -> Path:
    """The folder of the models that travel with idverify: in the wheel, or beside the package in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "models"
    return inside if (inside / MANIFEST).is_file() else package.parent / "models"


def pack_names(folder: Path) -> tuple[str, ...]:
    """Names of the packs in the folder's manifest, in its order. Raises ModelRefused."""
    return tuple(_tables(_document(folder), "pack"))


def load_pack(folder: Path, name: str) -> Pack:
    """The pack of that name, each of its files read and found to have the manifest's SHA-256. Raises ModelRefused."""
    pack = describe_pack(folder, name)
    for model in pack.models.values():
        model.read()
    return pack


def describe_pack(folder: Path, name: str) -> Pack:
    """The pack as the manifest states it; its files were not looked at. Raises ModelRefused."""
    document = _document(folder)
    packs = _tables(document, "pack")
    if name not in packs:
        raise ModelRefused(f"no pack named {name!r} in {folder / MANIFEST}. Known: {', '.join(sorted(packs)) or 'none'}")
    try:
        return _pack(folder, name, packs[name], document)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise ModelRefused(f"{folder / MANIFEST}: pack {name!r}: {type(error).__name__}: {error}") from error


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
    if set(table["model"]) != set(ROLES):
        raise ValueError(f"a pack has exactly the roles {', '.join(ROLES)}")
    models = {role: _model(folder, role, table["model"][role]) for role in ROLES}
    _demand_embedder(models["embedding"])
    return Pack(
        name=name,
        folder=folder,
        models=models,
        licence=str(table["licence"]),
        commercial_use=table["commercial_use"],
        policies=[dict(row) for row in document.get("policy", [])],
    )


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


def _demand_embedder(model: Model) -> None:
    contract = model.input
    square = len(contract.shape) == 3 and contract.shape[1] == contract.shape[2]
    if not square or contract.colour == "grey" or len(contract.mean) != 1 or len(contract.scale) != 1:
        raise ValueError("embedding: takes one square colour image with one mean and one scale")
    if len(model.outputs) != 1 or len(model.outputs[0].shape) != 1:
        raise ValueError("embedding: gives one vector")
