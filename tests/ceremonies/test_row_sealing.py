"""Sealed rows: what a running installation wrote stays readable, and no table's key or row opens another's."""

from itertools import combinations
from types import SimpleNamespace

import pytest

from idverify.ceremonies import row_sealing
from idverify.ceremonies.row_sealing import Use, open_row, seal, seal_row, unseal
from idverify.errors import RecordTampered
from idverify.keys.secrets import Secrets

USES = [one for one in vars(row_sealing).values() if isinstance(one, Use)]
WRITTEN = {
    row_sealing.OFFER_ROW: (b'{"a": 1}', "72f654526965bddc0b102d3a9e784da3be9580abbe09fd42", ("x", "y")),
    row_sealing.GRANT_ROW: (b'{"a": 1}', "1ac2db89eb5a4c2595383216d993b5979fe45e6c000d6684", ("x", "y")),
    row_sealing.REQUEST_ROW: (b'{"a": 1}', "6234ede9553b0745f8ca59d142ea02de3dc6cf3689a45ce2", ("x", "y")),
    row_sealing.SESSION_ROW: (b"jpeg", "00de093441d813786a5ce22bb8ca1a54a9c3d524", ("frame", "ses", "3")),
    row_sealing.WEBHOOK_SECRET: (b"s" * 8, "c030b8746abc72aec0f453cd7e3c0b50bfd29fbccb9d1aea", ("cli", "https://x.example")),
    row_sealing.STORED_ANSWER: (b'{"a": 1}', "a12d48896dc9eac466f1ad76ccca7c0d8ab49c035b3b6777", ("cli", "key-12345", "201")),
}
"""What each table held before the uses stood in one module: content, sealed bytes after the nonce 00..0b, and the row's names."""


def installation(deployment="d" * 32):
    """With secrets and a nonce that do not change."""
    secrets = Secrets(*(bytes([number]) * 32 for number in range(1, 5)))
    return SimpleNamespace(secrets=secrets, deployment=deployment, random_bytes=lambda length: bytes(range(length)))


@pytest.mark.parametrize("use", USES, ids=lambda use: use.name)
def test_what_was_written_is_read_and_written_again_to_the_byte(use):
    """An update of the service leaves the rows of a running installation readable."""
    content, sealed, names = WRITTEN[use]
    held = bytes(range(12)) + bytes.fromhex(sealed)
    assert unseal(installation(), use, held, *names) == content
    assert seal(installation(), use, content, *names) == held


def test_every_use_has_a_key_of_its_own():
    """A row that was moved to another table does not open there, whatever its names are."""
    assert len({use.label for use in USES}) == len(USES) == len(WRITTEN)
    for one, other in combinations(USES, 2):
        with pytest.raises(RecordTampered, match=other.name):
            unseal(installation(), other, seal(installation(), one, b"content", "id"), "id")


@pytest.mark.parametrize("use", USES, ids=lambda use: use.name)
def test_a_row_opens_in_its_own_place_alone(use):
    """Altered, cut, of another row, with its names shifted; where it is bound to the deployment, in another one."""
    vault = installation()
    sealed = seal_row(vault, use, {"a": 1}, "one", "two")
    assert open_row(vault, use, sealed, "one", "two") == {"a": 1}
    hostile = [
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), ("one", "two")),
        (sealed[:11], ("one", "two")),
        (b"", ("one", "two")),
        (sealed, ("one", "three")),
        (sealed, ("onetwo",)),
        (sealed, ()),
    ]
    for changed, names in hostile:
        with pytest.raises(RecordTampered, match=use.name):
            open_row(vault, use, changed, *names)
    if use.of_deployment:
        with pytest.raises(RecordTampered):
            open_row(installation("e" * 32), use, sealed, "one", "two")
