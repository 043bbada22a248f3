"""People to attack, read once, and the service in process."""

import pytest

from idverify.ceremonies.clients import SESSIONS_CREATE, add_client
from idverify.evaluation.attacks.clips import read_clip
from idverify.evaluation.attacks.people import of_clip, photo_subjects
from idverify.evaluation.attacks.watching import watcher
from idverify.tracking import Tracker

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


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """Parts of an installation of its own, and a client of it that may ask for sessions."""
    from idverify.api.app import compose
    from idverify.config import load_settings

    data = tmp_path_factory.mktemp("attacks")
    parts = compose(load_settings(env="dev", data_dir=data, database_url=f"sqlite:///{data / 'x.db'}", duplicates="off"))
    client, _ = add_client(parts, actor="test", name="test", scopes=[SESSIONS_CREATE], audiences=["test"], purposes=["test"])
    return parts, client
