"""A new licence is a file and not code: one is dropped into a folder, and is issued, shown, and believed by both validators."""

import json
import shutil
from base64 import b64encode
from pathlib import Path
from types import SimpleNamespace

import pytest
from credentials.city import decoded
from web.javascript import node

from idverify.ceremonies.documents import put_document
from idverify.ceremonies.issuer_metadata import issuer_metadata
from idverify.ceremonies.status_publishing import published
from idverify.ceremonies.statuses import set_status
from idverify.credentials import credential_types, key_binding, presented, sd_jwt, slip
from idverify.credentials.findings import Status
from idverify.credentials.mdoc_session import Session
from idverify.credentials.reading import decode_base64url
from idverify.credentials.type_files import adopt_types
from idverify.errors import IssuanceRefused
from idverify.relying.counters import FileCounters
from idverify.relying.gate import Gate
from idverify.store import tables

from .issued import Wallet, issuer_client, offer, person
from .test_issuance import believed

FILE = Path(__file__).parents[1] / "vectors" / "types" / "fishing_licence.json"
NAME, VCT = "fishing_licence", "urn:idverify:vct:fishing-licence:1"
PAPER = {"waters": ["Mühlsee", "东湖"], "rods": 2, "valid_until": "2027-02-03"}
ENDS = 1_801_699_200  # the midnight after that day
HOTEL, NONCE = "https://hotel.example", "n" * 16


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An operator's folder with that file, which this process knows for the length of a test."""
    monkeypatch.setattr(credential_types, "_added", credential_types._added)
    (tmp_path / "types").mkdir()
    shutil.copy(FILE, tmp_path / "types")
    adopt_types(tmp_path / "types")
    return tmp_path / "types"


def in_javascript(parts, text, validator, options, types):
    """What the module for web pages finds, of the same anchors and lists; types: of the reader's own."""
    held = believed(parts)
    with parts.store.reading() as tx:
        numbers = [row.number for row in tx.execute(tables.status_lists.select())]
    given = {
        "text": text,
        "options": options | {"now": parts.now(), "allowDev": True},
        "types": types,
        "believed": {
            "anchors": [
                {
                    "name": one.name,
                    "certificate": b64encode(one.certificate).decode(),
                    "types": sorted(one.types),
                    "issuers": list(one.issuers),
                }
                for one in held.anchors
            ],
            "statusLists": [published(parts, number).token for number in numbers],
            "issuerKeys": [b64encode(parts.credential_keys.current.chain[0]).decode()],
            "now": parts.now(),
        },
    }
    script = f"""
      import {{ readFileSync }} from "node:fs";
      import {{ believe, {validator}, TYPES }} from "{(Path(credential_types.__file__).parents[1] / "web/validator/index.mjs").as_uri()}";
      const given = JSON.parse(readFileSync(0, "utf8"));
      const believed = await believe({{ ...given.believed, types: [...TYPES, ...given.types] }});
      console.log(JSON.stringify(await {validator}(given.text, believed, given.options)));
    """
    return json.loads(node("--input-type=module", "-e", script, given=json.dumps(given)))


def test_a_licence_that_nobody_here_has_heard_of_is_issued_shown_and_validated(parts, clock, folder, tmp_path):
    """As SD-JWT VC, mdoc and QR code; in Python, in JavaScript and at a gate; it ends with its paper, and can be suspended."""
    subject = person(parts)
    put_document(parts, subject, NAME, PAPER, actor="tester")
    offered = issuer_metadata(parts)["credential_configurations_supported"]
    assert {NAME, f"{NAME}.mdoc", f"{NAME}.warden"} <= offered.keys()
    wallet = Wallet(parts).accept(offer(parts, issuer_client(parts), subject, NAME))
    card, phone, slip_key = wallet.keys(3)
    (copy,) = wallet.get(NAME, keys=[card])
    assert decoded(copy.split("~")[0], 1)["exp"] == ENDS
    shown = key_binding.sign(sd_jwt.select(copy, ["waters"]), card, audience=HOTEL, nonce=NONCE, now=parts.now())
    found = presented.validate(shown, believed(parts), session=Session.plain(HOTEL, NONCE), now=parts.now(), allow_dev=True)
    assert (found.code, found.status, found.type) == ("accepted", Status.VALID, VCT)
    assert (found.claims["waters"], found.claims["valid_until"], "rods" in found.claims) == (
        PAPER["waters"],
        "2027-02-03",
        False,
    )
    assert wallet.get(f"{NAME}.mdoc", keys=[phone])

    type_ = json.loads((folder / "fishing_licence.json").read_text("utf-8"))
    asked = {"audience": HOTEL, "nonce": NONCE}
    in_page = in_javascript(parts, shown, "validatePresentation", asked, [type_])
    assert (in_page["code"], in_page["status"], in_page["claims"]["waters"]) == ("accepted", "VALID", PAPER["waters"])
    assert in_javascript(parts, shown, "validatePresentation", asked, [])["code"] == "credential_type_unknown"

    issued = decode_base64url(wallet.get(f"{NAME}.warden", keys=[slip_key])[0])
    text = slip.present(issued, (), slip_key, now=parts.now(), counter=1)
    held = SimpleNamespace(believed=lambda _: believed(parts))
    gate = Gate(held, FileCounters(tmp_path / "gate"), purpose="warden", allow_dev=True)
    passed = gate.examine(text, parts.now())
    assert (passed.code, passed.type, passed.claims["waters"]) == ("accepted", VCT, PAPER["waters"])
    door = {"purpose": "warden", "challenge": None}
    assert in_javascript(parts, text, "validateSlip", door, [type_])["claims"]["waters"] == PAPER["waters"]
    assert in_javascript(parts, text, "validateSlip", door, [])["code"] == "slip_type_unknown"

    assert set_status(parts, actor="tester", status=Status.SUSPENDED, subject_id=subject, type_name=NAME) == 3
    later = slip.present(issued, (), slip_key, now=parts.now(), counter=2)
    assert gate.examine(later, parts.now()).code == "credential_suspended"
    clock.now = ENDS + 1.0
    with pytest.raises(IssuanceRefused):
        wallet.renew().get(NAME)


def test_without_the_file_the_same_credential_is_of_no_known_type(parts, folder, monkeypatch):
    """What a reader does not know it does not accept; so readers are given the file too."""
    subject = person(parts)
    put_document(parts, subject, NAME, PAPER, actor="tester")
    wallet = Wallet(parts).accept(offer(parts, issuer_client(parts), subject, NAME))
    (card,) = wallet.keys()
    (copy,) = wallet.get(NAME, keys=[card])
    shown = key_binding.sign(sd_jwt.select(copy, []), card, audience=HOTEL, nonce=NONCE, now=parts.now())
    held = believed(parts)
    monkeypatch.setattr(credential_types, "_added", {})
    found = presented.validate(shown, held, session=Session.plain(HOTEL, NONCE), now=parts.now(), allow_dev=True)
    assert found.code == "credential_type_unknown"


def test_a_command_that_does_not_know_the_type_suspends_it_all_the_same(parts, folder, monkeypatch):
    """A shell without the variable: what a person has is suspended, and is not issued anew by the service that knows it."""
    subject = person(parts)
    put_document(parts, subject, NAME, PAPER, actor="tester")
    wallet = Wallet(parts).accept(offer(parts, issuer_client(parts), subject, NAME))
    wallet.get(NAME)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(credential_types, "_added", {})
        assert set_status(parts, actor="tester", status=Status.SUSPENDED, subject_id=subject) == 1
    with pytest.raises(IssuanceRefused, match="suspended"):
        wallet.renew().get(NAME)
