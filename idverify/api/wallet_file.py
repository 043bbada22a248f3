"""Reading which wallet providers are believed and what is asked of wallets: one TOML file, and the roots that it names.

docs/reference/issuance.md describes the file. What could never be fulfilled stops the start, and so does a misspelled name.
"""

import re
from pathlib import Path
from typing import Any

from idverify.api.toml_file import read_toml
from idverify.credentials.certificates import subject_key_of
from idverify.credentials.credential_types import credential_types
from idverify.credentials.providers import Demand, Provider, WalletTrust
from idverify.credentials.purposes import WALLET_PROVIDER
from idverify.errors import ConfigurationInvalid, InvalidInput, TokenInvalid
from idverify.keys.authority import read_pem

NAME = "IDVERIFY_WALLETS_FILE"
_PROVIDER = frozenset({"name", "roots", "issuers", "clients", "usage"})
_DEMAND = frozenset({"key_storage", "user_authentication"})
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+", re.ASCII)


def load_wallets(file: Path) -> WalletTrust:
    """What the file says. Raises ConfigurationInvalid."""
    document = read_toml(NAME, file)
    _refuse_unknown("", document, {"provider", "keys", "client_attestation"})
    providers = tuple(_provider(file, one) for one in _list_of(document.get("provider", []), dict, "provider"))
    if len({one.name for one in providers}) < len(providers):
        raise ConfigurationInvalid(f"{NAME}: two providers have one name")
    demands = {str(name): _demand(str(name), one) for name, one in _of(document.get("keys", {}), dict, "keys").items()}
    trust = WalletTrust(providers, demands, _of(document.get("client_attestation", False), bool, "client_attestation"))
    if demands and not providers:
        raise ConfigurationInvalid(f"{NAME}: keys are to be attested, and no provider is named whose word would count")
    if trust.client_attestation and not trust.vouches_for_clients:
        raise ConfigurationInvalid(f"{NAME}: wallets are to be attested, and no provider names any as its clients")
    return trust


def _provider(file: Path, raw: dict[str, Any]) -> Provider:
    _refuse_unknown("provider.", raw, _PROVIDER)
    name, usage = (_of(raw.get(one, default), str, one) for one, default in (("name", ""), ("usage", WALLET_PROVIDER)))
    issuers, clients = (_list_of(raw.get(one, []), str, f"provider.{one}") for one in ("issuers", "clients"))
    roots = _roots(file, _of(raw.get("roots", ""), str, "provider.roots"))
    if not name or not roots or not _OID.fullmatch(usage):
        raise ConfigurationInvalid(f"{NAME}: a provider has a name, roots, and as usage an object identifier if any")
    try:
        return Provider(name, roots, frozenset(issuers), frozenset(clients), usage)
    except ValueError:
        raise ConfigurationInvalid(f"{NAME}: {name}: that usage is one of certificates that issue") from None


def _demand(type_name: str, raw: Any) -> Demand:
    if type_name not in credential_types():
        raise ConfigurationInvalid(f"{NAME}: keys.{type_name}: no such credential type")
    levels = _of(raw, dict, f"keys.{type_name}")
    _refuse_unknown(f"keys.{type_name}.", levels, _DEMAND)
    storage, authentication = (
        frozenset(_list_of(levels.get(one, []), str, f"keys.{type_name}.{one}"))
        for one in ("key_storage", "user_authentication")
    )
    return Demand(storage, authentication)


def _roots(file: Path, name: str) -> tuple[bytes, ...]:
    try:
        roots = read_pem((file.parent / name).read_bytes())
        _ = [subject_key_of(one) for one in roots]
    except OSError:
        raise ConfigurationInvalid(f"{NAME} names {name or 'no roots'}, which cannot be read") from None
    except (InvalidInput, TokenInvalid):
        raise ConfigurationInvalid(f"{NAME} names {name}, which is no file of certificates in PEM") from None
    return roots


def _refuse_unknown(where: str, table: dict[str, Any], known: frozenset[str] | set[str]) -> None:
    unknown = sorted(f"{where}{name}" for name in table.keys() - known)
    if unknown:
        raise ConfigurationInvalid(f"{NAME}: unknown: {', '.join(unknown)}")


def _of(value: Any, kind: type, where: str) -> Any:
    if not isinstance(value, kind):
        raise ConfigurationInvalid(f"{NAME}: {where} is of another kind than it should be")
    return value


def _list_of(value: Any, kind: type, where: str) -> list[Any]:
    return [_of(one, kind, where) for one in _of(value, list, where)]
