"""Real store, real keys, real audit; the models alone are simulated, so that a ceremony costs milliseconds."""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from contracts.databases import database_url, postgresql
from roots import copied_parts

from idverify.ceremonies import Limits, Parts
from idverify.errors import MultipleFaces, NoFace
from idverify.keys import secrets, signing
from idverify.keys.file import create_kek_file, load_kek_file
from idverify.store import Store
from idverify.store.installation import deployment
from idverify.values import Component, Face, Probe, Quality, Template

__all__ = ["database_url", "postgresql"]

START = 1_800_000_000.0
MODEL = "5" * 64
ISSUER = "https://id.example"
LIMITS = Limits(3, 5, 3600)


class SimulatedAcquirer:
    """Makes a probe of any bytes: equal bytes, equal template. `no face` and `two faces` in them are obeyed."""

    engine = SimpleNamespace(pack="simulated@0", provider="simulated 1 cpu")

    def __init__(self, model: str = MODEL) -> None:
        self.embedding_digest = model
        self.calls = 0
        self.quality = Quality((Component("sharpness", 100.0, 90),))

    def small_picture(self, data: bytes) -> bytes:
        """See idverify.acquisition.Acquirer."""
        return b"a small picture of " + data[:8]

    def acquire(self, data: bytes) -> Probe:
        """See idverify.acquisition.Acquirer."""
        self.calls += 1
        if b"no face" in data:
            raise NoFace("no face was found")
        if b"two faces" in data:
            raise MultipleFaces("more than one face")
        seed = int.from_bytes(hashlib.sha256(self.embedding_digest.encode() + data).digest()[:4], "big")
        vector = np.random.default_rng(seed).standard_normal(512).astype(np.float32)
        template = Template(vector / np.linalg.norm(vector), self.embedding_digest)
        return Probe(hashlib.sha256(data).hexdigest(), Face((0.0, 0.0, 9.0, 9.0), 1.0), template, self.quality, 0.9)


class Clock:
    """Seconds since the epoch, moved by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until a test moves it."""
    return Clock()


@pytest.fixture
def make_parts(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., Parts]]:
    """Assembles an installation; the same folder and URL give the same one again, as after a restart."""
    opened: list[Store] = []

    def make(url: str | None = None, *, data: Path = tmp_path / "data", limits: Limits = LIMITS, model: str = MODEL) -> Parts:
        kek = tmp_path / "kek"
        if not kek.exists():
            create_kek_file(kek)
        wrapper = load_kek_file(kek, data)
        store = Store.open(url or f"sqlite:///{data / 'idverify.db'}")
        opened.append(store)
        return Parts(
            **copied_parts(data / "keys", ISSUER, clock),
            deployment=deployment(store, os.urandom),
            environment="dev",
            issuer=ISSUER,
            acquirer=SimulatedAcquirer(model),
            policies={},
            default_policy="fmr-1e-4",
            limits=limits,
            store=store,
            wrapper=wrapper,
            secrets=secrets.load_or_create(data / "keys", wrapper),
            signing=signing.load_or_create(data / "keys" / "signing", clock),
            now=clock,
            random_bytes=os.urandom,
        )

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def parts(make_parts: Callable[..., Parts]) -> Parts:
    """One installation on SQLite."""
    return make_parts()
