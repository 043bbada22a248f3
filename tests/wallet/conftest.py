"""A wallet of its own, and an issuer in memory."""

import pytest

from idverify.wallet.folder import Folder

from .issuer import Issuer


@pytest.fixture
def folder(tmp_path):
    """An empty wallet."""
    return Folder.create(tmp_path / "wallet")


@pytest.fixture
def issuer():
    """It behaves, until told otherwise."""
    return Issuer()
