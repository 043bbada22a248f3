"""`idverify bench load`: what a constant rate of requests does to the engine alone, and to the whole service."""

import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.table import Table

from idverify.api.app import Recogniser, load_recogniser
from idverify.api.limits import Places
from idverify.cli.output import AsJson, console, emit, stdout
from idverify.cli.progress import progress_bar
from idverify.config import load_settings
from idverify.decision.policy import Policy, find_policy
from idverify.errors import Fault, InputError, InvalidInput, Overloaded
from idverify.evaluation.dataset import photos_in, sample_photos
from idverify.evaluation.frames import read_photograph, upright_frame
from idverify.evaluation.hardware import cores_apart, held_to, processor_seconds, resident_mb
from idverify.evaluation.html import write_page
from idverify.evaluation.load import ANSWERED, FAILED, OVERLOADED, Send, rates_around, saturate, sweep
from idverify.evaluation.load_page import load_page
from idverify.evaluation.paths import OurPath, Verify
from idverify.evaluation.report import output_folder, provenance, write_report
from idverify.evaluation.scaling import measure_scaling
from idverify.evaluation.served import Caller, served
from idverify.inference.batching import BatchingEngine

MOST_REQUESTS = 200_000
"""Of one step of a sweep: what is kept about each stays in memory until the step is summed up."""


def load(
    in_process: Annotated[
        bool | None, typer.Option("--in-process/--http", help="one of the two only; both unless said")
    ] = None,
    rate: Annotated[list[float] | None, typer.Option(min=0.1, max=10_000, help="requests a second; repeat for more")] = None,
    seconds: Annotated[float, typer.Option(min=0.2, max=600, help="of each rate")] = 5.0,
    cores: Annotated[int, typer.Option(min=1, max=256, help="cores of what is loaded")] = 1,
    concurrency: Annotated[int, typer.Option(min=1, max=256, help="verifications at one time (IDVERIFY_CONCURRENCY)")] = 2,
    p95_ms: Annotated[float, typer.Option(min=1, max=60_000, help="the knee's bound on the 95th percentile")] = 100.0,
    photos: Annotated[
        Path | None, typer.Option(help="folder of photographs; those that travel with the package unless named")
    ] = None,
    n: Annotated[int, typer.Option(min=1, max=2000, help="photographs drawn from that folder, at most")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="of the drawing")] = 0,
    out: Annotated[Path, typer.Option(help="folder for report.html, report.json and plots")] = Path("out/load"),
    as_json: AsJson = False,
) -> None:
    """Offer verifications at constant rates, find the knee, and see what happens past it.

    Requests come evenly, whether or not earlier ones have ended, and latency counts from when a request was due. The knee is
    the highest rate at which all are answered and 95 of 100 within --p95-ms; twice that rate is offered too. Refused requests
    (429) are counted and not sent again. Without --rate, rates are chosen around the capacity that is measured first.

    In process, photographs go through the pipeline without HTTP, and throughput on two cores is set beside that on one. Over
    HTTP, a service of its own is started on a loopback port with a database in a temporary folder, and ended afterwards; the
    processor time of both sides is told, and where there are cores enough, the sender has its own.

    Example: idverify bench load --photos lfw --http --rate 20 --rate 40 --rate 80 --seconds 10 --out out/load

    Exit codes: 0 measured, 2 usage, 3 a photograph cannot be used, 4 a fault, 130 interrupted (the service is ended then too).
    """
    if max(rate or [1.0]) * seconds * 2 > MOST_REQUESTS:
        raise typer.BadParameter(f"more than {MOST_REQUESTS:,} requests at one rate: lower --rate or --seconds")
    settings = load_settings(concurrency=concurrency)
    recogniser = load_recogniser(settings)
    frames = _frames(photos, n, seed, recogniser)
    folder = output_folder(out)
    plan = _Plan(rate, seconds, cores, concurrency, p95_ms)
    report: dict[str, Any] = {
        "kind": "load",
        "input": "640x480 JPEG of quality 90, made in memory from the photographs: the face upright, 200 pixels high",
        "frames": len(frames),
        "seed": seed,
        "cores": cores,
        "concurrency": concurrency,
        "batch_window_ms": settings.batch_window_ms,
        **provenance(recogniser.engine, arguments=sys.argv[1:], now=time.time()),
    }
    if in_process is not False:
        policy = find_policy(recogniser.policies, settings.default_policy)
        report["in_process"] = _in_process(plan, recogniser, _verifier(recogniser, policy, frames[0]), frames)
    if in_process is not True:
        report["http"] = _over_http(plan, frames)
    write_report(folder, report)
    write_page(folder, load_page(folder, report))
    emit(report, as_json=as_json, table=lambda: _print_load(report, folder))


@dataclass(frozen=True, slots=True)
class _Plan:
    rates: Sequence[float] | None
    seconds: float
    cores: int
    concurrency: int
    p95_ms: float

    def sweep(self, send: Send, around: Callable[[], Mapping[str, Any]], words: str) -> dict[str, Any]:
        """The capacity, then each rate, then what lies past the knee."""
        capacity = saturate(send, threads=self.concurrency, seconds=min(self.seconds, 3.0))
        with progress_bar(words) as progress:
            rates = self.rates or rates_around(capacity)
            found = sweep(send, rates=rates, seconds=self.seconds, p95_ms=self.p95_ms, around=around, progress=progress)
        return {"capacity_per_s": capacity, **found}


def _frames(photos: Path | None, n: int, seed: int, recogniser: Recogniser) -> list[bytes]:
    """Camera frames of photographs that can be acquired. Raises InvalidInput naming the first that cannot."""
    paths = list(photos_in(photos).values()) if photos else sample_photos()
    frames = []
    for path in (paths[index] for index in np.random.default_rng(seed).permutation(len(paths))[:n]):
        frames.append(upright_frame(read_photograph(path), lambda photo: recogniser.acquirer.acquire(photo).face))
        try:
            recogniser.acquirer.acquire(frames[-1])
        except InputError as error:
            raise InvalidInput(f"{path} cannot be used as a load: {error.code}, {error.message}") from error
    return frames


def _verifier(recogniser: Recogniser, policy: Policy, reference: bytes) -> Verify:
    verify = OurPath(recogniser.acquirer, policy).against(reference)
    if verify is None:  # it was acquired when it was made
        raise Fault("the first photograph cannot be acquired a second time")
    return verify


def _in_process(plan: _Plan, recogniser: Recogniser, verify: Verify, frames: Sequence[bytes]) -> dict[str, Any]:
    engine = recogniser.acquirer.engine
    attending = engine.attending if isinstance(engine, BatchingEngine) else nullcontext
    places, pool = Places(plan.concurrency), ThreadPoolExecutor(plan.concurrency, "verification")

    def work(turn: int) -> str:
        with attending():
            return ANSWERED if verify(frames[turn % len(frames)]).score is not None else FAILED

    def send(turn: int) -> str:
        try:
            places.take()
        except Overloaded as refusal:
            return refusal.code
        try:
            return pool.submit(work, turn).result()  # as the service does: few threads ever run models, and hold memory for it
        finally:
            places.give_back()

    def around() -> dict[str, Any]:
        return {"cpu_s": time.process_time(), "rss_mb": resident_mb()["now"]}

    with pool, held_to(cores_apart(plan.cores)[0]):
        found = plan.sweep(send, around, "in process")
    with progress_bar("one core and two") as progress:
        scaling = measure_scaling(work, seconds=min(plan.seconds / 2, 2.0), rounds=5, progress=progress)
    return {**found, "scaling": scaling}


def _over_http(plan: _Plan, frames: Sequence[bytes]) -> dict[str, Any]:
    theirs, ours = cores_apart(plan.cores)
    with (
        tempfile.TemporaryDirectory(prefix="idverify-load-") as folder,
        served(Path(folder), concurrency=plan.concurrency, cores=theirs) as service,
        held_to(ours),
    ):
        caller = Caller(service, frames)
        caller.enrol(frames[0])

        def around() -> dict[str, Any]:
            used = {"client_cpu_s": time.process_time(), "server_cpu_s": processor_seconds(service.pid)}
            return {**used, "server_rss_mb": resident_mb(service.pid)["now"]}

        for turn in range(2 * len(frames)):
            caller.verify(turn)
        rss_mb = resident_mb(service.pid)["now"]
        found = plan.sweep(caller.verify, around, "over HTTP")
        return {
            **found,
            "start_to_ready_s": service.ready_s,
            "server": {name: service.ready[name] for name in ("pack", "provider", "version")},
            "server_rss_mb": {"at_first": rss_mb, "in_the_end": resident_mb(service.pid)["now"]},
            "client_has_cores_of_its_own": bool(ours),
        }


def _print_load(report: Mapping[str, Any], folder: Path) -> None:
    for name, title in (("in_process", "In process"), ("http", "Over HTTP")):
        if name in report:
            _print_sweep(report[name], f"{title}: {report['cores']} core(s), {report['concurrency']} at one time")
    scaling = report.get("in_process", {}).get("scaling")
    if scaling:
        stdout.print(
            f"Two cores over one: [bold]{scaling['ratio']:.2f} x[/bold], {scaling['two_cores_per_s']:.1f} and "
            f"{scaling['one_core_per_s']:.1f} a second, either the best of {len(scaling['rounds'])} rounds "
            f"(a computation that shares nothing: {scaling['yardstick_ratio']:.2f} x)"
        )
    stdout.print(f"{folder}: report.html, report.json, plots as PNG and SVG", markup=False)


def _print_sweep(found: Mapping[str, Any], title: str) -> None:
    over_http = "start_to_ready_s" in found
    used = {"client cpu": "client_cpu_s", "server cpu": "server_cpu_s"} if over_http else {"cpu": "cpu_s"}
    headings = ("offered/s", "answered/s", "p50 ms", "p95", "p99", "429", "failed", *used, "MB")
    table = Table(*headings, title=title, title_justify="left", box=None, header_style="dim", pad_edge=False)
    for step in [*found["steps"], *([found["past_the_knee"]] if found["past_the_knee"] else [])]:
        latency = step["latency"]
        others = step["failed"] | {code: count for code, count in step["refused"].items() if code != OVERLOADED and count}
        memory = step["server_rss_mb" if over_http else "rss_mb"]
        table.add_row(
            f"{step['offered_per_s']:.1f}",
            f"{step['goodput_per_s']:.1f}",
            *([f"{latency[f'p{point}_ms']:.0f}" for point in (50, 95, 99)] if latency else ["", "", ""]),
            str(step["refused"][OVERLOADED]),
            " ".join(f"{code}: {count}" for code, count in others.items()) or "0",
            *(f"{step[name]:.1f} s" if name in step else "" for name in used.values()),
            "" if memory is None else f"{memory:.0f}",
        )
    stdout.print(table)
    stdout.print(_knee_in_words(found))
    if not all(step["rate_kept"] for step in found["steps"]):
        console.print("some requests were sent late: the sender could not keep those rates", style="yellow")


def _knee_in_words(found: Mapping[str, Any]) -> str:
    knee, past = found["knee"], found["past_the_knee"]
    bound = f"all answered, p95 at most {found['p95_bound_ms']:.0f} ms"
    if knee is None:
        return f"No knee: at none of these rates were {bound}."
    where = "Knee" if found["knee_is_below_a_rate_that_failed"] else "Knee at or beyond"
    recovered = past["recovered_after_ms"]
    again = "no sooner than ten seconds" if recovered is None else f"{recovered:.0f} ms"
    return (
        f"{where}: [bold]{knee['offered_per_s']:.1f}/s[/bold] ({bound}). At twice that, {past['goodput_over_knee']:.0%} of its "
        f"goodput; a lone caller is answered {again} after the burst."
    )
