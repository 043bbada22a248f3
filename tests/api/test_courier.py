"""The courier at work: a real service, a real receiver, real time."""

import io
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from idverify.api import courier, outbound
from idverify.ceremonies import Parts, webhooks
from idverify.ceremonies.clients import VERIFICATIONS_CREATE, add_client
from idverify.store import Store, audit
from idverify.store.webhooks import Tally

from .receivers import Received, Receiver, receiving
from .support import Running, serving
from .test_server import captured

DOCUMENT = Path(__file__).parents[2] / "docs" / "how-to" / "webhooks.md"


@pytest.fixture
def parts(make_parts: Callable[..., Parts]) -> Parts:
    """An installation in which a receiver on this machine may be named."""
    return make_parts(environment="dev")


def told(parts: Parts, receiver: Receiver) -> tuple[str, str]:
    """A client whose results go to the receiver: its id, and the secret."""
    allowed: dict[str, Any] = {"scopes": [VERIFICATIONS_CREATE], "audiences": ["hotel"], "purposes": ["check-in"]}
    client, _ = add_client(parts, actor="tester", name="Hotel", **allowed)
    secret = webhooks.set_webhook(parts, client.id, f"http://127.0.0.1:{receiver.port}/hook?key=theirs", actor="tester")
    return client.id, secret


def end_session(parts: Parts, client_id: str, session_id: str, status: str = "approved") -> str:
    """What the end of a session does; the delivery's id."""
    with parts.store.transaction() as tx:
        queued = webhooks.queue(parts, tx, client_id=client_id, session_id=session_id, status=status)
    assert queued is not None
    return queued


@contextmanager
def delivering(parts: Parts, folder: Path) -> Iterator[Running]:
    """A service whose courier looks often."""
    with serving(parts, folder, courier_seconds=0.02) as running:
        yield running


def settled(parts: Parts, client_id: str, tally: Tally) -> None:
    """Return when the client's deliveries stand like that."""
    deadline = time.monotonic() + 10
    while (found := webhooks.show_webhook(parts, client_id).deliveries) != tally:
        assert time.monotonic() < deadline, found
        time.sleep(0.005)


def receivers_check() -> Callable[..., bool]:
    """`is_genuine` as the how-to has it, run from the page."""
    (snippet,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(snippet, names)
    return names["is_genuine"]  # type: ignore[no-any-return]


@pytest.mark.checkout
def test_a_receiver_that_does_as_the_page_says_believes_the_message_and_nothing_else(parts: Parts, tmp_path: Path) -> None:
    """Altered, under another secret, replayed after five minutes, from the future, unsigned or ill-formed: refused."""
    is_genuine = receivers_check()
    with receiving() as receiver, delivering(parts, tmp_path):
        client_id, secret = told(parts, receiver)
        delivery_id = end_session(parts, client_id, "ses_1", "declined")
        (came,) = receiver.wait(1)
        settled(parts, client_id, Tally(0, 1, 0))
    assert json.loads(came.body).items() >= {"session_id": "ses_1", "status": "declined", "type": "session.finished"}.items()
    assert came.path == "/hook?key=theirs"
    assert came.headers["webhook-id"] == delivery_id
    sent_at = int(came.headers["webhook-timestamp"])
    assert is_genuine(secret, came.headers, came.body)
    assert is_genuine(secret, came.headers, came.body, sent_at + 299)
    assert not is_genuine(secret, came.headers, came.body, sent_at + 301)
    assert not is_genuine(secret, came.headers, came.body, sent_at - 301)
    assert not is_genuine(secret, came.headers, came.body.replace(b"declined", b"approved"))
    other_secret = webhooks.set_webhook(parts, client_id, "https://hotel.example/", actor="tester")
    assert not is_genuine(other_secret, came.headers, came.body)
    forged: dict[str, str]
    for forged in (
        {"webhook-id": "dlv_0"},
        {"webhook-timestamp": str(sent_at + 1)},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": "²"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "ü"},
        {"webhook-signature": came.headers["webhook-signature"].replace("v1,", "v2,")},
    ):
        assert not is_genuine(secret, {**came.headers, **forged}, came.body), forged
    assert not is_genuine(secret, {}, came.body)
    rotated = {**came.headers, "webhook-signature": f"v1,AAAA {came.headers['webhook-signature']}"}
    assert is_genuine(secret, rotated, came.body), "several signatures: one that fits is enough"


def test_what_was_refused_comes_again_under_the_same_id(parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """500, then a redirect, then 200: three attempts, one delivery, in the audit and in the metrics."""
    monkeypatch.setattr(webhooks, "PAUSES", (0.01, 0.01, 0.01))
    statuses = iter([500, 307, 200])
    with receiving() as receiver, delivering(parts, tmp_path) as service:
        receiver.answer = lambda _: next(statuses)
        client_id, _ = told(parts, receiver)
        delivery_id = end_session(parts, client_id, "ses_1")
        came = receiver.wait(3)
        settled(parts, client_id, Tally(0, 1, 0))
        with service.client("metrics:read") as client:
            counted = client.get("/metrics").text
    assert {one.headers["webhook-id"] for one in came} == {delivery_id}
    assert len({one.body for one in came}) == 1
    assert [one.path for one in came] == ["/hook?key=theirs"] * 3
    assert 'idverify_webhook_attempts_total{outcome="postponed"} 2.0' in counted
    assert 'idverify_webhook_attempts_total{outcome="delivered"} 1.0' in counted
    with parts.store.reading() as tx:
        (event,) = [entry for entry in audit.events(tx) if entry.event == "webhook.delivered"]
    assert (event.actor, event.details["attempts"], event.details["cause"]) == (client_id, 3, "status_200")


def test_two_workers_tell_everything_once(parts: Parts, tmp_path: Path) -> None:
    """Over one database, with a backlog made while neither ran and more while both do."""
    url = str(parts.store._writer.url)
    second = replace(parts, store=Store.open(url))
    (tmp_path / "b").mkdir()
    with receiving() as receiver:
        clients = [told(parts, receiver)[0] for _ in range(3)]
        made = [end_session(parts, client_id, f"ses_{number}") for number in range(4) for client_id in clients]
        with delivering(parts, tmp_path), delivering(second, tmp_path / "b"):
            made += [end_session(second, client_id, f"ses_late_{number}") for number in range(4) for client_id in clients]
            for client_id in clients:
                settled(parts, client_id, Tally(0, 8, 0))
    second.store.close()
    assert sorted(came.headers["webhook-id"] for came in receiver.received) == sorted(made)


def test_a_receiver_that_hangs_holds_nobody_else_up(parts: Parts, tmp_path: Path) -> None:
    """Another client's results arrive meanwhile; the service stops only when the slow one has had its time."""
    released = threading.Event()

    def hang(_came: Received) -> int:
        released.wait(10)
        return 200

    with receiving() as slow, receiving() as quick:
        slow.answer = hang
        with delivering(parts, tmp_path):
            slow_client, _ = told(parts, slow)
            quick_client, _ = told(parts, quick)
            for number in range(3):
                end_session(parts, slow_client, f"ses_slow_{number}")
            slow.wait(1)
            for number in range(5):
                end_session(parts, quick_client, f"ses_{number}")
            settled(parts, quick_client, Tally(0, 5, 0))
            assert len(slow.received) == 1, "one at a time"
            threading.Timer(0.6, released.set).start()
        assert released.is_set()
        found = webhooks.show_webhook(parts, slow_client).deliveries
    assert found.delivered >= 1, "what was on its way when the service stopped is settled"
    assert found.waiting + found.delivered == 3


def test_receivers_that_hang_hold_the_others_up_once_whatever_waits_for_them(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as there are threads, each with ten messages that are due first: known to be slow, they share one thread."""
    for name, value in {"THREADS": 4, "SLOW_THREADS": 1, "SLOW_SECONDS": 0.2}.items():
        monkeypatch.setattr(courier, name, value)
    monkeypatch.setattr(outbound, "post", partial(outbound.post, seconds=0.4))
    released = threading.Event()

    def hang(_came: Received) -> int:
        released.wait(20)
        return 200

    with receiving() as slow, receiving() as quick:
        slow.answer = hang
        for _ in range(3):
            slow_client, _ = told(parts, slow)
            for number in range(10):
                end_session(parts, slow_client, f"ses_slow_{number}")
        quick_client, _ = told(parts, quick)
        for number in range(5):
            end_session(parts, quick_client, f"ses_{number}")
        with delivering(parts, tmp_path):
            settled(parts, quick_client, Tally(0, 5, 0))
            assert len(slow.received) < 15, "of thirty that were due before"
            released.set()


def test_a_receiver_of_while_developing_is_told_nothing_in_production(parts: Parts, tmp_path: Path) -> None:
    """The same data folder under another environment: the URL is judged again."""
    with receiving() as receiver:
        client_id, _ = told(parts, receiver)
        end_session(parts, client_id, "ses_1")
        with captured() as log, delivering(replace(parts, environment="production"), tmp_path):
            logged(log, "address_refused")
    assert not receiver.received
    assert webhooks.show_webhook(parts, client_id).deliveries == Tally(1, 0, 0)


def logged(log: io.StringIO, detail: str) -> dict[str, Any]:
    """The first line about a webhook with that detail."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for line in map(json.loads, log.getvalue().splitlines()):
            if line["event"] == "webhook" and line.get("detail") == detail:
                return line  # type: ignore[no-any-return]
        time.sleep(0.01)
    pytest.fail(log.getvalue())


def test_the_log_tells_what_came_of_it_and_not_of_whom(parts: Parts, tmp_path: Path) -> None:
    """No client, session, delivery, URL, secret or address in it."""
    with receiving() as receiver, captured() as log, delivering(parts, tmp_path):
        client_id, secret = told(parts, receiver)
        delivery_id = end_session(parts, client_id, "ses_1")
        line = logged(log, "status_204")
    assert line["code"] == "delivered"
    assert line["ms"] >= 0
    secrets = (client_id, "ses_1", delivery_id, "theirs", secret.removeprefix("whsec_")[:12], "127.0.0.1", str(receiver.port))
    assert [word for word in secrets if word in log.getvalue()] == []


def test_a_store_that_is_down_stops_no_service_and_loses_no_message(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is logged, and when the store answers again the message goes out."""
    with receiving() as receiver:
        client_id, _ = told(parts, receiver)
        end_session(parts, client_id, "ses_1")
        broken = replace(parts, store=Store.open(str(parts.store._writer.url)))
        original = broken.store.reading
        monkeypatch.setattr(broken.store, "reading", failing)
        with captured() as log, delivering(broken, tmp_path):
            logged(log, "gone fishing")
            monkeypatch.setattr(broken.store, "reading", original)
            settled(parts, client_id, Tally(0, 1, 0))
    broken.store.close()
    assert len(receiver.received) == 1


def failing() -> None:
    """A store that does not answer."""
    from idverify.errors import StoreUnavailable

    raise StoreUnavailable("gone fishing")
