"""The picture of a sweep: latency and goodput over the rate that was offered."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

_BLUE, _ORANGE, _RED, _GREY = "#1f5fa8", "#d9822b", "#c0392b", "#666666"


def draw_load(folder: Path, sweep: Mapping[str, Any], title: str, name: str) -> list[str]:
    """Draw a sweep (`idverify.evaluation.load.sweep`) as `name`.png and .svg. Returns the files' names."""
    from matplotlib.figure import Figure  # noqa: PLC0415 (half a second that no other command should pay)
    from matplotlib.ticker import ScalarFormatter  # noqa: PLC0415

    tries = [*sweep["steps"], *([sweep["past_the_knee"]] if sweep["past_the_knee"] else [])]
    latest = {float(step["offered_per_s"]): step for step in tries}
    steps = [latest[rate] for rate in sorted(latest)]
    rates = [step["offered_per_s"] for step in steps]
    figure = Figure(figsize=(7.5, 7), dpi=120, layout="constrained")
    latency, goodput = figure.subplots(2, 1, sharex=True)
    figure.suptitle(title, fontsize=10)
    answered = [step for step in steps if step["latency"]]
    for point, colour in ((99, _RED), (95, _ORANGE), (50, _BLUE)):
        points = [step["latency"][f"p{point}_ms"] for step in answered]
        latency.plot([step["offered_per_s"] for step in answered], points, "o-", color=colour, label=f"p{point}")
    latency.axhline(sweep["p95_bound_ms"], color=_GREY, linewidth=0.9, linestyle=":", label="bound on p95")
    latency.set(ylabel="latency of the answered, ms", yscale="log")
    for ticks in (latency.yaxis.set_major_formatter, latency.yaxis.set_minor_formatter):
        ticks(ScalarFormatter())
    goodput.plot([0, rates[-1]], [0, rates[-1]], color=_GREY, linewidth=0.9, linestyle=":", label="all that is offered")
    goodput.plot(rates, [step["goodput_per_s"] for step in steps], "o-", color=_BLUE, label="answered")
    for kind, words, style in (("refused", "refused with 429", {"color": _ORANGE}), ("failed", "failed", {"color": _RED})):
        counts = [sum(step[kind].values()) for step in steps]
        if any(counts):
            shares = [count / step["sent"] * step["offered_per_s"] for count, step in zip(counts, steps, strict=True)]
            goodput.plot(rates, shares, "o-", label=words, **style)
    goodput.set(xlabel="offered a second", ylabel="a second", xlim=(0, 1.03 * rates[-1]), ylim=(0, 1.03 * rates[-1]))
    for axes in (latency, goodput):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(True, which="both", linewidth=0.3, alpha=0.6)
        if sweep["knee"]:
            axes.axvline(sweep["knee"]["offered_per_s"], color="black", linewidth=0.9, linestyle="--", label="knee")
        axes.legend(frameon=False, fontsize=8)
    names = [f"{name}.png", f"{name}.svg"]
    for file in names:
        figure.savefig(folder / file)
    return names
