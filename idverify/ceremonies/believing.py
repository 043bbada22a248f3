"""What the installation itself believes when it is shown a credential: its own root and lists, and what its operator accepted.

Its own status lists are read from the database, so a revocation counts at once. Those of other issuers are the ones that
`idverify trust refresh` last fetched into the folder.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from idverify.ceremonies import Vault
from idverify.ceremonies.certification import certified_keys
from idverify.credentials.anchors import Anchor
from idverify.credentials.believed import Believed
from idverify.credentials.credential_types import credential_types
from idverify.credentials.status_bits import pack
from idverify.credentials.status_list import LIFETIME_SECONDS, TTL_SECONDS, StatusList
from idverify.credentials.status_reference import list_number
from idverify.credentials.trust_list_errors import TrustListExpired
from idverify.errors import KeyUnavailable, TokenInvalid
from idverify.keys.authority import fingerprint
from idverify.store import Connection, statuses

HERE = "this installation"


def believed_here(vault: Vault, tx: Connection) -> Believed:
    """The roots, each for its types, and status lists by address. Raises what `Holdings.believed` raises, KeyUnavailable.

    Trust lists whose time is over vouch for nobody; the installation's own credentials are examined all the same.
    """
    others = _others(vault)
    return Believed((*own_anchors(vault), *others.anchors), _Lists(vault, tx, others.statuses), ended=others.ended)


def own_anchors(vault: Vault) -> tuple[Anchor, ...]:
    """The roots that certified this installation's credential keys, in the names that it had. Raises KeyUnavailable."""
    types = frozenset(one.vct for one in credential_types().values())
    named: dict[bytes, set[str]] = {}
    for one in vault.credential_keys.certificates():
        named.setdefault(one.root, set()).update(one.issuers)
    return tuple(Anchor(HERE, root, types, tuple(sorted(issuers))) for root, issuers in named.items())


def issuing_roots(vault: Vault) -> tuple[bytes, ...]:
    """Every root (DER) that issues anything here or, as far as a list in force says, elsewhere. Raises KeyUnavailable."""
    try:
        others = () if vault.relying is None else vault.relying.anchors(vault.now())
    except TrustListExpired:
        others = ()
    except TokenInvalid:
        raise KeyUnavailable(
            "a trust list in IDVERIFY_TRUST does not hold any more: `idverify trust list` says which"
        ) from None
    own = (one.root for keys in certified_keys(vault).values() for one in keys.certificates())
    return (*own, *(one.certificate for one in others))


def _others(vault: Vault) -> Believed:
    if vault.relying is None:
        return Believed(())
    try:
        return vault.relying.believed(vault.now())
    except TrustListExpired:
        return Believed(())


@dataclass(frozen=True, slots=True)
class _Lists(Mapping[str, StatusList]):
    """Own lists as they stand now, others' as they were fetched. Lives as long as the transaction."""

    vault: Vault
    tx: Connection
    others: Mapping[str, StatusList]

    def __getitem__(self, uri: str) -> StatusList:
        number = list_number(self.vault.issuer, uri)
        row = None if number is None else statuses.get_list(self.tx, number)
        if row is None:
            return self.others[uri]
        now = self.vault.now()
        return StatusList(
            uri=uri,
            issuer=self.vault.issuer,
            anchor=fingerprint(self.vault.status_keys.current.root),
            bits=row.bits,
            content=pack(row.bits, statuses.exceptions(self.tx, row.number), row.base),
            issued_at=now,
            expires_at=now + LIFETIME_SECONDS,
            ttl=TTL_SECONDS,
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self.others)

    def __len__(self) -> int:
        return len(self.others)
