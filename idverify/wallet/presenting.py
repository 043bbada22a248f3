"""Showing a credential to a relying party: a copy that nobody has seen, the claims that were asked for, and a proof, now."""

from collections.abc import Collection
from dataclasses import dataclass

from idverify.credentials import key_binding, mdoc_response, sd_jwt
from idverify.credentials.mdoc_session import Session
from idverify.wallet import contents
from idverify.wallet.errors import CredentialUnavailable
from idverify.wallet.folder import Folder
from idverify.wallet.held import MDOC_FORMAT, Copy, Holding
from idverify.wallet.shown import Paths, Showing, paths


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, how, and for what, as they say (idverify.wallet.shown.Showing)."""

    way: str
    requester: str
    purpose: str | None = None
    reader: str | None = None
    asked: Paths | None = None


def present(
    folder: Folder,
    configuration: str,
    *,
    show: Collection[str],
    session: Session,
    now: float,
    issuer: str | None = None,
    asking: Asking | None = None,
) -> str:
    """A presentation that discloses the claims in `show` and no other: `JWT~disclosure~...~KB-JWT`, or a DeviceResponse.

    session: the reader and its nonce, to which it is bound; an mdoc also to where an answer over the network goes. The copy is
    used up, whether the relying party accepts it or not: two that were shown the same copy could tell that they met the same
    person. What is shown to whom is recorded first. now: seconds since the epoch. asking: who asks, for the record; the reader
    where there is no more to tell. Raises CredentialUnavailable, before a copy is used, where it has no such claim or its time
    is over; InvalidInput where they name themselves in a way that cannot be shown; AuditBroken.
    """
    told = asking or Asking("presentation", session.client_id)

    def showing(holding: Holding, copy: Copy) -> Showing:
        said = contents.read(holding.format, copy.credential)
        if said.expires_at <= now:
            raise CredentialUnavailable(f"{configuration} has expired: `idverify wallet renew` fetches new copies")
        if missing := sorted(set(show) - set(said.choices)):
            can = ", ".join(said.choices) or "nothing more"
            raise CredentialUnavailable(f"{configuration} cannot show {', '.join(missing)}; it can show {can}")
        shown = paths({*said.always, *show})
        who = {"requester": told.requester, "reader": told.reader, "purpose": told.purpose}
        return Showing(told.way, configuration, holding.issuer, asked=told.asked, shown=shown, **who)

    held = folder.holding(configuration, issuer)
    copy = folder.take(configuration, showing, now=now, issuer=issuer)
    if held.format == MDOC_FORMAT:
        return mdoc_response.present(copy.credential, show, copy.key.signer, session)
    selected = sd_jwt.select(copy.credential, show)
    return key_binding.sign(selected, copy.key.signer, audience=session.client_id, nonce=session.nonce, now=now)
