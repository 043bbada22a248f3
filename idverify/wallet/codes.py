"""The text of a slip's QR code: each call makes a new one, with a number that was never used, and is recorded."""

from collections.abc import Sequence

from idverify.credentials import slip
from idverify.wallet import contents
from idverify.wallet.errors import CredentialUnavailable
from idverify.wallet.folder import Folder
from idverify.wallet.held import SLIP_FORMAT, Copy, Holding
from idverify.wallet.shown import Showing, paths


def code(
    folder: Folder,
    configuration: str,
    *,
    now: float,
    show: Sequence[str] = (),
    challenge: bytes | None = None,
    issuer: str | None = None,
) -> str:
    """The text for now, good for a minute. show: of a selective slip, the claims to disclose. challenge: the gate's 8 bytes.

    now: seconds since the epoch. Raises CredentialUnavailable when the slip's day is over, InvalidInput for a claim or a
    challenge that cannot be.
    """

    def showing(holding: Holding, held: Copy) -> Showing:
        said = contents.read(SLIP_FORMAT, held.credential)
        if said.expires_at <= now:
            raise CredentialUnavailable(f"the slip's day is over: `idverify wallet renew {configuration}` fetches today's")
        slip.Slip.read(held.credential).showing(show)
        purpose = configuration.partition(".")[2] or None
        return Showing("qr", configuration, holding.issuer, None, purpose, None, paths({*said.always, *show}))

    held, counter = folder.count(configuration, showing, now=now, issuer=issuer)
    found = slip.Slip.read(held.credential)
    return slip.present(found.slip, found.showing(show), held.key.signer, now=now, counter=counter, challenge=challenge)
