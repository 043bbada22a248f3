"""Pictures of what was measured, for people who would rather look. matplotlib is loaded only when one is drawn.

Names in them come from strangers (files, species, groups): nothing in a name is read as mathematics, and long ones are cut.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from statistics import NormalDist
from typing import Any, Final, ParamSpec

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

# The page that shows a picture replaces these by its own variables, so that it reads as well on a dark ground.
INK, GRID, SERIES = "#1a1d21", "#d8dce1", ("#1f5fa8", "#b4500f", "#1b7a52", "#7a3e9d", "#8a6d00", "#a3245c")
_STYLE: Final[Any] = {
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "idverify",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": GRID,
}
_NORMAL: Final = NormalDist()
_TICKS: Final = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
_FINER_TICKS: Final = (1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
_DOTTED: Final[Any] = {"marker": "o", "markersize": 4, "linewidth": 1.8}
_FEW: Final = 3
_NEAREST: Final = 0.085  # of an axis between two of its labels, which are as wide as that
_TAIL: Final = 0.4  # deviates shown beyond the point from which a curve falls no more
_LONGEST: Final = 48


P = ParamSpec("P")


def _styled(draw: Callable[P, Any]) -> Callable[P, Any]:
    """Draw in the project's style, and leave no trace of it in matplotlib. matplotlib takes half a second to load."""

    @wraps(draw)
    def styled(*arguments: P.args, **named: P.kwargs) -> Any:
        from matplotlib import rc_context  # noqa: PLC0415

        with rc_context(_STYLE):
            return draw(*arguments, **named)

    return styled


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One curve. x, y: float64 (n,), rates; low, high: the band about y, (n,), or None."""

    name: str
    x: Doubles
    y: Doubles
    low: Doubles | None = None
    high: Doubles | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """One rate with its interval, 0..1."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of a curve that is named."""

    name: str
    x: float
    y: float


@_styled
def det_plot(lines: Sequence[Line], marks: Sequence[Mark] = (), *, labels: tuple[str, str]) -> Any:
    """Detection error trade-off on normal deviate axes (Martin et al., 1997): two normal distributions make a straight line.

    Rates of 0 and 1 have no place on such axes and are drawn at the edge of what the numbers on that axis can show.
    """
    figure, axes = _figure(7, 5.6)
    left = _edge([line.x for line in lines])
    floor = _edge([rates for line in lines for rates in (line.y, line.low, line.high) if rates is not None])
    for line, colour in zip(lines, _colours(len(lines)), strict=True):
        x = _deviate(line.x, left)
        if line.low is not None and line.high is not None:
            axes.fill_between(
                x, _deviate(line.low, floor), _deviate(line.high, floor), color=colour, alpha=0.16, linewidth=0, step="post"
            )
        axes.step(x, _deviate(line.y, floor), where="post", color=colour, linewidth=1.8, label=shown(line.name))
    for index, mark in enumerate(sorted(marks, key=lambda one: one.x)):
        place = _deviate(np.array([mark.x]), left)[0], _deviate(np.array([mark.y]), floor)[0]
        axes.plot(*place, marker="o", markersize=5, color=INK, linestyle="none")
        beside = (6, -13 if index % 2 else 6)  # neighbours of equal rates would write over each other
        axes.annotate(shown(mark.name), place, xytext=beside, textcoords="offset points", fontsize=9, in_layout=False)
    end = max([line.x[line.y <= line.y.min()].min() for line in lines] + [mark.x for mark in marks])
    right = float(_deviate(np.array([end]), left)[0]) + _TAIL
    limits = (axes.get_xlim()[0], min(axes.get_xlim()[1], right)), axes.get_ylim()
    diagonal = [min(limits[0][0], limits[1][0]), max(limits[0][1], limits[1][1])]
    axes.plot(diagonal, diagonal, color=GRID, linewidth=1, zorder=0)
    for set_ticks, set_labels, (low, high) in (
        (axes.set_xticks, axes.set_xticklabels, limits[0]),
        (axes.set_yticks, axes.set_yticklabels, limits[1]),
    ):
        ticks = [tick for tick in _TICKS if low <= _NORMAL.inv_cdf(tick) <= high]
        if len(ticks) <= _FEW:
            ticks = [tick for tick in _FINER_TICKS if low <= _NORMAL.inv_cdf(tick) <= high] or ticks
        if set_ticks == axes.set_xticks:
            ticks = _apart(ticks, _NEAREST * (high - low))
        set_ticks([_NORMAL.inv_cdf(tick) for tick in ticks])
        set_labels([percent(tick) for tick in ticks])
    axes.set(xlim=limits[0], ylim=limits[1], xlabel=labels[0], ylabel=labels[1])
    axes.grid(True, linewidth=0.6)
    if len(lines) > 1:
        axes.legend(frameon=False)
    return figure


@_styled
def histogram_plot(
    kinds: Mapping[str, tuple[Doubles, NDArray[np.integer]]], thresholds: Mapping[str, float], *, label: str
) -> Any:
    """Share of the scores in each bin, logarithmic, by kind. kinds: name -> (edges (b + 1,), counts (b,)); label: of scores."""
    figure, axes = _figure(7, 4.4)
    smallest = 1.0
    for (name, (edges, counts)), colour in zip(kinds.items(), _colours(len(kinds)), strict=True):
        n = int(counts.sum())
        shares = counts / max(1, n)
        smallest = min(smallest, 1 / max(1, n))
        words = f"{shown(name)} (n = {n:,})"
        axes.stairs(shares, edges, fill=True, color=colour, alpha=0.35, label=words)
        axes.stairs(shares, edges, color=colour, linewidth=1.2)
    filled = [edges[np.flatnonzero(counts)[[0, -1]] + [0, 1]] for edges, counts in kinds.values() if counts.any()]
    ends = np.append(np.ravel(filled), list(thresholds.values()))
    left, right = ends.min(), ends.max()
    margin = 0.03 * (right - left)
    limits = (left - margin, right + margin)
    axes.set(yscale="log", ylim=(smallest / 2, 1.5), xlim=limits, xlabel=label, ylabel="share of the scores")
    axes.yaxis.set_major_formatter(lambda value, _position: percent(value))
    axes.yaxis.set_minor_formatter(lambda _value, _position: "")
    for index, (name, threshold) in enumerate(sorted(thresholds.items(), key=lambda one: one[1])):
        top = 0.985 - 0.06 * (index % 5)  # each ends below the words to its left
        axes.axvline(threshold, ymax=top, color=INK, linewidth=0.9, linestyle="--")
        place = {"xycoords": axes.get_xaxis_transform(), "xytext": (4, 0), "textcoords": "offset points", "in_layout": False}
        axes.annotate(shown(name), (threshold, top), fontsize=8, va="top", **place)
    axes.grid(True, axis="y", linewidth=0.6)
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=_columns(kinds))
    return figure


@_styled
def interval_plot(bars: Sequence[Bar], lines: Mapping[str, float], *, label: str) -> Any:
    """A row a rate, with its interval; vertical lines to hold them against. label: what the rates are."""
    figure, axes = _figure(7, 1.3 + 0.34 * len(bars))
    for row, bar in enumerate(bars):
        axes.plot([bar.low, bar.high], [row, row], color=SERIES[0], linewidth=2.2, solid_capstyle="round")
        axes.plot(bar.value, row, marker="o", markersize=6, color=SERIES[0])
    for (name, at), style in zip(lines.items(), ("-", "--", ":"), strict=False):
        axes.axvline(at, color=SERIES[1], linewidth=1.2, linestyle=style, label=shown(name))
    axes.set_yticks(range(len(bars)), [shown(bar.name) for bar in bars])
    axes.set(ylim=(len(bars) - 0.4, -0.6), xlabel=label, xlim=(0, None))
    axes.xaxis.set_major_formatter(lambda value, _position: percent(value))
    axes.grid(True, axis="x", linewidth=0.6)
    if lines:
        axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(lines), borderaxespad=0.2)
    return figure


@_styled
def stage_plot(stages: Mapping[str, Mapping[str, float]]) -> Any:
    """Milliseconds by stage, side by side. stages: name of a path -> stage -> milliseconds."""
    names = list(dict.fromkeys(stage for found in stages.values() for stage in found))
    figure, axes = _figure(7, 1.2 + 0.42 * len(names))
    height = 0.8 / len(stages)
    for place, ((path, found), colour) in enumerate(zip(stages.items(), _colours(len(stages)), strict=True)):
        rows = np.array([row for row, name in enumerate(names) if name in found]) + (place - (len(stages) - 1) / 2) * height
        drawn = axes.barh(rows, [found[name] for name in names if name in found], height, color=colour, label=shown(path))
        axes.bar_label(drawn, fmt="{:.2f}", padding=3, fontsize=8)
    axes.set_yticks(range(len(names)), [shown(name) for name in names])
    axes.set(ylim=(len(names) - 0.4, -0.6), xlabel="milliseconds, median")
    axes.margins(x=0.1)
    axes.grid(True, axis="x", linewidth=0.6)
    axes.legend(frameon=False, loc="lower right")
    return figure


@_styled
def sweep_plot(sweep: Mapping[str, Any]) -> Any:
    """Latency of the answered, and what became of the rest, over the rate that was offered. sweep: of evaluation.load.sweep.

    Of a rate that was offered twice, the second try is drawn.
    """
    from matplotlib.ticker import NullLocator, ScalarFormatter  # noqa: PLC0415

    past = [sweep["past_the_knee"]] if sweep["past_the_knee"] else []
    steps = sorted({step["offered_per_s"]: step for step in [*sweep["steps"], *past]}.values(), key=_offered)
    rates = [_offered(step) for step in steps]
    figure, (latency, throughput) = _figure(7, 6.2, rows=2)
    answered = [step for step in steps if step["latency"]]
    for point, colour in zip((50, 95, 99), SERIES, strict=False):
        milliseconds = [step["latency"][f"p{point}_ms"] for step in answered]
        latency.plot([_offered(step) for step in answered], milliseconds, color=colour, label=f"p{point}", **_DOTTED)
    latency.axhline(sweep["p95_bound_ms"], color=INK, linewidth=0.9, linestyle=":", label="bound on p95")
    latency.set(ylabel="latency of the answered, ms", yscale="log")
    latency.yaxis.set_major_locator(_one_two_five(latency.get_ylim()))
    latency.yaxis.set_minor_locator(NullLocator())
    latency.yaxis.set_major_formatter(ScalarFormatter())
    throughput.plot([0, rates[-1]], [0, rates[-1]], color=INK, linewidth=0.9, linestyle=":", label="all that is offered")
    goodput = [step["goodput_per_s"] for step in steps]
    throughput.plot(rates, goodput, color=SERIES[0], label="answered", **_DOTTED)
    for kind, words, colour in (("refused", "refused with 429", SERIES[1]), ("failed", "failed", SERIES[5])):
        shares = [sum(step[kind].values()) / step["sent"] * _offered(step) for step in steps]
        if any(shares):
            throughput.plot(rates, shares, color=colour, label=words, **_DOTTED)
    throughput.set(xlabel="offered a second", ylabel="a second", xlim=(0, 1.03 * rates[-1]), ylim=(0, 1.03 * rates[-1]))
    for axes in (latency, throughput):
        axes.grid(True, linewidth=0.6)
        if sweep["knee"]:
            axes.axvline(_offered(sweep["knee"]), color=INK, linewidth=0.9, linestyle="--", label="knee")
        axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5), borderaxespad=0)
    return figure


def binned(scores: NDArray[np.floating], edges: Doubles) -> tuple[Doubles, NDArray[np.integer]]:
    """(edges, counts) of the finite scores, for histogram_plot."""
    return edges, np.histogram(scores[np.isfinite(scores)], bins=edges)[0]


def edges_for(scores: Sequence[NDArray[np.floating]], bins: int = 80) -> Doubles:
    """Edges that hold all finite scores."""
    finite = np.concatenate([one[np.isfinite(one)] for one in scores])
    edges: Doubles = np.linspace(float(finite.min()), float(finite.max()) + 1e-6, bins + 1)
    return edges


@_styled
def save(figure: Any, folder: Path, name: str) -> str:
    """Write NAME.png and NAME.svg, the same bytes for the same figure, and return the SVG's text."""
    figure.savefig(folder / f"{name}.png", facecolor="white", metadata={"Software": None})
    figure.savefig(folder / f"{name}.svg", transparent=True, metadata={"Date": None, "Creator": None})
    return (folder / f"{name}.svg").read_text(encoding="utf-8")


def shown(name: str) -> str:
    """The name as a picture shows it: on one line, not too long, and with no underscore at its head, which means 'hidden'."""
    line = "".join(mark if mark.isprintable() else " " for mark in name).strip() or "(no name)"
    line = line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
    return f" {line}" if line.startswith("_") else line


def percent(rate: float) -> str:
    """A rate as per cent with the digits it needs: 40 %, 0.1 %, 0.0001 %."""
    return f"{100 * rate:.10f}".rstrip("0").rstrip(".") + " %" if rate < 0.5 else f"{100 * rate:.4g} %"


def _edge(rates: Sequence[Doubles]) -> float:
    """How near to 0 and to 1 an axis goes: half as far as the rates do that are neither."""
    every = np.concatenate(rates)
    inside = every[(every > 0) & (every < 1)]
    return float(min(inside.min(), 1 - inside.max())) / 2 if inside.size else 1e-3


def _deviate(rates: Doubles, floor: float) -> Doubles:
    clipped = np.clip(rates, floor, 1 - floor)
    return np.array([_NORMAL.inv_cdf(float(rate)) for rate in clipped], dtype=np.float64)


def _apart(ticks: Sequence[float], least: float) -> list[float]:
    """Those of the rates, from the lowest on, whose labels do not touch the one before."""
    kept: list[float] = []
    for tick in ticks:
        if not kept or _NORMAL.inv_cdf(tick) - _NORMAL.inv_cdf(kept[-1]) >= least:
            kept.append(tick)
    return kept


def _colours(n: int) -> list[str]:
    return [SERIES[index % len(SERIES)] for index in range(n)]


def _columns(names: Iterable[str]) -> int:
    """How many entries of a legend stand beside each other."""
    lengths = [len(shown(name)) for name in names]
    return min(3, len(lengths)) if max(lengths) <= 18 else 1


def _offered(step: Mapping[str, Any]) -> float:
    return float(step["offered_per_s"])


def _one_two_five(limits: tuple[float, float]) -> Any:
    """Ticks at 1, 2 and 5 of each power of ten within the limits, so that there are some on a short logarithmic axis too."""
    from matplotlib.ticker import FixedLocator  # noqa: PLC0415

    powers = range(int(np.floor(np.log10(limits[0]))), int(np.ceil(np.log10(limits[1]))) + 1)
    return FixedLocator([tick for power in powers for tick in (10.0**power, 2 * 10.0**power, 5 * 10.0**power)])


def _figure(width: float, height: float, rows: int = 1) -> tuple[Any, Any]:
    """(figure, axes), and an array of axes above each other where there are more rows."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    axes = figure.subplots(rows, sharex=True)
    for one in np.atleast_1d(axes):
        one.spines[["top", "right"]].set_visible(False)
        one.set_axisbelow(True)
    return figure, axes
