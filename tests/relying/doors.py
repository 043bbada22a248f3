"""The folder of a relying party that trusts one city, filled as `idverify trust` fills it."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

from credentials.authority import signer
from credentials.slips import LIST, City

from idverify.credentials import status_list, trust_list
from idverify.credentials.purposes import Purpose
from idverify.credentials.status_bits import pack
from idverify.credentials.trust_list_document import Document, Entity
from idverify.keys.certified import Certified
from idverify.relying.folder import Holdings


def stocked(folder: Path, city: City, *revoked: int, statuses: bool = True) -> Holdings:
    """All that a gate needs to work without a network for a day."""
    now, key = city.at, signer()
    certified = Certified(key, (city.certified(key, purpose=Purpose.TRUST_LIST),), city.certificate, now + 86_400)
    entity = Entity(city.anchor())
    document = Document(1, {"en": "City"}, None, now - 60, now + 7 * 86_400, (entity,))
    holdings = Holdings(folder)
    holdings.accept_list(trust_list.sign(document, certified), city.anchor().fingerprint, now=now)
    keys = {"issuer": city.issuer, "jwks": {"keys": [{"x5c": [b64encode(city.leaf).decode()]}]}}
    assert holdings.store_issuer_keys(json.dumps(keys).encode(), city.issuer, now=now) == 1
    if statuses:
        holdings.store_status(listed(city, *revoked), now=now)
    return holdings


def listed(city: City, *revoked: int, now: float | None = None) -> str:
    """A fresh status list of the city."""
    key = signer()
    facts: dict[str, Any] = {"uri": LIST, "issuer": city.issuer, "aggregation_uri": f"{city.issuer}/v1/status-lists"}
    chain = (city.certified(key, purpose=Purpose.STATUS),)
    content = pack(1, [(index, 1) for index in revoked])
    return status_list.sign(content, 1, signer=key, chain=chain, now=city.at if now is None else now, **facts)
