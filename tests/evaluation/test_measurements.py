"""Measured once: a run that is killed loses the photograph in hand and nothing else."""

import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from idverify.errors import InvalidInput
from idverify.evaluation.measurements import measure, unified_quality
from idverify.values import Component, Quality

from .fakes import LetterAcquirer, silent


@pytest.fixture
def photos(tmp_path):
    """Six files, the third without a face, the fourth without a PAD score."""
    found = []
    for number, text in enumerate(["a", "b", "x", "n", "d", "e"], start=1):
        path = tmp_path / f"{number}.jpg"
        path.write_text(text)
        found.append(path)
    return found


def same(one, other):
    """Whether two runs found the same, to the last bit."""
    fields = [[(m.digest, m.code, m.quality, m.pad_score) for m in run] for run in (one, other)]
    vectors = [[None if m.vector is None else m.vector.tobytes() for m in run] for run in (one, other)]
    return repr(fields[0]) == repr(fields[1]) and vectors[0] == vectors[1]


def test_a_run_that_was_cut_short_goes_on_where_it_stopped(photos, tmp_path):
    """What was measured is not measured again, failures included, and the result is that of an unbroken run."""
    with pytest.raises(KeyboardInterrupt):
        measure(photos, LetterAcquirer(limit=5), cache=tmp_path / "cache", made_by="m", progress=silent)
    second = LetterAcquirer()
    resumed = measure(photos, second, cache=tmp_path / "cache", made_by="m", progress=silent)
    assert second.seen == 1
    assert same(resumed, measure(photos, LetterAcquirer(), cache=tmp_path / "other", made_by="m", progress=silent))
    assert [one.code for one in resumed] == ["", "", "no_face", "", "", ""]
    assert np.isnan(resumed[3].pad_score)


def test_a_process_that_is_killed_outright_loses_nothing_that_it_had_measured(photos, tmp_path):
    """SIGKILL, no handler runs: the next process measures only what the first one had not."""
    script = """
        import os, pathlib, signal, sys
        from tests.evaluation.fakes import LetterAcquirer, silent
        from idverify.evaluation.measurements import measure
        class Killed(LetterAcquirer):
            def acquire(self, data):
                if self.seen == 4:
                    os.kill(os.getpid(), signal.SIGKILL)
                return super().acquire(data)
        cache, *photos = map(pathlib.Path, sys.argv[1:])
        measure(photos, Killed(), cache=cache, made_by="m", progress=silent)
    """
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    command = [sys.executable, "-c", textwrap.dedent(script), tmp_path / "cache", *photos]
    killed = subprocess.run(command, cwd=root, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    second = LetterAcquirer()
    resumed = measure(photos, second, cache=tmp_path / "cache", made_by="m", progress=silent)
    assert second.seen == 2
    assert same(resumed, measure(photos, LetterAcquirer(), cache=tmp_path / "other", made_by="m", progress=silent))


def test_a_line_that_was_cut_in_the_middle_is_measured_again(photos, tmp_path):
    """And the journal is whole afterwards: a third run measures nothing."""
    measure(photos, LetterAcquirer(), cache=tmp_path / "cache", made_by="m", progress=silent)
    journal = next((tmp_path / "cache").iterdir())
    journal.write_bytes(journal.read_bytes()[:-20])
    for expected in (1, 0):
        again = LetterAcquirer()
        measure(photos, again, cache=tmp_path / "cache", made_by="m", progress=silent)
        assert again.seen == expected


def test_measurements_of_other_models_are_never_reused(photos, tmp_path):
    """The journal is named by whatever made it."""
    measure(photos, LetterAcquirer(), cache=tmp_path / "cache", made_by="one model", progress=silent)
    again = LetterAcquirer()
    measure(photos, again, cache=tmp_path / "cache", made_by="another model", progress=silent)
    assert again.seen == 6


@pytest.mark.parametrize("spoiled", [b"PK\x03\x04 nothing\n", b"[1, 2, 3]\n", b'["ab", null, "", 1, 2]\n', b"{}\n"])
def test_a_spoiled_journal_is_refused_by_its_path(photos, tmp_path, spoiled):
    """Neither trusted nor silently made again: it may be the wrong folder."""
    measure(photos, LetterAcquirer(), cache=tmp_path / "cache", made_by="m", progress=silent)
    journal = next((tmp_path / "cache").iterdir())
    journal.write_bytes(spoiled + journal.read_bytes())
    with pytest.raises(InvalidInput, match="delete it"):
        measure(photos, LetterAcquirer(), cache=tmp_path / "cache", made_by="m", progress=silent)


def test_the_unified_quality_is_the_least_component_and_a_missing_one_spoils_it():
    """What was not assessed never reads as good."""
    parts = (Component("sharpness", 1.0, 70), Component("eyes_open", 0.5, 30))
    assert unified_quality(Quality(parts)) == 30
    assert np.isnan(unified_quality(Quality((*parts, Component("head_pose_yaw", None, None)))))
