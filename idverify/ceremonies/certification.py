"""Certifying the keys of an installation under its root, and rotating them with an overlap.

`ask` says what the root is asked for and `install` takes its answer; between them the request travels to the root's machine
(root_signing.py), or nowhere: `certify`, with the root at hand, is the three in one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from idverify.audit.events import Event
from idverify.ceremonies import Vault, root_signing
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.pending_request import Pending, forget
from idverify.credentials.anchors import Anchor
from idverify.credentials.certificates import leaf_under, public_key_of
from idverify.credentials.purposes import Purpose
from idverify.errors import InvalidInput
from idverify.keys.authority import SIGNING_DAYS, Authority, fingerprint, read_pem, serial_of
from idverify.keys.certificate_request import CertificateRequest
from idverify.keys.certified import RENEWED_BELOW_DAYS, Certificate, CertifiedKeys
from idverify.keys.signing import Rotation

_DAY = 86_400

# The folder within the folder of keys, by what the keys in it are certified for.
FOLDERS: Mapping[Purpose, str] = MappingProxyType(
    {
        Purpose.CREDENTIAL: "credential",
        Purpose.STATUS: "status",
        Purpose.TRUST_LIST: "trust-list",
        Purpose.READER: "reader",
        Purpose.SEAL: "seal",
    }
)


@dataclass(frozen=True, slots=True)
class Certification:
    """A certificate that was put in place. purpose: as the folder of its key is named."""

    purpose: str
    certificate: Certificate


def certified_keys(vault: Vault) -> Mapping[Purpose, CertifiedKeys]:
    """The keys by what they are certified for."""
    return {
        Purpose.CREDENTIAL: vault.credential_keys,
        Purpose.STATUS: vault.status_keys,
        Purpose.TRUST_LIST: vault.trust_list_keys,
        Purpose.READER: vault.reader_keys,
        Purpose.SEAL: vault.seal_keys,
    }


def ask(vault: Vault, *, root: str | None = None, replace: bool = False) -> Pending | None:
    """What to ask of the root of that fingerprint: for the current and the next key of each purpose that need it, or None.

    root: None for the one above the newest certificate. replace: ask for all of them; the answer destroys older certificates.
    Raises InvalidInput where no root is known, KeyUnavailable, SigningUnavailable.
    """
    root = root or _known_root(vault)
    asked = [
        one
        for purpose, keys in certified_keys(vault).items()
        for one in keys.requests(usage=purpose, issuer=vault.issuer, root=root, every=replace)
    ]
    return Pending(root, replace, tuple(asked)) if asked else None


def certify(vault: Vault, authority: Authority, *, actor: str, replace: bool = False) -> tuple[Certification, ...]:
    """Ask, sign and install with the root at hand, and hand back what was made. Safe to repeat.

    replace: anew, and destroy older certificates. Raises KeyUnavailable, SigningUnavailable, StoreUnavailable.
    """
    pending = ask(vault, root=authority.fingerprint, replace=replace)
    if pending is None:
        return ()
    answer = root_signing.sign(authority, root_signing.examined(pending.requests), now=vault.now())
    return install(vault, pending, answer, actor=actor)


def install(vault: Vault, pending: Pending, answer: bytes, *, actor: str) -> tuple[Certification, ...]:
    """Put the certificates of an answer (PEM) in place: all that were asked for, or none. Safe to repeat after a fault.

    Each must hold as readers will ask, under the root that was asked, for a key of its purpose that has not retired, and have
    been made for this very request. Raises InvalidInput, a leaf of TokenInvalid, KeyUnavailable, StoreUnavailable.
    """
    root, leaves = _read(pending, answer)
    for request, leaf in zip(pending.requests, leaves, strict=True):
        _examine(vault, request, leaf, root)
    made: list[Certification] = []
    with vault.store.transaction() as tx:
        for request, leaf in zip(pending.requests, leaves, strict=True):
            purpose = Purpose(request.usage)
            one = certified_keys(vault)[purpose].install(request.kid, leaf, root)
            made.append(Certification(FOLDERS[purpose], one))
            record_event(
                vault,
                tx,
                Event.KEYS_CERTIFIED,
                actor=actor,
                purpose=FOLDERS[purpose],
                kid=one.kid,
                certificate=one.fingerprint,
                root=pending.root,
            )
        for keys in certified_keys(vault).values() if pending.replace else ():
            keys.destroy_all_but(leaves)
    forget(vault)
    return tuple(made)


def rotate_certified(vault: Vault, authority: Authority | None, *, actor: str) -> Mapping[str, Rotation]:
    """The next key of each purpose signs from now on. By the purpose's folder.

    authority: certifies what needs it before, and the new next keys after; None: they wait for `ask`. Raises KeyUnavailable,
    SigningUnavailable, StoreUnavailable; after any of them it may be repeated.
    """
    if authority is not None:
        certify(vault, authority, actor=actor)
    rotating = {purpose: keys for purpose, keys in certified_keys(vault).items() if not _never_certified(purpose, keys)}
    for keys in rotating.values():
        keys.require_next()
    done: dict[str, Rotation] = {}
    with vault.store.transaction() as tx:
        for purpose, keys in rotating.items():
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
    if authority is not None:
        certify(vault, authority, actor=actor)
    return done


def _never_certified(purpose: Purpose, keys: CertifiedKeys) -> bool:
    """An installation that is older than seals signs on without one, and rotates what it has."""
    return purpose is Purpose.SEAL and not keys.certificates()


def _known_root(vault: Vault) -> str:
    held = [one for keys in certified_keys(vault).values() for one in keys.certificates()]
    if not held:
        raise InvalidInput("no root is known here yet: name it by its pin, as `idverify pki init` printed it")
    newest = max(one.begins for one in held)
    roots = {fingerprint(one.root) for one in held if one.begins == newest}
    if len(roots) != 1:
        raise InvalidInput("the newest certificates are under two roots: name the one to ask by its pin")
    return roots.pop()


def _read(pending: Pending, answer: bytes) -> tuple[bytes, list[bytes]]:
    """The root, and the leaf for each request in their order. Raises InvalidInput."""
    certificates = read_pem(answer)
    root = next((one for one in certificates if fingerprint(one) == pending.root), None)
    if root is None:
        raise InvalidInput(f"the answer is not from the root that was asked, {pending.root}")
    leaves = {public_key_of(one)["kid"]: one for one in certificates if one != root}
    asked = [one.kid for one in pending.requests]
    if len(certificates) != 1 + len(asked) or leaves.keys() != set(asked):
        raise InvalidInput("the answer is for other keys than the pending request: it answers another")
    return root, [leaves[one] for one in asked]


def _examine(vault: Vault, request: CertificateRequest, leaf: bytes, root: bytes) -> None:
    purpose, now = Purpose(request.usage), vault.now()
    found = leaf_under((leaf,), (Anchor("", root, frozenset(), (vault.issuer,)),), purpose=purpose, now=now)
    if not request.is_answered_by(serial_of(leaf)):
        raise InvalidInput("the answer is for an older request of the same keys: carry the one for the pending request")
    if request.kid not in certified_keys(vault)[purpose].living():
        raise InvalidInput("the keys were rotated since the request: make another")
    if found.issuers != {vault.issuer}:
        raise InvalidInput(f"the certificates name another issuer than {vault.issuer}, IDVERIFY_ISSUER")
    if found.not_before + SIGNING_DAYS * _DAY < now + RENEWED_BELOW_DAYS * _DAY:
        raise InvalidInput(
            "the certificates would soon sign no more: the clock of the root's machine is behind, or the answer old"
        )
