"""No defence is decoration: what stops each careless attack, and that it gets through without."""

from dataclasses import dataclass, replace

import pytest

from idverify.decision.profiles import ACTIVE, PASSIVE
from idverify.evaluation.attacks.campaign import Campaign, Row
from idverify.evaluation.attacks.service import Asked, Service
from idverify.evaluation.attacks.species import ALL
from idverify.values import Accepted

from .undefended import CHAIN, MEASURES, RUNNING, undefended

JITTER, LOOP, SIZE, TABLES, ANTICIPATED, FROZEN, NOISE, NOISELESS = (
    f"injection: {name}"
    for name in ("jitter", "loop", "resolution", "tables", "anticipated", "frozen", "noise_change", "noiseless")
)


@dataclass(frozen=True)
class Stopped:
    """One attempt. cause: of those that the service gives. by: every defence that stops it alone, and no other does.

    pair: two suspicions that stop it together and neither alone. flashing: whether the session may show colours. sampled: of
    the sample photographs, under `passive`, for which a picture that keeps still is enough: no data of others is needed.
    """

    species: str
    seed: int
    cause: str
    by: frozenset[str]
    pair: tuple[str, ...] = ()
    flashing: bool = True
    sampled: bool = False


TABLE = [
    Stopped(species, seed, cause, frozenset(by))
    for species, seed, cause, *by in (
        ("print", 2, "suspected_presentation_attack", "steps", "pad", "parallax"),
        ("photo_held", 2, "suspected_presentation_attack", "steps", "pad", "parallax", "flash"),
        ("photo_turned", 0, "suspected_presentation_attack", "steps", "pad", "parallax", "flash"),
        ("photo_bent", 0, "suspected_presentation_attack", "steps", "pad", "parallax", "flash"),
        ("screen_replay", 2, "challenge: turn_left", "steps", "parallax", "flash"),
        ("screen_steered", 1, "flash_over_background", "flash"),
        ("recorded_frames", 0, JITTER, "steps", "parallax", "flash", JITTER),
        ("looping_camera", 1, LOOP, "steps", "parallax", "flash", JITTER, LOOP),
        ("spliced_person", 1, "not_one_person", "continuity"),
        ("synthetic_head", 0, "challenge: turn_left", "steps", "flash", JITTER),
        ("flash_ignored", 2, "flash", "flash", JITTER),
        ("flash_delayed", 0, "flash", "flash", JITTER),
        ("resolution_change", 2, SIZE, SIZE),
        ("tables_change", 0, TABLES, TABLES),
        ("wrong_challenge", 0, "challenge: turn_right", "steps", "parallax", "flash"),
        ("early_answers", 5, ANTICIPATED, ANTICIPATED),
        ("early_answers", 1, "challenge: turn_right", "steps", "parallax"),
        ("late_answers", 2, "challenge: turn_left", "deadline", "flash", JITTER, LOOP),
        ("reordered_frames", 1, "frame_refused", "sequence", "link"),
        ("dropped_frames", 0, "frame_refused", "sequence", "link"),
        ("duplicated_frames", 2, "frame_refused", "sequence", "link"),
        ("forged_sequence", 2, "frame_refused", "mac", "sequence"),
        ("forged_mac", 1, "frame_refused", "mac"),
    )
]
TABLE += [
    Stopped("screen_steered", 11, "screen_not_excluded", frozenset({"pad", "flash"}), flashing=False),
    Stopped("photo_held", 1, "suspected_presentation_attack", frozenset({"pad"}), sampled=True),
    Stopped("tables_change", 0, TABLES, frozenset({TABLES}), sampled=True),
    Stopped("page_freezes", 1, FROZEN, frozenset({FROZEN}), sampled=True),
    Stopped("other_sensor", 0, "suspected_injection", frozenset(), pair=(SIZE, NOISE), sampled=True),
    Stopped("painted_scene", 0, "suspected_injection", frozenset(), pair=(FROZEN, NOISELESS), sampled=True),
    Stopped("forged_mac", 1, "frame_refused", frozenset({"mac"}), sampled=True),
    Stopped("duplicated_frames", 1, "frame_refused", frozenset({"sequence", "link"}), sampled=True),
]


@pytest.fixture(scope="module")
def attempt(installation, request):
    """Makes the attempt of a line of the table: the trial, and what it was judged by, with some defences switched off.

    Two steps, the turn and the colours: the third that `active` asks for takes time and tells nothing more.
    """
    parts, client = installation
    service = Service(replace(parts, profiles={"active": replace(ACTIVE, steps=2), "passive": PASSIVE}), client)

    def make(line, off=()):
        (species,) = [one for one in ALL if one.name == line.species]
        moving = request.getfixturevalue("sampled" if line.sampled else "subjects")
        targets = request.getfixturevalue("printed") if species.needs == "prints" else moving[:1] if line.sampled else moving
        asked = Asked("passive" if line.sampled else "active", flashing=line.flashing)
        row = Row(species.name, species.strengths[0], species.build, targets)
        with undefended(off) as judged:
            return Campaign(service, moving, (), asked, 1, 0).attempt(row, targets[line.seed % len(targets)], line.seed), judged

    return make


def _id(line):
    return f"{line.species}-{line.seed}" + "-unlit" * (not line.flashing) + "-sampled" * line.sampled


@pytest.mark.parametrize("line", TABLE, ids=_id)
def test_each_defence_stops_the_attack_alone_and_without_all_of_them_it_is_accepted(attempt, line):
    """One committed seed: as shipped, with one defence at a time, and with none of those that the table lists."""
    trial, judged = attempt(line)
    assert trial.outcome != "approved"
    assert line.cause in trial.reasons
    running = line.by.intersection(RUNNING)
    if running.isdisjoint(CHAIN):
        assert judged.arguments[1].challenge is not bool(running)
        assert "challenge_not_passed" in getattr(judged.only("steps"), "reasons", ())
    for name in running.intersection(CHAIN):
        assert attempt(line, set(CHAIN) - {name})[0].outcome == "frame_refused"
    if running:
        trial, judged = attempt(line, running)
    assert {name for name in MEASURES if not isinstance(judged.only(name), Accepted)} == line.by.intersection(MEASURES)
    for name in line.pair:
        assert isinstance(judged.without({*line.by, name}), Accepted)
    assert isinstance(judged.without(line.by), Accepted) is not bool(line.pair)
    assert (trial.outcome == "approved") is (line.by.isdisjoint(MEASURES) and not line.pair)


def test_the_table_has_every_careless_species_and_every_defence():
    """No defence is decoration: of two injection signals that are suspicion at most, each stops something with another's help."""
    assert {line.species for line in TABLE} == {one.name for one in ALL}
    assert {*MEASURES, *RUNNING} == set().union(*(line.by.union(line.pair) for line in TABLE))
