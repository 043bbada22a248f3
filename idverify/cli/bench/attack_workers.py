"""What `idverify bench attacks` makes its attempts in: an installation of its own, in this process or in each of several."""

import multiprocessing
import signal
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from idverify.api.app import compose
from idverify.ceremonies import Parts
from idverify.ceremonies.clients import SESSIONS_CREATE, add_client
from idverify.config import load_settings
from idverify.evaluation.attacks.campaign import Attempts, Campaign, Row
from idverify.evaluation.attacks.people import Subject
from idverify.evaluation.attacks.service import Asked, Service
from idverify.evaluation.attacks.trial import Trial

Subjects = Sequence[Subject]


@contextmanager
def installation() -> Iterator[Parts]:
    """One of its own, whatever the environment names, in a folder that is gone when the benchmark ends."""
    with tempfile.TemporaryDirectory(prefix="idverify-attacks-") as folder:
        yield _composed(Path(folder))


def service_of(parts: Parts) -> Service:
    """The installation as a client of its own finds it."""
    client, _ = add_client(
        parts, actor="bench", name="bench", scopes=[SESSIONS_CREATE], audiences=["bench"], purposes=["bench"]
    )
    return Service(parts, client)


@contextmanager
def attempts_in(workers: int, campaign: Campaign) -> Iterator[Attempts | None]:
    """What makes a row's attempts in so many processes; None for one: this process makes them.

    A trial is drawn from its own seed alone, so its outcome does not hang on which process makes it, or after which other.
    """
    if workers == 1:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="idverify-attacks-") as folder:
        # Not forked: an engine that was used has threads, which a fork loses.
        given = Path(folder), campaign.moving, campaign.photographed, campaign.asked
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(workers, context, _begin, given)

        def attempts(row: Row, wanted: Sequence[tuple[str, int]]) -> Iterator[Trial]:
            return pool.map(_attempt, [(row.name, subject, seed) for subject, seed in wanted])

        try:
            yield attempts
        finally:
            pool.shutdown(cancel_futures=True)


def _composed(folder: Path) -> Parts:
    data = folder / "data"
    own = {"env": "dev", "data_dir": data, "database_url": f"sqlite:///{data / 'attacks.db'}", "duplicates": "off"}
    return compose(load_settings(**own).model_copy(update={"kek_file": None, "pkcs11_module": None}))


_campaign: Final[list[Campaign]] = []
"""Of a worker: the one that it makes attempts for. What a pool calls there finds no other way to it."""


def _begin(folder: Path, moving: Subjects, photographed: Subjects, asked: Asked) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent alone is interrupted, and ends its workers
    service = service_of(_composed(Path(tempfile.mkdtemp(dir=folder))))
    _campaign.append(Campaign(service, moving, photographed, asked, n=0, seed=0))


def _attempt(wanted: tuple[str, str, int]) -> Trial:
    name, subject, seed = wanted
    (campaign,) = _campaign
    (row,) = [one for one in campaign.rows() if one.name == name]
    (trial,) = campaign.attempts(row, [(subject, seed)])
    return trial
