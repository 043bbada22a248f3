"""Offering credentials to a person's wallet (OpenID4VCI 1.0 section 4): a pre-authorised code, and a number to type in.

The offer's address carries its id, which is the secret; the code is made of it, so a log that kept the address after the offer
ended opens nothing. Until then the offer may be fetched as often as a wallet likes. The number reaches the person by another
way than the offer: who only stole the offer has five guesses.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.credential_claims import claims_of
from idverify.ceremonies.documents import find_type
from idverify.ceremonies.founding import Foundation, founded_in_person, founded_on_session
from idverify.ceremonies.row_sealing import OFFER_ROW, open_row, seal_row
from idverify.ceremonies.wallet_secrets import CODE, OFFER, is_secret, new_secret, secret_hash, spelled
from idverify.credentials import mdoc
from idverify.errors import InvalidInput, OfferNotFound, SessionFinished, StoreUnavailable
from idverify.store import Connection, offers
from idverify.store.clients import Client
from idverify.store.offers import Row

OFFER_SECONDS = 600.0
WRONG_NUMBERS = 5
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
PATH = "/v1/credentials/offers"


@dataclass(frozen=True, slots=True)
class Offer:
    """One offer, opened. tx_code: six digits; None where none is asked for. wrong: numbers tried in vain."""

    offer_hash: str
    code_hash: str
    foundation: Foundation
    types: tuple[str, ...]
    expires_at: float
    tx_code: str | None
    wrong: int = 0
    redeemed: bool = False
    version: int = 1


@dataclass(frozen=True, slots=True)
class Offered:
    """A new offer. uri: for the wallet, as a link or a QR code. tx_code: for the person, by another way."""

    uri: str
    address: str
    tx_code: str | None
    expires_at: float


def offer_on_session(
    vault: Vault,
    client: Client,
    session_id: str,
    types: Sequence[str],
    *,
    with_number: bool = True,
    same_device: bool | None = None,
) -> Offered:
    """Offer credentials of these types to the person whom a live session of the client's has verified.

    One session founds one wallet's credentials: a newer offer takes the place of one that was not redeemed. Raises
    UnknownCredentialType, InvalidInput, SessionFinished where the session's offer was redeemed, SigningUnavailable where no key
    is certified, as `founded_on_session`, and as `claims_of`.
    """
    with vault.store.transaction() as tx:
        foundation = founded_on_session(vault, tx, client, session_id, same_device=same_device)
        for row in offers.of_session(tx, session_id):
            if _opened(vault, row).redeemed:
                raise SessionFinished("a wallet has taken this session's offer: run another live session for another wallet")
            offers.remove(tx, row.offer_hash)
        return _offered(vault, tx, foundation, types, with_number)


def offer_in_person(
    vault: Vault,
    client: Client,
    subject_id: str,
    types: Sequence[str],
    *,
    registrar: str,
    method: str,
    audience: str | None = None,
    with_number: bool = True,
) -> Offered:
    """Offer credentials of these types to a person whom a registrar has checked.

    Raises UnknownCredentialType, InvalidInput, SigningUnavailable where no key is certified, as `founded_in_person`, and as
    `claims_of`.
    """
    with vault.store.transaction() as tx:
        foundation = founded_in_person(vault, tx, client, subject_id, registrar=registrar, method=method, audience=audience)
        return _offered(vault, tx, foundation, types, with_number)


def _offered(vault: Vault, tx: Connection, foundation: Foundation, types: Sequence[str], with_number: bool) -> Offered:
    names = tuple(dict.fromkeys(find_type(name).name for name in types))
    if not names:
        raise InvalidInput("types: name at least one")
    for name in names:
        claims_of(vault, tx, find_type(name), foundation)  # what is not on file is told to who can file it
    for keys in (vault.credential_keys, vault.status_keys):
        _ = keys.current  # an offer that nothing could be signed for would be spent in vain
    offer_id = new_secret(vault, OFFER)
    offer = Offer(
        offer_hash=secret_hash(offer_id),
        code_hash=secret_hash(_code(vault, offer_id)),
        foundation=foundation,
        types=names,
        expires_at=vault.now() + OFFER_SECONDS,
        tx_code=_number(vault) if with_number else None,
    )
    offers.add(tx, _row(vault, offer))
    record_event(
        vault,
        tx,
        Event.OFFER_CREATED,
        actor=foundation.client_id,
        subject_id=foundation.subject_id,
        session_id=foundation.session_id,
        registrar=foundation.registrar,
        method=foundation.method,
        acr=foundation.acr,
        types=[*names],
        with_number=with_number,
        device=foundation.device,
    )
    address = f"{vault.issuer.rstrip('/')}{PATH}/{offer_id}"
    uri = f"openid-credential-offer://?credential_offer_uri={quote(address, safe='')}"
    return Offered(uri, address, offer.tx_code, offer.expires_at)


def fetch_offer(vault: Vault, offer_id: str) -> dict[str, Any]:
    """The credential offer (OpenID4VCI 1.0 section 4.1.1). Raises OfferNotFound, also once it has expired."""
    with vault.store.reading() as tx:
        row = offers.by_id(tx, secret_hash(offer_id)) if is_secret(offer_id, OFFER) else None
    offer = None if row is None else _opened(vault, row)
    if offer is None or offer.expires_at <= vault.now():
        raise OfferNotFound("no such offer, or it has expired")
    grant: dict[str, Any] = {"pre-authorized_code": _code(vault, offer_id)}
    if offer.tx_code is not None:
        grant["tx_code"] = {"input_mode": "numeric", "length": len(offer.tx_code)}
    return {
        "credential_issuer": vault.issuer,
        "credential_configuration_ids": list(configurations(offer.types)),
        "grants": {GRANT_TYPE: grant},
    }


def configurations(types: Sequence[str]) -> tuple[str, ...]:
    """What a wallet may ask for by these types: each as a credential, as an mdoc, and as a slip for each of its purposes."""
    found = [find_type(name) for name in types]
    mdocs = [f"{one.name}.{mdoc.CONFIGURATION}" for one in found]
    slips = [f"{one.name}.{purpose}" for one in found for purpose in one.slips]
    return (*(one.name for one in found), *mdocs, *slips)


def offer_of_code(vault: Vault, tx: Connection, code: str) -> Offer | None:
    """The offer that the code belongs to, unless it has expired. Raises RecordTampered."""
    row = offers.by_code(tx, secret_hash(code)) if is_secret(code, CODE) else None
    offer = None if row is None else _opened(vault, row)
    return None if offer is None or offer.expires_at <= vault.now() else offer


def save_offer(vault: Vault, tx: Connection, offer: Offer) -> None:
    """Write the offer as its next version. Raises StoreUnavailable when another writer was first."""
    newer = replace(offer, version=offer.version + 1)
    if not offers.replace(tx, _row(vault, newer), offer.version):
        raise StoreUnavailable("the offer was changed meanwhile")


def _row(vault: Vault, offer: Offer) -> Row:
    content = {
        "foundation": offer.foundation.to_json(),
        "types": list(offer.types),
        "tx_code": offer.tx_code,
        "wrong": offer.wrong,
        "redeemed": offer.redeemed,
        "expires_at": offer.expires_at,
    }
    sealed = seal_row(vault, OFFER_ROW, content, offer.offer_hash, offer.code_hash, str(offer.version))
    session_id, subject_id = offer.foundation.session_id, offer.foundation.subject_id
    return Row(offer.offer_hash, offer.code_hash, subject_id, session_id, offer.expires_at, offer.version, sealed)


def _opened(vault: Vault, row: Row) -> Offer:
    content = open_row(vault, OFFER_ROW, row.sealed, row.offer_hash, row.code_hash, str(row.version))
    return Offer(
        offer_hash=row.offer_hash,
        code_hash=row.code_hash,
        foundation=Foundation.from_json(content["foundation"]),
        types=tuple(content["types"]),
        expires_at=content["expires_at"],
        tx_code=content["tx_code"],
        wrong=content["wrong"],
        redeemed=content["redeemed"],
        version=row.version,
    )


def _code(vault: Vault, offer_id: str) -> str:
    digest = hmac.digest(vault.secrets.client_keys, b"pre-authorised code\x00" + offer_id.encode(), hashlib.sha256)
    return spelled(vault, CODE, digest)


def _number(vault: Vault) -> str:
    """Six digits; 2**64 is so much more than a million that none is likelier than another."""
    return f"{int.from_bytes(vault.random_bytes(8), 'big') % 1_000_000:06d}"
