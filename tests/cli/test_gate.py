"""`idverify gate`: one word a code, exit codes, and pictures, lines and cameras as sources."""

import io
import json
import sys
import time
from base64 import b64encode

import cv2
import numpy as np
import pytest
from credentials.slips import PERSON, PHONE, City, issued
from relying.doors import stocked

from idverify import qr
from idverify.cli import gate, main
from idverify.credentials import slip
from idverify.face.image import decode


@pytest.fixture
def city():
    """A city of this moment."""
    return City("city", at=time.time())


@pytest.fixture
def trust(tmp_path, city):
    """What the gate holds."""
    stocked(tmp_path / "trust", city)
    return str(tmp_path / "trust")


def text(city, counter=1, purpose="gate", age=0.0, **facts):
    """A code of this moment, or one of some seconds ago."""
    made = issued(purpose, city, claims=facts.pop("claims", PERSON))
    return slip.present(made.slip, made.disclosures, PHONE, now=time.time() - age, counter=counter, **facts)


def run(*arguments):
    """Exit code of the command."""
    return main.run(gate.app, [str(one) for one in arguments])


def typed(monkeypatch, *lines):
    """What a scanner types."""
    stream = io.TextIOWrapper(io.BytesIO(b"".join(one if isinstance(one, bytes) else one.encode() + b"\r\n" for one in lines)))
    monkeypatch.setattr(sys, "stdin", stream)


def test_a_scanner_types_codes_and_each_gets_its_word(monkeypatch, trust, city, capsys):
    """One object a line; the worst of them is the exit code."""
    genuine = text(city)
    typed(monkeypatch, genuine, "", "https://example.org/menu", genuine, text(city, age=90))
    assert run("-", "--trust", trust, "--purpose", "gate", "--json") == 1
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["word"], one["code"], one["source"]) for one in found] == [
        ("VALID", "accepted", "line 1"),
        ("REFUSED", "slip_foreign", "line 3"),
        ("REFUSED", "slip_replayed", "line 4"),
        ("REFUSED", "slip_stale", "line 5"),
    ]
    assert found[0]["claims"]["name"] == "Zhang Wei"
    assert found[0]["status"] == "VALID"
    assert not any(one["claims"] for one in found[1:])


def test_a_line_that_never_ends_is_refused_in_pieces(monkeypatch, trust, capsys):
    """Nobody fills the memory of a gate."""
    typed(monkeypatch, b"EID1:" + b"A" * 100_000, b"\xff\xfe\n")
    assert run("-", "--trust", trust, "--json") == 1
    assert {json.loads(line)["code"] for line in capsys.readouterr().out.splitlines()} == {"slip_too_large", "slip_foreign"}


def test_a_folder_of_pictures_is_read_and_a_revoked_holder_is_told_apart(trust, city, tmp_path, capsys):
    """Big, readable, and in two languages."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "a.png").write_bytes(qr.Drawn(text(city)).png())
    (pictures / "b.png").write_bytes(b"no picture")
    (pictures / "c.png").write_bytes(cv2.imencode(".png", np.full((99, 99, 3), 200, np.uint8))[1].tobytes())
    (pictures / "notes.txt").write_text("not a picture either")
    assert run(pictures, "--trust", trust) == 0
    said = capsys.readouterr()
    assert "V A L I D" in said.out
    assert "姓名 Name" in said.out
    assert "Zhang Wei" in said.out
    assert "b.png" in said.err
    assert "c.png: no QR code" in said.err
    stocked(tmp_path / "later", city, 5)
    assert run(pictures / "a.png", "--trust", tmp_path / "later") == 1
    assert "R E V O K E D" in capsys.readouterr().out


def test_without_a_status_list_the_answer_is_unknown_and_the_exit_code_5(monkeypatch, city, tmp_path, capsys):
    """Neither a pass nor an accusation."""
    stocked(tmp_path / "trust", city, statuses=False)
    typed(monkeypatch, text(city))
    assert run("-", "--trust", tmp_path / "trust") == 5
    assert "U N K N O W N" in capsys.readouterr().out
    typed(monkeypatch, text(city), "EID1:")
    assert run("-", "--trust", tmp_path / "trust", "--json") == 1


def test_a_new_challenge_is_asked_for_after_each_holder(monkeypatch, trust, city, capsys):
    """A code that was made before it is refused; so is the answer to the one before."""
    made = [bytes(8), bytes([1] * 8), bytes([2] * 8)]
    codes = [text(city, 1, challenge=bytes(8)), text(city, 2, challenge=bytes(8)), text(city, 3, challenge=bytes([1] * 8))]
    typed(monkeypatch, *codes)
    monkeypatch.setattr(gate.os, "urandom", lambda count: made.pop(0))
    assert run("-", "--trust", trust, "--challenge", "new", "--json") == 1
    said = capsys.readouterr()
    assert [json.loads(line)["code"] for line in said.out.splitlines()] == ["accepted", "slip_challenge", "accepted"]
    assert said.err.count("challenge") == 3
    monkeypatch.undo()
    typed(monkeypatch, text(city, 9, challenge=bytes([7] * 8)))
    assert run("-", "--trust", trust, "--challenge", "07" * 8) == 0


def test_the_portrait_of_who_passed_is_written_and_never_that_of_somebody_before(monkeypatch, trust, city, tmp_path):
    """The guard compares it with the face before him."""
    there, picture = tmp_path / "portrait.webp", cv2.imencode(".webp", np.full((64, 64, 3), 90, np.uint8))[1].tobytes()
    claims = {"name": "Zhang Wei", "document_number": "1", "portrait": b64encode(picture).decode()}
    typed(monkeypatch, text(city, purpose="gate_portrait", claims=claims))
    assert run("-", "--trust", trust, "--portrait", there) == 0
    assert decode(there.read_bytes()).pixels.shape == (64, 64, 3)
    typed(monkeypatch, "EID1:")
    assert run("-", "--trust", trust, "--portrait", there) == 1
    assert not there.exists()


def test_a_camera_sees_one_showing_once(monkeypatch, trust, city, capsys):
    """Thirty pictures a second of one code are not thirty attempts."""
    first, second = (decode(qr.Drawn(text(city, number)).png()).pixels for number in (1, 2))
    frames = [first] * 5 + [np.zeros((100, 100, 3), np.uint8)] + [first, second, second]

    class Camera:
        def __init__(self, number):
            assert number == 2

        def isOpened(self):
            return True

        def read(self):
            return (True, frames.pop(0)) if frames else (False, None)

        def release(self):
            frames.append("released")

    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    assert run("--camera", 2, "--trust", trust, "--json") == 3
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one.get("code") for one in lines[:2]] == ["accepted", "accepted"]
    assert lines[2]["error"]["code"] == "invalid_input"
    assert frames == ["released"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 2),
        (("-", "--camera", "0"), 2),
        (("-", "--challenge", "12"), 2),
        (("-", "--challenge", "é" * 16), 2),
        (("missing.png",), 3),
        (("-",), 3),
        (("--camera", "77"), 3),
    ],
)
def test_what_cannot_be_done_is_said(monkeypatch, trust, arguments, code, capsys):
    """Usage, files, cameras, an empty line."""
    typed(monkeypatch)
    assert run(*arguments, "--trust", trust, "--json") == code
    assert json.loads(capsys.readouterr().out)["error"]["message"]


def test_a_folder_that_was_never_filled_says_how_to_fill_it(tmp_path, capsys):
    """Instead of refusing everybody."""
    assert run("-", "--trust", tmp_path / "none") == 3
    assert "idverify trust add" in capsys.readouterr().err


def test_a_folder_without_pictures_or_that_may_not_be_read_says_so(monkeypatch, trust, tmp_path, capsys):
    """Not that somebody should hold a code flat."""
    (tmp_path / "empty").mkdir()
    assert run(tmp_path / "empty", "--trust", trust, "--json") == 3
    assert "no picture" in json.loads(capsys.readouterr().out)["error"]["message"]

    def locked(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "iterdir", locked)
    assert run(tmp_path, "--trust", trust, "--json") == 3
    assert "Permission denied" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_a_portrait_that_cannot_be_written_is_said_before_anybody_is_examined(monkeypatch, trust, city, tmp_path, capsys):
    """A gate must not stop at the first person who may pass."""
    typed(monkeypatch, text(city, purpose="gate_portrait", claims=PERSON | {"portrait": "AAAA"}))
    assert run("-", "--trust", trust, "--portrait", tmp_path / "nowhere" / "who.webp", "--json") == 3
    assert "no folder" in json.loads(capsys.readouterr().out)["error"]["message"]
