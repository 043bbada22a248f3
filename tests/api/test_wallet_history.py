"""Both halves of a person's history, with the product's wallet as a command: what it kept, and what the issuer tells it."""

from idverify.ceremonies.statuses import set_status
from idverify.cli import wallet
from idverify.credentials.findings import Status

from .support import AUDIENCE, PURPOSE
from .test_online import ask, hotel
from .test_wallet import NONCE, City, city, running

__all__ = ["city", "hotel", "running"]


def test_the_wallet_and_the_issuer_tell_the_same_showing(city: City, hotel: object) -> None:
    """Who, what for, which claims; an offline showing is known to the wallet alone; nobody's name is anywhere."""
    link, number = city.offer()
    city.wallet("accept", link, "--tx-code", number, "--copies", "2")
    asked = ask(hotel, "name", purpose=PURPOSE)  # type: ignore[arg-type]
    assert city.wallet("answer", asked["wallet_link"], "--yes")[0] == 0
    offline = ("--audience", AUDIENCE, "--nonce", NONCE, "--show", "document_number", "--purpose", "deposit")
    assert city.wallet("present", "identity_card", *offline)[0] == 0
    code, found = city.wallet("history", "--issuer")
    assert (code, found["intact"]) == (0, True)
    told = [(one["way"], one["requester"], one["purpose"], one["asked"], one["shown"]) for one in found["entries"]]
    assert told == [
        ("presentation", AUDIENCE, "deposit", None, [["document_number"]]),
        ("request", AUDIENCE, PURPOSE, [["name"]], [["name"]]),
    ]
    assert found["entries"][1]["reader"] == city.service.url
    theirs = found["issuers"][city.service.url]
    assert [one["kind"] for one in theirs] == ["presentation", "device_added"]
    assert (theirs[0]["requester"], theirs[0]["purpose"], theirs[0]["disclosed"]) == ("test", PURPOSE, [["name"]])
    assert theirs[1]["this_device"]
    assert "Jane" not in str(found)


def test_another_persons_wallet_is_told_nothing_of_it(city: City, hotel: object) -> None:
    """Its own grant leads to its own history; a grant that was revoked with its credential still shows the person theirs."""
    link, number = city.offer()
    city.wallet("accept", link, "--tx-code", number, "--copies", "1")
    asked = ask(hotel, "name")  # type: ignore[arg-type]
    assert city.wallet("answer", asked["wallet_link"], "--yes")[0] == 0
    mine = city.folder / "wallet"
    (grant,) = mine.glob("grant-*.json")
    city.wallet("init", name="thief")
    (city.folder / "thief" / grant.name).write_bytes(grant.read_bytes())
    (city.folder / "thief" / grant.name).chmod(0o600)
    code, refused = city.wallet("history", "--issuer", name="thief")
    assert (code, refused["error"]["code"]) == (3, "issuer_refused")
    set_status(city.service.parts, actor="tester", status=Status.REVOKED, subject_id=city.subject_id)
    code, found = city.wallet("history", "--issuer")
    assert code == 0
    assert [one["kind"] for one in found["issuers"][city.service.url]] == ["presentation", "device_added"]


def test_a_person_reads_it_in_words(city: City) -> None:
    """Who told it, when, what."""
    link, number = city.offer()
    city.wallet("accept", link, "--tx-code", number, "--copies", "1")
    city.capsys.readouterr()
    from idverify.cli import main

    assert main.run(wallet.app, ["history", "--issuer", "--wallet", str(city.folder / "wallet")]) == 0
    seen = " ".join(city.capsys.readouterr().out.split())
    assert f"{city.service.url} tells:" in seen
    assert "A device took your Identity card, which test had offered." in seen
