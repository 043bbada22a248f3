"""Issuing a credential as an mdoc (ISO/IEC 18013-5): the same claims, on the same grounds, as the SD-JWT VC of its type.

docs/reference/mdoc.md has the format. What every reader must see and no element can say, since its holder may withhold any
element, stands in what the issuer signs: `keyInfo`, which the standard leaves to issuers.
"""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from idverify.credentials import certified_jws, cose
from idverify.credentials.certificates import begin_of
from idverify.credentials.credential import (
    DAY,
    FEWEST_DECOYS,
    SUBJECT,
    CredentialFacts,
    certified_until,
    grounds_of,
    holder_key,
    latest_end,
    require_founded,
)
from idverify.credentials.credential_types import CredentialType
from idverify.credentials.mdoc_elements import element_of, time_of
from idverify.credentials.status_reference import StatusReference
from idverify.credentials.type_schema import fitting
from idverify.keys import Signer
from idverify.keys.jwk import base64url

FORMAT = "mso_mdoc"
"""Its name among the formats of OpenID4VCI and OpenID4VP."""

CONFIGURATION = "mdoc"
"""What follows the type's name in the name of the configuration."""

VERSION = "1.0"
DIGEST_ALGORITHM = "SHA-256"
SALT_BYTES = 32
ABOUT = -70001
"""Key of `keyInfo` (section 9.1.2.4: negative ones are the issuer's own): iss, acr, amr, auth_time; outside production, env."""


def issue_batch(
    type_: CredentialType,
    claims: Mapping[str, Any],
    facts: CredentialFacts,
    *,
    copies: Sequence[tuple[Mapping[str, Any], StatusReference]],
    signer: Signer,
    chain: Sequence[bytes],
    now: float,
    random_bytes: Callable[[int], bytes],
) -> list[str]:
    """Copies of one credential (base64url of IssuerSigned), each with its own device key, status, salts and digest numbers.

    Takes and raises what credential.issue_batch does. Times are rounded to the UTC day as there; that of signing is no earlier
    than the certificate (section 9.3.1).
    """
    require_founded(facts, now)
    fitting(type_, claims)
    said = {**claims, **({} if facts.subject is None else {SUBJECT: facts.subject})}
    certified_jws.require_certified(signer, chain)
    day = math.floor(now / DAY) * DAY
    signed = time_of(max(day, math.ceil(begin_of(chain[0]))))
    ends = min(certified_until(type_, chain, now), latest_end(type_, now, facts.ends))
    validity = {"signed": signed, "validFrom": signed, "validUntil": time_of(ends)}
    about = {"iss": facts.issuer, **grounds_of(facts)}
    issued = []
    for jwk, status in copies:
        items, digests = _items(type_, said, random_bytes)
        security_object = {
            "version": VERSION,
            "digestAlgorithm": DIGEST_ALGORITHM,
            "valueDigests": digests,
            "deviceKeyInfo": {"deviceKey": cose.whole_cose_key(holder_key(jwk)), "keyInfo": {ABOUT: about}},
            "docType": type_.mdoc.doctype,
            "validityInfo": validity,
            "status": {"status_list": {"idx": status.index, "uri": status.uri}},
        }
        payload = cose.encode(cose.embed(security_object))
        auth = cose.sign1_parts({}, {cose.X5CHAIN: chain[0]}, payload, signer)
        issued.append(base64url(cose.encode({"nameSpaces": items, "issuerAuth": auth})))
    return issued


def _items(
    type_: CredentialType, said: Mapping[str, Any], random_bytes: Callable[[int], bytes]
) -> tuple[dict[str, list[Any]], dict[str, dict[int, bytes]]]:
    """The elements, and the digests by namespace: as many in every credential of a type, their numbers in no order.

    What an element says is not to be guessed from its number, nor from how many there are that it has none.
    """
    items: dict[str, list[Any]] = {}
    digests: dict[str, dict[int, bytes]] = {}
    for namespace, elements in type_.mdoc.namespaces.items():
        numbers = sorted(range(len(elements) + FEWEST_DECOYS), key=lambda _: random_bytes(8))
        held = [(element, claim) for element, claim in elements.items() if claim in said]
        made = [
            cose.embed(
                {
                    "random": random_bytes(SALT_BYTES),
                    "digestID": number,
                    "elementValue": element_of(type_, claim, said[claim]),
                    "elementIdentifier": element,
                }
            )
            for number, (element, claim) in zip(numbers, held, strict=False)
        ]
        found = {number: hashlib.sha256(cose.encode(item)).digest() for number, item in zip(numbers, made, strict=False)}
        found |= {number: hashlib.sha256(random_bytes(SALT_BYTES)).digest() for number in numbers[len(made) :]}
        digests[namespace] = dict(sorted(found.items()))
        if made:
            items[namespace] = made
    return items, digests
