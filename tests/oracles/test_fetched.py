"""What a wallet fetched over OpenID4VCI from the service as it runs, before strict verifiers that others wrote.

A registrar's card and a live session's, of a service whose keys lie in files and of one that signs with SoftHSM.
"""

import socket
import time
from base64 import b64encode
from collections.abc import Collection

import pytest
from api.conftest import make_parts
from api.support import AUDIENCE, serving
from api.test_wallet import NONCE, City, city
from ceremonies.issued import LICENCE, approved_session
from keys.conftest import hsm, softhsm
from roots import certified_parts

from idverify.ceremonies import trust_publication
from idverify.ceremonies.clients import CREDENTIALS_OFFER, add_client
from idverify.ceremonies.documents import put_document
from idverify.ceremonies.statuses import set_status
from idverify.credentials.assurance import ACTIVE, ATTESTED, SUPERVISED
from idverify.credentials.credential_types import credential_types
from idverify.credentials.findings import Status
from idverify.keys import authority
from idverify.keys.file import FileSigner
from idverify.keys.pkcs11 import Pkcs11Holder, Pkcs11Signer
from oracles.asking import STRICT, ask

__all__ = ["city", "hsm", "make_parts", "softhsm"]

pytestmark = pytest.mark.xdist_group("oracles")
VEHICLE = {"plate_number": "粤B12345", "vehicle_identification_number": "LSVAU2180N2182345"}
SIGNERS = {"files": FileSigner, "SoftHSM": Pkcs11Signer}


@pytest.fixture(params=SIGNERS)
def running(request, make_parts, tmp_path):
    """A service that is its own issuer, with its pin; its keys are certified by a root of its own."""
    sock = socket.create_server(("127.0.0.1", 0))
    issuer = f"http://127.0.0.1:{sock.getsockname()[1]}"
    parts = make_parts(issuer=issuer)
    root = authority.create(tmp_path / "root", name="City of Test", country="XX", now=parts.now())
    holder = Pkcs11Holder(request.getfixturevalue("hsm")) if request.param == "SoftHSM" else None
    parts = make_parts(issuer=issuer, **certified_parts(tmp_path / "keys", root, issuer, parts.now, holder))
    assert type(parts.credential_keys.current.signer) is SIGNERS[request.param]
    types = frozenset(one.vct for one in credential_types().values())
    own = trust_publication.own_entity(parts, types, root.name, trust_publication.NOWHERE)
    scheme = trust_publication.Scheme({"en": root.name}, trust_publication.NOWHERE, (own,))
    pin = trust_publication.publish(parts, scheme, actor="tester").content.pin
    with serving(parts, tmp_path, sock=sock) as service:
        yield service, pin


def offered_live(city: City, acr: str, *types: str) -> tuple[str, str]:
    """An offer that rests on a live session: the link and the number."""
    parts = city.service.parts
    client, key = add_client(
        parts, actor="tester", name="City", scopes=(CREDENTIALS_OFFER,), audiences=("https://city.example",)
    )
    body = {"session_id": approved_session(parts, client, city.subject_id, acr=acr), "types": list(types)}
    with city.service.stranger(headers={"Authorization": f"Bearer {key}"}) as backend:
        made = backend.post("/v1/credentials/offers", json=body).raise_for_status().json()
    return made["offer"], made["tx_code"]


def taken(city: City, name: str, link: str, number: str) -> None:
    """Into a wallet of that name, two copies of each."""
    assert city.wallet("init", name=name)[0] == 0
    code, told = city.wallet("accept", link, "--tx-code", number, "--copies", "2", name=name)
    assert code == 0, told


def shown(city: City, name: str, type_name: str, claims: Collection[str]) -> str:
    """To the hotel."""
    asked = ("--audience", AUDIENCE, "--nonce", NONCE, *(word for one in claims for word in ("--show", one)))
    code, told = city.wallet("present", type_name, *asked, name=name)
    assert code == 0, told
    return told["presentation"]


def lists(city: City) -> dict[str, str]:
    """Every status list as it is served, by its address."""
    with city.service.stranger() as client:
        addresses = client.get("/v1/status-lists").raise_for_status().json()["status_lists"]
        return {one: client.get(one).raise_for_status().text for one in addresses}


def test_what_was_fetched_is_accepted_and_what_was_suspended_is_not(city, tmp_path, require):
    """In person, live, and live on an attested device; a card and, with two bits, a licence; several claims, one and none."""
    require(*STRICT)
    parts = city.service.parts
    for type_name, filed in (("driving_licence", LICENCE), ("vehicle_licence", VEHICLE)):
        put_document(parts, city.subject_id, type_name, filed, actor="tester")
    taken(city, "person", *city.offer("identity_card", "driving_licence", "vehicle_licence"))
    wallets = {"person": SUPERVISED, "live": ACTIVE, "attested": ATTESTED}
    for name in ("live", "attested"):
        taken(city, name, *offered_live(city, wallets[name], "identity_card", "driving_licence"))
    kinds = (
        ("identity_card", {"name": "Jane Specimen", "document_number": "X1234567"}),
        ("driving_licence", {"vehicle_classes": LICENCE["vehicle_classes"]}),
        ("identity_card", {}),
    )
    presented = [(shown(city, name, *kind), {"acr": wallets[name]} | kind[1]) for name in wallets for kind in kinds]
    set_status(parts, actor="tester", status=Status.SUSPENDED, subject_id=city.subject_id, type_name="vehicle_licence")
    held = {"kind": "presentation", "now": time.time(), "audience": AUDIENCE, "nonce": NONCE, "lists": lists(city)}
    root, stranger = (
        b64encode(one).decode()
        for one in (
            parts.credential_keys.current.root,
            authority.create(tmp_path / "stranger", name="City of Test", country="XX", now=parts.now()).certificate,
        )
    )
    cases = [held | {"text": text, "anchors": [root]} for text, _ in presented]
    bad = [
        cases[0] | {"anchors": [stranger]},
        held | {"text": shown(city, "person", "vehicle_licence", {"plate_number": ""}), "anchors": [root]},
    ]
    for oracle in STRICT:
        answers = ask(oracle, [*cases, *bad])
        assert [one["reason"] for one in answers[: len(cases)] if not one["accepted"]] == []
        for (_, expected), answer in zip(presented, answers, strict=False):
            assert answer["claims"].items() >= expected.items()
        assert [one["accepted"] for one in answers[len(cases) :]] == [False, False]
