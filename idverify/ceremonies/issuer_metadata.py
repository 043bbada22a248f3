"""What a wallet reads before it asks: the metadata of OpenID4VCI 1.0 (section 12.2) and of OAuth 2.0 (RFC 8414)."""

from typing import Any

from idverify.ceremonies import Vault
from idverify.ceremonies.granting import token_url
from idverify.ceremonies.history import history_url
from idverify.ceremonies.issuance import credential_url
from idverify.ceremonies.notifications import notification_url
from idverify.ceremonies.offering import GRANT_TYPE
from idverify.ceremonies.proven_keys import BATCH
from idverify.credentials import cose, credential, jws, mdoc, slip
from idverify.credentials.credential_types import CredentialType, credential_types
from idverify.credentials.providers import WalletTrust

NONCE_PATH = "/v1/credentials/nonce"
REFRESH = "refresh_token"


def issuer_metadata(vault: Vault) -> dict[str, Any]:
    """`/.well-known/openid-credential-issuer`: where to ask, and every credential that may be asked for."""
    configurations: dict[str, Any] = {}
    for type_ in credential_types().values():
        configurations[type_.name] = _described(type_, credential.FORMAT, type_.claims)
        configurations[f"{type_.name}.{mdoc.CONFIGURATION}"] = _described_as_mdoc(type_)
        for purpose, kind in type_.slips.items():
            configurations[f"{type_.name}.{purpose}"] = {
                **_described(type_, slip.FORMAT, frozenset(kind.claims)),
                "purpose": purpose,
            }
    for name, one in configurations.items():
        one["proof_types_supported"] = _proof_types(vault.wallets, name.partition(".")[0])
    return {
        "credential_issuer": vault.issuer,
        "credential_endpoint": credential_url(vault),
        "nonce_endpoint": vault.issuer.rstrip("/") + NONCE_PATH,
        "notification_endpoint": notification_url(vault),
        "history_endpoint": history_url(vault),  # ours; a wallet that does not know it passes over it
        "batch_credential_issuance": {"batch_size": BATCH},
        "credential_configurations_supported": configurations,
    }


def server_metadata(vault: Vault) -> dict[str, Any]:
    """`/.well-known/oauth-authorization-server`: how tokens are had. There is no authorization endpoint."""
    return {
        "issuer": vault.issuer,
        "token_endpoint": token_url(vault),
        "grant_types_supported": [GRANT_TYPE, REFRESH],
        "response_types_supported": [],
        "dpop_signing_alg_values_supported": [jws.ALGORITHM],
        **_authentication(vault.wallets),
    }


def _authentication(wallets: WalletTrust) -> dict[str, Any]:
    """Whether wallets are to be attested, and how (draft-ietf-oauth-attestation-based-client-auth-11 section 8)."""
    said: dict[str, Any] = {
        "token_endpoint_auth_methods_supported": [] if wallets.client_attestation else ["none"],
        "pre-authorized_grant_anonymous_access_supported": not wallets.client_attestation,
    }
    if wallets.vouches_for_clients:
        said["token_endpoint_auth_methods_supported"] += ["attest_jwt_client_auth", "attest_jwt_client_auth_dpop"]
        said["client_attestation_signing_alg_values_supported"] = [jws.ALGORITHM]
        said["client_attestation_pop_signing_alg_values_supported"] = [jws.ALGORITHM]
    return said


def _proof_types(wallets: WalletTrust, type_name: str) -> dict[str, Any]:
    """How keys are proven (OpenID4VCI 1.0 section 12.2.4); `key_attestations_required` only where it is so."""
    demand = wallets.demands.get(type_name)
    proof: dict[str, Any] = {"proof_signing_alg_values_supported": [jws.ALGORITHM]}
    if demand is not None:
        levels = {"key_storage": demand.key_storage, "user_authentication": demand.user_authentication}
        proof["key_attestations_required"] = {name: sorted(some) for name, some in levels.items() if some}
    return {"jwt": proof, "attestation": proof} if wallets.providers else {"jwt": proof}


def _described(type_: CredentialType, format_: str, claims: frozenset[str]) -> dict[str, Any]:
    return {
        "format": format_,
        "vct": type_.vct,
        "cryptographic_binding_methods_supported": ["jwk"],
        "credential_signing_alg_values_supported": [jws.ALGORITHM],
        "credential_metadata": {
            "display": [{"locale": locale, **card} for locale, card in type_.display.items()],
            "claims": [_claim(type_, name, [name]) for name in type_.schema["properties"] if name in claims],
        },
    }


def _described_as_mdoc(type_: CredentialType) -> dict[str, Any]:
    """The same credential (OpenID4VCI 1.0 appendix A.2): a doctype and no vct, elements in namespaces, COSE's numbers."""
    described = _described(type_, mdoc.FORMAT, type_.claims)
    del described["vct"]
    claims = [_claim(type_, name, list(type_.mdoc.place(name))) for name in type_.schema["properties"]]
    return described | {
        "doctype": type_.mdoc.doctype,
        "cryptographic_binding_methods_supported": ["cose_key"],
        "credential_signing_alg_values_supported": [cose.ES256],
        "credential_metadata": described["credential_metadata"] | {"claims": claims},
    }


def _claim(type_: CredentialType, name: str, path: list[str]) -> dict[str, Any]:
    return {
        "path": path,
        "mandatory": name in type_.schema.get("required", ()),
        "display": [{"name": label, "locale": locale} for locale, label in type_.labels.get(name, {}).items()],
    }
