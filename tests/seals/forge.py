"""Messages (CMS) of a seal that are not as `seal` makes them, each for one check to refuse."""

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from asn1crypto import algos, cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import ExternalSigner, PdfSignatureMetadata, PdfSigner
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore

from idverify.seals import pdf

from .papers import message_of, paper, with_message


def apart(work):
    """What `work` gives, in a thread of its own: this one's may run an event loop, of a browser, and asyncio allows one alone."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


def resigned(office, sealed, change):
    """The seal signed again by its own key, with the signed attributes changed. change: list of attributes -> list."""
    message = cms.ContentInfo.load(message_of(sealed))
    info = message["content"]["signer_infos"][0]
    kept = change([one.copy() for one in info["signed_attrs"]])
    attributes = cms.CMSAttributes(kept)
    raw = office.signer.sign(attributes.dump())
    info["signed_attrs"] = attributes
    info["signature"] = pdf.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    return with_message(sealed, message.dump())


def without(*names):
    """Leaves attributes out."""
    return lambda attributes: [one for one in attributes if one["type"].native not in names]


def sealed_with_rsa():
    """PAdES all right, with an RSA key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "RSA")])
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), 7, datetime(2026, 1, 1, tzinfo=UTC), datetime(2046, 1, 1, tzinfo=UTC)
    )
    certificate = asn1_x509.Certificate.load(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER))
    return by_library(
        certificate, lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA256()), "sha256_rsa", SigSeedSubFilter.PADES
    )


def sealed_in_the_older_format(office):
    """As Adobe's readers signed before PAdES."""

    def sign(data):
        raw = office.signer.sign(data)
        return pdf.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))

    certificate = asn1_x509.Certificate.load(office.certificate)
    return by_library(certificate, sign, "sha256_ecdsa", SigSeedSubFilter.ADOBE_PKCS7_DETACHED)


def signed_over(sealed, signer, certificate):
    """Another signature behind the seal, by a signer who does not care that the seal allows none."""

    def sign(data):
        raw = signer.sign(data)
        return pdf.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))

    class Careless(PdfSigner):
        def _enforce_certification_constraints(self, reader):
            pass

    held = asn1_x509.Certificate.load(certificate)
    return by_library(held, sign, "sha256_ecdsa", SigSeedSubFilter.PADES, document=sealed, kind=Careless)


def by_library(certificate, sign, mechanism, subfilter, document=None, kind=PdfSigner):
    """A signature over a document, as the library alone makes it."""

    class Held(ExternalSigner):
        async def async_sign_raw(self, data, digest_algorithm, dry_run=False):
            return bytes(256) if dry_run else sign(data)

    held = Held(
        certificate, SimpleCertificateStore(), signature_mechanism=algos.SignedDigestAlgorithm({"algorithm": mechanism})
    )
    metadata = PdfSignatureMetadata(field_name="Other", md_algorithm="sha256", subfilter=subfilter)
    writer = IncrementalPdfFileWriter(io.BytesIO(document or paper()))
    made = apart(lambda: kind(metadata, held).sign_pdf(writer, bytes_reserved=8192))
    return made.getvalue()


def stamped_by(sealed, token):
    """The seal with this time stamp."""
    message = cms.ContentInfo.load(message_of(sealed))
    message["content"]["signer_infos"][0]["unsigned_attrs"] = cms.CMSAttributes(
        [pdf.simple_cms_attribute("signature_time_stamp_token", token)]
    )
    return with_message(sealed, message.dump())


def token_for(tsa, data):
    """A time stamp over this."""
    nonce, request = pdf.TimeStamper().request_cms(hashlib.sha256(data).digest(), "sha256")
    return pdf.handle_tsp_response(pdf.tsp.TimeStampResp.load(tsa.stamp(request.dump())), nonce)
