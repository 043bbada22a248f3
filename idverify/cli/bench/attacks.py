"""`idverify bench attacks`: the attack simulator against the live sessions of this installation's models."""

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.markup import escape
from rich.table import Column, Table

from idverify.ceremonies import Parts
from idverify.cli.bench.attack_workers import attempts_in, installation, service_of
from idverify.cli.bench.options import Seed
from idverify.cli.output import AsJson, emit, stdout
from idverify.cli.progress import progress_bar
from idverify.errors import InvalidInput
from idverify.evaluation.attacks.campaign import BONA_FIDE, Campaign, Transport
from idverify.evaluation.attacks.journal import fingerprint
from idverify.evaluation.attacks.page import attacks_page, bona_fide_words, causes
from idverify.evaluation.attacks.people import Split, clip_subjects, photo_subjects
from idverify.evaluation.attacks.service import Asked
from idverify.evaluation.attacks.species import ALL
from idverify.evaluation.attacks.table import figures
from idverify.evaluation.attacks.watching import watcher
from idverify.evaluation.attacks.wire import RemoteService
from idverify.evaluation.html import write_page
from idverify.evaluation.pages import rate
from idverify.evaluation.report import output_folder, provenance, write_report
from idverify.evaluation.served import AUDIENCE, PURPOSE, served

NAMES = (BONA_FIDE, *(one.name for one in ALL))
STRENGTHS = frozenset(f"{one.name}_{strength}" for one in ALL for strength in one.strengths if strength != "presented")


def attacks(
    *,
    clips: Annotated[Path, typer.Option(help="folder of the six clips (d0.mp4 ...) that docs/how-to/attacks.md names")],
    photos: Annotated[Path, typer.Option(help="folder of NUAA with live/ and print/")],
    out: Annotated[Path, typer.Option(help="folder for report.html, report.json, the plot and the journal of trials")],
    people: Annotated[
        str, typer.Option(help="`report`: those that figures are for; `set`: those that set thresholds")
    ] = "report",
    species: Annotated[
        list[str] | None,
        typer.Option(help="only this species (bona_fide is one), or with _naive or _informed behind it; repeat for more"),
    ] = None,
    n: Annotated[
        int | None, typer.Option(min=1, max=100_000, help="attempts of each species and strength; 200, over a network 2")
    ] = None,
    profile: Annotated[str, typer.Option(help="assurance profile that the sessions ask for")] = "active",
    movement: Annotated[
        bool, typer.Option("--movement/--no-movement", help="whether movement of the head may be asked")
    ] = True,
    flashing: Annotated[bool, typer.Option("--flashing/--no-flashing", help="whether the screen may show colours")] = True,
    workers: Annotated[int, typer.Option(min=1, max=64, help="processes that make attempts; one a core, 1 GB each")] = 1,
    serve: Annotated[bool, typer.Option("--serve", help="in real time against a service process of its own")] = False,
    url: Annotated[str | None, typer.Option(help="in real time against the service that runs there")] = None,
    key: Annotated[str | None, typer.Option(help="of a client of that service with the scope sessions:create")] = None,
    audience: Annotated[str, typer.Option(help="one of that client's")] = AUDIENCE,
    purpose: Annotated[str, typer.Option(help="one of that client's")] = PURPOSE,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Attack live sessions with a simulated capture device, by species, and let bona fide people through beside it.

    Every attempt is a session of the real service: in process and in virtual time, or, with --serve or --url, over HTTP and
    WebSocket in real time, some ten seconds each. Over a network what stopped an attempt is told by the decision's reasons
    alone, and the challenge is drawn anew whatever the seed. Naive attackers know the protocol; informed ones
    have the source and a genuine recording of another session, read each step and react within 150 ms. A run that was cut short
    goes on where it stopped; two runs with different --species may share --out, and a run without --species then adds up. The
    number of --workers changes no outcome.

    Example: idverify bench attacks --clips video --photos nuaa --out attacks --workers 4

    Example: idverify bench attacks --clips video --photos nuaa --out wire --serve --species bona_fide --species forged_mac

    Exit codes: 0 measured, 2 usage, 3 a clip or photograph cannot be used, 4 a fault, 130 interrupted.
    """
    if people not in {"set", "report"}:
        raise typer.BadParameter("`set` or `report`", param_hint="--people")
    unknown = sorted(set(species or ()) - set(NAMES) - STRENGTHS)
    if unknown:
        raise typer.BadParameter(f"no species {', '.join(unknown)}; known: {', '.join(NAMES)}", param_hint="--species")
    if (url is None) != (key is None) or (serve and url is not None):
        raise typer.BadParameter("a running service needs --url and --key; --serve starts one of its own", param_hint="--url")
    if workers > 1 and (serve or url is not None):
        raise typer.BadParameter("attempts over a network are made one after another", param_hint="--workers")
    split: Split = "set" if people == "set" else "report"
    folder = output_folder(out)
    with ExitStack() as running:
        parts = running.enter_context(installation())
        if url is None and profile not in parts.profiles:
            raise InvalidInput(f"no profile named {profile!r}: choose from {', '.join(parts.profiles)}")
        with progress_bar("clips and photographs"):
            look = watcher(parts.tracker)
            moving, photographed = clip_subjects(clips, split, look), photo_subjects(photos, split, look)
        asked = Asked(profile, movement, flashing)
        engine = parts.acquirer.engine
        made_by: dict[str, Any] = {
            "pack": engine.pack,
            "provider": engine.provider,
            "asked": [profile, movement, flashing],
            "people": split,
        }
        remote = None if url is None or key is None else RemoteService(url.rstrip("/"), key, audience, purpose)
        transport, server = running.enter_context(_transport(parts, remote, serve=serve))
        if server:
            made_by["server"] = {"url": url, **server}
        campaign = Campaign(transport, moving, photographed, asked, n or (2 if server else 200), seed)
        journals = folder / f"trials-{fingerprint(made_by)[:16]}"
        rows = []
        with attempts_in(workers, campaign) as attempts:
            for row in campaign.rows(species or ()):
                with progress_bar(row.name) as progress:
                    rows.append((row, campaign.made(row, journals, progress, attempts)))
    report = {
        "kind": "attacks",
        "transport": "HTTP and WebSocket, in real time" if server else "in process, in virtual time",
        "server": server,
        "profile": profile,
        "movement": movement,
        "flashing": flashing,
        "people": _people(split, campaign),
        **figures(rows, np.random.default_rng(seed)),
        "seed": seed,
        **provenance(engine, arguments=without_key(sys.argv[1:]), now=time.time()),
    }
    write_report(folder, report)
    write_page(folder, attacks_page(folder, report))
    emit(report, as_json=as_json, table=lambda: _print_attacks(report, folder))


def without_key(arguments: Sequence[str]) -> list[str]:
    """The command as a report may show it."""
    hidden = ["..." if before == "--key" else word for before, word in zip(["", *arguments], arguments, strict=False)]
    return ["--key=..." if word.startswith("--key=") else word for word in hidden]


_Opened = tuple[Transport, dict[str, Any] | None]


@contextmanager
def _transport(parts: Parts, remote: RemoteService | None, *, serve: bool) -> Iterator[_Opened]:
    """What opens the sessions, and what a service over a network says of itself."""
    if remote is not None:
        yield remote, _described(remote.about())
    elif serve:
        with (
            tempfile.TemporaryDirectory(prefix="idverify-served-") as folder,
            served(Path(folder), concurrency=2, cores=frozenset()) as service,
        ):
            own = RemoteService(f"http://127.0.0.1:{service.port}", service.key, AUDIENCE, PURPOSE)
            yield own, _described(service.ready)
    else:
        yield service_of(parts), None


def _described(ready: Mapping[str, Any]) -> dict[str, Any]:
    return {name: ready[name] for name in ("pack", "provider", "version") if name in ready}


def _people(split: Split, campaign: Campaign) -> str:
    clips, persons = (len({one.person for one in group}) for group in (campaign.moving, campaign.photographed))
    words = "of the half that figures are made of" if split == "report" else "of the half that thresholds are set on"
    return f"{clips} people of clips, each also mirrored, and {persons} people of NUAA's photographs, {words}"


def _print_attacks(report: Mapping[str, Any], folder: Path) -> None:
    columns = ("n", "people", "APCER", "at most", "over people", "accepted", "review", "stopped by")
    table = Table(Column("species", no_wrap=True), *columns, box=None, header_style="dim")
    order = {"informed": 0, "presented": 1, "naive": 2}
    for name, one in sorted(report["species"].items(), key=lambda item: order[item[1]["strength"]]):
        counts = [str(one["n"]), str(one["people"]), rate(one["apcer"])]
        counts += [rate(one["apcer_high"]), rate(one["apcer_high_people"])]
        table.add_row(escape(name), *counts, str(one["iapar_errors"]), str(one["review"]), escape(causes(one["stopped_by"], 3)))
    stdout.print(table)
    for name, one in report["species"].items():
        if one["remark"]:
            stdout.print(f"{name}: {one['remark']}", markup=False)
    if report["bona_fide"] is not None:
        words = causes(report["bona_fide"]["causes"], 6)
        review = f"{report['bona_fide']['review']} for a reviewer"
        stdout.print(f"bona fide not approved: {bona_fide_words(report)}; {review} ({words})", markup=False)
    if report["targets_missed"]:
        stdout.print(f"targets missed: {', '.join(report['targets_missed'])}", markup=False)
    stdout.print(f"{folder}: report.html, report.json, trials, plot as PNG and SVG", markup=False)
