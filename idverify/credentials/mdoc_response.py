"""The holder's side of an mdoc: a DeviceResponse (ISO/IEC 18013-5 section 8.3.2.1.2.2) for one reader, of some elements."""

from collections.abc import Collection
from typing import Any

from idverify.credentials import cose
from idverify.credentials.mdoc import VERSION
from idverify.credentials.mdoc_reading import IssuerSigned
from idverify.credentials.mdoc_session import Session, device_authentication
from idverify.keys import Signer
from idverify.keys.jwk import base64url

NOTHING_OF_ITS_OWN = cose.encode({})


def select(issued: IssuerSigned, names: Collection[str]) -> dict[str, list[Any]]:
    """The elements that say these claims, and those that every reader sees, as they came: their digests are of their bytes.

    Raises KeyError naming a claim that the document does not say, or its type where that is unknown.
    """
    if issued.type is None:
        raise KeyError(issued.doctype)
    places = {issued.type.mdoc.place(name) for name in {*names, *issued.type.disclosed}}
    chosen: dict[str, list[Any]] = {}
    for one in issued.items:
        if (one.namespace, one.element) in places:
            places.remove((one.namespace, one.element))
            chosen.setdefault(one.namespace, []).append(one.tag)
    if places:
        raise KeyError(sorted(issued.type.mdoc.namespaces[namespace][element] for namespace, element in places)[0])
    return chosen


def present(credential: str, names: Collection[str], signer: Signer, session: Session) -> str:
    """The presentation (base64url) of a credential as it was issued. names: of the claims to show, beside those always shown.

    Raises KeyError as `select` does, a leaf of TokenInvalid for what is no mdoc, SigningUnavailable.
    """
    issued = IssuerSigned.read(credential)
    shown = select(issued, names)
    content = device_authentication(session, issued.doctype, NOTHING_OF_ITS_OWN)
    protected, unprotected, _, signature = cose.sign1_parts({}, {}, content, signer)
    document = {
        "docType": issued.doctype,
        "issuerSigned": {**({"nameSpaces": shown} if shown else {}), "issuerAuth": issued.held["issuerAuth"]},
        "deviceSigned": {
            "nameSpaces": cose.Tag(cose.EMBEDDED, NOTHING_OF_ITS_OWN),
            "deviceAuth": {"deviceSignature": [protected, unprotected, None, signature]},
        },
    }
    return base64url(cose.encode({"version": VERSION, "documents": [document], "status": 0}))
