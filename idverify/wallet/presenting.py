"""Showing a credential to a relying party: a copy that nobody has seen, the claims that were asked for, and a proof, now."""

from collections.abc import Collection

from idverify.credentials import key_binding, mdoc_response, sd_jwt
from idverify.credentials.mdoc_session import Session
from idverify.wallet import contents
from idverify.wallet.errors import CredentialUnavailable
from idverify.wallet.folder import Folder
from idverify.wallet.held import MDOC_FORMAT, Copy


def present(
    folder: Folder,
    configuration: str,
    *,
    show: Collection[str],
    audience: str,
    nonce: str,
    now: float,
    issuer: str | None = None,
    response_uri: str | None = None,
    thumbprint: bytes | None = None,
) -> str:
    """A presentation that discloses the claims in `show` and no other: `JWT~disclosure~...~KB-JWT`, or a DeviceResponse.

    response_uri, thumbprint: of a request over the network, to which an mdoc is bound: see mdoc_session.Session.

    The copy is used up, whether the relying party accepts it or not: two that were shown the same copy could tell that they met
    the same person. now: seconds since the epoch. Raises CredentialUnavailable, before a copy is used, where it has no such
    claim or its time is over.
    """

    def fits(copy: Copy) -> None:
        said = contents.read(held.format, copy.credential)
        if said.expires_at <= now:
            raise CredentialUnavailable(f"{configuration} has expired: `idverify wallet renew` fetches new copies")
        if missing := sorted(set(show) - set(said.choices)):
            can = ", ".join(said.choices) or "nothing more"
            raise CredentialUnavailable(f"{configuration} cannot show {', '.join(missing)}; it can show {can}")

    held = folder.holding(configuration, issuer)
    copy = folder.take(configuration, issuer, fits)
    if held.format == MDOC_FORMAT:
        session = Session(audience, nonce, response_uri or audience, thumbprint)
        return mdoc_response.present(copy.credential, show, copy.key.signer, session)
    selected = sd_jwt.select(copy.credential, show)
    return key_binding.sign(selected, copy.key.signer, audience=audience, nonce=nonce, now=now)
