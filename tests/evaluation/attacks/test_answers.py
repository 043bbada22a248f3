"""Actors who answer wrongly, too soon, too late, or not at all."""

import numpy as np

from evaluation.attacks.drawn import Still
from idverify.evaluation.attacks.answers import Deaf, EarlyAnswers, LateAnswers, WrongAnswers
from idverify.evaluation.attacks.replays import LoopingActor, Scripted, script
from idverify.liveness.challenge import Options, draw

STEP = {"type": "step", "kind": "turn_left", "amount": 18.0}
COLOUR = {"type": "colour", "rgb": "#5fd35f"}


def kinds(actor):
    """What the inner actor heard."""
    return [(at, said.get("kind") or said.get("rgb") or said["type"]) for at, said in actor.heard]


def test_a_wrong_answer_is_never_the_right_one():
    """Neither the step nor the colour."""
    for seed in range(20):
        inner = Still()
        actor = WrongAnswers(inner, np.random.default_rng(seed), then_right=None)
        actor.hear(STEP, 1.0)
        actor.hear(COLOUR, 2.0)
        assert {"turn_left", "#5fd35f"}.isdisjoint(what for _, what in kinds(inner))


def test_an_informed_one_corrects_itself():
    """After the wrong movement comes the right one."""
    inner = Still()
    actor = WrongAnswers(inner, np.random.default_rng(1), then_right=2.5)
    actor.hear(STEP, 1.0)
    actor.shot(3.4)
    assert len(inner.heard) == 1
    actor.shot(3.6)
    assert kinds(inner)[1] == (3.5, "turn_left")


def test_an_early_answer_begins_before_the_reveal():
    """It knows from the source when the reveal is due, and guesses what it will be."""
    inner = Still()
    actor = EarlyAnswers(inner, np.random.default_rng(1), early=0.6, right=True)
    actor.hear({"type": "guidance", "code": "ok"}, 1.0)
    actor.shot(1.5)
    assert [what for at, what in kinds(inner) if at < 1.5] != []
    actor.hear({"type": "step", "kind": "hold", "amount": 2.0}, 2.0)
    actor.shot(2.1)
    assert kinds(inner)[-1] == (2.0, "hold")


def test_a_late_answer_hears_late_and_is_told_at_once_when_it_is_over():
    """Steps and colours wait, the rest does not."""
    inner = Still()
    actor = LateAnswers(inner, 5.0)
    actor.hear(STEP, 1.0)
    actor.hear({"type": "guidance", "code": "enough"}, 2.0)
    actor.shot(5.9)
    assert kinds(inner) == [(2.0, "guidance")]
    actor.shot(6.1)
    assert kinds(inner)[-1] == (6.0, "turn_left")


def test_who_ignores_the_flash_hears_all_but_the_colours():
    """Movement as asked."""
    inner = Still()
    actor = Deaf(inner)
    actor.hear(STEP, 1.0)
    actor.hear(COLOUR, 2.0)
    assert kinds(inner) == [(1.0, "turn_left")]


def test_a_recording_plays_its_own_script_whatever_the_service_says():
    """Its steps and colours are another challenge's."""
    steps = draw(b"x" * 32, Options(steps=3))
    inner = Still()
    actor = Scripted(inner, script(steps))
    actor.hear(STEP, 0.1)
    actor.shot(60.0)
    heard = [what for _, what in kinds(inner)]
    assert [kind for kind in heard if kind in {step.kind.value for step in steps}] == [step.kind.value for step in steps[:-1]]
    assert [colour for colour in heard if colour.startswith("#")] == list(steps[-1].colours)


def test_a_loop_comes_back_to_its_first_pictures():
    """Forwards and backwards."""

    class Counting(Still):
        def shot(self, at):
            shot = super().shot(at)
            shot.pixels[0, 0] = round(at * 10)
            return shot

    actor = LoopingActor(Counting(), 1.0)
    seen = [int(actor.shot(at / 10).pixels[0, 0, 0]) for at in range(41)]
    assert max(seen) < 10
    assert seen[11] > seen[15] > seen[19]
    assert seen[25] == seen[5]
