"""A reviewer's decisions over HTTP."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ceremonies.live import Capture

from idverify.ceremonies import Parts
from idverify.decision.profile import Band

from .support import code_of, serving


def test_a_case_may_be_asked_for_again_while_an_attempt_is_left(
    make_parts: Callable[..., Parts], tmp_path_factory: pytest.TempPathFactory, samples: Path
) -> None:
    """Three times a case comes of it; the third is approved or rejected, and words of another kind decide nothing."""
    parts = make_parts()
    profile = replace(parts.profiles["passive"], pad=Band(2.0, 0.0))
    made = Capture(replace(parts, profiles={**parts.profiles, "passive": profile}))
    made.begin()
    case = f"/v1/reviews/{made.session_id}"
    with serving(parts, tmp_path_factory.mktemp("reviews")) as service, service.client("sessions:review") as reviewer:
        for expected in ((200, "retake"), (200, "retake"), (400, "invalid_input")):
            made.connect().until("result")
            assert made.phone.result == {"type": "result", "outcome": "review"}
            assert reviewer.get(case).status_code == 200
            assert reviewer.post(f"{case}/answer", json={"same_person": True}).status_code == 200
            answer = reviewer.post(f"{case}/decision", json={"decision": "ask_again", "reason": "too dark"})
            found = answer.json()["outcome"] if answer.status_code == 200 else code_of(answer)[1]
            assert (answer.status_code, found) == expected
        for decision in ("perhaps", True, None):
            assert code_of(reviewer.post(f"{case}/decision", json={"decision": decision, "reason": "x"}))[0] == 400
        rejected = reviewer.post(f"{case}/decision", json={"decision": "reject", "reason": "another nose"})
        assert rejected.json() == {"outcome": "declined"}
