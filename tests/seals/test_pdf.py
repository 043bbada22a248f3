"""What a seal on a document holds against, with real documents, real keys and a time-stamping authority of others."""

import asyncio
import io
import random
import socket
import time
import zlib

import pytest
from asn1crypto import cms
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.status import SignatureCoverageLevel

from idverify.credentials.purposes import Purpose
from idverify.errors import IdverifyError, TokenInvalid, TooLarge
from idverify.keys.file import FileSigner
from idverify.seals import errors, opening, pdf

from .conftest import NOW
from .forge import apart, resigned, sealed_in_the_older_format, sealed_with_rsa, signed_over, stamped_by, token_for, without
from .papers import PAGE, appended, byte_range, message_of, paper, seal_number, stream, with_message, words


def later():
    """A minute from now: clocks of two programs on one machine may differ, and these tests may run long after NOW."""
    return time.time() + 60


def code(document, **rest):
    """Of the refusal, or `accepted`."""
    try:
        pdf.examine(document, **{"now": NOW} | rest)
    except IdverifyError as refused:
        return refused.code
    return "accepted"


def test_what_was_sealed_is_found_as_it_was_sealed(office, sealed):
    """The document's own bytes stand at the beginning as they were; certificate, reason and time are read back."""
    found = pdf.examine(sealed, now=NOW)
    assert sealed.startswith(paper())
    assert found == pdf.Seal(office.certificate, NOW, "extract", None)


def test_a_seal_is_pades_and_allows_no_change(sealed):
    """Baseline B (ETSI EN 319 142-1): no signing-time in the message, /M in the dictionary; DocMDP P 1; the root stays out."""
    info = cms.ContentInfo.load(message_of(sealed))["content"]
    names = {one["type"].native for one in info["signer_infos"][0]["signed_attrs"]}
    assert names >= {"content_type", "message_digest", "signing_certificate_v2"}
    assert "signing_time" not in names
    assert len(info["certificates"]) == 1
    reader = PdfFileReader(io.BytesIO(sealed))
    (one,) = reader.embedded_signatures
    assert (one.sig_object["/SubFilter"], one.docmdp_level.value, "/M" in one.sig_object) == ("/ETSI.CAdES.detached", 1, True)


def test_no_byte_of_a_sealed_document_can_be_changed(sealed):
    """One bit at every 29th byte: always refused."""
    _, start, end, _ = byte_range(sealed)
    for place in [*range(0, start + 1, 29), *range(end - 1, len(sealed), 29)]:
        assert code(flipped(sealed, place)) != "accepted", place


def test_whatever_is_changed_in_the_message_is_refused_or_changes_nothing_that_is_found(sealed):
    """A few bytes around the signature say what is said again where it is signed: that they do not matter is all they may do."""
    _, start, end, _ = byte_range(sealed)
    original = pdf.examine(sealed, now=NOW)
    used = start + 1 + 2 * len(cms.ContentInfo.load(message_of(sealed)).dump())
    refused = 0
    for place in [*range(start + 1, used, 31), *range(used, end - 1, 997)]:
        try:
            assert pdf.examine(flipped(sealed, place), now=NOW) == original, place
        except (TokenInvalid, errors.DocumentUnreadable):  # the latter where < or a digit in hex became something else
            refused += 1
    assert refused > 50


def flipped(document, place):
    """One bit."""
    return document[:place] + bytes([document[place] ^ 1]) + document[place + 1 :]


def shown_instead(sealed):
    """The page shows other words."""
    return appended(sealed, {4: words("Zoe owes 900")})


def covered_up(sealed):
    """A note over the page."""
    note = b"<< /Type /Annot /Subtype /FreeText /Rect [0 0 595 842] /Contents (Zoe owes 900) /DA (/Helv 24 Tf) >>"
    return appended(sealed, {3: PAGE[:-2] + b" /Annots [90 0 R] >>", 90: note})


def pages_added(sealed):
    """A second page."""
    return appended(sealed, {2: b"<< /Type /Pages /Kids [3 0 R 90 0 R] /Count 2 >>", 90: PAGE})


def only_white_space(sealed):
    """Nothing that shows, yet not what was sealed."""
    return sealed + b"\n"


@pytest.mark.parametrize(
    ("attack", "named"),
    [
        (shown_instead, ()),
        (covered_up, ("/Annot", "/FreeText", "/Page")),
        (pages_added, ("/Page", "/Pages")),
        (only_white_space, ()),
    ],
)
def test_whatever_is_added_after_the_seal_is_found_and_named(sealed, attack, named):
    """Incremental updates, whether or not a form or a reader would allow them."""
    with pytest.raises(errors.SealDocumentChanged) as refused:
        pdf.examine(attack(sealed), now=NOW)
    assert refused.value.changes == named


def test_a_shadow_that_lay_in_the_document_before_it_was_sealed_is_not_brought_to_light(office):
    """Hide and replace: the other page's words were sealed, unseen; the update adds no object and only points to them."""
    sealed = office.seal(paper(more=[words("Zoe owes 900")]))
    assert code(appended(sealed, {}, places={4: sealed.index(b"5 0 obj")})) == "document_unreadable"
    inside = office.seal(paper(more=[stream(b"4 0 obj\n" + words("Zoe owes 900") + b"\nendobj")]))
    pointed = appended(inside, {}, places={4: inside.index(b"4 0 obj", inside.index(b"5 0 obj"))})
    assert code(pointed) == "seal_document_changed"


@pytest.mark.parametrize(
    "dictionary",
    [
        b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [0 %d %d %d] >>",
        b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /Contents null /ByteRange [0 %d %d %d] >>",
        b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /Contents <00> /ByteRange [0 %d %d %d] >>",
        b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /Contents <> /Was [0 %d %d %d] >>",
        b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /Contents <> /ByteRange null /Was [0 %d %d %d] >>",
    ],
    ids=["no message", "null", "zero", "no range", "null range"],
)
def test_a_seal_without_its_parts_is_no_seal(sealed, dictionary):
    """Universal signature forgery: what a validator does not find, it must not take for good."""
    attacked = appended(sealed, {seal_number(sealed): dictionary % tuple(byte_range(sealed)[1:]), 4: words("Zoe owes 900")})
    assert code(attacked) in {"seal_malformed", "seal_coverage", "seal_missing"}


def wrapped(sealed):
    """Signature wrapping: the old range, the old message padded to such a length that as many bytes seem covered as there are."""
    _, start, end, after = byte_range(sealed)
    message = "".join(f"\\{one:03o}" if one else "\0" for one in message_of(sealed)).encode("latin-1")
    head = b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [0 %d %d %d] /Contents (" % (
        start,
        end,
        after,
    )
    padding = 0
    for _ in range(5):
        body = head + message + b"\0" * padding + b") >>"
        attacked = appended(sealed, {seal_number(sealed): body, 4: words("Zoe owes 900")})
        length = len(message_of(sealed)) + padding
        padding += len(attacked) - (start + after + 2 * length + 2)
    return attacked


def test_a_range_that_leaves_out_the_end_does_not_pass_for_the_whole(sealed):
    """The library counts the bytes that are covered, and takes this for the whole file under a sound signature; the bytes decide."""
    attacked = wrapped(sealed)
    (one,) = PdfFileReader(io.BytesIO(attacked)).embedded_signatures
    assert one.evaluate_signature_coverage() == SignatureCoverageLevel.ENTIRE_FILE
    assert pdf.Candidate(attacked, one, NOW, ()).integrity == (True, True)
    assert code(attacked) == "seal_coverage"


def tampered(office, sealed, tsa):
    """Other words, as many letters."""
    return sealed.replace(b"owes 100", b"owes 900")


def added(office, sealed, tsa):
    """Behind the seal."""
    return shown_instead(sealed)


def older(office, sealed, tsa):
    """No PAdES."""
    return sealed_in_the_older_format(office)


def with_rsa(office, sealed, tsa):
    """Another algorithm."""
    return sealed_with_rsa()


def unbound(office, sealed, tsa):
    """The message does not say which certificate was meant."""
    return resigned(office, sealed, without("signing_certificate_v2"))


def other_signature(office, sealed, tsa):
    """Of other bytes, by the right key."""
    message = cms.ContentInfo.load(message_of(sealed))
    raw = office.signer.sign(b"something else")
    signature = pdf.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    message["content"]["signer_infos"][0]["signature"] = signature
    return with_message(sealed, message.dump())


def of_tomorrow(office, sealed, tsa):
    """Its time stamp is an hour ahead of who looks at it."""
    return office.seal(ask=tsa.stamp)


ATTACKS = [
    (pdf.covers_the_whole, added, "seal_document_changed", 0),
    (pdf.is_a_seal_in_pades, older, "seal_format", 0),
    (pdf.is_made_with_es256, with_rsa, "seal_algorithm", 0),
    (pdf.names_its_certificate, unbound, "seal_certificate_unbound", 0),
    (pdf.document_is_the_sealed_one, tampered, "seal_tampered", 0),
    (pdf.signature_verifies, other_signature, "seal_signature", 0),
    (pdf.stamp_holds, of_tomorrow, "seal_time_stamp", 3600),
]


@pytest.mark.parametrize(("check", "attack", "refusal", "late"), ATTACKS, ids=[one[2] for one in ATTACKS])
def test_each_check_refuses_what_gets_through_without_it(office, sealed, tsa, monkeypatch, check, attack, refusal, late):
    """The attack is refused with the check's own code, and accepted when that one check is taken out."""
    document, now = attack(office, sealed, tsa), NOW - late + 5
    assert code(document, now=now) == refusal
    monkeypatch.setattr(pdf, "CHECKS", tuple(one for one in pdf.CHECKS if one is not check))
    assert code(document, now=now) == "accepted"


def test_every_check_is_taken_out_once():
    """Here."""
    assert [one[0] for one in ATTACKS] == list(pdf.CHECKS)


def test_the_certificate_cannot_be_exchanged_for_another_of_the_same_key(office, sealed):
    """Of a later time, say, under the same number: the message names the one that was meant by its digest."""
    serial = pdf.asn1_x509.Certificate.load(office.certificate).serial_number
    key = office.signer.public_jwk()
    other = office.root.issue(key, usage=Purpose.SEAL, issuer="https://id.example", now=NOW + 86_400, serial=serial)
    message = cms.ContentInfo.load(message_of(sealed))
    message["content"]["certificates"] = [cms.CertificateChoices({"certificate": pdf.asn1_x509.Certificate.load(other)})]
    assert code(with_message(sealed, message.dump())) == "seal_certificate_unbound"


def test_nothing_hides_behind_the_message(sealed):
    """What is left of the room for it is not signed, so it must be empty."""
    length = len(cms.ContentInfo.load(message_of(sealed)).dump())
    assert code(with_message(sealed, message_of(sealed)[:length] + bytes(9) + b"hidden")) == "seal_format"


def test_a_time_stamp_is_of_its_seal_by_its_authority_and_believed_under_a_root_that_was_named(office, sealed, tsa):
    """One of another seal, a broken one and two are refused; one by an unknown authority is told from a trusted one."""
    stamped = office.seal(ask=tsa.stamp)
    root = _der(tsa.root.read_bytes())
    found = pdf.examine(stamped, now=later(), stamp_roots=[root]).stamp
    assert (found.authority, found.trusted) == ("Time of Test", True)
    assert NOW - 5 <= found.at <= later()
    assert not pdf.examine(stamped, now=later()).stamp.trusted
    assert not pdf.examine(stamped, now=later(), stamp_roots=[office.root.certificate]).stamp.trusted
    foreign = stamped_by(office.seal(ask=tsa.stamp), token_for(tsa, b"another seal"))
    assert code(foreign, now=later()) == "seal_time_stamp"
    token = cms.ContentInfo.load(message_of(stamped))["content"]["signer_infos"][0]["unsigned_attrs"][0]["values"][0]
    signature = token["content"]["signer_infos"][0]["signature"].native
    broken = message_of(stamped).replace(signature, flipped(signature, len(signature) - 1))
    assert code(with_message(stamped, broken), now=later()) == "seal_time_stamp"


def _der(pem):
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("answered", "match"),
    [
        (lambda answer: b"", "RFC 3161"),
        (lambda answer: b"<html>", "RFC 3161"),
        (lambda answer: answer + b"\0", "RFC 3161"),
        (lambda answer: bytes.fromhex("30053003020102"), "RFC 3161"),
    ],
    ids=["nothing", "a page", "more", "rejected"],
)
def test_an_authority_that_does_not_answer_as_it_should_leaves_nothing_sealed(office, tsa, answered, match):
    """A fault with a code of its own."""
    with pytest.raises(errors.TimeStampUnavailable, match=match):
        office.seal(ask=lambda request: answered(tsa.stamp(request)))


def test_an_answer_to_an_earlier_request_is_not_taken(office, tsa):
    """Replayed: the number that was sent along is another."""
    kept = []

    def ask(request):
        kept.append(tsa.stamp(request))
        return kept[0]

    office.seal(ask=ask)
    with pytest.raises(errors.TimeStampUnavailable):
        office.seal(ask=ask)


def test_no_network_is_used_to_examine(office, tsa, monkeypatch):
    """Whatever addresses a certificate or a document names."""
    stamped = office.seal(paper(more=[b"<< /Type /Action /S /URI /URI (http://127.0.0.1:9/) >>"]), ask=tsa.stamp)

    def refuse(*_):
        raise AssertionError("a socket was opened")

    with monkeypatch.context() as patched:
        patched.setattr(socket.socket, "connect", refuse)
        patched.setattr(socket, "getaddrinfo", refuse)
        assert code(stamped, now=later(), stamp_roots=[_der(tsa.root.read_bytes())]) == "accepted"


ACTIVE = [
    b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>",
    b"/OpenAction << /S /J#61vaScript /JS (1) >>",
    b"/Names << /JavaScript << /Names [(a) << /S /JavaScript /JS (1) >>] >> >>",
    b"/AA << /WC << /S /Named /N /Print >> >>",
    b"/OpenAction << /S /Launch /F (sh) >>",
    b"/AcroForm << /Fields [] /XFA (form) >>",
    b"/OpenAction << /S /GoToR /F (other.pdf) /D [0 /Fit] >>",
    b"/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next << /S /URI /URI (http://x.example) >> >>",
    b"/OCProperties << /OCGs [] /D << /AS [<< /Event /Print /OCGs [5 0 R] /Category [/Print] >>] >> >>",
    b"/Deep [[[[ << /A << /Next << /S /SubmitForm /F (http://x.example) >> >> >> ]]]]",
]


@pytest.mark.parametrize("catalog", ACTIVE, ids=lambda one: one.decode()[:40])
def test_a_document_that_acts_is_neither_sealed_nor_examined(office, sealed, catalog):
    """Scripts, programs, forms that send: what it shows need not be what was sealed."""
    with pytest.raises(errors.DocumentActive):
        office.seal(paper(catalog=catalog))
    assert code(appended(sealed, {90: b"<< " + catalog + b" >>"})) == "document_active"


@pytest.mark.parametrize(
    "one",
    [
        stream(b"", b"/F (http://x.example/words)"),
        stream(b"", b"/Type /XObject /Subtype /Form /BBox [0 0 1 1] /Ref << /F (other.pdf) /Page 0 >>"),
        b"<< /Type /Annot /Subtype /RichMedia /Rect [0 0 1 1] >>",
        stream(b"", b"/Type /XObject /Subtype /Image /Alternates [<< /Image 5 0 R /DefaultForPrinting true >>]"),
    ],
    ids=["a stream elsewhere", "a page of another document", "media", "another picture on paper"],
)
def test_what_is_shown_must_be_in_the_document(office, one):
    """A seal over a reference seals nothing of what is referred to."""
    with pytest.raises(errors.DocumentActive):
        office.seal(paper(more=[one]))


@pytest.mark.parametrize(
    "one",
    [
        b"<< /Type /Action /S 6 0 R /F (sh) >>",
        b"<< /Type /Annot /Subtype 6 0 R /Rect [0 0 1 1] >>",
        stream(b"", b"/Type /XObject /Subtype 6 0 R /BBox [0 0 1 1] /Ref << /F (other.pdf) /Page 0 >>"),
    ],
    ids=["a program", "media", "a page of another document"],
)
def test_the_name_of_what_acts_cannot_stand_elsewhere(office, one):
    """Readers follow a reference to a name as to anything else, and each object is examined by itself."""
    for name in (b"/Launch", b"/Screen", b"/Form"):
        with pytest.raises(errors.DocumentActive):
            office.seal(paper(more=[one, name]))
    opens = paper(catalog=b"/OpenAction 5 0 R", more=[b"<< /S /GoToR /F (other.pdf) /D [0 /Fit] >>"])
    with pytest.raises(errors.DocumentActive):
        office.seal(opens)


def test_links_attachments_and_forms_are_no_reason_to_refuse(office):
    """Papers have them, and none changes a page."""
    more = [
        b"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (https://id.example) >> >>",
        stream(b"<invoice/>", b"/Type /EmbeddedFile"),
        b"<< /Type /Filespec /F (invoice.xml) /EF << /F 6 0 R >> >>",
    ]
    for place in (b"[3 0 R /Fit]", b"<< /S /GoTo /D [3 0 R /Fit] >>"):
        document = paper(catalog=b"/OpenAction " + place + b" /AcroForm << /Fields [] >>", more=more)
        assert code(office.seal(document)) == "accepted"


def test_an_encrypted_document_is_refused_before_anything_in_it_is_read(office):
    """Two readers with two passwords may see two documents."""
    document = paper(trailer=b"/Encrypt 5 0 R /ID [<00> <00>]", more=[b"<< /Filter /Standard /V 5 /R 6 /O () /U () /P -1 >>"])
    assert code(document) == "document_encrypted"
    with pytest.raises(errors.DocumentEncrypted):
        office.seal(document)


def test_a_document_with_a_signature_is_not_sealed_over(office, sealed):
    """A seal is an addition to the file: who signed before would be shown a changed document."""
    with pytest.raises(errors.DocumentSigned):
        office.seal(sealed)
    with pytest.raises(errors.DocumentSigned):
        office.seal(sealed_with_rsa())


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"%PDF-1.7",
        b"\x89PNG\r\n" + bytes(99),
        paper()[:-40],
        paper()[3:],
        b"[" * 50_000,
        paper().replace(b"/Root 1 0 R", b""),
    ],
    ids=["empty", "head", "picture", "cut", "headless", "deep", "rootless"],
)
def test_what_is_no_sound_pdf_is_unreadable(office, document):
    """Never an error of ours, whatever the file is."""
    with pytest.raises(errors.DocumentUnreadable):
        office.seal(document)
    assert code(document) in {"document_unreadable", "seal_missing"}


def test_a_document_without_a_seal_says_so():
    """Its own code: it is not that a seal is wrong."""
    assert code(paper()) == "seal_missing"


def packed(content, count, first, numbers, filters=b""):
    """A paper with a stream of objects (number 5), whose places a table of its own names. numbers: of the objects in it."""
    body = paper(more=[stream(content, b"/Type /ObjStm /N %d /First %d " % (count, first) + filters)])
    rows = b"".join(b"\x02" + (5).to_bytes(4, "big") + at.to_bytes(4, "big") for at in range(len(numbers)))
    size = max(numbers) + 2
    table = stream(
        rows,
        b"/Type /XRef /W [1 4 4] /Index [%d %d] /Size %d /Root 1 0 R /Prev %d"
        % (numbers[0], len(numbers), size, int(body.split()[-2])),
    )
    return body + b"%d 0 obj\n" % (size - 1) + table + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(body)


def together(objects, *, numbers=None):
    """A paper with these objects in one stream, from number 10 on. numbers: what the stream itself calls them."""
    places, content = [], b""
    for number, one in zip(numbers or range(10, 10 + len(objects)), objects, strict=True):
        places.append(b"%d %d" % (number, len(content)))
        content += one + b" "
    head = b" ".join(places) + b" "
    return packed(zlib.compress(head + content), len(objects), len(head), range(10, 10 + len(objects)), b"/Filter /FlateDecode")


def bomb(layers):
    """Object 10 lies in an object stream that unpacks to more than a page has."""
    content = b"10 0 << /A (" + bytes(40 * 1024 * 1024) + b") >>"
    for _ in range(layers):
        content = zlib.compress(content, 9)
    return packed(content, 1, 5, [10], b"/Filter [" + b"/FlateDecode " * layers + b"]")


@pytest.mark.parametrize("layers", [1, 2])
def test_a_bomb_is_not_unpacked(layers):
    """40 MB in a file of some kilobytes, and in one of some hundred bytes."""
    assert code(bomb(layers)) == "too_large"


def test_objects_in_a_stream_are_read_as_any_others(office):
    """Sealed, found valid, and searched for what acts; an object that is not where the table says is none."""
    assert code(office.seal(together([b"<< /A 1 >>", b"(two)", b"[3 4]"]))) == "accepted"
    assert code(together([b"<< /A 1 >>", b"<< /S /JavaScript /JS (1) >>"])) == "document_active"
    assert code(together([b"1", b"2"], numbers=[10, 12])) == "document_unreadable"
    assert code(together([b"1 0 R"])) == "document_unreadable"
    assert code(packed(b"10 0 1", 3, 5, [10])) == "document_unreadable"
    assert code(packed(b"10 0 1", 1, 5, [10, 11])) == "document_unreadable"


def test_what_would_keep_the_reader_busy_is_given_up(monkeypatch):
    """A long list in the file or in a stream of objects, counted in reads: not by the clock, which differs by machine."""
    monkeypatch.setattr(opening, "MOST_READS", 20_000)
    assert code(paper(more=[b"[" + b"1 " * 200 + b"]"])) == "seal_missing"
    for document in (paper(more=[b"[" + b"1 " * 9000 + b"]"]), together([b"[" + b"1 " * 9000 + b"]"])):
        assert code(document) == "too_large"
    assert code(together([b"1"] * 2000)) == "seal_missing"  # looked for from the beginning each, they would take millions


def test_more_than_a_document_has_is_not_read():
    """Bytes, revisions: each has a bound that no paper meets."""
    assert code(b"%PDF-1.7\n" + bytes(opening.LARGEST)) == "too_large"
    document = paper()
    for _ in range(opening.MOST_REVISIONS):
        document = appended(document, {4: words("again")})
    with pytest.raises(TooLarge, match="revisions"):
        pdf.examine(document, now=NOW)


@pytest.mark.parametrize(
    "document", [appended(paper(), {2: b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"}), appended(paper(), {2: b"2 0 R"})]
)
def test_pages_that_lead_in_a_circle_end(office, document):
    """Refused, and soon."""
    with pytest.raises(errors.DocumentUnreadable):
        office.seal(document)


def test_any_file_at_all_has_an_answer(office, sealed):
    """Cut and mixed at random places, from a seed: a code, never an error of the library, and never accepted."""
    chance = random.Random(20261124)
    for _ in range(150):
        document = bytearray(sealed)
        for _ in range(chance.randrange(1, 5)):
            start, length = chance.randrange(len(document)), chance.randrange(1, 400)
            match chance.randrange(3):
                case 0:
                    del document[start : start + length]
                case 1:
                    document[start:start] = chance.randbytes(length)
                case _:
                    document[start:start] = document[chance.randrange(len(document)) :][:length]
        assert code(bytes(document)) != "accepted" or bytes(document) == sealed


def test_a_strangers_signature_over_a_sealed_document_is_what_is_judged(office, sealed):
    """The last signature speaks for the file, so its certificate is handed up, and the city's seal no longer counts."""
    mine = FileSigner.new()
    certificate = office.certified(mine, Purpose.CREDENTIAL)
    assert pdf.examine(signed_over(sealed, mine, certificate), now=NOW).certificate == certificate


def test_an_attackers_own_seal_is_told_by_its_certificate(office):
    """It holds in itself; whose it is stands in what is handed up to be judged."""
    mine = FileSigner.new()
    certificate = office.certified(mine, Purpose.CREDENTIAL)
    assert pdf.examine(office.seal(signer=mine, certificate=certificate), now=NOW).certificate == certificate


def test_every_refusal_has_a_code_of_its_own_and_stands_in_the_drawing():
    """Clients script against the codes."""
    leaves = [
        one
        for one in vars(errors).values()
        if isinstance(one, type)
        and issubclass(one, IdverifyError)
        and one.__module__ == errors.__name__
        and "code" in vars(one)
    ]
    assert len({one.code for one in leaves}) == len(leaves) == 17
    for one in leaves:
        assert one.__name__ in errors.__doc__
        assert one.code in errors.__doc__


def test_a_caller_whose_thread_runs_an_event_loop_seals_and_examines_as_any_other(office):
    """A service's, or a browser's under test: the library would refuse, and its refusal look like a broken document."""

    async def within():
        return pdf.examine(office.seal(), now=NOW)

    assert apart(lambda: asyncio.run(within())).certificate == pdf.examine(office.seal(), now=NOW).certificate
