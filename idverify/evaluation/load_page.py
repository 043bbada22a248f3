"""The page and the pictures of `idverify bench load`, made of its report."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from idverify.evaluation.html import Headline, Page, Picture, Section, Table
from idverify.evaluation.load import OVERLOADED
from idverify.evaluation.pages import provenance_of
from idverify.evaluation.plots import save, sweep_plot

SWEEPS: Final = {"http": "over HTTP", "in_process": "in process"}
"""Keys of the report, in the page's order, and what they are called."""

OURS: Final = 1.8
"""Least yardstick of two cores over one at which their ratio is one of the service: 2 where both cores were free."""


def load_page(folder: Path, report: Mapping[str, Any]) -> Page:
    """Draw the pictures into the folder, and describe the page. report: as `bench load` writes it."""
    sweeps = {name: report[name] for name in SWEEPS if name in report}
    return Page(
        title="Load: the knee, and what lies past it",
        headlines=[*(_headline(name, found) for name, found in sweeps.items()), *_scaling_headline(report)],
        measured_on=[
            f"{report['input']}; {report['frames']:,} different ones.",
            f"{report['provider']} on {_cores(report['cores'])}, {report['concurrency']} verifications at one time, batch "
            f"window {report['batch_window_ms']:g} ms.",
            "Requests at a constant rate, whether or not earlier ones had ended; latency counts from when a request was due.",
            *(_sender(found) for name, found in sweeps.items() if name == "http"),
            *_late(sweeps),
        ],
        does_not_claim=[
            "Rates of another machine: this one's processor and what else ran on it are part of every figure.",
            "Nothing about a network, nor about more processes or machines than one.",
            "Nothing about live sessions, which send frames for seconds and are measured by a benchmark of their own.",
        ],
        sections=[_section(folder, name, found) for name, found in sweeps.items()] + _scaling(report),
        provenance=provenance_of(report),
    )


def _headline(name: str, found: Mapping[str, Any]) -> Headline:
    bound = f"all answered, p95 at most {found['p95_bound_ms']:.0f} ms"
    knee, past = found["knee"], found["past_the_knee"]
    label = f"Knee {SWEEPS[name]}"
    if knee is None:
        return Headline(label, "none", f"at none of these rates were {bound}", _sizes(found))
    beyond = "" if found["knee_is_below_a_rate_that_failed"] else "at or beyond: no rate above it was tried. "
    words = f"{beyond}{bound}; at twice that, {100 * past['goodput_over_knee']:.0f} % of its goodput"
    return Headline(label, f"{knee['offered_per_s']:.1f} /s", words, f"n = {knee['sent']:,} requests at that rate")


def _sizes(found: Mapping[str, Any]) -> str:
    return f"n = {sum(step['sent'] for step in found['steps']):,} requests"


def _scaling_headline(report: Mapping[str, Any]) -> list[Headline]:
    found = report.get("in_process", {}).get("scaling")
    if not found:
        return []
    yardstick = f"{found['yardstick_ratio']:.2f} \N{MULTIPLICATION SIGN}"
    words = f"a computation that shares nothing: {yardstick}"
    if found["yardstick_ratio"] < OURS:
        words += ". Two cores were not ours, so that this says nothing about the service"
    rounds = f"either the best of {len(found['rounds'])} rounds"
    return [Headline("Two cores over one, in process", f"{found['ratio']:.2f} \N{MULTIPLICATION SIGN}", words, rounds)]


def _sender(found: Mapping[str, Any]) -> str:
    place = "has cores of its own" if found["client_has_cores_of_its_own"] else "shares the cores of the service"
    ready = f"ready {found['start_to_ready_s']:.1f} s after its start"
    return f"Over HTTP, a service with a database of its own, {ready}. The sender {place}."


def _cores(count: int) -> str:
    return "1 core" if count == 1 else f"{count} cores"


def _late(sweeps: Mapping[str, Mapping[str, Any]]) -> list[str]:
    late = sum(not step["rate_kept"] for found in sweeps.values() for step in found["steps"])
    return [f"At {late} of the rates the sender could not keep up: they were lower than they claim."] if late else []


def _section(folder: Path, name: str, found: Mapping[str, Any]) -> Section:
    past = [found["past_the_knee"]] if found["past_the_knee"] else []
    rows = [_row(step, found["knee"]) for step in [*found["steps"], *past]]
    alt = f"Latency and goodput {SWEEPS[name]} by offered rate: " + "; ".join(
        f"at {row[0]} a second {row[1]} were answered" + (f", half of them within {row[2]} ms" if row[2] else "")
        for row in rows
    )
    svg = save(sweep_plot(found), folder, f"load-{name}")
    caption = (
        "Above, milliseconds of the answered, from when each was due, on a logarithmic axis; below, how many were answered, "
        "refused and failed a second. Dashed: the knee. A rate that was missed by a few was offered twice; the second try is "
        "drawn."
    )
    columns = ("offered a second", "answered a second", "p50 ms", "p95 ms", "p99 ms", "429", "failed", "processor s", "MB")
    table = Table(f"Rates {SWEEPS[name]}, the last past the knee", columns, rows)
    return Section(
        SWEEPS[name].capitalize().replace("http", "HTTP"), _after(found), [Picture(f"load-{name}", svg, alt, caption)], [table]
    )


def _row(step: Mapping[str, Any], knee: Mapping[str, Any] | None) -> list[str]:
    latency = step["latency"]
    others = step["failed"] | {code: count for code, count in step["refused"].items() if code != OVERLOADED and count}
    used = step.get("server_cpu_s", step.get("cpu_s"))
    memory = step.get("server_rss_mb", step.get("rss_mb"))
    return [
        f"{step['offered_per_s']:.1f}" + (" (knee)" if step == knee else ""),
        f"{step['goodput_per_s']:.1f}",
        *([f"{latency[f'p{point}_ms']:.0f}" for point in (50, 95, 99)] if latency else ["", "", ""]),
        f"{step['refused'][OVERLOADED]:,}",
        ", ".join(f"{code}: {count:,}" for code, count in others.items()) or "0",
        "" if used is None else f"{used:.1f}",
        "" if memory is None else f"{memory:.0f}",
    ]


def _after(found: Mapping[str, Any]) -> list[str]:
    past = found["past_the_knee"]
    if past is None:
        return []
    recovered = past["recovered_after_ms"]
    again = "was not answered within ten seconds" if recovered is None else f"was answered after {recovered:.0f} ms"
    return [f"A lone caller {again} once the burst past the knee was over."]


def _scaling(report: Mapping[str, Any]) -> list[Section]:
    found = report.get("in_process", {}).get("scaling")
    if not found:
        return []
    rows = []
    for number, row in enumerate(found["rounds"], start=1):
        one, two, yardstick = row["one_core_per_s"], row["two_cores_per_s"], row["yardstick_two"] / row["yardstick_one"]
        rows.append([str(number), f"{one:.1f}", f"{two:.1f}", f"{two / one:.2f}", f"{yardstick:.2f}"])
    words = (
        "One thread more than cores, each asking again as soon as it has its answer. The yardstick shares nothing: where it "
        "does not double, the cores were not ours, and the ratio says nothing about the service."
    )
    columns = ("round", "one core, a second", "two cores", "ratio", "yardstick")
    return [
        Section("Two cores over one", [words], (), [Table("Rounds; the ratio above is of the best of either", columns, rows)])
    ]
