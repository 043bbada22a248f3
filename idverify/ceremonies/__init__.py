"""What people come for, one file each. Each ceremony reads top to bottom and takes its parts as values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from idverify.acquisition import Acquirer
from idverify.attestation import Trust
from idverify.credentials.providers import WalletTrust
from idverify.decision.policy import Policy
from idverify.decision.profile import Profile
from idverify.decision.profiles import PROFILES
from idverify.keys import Wrapper
from idverify.keys.certified import CertifiedKeys
from idverify.keys.secrets import Secrets
from idverify.keys.signing import SigningKeys
from idverify.relying.folder import Holdings
from idverify.store import Store
from idverify.tracking import Tracker

if TYPE_CHECKING:
    from idverify.ceremonies.duplicate_index import DuplicateIndex


@dataclass(frozen=True, slots=True)
class Limits:
    """Attempts in a sliding window. client_subject: per client and subject; subject: over all clients, wider.

    live_subject: at live sessions, over all clients that name the subject.
    """

    client_subject: int = 10
    subject: int = 40
    window_seconds: int = 86_400
    live_subject: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """The part of an installation that needs no models, so that keys rotate and records are erased without any.

    deployment: random name of this installation, part of every seal. environment: `production`, `dev` or `sandbox`.
    issuer: URL that signed tokens name. signing: of verdicts and audit heads, without certificates; the five beside it are
    certified by the issuer's root, for one purpose each. now: seconds since the epoch. random_bytes: a cryptographic source.
    duplicates: the index that enrolment searches; None where duplicates are not searched, or no models are loaded.
    gallery_file: where that index is kept, sealed; None: nowhere. relying: what is believed of other issuers; None: nothing.
    wallets: the providers of wallets that are believed, and what is asked of wallets; by default nobody and nothing.
    """

    deployment: str
    environment: str
    issuer: str
    limits: Limits
    store: Store
    wrapper: Wrapper
    secrets: Secrets
    signing: SigningKeys
    credential_keys: CertifiedKeys
    status_keys: CertifiedKeys
    trust_list_keys: CertifiedKeys
    reader_keys: CertifiedKeys
    seal_keys: CertifiedKeys
    now: Callable[[], float]
    random_bytes: Callable[[int], bytes]
    duplicates: "DuplicateIndex | None" = None
    gallery_file: Path | None = None
    relying: Holdings | None = None
    wallets: WalletTrust = field(default_factory=WalletTrust)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts(Vault):
    """A whole installation, as the composition root assembled it. policies: by name, for the loaded model pack only.

    profiles: of live sessions, by name. attestation: roots, apps and authenticators that are trusted; by default none is.
    """

    acquirer: Acquirer
    policies: Mapping[str, Policy]
    default_policy: str
    attestation: Trust = field(default_factory=Trust)
    profiles: Mapping[str, Profile] = field(default_factory=lambda: PROFILES)

    @property
    def tracker(self) -> Tracker:
        """What tracks the frames of a live session, with the acquirer's models."""
        return Tracker(self.acquirer)
