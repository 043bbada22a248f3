"""The trust list that an installation publishes: decided once by its operator, signed anew before its time is over.

Both lie beside the key that signs, and travel with it in a backup: `scheme.json`, what was decided, and `published.jws`. The
sequence number is at least the number of minutes since 1970, so that an installation that is restored from a backup never goes
back behind a list that readers hold.
"""

import base64
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.wallet_trust import require_no_provider
from idverify.credentials import trust_list
from idverify.credentials.anchors import Anchor
from idverify.credentials.credential_types import credential_types
from idverify.credentials.trust_list import TrustList
from idverify.credentials.trust_list_document import Contact, Document, Entity
from idverify.errors import InvalidInput, KeyUnavailable, SigningUnavailable, TokenInvalid, TrustListUnpublished
from idverify.keys.authority import common_name, fingerprint, operator_of
from idverify.keys.private_files import locked, read_private, replace_private
from idverify.seals import SEALING

RENEWED_AFTER_SECONDS = 86_400
_SCHEME, _PUBLISHED = "scheme.json", "published.jws"
_OLD_ROOT = "the list names this installation under a root that certifies nothing here any more"


NOWHERE = Contact(
    street="1 Example Road (no real place: a development installation)",
    country="XX",
    electronic=("mailto:nobody@idverify.example",),
    information=("https://idverify.example/",),
)
"""Of a development installation that was told no other."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """What an operator decided. operator: its name by language tag; one is the organisation that its root names."""

    operator: Mapping[str, str]
    contact: Contact
    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """A signed list, and what is in it."""

    text: str
    content: TrustList


def publish(vault: Vault, scheme: Scheme, *, actor: str) -> Published:
    """Decide, sign and keep.

    Raises InvalidInput for one that knows this installation by a root of the past alone, a leaf of TokenInvalid for one that no
    reader would accept, ConfigurationInvalid for one with the root of a wallet provider, SigningUnavailable, also where the
    list's key is not certified for this operator, KeyUnavailable, StoreUnavailable.
    """
    if not _names_own_root(vault, scheme):
        raise InvalidInput(f"{_OLD_ROOT}: publish it from its file again")
    folder = vault.trust_list_keys.folder
    with locked(folder):
        signed = _signed(vault, scheme)
        with vault.store.transaction() as tx:
            record_event(
                vault,
                tx,
                Event.TRUST_LIST_PUBLISHED,
                actor=actor,
                sequence=signed.content.document.sequence,
                entities={one.anchor.fingerprint: [*sorted(one.anchor.types)] for one in scheme.entities},
            )
            replace_private(folder / _SCHEME, _spelled(scheme))
            replace_private(folder / _PUBLISHED, signed.text.encode("ascii"))
    return signed


def published(vault: Vault) -> Published:
    """The list as it stands, signed anew where it is a day old or its root is another now.

    Raises TrustListUnpublished where none was decided, or since before a theft of the root; SigningUnavailable, KeyUnavailable.
    """
    folder = vault.trust_list_keys.folder
    with locked(folder):
        held, now = _held(vault), vault.now()
        if held is not None and now - held.content.document.issued_at < RENEWED_AFTER_SECONDS:
            return held
        scheme = decided(vault)
        if not _names_own_root(vault, scheme):
            raise TrustListUnpublished(f"{_OLD_ROOT}: `idverify trust publish` with its file does")
        signed = _signed(vault, scheme)
        replace_private(folder / _PUBLISHED, signed.text.encode("ascii"))
    return signed


def decided(vault: Vault) -> Scheme:
    """What the operator decided. In development, where nothing was: this installation's own root, for every type and for seals.

    Raises TrustListUnpublished, SigningUnavailable, KeyUnavailable.
    """
    path = vault.trust_list_keys.folder / _SCHEME
    if path.exists():
        return _read(path)
    known = frozenset({one.vct for one in credential_types().values()} | {SEALING})
    if vault.environment == "production":
        raise TrustListUnpublished("this installation publishes no trust list: `idverify trust publish` does")
    operator = common_name(vault.trust_list_keys.current.root)
    return Scheme({"en": operator}, NOWHERE, (own_entity(vault, known, operator, NOWHERE),))


def own_entity(vault: Vault, types: frozenset[str], name: str, contact: Contact) -> Entity:
    """The installation itself as an issuer of those types. Raises SigningUnavailable."""
    return Entity(Anchor(name, vault.trust_list_keys.current.root, types, (vault.issuer,)), contact)


def _names_own_root(vault: Vault, scheme: Scheme) -> bool:
    """Not so what was decided before a theft: it would bring the stolen root back, signed under the new one."""
    listed = {one.anchor.certificate for one in scheme.entities if vault.issuer in one.anchor.issuers}
    roots = {one.root for keys in (vault.credential_keys, vault.trust_list_keys) for one in keys.certificates()}
    return not listed or bool(listed & roots)


def _signed(vault: Vault, scheme: Scheme) -> Published:
    """Read back at once, as a reader will: what nobody would accept is not published."""
    require_no_provider(vault, [one.anchor.certificate for one in scheme.entities])
    now, certified, held = vault.now(), vault.trust_list_keys.current, _held(vault)
    before = 0 if held is None else held.content.document.sequence
    sequence, issued_at = max(before + 1, int(now // 60)), float(int(now))
    ends = issued_at + trust_list.UPDATE_SECONDS
    territory = _territory(scheme, certified.chain[0])
    document = Document(sequence, scheme.operator, territory, issued_at, ends, scheme.entities, scheme.contact)
    text = trust_list.sign(document, certified)
    return Published(text, trust_list.validate(text, pin=fingerprint(certified.root), now=now))


def _territory(scheme: Scheme, certificate: bytes) -> str:
    """The country of the certificate that signs, which must name the operator too (ETSI TS 119 602 clause 6.8)."""
    organisation, country = operator_of(certificate)
    if not organisation or not country:
        raise SigningUnavailable(
            "the root of this installation names no organisation and country, as who signs a trust list must: make another "
            "with `idverify pki init --name NAME --country CC`, then `idverify pki issue --root DIR --replace`"
        )
    if organisation not in scheme.operator.values():
        names = ", ".join(scheme.operator.values())
        raise SigningUnavailable(
            f"the root of this installation is of {organisation}, and the list names as its operator {names}: "
            "publish again, from a file that has the root's name in one of the languages"
        )
    return country


def _held(vault: Vault) -> Published | None:
    """The list that was signed last, if it still holds under the current root."""
    path = vault.trust_list_keys.folder / _PUBLISHED
    if not path.exists():
        return None
    text = read_private(path).decode("ascii", "replace")
    with suppress(TokenInvalid):
        pin = fingerprint(vault.trust_list_keys.current.root)
        return Published(text, trust_list.validate(text, pin=pin, now=vault.now()))
    return None


def _spelled(scheme: Scheme) -> bytes:
    entities = [
        {
            "name": one.anchor.name,
            "certificate": base64.b64encode(one.anchor.certificate).decode("ascii"),
            "types": sorted(one.anchor.types),
            "issuers": list(one.anchor.issuers),
            "contact": one.contact and asdict(one.contact),
        }
        for one in scheme.entities
    ]
    content = {"operator": dict(scheme.operator), "contact": asdict(scheme.contact), "entities": entities}
    return (json.dumps(content, indent=1) + "\n").encode("ascii")


def _read(path: Path) -> Scheme:
    content = read_private(path)
    with suppress(ValueError, TypeError, KeyError, RecursionError):
        row = json.loads(content)
        return Scheme(row["operator"], _contact(row["contact"]), tuple(map(_entity, row["entities"])))
    raise KeyUnavailable(f"{path} is damaged: `idverify trust publish` writes it anew")


def _entity(row: Mapping[str, Any]) -> Entity:
    root, types = base64.b64decode(row["certificate"]), frozenset(row["types"])
    return Entity(Anchor(row["name"], root, types, tuple(row["issuers"])), _contact(row["contact"]))


def _contact(row: Mapping[str, Any]) -> Contact:
    return Contact(**{**row} | {name: tuple(row[name]) for name in ("electronic", "information")})
