"""A holder's look at what an issuer gave: each credential is of the kind asked for, and bound to a key of this wallet."""

from collections.abc import Sequence

from idverify.credentials import cose
from idverify.wallet import contents
from idverify.wallet.answers import MALFORMED
from idverify.wallet.device import HeldKey, bare_jwk
from idverify.wallet.errors import IssuerRefused
from idverify.wallet.held import Copy
from idverify.wallet.issuer import Configuration

LONGEST = 16 * 1024


def examined(credentials: Sequence[str], keys: Sequence[HeldKey], asked: Configuration) -> list[Copy]:
    """Each credential with the key that it is bound to; in the order of the answer. Raises IssuerRefused."""
    unused = {cose.point_of(bare_jwk(key.signer)): key for key in keys}
    copies = []
    for credential in credentials:
        if len(credential) > LONGEST:
            raise IssuerRefused("a credential is longer than any that a relying party would read", MALFORMED)
        said = contents.read(asked.format, credential)
        if said.kind != asked.kind:
            raise IssuerRefused("a credential is of another type than was asked for", MALFORMED)
        key = unused.pop(said.holder, None)
        if key is None:
            raise IssuerRefused("a credential is bound to a key that was not asked for, or to one twice", MALFORMED)
        copies.append(Copy(credential, key))
    if not copies:
        raise IssuerRefused("the issuer gave no credential", MALFORMED)
    return copies
