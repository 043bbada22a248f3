"""The page and the picture of `idverify bench attacks`, made of its report."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from idverify.evaluation.attacks.moves import LEAST_BEYOND
from idverify.evaluation.html import Headline, Page, Picture, Section, Table
from idverify.evaluation.pages import interval, provenance_of, rate
from idverify.evaluation.plots import Bar, interval_plot, save

SIMULATED = (
    "Camera, network, screen light, paper, screens and heads are simulated; the people are on video clips or photographs. No "
    "real telephone was held by anybody for these figures.",
    "Bona fide attempts are a clip's frames re-timed to the challenge: what the person does not do in the clip is not asked. "
    "Turning left and right is, of six people, done by two. The screen's light on a face is a reflectance model of matt skin.",
    "A clip lasts 3 to 34 seconds, and its pictures come back in a long session: where a loop was suspected in a bona fide "
    "attempt, that is a limit of the clip.",
    "The parameters of the attacks (idverify/evaluation/attacks/parameters.toml) were committed before these figures were "
    "made, and after the first thresholds were set.",
    "photo_held, photo_turned, photo_bent and synthetic_head show people of NUAA too, whose other session set thresholds.",
)
NOT_CLAIMED = (
    "No mask, no real screen replay and no real deepfake was available. Only `print` shows real attacks before a real camera.",
    "A handful of people: intervals over attempts say little about anybody else; the bound over people does.",
    "An informed attacker who sends frames without a camera has no target here: read those rows first.",
    "BPCER of clips under simulated light is no rate of a population.",
)
_COLUMNS = (
    "species",
    "n",
    "people",
    "APCER",
    "over attempts, 95 %",
    "over people, at most",
    "accepted (IAPAR)",
    "over attempts, 95 %",
    "over people, at most",
    "to review",
    "stopped by",
)


def attacks_page(folder: Path, report: Mapping[str, Any]) -> Page:
    """Draw the picture into the folder, and describe the page."""
    worst = report["species"][report["worst_species"]]
    value, over_attempts, over_people = _bounded(worst, "apcer")
    return Page(
        title="Attacks on live sessions",
        headlines=[
            Headline(
                f"APCER of the worst species: {report['worst_species']}",
                value,
                f"{over_attempts} over attempts, at most {over_people} over people",
                f"n = {worst['n']:,} attempts on {worst['people']:,} people",
            ),
            *_of_bona_fide(report),
        ],
        measured_on=[
            f"Profile {report['profile']}, head movement {_allowed(report['movement'])}, flashing light "
            f"{_allowed(report['flashing'])}; {report['people']}. An attempt is a (person's clip or photographs, seed); "
            f"intervals cluster by person. Made {report['transport']}.",
            *SIMULATED,
        ],
        does_not_claim=list(NOT_CLAIMED),
        sections=[*_species(folder, report), *_bona_fide(report)],
        provenance=provenance_of(report),
    )


def bona_fide_words(report: Mapping[str, Any]) -> str:
    """BPCER as it is to be given: never as a rate of a population."""
    genuine = report["bona_fide"]
    return f"{genuine['errors']} of {genuine['n']} attempts by {genuine['people']} people, simulated light"


def _of_bona_fide(report: Mapping[str, Any]) -> list[Headline]:
    if report["bona_fide"] is None:
        return []
    value, attempts, people = _bounded(report, "bpcer")
    return [Headline("BPCER", value, f"{attempts} over attempts, at most {people} over people", bona_fide_words(report))]


def _species(folder: Path, report: Mapping[str, Any]) -> list[Section]:
    found: Mapping[str, Any] = report["species"]
    bars = [Bar(name, one["apcer"], one["apcer_low"], one["apcer_high"]) for name, one in found.items()]
    svg = save(interval_plot(bars, {}, label="APCER"), folder, "species")
    alt = "APCER by species with 95 % intervals; the tables below have the same figures."
    picture = Picture("species", svg, alt, "APCER by species, with 95 % intervals over attempts.")
    groups = (
        ("Injected and protocol species, informed: no target", "informed", "These stand first because they are what remains."),
        (
            "Presentation species",
            "presented",
            "Target: APCER of at most 5 %, of `print` at most 1 %, at a BPCER of at most 5 %.",
        ),
        ("Injected and protocol species, naive", "naive", "Target: none accepted."),
    )
    sections: list[Section] = []
    for heading, strength, words in groups:
        chosen = {name: one for name, one in found.items() if one["strength"] == strength}
        if chosen:
            remarks = [f"{name}: {one['remark']}." for name, one in chosen.items() if one["remark"]]
            aucs = [f"{name} {one['auc']:.3f}" for name, one in chosen.items() if one["auc"] is not None]
            remarks += [f"AUC of PAD alone against the bona fide: {', '.join(aucs)}."] if aucs else []
            table = Table(heading, _COLUMNS, [_row(name, one) for name, one in chosen.items()])
            pictures = [] if sections else [picture]
            sections.append(Section(heading, [words, *remarks], pictures, [table, _described(chosen)]))
    return sections


def _row(name: str, one: Mapping[str, Any]) -> list[str]:
    apcer, iapar = (_bounded(one, kind) for kind in ("apcer", "iapar"))
    accepted = f"{one['iapar_errors']:,} ({iapar[0]})"
    counts = [f"{one['n']:,}", f"{one['people']:,}"]
    return [name, *counts, *apcer, accepted, *iapar[1:], f"{one['review']:,}", causes(one["stopped_by"])]


def _bounded(one: Mapping[str, Any], kind: str) -> list[str]:
    """The rate, its interval over attempts, and its bound over people."""
    return [rate(one[kind]), interval(one[f"{kind}_low"], one[f"{kind}_high"]), rate(one[f"{kind}_high_people"])]


def causes(found: Mapping[str, int], most: int = 4) -> str:
    """The most frequent causes with their counts; an attempt may have several."""
    shown = [f"{name} {count:,}" for name, count in list(found.items())[:most]]
    rest = len(found) - most
    return "; ".join(shown) + (f"; {rest} more" if rest > 0 else "") or "nothing"


def _described(chosen: Mapping[str, Any]) -> Table:
    return Table("What each is", ("species", "what is shown or sent"), [[name, one["words"]] for name, one in chosen.items()])


def _bona_fide(report: Mapping[str, Any]) -> Sequence[Section]:
    genuine = report["bona_fide"]
    if genuine is None:
        return []
    rows = [
        [person, f"{one['n']:,}", f"{one['passed_over']:,}", f"{one['errors']:,}", causes(one["causes"])]
        for person, one in genuine["by_person"].items()
    ]
    words = [
        f"Not approved: {bona_fide_words(report)}; {genuine['review']:,} of them are a reviewer's case.",
        "Challenges: " + ", ".join(f"{count:,} {kind}" for kind, count in genuine["challenges"].items()) + ".",
    ]
    words.append(
        f"{genuine['passed_over']:,} further challenges were drawn and not asked, since the person's clip has no such movement "
        f"with the {LEAST_BEYOND} degrees to spare that people go beyond what they are asked for: no "
        "attempts, for or against."
    )
    if genuine["not_simulated"]:
        words.append(f"{genuine['not_simulated']:,} attempts could not be simulated: the clip has none of what was asked.")
    table = Table("Bona fide attempts by person", ("person", "n", "challenges not asked", "not approved", "causes"), rows)
    return [Section("Bona fide", words, (), [table])]


def _allowed(allowed: bool) -> str:
    return "allowed" if allowed else "not allowed"
