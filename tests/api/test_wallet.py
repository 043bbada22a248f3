"""From an offer to a presentation: the product's wallet and validator, as commands, against the service over real sockets."""

import io
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from roots import certified_parts

from idverify.ceremonies import Parts, trust_publication
from idverify.ceremonies.statuses import set_status
from idverify.cli import gate, main, present, trust, wallet
from idverify.credentials.credential_types import credential_types
from idverify.credentials.findings import Status
from idverify.face.image import decode
from idverify.keys import authority
from idverify.qr import read
from idverify.store import audit

from .support import AUDIENCE, Running, enrolment, serving

NONCE = "5f0c2a7e"


@dataclass
class City:
    """A running issuer, and commands of others on this machine."""

    service: Running
    folder: Path
    subject_id: str
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def offer(self, *types: str) -> tuple[str, str]:
        """A registrar's offer: the link and the number."""
        body = {
            "subject_id": self.subject_id,
            "supervised": {"registrar": "desk-4.r17", "method": "document_inspected"},
            "types": list(types or ("identity_card",)),
        }
        with self.service.client("credentials:supervise") as client:
            made = client.post("/v1/credentials/offers", json=body).raise_for_status().json()
        return made["offer"], made["tx_code"]

    def run(self, app: Any, *arguments: str, stdin: str = "") -> tuple[int, dict[str, Any]]:
        """Exit code and JSON object of a command."""
        self.monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        self.capsys.readouterr()
        code = main.run(app, [*arguments, "--json"])
        return code, json.loads(self.capsys.readouterr().out)

    def wallet(self, *arguments: str, name: str = "wallet") -> tuple[int, dict[str, Any]]:
        """A command of the person."""
        return self.run(wallet.app, *arguments, "--wallet", str(self.folder / name))

    def gate(self, text: str, *arguments: str) -> tuple[int, dict[str, Any]]:
        """What the gate at the hotel's door says, offline."""
        return self.run(gate.app, "-", "--trust", str(self.folder / "trust"), *arguments, stdin=text + "\n")

    def hotel(self, text: str) -> tuple[int, dict[str, Any]]:
        """What the hotel's validator says, offline."""
        held = ("--trust", str(self.folder / "trust"), "--audience", AUDIENCE, "--nonce", NONCE)
        return self.run(present.app, "validate", "-", *held, stdin=text)


@pytest.fixture(scope="module")
def running(make_parts: Callable[..., Parts], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, str]]:
    """A service that is its own issuer at the address where it listens, with a root of its own; and its pin."""
    folder = tmp_path_factory.mktemp("city")
    sock = socket.create_server(("127.0.0.1", 0))
    issuer = f"http://127.0.0.1:{sock.getsockname()[1]}"
    parts = make_parts(issuer=issuer)
    root = authority.create(folder / "root", name="City of Test", country="XX", now=parts.now())
    parts = make_parts(issuer=issuer, **certified_parts(folder / "keys", root, issuer, parts.now))
    types = frozenset(one.vct for one in credential_types().values())
    scheme = trust_publication.Scheme(
        {"en": root.name},
        trust_publication.NOWHERE,
        (trust_publication.own_entity(parts, types, root.name, trust_publication.NOWHERE),),
    )
    pin = trust_publication.publish(parts, scheme, actor="tester").content.pin
    with serving(parts, folder, sock=sock) as service:
        yield service, pin


@pytest.fixture
def city(
    running: tuple[Running, str],
    samples: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> City:
    """With somebody enrolled, an empty wallet, and a hotel that trusts the city and has fetched what it needs."""
    service, pin = running
    with service.client("subjects:write") as client:
        body = enrolment((samples / "obama.jpg").read_bytes(), f"holder-{os.urandom(4).hex()}")
        subject_id = client.post("/v1/subjects", json=body).raise_for_status().json()["subject_id"]
    made = City(service, tmp_path, subject_id, capsys, monkeypatch)
    assert made.wallet("init")[0] == 0
    hotel = ("--trust", str(tmp_path / "trust"))
    assert made.run(trust.app, "add", f"{service.url}/v1/trust-list", "--pin", pin, *hotel)[0] == 0
    return made


def refresh(city: City) -> None:
    """The hotel is online for a moment."""
    assert city.run(trust.app, "refresh", "--trust", str(city.folder / "trust"))[0] == 0


def test_an_offer_is_taken_shown_and_believed_offline(city: City) -> None:
    """Copies and slips arrive; the hotel learns the name alone; the same copy is never shown again."""
    link, number = city.offer()
    code, taken = city.wallet("accept", link, "--tx-code", number, "--copies", "3")
    assert code == 0
    assert {one["configuration"]: one["copies"] for one in taken["taken"]} == {
        "identity_card": 3,
        "identity_card.mdoc": 3,
        "identity_card.gate": 1,
        "identity_card.gate_portrait": 1,
        "identity_card.police": 1,
    }
    refresh(city)
    seen = set()
    for _ in range(3):
        shown = city.wallet("present", "identity_card", "--audience", AUDIENCE, "--nonce", NONCE, "--show", "name")[1]
        code, found = city.hotel(shown["presentation"])
        assert (code, found["code"], found["status"]) == (0, "accepted", "VALID")
        assert found["claims"]["name"] == "Jane Specimen"
        assert found["claims"]["acr"] == "urn:idverify:acr:supervised-in-person"
        assert "document_number" not in found["claims"]
        seen.add(shown["presentation"].split("~")[0])
    assert len(seen) == 3
    code, answer = city.wallet("present", "identity_card", "--audience", AUDIENCE, "--nonce", NONCE)
    assert (code, answer["error"]["code"]) == (3, "credential_unavailable")


def test_an_mdoc_is_taken_shown_and_believed_offline_until_it_is_revoked(city: City) -> None:
    """By the same commands, to the same finding; shown with another nonce it is nobody's; each copy is shown once."""
    link, number = city.offer()
    city.wallet("accept", link, "--tx-code", number, "--copies", "2")
    (held,) = [one for one in city.wallet("list")[1]["held"] if one["configuration"] == "identity_card.mdoc"]
    assert (held["format"], held["copies"], held["renewable"]) == ("mso_mdoc", 2, True)
    refresh(city)
    shown = ("present", "identity_card.mdoc", "--audience", AUDIENCE, "--nonce", NONCE, "--show", "name")
    text = city.wallet(*shown)[1]["presentation"]
    code, found = city.hotel(text)
    assert (code, found["word"], found["code"], found["status"]) == (0, "VALID", "accepted", "VALID")
    assert (found["type"], found["claims"]["name"]) == ("urn:idverify:vct:identity-card:1", "Jane Specimen")
    assert "document_number" not in found["claims"]
    code, answer = city.wallet("present", "identity_card.mdoc", "--audience", AUDIENCE, "--nonce", NONCE, "--show", "iban")
    assert (code, answer["error"]["code"]) == (3, "credential_unavailable")
    stranger = city.wallet("present", "identity_card.mdoc", "--audience", "https://other.example", "--nonce", NONCE)[1]
    code, found = city.hotel(stranger["presentation"])
    assert (code, found["word"], found["code"], found["claims"]) == (1, "REFUSED", "mdoc_device_signature", {})
    assert "another reader" in found["message"]
    set_status(city.service.parts, actor="operator", status=Status.REVOKED, subject_id=city.subject_id)
    due, found = time.monotonic() + 15, {}
    while found.get("code") != "credential_revoked" and time.monotonic() < due:
        refresh(city)
        code, found = city.hotel(text)
    assert (code, found["word"], found["code"]) == (1, "REVOKED", "credential_revoked")
    code, answer = city.wallet(*shown)
    assert (code, answer["error"]["code"]) == (3, "credential_unavailable")


def test_a_code_opens_the_gate_once_and_not_after_revocation(city: City) -> None:
    """Each code is new; a challenge is answered; what was revoked is refused as soon as the gate has fetched the list."""
    link, number = city.offer()
    city.wallet("accept", link, "--tx-code", number, "--copies", "1")
    refresh(city)
    made = city.wallet("qr", "identity_card.gate")[1]
    code, found = city.gate(made["text"])
    assert (code, found["word"], found["claims"]["name"]) == (0, "VALID", "Jane Specimen")
    assert city.gate(made["text"])[0] == 1
    challenged = city.wallet("qr", "identity_card.gate", "--challenge", "00" * 8)[1]["text"]
    assert city.gate(challenged)[0] == 1
    assert city.gate(challenged, "--challenge", "00" * 8)[0] == 0
    chosen = city.wallet("qr", "identity_card.police", "--show", "name", "--show", "date_of_birth")
    assert chosen[0] == 3  # enrolled without a date of birth
    set_status(city.service.parts, actor="tester", status=Status.REVOKED, subject_id=city.subject_id)
    assert city.gate(city.wallet("qr", "identity_card.gate")[1]["text"])[0] == 0
    deadline = time.monotonic() + 15
    while code == 0 and time.monotonic() < deadline:
        refresh(city)
        code, found = city.gate(city.wallet("qr", "identity_card.gate")[1]["text"])
    assert (code, found["word"]) == (1, "REVOKED")


def test_a_code_is_drawn_for_eyes_and_written_for_screens(city: City) -> None:
    """The picture holds what a camera can read; a wrong wish is told before anything is drawn."""
    link, number = city.offer()
    city.wallet("accept", link, "--tx-code", number, "--copies", "1")
    picture = city.folder / "code.png"
    assert city.wallet("qr", "identity_card.gate", "--png", str(picture))[0] == 0
    [seen] = read(decode(picture.read_bytes()).pixels)
    assert seen.startswith("EID1:")
    refresh(city)
    assert city.gate(seen)[0] == 0
    held = ["--wallet", str(city.folder / "wallet")]
    assert main.run(wallet.app, ["qr", "identity_card.gate", *held]) == 0
    assert len(city.capsys.readouterr().out.splitlines()) > 20
    for wrong, code in ((["--challenge", "zz"], 2), (["--watch"], 2), (["--show", "iban"], 3), (["--png", "/nowhere/x"], 3)):
        assert city.wallet("qr", "identity_card.gate", *wrong)[0] == code


def test_renewal_is_silent_on_the_same_device_only(city: City) -> None:
    """New copies without a new check; with another device key the issuer refuses the stolen grant."""
    link, number = city.offer()
    city.wallet("accept", link, "--tx-code", number, "--copies", "1")
    code, renewed = city.wallet("renew", "identity_card", "--copies", "2")
    assert (code, [one["copies"] for one in renewed["taken"]]) == (0, [2])
    city.wallet("init", name="thief")
    for file in (city.folder / "wallet").iterdir():
        if file.name.startswith("grant-"):
            (city.folder / "thief" / file.name).write_bytes(file.read_bytes())
            (city.folder / "thief" / file.name).chmod(0o600)
    code, answer = city.wallet("renew", name="thief")
    assert (code, answer["error"]["code"]) == (3, "issuer_refused")
    assert city.wallet("list", name="thief")[1] == {"held": []}


def test_a_wrong_number_takes_nothing(city: City) -> None:
    """Nor does the offer's second wallet get what the first one got."""
    link, number = city.offer()
    wrong = f"{(int(number) + 1) % 1_000_000:06d}"
    assert city.wallet("accept", link, "--tx-code", wrong)[0] == 3
    assert city.wallet("accept", link)[0] == 3
    assert city.wallet("accept", link, "--tx-code", number)[0] == 0
    city.wallet("init", name="second")
    code, answer = city.wallet("accept", link, "--tx-code", number, name="second")
    assert (code, answer["error"]["code"]) == (3, "issuer_refused")


def test_a_card_is_deleted_and_the_issuer_hears_of_it_and_revokes_nothing(city: City) -> None:
    """What was kept is known too; a slip of the card stays and opens the gate."""
    link, number = city.offer()
    assert city.wallet("accept", link, "--tx-code", number, "--copies", "1")[0] == 0
    assert city.wallet("delete", "identity_card") == (0, {"deleted": "identity_card", "issuer_told": True})
    with city.service.parts.store.reading() as tx:
        told = [one for one in audit.events(tx) if one.event == "credential.notified" and one.subject_id == city.subject_id]
    assert [one.details["word"] for one in told] == ["credential_accepted"] * 5 + ["credential_deleted"]
    assert told[0].details["notification"] == told[5].details["notification"]
    assert city.wallet("delete", "identity_card")[0] == 3
    refresh(city)
    assert city.gate(city.wallet("qr", "identity_card.gate")[1]["text"])[0] == 0
    assert "identity_card" not in [one["configuration"] for one in city.wallet("renew")[1]["taken"]]


def test_what_asks_for_a_live_session_each_time_is_not_renewed(city: City) -> None:
    """A proof of life is for one period; renewing everything renews the card and says what was denied."""
    link, number = city.offer("proof_of_life", "identity_card")
    assert city.wallet("accept", link, "--tx-code", number)[0] == 0
    code, answer = city.wallet("renew", "proof_of_life")
    assert (code, answer["taken"], list(answer["denied"])) == (3, [], ["proof_of_life"])
    code, answer = city.wallet("renew")
    assert (code, sorted(answer["denied"])) == (0, ["proof_of_life", "proof_of_life.counter", "proof_of_life.mdoc"])
    assert "identity_card" in [one["configuration"] for one in answer["taken"]]
