"""What the wallet shows: a fresh copy with the claims that were chosen, and codes that a gate accepts once."""

from dataclasses import replace

import cbor2
import pytest
from credentials.authority import public
from credentials.slips import CARD, ISSUER, NOW, PERSON, examine, gate, status_list

from idverify.credentials import mdoc_presentation, presentation
from idverify.credentials.credential_types import credential_types
from idverify.credentials.findings import Status
from idverify.credentials.mdoc_session import Session
from idverify.credentials.reading import decode_base64url
from idverify.errors import InvalidInput
from idverify.keys.jwk import base64url
from idverify.wallet.codes import code
from idverify.wallet.device import HeldKey, bare_jwk
from idverify.wallet.errors import CredentialUnavailable, IssuerRefused
from idverify.wallet.held import MDOC_FORMAT, SD_JWT_FORMAT, SLIP_FORMAT, Copy, Holding
from idverify.wallet.issuer import Configuration
from idverify.wallet.presenting import present
from idverify.wallet.received import examined

from .issued import cards, mdocs, slips

HOTEL = "https://hotel.example"
ASKED = Session.plain(HOTEL, "n" * 8)


@pytest.fixture
def wallet(folder):
    """A wallet with two copies of a card, a slip for gates, and one for the police."""
    held = Holding(ISSUER, "identity_card", SD_JWT_FORMAT, int(NOW), tuple(cards(2)))
    folder.keep(held)
    for purpose in ("gate", "police"):
        name = f"identity_card.{purpose}"
        folder.keep(replace(held, configuration=name, format=SLIP_FORMAT, copies=tuple(slips(purpose))))
    return folder


def shown(wallet, *names, **changes):
    """A presentation to the hotel."""
    return present(wallet, "identity_card", **({"show": names, "session": ASKED, "now": NOW} | changes))


def found(text, **changes):
    """What the hotel finds."""
    held = {"audience": HOTEL, "nonce": "n" * 8, "now": NOW + 1} | changes
    return presentation.validate(text, gate(), **held)


def test_a_presentation_tells_what_was_chosen_and_nothing_else(wallet):
    """Accepted, bound to this audience and nonce, with the one claim; the next shows another copy."""
    first, second = shown(wallet, "age_over_18"), shown(wallet)
    answer = found(first)
    assert answer.accepted
    assert PERSON.keys() & answer.claims.keys() == {"age_over_18"}
    assert not PERSON.keys() & found(second).claims.keys()
    assert first.split("~")[0] != second.split("~")[0]
    assert found(first, nonce="o" * 8).code == "binding_nonce"
    with pytest.raises(CredentialUnavailable, match="wallet renew"):
        shown(wallet)


def test_an_mdoc_tells_what_was_chosen_and_nothing_else(wallet):
    """For one reader, nonce and address; a fresh copy each time; what is visible is shown unasked."""
    name, period = "identity_card.mdoc", {"name": "Zhang Wei", "period": "2027-H1"}
    wallet.keep(Holding(ISSUER, name, MDOC_FORMAT, int(NOW), tuple(mdocs(2))))
    first = present(wallet, name, show=("age_over_18",), session=ASKED, now=NOW)
    answer = mdoc_presentation.validate(first, gate(), session=ASKED, now=NOW + 1)
    assert (answer.code, PERSON.keys() & answer.claims.keys()) == ("accepted", {"age_over_18"})
    with pytest.raises(CredentialUnavailable, match="iban"):
        present(wallet, name, show=("iban",), session=ASKED, now=NOW)
    bound = Session(HOTEL, "n" * 8, "https://hotel.example/answer", bytes(32))
    second = present(wallet, name, show=(), session=bound, now=NOW)
    assert mdoc_presentation.validate(second, gate(), session=bound, now=NOW).accepted
    assert mdoc_presentation.validate(second, gate(), session=ASKED, now=NOW).code == "mdoc_device_signature"
    with pytest.raises(CredentialUnavailable, match="wallet renew"):
        present(wallet, name, show=(), session=ASKED, now=NOW)
    life = credential_types()["proof_of_life"]
    wallet.keep(Holding(ISSUER, "proof_of_life.mdoc", MDOC_FORMAT, int(NOW), tuple(mdocs(1, life, period))))
    text = present(wallet, "proof_of_life.mdoc", show=(), session=ASKED, now=NOW)
    claims = mdoc_presentation.validate(text, gate(), session=ASKED, now=NOW).claims
    assert (claims["period"], "name" in claims) == ("2027-H1", False)


def test_a_wallet_keeps_no_mdoc_that_a_reader_would_refuse(wallet):
    """Of another doctype, for a key that is not its own, with an element that was not signed, or cut short."""
    (good,) = mdocs(1)
    raw = cbor2.loads(decode_base64url(good.credential))
    ((namespace, items),) = raw["nameSpaces"].items()
    altered = raw | {
        "nameSpaces": {namespace: [cbor2.CBORTag(24, items[0].value.replace(b"elementValue", b"elementvalue")), *items[1:]]}
    }
    asked = Configuration(MDOC_FORMAT, CARD.mdoc.doctype)
    for credential_, key, wanted in (
        (good.credential, good.key, replace(asked, kind="org.iso.18013.5.1.mDL")),
        (good.credential, HeldKey.new(), asked),
        (base64url(cbor2.dumps(altered)), good.key, asked),
        (good.credential[:-4], good.key, asked),
        ("", good.key, asked),
    ):
        with pytest.raises(IssuerRefused):
            examined([credential_], [key], wanted)


@pytest.mark.parametrize("wrong", [{"show": ("iban",)}, {"show": ("iss",)}, {"now": NOW + 20 * 86_400}])
def test_a_wrong_wish_costs_no_copy(wallet, wrong):
    """A claim that the card does not have, or a card that has expired."""
    before = wallet.holding("identity_card")
    with pytest.raises(CredentialUnavailable):
        shown(wallet, **wrong)
    assert wallet.holding("identity_card") == before


def test_each_code_is_new_and_a_gate_accepts_it(wallet):
    """The number counts up across openings of the wallet; the challenge is answered; other slips choose what to tell."""
    first, second = (code(wallet, "identity_card.gate", now=NOW) for _ in range(2))
    assert first != second
    assert examine(first).claims["name"] == PERSON["name"]
    challenged = code(wallet, "identity_card.gate", now=NOW, challenge=b"8 bytes!")
    assert examine(challenged, challenge=b"8 bytes!").accepted
    assert examine(first, gate(lists=[status_list(5)])).status is Status.REVOKED
    told = examine(code(wallet, "identity_card.police", now=NOW, show=["name"])).claims
    assert PERSON.keys() & told.keys() == {"name"}


def test_a_code_is_not_made_of_what_is_not_there(wallet):
    """A slip whose day is over, a claim that it does not have."""
    with pytest.raises(CredentialUnavailable, match=r"wallet renew identity_card\.gate"):
        code(wallet, "identity_card.gate", now=NOW + 25 * 3600)
    for name, show in (("identity_card.gate", ["name"]), ("identity_card.police", ["iban"])):
        with pytest.raises(InvalidInput):
            code(wallet, name, now=NOW, show=show)


@pytest.mark.parametrize(
    "value", ["", "~", "AAAA", "AAAA~", "not base64url!"], ids=["empty", "tilde", "noise", "half", "characters"]
)
def test_a_slip_that_no_gate_could_read_is_not_kept(value):
    """As little as a slip of somebody else's key, or one with a disclosure that its issuer did not sign."""
    [good] = slips("police")
    foreign = slips("police")[0].credential
    disclosed = good.credential + "~" + foreign.rpartition("~")[2]
    for credential_ in (value, foreign, disclosed):
        with pytest.raises(IssuerRefused):
            examined([credential_], [good.key], Configuration(SLIP_FORMAT, CARD.vct))


def test_the_keys_of_copies_are_on_the_right_curve_and_survive_the_folder(wallet):
    """A key comes back from the file as it was made."""
    key = HeldKey.new()
    assert HeldKey(key.secret).signer.kid == key.signer.kid
    assert bare_jwk(key.signer).keys() == {"kty", "crv", "x", "y"}
    assert public(key.signer).curve.name == "secp256r1"
    assert Copy("c", key) == Copy("c", HeldKey(key.secret))
