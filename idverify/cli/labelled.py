"""What the commands that measure labelled data sets have in common: acquisition, templates, the table of operating points."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from rich.table import Table

from idverify.acquisition import Acquirer
from idverify.api.app import Recogniser
from idverify.cli.progress import progress_bar
from idverify.evaluation.embeddings import Templates, embed
from idverify.evaluation.pairs import ImageName
from idverify.face.selection import FacesPolicy

# A label names one person of a photograph that may show several: in LFW the one in the middle. Where a service would ask for
# another photograph, the most prominent face is taken here, for the comparison is what is measured.
FACES: Final[FacesPolicy] = "most_prominent"


def labelled_templates(recogniser: Recogniser, images: Mapping[ImageName, Path], folder: Path) -> Templates:
    """Templates of all images, of the face that each label means, kept in the folder's cache; shows its progress."""
    acquirer = Acquirer(recogniser.engine, faces=FACES)
    with progress_bar("templates") as progress:
        return embed(images, acquirer, cache=folder / "cache", made_by=made_by(recogniser, FACES), progress=progress)


def made_by(recogniser: Recogniser, faces: str) -> str:
    """What names all that makes measurements, for their journal. faces: how the capture subject's face is chosen.

    Digests of model files do not say what is put into them: the manifest does, and whoever corrects a colour order there must
    not be shown the measurements of the wrong one.
    """
    engine = recogniser.engine
    given = [f"{role} {model.input}" for role, model in sorted(recogniser.pack.models.items())]
    return "\n".join([f"{engine.pack} {engine.variant.digest} {engine.provider} {faces}", *given])


def operating_points_table(points: Iterable[Mapping[str, Any]], title: str | None = None) -> Table:
    """The operating points of a report, a row each."""
    table = Table("target FMR", "threshold", "FMR", "at most", "FNMR", "95 %", box=None, header_style="dim", title=title)
    for point in points:
        if not point["supported"]:
            table.add_row(f"{point['target_fmr']:.0e}", point["note"])
            continue
        table.add_row(
            f"{point['target_fmr']:.0e}",
            f"{point['threshold']:.4f}",
            f"{point['fmr']:.2e}",
            f"{point['fmr_high']:.2e}",
            f"{point['fnmr']:.2%}",
            f"{point['fnmr_low']:.2%} to {point['fnmr_high']:.2%}",
        )
    return table
