"""Species against the real service: each is stopped by what should stop it, and passes where that is switched off."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from attested import AppKey, trust

from idverify.ceremonies import live, person
from idverify.ceremonies.clients import SESSIONS_CREATE, add_client
from idverify.ceremonies.session_record import load
from idverify.decision.profile import Band
from idverify.decision.profiles import ACTIVE, ACTIVE_HIGH
from idverify.evaluation.attacks import campaign, parameters
from idverify.evaluation.attacks.campaign import Campaign, Row
from idverify.evaluation.attacks.clips import read_clip
from idverify.evaluation.attacks.people import of_clip
from idverify.evaluation.attacks.service import Asked, Service
from idverify.evaluation.attacks.species import ALL
from idverify.evaluation.attacks.tampering import signed
from idverify.evaluation.attacks.watching import watcher
from idverify.liveness import conductor
from idverify.sessions.envelope import open_frame

OFF = Band(-1.0, -1.0)
PROFILES = {
    "active": ACTIVE,
    "active-high": ACTIVE_HIGH,
    "without flash": replace(ACTIVE, name="without flash", flash=OFF, flash_over_background=OFF),
    "without continuity": replace(ACTIVE, name="without continuity", continuity=OFF),
}
SEEDS = 6


@pytest.fixture(scope="module")
def subjects(evaluation_data, acquirer):
    """Two people who look at the camera."""
    from idverify.tracking import Tracker

    found = []
    for name in ("d10", "d13"):
        path = evaluation_data / "video" / f"{name}.mp4"
        if not path.is_file():
            pytest.skip("IDVERIFY_DATA is not set: real faces for measuring are absent")
        found.append(of_clip(name, read_clip(path, watcher(Tracker(acquirer)))))
    return found


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """An installation with the profiles above."""
    from idverify.api.app import compose
    from idverify.config import load_settings

    data = tmp_path_factory.mktemp("attacks")
    parts = compose(load_settings(env="dev", data_dir=data, database_url=f"sqlite:///{data / 'x.db'}", duplicates="off"))
    client, _ = add_client(parts, actor="test", name="test", scopes=[SESSIONS_CREATE], audiences=["test"], purposes=["test"])
    return Service(replace(parts, profiles=PROFILES), client)


def attempts(service, subjects, name, strength, profile="active"):
    """Attempts of one species on both people, until one is approved."""
    tried = Campaign(service, subjects, (), Asked(profile), 1, 0)
    (species,) = [one for one in ALL if one.name == name]
    row = Row(name, strength, species.build, subjects)
    for seed in range(SEEDS):
        yield tried.attempt(row, subjects[seed % 2], seed)


def stopped(service, subjects, name, strength):
    """The causes of the first attempts; none may be approved."""
    trials = list(islice(attempts(service, subjects, name, strength), 2))
    assert all(trial.outcome != "approved" for trial in trials)
    return [set(trial.reasons) for trial in trials]


def passes(service, subjects, name, strength, profile="active"):
    """Whether an attempt is approved."""
    return any(trial.outcome == "approved" for trial in attempts(service, subjects, name, strength, profile))


@pytest.mark.parametrize(
    ("name", "strength", "cause", "without"),
    [
        ("flash_ignored", "informed", "flash", "without flash"),
        ("spliced_person", "naive", "not_one_person", "without continuity"),
    ],
)
def test_evidence_that_is_switched_off_lets_its_species_through(service, subjects, name, strength, cause, without):
    """So that it is no decoration."""
    assert any(cause in causes for causes in stopped(service, subjects, name, strength))
    assert passes(service, subjects, name, strength, without)


def test_a_forged_mac_is_refused_and_would_pass_unchecked(service, subjects, monkeypatch):
    """What the sender does not hold the key for is not a frame of this session."""
    assert {"frame_refused"} in stopped(service, subjects, "forged_mac", "naive")

    def unchecked(chain, message):
        return open_frame(chain, signed(message, chain.key))

    monkeypatch.setattr(live, "open_frame", unchecked)
    assert passes(service, subjects, "forged_mac", "naive")


def test_a_late_answer_misses_the_deadline_and_would_do_without_one(service, subjects, monkeypatch):
    """Time to make an answer is not given."""
    missed = [
        any(cause.startswith("challenge") for cause in causes) for causes in stopped(service, subjects, "late_answers", "naive")
    ]
    monkeypatch.setattr(conductor, "STEP_DEADLINE", 60.0)
    later = [
        any(cause.startswith("challenge") for cause in causes) for causes in stopped(service, subjects, "late_answers", "naive")
    ]
    assert any(missed)
    assert not all(later)


def test_an_informed_attacker_with_frames_of_the_person_passes(service, subjects):
    """Only attestation stops this: a test that says so, and will fail the day it is no longer true."""
    assert passes(service, subjects, "recorded_frames", "informed")


def test_the_informed_attacker_does_not_pass_under_the_attestation_of_another_telephone(service, subjects, monkeypatch):
    """Our app attests on a genuine device, and its key signs nothing of what the program sends: that alone stands in the way."""
    connect = live.connect

    def attested(parts, session_id, bearer, *, at):
        key = AppKey()
        with parts.store.reading() as tx:
            nonce = bytes.fromhex(load(parts, tx, session_id).order.nonce)
        parts = replace(parts, attestation=trust(parts.now()))
        assert person.attest(parts, session_id, bearer, key.kind, key.attestation(nonce)) == "app"
        return connect(parts, session_id, bearer, at=at)

    monkeypatch.setattr(live, "connect", attested)
    trials = []
    for trial in attempts(service, subjects, "recorded_frames", "informed", "active-high"):
        trials.append(trial)
        if trial.reasons == ("stream_not_signed",):
            break
    assert trials[-1].reasons == ("stream_not_signed",)
    assert all(trial.outcome != "approved" for trial in trials)


def test_the_bona_fide_pass(service, subjects):
    """Most of what the same people do before the same camera is approved."""
    tried = Campaign(service, subjects, (), Asked(), 1, 0)
    row = tried.rows([campaign.BONA_FIDE])[0]
    outcomes = [tried.attempt(row, subjects[seed % 2], seed).outcome for seed in range(4)]
    assert outcomes.count("approved") >= 2


def test_every_parameter_is_drawn_within_its_range():
    """And the same seed draws the same."""
    for group in ("camera", "network", "light", "person", "informed", "photo", "replay", "injection", "head"):
        one, two = (parameters.drawn(group, np.random.default_rng(5)) for _ in range(2))
        assert one == two
        assert all(np.isfinite(value) for value in one.values())
