"""`idverify models list | verify | add`: which models are there, whether they are what they claim, and other packs."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.markup import escape
from rich.table import Table

from idverify.cli.output import AsJson, console, emit, stdout
from idverify.config import default_provider
from idverify.errors import InvalidInput
from idverify.inference.manifest import MANIFEST, Pack, default_models_folder, describe_pack, load_pack, pack_names
from idverify.values import Variant

app = typer.Typer(
    no_args_is_help=True,
    help="Model packs: list them, check them against their manifest, add one of InsightFace's.",
    rich_markup_mode="rich",
)

ModelsDir = Annotated[
    Path | None,
    typer.Option(
        "--models-dir",
        help="folder of added packs",
        envvar="IDVERIFY_MODELS_DIR",
        show_default="./models-added",
    ),
]
ADDED = Path("models-added")


@app.command("list")
def list_packs(models_dir: ModelsDir = None, as_json: AsJson = False) -> None:
    """Every pack: models, digests, licence, commercial use, operating points. Files are not read; `verify` does that.

    Example: idverify models list

    Example: idverify models list --models-dir ./models-added --json
    """
    packs = [describe_pack(folder, name) for folder, name in _packs(models_dir)]
    emit({"packs": [_described(pack) for pack in packs]}, as_json=as_json, table=lambda: _print_packs(packs))


@app.command()
def verify(
    models_dir: ModelsDir = None,
    provider: Annotated[
        str | None,
        typer.Option(
            help="openvino, openvino-f32, cpu, cuda, tensorrt, coreml or directml; never replaced by another",
            envvar="IDVERIFY_PROVIDER",
            show_default="what this machine's service runs",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hash every file, load every model, run each once on zeros, on what the service runs them on; name variants and policies.

    Example: idverify models verify

    Example: idverify models verify --models-dir ./models-added --json

    Exit codes: 0 all are what they claim, 4 one is not (model_refused), or does not run.
    """
    rows: list[dict[str, Any]] = []
    variants: list[dict[str, Any]] = []
    asked = running = provider or default_provider()
    for folder, name in _packs(models_dir):
        pack, running, milliseconds = _tried(folder, name, asked)
        variants += [{"pack": pack.spelled, **row} for row in _variants(pack)]
        rows += [
            {"pack": pack.spelled, "role": role, "sha256": model.sha256, "milliseconds": round(milliseconds[role], 2)}
            for role, model in pack.models.items()
        ]

    def table() -> None:
        _print_rows(rows, ("pack", "role", "sha256", "milliseconds"))
        _print_rows(variants, ("pack", "variant", "digest", "policies"))
        stdout.print(f"{len(rows)} models are those of their manifests and run on {running}.")

    emit({"verified": True, "provider": running, "models": rows, "variants": variants}, as_json=as_json, table=table)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="buffalo_l, buffalo_m, buffalo_s, buffalo_sc or antelopev2")],
    source: Annotated[
        Path | None, typer.Option("--from", help="the unpacked pack; without it, insightface downloads it", file_okay=False)
    ] = None,
    models_dir: ModelsDir = None,
    as_json: AsJson = False,
) -> None:
    """Add an InsightFace pack (non-commercial research only): its embedder replaces the default one, the other models stay.

    It comes without operating points. Use it with IDVERIFY_MODELS_DIR and IDVERIFY_PACK, and run `idverify calibrate` first.

    Example: idverify models add buffalo_l --from ~/Downloads/buffalo_l

    Exit codes: 0 added, 3 the name or the folder cannot be used, 4 the download failed. Nothing is ever half-written.
    """
    from idverify.inference.insightface_packs import LICENCE, add_pack

    if source is not None and not source.is_dir():
        raise InvalidInput(f"{source} is not a folder")
    folder = models_dir or ADDED
    pack = add_pack(name, folder, source)
    result = {
        "pack": pack.spelled,
        "models_dir": str(folder),
        "embedding_sha256": pack.models["embedding"].sha256,
        "licence": LICENCE,
        "commercial_use": pack.commercial_use,
        "operating_points": 0,
    }

    def table() -> None:
        stdout.print(f"Added [bold]{pack.spelled}[/bold] to {escape(str(folder))}. Licence: {LICENCE}.")
        stdout.print("Only its embedder runs; detection, landmarks, PAD, pose and eyes are the default pack's.")
        stdout.print("It has no operating points yet: run `idverify calibrate` with it before it decides anything. To use it:")
        stdout.print(f"  IDVERIFY_MODELS_DIR={escape(str(folder))} IDVERIFY_PACK={name} IDVERIFY_ACCEPT_MODEL={pack.spelled}")

    emit(result, as_json=as_json, table=table)


def _packs(models_dir: Path | None) -> Iterator[tuple[Path, str]]:
    """Folder and name of the packs that travel with idverify, then of the added ones where there are any."""
    shipped = default_models_folder()
    yield from ((shipped, name) for name in pack_names(shipped))
    added = models_dir or ADDED
    if added.resolve() != shipped.resolve() and (models_dir is not None or (added / MANIFEST).exists()):
        yield from ((added, name) for name in pack_names(added))


def _tried(folder: Path, name: str, provider: str) -> tuple[Pack, str, dict[str, float]]:
    """The pack, what runs it, and the milliseconds of one run of each model after a first."""
    from idverify.api.app import load_engine

    console.print(f"{name}: hashing, loading, running on {provider}...")
    pack = load_pack(folder, name)
    engine = load_engine(pack, provider)
    milliseconds: dict[str, float] = {}
    for role, model in pack.models.items():
        batch = np.zeros((1, *model.input.shape), dtype=np.float32)
        started = time.perf_counter()
        engine.run(role, batch)
        milliseconds[role] = 1000 * (time.perf_counter() - started)
    return pack, engine.provider, milliseconds


def _described(pack: Pack) -> dict[str, Any]:
    return {
        "name": pack.name,
        "pack": pack.spelled,
        "digest": pack.digest,
        "folder": str(pack.folder),
        "licence": pack.licence,
        "commercial_use": pack.commercial_use,
        "models": [
            {
                "role": role,
                "file": os.path.relpath(model.path, pack.folder.resolve()),
                "sha256": model.sha256,
                "size": model.size,
                "licence": model.licence,
            }
            for role, model in pack.models.items()
        ],
        "variants": _variants(pack),
        "policies": [row for variant in pack.variants.values() for row in _policies(pack, variant)],
    }


def _policies(pack: Pack, variant: Variant) -> list[dict[str, Any]]:
    """The operating points that hold for the variant."""
    return [row for row in pack.policies if row.get("model_digest") == variant.digest]


def _variants(pack: Pack) -> list[dict[str, Any]]:
    """Each variant: what makes its templates, and how many operating points it has."""
    return [
        {
            "variant": variant.name,
            "digest": variant.digest,
            "dimension": variant.dimension,
            "embedders": [
                {"role": embedder.role, "weight": embedder.weight, "mirrored": embedder.mirrored}
                for embedder in variant.embedders
            ],
            "policies": len(_policies(pack, variant)),
        }
        for variant in pack.variants.values()
    ]


def _print_packs(packs: list[Pack]) -> None:
    for pack in packs:
        stdout.print(f"\n[bold]{pack.spelled}[/bold]  commercial use: {pack.commercial_use}")
        stdout.print(f"licence: {escape(pack.licence)}")
        if pack.commercial_use != "verified":
            stdout.print(f"to run it in production: IDVERIFY_ACCEPT_MODEL={pack.spelled}")
        _print_rows(_described(pack)["models"], ("role", "file", "sha256", "size"))
        for variant in pack.variants.values():
            _print_policies(variant, _policies(pack, variant))
        for words in dict.fromkeys(str(row.get("calibrated_on", "")) for row in _described(pack)["policies"]):
            stdout.print(f"calibrated on: {escape(words)}")


def _print_policies(variant: Variant, policies: list[dict[str, Any]]) -> None:
    views = ", ".join(
        f"{embedder.role} x {embedder.weight:g}" + " and mirrored" * embedder.mirrored for embedder in variant.embedders
    )
    stdout.print(f"variant [bold]{variant.name}[/bold] ({views}), digest {variant.digest}")
    if not policies:
        stdout.print(f"no operating points: run `idverify calibrate` with IDVERIFY_VARIANT={variant.name}")
        return
    shown = [{name: f"{value:.3g}" if isinstance(value, float) else value for name, value in row.items()} for row in policies]
    _print_rows(shown, ("name", "threshold", "target_fmr", "fmr_high", "fnmr", "n_non_mated"))


def _print_rows(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(str(row.get(column, ""))) for column in columns))
    stdout.print(table)
