"""An attested session over real sockets, up to the signature that ends its stream."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from attested import Passkey, trust

from idverify.api import stream
from idverify.ceremonies import Parts

from .support import Running, in_base64, serving
from .test_stream import Visit


@pytest.fixture
def demanding(make_parts: Callable[..., Parts], tmp_path: Path) -> Iterator[Running]:
    """A service that believes the tests' keys, and whose `passive` demands one."""
    parts = make_parts()
    passive = replace(parts.profiles["passive"], attestation=frozenset({"device"}))
    parts = replace(parts, profiles={**parts.profiles, "passive": passive}, attestation=trust(time.time()))
    with serving(parts, tmp_path) as running:
        yield running


def test_a_person_who_is_asked_for_a_finger_is_waited_for_and_approved(
    demanding: Running, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than a client may be silent while frames are awaited."""
    visit = Visit(demanding, reference=in_base64((samples / "obama2.jpg").read_bytes()))
    key, nonce = Passkey(), bytes.fromhex(visit.created["nonce"])
    shown = visit.post("attestation", {"kind": key.kind, "data": in_base64(key.attestation(nonce))})
    assert (shown.status_code, shown.json()) == (200, {"level": "device"})
    with visit.stream() as socket:
        phone = visit.film(socket, until="sign")
        asked = phone.heard[-1]
        assert (asked["type"], asked["deadline_ms"]) == ("sign", 20_000)
        monkeypatch.setattr(stream, "SILENT_SECONDS", 0.1)
        with pytest.raises(TimeoutError):
            socket.recv(timeout=0.6)  # neither gone nor hurried
        phone.sign = key.sign
        socket.send(phone.signature())
        said = [json.loads(socket.recv(timeout=5)) for _ in range(2)]
    assert [one["type"] for one in said] == ["checking", "result"]
    assert said[1]["outcome"] == "approved"


def test_a_key_of_an_earlier_session_is_refused_with_what_to_do(demanding: Running, samples: Path) -> None:
    """None is kept."""
    visit = Visit(demanding, reference=in_base64((samples / "obama2.jpg").read_bytes()))
    answer = visit.post("attestation", {"kind": "webauthn_get", "data": ""})
    assert (answer.status_code, answer.json()["code"]) == (403, "attestation_refused")
    assert "send it as webauthn_create" in answer.json()["detail"]
