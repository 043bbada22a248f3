"""The file that says what a trust list holds (TOML), as an operator writes and reviews it::

operator = {en = "City A", zh-CN = "甲市"}
territory = "CN"

[[issuer]]
name = "City A"                  # without a certificate: this installation itself
types = ["identity_card", "driving_licence"]

[[issuer]]
name = "City B"
certificate = "city-b.pem"       # its root, beside this file
urls = ["https://id.city-b.example"]
types = ["identity_card"]
"""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from idverify.ceremonies.trust_publication import Scheme, own_entity
from idverify.cli.files import read_file
from idverify.credentials.anchors import Anchor
from idverify.credentials.credential_types import credential_types
from idverify.credentials.trust_list_document import Entity
from idverify.errors import InvalidInput

if TYPE_CHECKING:
    from idverify.ceremonies import Vault


def read_scheme(path: Path, vault: "Vault") -> Scheme:
    """What the file says. Raises InvalidInput naming what is wrong with it, SigningUnavailable."""
    try:
        content = tomllib.loads(read_file(path, limit=1024 * 1024).decode("utf-8"))
    except ValueError as error:
        raise InvalidInput(f"{path} is not TOML: {error}") from None
    issuers, territory = content.get("issuer", []), content.get("territory")
    if content.keys() - {"operator", "territory", "issuer"} or not isinstance(issuers, list):
        raise InvalidInput(f"{path}: expected operator, territory, and [[issuer]] tables")
    if territory is not None and not isinstance(territory, str):
        raise InvalidInput(f"{path}: territory is a country's code")
    return Scheme(_operator(path, content.get("operator")), territory, tuple(_issuer(path, one, vault) for one in issuers))


def vct_of(name: str) -> str:
    """The vct of a type of ours by its name; a vct of another's stays as it is. Raises InvalidInput."""
    known = credential_types()
    if name in known:
        return known[name].vct
    if ":" in name:
        return name
    raise InvalidInput(f"{name} is no type of credential: {', '.join(known)}, or the vct of another's")


def _operator(path: Path, value: object) -> dict[str, str]:
    if isinstance(value, dict) and value and all(isinstance(one, str) and one for one in value.values()):
        return value
    raise InvalidInput(f'{path}: operator is its name by language: operator = {{en = "City A"}}')


def _issuer(path: Path, one: Any, vault: "Vault") -> Entity:
    if not isinstance(one, dict) or one.keys() - {"name", "certificate", "urls", "types"}:
        raise InvalidInput(f"{path}: an [[issuer]] has name, types, and for another's root certificate and urls")
    name, types, urls = one.get("name"), one.get("types"), one.get("urls", [])
    if not isinstance(name, str) or not name or not _texts(types) or not types or not _texts(urls):
        raise InvalidInput(f"{path}: an [[issuer]] has a name, a list of types, and where needed a list of urls")
    scope = frozenset(vct_of(type_) for type_ in types)
    if "certificate" not in one:
        return own_entity(vault, scope, name)
    return Entity(Anchor(name, _certificate(path.parent / str(one["certificate"])), scope), tuple(urls))


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)


def _certificate(path: Path) -> bytes:
    try:
        return x509.load_pem_x509_certificate(read_file(path, limit=64 * 1024)).public_bytes(Encoding.DER)
    except ValueError:
        raise InvalidInput(f"{path} is not a certificate in PEM") from None
