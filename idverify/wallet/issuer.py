"""What an issuer says of itself (OpenID4VCI 1.0 section 12.2, RFC 8414): where to ask, and for what."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from idverify.wallet.answers import MALFORMED, granted, member
from idverify.wallet.errors import IssuerRefused
from idverify.wallet.offers import origin
from idverify.wallet.transport import Send

LARGEST_BATCH = 30
WHAT = "what the issuer says of itself"


@dataclass(frozen=True, slots=True)
class Configuration:
    """One credential that may be asked for. format: `dc+sd-jwt` or `idverify-slip+cwt`.

    attestable: whether the issuer reads what a wallet provider says of the keys; attested: whether it gives nothing without.
    """

    format: str
    vct: str
    attestable: bool = False
    attested: bool = False


@dataclass(frozen=True, slots=True)
class Issuer:
    """Where an issuer is asked. batch_size: copies in one request. authentication: methods of the token endpoint."""

    url: str
    token_endpoint: str
    nonce_endpoint: str
    credential_endpoint: str
    batch_size: int
    configurations: Mapping[str, Configuration]
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
        batch_size=max(1, min(size, LARGEST_BATCH)),
        authentication=frozenset(map(str, _methods(server))),
        configurations={
            name: _configuration(one)
            for name, one in member(said, "credential_configurations_supported", dict, WHAT).items()
            if isinstance(one, dict)
        },
    )


def _methods(server: Mapping[str, object]) -> list[object]:
    """RFC 8414 would have client_secret_basic where nothing is said; no issuer of credentials means that to a wallet."""
    found = server.get("token_endpoint_auth_methods_supported", ["none"])
    return found if isinstance(found, list) else []


def _configuration(one: Mapping[str, object]) -> Configuration:
    proofs = one.get("proof_types_supported")
    types = proofs if isinstance(proofs, dict) else {}
    asked = types.get("jwt")
    return Configuration(
        format=member(one, "format", str, WHAT),
        vct=member(one, "vct", str, WHAT),
        attestable="attestation" in types,
        attested=isinstance(asked, dict) and "key_attestations_required" in asked,
    )


def _fetched(url: str, name: str, send: Send) -> dict[str, object]:
    """A well-known document: its path stands before that of the issuer (RFC 8414 section 3.1)."""
    parts = urlsplit(url)
    address = urlunsplit((parts.scheme, parts.netloc, f"/.well-known/{name}{parts.path.rstrip('/')}", "", ""))
    return granted(send("GET", address, {"Accept": "application/json"}, None), WHAT)


def _here(url: str, endpoint: str) -> str:
    """The endpoint, if it is at the issuer: what the wallet sends goes nowhere else."""
    if origin(url) != origin(endpoint):
        raise IssuerRefused("the issuer sends the wallet to another place", MALFORMED)
    return endpoint
