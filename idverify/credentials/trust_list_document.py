"""What stands in a trust list (ETSI TS 119 602, JSON binding): the part of the format that we write, read back as leniently as
it can be. Members that are not ours are passed over; what a document may say is for the checks.

A root has a service for each type of credential that it may issue, and the type is in the service's own identifier: a reader
that knows nothing of us, and takes only the services that it asked for, never takes a root for more than it is listed for.
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
"""The identifier of a service is this, a colon, and the vct of what it issues."""

_LANGUAGE = "en"
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_SPELLED_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_LATEST = 2**53


@dataclass(frozen=True, slots=True)
class Contact:
    """Where an entity is reached, in English. country: ISO 3166-1 alpha-2. electronic: URIs, mailto: and https:.

    information: URIs of pages that say what people need to know of it.
    """

    street: str
    country: str
    electronic: tuple[str, ...]
    information: tuple[str, ...]
    locality: str | None = None
    region: str | None = None
    postal_code: str | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """A root on the list. contact: as it is written; None in a list that was read, for no reader here has a use for it."""

    anchor: Anchor
    contact: Contact | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A list as it stands. operator: its name by language tag. territory: ISO 3166 code. Times in seconds since the epoch.

    contact: of the operator, as an entity's. critical: whether it has an extension that must be understood; none is.
    """

    sequence: int
    operator: Mapping[str, str]
    territory: str | None
    issued_at: float
    next_update: float
    entities: tuple[Entity, ...]
    contact: Contact | None = None
    version: object = VERSION
    kind: object = CREDENTIAL_ISSUERS
    critical: bool = False


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
    if document.contact is not None:
        information["SchemeOperatorAddress"] = _address("SchemeOperator", document.contact)
        information["SchemeInformationURI"] = _uris(document.contact.information)
    if document.territory is not None:
        information["SchemeTerritory"] = document.territory
    entities = [_entity(one) for one in document.entities]
    listed = {"TrustedEntitiesList": entities} if entities else {}  # an empty list is none, says the schema of the binding
    return {"LoTE": {"ListAndSchemeInformation": information, **listed}}


def read(payload: Mapping[str, Any]) -> Document:
    """The document in this JSON. Services that do not issue credentials are passed over. Raises TrustListMalformed."""
    whole = _object(payload.get("LoTE"))
    information = _object(whole.get("ListAndSchemeInformation"))
    sequence, territory = information.get("LoTESequenceNumber"), information.get("SchemeTerritory")
    if not isinstance(sequence, int) or isinstance(sequence, bool) or not 1 <= sequence < _LATEST:
        raise TrustListMalformed
    if territory is not None and not isinstance(territory, str):
        raise TrustListMalformed
    entities = _some(whole["TrustedEntitiesList"]) if "TrustedEntitiesList" in whole else ()
    return Document(
        sequence=sequence,
        operator=_names(information.get("SchemeOperatorName")),
        territory=territory,
        issued_at=_seconds(information.get("ListIssueDateTime")),
        next_update=_seconds(information.get("NextUpdate")),
        entities=tuple(entity for one in entities for entity in _roots(one)),
        version=information.get("LoTEVersionIdentifier"),
        kind=information.get("LoTEType"),
        critical=_critical(information, "SchemeExtensions") or any(_demanding(one) for one in entities),
    )


def spoken(names: Mapping[str, str]) -> str:
    """The English name, or the first."""
    return names.get("en") or next(iter(names.values()))


def _entity(one: Entity) -> dict[str, Any]:
    anchor, name = one.anchor, [{"lang": _LANGUAGE, "value": one.anchor.name}]
    information: dict[str, Any] = {"TEName": name}
    if one.contact is not None:
        information["TEAddress"] = _address("TE", one.contact)
        information["TEInformationURI"] = _uris(one.contact.information)
    common = {
        "ServiceName": name,
        "ServiceDigitalIdentity": {"X509Certificates": [{"val": base64.b64encode(anchor.certificate).decode("ascii")}]},
        "ServiceSupplyPoints": [{"ServiceType": ISSUING, "uriValue": issuer} for issuer in anchor.issuers],
    }
    services = [{"ServiceTypeIdentifier": f"{ISSUING}:{vct}", **common} for vct in sorted(anchor.types)]
    return {
        "TrustedEntityInformation": information,
        "TrustedEntityServices": [{"ServiceInformation": service} for service in services],
    }


def _address(whose: str, contact: Contact) -> dict[str, Any]:
    parts = {
        "StreetAddress": contact.street,
        "Locality": contact.locality,
        "StateOrProvince": contact.region,
        "PostalCode": contact.postal_code,
        "Country": contact.country,
    }
    postal = {"lang": _LANGUAGE} | {name: value for name, value in parts.items() if value is not None}
    return {f"{whose}PostalAddress": [postal], f"{whose}ElectronicAddress": _uris(contact.electronic)}


def _uris(values: Sequence[str]) -> list[dict[str, str]]:
    return [{"lang": _LANGUAGE, "uriValue": one} for one in values]


def _roots(entity: dict[str, Any]) -> list[Entity]:
    """One for each root, and another for a root that is there again with other issuers: that is for a check to refuse."""
    name = spoken(_names(_object(entity.get("TrustedEntityInformation")).get("TEName")))
    found: dict[tuple[bytes, tuple[str, ...]], set[str]] = {}
    for service in _issuing(entity):
        certificates = _objects(_object(service.get("ServiceDigitalIdentity")).get("X509Certificates"))
        if len(certificates) != 1:
            raise TrustListMalformed
        points = _objects(service.get("ServiceSupplyPoints", []))
        root, issuers = _der(certificates[0].get("val")), tuple(_text(one.get("uriValue")) for one in points)
        vct = service["ServiceTypeIdentifier"][len(ISSUING) + 1 :]
        found.setdefault((root, issuers), set()).add(vct)
    return [Entity(Anchor(name, root, frozenset(types), issuers)) for (root, issuers), types in found.items()]


def _issuing(entity: dict[str, Any]) -> list[dict[str, Any]]:
    """Its services that issue credentials."""
    services = [_object(one.get("ServiceInformation")) for one in _some(entity.get("TrustedEntityServices"))]
    named = [(one.get("ServiceTypeIdentifier"), one) for one in services]
    return [one for kind, one in named if isinstance(kind, str) and f"{kind}:".startswith(f"{ISSUING}:")]


def _demanding(entity: dict[str, Any]) -> bool:
    """Whether it has an extension that must be understood."""
    of_service = any(_critical(one, "ServiceInformationExtensions") for one in _issuing(entity))
    return of_service or _critical(_object(entity.get("TrustedEntityInformation")), "TEInformationExtensions")


def _critical(holder: Mapping[str, Any], name: str) -> bool:
    """Whether one of its extensions does not say that it may be passed over."""
    return any(one.get("critical") is not False for one in _objects(holder.get(name, [])))


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


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TrustListMalformed
    return value


def _some(value: object) -> Sequence[dict[str, Any]]:
    """At least one, as the schema of the binding has it."""
    found = _objects(value)
    if not found:
        raise TrustListMalformed
    return found


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
