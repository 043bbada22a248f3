"""Certifying the keys of an installation under its root, and rotating them with an overlap."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.credentials.purposes import Purpose
from idverify.keys.authority import Authority
from idverify.keys.certified import Certificate, CertifiedKeys
from idverify.keys.signing import Rotation

# The folder within the folder of keys, by what the keys in it are certified for.
FOLDERS: Mapping[Purpose, str] = MappingProxyType(
    {Purpose.CREDENTIAL: "credential", Purpose.STATUS: "status", Purpose.TRUST_LIST: "trust-list", Purpose.READER: "reader"}
)


@dataclass(frozen=True, slots=True)
class Certification:
    """A certificate that was made. purpose: as the folder of its key is named."""

    purpose: str
    certificate: Certificate


def certified_keys(vault: Vault) -> Mapping[Purpose, CertifiedKeys]:
    """The keys by what they are certified for."""
    return {
        Purpose.CREDENTIAL: vault.credential_keys,
        Purpose.STATUS: vault.status_keys,
        Purpose.TRUST_LIST: vault.trust_list_keys,
        Purpose.READER: vault.reader_keys,
    }


def certify(vault: Vault, authority: Authority, *, actor: str, replace: bool = False) -> tuple[Certification, ...]:
    """Certify the current and the next key of each purpose where they need it, and hand back what was made. Safe to repeat.

    replace: anew, and destroy older certificates. Raises KeyUnavailable, StoreUnavailable.
    """
    made: list[Certification] = []
    with vault.store.transaction() as tx:
        for purpose, keys in certified_keys(vault).items():
            for one in keys.certify(authority, usage=purpose, issuer=vault.issuer, replace=replace):
                made.append(Certification(FOLDERS[purpose], one))
                record_event(
                    vault,
                    tx,
                    Event.KEYS_CERTIFIED,
                    actor=actor,
                    purpose=FOLDERS[purpose],
                    kid=one.kid,
                    certificate=one.fingerprint,
                    root=authority.fingerprint,
                )
    return tuple(made)


def rotate_certified(vault: Vault, authority: Authority, *, actor: str) -> Mapping[str, Rotation]:
    """The next key of each purpose signs from now on, and the new next one is certified. By the purpose's folder.

    Raises KeyUnavailable, SigningUnavailable, StoreUnavailable; after any of them it may be repeated.
    """
    certify(vault, authority, actor=actor)
    done: dict[str, Rotation] = {}
    with vault.store.transaction() as tx:
        for purpose, keys in certified_keys(vault).items():
            name = FOLDERS[purpose]
            done[name] = rotated = keys.rotate()
            record_event(
                vault,
                tx,
                Event.CERTIFIED_KEY_ROTATED,
                actor=actor,
                purpose=name,
                current=rotated.current,
                retired=rotated.retired,
                next=rotated.next,
            )
    certify(vault, authority, actor=actor)
    return done
