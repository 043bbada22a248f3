"""What a link tells, and to whom, before and after anybody began."""

import pytest

from idverify.ceremonies import handover, person, sessions
from idverify.ceremonies.person import Bearer
from idverify.errors import SessionFinished, SessionNotFound, SessionTaken

from .live import Capture, with_models


@pytest.fixture
def parts(parts, acquirer):
    """With real models: a session has a reference."""
    return with_models(parts, acquirer)


def told(capture, bearer=None):
    """What the link says."""
    return person.link(capture.parts, capture.session_id, bearer or capture.bearer)


def test_looking_at_a_link_claims_nothing(parts):
    """Who opened it where there is no camera opens it elsewhere; from the beginning on it is one user agent's."""
    capture = Capture(parts)
    first = told(capture)
    assert (first.client_name, first.purpose, first.consent_version) == ("Hotel Specimen", "hotel check-in", "1")
    assert (first.begun, first.second, first.camera, first.code) == (False, False, True, None)
    assert (first.attempts_left, first.outcome, first.ended) == (3, "pending", None)
    assert capture.look().status == "created"
    capture.begin()
    assert told(capture).begun
    with pytest.raises(SessionTaken):
        told(capture, Bearer(capture.bearer.token))
    with pytest.raises(SessionNotFound):
        told(capture, Bearer("idvs_" + "A" * 43, capture.bearer.agent))


def test_a_slow_reader_has_more_time_before_beginning_and_once(parts, clock):
    """The seconds left are the service's, whatever the clock of the device says."""
    capture = Capture(parts)
    clock.now += 500
    assert (told(capture).seconds_left, told(capture).extendable) == (100, True)
    person.extend(parts, capture.session_id, capture.bearer)
    assert (told(capture).seconds_left, told(capture).extendable) == (700, False)
    with pytest.raises(SessionFinished):
        person.extend(parts, capture.session_id, capture.bearer)
    capture.begin()
    with pytest.raises(SessionTaken):
        person.extend(parts, capture.session_id, Bearer(capture.bearer.token))
    clock.now += 701
    assert (told(capture).seconds_left, told(capture).outcome, told(capture).ended) == (0, "over", "abandoned")


def test_the_second_device_learns_the_nonce_once_its_code_was_typed_and_not_before(parts):
    """And says nothing of the first device's, which keeps the outcome."""
    capture = Capture(parts)
    capture.begin(movement=False)
    token = handover.offer(parts, capture.session_id, capture.bearer)
    offered = told(capture, Bearer(token))
    assert (offered.second, offered.begun, offered.camera, offered.code) == (True, False, False, None)
    opened = handover.open_link(parts, capture.session_id, Bearer(token))
    phone = Bearer(token, opened.agent)
    assert (told(capture, phone).code, told(capture, phone).camera) == (opened.code, False)
    for other in (phone, Bearer(token), Bearer(token, capture.bearer.agent)):
        with pytest.raises((SessionNotFound, SessionTaken)):
            person.begin(parts, capture.session_id, other)
    with pytest.raises(SessionTaken):
        told(capture, Bearer(token, capture.bearer.agent))
    handover.confirm(parts, capture.session_id, capture.bearer, opened.code)
    assert (told(capture, phone).camera, told(capture, phone).code) == (True, None)
    assert not told(capture).camera
    begun = person.begin(parts, capture.session_id, phone)
    assert (begun.nonce, begun.agent) == (capture.created.nonce, None)
    with pytest.raises(SessionTaken):
        person.begin(parts, capture.session_id, Bearer(token))
    with pytest.raises(SessionNotFound):
        person.outcome(parts, capture.session_id, phone)


def test_a_link_says_how_it_ended(parts):
    """Cancelled by who asked for it: the person hears that, and no state of the inside beyond it."""
    capture = Capture(parts)
    sessions.cancel(parts, capture.client, capture.session_id)
    assert (told(capture).outcome, told(capture).ended) == ("over", "cancelled")
