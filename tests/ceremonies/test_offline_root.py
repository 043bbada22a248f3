"""A root on a machine of its own: what it refuses to sign, and which answers an installation refuses to take."""

from dataclasses import replace

import pytest

from idverify.ceremonies import pending_request, root_signing
from idverify.ceremonies.believing import own_anchors
from idverify.ceremonies.certification import FOLDERS, ask, certified_keys, certify, install, rotate_certified
from idverify.credentials.purposes import Purpose
from idverify.errors import InvalidInput, KeyUnavailable, SigningUnavailable, TokenInvalid
from idverify.keys import authority, certified
from idverify.keys.certificate_request import make, pem_of
from idverify.keys.file import FileSigner

from .conftest import ISSUER, START
from .installed import events

DAY = 86_400


@pytest.fixture
def parts(parts):
    """An installation whose keys nobody has certified."""
    for keys in certified_keys(parts).values():
        for path in keys.folder.glob("*.chain.pem"):
            path.unlink()
    return parts


@pytest.fixture
def root(tmp_path):
    """On the other machine."""
    return authority.create(tmp_path / "other-machine", name="City", country="XX", now=START)


@pytest.fixture
def pending(parts, root):
    """Asked of that root for the first time: all ten keys."""
    made = ask(parts, root=root.fingerprint)
    pending_request.keep(parts, made)
    return made


def answer(root, pending, now=START):
    """What comes back: the request travels as text."""
    return root_signing.sign(root, root_signing.examine(pem_of(pending.requests)), now=now)


def held(parts):
    """Every certificate file, by name."""
    return {path.name for keys in certified_keys(parts).values() for path in keys.folder.glob("*.chain.pem")}


def test_what_was_asked_is_what_is_put_in_place_and_the_server_signs_with_it(parts, root, pending):
    """Ten keys, one purpose each, audited with the root; afterwards nothing is pending and nothing more is asked."""
    assert sorted(root_signing.examine(pem_of(pending.requests)).purposes) == sorted([*Purpose, *Purpose])
    made = install(parts, pending_request.pending(parts), answer(root, pending), actor="anna")
    assert {one.purpose for one in made} == set(FOLDERS.values())
    assert {one.certificate.root for one in made} == {root.certificate}
    assert events(parts) == ["keys.certified"] * 10
    assert ask(parts, root=root.fingerprint) is None
    with pytest.raises(InvalidInput, match="no request is pending"):
        pending_request.pending(parts)


def test_with_the_root_at_hand_the_same_certificates_come_of_it(parts, root):
    """`pki issue` is the three in one."""
    made = certify(parts, root, actor="anna")
    assert len(made) == 10
    assert certify(parts, root, actor="anna") == ()


def test_a_rotation_needs_no_root_and_its_new_next_keys_wait_for_the_next_request(parts, root, pending, clock):
    """One trip to the root a quarter; what may not rotate leaves every key where it is."""
    install(parts, pending, answer(root, pending), actor="anna")
    done = rotate_certified(parts, None, actor="anna")
    asked = ask(parts)
    assert {one.kid for one in asked.requests} == {one.next for one in done.values()}
    assert asked.root == root.fingerprint
    before = [keys.signing.records() for keys in certified_keys(parts).values()]
    with pytest.raises(SigningUnavailable, match="next key has no certificate"):
        rotate_certified(parts, None, actor="anna")
    assert [keys.signing.records() for keys in certified_keys(parts).values()] == before
    install(parts, asked, answer(root, asked), actor="anna")
    rotate_certified(parts, None, actor="anna")


def test_one_purpose_that_may_not_rotate_keeps_the_others_from_rotating(parts, root, pending):
    """Half a rotation would be audited as none."""
    install(parts, pending, answer(root, pending), actor="anna")
    for path in parts.reader_keys.folder.glob("*.chain.pem"):
        path.unlink()
    before = parts.credential_keys.signing.records()
    with pytest.raises(SigningUnavailable):
        rotate_certified(parts, None, actor="anna")
    assert parts.credential_keys.signing.records() == before


def test_a_renewed_certificate_waits_and_a_replacing_one_takes_its_place(parts, root, pending, clock):
    """The overlap is that of `pki issue`; after a theft of the root nothing of the old one is left."""
    install(parts, pending, answer(root, pending), actor="anna")
    first = parts.credential_keys.current.chain
    clock.now += 31 * DAY
    renewal = ask(parts)
    install(parts, renewal, answer(root, renewal, clock.now), actor="anna")
    assert parts.credential_keys.current.chain == first
    assert len(parts.credential_keys.published()) == 4
    theft = ask(parts, replace=True)
    assert len(theft.requests) == 10
    install(parts, theft, answer(root, theft, clock.now), actor="anna")
    assert len(held(parts)) == 10
    assert parts.credential_keys.current.chain != first


def test_nothing_here_vouches_for_a_stolen_root_not_even_the_keys_that_retired(parts, root, pending, tmp_path):
    """After a rotation there are certificates that nobody asks for anew: what is shown here under their root would be believed."""
    install(parts, pending, answer(root, pending), actor="anna")
    rotate_certified(parts, root, actor="anna")
    new = authority.create(tmp_path / "new", name="City", country="XX", now=START)
    asked = ask(parts, root=new.fingerprint, replace=True)
    assert {one.certificate for one in own_anchors(parts)} == {root.certificate}
    install(parts, asked, answer(new, asked), actor="anna")
    assert {one.certificate for one in own_anchors(parts)} == {new.certificate}
    assert len(held(parts)) == 10


def test_an_answer_that_was_cut_short_by_a_fault_is_taken_again(parts, root, pending, monkeypatch):
    """The certificates that lie there already are the same."""
    back = answer(root, pending)
    write = certified.replace_private

    def until_full(path, data):
        if path.parent == parts.reader_keys.folder:
            raise KeyUnavailable("the disk is full")
        write(path, data)

    with monkeypatch.context() as broken:
        broken.setattr(certified, "replace_private", until_full)
        with pytest.raises(KeyUnavailable, match="full"):
            install(parts, pending, back, actor="anna")
    assert (len(held(parts)), events(parts)) == (6, [])
    assert len(install(parts, pending_request.pending(parts), back, actor="anna")) == 10
    assert (len(held(parts)), events(parts)) == (10, ["keys.certified"] * 10)


def test_a_certificate_that_lies_there_half_written_is_written_anew(parts, root, pending):
    """Whatever cut the power: one that does not read keeps its key, and every key of its folder, from signing."""
    back = answer(root, pending)
    request, leaf = pending.requests[0], authority.read_pem(back)[0]
    folder = certified_keys(parts)[Purpose(request.usage)].folder
    half = certified._path(folder, request.kid, leaf)
    half.write_bytes(authority.pem_of([leaf])[:200])
    half.chmod(0o600)
    assert len(install(parts, pending, back, actor="anna")) == 10
    assert certified_keys(parts)[Purpose(request.usage)].current.chain


# What a root must not sign, though each request in it is sound.


def of(signer, purpose=Purpose.CREDENTIAL, issuer=ISSUER):
    """A sound request."""
    return make(signer, usage=purpose, issuer=issuer)


KEY = FileSigner.new()


@pytest.mark.parametrize(
    ("requests", "match"),
    [
        ([of(KEY, "1.3.6.1.5.5.7.3.1")], "no key of an installation has: 1.3.6.1.5.5.7.3.1"),
        ([of(KEY), of(KEY, Purpose.STATUS)], "one key is asked for twice"),
        ([of(KEY), of(FileSigner.new(), issuer="https://id.example.evil")], "more than one issuer"),
    ],
)
def test_a_root_refuses_a_foreign_usage_a_key_with_two_purposes_and_two_issuers(requests, match):
    """A key that says 'revoked' must never say 'issued'."""
    with pytest.raises(InvalidInput, match=match):
        root_signing.examine(pem_of(requests))


def test_requests_that_were_exchanged_on_the_way_show_another_digest(pending):
    """They are sound, for the keys of whoever carried them: people compare what both machines show."""
    forged = [of(FileSigner.new(), one.usage) for one in pending.requests]
    shown = root_signing.examine(pem_of(forged))
    assert shown.issuer == root_signing.examine(pem_of(pending.requests)).issuer
    assert shown.digest != root_signing.examine(pem_of(pending.requests)).digest


def test_a_root_whose_clock_went_back_signs_nothing(root, pending):
    """A machine without network loses its time with its battery."""
    with pytest.raises(KeyUnavailable, match=r"clock says 2020-.*set it"):
        answer(root, pending, now=1_580_000_000.0)


# What an installation must not take.


def swapped(parts, root, pending, tmp_path):
    """The answer to requests for other keys."""
    forged = [of(FileSigner.new(), one.usage) for one in pending.requests]
    return root_signing.sign(root, root_signing.examined(forged), now=START), "answers another"


def one_swapped(parts, root, pending, tmp_path):
    """One key of ten."""
    forged = [of(FileSigner.new(), Purpose.CREDENTIAL), *pending.requests[1:]]
    return root_signing.sign(root, root_signing.examined(forged), now=START), "answers another"


def one_missing(parts, root, pending, tmp_path):
    """Half an answer would leave half an installation."""
    return root_signing.sign(root, root_signing.examined(pending.requests[1:]), now=START), "answers another"


def one_twice(parts, root, pending, tmp_path):
    """Two certificates of one key."""
    return answer(root, pending) + authority.pem_of([root.answer(pending.requests[0], now=START)]), "answers another"


def another_root(parts, root, pending, tmp_path):
    """Made by whoever found the request."""
    return answer(authority.create(tmp_path / "foreign", name="City", country="XX", now=START), pending), "not from the root"


def another_root_beside_the_right_one(parts, root, pending, tmp_path):
    """The right root's certificate is no secret."""
    foreign = authority.create(tmp_path / "foreign", name="City", country="XX", now=START)
    leaves = [foreign.answer(one, now=START) for one in pending.requests]
    return authority.pem_of([*leaves, root.certificate]), "certificate_foreign"


def other_purpose(parts, root, pending, tmp_path):
    """The root certified the status key for credentials."""
    by_usage = {one.usage: one for one in pending.requests}
    credential = by_usage[Purpose.CREDENTIAL]
    leaves = [root.answer(one, now=START) for one in pending.requests if one is not credential]
    wrong = root.answer(replace(credential, usage=str(Purpose.STATUS)), now=START)
    return authority.pem_of([*leaves, wrong, root.certificate]), "certificate_purpose"


def another_issuer(parts, root, pending, tmp_path):
    """Credentials would be refused everywhere."""
    leaves = [root.answer(replace(one, issuer="https://id.other.example"), now=START) for one in pending.requests]
    return authority.pem_of([*leaves, root.certificate]), "another issuer"


def older_answer(parts, root, pending, tmp_path):
    """Genuine, for the same keys, to an earlier request."""
    again = ask(parts, root=root.fingerprint)
    assert {one.kid for one in again.requests} == {one.kid for one in pending.requests}
    return answer(root, again), "older request"


def expired(parts, root, pending, tmp_path):
    """Signed long ago, and shown now."""
    back = answer(root, pending)
    parts.now.now += 275 * DAY
    return back, "certificate_expired"


def nearly_over(parts, root, pending, tmp_path):
    """The clock of the root's machine is a month behind."""
    parts.now.now += 31 * DAY
    return answer(root, pending, START), "soon sign no more"


def not_begun(parts, root, pending, tmp_path):
    """The clock of the root's machine is a day ahead."""
    return answer(root, pending, START + DAY), "certificate_not_yet_valid"


def rotated(parts, root, pending, tmp_path):
    """The keys moved on while the request was away: what was current has retired, its private half is destroyed."""
    for keys in certified_keys(parts).values():
        keys.signing.rotate()
    return answer(root, pending), "rotated since"


def no_certificates(parts, root, pending, tmp_path):
    """The request itself, or anything."""
    return pem_of(pending.requests), "not a file of certificates"


@pytest.mark.parametrize(
    "case",
    [
        swapped,
        one_swapped,
        one_missing,
        one_twice,
        another_root,
        another_root_beside_the_right_one,
        other_purpose,
        another_issuer,
        older_answer,
        expired,
        nearly_over,
        not_begun,
        rotated,
        no_certificates,
    ],
    ids=lambda case: case.__name__,
)
def test_an_answer_that_is_not_the_one_that_was_asked_for_changes_nothing(case, parts, root, pending, tmp_path):
    """No certificate of it is put in place, nothing is audited, and the request waits on for the right one."""
    content, match = case(parts, root, pending, tmp_path)
    before = held(parts)
    with pytest.raises((InvalidInput, TokenInvalid)) as refused:
        install(parts, pending_request.pending(parts), content, actor="anna")
    assert match in refused.value.message or match == refused.value.code
    assert held(parts) == before
    assert events(parts) == []
    assert pending_request.pending(parts) == pending


def test_an_answer_to_a_request_that_a_newer_one_replaced_counts_no_more(parts, root, pending):
    """One request at a time waits."""
    pending_request.keep(parts, ask(parts, root=root.fingerprint))
    with pytest.raises(InvalidInput, match="older request"):
        install(parts, pending_request.pending(parts), answer(root, pending), actor="anna")


def test_nothing_is_asked_of_a_root_that_nobody_named(parts, root, tmp_path):
    """An empty installation does not guess, nor does one of two roots; otherwise the newest certificate names it."""
    with pytest.raises(InvalidInput, match="no root is known here"):
        ask(parts)
    certify(parts, root, actor="anna")
    assert ask(parts) is None
    certify(parts, authority.create(tmp_path / "second", name="City", country="XX", now=START), actor="anna")
    with pytest.raises(InvalidInput, match="two roots"):
        ask(parts)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"format": "idverify-pending-request-1", "replace": false, "requests": "x"}']
)
def test_a_damaged_request_is_named_and_not_taken_for_none(parts, pending, content):
    """Faults fail closed."""
    path = parts.credential_keys.folder.parent / pending_request.FILE
    path.write_bytes(content)
    with pytest.raises(KeyUnavailable, match=r"pending-request\.json is damaged"):
        pending_request.pending(parts)


def test_nothing_secret_travels(parts, pending):
    """Neither in the request nor in what is kept of it: public keys alone."""
    kept = (parts.credential_keys.folder.parent / pending_request.FILE).read_text()
    assert "PRIVATE" not in kept + pem_of(pending.requests).decode()
    private = {
        path.read_text().splitlines()[1] for keys in certified_keys(parts).values() for path in keys.folder.glob("*.pem")
    }
    assert not any(line in kept for line in private)
