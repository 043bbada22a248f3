"""Sealing with an installation's key: what is written down, and what an installation without such a key does."""

import hashlib

import pytest
from roots import root_of
from seals.papers import paper

from idverify.ceremonies.certification import ask, certify, rotate_certified
from idverify.ceremonies.sealing import seal
from idverify.credentials.purposes import Purpose
from idverify.errors import InvalidInput, SigningUnavailable
from idverify.relying.seals import Word
from idverify.seals.errors import DocumentUnreadable, TimeStampUnavailable
from idverify.store import audit

from .conftest import ISSUER, START
from .installed import events


@pytest.fixture
def old(parts):
    """An installation from before there were seals: its other keys are certified, and nobody has heard of this one."""
    for path in parts.seal_keys.folder.glob("*.chain.pem"):
        path.unlink()
    return parts


def test_a_seal_is_audited_by_its_digest_and_says_nothing_of_the_paper(parts):
    """Neither the reason nor the file's name is anybody's but the office's."""
    sealed, found = seal(parts, paper(), actor="operator", reason="extract for Zoe")
    assert (found.word, found.issuer, found.seal.reason) == (Word.VALID, ISSUER, "extract for Zoe")
    assert events(parts) == ["seal.affixed"]
    with parts.store.reading() as tx:
        (entry,) = audit.events(tx)
    kid = parts.seal_keys.current.signer.kid
    assert entry.details == {"document": hashlib.sha256(sealed).hexdigest(), "kid": kid, "stamped": False}


@pytest.mark.parametrize("reason", ["", "x" * 201, "two\nlines", "\x1b[2J"])
def test_a_reason_is_one_line_that_can_be_printed(parts, reason):
    """It is shown by every reader of the document."""
    with pytest.raises(InvalidInput, match="reason"):
        seal(parts, paper(), actor="operator", reason=reason)


def test_what_is_not_sealed_is_not_audited(parts):
    """No event without a document."""
    with pytest.raises(DocumentUnreadable):
        seal(parts, b"%PDF-no", actor="operator")
    assert events(parts) == []


def test_a_time_stamp_that_does_not_hold_leaves_nothing_sealed(parts):
    """Whatever the authority's side answers."""
    with pytest.raises(TimeStampUnavailable):
        seal(parts, paper(), actor="operator", ask=lambda request: b"no")
    assert events(parts) == []


def test_an_older_installation_goes_on_and_is_told_how_it_comes_to_a_seal(old, tmp_path):
    """It signs and rotates what it has; the next certification gives it the key."""
    with pytest.raises(SigningUnavailable, match=r"no certificate of seal may sign now: `idverify pki issue` or `request`"):
        seal(old, paper(), actor="operator")
    root = root_of(ISSUER, START)
    assert old.credential_keys.current.chain
    done = rotate_certified(old, None, actor="operator")
    assert set(done) == {"credential", "status", "trust-list", "reader"}
    assert {one.usage for one in ask(old).requests} == set(Purpose)
    certify(old, root, actor="operator")
    assert seal(old, paper(), actor="operator")[1].word is Word.VALID
    assert "seal" in rotate_certified(old, root, actor="operator")


def test_after_a_rotation_the_next_key_seals_and_what_the_old_one_sealed_stays_valid(parts):
    """The certificate is in the document: nobody fetches anything."""
    before, first = seal(parts, paper(), actor="operator")
    rotate_certified(parts, root_of(ISSUER, START), actor="operator")
    after, second = seal(parts, paper(), actor="operator")
    assert first.seal.certificate != second.seal.certificate
    assert (before != after, first.trust_anchor) == (True, second.trust_anchor)
