"""The same device against a service that listens: real sockets, real time."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from api.support import AUDIENCE, PURPOSE, serving

from idverify.ceremonies import challenge_record
from idverify.decision.decide import CHALLENGE_NOT_PASSED, FLAT, SUSPECTED_INJECTION
from idverify.decision.profiles import ACTIVE
from idverify.errors import Fault, InvalidInput
from idverify.evaluation.attacks.campaign import BONA_FIDE, Campaign
from idverify.evaluation.attacks.service import Asked, Service
from idverify.evaluation.attacks.wire import RemoteService
from idverify.liveness import conductor
from idverify.liveness.challenge import draw

ROWS = [
    (BONA_FIDE, "presented", 1, 1, Asked()),
    ("flash_ignored", "informed", 0, 1, Asked()),
    ("forged_mac", "naive", 1, 1, Asked()),
    ("late_answers", "naive", 1, 1, Asked()),
    # Who guesses turns where none is asked is wrong for certain; how else a guess fares hangs on time and chance.
    ("early_answers", "naive", 0, 2, Asked(movement=False, flashing=False)),
]
"""Species, strength, which of two people, the seed, and what the sessions ask for."""

TIMES = 5
"""A machine that is busy may keep a person from being in time: agreement at one of so many goes is asked for."""


@pytest.fixture(scope="module")
def campaigns(installation, subjects, tmp_path_factory):
    """One in process, one over the network, against the same installation, whose every challenge is one and the same."""
    parts, client = installation
    parts = replace(parts, profiles={"active": replace(ACTIVE, steps=2)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(challenge_record, "draw", lambda _seed, options: draw(bytes([29]) * 32, options))
        patch.setattr(conductor, "STEP_DEADLINE", 6.0)
        with serving(parts, tmp_path_factory.mktemp("head"), concurrency=4) as service:
            _, key = service.new_key("sessions:create")
            remote = RemoteService(service.url, key, AUDIENCE, PURPOSE)
            yield [Campaign(one, subjects, (), Asked(), 1, 1) for one in (Service(parts, client), remote)]


def fared(campaign, species, strength, person, seed, asked):
    """The outcome, and the decision's reasons without what they came from."""
    campaign = replace(campaign, asked=asked)
    (row,) = [row for row in campaign.rows([species]) if row.strength == strength]
    trial = campaign.attempt(row, campaign.moving[person], seed)
    return trial.outcome, frozenset(map(reason_of, trial.reasons))


def reason_of(cause):
    """The reason that a cause is a part of."""
    kind = cause.split(":")[0]
    if kind in {"parallax", "flash", "flash_over_background"}:
        return FLAT
    return {"injection": SUSPECTED_INJECTION, "challenge": CHALLENGE_NOT_PASSED}.get(kind, cause)


def test_over_a_network_each_fares_as_in_process(campaigns):
    """A bona fide session, an injection, a forged MAC, answers too late and too soon: outcome and what stopped them."""
    here, there = campaigns
    expected = {row: fared(here, *row) for row in ROWS}
    assert {outcome for outcome, _ in expected.values()} == {"approved", "declined", "frame_refused", "retake"}
    with ThreadPoolExecutor(len(ROWS)) as pool:
        found = dict(zip(ROWS, pool.map(lambda row: fared(there, *row), ROWS), strict=True))
    for row in ROWS:
        for _ in range(TIMES - 1):
            if found[row] == expected[row]:
                break
            assert row[0] == BONA_FIDE or found[row][0] != "approved"
            found[row] = fared(there, *row)
    assert found == expected


def test_what_the_service_refuses_and_its_absence_are_told_apart(campaigns, subjects):
    """A wrong key, a profile that is unknown, and nobody there."""
    remote = campaigns[1].service
    for service, asked, error in (
        (replace(remote, key="idvk_" + "A" * 43), Asked(), InvalidInput),
        (remote, Asked("none"), InvalidInput),
        (replace(remote, url="http://127.0.0.1:9"), Asked(), Fault),
    ):
        with pytest.raises(error):
            service.attempt(subjects[0].reference, asked, 1, lambda: None, lambda _: True)
