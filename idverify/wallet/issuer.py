"""What an issuer says of itself (OpenID4VCI 1.0 section 12.2, RFC 8414): where to ask, and for what."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from idverify.wallet.answers import MALFORMED, granted, member
from idverify.wallet.errors import IssuerRefused
from idverify.wallet.held import MDOC_FORMAT, SD_JWT_FORMAT, SLIP_FORMAT
from idverify.wallet.offers import origin
from idverify.wallet.transport import Send

LARGEST_BATCH = 30
_NAMED = {SD_JWT_FORMAT: "vct", SLIP_FORMAT: "vct", MDOC_FORMAT: "doctype"}
WHAT = "what the issuer says of itself"


@dataclass(frozen=True, slots=True)
class Configuration:
    """One credential that may be asked for. format: `dc+sd-jwt`, `mso_mdoc` or `idverify-slip+cwt`. kind: vct, or doctype.

    attestable: whether the issuer reads what a wallet provider says of the keys; attested: whether it gives nothing without.
    """

    format: str
    kind: str
    attestable: bool = False
    attested: bool = False


@dataclass(frozen=True, slots=True)
class Issuer:
    """Where an issuer is asked. batch_size: copies in one request. authentication: methods of the token endpoint.

    notification_endpoint: where it hears what became of credentials, if it wants to. history_endpoint: where people learn who
    asked for what, if it tells.
    """

    url: str
    token_endpoint: str
    nonce_endpoint: str
    credential_endpoint: str
    notification_endpoint: str | None
    batch_size: int
    configurations: Mapping[str, Configuration]
    history_endpoint: str | None = None
    authentication: frozenset[str] = frozenset({"none"})


def discover(url: str, send: Send) -> Issuer:
    """The issuer at `url`, who is also its own authorisation server. Raises IssuerRefused, InvalidInput."""
    said = _fetched(url, "openid-credential-issuer", send)
    if said.get("credential_issuer") != url or said.get("authorization_servers", [url]) != [url]:
        raise IssuerRefused("the issuer names itself, or its authorisation server, otherwise than the offer does", MALFORMED)
    server = _fetched(url, "oauth-authorization-server", send)
    if server.get("issuer") != url:
        raise IssuerRefused("the authorisation server names itself otherwise than the issuer does", MALFORMED)
    batch = said.get("batch_credential_issuance")
    size = member(batch, "batch_size", int, WHAT) if isinstance(batch, dict) else 1
    return Issuer(
        url=url,
        token_endpoint=_here(url, member(server, "token_endpoint", str, WHAT)),
        nonce_endpoint=_here(url, member(said, "nonce_endpoint", str, WHAT)),
        credential_endpoint=_here(url, member(said, "credential_endpoint", str, WHAT)),
        notification_endpoint=_optional(url, said, "notification_endpoint"),
        batch_size=max(1, min(size, LARGEST_BATCH)),
        authentication=frozenset(map(str, _methods(server))),
        configurations={
            name: _configuration(one)
            for name, one in member(said, "credential_configurations_supported", dict, WHAT).items()
            if isinstance(one, dict)
        },
        history_endpoint=_optional(url, said, "history_endpoint"),
    )


def _methods(server: Mapping[str, object]) -> list[object]:
    """RFC 8414 would have client_secret_basic where nothing is said; no issuer of credentials means that to a wallet."""
    found = server.get("token_endpoint_auth_methods_supported", ["none"])
    return found if isinstance(found, list) else []


def _configuration(described: Mapping[str, object]) -> Configuration:
    """Of a format that the wallet does not know, nothing but its name: another wallet may take it."""
    format_ = member(described, "format", str, WHAT)
    named = _NAMED.get(format_)
    proofs = described.get("proof_types_supported")
    types = proofs if isinstance(proofs, dict) else {}
    asked = types.get("jwt")
    return Configuration(
        format_,
        "" if named is None else member(described, named, str, WHAT),
        attestable="attestation" in types,
        attested=isinstance(asked, dict) and "key_attestations_required" in asked,
    )


def _fetched(url: str, name: str, send: Send) -> dict[str, object]:
    """A well-known document: its path stands before that of the issuer (RFC 8414 section 3.1)."""
    parts = urlsplit(url)
    address = urlunsplit((parts.scheme, parts.netloc, f"/.well-known/{name}{parts.path.rstrip('/')}", "", ""))
    return granted(send("GET", address, {"Accept": "application/json"}, None), WHAT)


def _optional(url: str, said: Mapping[str, object], name: str) -> str | None:
    """An endpoint that not every issuer has."""
    return _here(url, member(said, name, str, WHAT)) if name in said else None


def _here(url: str, endpoint: str) -> str:
    """The endpoint, if it is at the issuer: what the wallet sends goes nowhere else."""
    if origin(url) != origin(endpoint):
        raise IssuerRefused("the issuer sends the wallet to another place", MALFORMED)
    return endpoint
