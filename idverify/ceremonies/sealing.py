"""Sealing a document that an office has: with the installation's key for seals, read back as a stranger will, and audited.

The audit keeps the digest of what was sealed and nothing of what it says, the reason neither: both are of a person, as a rule.
"""

import hashlib
from collections.abc import Sequence

from idverify.audit.events import Event
from idverify.ceremonies import Vault
from idverify.ceremonies.auditing import record_event
from idverify.credentials.anchors import Anchor
from idverify.credentials.believed import Believed
from idverify.errors import InvalidInput, SigningUnavailable
from idverify.relying import seals
from idverify.relying.seals import SealFinding, Word
from idverify.seals import SEALING, pdf
from idverify.seals.errors import TimeStampUnavailable
from idverify.seals.pdf import AskStamp

LONGEST_REASON = 200
"""Characters."""


def seal(
    vault: Vault,
    document: bytes,
    *,
    actor: str,
    reason: str | None = None,
    ask: AskStamp | None = None,
    stamp_roots: Sequence[bytes] = (),
) -> tuple[bytes, SealFinding]:
    """The sealed document, and what a reader who trusts this installation's root will find.

    ask: where to get a time stamp; None: none. stamp_roots: DER; where there are any, the stamp must be under one of them.

    Raises InvalidInput for a reason that is too long or cannot be printed, an InputError for a document that is not sealed,
    SigningUnavailable, also where no key for seals is certified, TimeStampUnavailable, KeyUnavailable, StoreUnavailable.
    """
    if reason is not None and not (0 < len(reason) <= LONGEST_REASON and reason.isprintable()):
        raise InvalidInput(f"a reason has 1 to {LONGEST_REASON} characters, on one line")
    certified, now = vault.seal_keys.current, vault.now()
    sealed = pdf.seal(document, signer=certified.signer, certificate=certified.chain[0], reason=reason, now=now, ask=ask)
    own = Believed((Anchor("", certified.root, frozenset({SEALING}), (vault.issuer,)),))
    found = seals.validate(sealed, own, now=now, stamp_roots=stamp_roots)
    if found.word is not Word.VALID:
        refusal = TimeStampUnavailable if found.code == "seal_time_stamp" else SigningUnavailable
        raise refusal(f"the seal does not hold when it is read back: {found.code}")
    if ask is not None and stamp_roots and found.proven_at is None:
        raise TimeStampUnavailable("the time stamp is not under one of the roots of --tsa-trust")
    with vault.store.transaction() as tx:
        record_event(
            vault,
            tx,
            Event.SEAL_AFFIXED,
            actor=actor,
            document=hashlib.sha256(sealed).hexdigest(),
            kid=certified.signer.kid,
            stamped=ask is not None,
        )
    return sealed, found
