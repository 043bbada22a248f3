"""Seals in PDF documents, by pyHanko: PAdES B-B, and B-T with a time stamp (ETSI EN 319 142-1, RFC 3161).

A seal is a certification signature that allows no change (DocMDP, P 1) over the whole document. CHECKS run in order on the last
signature of a document, each with a refusal of its own; tests take each out in turn. No network is used here: what asks a
time-stamping authority is handed in.
"""

import asyncio
import hashlib
import re
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeVar

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfDecodeLimitError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import ExternalSigner, PdfSignatureMetadata, PdfSigner
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.general import check_ess_certid, extract_certificate_info, find_cms_attribute_iter, simple_cms_attribute
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.timestamps.common_utils import handle_tsp_response
from pyhanko.sign.validation.generic_cms import validate_sig_integrity, validate_tst_signed_data
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from idverify.errors import IdverifyError, TooLarge
from idverify.keys import Signer
from idverify.seals.coverage import covered_until
from idverify.seals.errors import (
    DocumentSigned,
    DocumentUnreadable,
    SealAlgorithm,
    SealCertificateUnbound,
    SealDocumentChanged,
    SealFormat,
    SealMalformed,
    SealMissing,
    SealSignature,
    SealTampered,
    SealTimeStamp,
    TimeStampUnavailable,
)
from idverify.seals.opening import opened

T = TypeVar("T")
LARGEST_ANSWER = 64 * 1024
"""Bytes that a time-stamping authority answers with."""
MOST_SIGNATURES = 16
MOST_CHANGES = 20
"""Kinds of object that are named after a change."""
_RESERVED, _RESERVED_FOR_STAMP = 1536, 14 * 1024
"""Bytes that are left for the message beside the certificate, and for a time stamp with its authority's certificates."""
_SHA256 = "sha256"
_ECDSA = "sha256_ecdsa"
_PADES = "/ETSI.CAdES.detached"
_KIND = re.compile(r"[\x21-\x7e]{1,40}", re.ASCII)

AskStamp = Callable[[bytes], bytes]
"""Brings a request for a time stamp (RFC 3161, DER) to the authority and gives back its answer, of LARGEST_ANSWER at most."""


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """When an authority saw the seal, in seconds since the epoch. authority: common name. trusted: under one of the roots."""

    at: float
    authority: str
    trusted: bool


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal over a whole document, none of it changed since. certificate: of who sealed, DER, not believed yet.

    claimed_at: when the sealer says it was, in seconds since the epoch. reason: as the sealer wrote it.
    """

    certificate: bytes
    claimed_at: float | None
    reason: str | None
    stamp: TimeStamp | None

    @property
    def proven_at(self) -> float | None:
        """When an authority that is trusted saw it, in seconds since the epoch; None where none did."""
        return self.stamp.at if self.stamp is not None and self.stamp.trusted else None


def seal(
    document: bytes, *, signer: Signer, certificate: bytes, reason: str | None, now: float, ask: AskStamp | None = None
) -> bytes:
    """The document with a seal at its end; its own bytes stay as they are. certificate: of the signer, DER.

    ask: where to get a time stamp; None: the seal has none. Raises TooLarge, DocumentUnreadable, DocumentEncrypted,
    DocumentActive, DocumentSigned, TimeStampUnavailable, SigningUnavailable, and what `ask` raises.
    """
    with _refusing(DocumentUnreadable):
        reader = opened(document)
        if any(True for _ in enumerate_sig_fields(reader, filled_status=True)):
            raise DocumentSigned
        metadata = PdfSignatureMetadata(
            field_name=f"seal-{hashlib.sha256(document).hexdigest()[:16]}",  # never one that the document has
            md_algorithm=_SHA256,
            reason=reason,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
            subfilter=SigSeedSubFilter.PADES,
        )
        session = PdfSigner(metadata, _prepared(certificate)).init_signing_session(IncrementalPdfFileWriter.from_reader(reader))
        session.system_time = datetime.fromtimestamp(int(now), UTC)
        room = len(certificate) + _RESERVED + (0 if ask is None else _RESERVED_FOR_STAMP)
        prepared, output = session.prepare_tbs_document(None, 2 * room).digest_tbs_document()
        message = _message(prepared.document_digest, signer, certificate)
        if ask is not None:
            _stamp(message, ask)
            if len(message.dump()) > room:
                raise TimeStampUnavailable("the authority sends more certificates with its time stamp than a seal has room for")
        prepared.fill_with_cms(output, message)
    output.seek(0)
    sealed: bytes = output.read()
    return sealed


def examine(document: bytes, *, now: float, stamp_roots: Sequence[bytes] = ()) -> Seal:
    """The last seal of the document, once every check holds. stamp_roots: DER, of authorities whose time stamps are believed.

    Raises TooLarge, DocumentUnreadable, DocumentEncrypted, DocumentActive, or the refusal of the first check that fails, a leaf
    of TokenInvalid.
    """
    with _refusing(DocumentUnreadable):
        reader = opened(document)
    with _refusing(SealMalformed):
        signatures = reader.embedded_signatures
        if len(signatures) > MOST_SIGNATURES:
            raise SealMalformed
        if not signatures:
            raise SealMissing
        candidate = Candidate(document, signatures[-1], now, stamp_roots)
        for check in CHECKS:
            check(candidate)
        return candidate.found


class Candidate:
    """A signature under examination. Each property reads as leniently as it can; a check refuses what it lets through."""

    def __init__(self, document: bytes, signature: EmbeddedPdfSignature, now: float, stamp_roots: Sequence[bytes]) -> None:
        self.document, self.signature, self.now, self.stamp_roots = document, signature, now, stamp_roots

    @cached_property
    def certificate(self) -> asn1_x509.Certificate:
        """Of the signer, by issuer and serial number."""
        found: asn1_x509.Certificate = extract_certificate_info(self.signature.signed_data).signer_cert
        return found

    @cached_property
    def integrity(self) -> tuple[bool, bool]:
        """Whether the digest is the document's, and whether the signature verifies."""
        digest = self.signature.compute_digest(_SHA256)
        return validate_sig_integrity(self.signature.signer_info, self.certificate, "data", digest)

    @cached_property
    def stamp(self) -> TimeStamp | None:
        """The time stamp; None where there is none. Raises SealTimeStamp for one that does not hold."""
        unsigned = self.signature.signer_info["unsigned_attrs"]
        tokens = list(find_cms_attribute_iter(unsigned, "signature_time_stamp_token")) if unsigned else []
        if not tokens:
            return None
        if len(tokens) > 1:
            raise SealTimeStamp
        return _examined_stamp(tokens[0]["content"], self.signature.signer_info["signature"].native, self.now, self.stamp_roots)

    @property
    def found(self) -> Seal:
        """What the seal says, once everything holds."""
        claimed, reason = self.signature.self_reported_timestamp, self.signature.sig_object.get("/Reason")
        return Seal(
            self.certificate.dump(),
            None if claimed is None or claimed.tzinfo is None else claimed.timestamp(),
            str(reason) if isinstance(reason, str) else None,
            self.stamp,
        )


def covers_the_whole(candidate: Candidate) -> None:
    """Nothing stands beside what is sealed, and nothing behind it: every later change is refused, whatever a form may allow."""
    signature = candidate.signature
    end = covered_until(candidate.document, list(signature.byte_range), signature.pkcs7_content)
    if end != len(candidate.document):
        raise SealDocumentChanged(_changes(signature.reader, end))


def is_a_seal_in_pades(candidate: Candidate) -> None:
    """A detached signature with CAdES attributes by one signer; no signature of an older format, and no time stamp alone."""
    signature = candidate.signature
    kind, content = signature.sig_object_type, signature.signed_data["encap_content_info"]
    if kind != "/Sig" or signature.sig_object.get("/SubFilter") != _PADES:
        raise SealFormat
    if content["content_type"].native != "data" or content["content"] is not core.VOID:
        raise SealFormat
    message = signature.pkcs7_content
    if message[len(cms.ContentInfo.load(message).dump()) :].strip(b"\0"):
        raise SealFormat  # what is not signed would have a place to be in


def is_made_with_es256(candidate: Candidate) -> None:
    """ECDSA with SHA-256 both as the digest and in the signature; what the message says elsewhere is not followed."""
    signer = candidate.signature.signer_info
    if signer["digest_algorithm"]["algorithm"].native != _SHA256 or signer["signature_algorithm"]["algorithm"].native != _ECDSA:
        raise SealAlgorithm


def names_its_certificate(candidate: Candidate) -> None:
    """signing-certificate-v2 among the signed attributes (ETSI EN 319 122-1 section 5.2.2), of the certificate at hand."""
    named = list(find_cms_attribute_iter(candidate.signature.signer_info["signed_attrs"], "signing_certificate_v2"))
    if len(named) != 1 or not check_ess_certid(candidate.certificate, named[0]["certs"][0]):
        raise SealCertificateUnbound


def document_is_the_sealed_one(candidate: Candidate) -> None:
    """The digest of all that is covered is the one that was signed."""
    if not candidate.integrity[0]:
        raise SealTampered


def signature_verifies(candidate: Candidate) -> None:
    """Under the key in the certificate."""
    if not candidate.integrity[1]:
        raise SealSignature


def stamp_holds(candidate: Candidate) -> None:
    """A time stamp is of this very seal, signed by its authority, and not from the future. None is no fault."""
    if candidate.stamp is not None and candidate.stamp.at > candidate.now + 60:
        raise SealTimeStamp


CHECKS: tuple[Callable[[Candidate], None], ...] = (
    covers_the_whole,
    is_a_seal_in_pades,
    is_made_with_es256,
    names_its_certificate,
    document_is_the_sealed_one,
    signature_verifies,
    stamp_holds,
)


def _finished(work: Coroutine[Any, Any, T]) -> T:
    """What the library's coroutine gives, run to its end in a thread of its own: the caller's may run a loop already.

    `asyncio.run` also prepares for an interrupt, and spells the whole result out to itself in doing so, which takes its time.
    """

    def done() -> T:
        loop = asyncio.new_event_loop()
        try:
            return loop.run_until_complete(work)
        finally:
            loop.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(done).result()


@contextmanager
def _refusing(refusal: type[DocumentUnreadable | SealMalformed]) -> Iterator[None]:
    """Whatever the library makes of a stranger's file is one of our codes: it names dozens, and lets through many unnamed."""
    try:
        yield
    except IdverifyError:
        raise
    except PdfDecodeLimitError:
        raise TooLarge("a compressed part of the document unpacks to more than a document has") from None
    except Exception:
        raise refusal from None


def _prepared(certificate: bytes, signature: bytes | None = None) -> ExternalSigner:
    return ExternalSigner(
        signing_cert=asn1_x509.Certificate.load(certificate),
        cert_registry=SimpleCertificateStore(),
        signature_value=signature,
        signature_mechanism=algos.SignedDigestAlgorithm({"algorithm": _ECDSA}),
    )


def _message(digest: bytes, signer: Signer, certificate: bytes) -> cms.ContentInfo:
    """The signed message (CMS). The time of signing stands in the PDF's dictionary, where PAdES has it."""
    attributes = _finished(_prepared(certificate).signed_attrs(digest, _SHA256, use_pades=True))
    raw = signer.sign(attributes.dump())
    signature = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    return _finished(_prepared(certificate, signature).async_sign_prescribed_attributes(_SHA256, attributes))


def _stamp(message: cms.ContentInfo, ask: AskStamp) -> None:
    """Put a time stamp over the signature into the message. Raises TimeStampUnavailable, and what `ask` raises."""
    signer = message["content"]["signer_infos"][0]
    nonce, request = TimeStamper().request_cms(hashlib.sha256(signer["signature"].native).digest(), _SHA256)
    answer = ask(request.dump())
    try:
        token = handle_tsp_response(tsp.TimeStampResp.load(answer, strict=True), nonce)
    except Exception:
        raise TimeStampUnavailable("the authority refused, or did not answer as RFC 3161 says") from None
    signer["unsigned_attrs"] = cms.CMSAttributes([simple_cms_attribute("signature_time_stamp_token", token)])


def _examined_stamp(token: cms.SignedData, signature: bytes, now: float, roots: Sequence[bytes]) -> TimeStamp:
    trusted = ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(one) for one in roots],
        moment=datetime.fromtimestamp(now, UTC),
        allow_fetching=False,
    )
    try:
        found = _finished(validate_tst_signed_data(token, trusted, lambda name: hashlib.new(name, signature).digest()))
        authority = found["signing_cert"].subject.native.get("common_name", "")
    except Exception:
        raise SealTimeStamp from None
    if not found["intact"] or not found["valid"]:
        raise SealTimeStamp
    under_a_root = found["trust_problem_indic"] is None and found["validation_path"] is not None
    return TimeStamp(found["timestamp"].timestamp(), str(authority), under_a_root)


def _changes(reader: PdfFileReader, end: int) -> tuple[str, ...]:
    """What the revisions behind the sealed one added or replaced, as they call it."""
    kinds: set[str] = set()
    with suppress(Exception):  # that it was changed is known already
        for number in range(reader.total_revisions):
            if reader.xrefs.get_xref_container_info(number).end_location <= end:
                continue
            for reference in reader.xrefs.explicit_refs_in_revision(number):
                one = reader.get_historical_resolver(number)(reference)
                kinds |= {str(one.get(key)) for key in ("/Type", "/Subtype") if isinstance(one, dict) and key in one}
    return tuple(sorted(one for one in kinds if _KIND.fullmatch(one))[:MOST_CHANGES])
