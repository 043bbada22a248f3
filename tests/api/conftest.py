"""Installations and services for the tests of the HTTP layer. Nothing is simulated: models, database, keys, sockets."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from contracts.databases import postgresql
from roots import copied_parts

from idverify.acquisition import Acquirer
from idverify.ceremonies import Limits, Parts
from idverify.decision.policy import policies_from
from idverify.inference.manifest import default_models_folder, load_pack
from idverify.keys import secrets, signing
from idverify.keys.file import create_kek_file, load_kek_file
from idverify.store import Store
from idverify.store.installation import deployment

from .support import Running, enrolment, serving

__all__ = ["postgresql"]

ISSUER = "https://verify.example"


@pytest.fixture(scope="session")
def make_parts(acquirer: Acquirer, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Parts]:
    """Makes an installation of its own: a folder, keys, a database. What is given replaces a part."""
    policies = policies_from(load_pack(default_models_folder(), "default").policies, acquirer.embedding_digest)

    def make(*, url: str | None = None, **parts: object) -> Parts:
        folder = tmp_path_factory.mktemp("installation")
        create_kek_file(folder / "kek")
        wrapper = load_kek_file(folder / "kek", folder / "data")
        store = Store.open(url or f"sqlite:///{folder / 'data' / 'idverify.db'}")
        made = Parts(
            **copied_parts(folder / "data" / "keys", ISSUER, time.time),
            deployment=deployment(store, os.urandom),
            environment="production",
            issuer=ISSUER,
            acquirer=acquirer,
            policies=policies,
            default_policy="fmr-1e-4",
            limits=Limits(client_subject=1000, subject=2000, window_seconds=3600),
            store=store,
            wrapper=wrapper,
            secrets=secrets.load_or_create(folder / "data" / "keys", wrapper),
            signing=signing.load_or_create(folder / "data" / "keys" / "signing", time.time),
            now=time.time,
            random_bytes=os.urandom,
        )
        return replace(made, **parts)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="module")
def service(make_parts: Callable[..., Parts], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service for the tests of one file."""
    with serving(make_parts(), tmp_path_factory.mktemp("head"), concurrency=8) as running:
        yield running


@pytest.fixture(scope="module")
def subject(service: Running, samples: Path) -> str:
    """The id of an enrolled subject: obama.jpg."""
    with service.client("subjects:write") as client:
        body = enrolment((samples / "obama.jpg").read_bytes(), f"seeded-{os.urandom(4).hex()}")
        return str(client.post("/v1/subjects", json=body).raise_for_status().json()["subject_id"])
