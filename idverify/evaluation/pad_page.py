"""The page and the pictures of `idverify bench pad`, made of its report and its scores."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from idverify.evaluation.html import Headline, Page, Picture, Section, Table
from idverify.evaluation.pad import BONA_FIDE, Presentations, log_odds
from idverify.evaluation.pages import interval, provenance_of, rate
from idverify.evaluation.plots import Bar, Line, binned, det_plot, edges_for, histogram_plot, interval_plot, save

ODDS = "PAD score p as log10 of p / (1 - p)"


def pad_page(folder: Path, report: Mapping[str, Any], bona_fide: Presentations, attacks: Mapping[str, Presentations]) -> Page:
    """Draw the pictures into the folder, and describe the page."""
    worst = report["species"][report["worst_species"]]
    genuine = report["bona_fide"]
    return Page(
        title="Presentation-attack detection",
        headlines=[
            Headline(
                f"APCER of the worst species: {report['worst_species']}",
                rate(report["worst_apcer"]),
                f"{interval(worst['apcer_low'], worst['apcer_high'])} over presentations; at most "
                f"{rate(worst['apcer_high_people'])} over people",
                f"n = {worst['n']:,} presentations, {worst['people']:,} people",
            ),
            Headline(
                "BPCER",
                rate(report["bpcer"]),
                interval(report["bpcer_low"], report["bpcer_high"]),
                f"n = {genuine['n']:,} presentations, {genuine['people']:,} people",
            ),
        ],
        measured_on=[
            f"{genuine['presentations']:,} bona fide presentations of {genuine['people']:,} people, and "
            + "; ".join(f"{one['presentations']:,} of {name}" for name, one in report["species"].items())
            + ".",
            f"Threshold: {report['threshold_from']}.",
            f"Without a response: {_missing(genuine):,} bona fide presentations, counted as errors, and "
            f"{sum(_missing(one) for one in report['species'].values()):,} attacks, left out of APCER.",
        ],
        does_not_claim=[
            "Nothing about species that were not presented: each is a question of its own (ISO/IEC 30107-3).",
            "Nothing about injected images, which never pass before a camera.",
            "No mixture of APCER and BPCER: an average of both hides the species that gets through.",
            "Presentations of one person are alike. Where no error was seen among few people, the bound over people is the one "
            "to believe about people who were not there.",
        ],
        sections=[
            _species(folder, report),
            _scores(folder, report, bona_fide, attacks),
            _trade_off(folder, report, bona_fide, attacks),
        ],
        provenance=provenance_of(report),
    )


def _missing(found: Mapping[str, Any]) -> int:
    return int(found["failures_to_acquire"] + found["not_assessed"])


def _species(folder: Path, report: Mapping[str, Any]) -> Section:
    found = report["species"]
    bars = [Bar(f"{name} (n = {one['n']:,})", one["apcer"], one["apcer_low"], one["apcer_high"]) for name, one in found.items()]
    svg = save(interval_plot(bars, {}, label="attack presentation classification error rate (APCER)"), folder, "species")
    alt = "APCER with intervals: " + "; ".join(f"{bar.name}: {rate(bar.value)}, {interval(bar.low, bar.high)}" for bar in bars)
    rows = [
        [
            name, f"{one['n']:,}", f"{one['people']:,}", f"{one['errors']:,}", rate(one["apcer"]),
            interval(one["apcer_low"], one["apcer_high"]), rate(one["apcer_high_people"]), f"{one['auc']:.4f}",
        ]
        for name, one in found.items()
    ]  # fmt: skip
    genuine = report["bona_fide"]
    bpcer = rate(report["bpcer"]), interval(report["bpcer_low"], report["bpcer_high"])
    bona_fide = [BONA_FIDE, f"{genuine['n']:,}", f"{genuine['people']:,}", f"{genuine['errors']:,}", *bpcer]
    columns = ("species", "n", "people", "errors", "APCER", "APCER 95 %", "at most, over people", "AUC")
    tables = [
        Table("Attack presentations, by species; the worst governs", columns, rows),
        Table("Bona fide presentations", ("kind", "n", "people", "errors", "BPCER", "BPCER 95 %"), [bona_fide]),
        Table(
            "Non-responses: presentations without a PAD score (BPNRR and APNRR)",
            ("kind", "presentations", "not acquired", "not assessed", "rate"),
            [_non_responses(BONA_FIDE, genuine), *(_non_responses(name, one) for name, one in found.items())],
        ),
    ]
    caption = (
        "APCER by species, with 95 % intervals over presentations. A species of few presentations shows it by the width of its "
        "interval."
    )
    return Section("By species", (), [Picture("species", svg, alt, caption)], tables)


def _non_responses(name: str, found: Mapping[str, Any]) -> list[str]:
    counts = [f"{found[key]:,}" for key in ("presentations", "failures_to_acquire", "not_assessed")]
    return [name, *counts, rate(found["non_response_rate"])]


def _scores(folder: Path, report: Mapping[str, Any], bona_fide: Presentations, attacks: Mapping[str, Presentations]) -> Section:
    odds = {BONA_FIDE: log_odds(bona_fide.acquired)} | {name: log_odds(one.acquired) for name, one in attacks.items()}
    edges = edges_for(list(odds.values()))
    lines = {f"{value:.4f}": float(log_odds(np.array([value]))[0]) for value in report["thresholds"]}
    svg = save(histogram_plot({name: binned(one, edges) for name, one in odds.items()}, lines, label=ODDS), folder, "scores")
    alt = "Histogram of PAD scores: " + "; ".join(f"{name}: median log odds {np.median(one):.1f}" for name, one in odds.items())
    caption = "PAD scores, shares on a logarithmic axis; bona fide presentations to the right. Dashed: the thresholds."
    return Section("Scores", (), [Picture("scores", svg, alt, caption)])


def _trade_off(
    folder: Path, report: Mapping[str, Any], bona_fide: Presentations, attacks: Mapping[str, Presentations]
) -> Section:
    genuine = np.sort(np.nan_to_num(bona_fide.scores.astype(np.float64), nan=-np.inf))
    lines = []
    for name, one in attacks.items():
        scores = np.sort(one.acquired.astype(np.float64))
        thresholds = np.unique(np.concatenate([scores, genuine[np.isfinite(genuine)]]))
        passed = 1 - np.searchsorted(scores, thresholds, side="left") / scores.size
        lines.append(Line(name, passed, np.searchsorted(genuine, thresholds, side="left") / genuine.size))
    svg = save(det_plot(lines, labels=("APCER", "BPCER")), folder, "trade_off")
    rows = [[f"{row['threshold']:g}", rate(row["bpcer"]), rate(row["worst_apcer"])] for row in report["trade_off"]]
    alt = "BPCER over APCER by species on normal deviate axes; at fixed thresholds, the table below has the same figures."
    caption = (
        "BPCER over APCER as the threshold moves, on normal deviate axes. Grey line: where both are equal. Rates of zero are "
        "drawn at the edge."
    )
    words = "For whoever chooses a policy's minimum_pad. No threshold here was chosen by looking at these figures."
    table = Table("At fixed thresholds", ("threshold", "BPCER", "APCER of the worst species"), rows)
    return Section("Other thresholds", [words], [Picture("trade_off", svg, alt, caption)], [table])
