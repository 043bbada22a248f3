"""What is presented, and to whom: the fixtures of tests about presentations."""

import pytest

from .issued import Wallet, issuer_client, offer, person

HOTEL = "https://hotel.example"


@pytest.fixture
def hotel(parts):
    """A relying party."""
    return issuer_client(parts, "presentations:validate", audiences=(HOTEL,))


@pytest.fixture
def subject_id(parts):
    """Somebody enrolled."""
    return person(parts)


@pytest.fixture
def held(parts, subject_id):
    """A credential and its key."""
    wallet = Wallet(parts).accept(offer(parts, issuer_client(parts), subject_id))
    (key,) = wallet.keys()
    return wallet.get(keys=[key])[0], key
