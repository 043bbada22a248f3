"""What a wallet says of the credentials that it was given: heard once, audited, believed for nothing."""

import pytest
from credentials.proofs import dpop

from idverify.ceremonies.notifications import notification_url, take_notification
from idverify.credentials.proof_errors import ProofNotBound, ProofReplayed, ProofTarget
from idverify.errors import IssuanceRefused
from idverify.keys.file import FileSigner
from idverify.store import audit

from .issued import Wallet, in_person, issuer_client, offer, person

KEPT, UNUSABLE, DELETED = "credential_accepted", "credential_failure", "credential_deleted"


@pytest.fixture
def wallet(parts):
    """A wallet that holds an identity card."""
    made = Wallet(parts).accept(offer(parts, issuer_client(parts), person(parts)))
    made.get()
    return made


def tell(wallet, word=KEPT, *, identifier=None, proof=None, device=None, token=None):
    """The notification endpoint."""
    token = token or wallet.access
    proof = proof or dpop(device or wallet.device, notification_url(wallet.parts), wallet.parts.now(), token=token)
    identifier = wallet.notification if identifier is None else identifier
    take_notification(wallet.parts, access_token=token, proof=proof, identifier=identifier, word=word)


def told(parts):
    """The events of it, oldest first."""
    with parts.store.reading() as tx:
        return [one for one in audit.events(tx) if one.event == "credential.notified"]


def test_what_a_wallet_says_is_audited_once_however_often_it_says_it(parts, wallet):
    """Beside the issue that it speaks of; another word about the same copies is another event."""
    tell(wallet)
    tell(wallet)
    tell(wallet.renew(), DELETED)
    first, second = told(parts)
    assert [one.details["word"] for one in (first, second)] == [KEPT, DELETED]
    with parts.store.reading() as tx:
        issued = next(one for one in audit.events(tx) if one.event == "credential.issued")
    for name in ("credential_id", "notification"):
        assert first.details[name] == issued.details[name]
    assert (first.actor, first.subject_id) == (issued.actor, issued.subject_id)


def test_each_answer_has_a_name_of_its_own_that_says_which_credential_it_gave(parts, wallet):
    """A slip is no card, and a renewed card not the one before."""
    names = [wallet.notification]
    wallet.get()
    names.append(wallet.notification)
    wallet.get("identity_card.gate")
    tell(wallet, UNUSABLE)
    assert len({*names, wallet.notification}) == 3
    assert [one.details["configuration"] for one in told(parts)] == ["identity_card.gate"]


def test_a_wallet_speaks_of_its_own_credentials_alone(parts, wallet):
    """Neither somebody else's name for an answer nor one that nobody was given; a byte more or less is another."""
    other = Wallet(parts).accept(in_person(parts, issuer_client(parts), person(parts, "B-1")))
    other.get()
    name = wallet.notification
    for identifier in (other.notification, "", "x", name[:-1], name + "A", "A" * len(name), name.swapcase()):
        with pytest.raises(IssuanceRefused) as refused:
            tell(wallet, identifier=identifier)
        assert refused.value.reason == "invalid_notification_id"
    assert told(parts) == []


def test_the_endpoint_asks_for_the_token_and_the_device_key_that_the_credentials_came_with(parts, wallet, clock):
    """Each proof for this address, once; and nothing is heard after the token's end."""
    elsewhere = dpop(wallet.device, f"{parts.issuer}/v1/credentials", parts.now(), token=wallet.access)
    with pytest.raises(ProofTarget):
        tell(wallet, proof=elsewhere)
    with pytest.raises(ProofNotBound):
        tell(wallet, device=FileSigner.new())
    proof = dpop(wallet.device, notification_url(parts), parts.now(), token=wallet.access)
    tell(wallet, proof=proof)
    with pytest.raises(ProofReplayed):
        tell(wallet, DELETED, proof=proof)
    with parts.store.transaction(), pytest.raises(IssuanceRefused):  # a stranger waits for no writer
        tell(wallet, token="idva_" + "x" * 43)
    clock.now += 301
    with pytest.raises(IssuanceRefused) as refused:
        tell(wallet, DELETED)
    assert refused.value.reason == "invalid_token"
    assert [one.details["word"] for one in told(parts)] == [KEPT]
