"""Webhook messages: written with what they tell of, taken by one courier, tried for a day, never lost, never redirected."""

import base64
import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from idverify.ceremonies import webhooks
from idverify.ceremonies.clients import VERIFICATIONS_CREATE, add_client, revoke_client
from idverify.ceremonies.purge import purge
from idverify.ceremonies.rotation import rotate_kek
from idverify.errors import InvalidInput
from idverify.store import audit, tables
from idverify.store.webhooks import Tally

from .installed import events

URL = "https://hotel.example/hook?key=of-theirs"


@pytest.fixture
def client_id(parts):
    """A client with a webhook."""
    made = new_client(parts)
    webhooks.set_webhook(parts, made, URL, actor="tester")
    return made


@pytest.fixture
def everywhere(make_parts, database_url):
    """The same, once on each database: an installation, and a client with a webhook."""
    parts = make_parts(database_url)
    made = new_client(parts)
    webhooks.set_webhook(parts, made, URL, actor="tester")
    return parts, made


def new_client(parts, **rest):
    """A client's id."""
    allowed = {"scopes": [VERIFICATIONS_CREATE], "audiences": ["hotel"], "purposes": ["check-in"]}
    return add_client(parts, actor="tester", name="Hotel", **allowed, **rest)[0].id


def queued(parts, client_id, session_id="ses_1", status="approved"):
    """Queue one message in a transaction of its own."""
    with parts.store.transaction() as tx:
        return webhooks.queue(parts, tx, client_id=client_id, session_id=session_id, status=status)


def last_event(parts):
    """The newest audit event."""
    with parts.store.reading() as tx:
        return audit.head(tx)


def test_the_message_names_session_status_and_time_and_is_signed_as_the_standard_says(parts, client_id, clock):
    """Recomputed here from the secret's text: HMAC-SHA-256 over id, time and body, joined by full stops."""
    secret = webhooks.set_webhook(parts, client_id, URL, actor="tester")
    delivery_id = queued(parts, client_id, "ses_1", "declined")
    clock.now += 100
    message = webhooks.take(parts)
    assert message.delivery.url == URL
    assert json.loads(message.delivery.body) == {
        "type": "session.finished",
        "session_id": "ses_1",
        "status": "declined",
        "at": "2027-01-15T08:00:00Z",
    }
    sent = webhooks.headers(message, clock.now)
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    assert len(key) == 32
    signed = f"{delivery_id}.{int(clock.now)}.".encode() + message.delivery.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert (sent["webhook-id"], sent["webhook-timestamp"]) == (delivery_id, str(int(clock.now)))
    assert sent["webhook-signature"] == f"v1,{expected}"


def test_the_signature_is_the_one_of_the_standards_own_example(parts, client_id):
    """Known answer: the published secret, id, time and body give the published signature."""
    queued(parts, client_id)
    taken = webhooks.take(parts)
    delivery = webhooks.Delivery("msg_p5jXN8AQM9LWM0D4loKWxJek", client_id, "s", URL, b'{"test": 2432232314}', 1)
    message = webhooks.Message(delivery, base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    assert webhooks.headers(message, 1614265330)["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert "secret" not in repr(taken)


def test_the_secret_is_sealed_and_the_urls_path_kept_out_of_the_audit(parts, client_id, tmp_path):
    """Neither text nor bytes of the secret are in any file; the event names host and port alone."""
    secret = webhooks.set_webhook(parts, client_id, URL, actor="tester")
    event = last_event(parts)
    assert (event.event, event.actor) == ("webhook.set", "tester")
    assert event.details == {"client_id": client_id, "host": "hotel.example", "port": 443, "waiting": 0}
    key = base64.b64decode(secret.removeprefix("whsec_"))
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not [content for content in files if key in content or secret.encode() in content]


def test_a_message_is_written_with_what_it_tells_of_or_not_at_all(parts, client_id):
    """A transaction that rolls back leaves nothing to deliver."""

    def fail():
        with parts.store.transaction() as tx:
            webhooks.queue(parts, tx, client_id=client_id, session_id="ses_1", status="approved")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert webhooks.take(parts) is None


def test_a_client_without_a_webhook_is_told_nothing(parts, client_id):
    """And another's webhook is not used for it."""
    assert queued(parts, new_client(parts)) is None
    assert webhooks.take(parts) is None


@pytest.mark.parametrize("status", ["", "Approved", "score=0.71", "approved\n", "a" * 41])
def test_a_status_is_one_plain_word(parts, client_id, status):
    """So that no message can grow a score or a name by mistake."""
    with pytest.raises(ValueError, match="one word"):
        queued(parts, client_id, status=status)


def test_of_many_couriers_one_takes_a_message(everywhere):
    """A pool of threads that ask at once."""
    parts, client_id = everywhere
    made = {queued(parts, client_id, f"ses_{number}") for number in range(5)}
    with ThreadPoolExecutor(8) as pool:
        taken = [message for message in pool.map(lambda _: webhooks.take(parts), range(12)) if message is not None]
    assert sorted(message.delivery.delivery_id for message in taken) == sorted(made)


def test_what_a_courier_took_and_never_settled_comes_back(everywhere, clock):
    """Under the same id, after the lease; what the first one learns too late changes nothing."""
    parts, client_id = everywhere
    delivery_id = queued(parts, client_id)
    first = webhooks.take(parts)
    assert webhooks.take(parts) is None
    clock.now += webhooks.LEASE_SECONDS
    second = webhooks.take(parts)
    assert (second.delivery.delivery_id, second.delivery.attempts) == (delivery_id, 2)
    assert webhooks.settle(parts, first, delivered=False, cause="too_slow") == "superseded"
    assert webhooks.settle(parts, second, delivered=True, cause="status_200") == "delivered"
    assert webhooks.settle(parts, second, delivered=True, cause="status_200") == "superseded"
    assert events(parts).count("webhook.delivered") == 1


def test_a_message_is_tried_eleven_times_within_a_day_and_then_given_up(parts, client_id, clock):
    """Each time a little later, always under one id and one body; at the end an event says so."""
    delivery_id = queued(parts, client_id)
    begun, times, bodies = clock.now, [], set()
    while (message := webhooks.take(parts)) is not None:
        times.append(clock.now - begun)
        bodies.add((message.delivery.delivery_id, message.delivery.body))
        became = webhooks.settle(parts, message, delivered=False, cause="status_503")
        assert became == ("given_up" if len(times) == 11 else "postponed")
        if became == "postponed":
            clock.now += webhooks.PAUSES[len(times) - 1] - 1
            assert webhooks.take(parts) is None, "not before its time"
            clock.now += 1
    assert times[0] == 0
    assert 20 * 3600 < times[-1] <= 24 * 3600
    assert all(later - now >= now - before for before, now, later in zip(times, times[1:], times[2:], strict=False))
    assert len(bodies) == 1
    event = last_event(parts)
    assert (event.event, event.actor) == ("webhook.given_up", client_id)
    assert event.details == {"session_id": "ses_1", "delivery_id": delivery_id, "attempts": 11, "cause": "status_503"}
    clock.now += 10 * 86_400
    assert webhooks.take(parts) is None


def test_couriers_that_always_die_do_not_try_for_ever(parts, client_id, clock):
    """Taking counts, so a message that kills its courier is given up like any other."""
    queued(parts, client_id)
    taken = 0
    while webhooks.take(parts) is not None:
        taken += 1
        clock.now += webhooks.LEASE_SECONDS
    assert taken == 11
    assert last_event(parts).event == "webhook.given_up"


def test_a_receiver_that_says_gone_is_not_asked_again(parts, client_id):
    """410 ends this message, not the next."""
    queued(parts, client_id)
    assert webhooks.settle(parts, webhooks.take(parts), delivered=False, cause="status_410") == "given_up"
    queued(parts, client_id, "ses_2")
    assert webhooks.take(parts).delivery.session_id == "ses_2"


def test_the_longest_overdue_comes_first_and_a_busy_client_is_passed_over(parts, client_id, clock):
    """A client whose receiver hangs holds nobody else up."""
    other = new_client(parts)
    webhooks.set_webhook(parts, other, "https://gate.example/", actor="tester")
    for session_id, whose in (("ses_1", client_id), ("ses_2", client_id), ("ses_3", other)):
        queued(parts, whose, session_id)
        clock.now += 1
    assert webhooks.take(parts, but_not=[client_id]).delivery.session_id == "ses_3"
    assert [webhooks.take(parts).delivery.session_id for _ in range(2)] == ["ses_1", "ses_2"]


def test_a_corrected_url_gets_what_waits_at_once_under_the_new_secret(everywhere, clock):
    """The message on its way to the old one is void, and the attempts begin anew."""
    parts, client_id = everywhere
    for session_id in ("ses_1", "ses_2"):
        queued(parts, client_id, session_id)
        clock.now += 1
    old = webhooks.take(parts)
    webhooks.settle(parts, old, delivered=False, cause="name_unknown")
    underway = webhooks.take(parts)
    webhooks.set_webhook(parts, client_id, "https://right.example/", actor="tester")
    assert last_event(parts).details["waiting"] == 2
    new = {message.delivery.session_id: message for message in (webhooks.take(parts), webhooks.take(parts))}
    assert {message.delivery.url for message in new.values()} == {"https://right.example/"}
    assert {message.delivery.attempts for message in new.values()} == {1}
    assert new["ses_1"].delivery.delivery_id == old.delivery.delivery_id
    assert new["ses_1"].secret != old.secret
    assert webhooks.settle(parts, underway, delivered=True, cause="status_200") == "superseded"
    assert webhooks.settle(parts, new["ses_2"], delivered=True, cause="status_200") == "delivered"


@pytest.mark.parametrize("table", ["webhooks", "deliveries"])
def test_a_url_altered_in_the_database_gets_nothing(parts, client_id, table):
    """The secret is bound to the URL that the operator set; what can no longer be sent is given up and recorded."""
    queued(parts, client_id)
    with parts.store.transaction() as tx:
        tx.execute(update(tables.metadata.tables[table]).values(url="https://thief.example/"))
        if table == "webhooks":
            tx.execute(update(tables.deliveries).values(url="https://thief.example/"))
    assert webhooks.take(parts) is None
    assert (last_event(parts).event, last_event(parts).details["cause"]) == ("webhook.given_up", "record_tampered")


def test_a_webhook_moved_to_another_client_does_not_open(parts, client_id):
    """One relying party's secret cannot be made to sign for another."""
    other = new_client(parts)
    with parts.store.transaction() as tx:
        tx.execute(update(tables.webhooks).values(client_id=other))
    queued(parts, other)
    assert webhooks.take(parts) is None
    assert last_event(parts).details["cause"] == "record_tampered"


def test_one_message_that_cannot_be_sent_does_not_hold_up_the_next(parts, client_id, clock):
    """The altered one is given up on the way to it."""
    queued(parts, client_id, "ses_1")
    clock.now += 1
    queued(parts, client_id, "ses_2")
    with parts.store.transaction() as tx:
        tx.execute(
            update(tables.deliveries).where(tables.deliveries.c.session_id == "ses_1").values(url="https://thief.example/")
        )
    assert webhooks.take(parts).delivery.session_id == "ses_2"


def test_a_secret_outlives_a_rotation_of_the_key_encryption_key(parts, client_id, tmp_path):
    """Else every receiver would have to be told a new one."""
    queued(parts, client_id)
    rotate_kek(parts, tmp_path / "data" / "keys", actor="tester", progress=lambda *_: None)
    assert webhooks.take(parts) is not None


@pytest.mark.parametrize("end", [webhooks.remove_webhook, revoke_client])
def test_a_webhook_ends_when_it_is_removed_or_its_client_revoked(parts, client_id, end):
    """What waits is given up, what is on its way leaves no trace but its arrival, and nothing new is queued."""
    queued(parts, client_id)
    queued(parts, client_id, "ses_2")
    underway = webhooks.take(parts)
    end(parts, client_id, actor="tester")
    assert "webhook.removed" in events(parts)
    assert webhooks.take(parts) is None
    assert webhooks.settle(parts, underway, delivered=True, cause="status_200") == "superseded"
    assert queued(parts, client_id, "ses_3") is None
    with pytest.raises(InvalidInput):
        webhooks.show_webhook(parts, client_id)
    with pytest.raises(InvalidInput):
        webhooks.remove_webhook(parts, client_id, actor="tester")


def test_who_cannot_have_a_webhook_is_refused(parts):
    """Unknown, revoked and sandbox clients, and a URL that is not public https in production; nothing is written."""
    revoked = new_client(parts)
    revoke_client(parts, revoked, actor="tester")
    before = events(parts)
    for client_id in ("cli_0000000000000000", revoked):
        with pytest.raises(InvalidInput, match="no such client"):
            webhooks.set_webhook(parts, client_id, URL, actor="tester")
    with pytest.raises(InvalidInput, match="https"):
        webhooks.set_webhook(parts, revoked, "ftp://hotel.example/", actor="tester")
    assert events(parts) == before
    with pytest.raises(InvalidInput, match="sandbox"):
        webhooks.set_webhook(parts, new_client(parts, sandbox=True), URL, actor="tester")


def test_what_ended_is_counted_until_it_is_purged_and_what_waits_is_never_purged(everywhere, clock):
    """However short the retention."""
    parts, client_id = everywhere
    for number, cause in enumerate(("status_200", "status_410")):
        queued(parts, client_id, f"ses_{number}")
        webhooks.settle(parts, webhooks.take(parts), delivered=cause == "status_200", cause=cause)
    queued(parts, client_id, "ses_2")
    assert webhooks.show_webhook(parts, client_id).deliveries == Tally(waiting=1, delivered=1, given_up=1)
    assert purge(parts, retention_seconds=60, actor="tester").deliveries == 0
    clock.now += 61
    assert purge(parts, retention_seconds=60, actor="tester").deliveries == 2
    assert webhooks.show_webhook(parts, client_id).deliveries == Tally(waiting=1, delivered=0, given_up=0)
    assert webhooks.take(parts).delivery.session_id == "ses_2"
