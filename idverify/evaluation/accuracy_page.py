"""The page and the pictures of `idverify bench accuracy`, made of its report."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idverify.evaluation.html import Headline, Page, Picture, Section, Table
from idverify.evaluation.pages import interval, provenance_of, rate, target
from idverify.evaluation.plots import Bar, Line, Mark, det_plot, histogram_plot, interval_plot, percent, save

Histograms = Mapping[str, tuple[NDArray[np.float64], NDArray[np.integer]]]


def accuracy_page(folder: Path, report: Mapping[str, Any], histograms: Histograms) -> Page:
    """Draw the pictures into the folder, and describe the page. histograms: of mated and non-mated scores, (edges, counts)."""
    sections = [_points(folder, report)]
    if report["references"] is not None:
        sections.append(_references(report))
    sections.append(_scores(folder, report, histograms))
    if report["quality"] is not None:
        sections.append(_quality(folder, report))
    sections += [_groups(folder, number, report, found) for number, found in enumerate(report["groups"], start=1)]
    sections.append(_acquisition(report))
    return Page(
        title=_title(report),
        headlines=_headlines(report),
        measured_on=_measured_on(report),
        does_not_claim=_does_not_claim(report),
        sections=sections,
        provenance=provenance_of(report),
    )


def _headlines(report: Mapping[str, Any]) -> list[Headline]:
    accuracy = report["accuracy"]
    found = [
        Headline(
            "Accuracy, threshold from " + accuracy["threshold_from"],
            rate(accuracy["mean"]),
            f"{interval(accuracy['low'], accuracy['high'])}; standard error {rate(accuracy['standard_error'])}",
            f"n = {accuracy['n']:,} pairs of the list",
        )
    ]
    supported = [point for point in report["operating_points"] if point["supported"]]
    if supported:
        point = min(supported, key=lambda one: (one["target_fmr"] < 1e-4, abs(np.log(one["target_fmr"] / 1e-4))))
        n = f"n = {report['n_mated']:,} mated, {report['n_non_mated']:,} non-mated"
        words = f"{interval(point['fnmr_low'], point['fnmr_high'])}; FMR at most {rate(point['fmr_high'])}"
        found.append(Headline(f"FNMR at FMR {target(point['target_fmr'])}", rate(point["fnmr"]), words, n))
    words = interval(report["eer_low"], report["eer_high"])
    found.append(Headline("Equal error rate", rate(report["eer"]), words, f"{report['people']:,} people"))
    return found


def _measured_on(report: Mapping[str, Any]) -> list[str]:
    return [
        f"{report['n_mated']:,} mated and {report['n_non_mated']:,} non-mated comparisons, {report['protocol']}, of "
        f"{report['people']:,} people: {report['pairs_of_people']:,} pairs of two people, which is what supports a low FMR.",
        _acquired(report),
        f"Face of a photograph: {report['faces'].replace('_', ' ')}, for a label names one person of a photograph.",
    ]


def _acquired(report: Mapping[str, Any]) -> str:
    images, failed, missing = report["fta"]["n"], report["fta"]["errors"], report["non_mated_not_compared"]
    if not failed:
        return f"{images:,} images, all of which were acquired: no comparison is missing."
    return (
        f"{images:,} images, of which {failed:,} failed to be acquired; their mated comparisons count as non-matches, and "
        f"{missing:,} non-mated comparisons could not be made."
    )


def _does_not_claim(report: Mapping[str, Any]) -> list[str]:
    found = [
        "Nothing about people unlike those measured: other ages, origins, cameras or light need a measurement of their own.",
        "Nothing about attacks: photographs held before the camera, masks and injected video are questions of their own.",
        "These are rates of single comparisons, not of transactions with several attempts.",
    ]
    missing = [point["target_fmr"] for point in report["operating_points"] if point.get("note") == "not supported by n"]
    if missing:
        words = ", ".join(percent(value) for value in missing)
        found.append(f"No rate at an FMR of {words}: so few pairs of people cannot support it (rule of three).")
    return found


def _points(folder: Path, report: Mapping[str, Any]) -> Section:
    rows = [_point_row(point) for point in report["operating_points"]]
    columns = ("target FMR", "threshold", "FMR", "FMR 95 %", "FNMR", "FNMR 95 %", "errors")
    points = [one for one in report["operating_points"] if one["supported"] and one["fmr"] > 0]
    marks = [Mark(f"FMR {percent(point['target_fmr'])}", point["fmr"], point["fnmr"]) for point in points]
    curve = {key: np.array([row[key] for row in report["det"]]) for key in ("fmr", "fnmr", "fnmr_low", "fnmr_high")}
    line = Line("DET", curve["fmr"], curve["fnmr"], curve["fnmr_low"], curve["fnmr_high"])
    svg = save(det_plot([line], marks, labels=("false match rate (FMR)", "false non-match rate (FNMR)")), folder, "det")
    alt = "Detection error trade-off: false non-match rate falling as the false match rate rises. " + "; ".join(
        f"at a false match rate of {rate(mark.x)} the false non-match rate is {rate(mark.y)}" for mark in marks
    )
    caption = (
        "Detection error trade-off on normal deviate axes, with its pointwise 95 % band (people drawn again, no narrower than "
        "the exact binomial interval). Points: the operating points, at the FMR that was found. Grey line: where both rates "
        "are equal. Rates of zero are drawn at the lower edge."
    )
    return Section(
        "Operating points",
        [
            "Each threshold is the lowest whose FMR is not above the target on the comparisons that chose it, and the rates "
            "are those of other comparisons. Bounds come from drawing the people again, 1,000 times."
        ],
        [Picture("det", svg, alt, caption)],
        [Table("Error rates at fixed false match rates; errors: false matches + false non-matches", columns, rows)],
    )


def _point_row(point: Mapping[str, Any]) -> list[str]:
    name = f"1 in {round(1 / point['target_fmr']):,}"
    if not point["supported"]:
        return [name, point["note"], *["–"] * 5]
    errors = f"{point['false_matches']:,} + {point['false_non_matches']:,}"
    fmr, fnmr = interval(point["fmr_low"], point["fmr_high"]), interval(point["fnmr_low"], point["fnmr_high"])
    return [name, f"{point['threshold']:.4f}", rate(point["fmr"]), fmr, rate(point["fnmr"]), fnmr, errors]


def _title(report: Mapping[str, Any]) -> str:
    if report["protocol"] == "listed pairs":
        return f"Accuracy on {report['list']}"
    word = "on" if report["references"] is None else "with"
    return f"Accuracy {word} {report['protocol']}, of the people of {report['list']}"


def _references(report: Mapping[str, Any]) -> Section:
    found = report["references"]
    photographs, several = found["photographs"], {point["target_fmr"]: point for point in report["operating_points"]}
    rows = []
    for one in found["one_photograph"]:
        change = f"{100 * one['change']:+.2f} ({100 * one['change_low']:+.2f} to {100 * one['change_high']:+.2f})"
        target_fmr = f"1 in {round(1 / one['target_fmr']):,}"
        rows.append([f"{target_fmr}, one photograph", *_rates(one), "–", "–"])
        rows.append([f"{target_fmr}, {photographs} photographs", *_rates(several[one["target_fmr"]]), change, one["verdict"]])
    words = (
        f"People with more than {photographs} photographs: {found['people']:,}. Each of theirs is a probe against a reference "
        f"of the next {photographs}, whose templates are averaged, and everybody's are probes against the references of "
        "others. Beside it, the same probes against one photograph, at thresholds of its own. People without a reference, "
        f"since too few of their photographs were acquired: {found['not_enrolled']:,}; their mated comparisons are "
        "non-matches."
    )
    columns = ("target FMR", "FMR", "FNMR", "FNMR 95 %", "change of FNMR, points", "verdict")
    table = Table("One photograph in the reference, and several", columns, rows)
    return Section("References of several photographs", [words], (), [table])


def _rates(point: Mapping[str, Any]) -> list[str]:
    return [rate(point["fmr"]), rate(point["fnmr"]), interval(point["fnmr_low"], point["fnmr_high"])]


def _scores(folder: Path, report: Mapping[str, Any], histograms: Histograms) -> Section:
    thresholds = {
        f"FMR {percent(point['target_fmr'])}": point["threshold"] for point in report["operating_points"] if point["supported"]
    }
    svg = save(histogram_plot(histograms, thresholds, label="comparison score (cosine)"), folder, "scores")
    means = [
        f"{name} scores average {float(np.average((edges[1:] + edges[:-1]) / 2, weights=counts)):.2f}"
        for name, (edges, counts) in histograms.items()
        if counts.sum()
    ]
    alt = "Histogram of comparison scores: " + " and ".join(means) + "."
    caption = "Scores of mated and non-mated comparisons, shares on a logarithmic axis. Dashed: thresholds by target FMR."
    return Section("Scores", (), [Picture("scores", svg, alt, caption)])


def _bars(folder: Path, name: str, bars: Sequence[Bar], lines: Mapping[str, float], caption: str) -> Picture:
    svg = save(interval_plot(bars, lines, label="false non-match rate (FNMR)"), folder, name)
    alt = "False non-match rates with intervals: " + "; ".join(
        f"{bar.name}: {rate(bar.value)}, {interval(bar.low, bar.high)}" for bar in bars
    )
    return Picture(name, svg, alt, caption)


def _part(row: Mapping[str, Any], name: str) -> list[str]:
    return [name, f"{row['n']:,}", f"{row['errors']:,}", rate(row["fnmr"]), interval(row["fnmr_low"], row["fnmr_high"])]


def _quality(folder: Path, report: Mapping[str, Any]) -> Section:
    found = report["quality"]
    rows = [(_quality_name(row), row) for row in found["parts"]]
    bars = [Bar(name, row["fnmr"], row["fnmr_low"], row["fnmr_high"]) for name, row in rows]
    words = (
        "Quality of an image is the least of its component values (0 to 100); of a comparison, that of its worst image. "
        f"Tenths of the mated comparisons, equal qualities kept together, at the operating point of FMR "
        f"{target(found['target_fmr'])}."
    )
    picture = _bars(folder, "quality", bars, {"all": found["overall"]}, "FNMR by quality, with 95 % intervals.")
    columns = ("quality", "n", "errors", "FNMR", "FNMR 95 %")
    table = Table("FNMR by quality of the worst image", columns, [_part(row, name) for name, row in rows])
    return Section("By quality", [words], [picture], [table])


def _quality_name(row: Mapping[str, Any]) -> str:
    if row["from"] is None:
        return "not assessed"
    return f"{row['from']:g}" if row["from"] == row["to"] else f"{row['from']:g} to {row['to']:g}"


def _groups(folder: Path, number: int, report: Mapping[str, Any], found: Mapping[str, Any]) -> Section:
    rows = found["groups"]
    if not rows:
        return Section(f"By {found['column']}", [_sentence(found["note"])])
    overall = report["quality"]["overall"]
    bars = [Bar(row["group"], row["fnmr"], row["fnmr_low"], row["fnmr_high"]) for row in rows]
    columns = ("group", "n", "errors", "FNMR", "FNMR 95 %", "ratio to all", "ratio 95 %", "at most 25 % worse")
    table_rows = [_part(row, row["group"]) + _verdict_cells(row) for row in rows]
    tables = [Table(f"By {found['column']}", columns, table_rows)]
    within = [row for row in rows if "n_non_mated" in row]
    if within:
        cells = [[row["group"], f"{row['n_non_mated']:,}", rate(row["fmr"]), rate(row["fmr_high"])] for row in within]
        tables.append(Table("Among the people of one group, who are alike", ("group", "n", "FMR", "FMR at most"), cells))
    paragraphs = [
        f"At the operating point of FMR {target(report['quality']['target_fmr'])}. The test, after NIST SP 800-63A-4: no "
        "group's FNMR exceeds the overall one by more than 25 %. A group passes where the 95 % interval of the ratio ends at "
        "1.25 or below, exceeds where it begins above, and else n does not support an answer."
    ]
    if found["note"]:
        paragraphs.append(_sentence(found["note"]))
    lines = {"all": overall, "25 % above all": 1.25 * overall}
    picture = _bars(folder, f"group_{number}", bars, lines, f"FNMR by {found['column']}, with 95 % intervals.")
    return Section(f"By {found['column']}", paragraphs, [picture], tables)


def _sentence(note: str) -> str:
    return note[0].upper() + note[1:] + "."


def _verdict_cells(row: Mapping[str, Any]) -> list[str]:
    if row.get("ratio") is None:
        return ["–", "–", row.get("verdict") or "not tested"]
    return [f"{row['ratio']:.2f}", f"{row['ratio_low']:.2f} to {row['ratio_high']:.2f}", row["verdict"]]


def _acquisition(report: Mapping[str, Any]) -> Section:
    fta, fte = report["fta"], report["fte"]
    rows = [
        [name, f"{one['n']:,}", f"{one['errors']:,}", rate(one["rate"]), interval(one["low"], one["high"])]
        for name, one in (("failure to acquire (FTA): images", fta), ("failure to enrol (FTE): people", fte))
    ]
    rows += [[f"code {code}", "", f"{count:,}", "", ""] for code, count in sorted(fta["by_code"].items())]
    words = (
        "Terms of ISO/IEC 19795-1. An image that yields no template is a failure to acquire; a person none of whose images "
        "yields one is a failure to enrol. Neither is dropped: a mated comparison with such an image is a non-match."
    )
    columns = ("kind", "n", "failures", "rate", "95 %")
    return Section("Failures to acquire and to enrol", [words], (), [Table("Failures", columns, rows)])
