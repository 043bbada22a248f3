"""The picture of a sweep: latency and goodput over the rate that was offered."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

_BLUE, _ORANGE, _RED, _GREY = "#1f5fa8", "#d9822b", "#c0392b", "#666666"


def draw_load(folder: Path, sweep: Mapping[str, Any], title: str, name: str) -> list[str]:
    """Draw a sweep (`idverify.evaluation.load.sweep`) as `name`.png and .svg. Returns the files' names."""
    from matplotlib.figure import Figure  # noqa: PLC0415 (half a second that no other command should pay)

    steps = [*sweep["steps"], *([sweep["past_the_knee"]] if sweep["past_the_knee"] else [])]
    steps.sort(key=lambda step: float(step["offered_per_s"]))
    figure = Figure(figsize=(7.5, 7), dpi=120, layout="constrained")
    latency, goodput = figure.subplots(2, 1, sharex=True)
    figure.suptitle(title, fontsize=10)
    answered = [step for step in steps if step["latency"]]
    for point, colour in ((50, _BLUE), (95, _ORANGE), (99, _RED)):
        rates = [step["offered_per_s"] for step in answered]
        latency.plot(rates, [step["latency"][f"p{point}_ms"] for step in answered], "o-", color=colour, label=f"p{point}")
    latency.axhline(sweep["p95_bound_ms"], color=_GREY, linewidth=0.9, linestyle=":", label="bound on p95")
    latency.set(ylabel="ms from when it was due, of the answered", yscale="log")
    top = max(step["offered_per_s"] for step in steps)
    goodput.plot([0, top], [0, top], color=_GREY, linewidth=0.9, linestyle=":", label="all that is offered")
    goodput.plot([s["offered_per_s"] for s in steps], [s["goodput_per_s"] for s in steps], "o-", color=_BLUE, label="answered")
    refused = [sum(step["refused"].values()) / step["sent"] * step["offered_per_s"] for step in steps]
    goodput.plot([step["offered_per_s"] for step in steps], refused, "o-", color=_ORANGE, label="refused with 429")
    failed = [sum(step["failed"].values()) / step["sent"] * step["offered_per_s"] for step in steps]
    goodput.plot([step["offered_per_s"] for step in steps], failed, "x", color=_RED, label="failed")
    goodput.set(xlabel="offered, a second", ylabel="a second", xlim=(0, 1.03 * top), ylim=(0, 1.03 * top))
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
