"""report.html: one file that needs nothing else. No script, no font, no address is loaded; pictures are SVG within it.

Whatever a page shows may come from a stranger (names of files, people, groups, species): the template escapes all of it, and
matplotlib escapes what stands in pictures.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from idverify.evaluation.plots import GRID, INK, SERIES

_VARIABLES = {INK: "--ink", GRID: "--grid"} | {colour: f"--series-{number}" for number, colour in enumerate(SERIES, start=1)}


@dataclass(frozen=True, slots=True)
class Headline:
    """The figure that a reader takes along. interval: in words; n: what it was counted on."""

    label: str
    value: str
    interval: str
    n: str


@dataclass(frozen=True, slots=True)
class Table:
    """caption: says what it holds; rows: cells as text, the first of each names the row."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Picture:
    """name: of its files beside the page; svg: as plots.save returns it; alt: what it shows, for whoever cannot see it."""

    name: str
    svg: str
    alt: str
    caption: str


@dataclass(frozen=True, slots=True)
class Section:
    """One heading, and what stands below it, in this order."""

    heading: str
    paragraphs: Sequence[str] = ()
    pictures: Sequence[Picture] = ()
    tables: Sequence[Table] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One report. measured_on, does_not_claim: sentences that stand beside the headlines."""

    title: str
    headlines: Sequence[Headline]
    measured_on: Sequence[str]
    does_not_claim: Sequence[str]
    sections: Sequence[Section]
    provenance: Mapping[str, Any]


def write_page(folder: Path, page: Page) -> Path:
    """Write report.html whole or not at all, and return its path."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("idverify.evaluation", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["tied"] = _tied
    text = environment.get_template("report.html").render(page=page, inline=_inline, facts=_facts(page.provenance))
    path, partial = folder / "report.html", folder / ".report.html.partial"
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    return path


def _tied(text: str) -> str:
    """No line ends between a number and its sign for per cent."""
    return re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", text)


def _inline(picture: Picture) -> Markup:
    """The picture as part of a page: identifiers of its own, the page's colours and fonts, and a description."""
    body = picture.svg[picture.svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", body, flags=re.DOTALL)  # the page has its own style
    body = re.sub(r'\b(id="|url\(#|href="#)', rf"\g<1>{picture.name}-", body)
    for colour, variable in _VARIABLES.items():
        body = body.replace(colour, f"var({variable})")
    body = re.sub(r"font: ([^;\"]*?)'DejaVu Sans'[^;\"]*", r"font: \1var(--text)", body)
    box = re.search(r'viewBox="([-0-9. ]*)"', body)
    described = Markup('<svg viewBox="{0}" role="img" aria-labelledby="{1}-alt"><title id="{1}-alt">{2}</title>').format(
        box.group(1) if box else "", picture.name, picture.alt
    )
    return described + Markup(body[body.index(">") + 1 :])  # noqa: S704 (matplotlib's own markup: it escapes the names in it)


def _facts(provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Provenance as lines of name and value; what is nested gets a line each."""
    lines: list[tuple[str, str]] = []
    for name, value in provenance.items():
        if isinstance(value, Mapping):
            lines += [(f"{name}: {key}", _spelled(entry)) for key, entry in value.items()]
        else:
            lines.append((name.replace("_", " "), _spelled(value)))
    return lines


def _spelled(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(entry) for entry in value) or "none known"
    return "unknown" if value is None else str(value)
