"""Species against the real service in process: who passes. What stops the others is in test_defences.py."""

import hashlib
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest
from attested import AppKey, trust

from idverify.ceremonies import live, person
from idverify.ceremonies.session_record import load
from idverify.evaluation.attacks import campaign, parameters
from idverify.evaluation.attacks.campaign import Campaign
from idverify.evaluation.attacks.service import Asked, Service

SEEDS = 6


@pytest.fixture(scope="module")
def tried(installation, subjects):
    """A campaign under the shipped profile."""
    return Campaign(Service(*installation), subjects, (), Asked(), 1, 0)


def approved(tried, species, strength, wanted):
    """Whether so many of a few attempts are approved."""
    (row,) = [row for row in tried.rows([species]) if row.strength == strength]
    for seed in range(SEEDS):
        wanted -= tried.attempt(row, tried.moving[seed % 2], seed).outcome == "approved"
        if wanted == 0:
            return True
    return False


@pytest.mark.parametrize("species", ["recorded_frames", "resolution_change", "tables_change"])
def test_an_informed_attacker_with_frames_of_the_person_passes(tried, species):
    """Only attestation stops this: a test that says so, and will fail the day it is no longer true."""
    assert approved(tried, species, "informed", 1)


def test_the_informed_attacker_does_not_pass_under_the_attestation_of_another_telephone(tried, monkeypatch):
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
    tried = replace(tried, asked=Asked("active-high"))
    (row,) = [row for row in tried.rows(["recorded_frames"]) if row.strength == "informed"]
    trials = []
    for seed in range(SEEDS):
        trials.append(tried.attempt(row, tried.moving[seed % 2], seed))
        if trials[-1].reasons == ("stream_not_signed",):
            break
    assert trials[-1].reasons == ("stream_not_signed",)
    assert all(trial.outcome != "approved" for trial in trials)


def test_the_bona_fide_pass(tried):
    """Of what the same people do before the same camera."""
    assert approved(tried, campaign.BONA_FIDE, "presented", 2)


def test_the_parameters_are_the_ones_that_the_figures_were_made_with():
    """A change of an attack is a decision: whoever makes it writes the new digest here, and makes the figures anew."""
    file = files("idverify.evaluation.attacks").joinpath("parameters.toml")
    assert hashlib.sha256(file.read_bytes()).hexdigest() == "cfddf596b6f0157598200503c63349f195a1b0ed742f3d87600020a08f8c2ca1"


def test_every_parameter_is_drawn_within_its_range():
    """And the same seed draws the same."""
    for group in ("camera", "network", "light", "person", "informed", "photo", "replay", "injection", "switch", "head"):
        one, two = (parameters.drawn(group, np.random.default_rng(5)) for _ in range(2))
        assert one == two
        assert all(np.isfinite(value) for value in one.values())
