"""People to attack, read once, and the service in process."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from idverify.ceremonies.clients import SESSIONS_CREATE, add_client
from idverify.evaluation.attacks.camera import encoded
from idverify.evaluation.attacks.clips import Clip, read_clip, square
from idverify.evaluation.attacks.people import of_clip, photo_subjects
from idverify.evaluation.attacks.watching import watcher
from idverify.tracking import Tracker

FRAMES = 40
"""Of the clip that one photograph makes."""

PRINTED = "0001"
"""The person of NUAA whose prints are shown: one is enough here."""


@pytest.fixture(scope="session")
def subjects(evaluation_data, acquirer):
    """Two people who look at the camera."""
    found = []
    for name in ("d10", "d13"):
        path = evaluation_data / "video" / f"{name}.mp4"
        if not path.is_file():
            pytest.skip("IDVERIFY_DATA is not set: real faces for measuring are absent")
        found.append(of_clip(name, read_clip(path, watcher(Tracker(acquirer)))))
    return found


@pytest.fixture(scope="session")
def printed(evaluation_data, acquirer, tmp_path_factory):
    """One person of whom there are prints."""
    folder = tmp_path_factory.mktemp("nuaa")
    for kind in ("live", "print"):
        (folder / kind).mkdir()
        for path in (evaluation_data / "nuaa" / kind).glob(f"{PRINTED}_*_02_*.jpg"):
            (folder / kind / path.name).symlink_to(path)
    if not any((folder / "print").iterdir()):
        pytest.skip("IDVERIFY_DATA is not set: real faces for measuring are absent")
    return photo_subjects(folder, "report", watcher(Tracker(acquirer)))


@pytest.fixture(scope="session")
def sampled(samples, acquirer):
    """Two people of the sample photographs, who keep still in one picture each: no data of others is needed.

    The photographs are shifted and lit, and never altered in what they show (NOTICE.md beside them).
    """
    look = watcher(Tracker(acquirer))
    return [_still(samples, look, *names) for names in (("obama", "obama2"), ("biden", "biden"))]


def _still(samples, look, name, reference):
    jpeg = encoded(square(cv2.imread(str(samples / f"{name}.jpg"))), 96)
    seen = look(jpeg, None)
    rows = {"yaw": seen.yaw, "pitch": seen.pitch, "mouth": seen.mouth, "eyes": min(seen.eyes), "other_eyes": max(seen.eyes)}
    clip = Clip(
        name=name,
        person=name,
        fps=12.0,
        jpegs=(jpeg,) * FRAMES,
        found=np.ones(FRAMES, np.bool_),
        landmarks=np.stack([seen.landmarks] * FRAMES),
        thumbnails=np.zeros((FRAMES, 16, 16), np.float32),
        **{row: np.full(FRAMES, value, np.float32) for row, value in rows.items()},
    )
    return replace(of_clip(name, clip), reference=(samples / f"{reference}.jpg").read_bytes())


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """Parts of an installation of its own, and a client of it that may ask for sessions."""
    from idverify.api.app import compose
    from idverify.config import load_settings

    data = tmp_path_factory.mktemp("attacks")
    parts = compose(load_settings(env="dev", data_dir=data, database_url=f"sqlite:///{data / 'x.db'}", duplicates="off"))
    client, _ = add_client(parts, actor="test", name="test", scopes=[SESSIONS_CREATE], audiences=["test"], purposes=["test"])
    return parts, client
