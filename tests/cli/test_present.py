"""`idverify present validate`, on what `idverify wallet present` shows: exit codes, one JSON object, a readable table."""

import io
import json
import os
import time

import pytest
from roots import copied_parts

from idverify.cli import main, present, wallet
from idverify.credentials import credential, status_list, trust_list
from idverify.credentials.anchors import Anchor
from idverify.credentials.assurance import ACTIVE
from idverify.credentials.credential import CredentialFacts
from idverify.credentials.credential_types import credential_types
from idverify.credentials.status_bits import pack
from idverify.credentials.status_reference import StatusReference
from idverify.credentials.trust_list_document import Document, Entity
from idverify.relying.folder import Holdings
from idverify.wallet.device import HeldKey
from idverify.wallet.folder import Folder
from idverify.wallet.held import SD_JWT_FORMAT, Copy, Holding

ISSUER = "https://id.example"
LIST = f"{ISSUER}/v1/status-lists/1"
HOTEL = "https://hotel.example"
NONCE = "5f0c2a7e"
CARD = credential_types()["identity_card"]
LICENCE = credential_types()["driving_licence"]
CLAIMS = {
    "identity_card": {"name": "Jane Specimen", "document_number": "X1"},
    "driving_licence": {"name": "J", "licence_number": "L", "vehicle_classes": ["B"], "valid_until": "2040-01-01"},
}


class City:
    """An issuer, the wallet of a person who holds one card of its, and the hotel's folder."""

    def __init__(self, folder):
        self.keys = copied_parts(folder / "keys", ISSUER, lambda: time.time() - 3 * 86_400)  # older than any list below
        self.trust, self.wallet = folder / "trust", Folder.create(folder / "wallet")
        signing = self.keys["trust_list_keys"].current
        anchor = Anchor("City of Test", signing.root, frozenset({CARD.vct, LICENCE.vct}), (ISSUER,))
        now = time.time()
        document = Document(1, {"en": "City of Test"}, None, now - 90_000, now + 86_400, (Entity(anchor),))
        Holdings(self.trust).accept_list(trust_list.sign(document, signing), anchor.fingerprint, now=now)

    def issue(self, environment="production", type_=CARD):
        """One card into the wallet."""
        key, signing, now = HeldKey.new(), self.keys["credential_keys"].current, time.time()
        text = credential.issue(
            type_,
            CLAIMS[type_.name],
            CredentialFacts(ISSUER, ACTIVE, ("face",), now - 60, environment),
            holder_jwk=key.signer.public_jwk(),
            status=StatusReference(LIST, 3),
            signer=signing.signer,
            chain=signing.chain,
            now=now,
            random_bytes=os.urandom,
        )
        self.wallet.keep(Holding(ISSUER, type_.name, SD_JWT_FORMAT, int(now), (Copy(text, key),)))

    def publish(self, value, *, ago=0.0):
        """A status list in which the card has this status, signed so long ago."""
        signing, then = self.keys["status_keys"].current, time.time() - ago
        token = status_list.sign(
            pack(2, [(3, value)], bytes(256)),
            2,
            uri=LIST,
            issuer=ISSUER,
            aggregation_uri=f"{ISSUER}/v1/status-lists",
            signer=signing.signer,
            chain=signing.chain,
            now=then,
        )
        Holdings(self.trust).store_status(token, now=then)


@pytest.fixture
def city(tmp_path):
    """With nothing published yet."""
    return City(tmp_path)


def shown(city, capsys, *arguments, name="identity_card"):
    """What the person's wallet prints for the hotel."""
    held = ("--wallet", str(city.wallet.path), "--audience", HOTEL, "--nonce", NONCE)
    assert main.run(wallet.app, ["present", name, *held, *arguments]) == 0
    return capsys.readouterr().out


def validated(city, capsys, monkeypatch, text, *arguments):
    """Exit code, and what was printed as JSON."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text if isinstance(text, bytes) else text.encode())))
    held = {"--trust": str(city.trust), "--audience": HOTEL, "--nonce": NONCE}
    held |= dict(zip(arguments[::2], arguments[1::2], strict=True))
    words = [word for pair in held.items() for word in pair]
    code = main.run(present.app, ["validate", "-", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("value", "ago", "code", "word"),
    [(0, 60, 0, "VALID"), (1, 60, 1, "REVOKED"), (2, 60, 1, "SUSPENDED"), (0, 90_000, 5, "UNKNOWN"), (1, 90_000, 5, "UNKNOWN")],
)
def test_the_exit_code_says_valid_refused_or_cannot_tell(city, capsys, monkeypatch, value, ago, code, word):
    """A list past its end tells nothing: neither that the licence is valid nor that it was revoked."""
    city.issue(type_=LICENCE)
    city.publish(value, ago=ago)
    text = shown(city, capsys, "--show", "name", name="driving_licence")
    got, answer = validated(city, capsys, monkeypatch, text)
    assert (got, answer["status"], answer["word"]) == (code, word, word)
    assert (answer["authentic"], answer["holder_bound"]) == (True, True)
    assert answer["claims"]["name"] == "J"
    assert (answer["status_age"] is None) == (code == 5)


def test_without_any_list_it_cannot_be_told(city, capsys, monkeypatch):
    """The table for a person says UNKNOWN and why."""
    city.issue()
    text = shown(city, capsys)
    assert validated(city, capsys, monkeypatch, text)[0] == 5
    (city.trust / "shown.txt").write_text(text)
    held = ["--trust", str(city.trust), "--audience", HOTEL, "--nonce", NONCE]
    assert main.run(present.app, ["validate", str(city.trust / "shown.txt"), *held]) == 5
    printed = capsys.readouterr().out
    assert "U N K N O W N" in printed
    assert "status_unknown" in printed


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (("--nonce", "another"), "binding_nonce"),
        (("--audience", "https://police.example"), "binding_audience"),
    ],
)
def test_a_presentation_for_somebody_else_exits_1(city, capsys, monkeypatch, changes, code):
    """And tells no claim."""
    city.issue()
    city.publish(0)
    got, answer = validated(city, capsys, monkeypatch, shown(city, capsys, "--show", "name"), *changes)
    assert (got, answer["code"], answer["claims"]) == (1, code, {})


def test_credentials_of_development_are_refused_unless_allowed(city, capsys, monkeypatch):
    """As everywhere."""
    city.issue(environment="dev")
    city.publish(0)
    text = shown(city, capsys)
    assert validated(city, capsys, monkeypatch, text)[0] == 1
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    held = ["--trust", str(city.trust), "--audience", HOTEL, "--nonce", NONCE, "--allow-dev"]
    assert main.run(present.app, ["validate", "-", *held]) == 0
    assert "V A L I D" in capsys.readouterr().out


@pytest.mark.parametrize(("content", "code"), [(b"", 1), (b"\xff\xfe noise", 1), (b"~" * 200, 1), (b"A" * 200_000, 3)])
def test_what_is_no_presentation_is_refused_and_never_a_traceback(city, capsys, monkeypatch, content, code):
    """Too much to be one is unusable input."""
    assert validated(city, capsys, monkeypatch, content)[0] == code


def test_a_folder_that_is_not_there_exits_3(city, capsys, monkeypatch):
    """A mistyped path must not read as 'nobody is trusted'."""
    got, answer = validated(city, capsys, monkeypatch, "x", "--trust", str(city.trust / "nowhere"))
    assert (got, answer["error"]["code"]) == (3, "invalid_input")


def test_lists_whose_time_is_over_are_an_answer_of_the_same_form(city, capsys, monkeypatch):
    """As at a gate: REFUSED with the code, and no fault that a script has to read otherwise."""
    city.issue()
    text = shown(city, capsys)
    later = time.time() + 2 * 86_400
    monkeypatch.setattr(present.time, "time", lambda: later)
    got, answer = validated(city, capsys, monkeypatch, text)
    assert (got, answer["word"], answer["code"]) == (1, "REFUSED", "trust_list_expired")
    assert "trust refresh" in answer["message"]
