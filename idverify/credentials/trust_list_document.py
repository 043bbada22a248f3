"""What stands in a trust list (ETSI TS 119 602, JSON binding): the part of the format that we write, read back as leniently as
it can be. Members that are not ours are passed over; what a document may say is for the checks.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from idverify.credentials.anchors import Anchor
from idverify.credentials.trust_list_errors import TrustListMalformed

VERSION = 1
CREDENTIAL_ISSUERS = "urn:idverify:trust:credential-issuers"
ISSUING = "urn:idverify:trust:credential-issuing"
CREDENTIAL_TYPES = "urn:idverify:trust:credential-types"
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_SPELLED_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_LATEST = 2**53


@dataclass(frozen=True, slots=True)
class Entity:
    """A root on the list, and the URLs below which its issuers' key sets and status lists are fetched.

    extensions: of the service, as (uri, whether critical). A list that is written gets the one that carries the types.
    """

    anchor: Anchor
    issuers: tuple[str, ...] = ()
    extensions: tuple[tuple[str, bool], ...] = ((CREDENTIAL_TYPES, True),)


@dataclass(frozen=True, slots=True)
class Document:
    """A list as it stands. operator: its name by language tag. territory: ISO 3166 code. Times in seconds since the epoch."""

    sequence: int
    operator: Mapping[str, str]
    territory: str | None
    issued_at: float
    next_update: float
    entities: tuple[Entity, ...]
    version: object = VERSION
    kind: object = CREDENTIAL_ISSUERS


def write(document: Document) -> dict[str, Any]:
    """The document as JSON."""
    information: dict[str, Any] = {
        "LoTEVersionIdentifier": document.version,
        "LoTESequenceNumber": document.sequence,
        "LoTEType": document.kind,
        "SchemeOperatorName": [{"lang": language, "value": name} for language, name in document.operator.items()],
        "ListIssueDateTime": _time(document.issued_at),
        "NextUpdate": _time(document.next_update),
    }
    if document.territory is not None:
        information["SchemeTerritory"] = document.territory
    return {
        "LoTE": {"ListAndSchemeInformation": information, "TrustedEntitiesList": [_entity(one) for one in document.entities]}
    }


def read(payload: Mapping[str, Any]) -> Document:
    """The document in this JSON. Services that do not issue credentials are passed over. Raises TrustListMalformed."""
    whole = _object(payload.get("LoTE"))
    information = _object(whole.get("ListAndSchemeInformation"))
    sequence, territory = information.get("LoTESequenceNumber"), information.get("SchemeTerritory")
    if not isinstance(sequence, int) or isinstance(sequence, bool) or not 1 <= sequence < _LATEST:
        raise TrustListMalformed
    if territory is not None and not isinstance(territory, str):
        raise TrustListMalformed
    return Document(
        sequence=sequence,
        operator=_names(information.get("SchemeOperatorName")),
        territory=territory,
        issued_at=_seconds(information.get("ListIssueDateTime")),
        next_update=_seconds(information.get("NextUpdate")),
        entities=tuple(entity for one in _objects(whole.get("TrustedEntitiesList")) for entity in _services(one)),
        version=information.get("LoTEVersionIdentifier"),
        kind=information.get("LoTEType"),
    )


def spoken(names: Mapping[str, str]) -> str:
    """The English name, or the first."""
    return names.get("en") or next(iter(names.values()))


def _entity(one: Entity) -> dict[str, Any]:
    name = [{"lang": "en", "value": one.anchor.name}]
    certificate = base64.b64encode(one.anchor.certificate).decode("ascii")
    service: dict[str, Any] = {
        "ServiceTypeIdentifier": ISSUING,
        "ServiceName": name,
        "ServiceDigitalIdentity": {"X509Certificates": [{"val": certificate}]},
        "ServiceInformationExtensions": [
            {"critical": True, "uri": CREDENTIAL_TYPES, "types": sorted(one.anchor.types)},
        ],
    }
    if one.issuers:
        service["ServiceSupplyPoints"] = [{"ServiceType": ISSUING, "uriValue": issuer} for issuer in one.issuers]
    return {"TrustedEntityInformation": {"TEName": name}, "TrustedEntityServices": [{"ServiceInformation": service}]}


def _services(entity: dict[str, Any]) -> list[Entity]:
    name = spoken(_names(_object(entity.get("TrustedEntityInformation")).get("TEName")))
    services = [_object(one.get("ServiceInformation")) for one in _objects(entity.get("TrustedEntityServices"))]
    return [_service(name, one) for one in services if one.get("ServiceTypeIdentifier") == ISSUING]


def _service(name: str, service: dict[str, Any]) -> Entity:
    certificates = _objects(_object(service.get("ServiceDigitalIdentity")).get("X509Certificates"))
    if len(certificates) != 1:
        raise TrustListMalformed
    extensions = _objects(service.get("ServiceInformationExtensions", []))
    types = [type_ for one in extensions if one.get("uri") == CREDENTIAL_TYPES for type_ in _texts(one.get("types"))]
    return Entity(
        Anchor(name, _der(certificates[0].get("val")), frozenset(types)),
        tuple(_texts([one.get("uriValue") for one in _objects(service.get("ServiceSupplyPoints", []))])),
        tuple((str(one.get("uri")), one.get("critical") is not False) for one in extensions),
    )


def _der(spelled: object) -> bytes:
    try:
        data = base64.b64decode(_text(spelled), validate=True)
    except ValueError:
        raise TrustListMalformed from None
    if base64.b64encode(data).decode("ascii") != spelled:
        raise TrustListMalformed
    return data


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TrustListMalformed
    return value


def _texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TrustListMalformed
    return [_text(one) for one in value]


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TrustListMalformed
    return value


def _objects(value: object) -> Sequence[dict[str, Any]]:
    if not isinstance(value, list):
        raise TrustListMalformed
    return [_object(one) for one in value]


def _names(value: object) -> dict[str, str]:
    names = {_text(one.get("lang")): _text(one.get("value")) for one in _objects(value)}
    if not names:
        raise TrustListMalformed
    return names


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(_TIME)


def _seconds(value: object) -> float:
    if not isinstance(value, str) or not _SPELLED_TIME.fullmatch(value):
        raise TrustListMalformed
    try:
        return datetime.strptime(value, _TIME).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise TrustListMalformed from None
