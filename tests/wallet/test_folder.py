"""The wallet's folder: private, never a part of a change, and no copy twice."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from idverify.errors import KeyUnavailable
from idverify.wallet.device import HeldKey
from idverify.wallet.errors import CredentialUnavailable
from idverify.wallet.folder import Folder
from idverify.wallet.held import SD_JWT_FORMAT, SLIP_FORMAT, Copy, Grant, Holding
from idverify.wallet.shown import Showing

CARD = Holding(
    issuer="https://id.example",
    configuration="identity_card",
    format=SD_JWT_FORMAT,
    received_at=1,
    copies=tuple(Copy(f"copy-{number}", HeldKey.new()) for number in range(3)),
)


def showing(holding, copy):
    """Of whatever it is."""
    return Showing("qr", holding.configuration, holding.issuer, None, None, None, ())


SLIP = replace(CARD, configuration="identity_card.gate", format=SLIP_FORMAT, copies=CARD.copies[:1])


def test_nobody_else_can_look_into_a_wallet(folder):
    """The folder is 0700 and each file 0600; one that others may enter or read is refused, and so is one that is none."""
    folder.keep(CARD)
    folder.keep_grant(Grant("g", CARD.issuer, ("identity_card",), "secret"))
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in folder.path.iterdir()} == {0o600}
    folder.path.chmod(0o750)
    with pytest.raises(KeyUnavailable, match="chmod 700"):
        Folder(folder.path)
    folder.path.chmod(0o700)
    (folder.path / "device.json").chmod(0o640)
    with pytest.raises(KeyUnavailable, match="chmod 600"):
        Folder(folder.path)
    for other in (folder.path.parent, folder.path / "device.json", folder.path / "nowhere"):
        with pytest.raises(KeyUnavailable, match="wallet init"):
            Folder(other)


def test_a_wallet_is_never_made_over_another(folder):
    """Its device key is what issuers know it by."""
    kid = folder.device.kid
    with pytest.raises(KeyUnavailable, match="exists already"):
        Folder.create(folder.path)
    assert Folder(folder.path).device.kid == kid


def test_an_issuer_cannot_shut_the_wallet_with_more_than_is_read_again(folder):
    """A notification, a refresh token, the names in an offer: each is as long as the issuer likes, and kept."""
    folder.keep(CARD)
    with pytest.raises(CredentialUnavailable, match="more than a wallet can keep"):
        folder.keep(replace(CARD, notification="n" * 2**20))
    for grant in (Grant("g", CARD.issuer, ("identity_card",), "r" * 2**20), Grant("g", CARD.issuer, ("\u5361" * 2**18,), "r")):
        with pytest.raises(CredentialUnavailable, match="more than a wallet can keep"):
            folder.keep_grant(grant)
    assert (folder.holdings(), folder.grants()) == ((CARD,), ())


def test_secrets_are_not_shown_by_accident(folder):
    """What a traceback prints of a value holds no key, no token and no credential."""
    grant = Grant("g", CARD.issuer, ("identity_card",), "secret-token")
    shown = repr((CARD, grant, folder.device))
    assert "secret-token" not in shown
    assert "copy-0" not in shown
    assert CARD.copies[0].key.secret not in shown


def test_a_copy_is_handed_out_once_and_leaves_nothing_behind(folder):
    """Many at one time get each a copy of their own; a used copy and its key are in no file; then there is none."""
    folder.keep(CARD)

    def take(_):
        try:
            return Folder(folder.path).take("identity_card", showing, now=1.0)
        except CredentialUnavailable:
            return None

    with ThreadPoolExecutor(8) as pool:
        taken = [one for one in pool.map(take, range(8)) if one]
    assert {one.credential for one in taken} == {"copy-0", "copy-1", "copy-2"}
    assert len(taken) == 3
    left = b"".join(one.read_bytes() for one in folder.path.iterdir())
    assert b"copy-" not in left
    assert all(one.key.secret.encode() not in left for one in taken)
    with pytest.raises(CredentialUnavailable, match="wallet renew"):
        folder.take("identity_card", showing, now=1.0)


def test_no_number_of_a_slip_is_given_twice(folder):
    """The counter moves before the code is made, by whoever asks."""
    folder.keep(SLIP)
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: Folder(folder.path).count("identity_card.gate", showing, now=1.0)[1], range(20)))
    assert sorted(numbers) == list(range(1, 21))


def test_a_slip_and_a_copy_are_not_taken_for_each_other(folder):
    """Nor is what is not there made up."""
    folder.keep(CARD)
    folder.keep(SLIP)
    for wrong in (
        lambda: folder.take("identity_card.gate", showing, now=1.0),
        lambda: folder.count("identity_card", showing, now=1.0),
        lambda: folder.take("driving_licence", showing, now=1.0),
        lambda: folder.take("identity_card", showing, now=1.0, issuer="https://other.example"),
    ):
        with pytest.raises(CredentialUnavailable):
            wrong()


def test_of_two_issuers_one_must_be_named(folder):
    """The wallet does not choose whose card is shown."""
    folder.keep(CARD)
    folder.keep(replace(CARD, issuer="https://other.example"))
    with pytest.raises(CredentialUnavailable, match=r"https://id\.example, https://other\.example"):
        folder.take("identity_card", showing, now=1.0)
    assert folder.take("identity_card", showing, now=1.0, issuer="https://other.example")


def test_a_grant_goes_when_nothing_comes_from_it_any_more(folder):
    """A later offer of the same card takes over; the old grant stays for what it alone gives."""
    old = Grant("old", CARD.issuer, ("identity_card", "identity_card.gate"), "a")
    new = Grant("new", CARD.issuer, ("identity_card",), "b")
    folder.keep_grant(old)
    folder.keep(replace(CARD, grant="old"))
    folder.keep_grant(new)
    folder.keep(replace(CARD, grant="new"))
    assert {grant.id: folder.wanted(grant) for grant in folder.grants()} == {
        "old": ("identity_card.gate",),
        "new": ("identity_card",),
    }
    folder.keep(replace(SLIP, grant="new"))
    assert [grant.id for grant in folder.grants()] == ["new"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"secret": 7}', '{"secret": ""}', '{"secret": "!"}', "\xff"])
def test_a_damaged_file_is_a_fault_and_names_the_file(folder, content):
    """Not a traceback, and not an empty wallet."""
    (folder.path / "device.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(KeyUnavailable):
        Folder(folder.path)
    (folder.path / "held-0.json").write_text(json.dumps({"issuer": 1}))
    (folder.path / "held-0.json").chmod(0o600)
    with pytest.raises(KeyUnavailable, match="held-0"):
        folder.holdings()
