"""The window, as the service composes it: callers that come together share the models' runs and get their own answers."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from idverify.acquisition import Acquirer
from idverify.api.app import create_app, load_recogniser
from idverify.ceremonies import Parts
from idverify.config import load_settings
from idverify.inference.batching import BatchingEngine
from idverify.inference.onnx import OnnxEngine
from idverify.values import Floats

from .support import asked, in_base64, serving


class Rows(OnnxEngine):
    """The real engine, which also keeps how many rows each embedding run had."""

    def __init__(self, engine: OnnxEngine) -> None:
        self.__dict__.update(engine.__dict__)
        self.embedded: list[int] = []

    def run(self, model: str, batch: Floats) -> tuple[Floats, ...]:
        """As the engine does."""
        if model == "embedding":
            self.embedded.append(len(batch))
        return super().run(model, batch)


def test_callers_that_come_together_share_runs_and_get_their_own_decisions(
    make_parts: Callable[..., Parts], engine: OnnxEngine, tmp_path: Path, samples: Path
) -> None:
    """Sixteen over HTTP, every other one an impostor: each answer is right, and fewer runs than faces were needed."""
    rows = Rows(engine)
    together = BatchingEngine(rows, window_ms=20, most=8)
    reference = in_base64((samples / "obama.jpg").read_bytes())
    bodies = [asked((samples / name).read_bytes(), reference=reference) for name in ("obama2.jpg", "biden.jpg")]
    parts = make_parts(acquirer=Acquirer(together, faces="dominant"))
    with (
        serving(parts, tmp_path, concurrency=16, uploads=32, attending=together.attending) as service,
        service.client("verifications:create") as client,
        ThreadPoolExecutor(16) as pool,
    ):
        answers = list(pool.map(lambda i: client.post("/v1/verifications", json=bodies[i % 2]).json(), range(16)))
    assert [answer["decision"] for answer in answers] == ["accepted", "rejected"] * 8
    assert sum(rows.embedded) == 33  # two faces each, and the photograph that warms the service
    assert max(rows.embedded) > 1


def test_the_window_is_off_unless_it_is_set(make_parts: Callable[..., Parts], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the setting the engine is the plain one; with it, the service tells the window who is about."""
    monkeypatch.delenv("IDVERIFY_BATCH_WINDOW_MS", raising=False)
    assert not isinstance(load_recogniser(load_settings()).acquirer.engine, BatchingEngine)
    monkeypatch.setenv("IDVERIFY_BATCH_WINDOW_MS", "2")
    recogniser = load_recogniser(load_settings())
    together = recogniser.acquirer.engine
    assert isinstance(together, BatchingEngine)
    service = create_app(make_parts(acquirer=recogniser.acquirer), load_settings()).state.service
    assert service.options.attending == together.attending


def test_a_lone_caller_is_through_as_if_there_were_no_window(
    make_parts: Callable[..., Parts], engine: OnnxEngine, tmp_path: Path, samples: Path
) -> None:
    """With a window of ten seconds a model, the only caller of the service waits for none of it."""
    together = BatchingEngine(engine, window_ms=10_000, most=8)
    body = asked((samples / "obama2.jpg").read_bytes(), reference=in_base64((samples / "obama.jpg").read_bytes()))
    parts = make_parts(acquirer=Acquirer(together, faces="dominant"))
    with (
        serving(parts, tmp_path, attending=together.attending) as service,
        service.client("verifications:create") as client,
    ):
        elapsed = []
        for _ in range(3):
            began = time.monotonic()
            client.post("/v1/verifications", json=body).raise_for_status()
            elapsed.append(time.monotonic() - began)
    assert np.median(elapsed) < 5
