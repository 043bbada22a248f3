"""Credentials as their issuer makes them, examined and with the keys that they are bound to."""

import os

from credentials.slips import CARD, CITY, ISSUER, LIST, NOW, PERSON

from idverify.credentials import credential, mdoc, slip
from idverify.credentials.assurance import ACTIVE
from idverify.credentials.credential import CredentialFacts
from idverify.credentials.status_reference import StatusReference
from idverify.wallet.device import HeldKey
from idverify.wallet.held import MDOC_FORMAT, SD_JWT_FORMAT, SLIP_FORMAT
from idverify.wallet.issuer import Configuration
from idverify.wallet.received import examined

ISSUING = {"signer": CITY.signer, "chain": (CITY.leaf,), "now": NOW, "random_bytes": os.urandom}


def cards(number, **issuing):
    """Copies of an identity card, as their issuer makes them. issuing: what is otherwise, such as the chain."""
    keys = [HeldKey.new() for _ in range(number)]
    facts = CredentialFacts(ISSUER, ACTIVE, ("face",), NOW - 60, "production", "pairwise-subject")
    copies = [(key.signer.public_jwk(), StatusReference(LIST, 5 + at)) for at, key in enumerate(keys)]
    made = credential.issue_batch(CARD, PERSON, facts, copies=copies, **ISSUING | issuing)
    return examined(made, keys, Configuration(SD_JWT_FORMAT, CARD.vct))


def mdocs(number, type_=CARD, claims=PERSON, **issuing):
    """The same in the other format."""
    keys = [HeldKey.new() for _ in range(number)]
    facts = CredentialFacts(ISSUER, ACTIVE, ("face",), NOW - 60, "production", "pairwise-subject")
    copies = [(key.signer.public_jwk(), StatusReference(LIST, 5 + at)) for at, key in enumerate(keys)]
    made = mdoc.issue_batch(type_, claims, facts, copies=copies, **ISSUING | issuing)
    return examined(made, keys, Configuration(MDOC_FORMAT, type_.mdoc.doctype))


def slips(purpose):
    """One slip, likewise."""
    key = HeldKey.new()
    made = slip.issue(
        CARD,
        purpose,
        PERSON,
        issuer=ISSUER,
        device_jwk=key.signer.public_jwk(),
        status=StatusReference(LIST, 5),
        expires_at=NOW + 24 * 3600,
        environment="production",
        **ISSUING,
    )
    return examined([made.value], [key], Configuration(SLIP_FORMAT, CARD.vct))
