"""The trust list that an installation publishes: decided once by its operator, signed anew before its time is over.

Both lie beside the key that signs, and travel with it in a backup: `scheme.json`, what was decided, and `published.jws`. The
sequence number is at least the number of minutes since 1970, so that an installation that is restored from a backup never goes
back behind a list that readers hold.
"""

import base64
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.credentials import trust_list
from idverify.credentials.anchors import Anchor
from idverify.credentials.credential_types import credential_types
from idverify.credentials.trust_list import TrustList
from idverify.credentials.trust_list_document import Document, Entity
from idverify.errors import KeyUnavailable, TokenInvalid, TrustListUnpublished
from idverify.keys.authority import common_name, fingerprint
from idverify.keys.private_files import locked, read_private, replace_private

RENEWED_AFTER_SECONDS = 86_400
_SCHEME, _PUBLISHED = "scheme.json", "published.jws"


@dataclass(frozen=True, slots=True)
class Scheme:
    """What an operator decided. operator: its name by language tag. territory: ISO 3166 code, or None."""

    operator: Mapping[str, str]
    territory: str | None
    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """A signed list, and what is in it."""

    text: str
    content: TrustList


def publish(vault: Vault, scheme: Scheme, *, actor: str) -> Published:
    """Decide, sign and keep.

    Raises a leaf of TokenInvalid for a list that no reader would accept, SigningUnavailable, KeyUnavailable, StoreUnavailable.
    """
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

    Raises TrustListUnpublished where none was decided, SigningUnavailable, KeyUnavailable.
    """
    folder = vault.trust_list_keys.folder
    with locked(folder):
        held, now = _held(vault), vault.now()
        if held is not None and now - held.content.document.issued_at < RENEWED_AFTER_SECONDS:
            return held
        signed = _signed(vault, decided(vault))
        replace_private(folder / _PUBLISHED, signed.text.encode("ascii"))
    return signed


def decided(vault: Vault) -> Scheme:
    """What the operator decided. In development, where nothing was: this installation's own root, for every type.

    Raises TrustListUnpublished, SigningUnavailable, KeyUnavailable.
    """
    path = vault.trust_list_keys.folder / _SCHEME
    if path.exists():
        return _read(path)
    known = frozenset(one.vct for one in credential_types().values())
    if vault.environment == "production":
        raise TrustListUnpublished("this installation publishes no trust list: `idverify trust publish` does")
    return Scheme({"en": "idverify development"}, None, (own_entity(vault, known),))


def own_entity(vault: Vault, types: frozenset[str], name: str | None = None) -> Entity:
    """The installation itself as an issuer of those types. Raises SigningUnavailable."""
    root = vault.trust_list_keys.current.root
    return Entity(Anchor(name or common_name(root), root, types), (vault.issuer,))


def _signed(vault: Vault, scheme: Scheme) -> Published:
    """Read back at once, as a reader will: what nobody would accept is not published."""
    now, certified, held = vault.now(), vault.trust_list_keys.current, _held(vault)
    before = 0 if held is None else held.content.document.sequence
    sequence, issued_at = max(before + 1, int(now // 60)), float(int(now))
    ends = issued_at + trust_list.UPDATE_SECONDS
    document = Document(sequence, scheme.operator, scheme.territory, issued_at, ends, scheme.entities)
    text = trust_list.sign(document, certified)
    return Published(text, trust_list.validate(text, pin=fingerprint(certified.root), now=now))


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
            "issuers": list(one.issuers),
        }
        for one in scheme.entities
    ]
    content = {"operator": dict(scheme.operator), "territory": scheme.territory, "entities": entities}
    return (json.dumps(content, indent=1) + "\n").encode("ascii")


def _read(path: Path) -> Scheme:
    content = read_private(path)
    with suppress(ValueError, TypeError, KeyError, RecursionError):
        row = json.loads(content)
        anchors = [
            Anchor(one["name"], base64.b64decode(one["certificate"]), frozenset(one["types"])) for one in row["entities"]
        ]
        issuers = [tuple(one["issuers"]) for one in row["entities"]]
        return Scheme(row["operator"], row["territory"], tuple(map(Entity, anchors, issuers)))
    raise KeyUnavailable(f"{path} is damaged: `idverify trust publish` writes it anew")
