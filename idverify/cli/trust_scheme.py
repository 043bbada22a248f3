"""The file that says what a trust list holds (TOML), as an operator writes and reviews it::

operator = {en = "City A", zh-CN = "甲市"}    # one of them is the name of this installation's root

[contact]                                     # of the operator, in English
street = "1 Example Road"
locality = "City A"                           # region and postal_code too, where there are any
country = "CN"
electronic = ["mailto:id@city-a.example"]
information = ["https://city-a.example/id"]   # pages that say who the operator is and how issuers come to be listed

[[issuer]]
name = "City A"                  # without a certificate: this installation itself, reached as its operator is
types = ["identity_card", "driving_licence", "seal"]    # "seal": its seals on documents are believed too

[[issuer]]
name = "City B"
certificate = "city-b.pem"       # its root, beside this file
urls = ["https://id.city-b.example"]    # the names that it may issue in, as its credentials spell them (iss)
types = ["identity_card"]
contact = {street = "2 Example Road", country = "CN", electronic = ["mailto:id@city-b.example"], information = ["https://city-b.example"]}
"""

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from idverify.ceremonies.trust_publication import Scheme, own_entity
from idverify.cli.files import read_file
from idverify.credentials.anchors import Anchor
from idverify.credentials.credential_types import credential_types
from idverify.credentials.trust_list_document import Contact, Entity
from idverify.errors import InvalidInput
from idverify.keys.authority import operator_of
from idverify.seals import SEAL, SEALING

if TYPE_CHECKING:
    from idverify.ceremonies import Vault


def read_scheme(path: Path, vault: "Vault") -> Scheme:
    """What the file says. Raises InvalidInput naming what is wrong with it, SigningUnavailable."""
    try:
        content = tomllib.loads(read_file(path, limit=1024 * 1024).decode("utf-8"))
    except ValueError as error:
        raise InvalidInput(f"{path} is not TOML: {error}") from None
    issuers = content.get("issuer", [])
    if content.keys() - {"operator", "contact", "issuer"} or not isinstance(issuers, list):
        raise InvalidInput(f"{path}: expected operator, [contact], and [[issuer]] tables")
    operator = _operator(path, content.get("operator"), vault)
    contact = _contact(path, "the operator", content.get("contact"))
    return Scheme(operator, contact, tuple(_issuer(path, one, vault, contact) for one in issuers))


def vct_of(name: str) -> str:
    """The vct of a type of ours by its name, or the scope of seals; a vct of another's stays as it is. Raises InvalidInput."""
    known = credential_types()
    if name == SEAL:
        return SEALING
    if name in known:
        return known[name].vct
    if ":" in name:
        return name
    raise InvalidInput(f"{name} is no type of credential: {', '.join([*known, SEAL])}, or the vct of another's")


def _operator(path: Path, value: object, vault: "Vault") -> dict[str, str]:
    if not isinstance(value, dict) or not value or not all(isinstance(one, str) and one for one in value.values()):
        raise InvalidInput(f'{path}: operator is its name by language: operator = {{en = "City A"}}')
    organisation, _ = operator_of(vault.trust_list_keys.current.chain[0])
    if organisation and organisation not in value.values():  # a root that names none is refused when the list is signed
        raise InvalidInput(
            f"{path}: the operator is {', '.join(value.values())}, but the root of this installation is of {organisation}: "
            f"give operator that name in one of the languages, letter by letter, or make a root of the other name"
        )
    return value


def _issuer(path: Path, one: Any, vault: "Vault", operators: Contact) -> Entity:
    if not isinstance(one, dict) or one.keys() - {"name", "certificate", "urls", "types", "contact"}:
        raise InvalidInput(f"{path}: an [[issuer]] has name, types, and for another's root certificate, urls and contact")
    name, types, urls = one.get("name"), one.get("types"), one.get("urls", [])
    if not isinstance(name, str) or not name or not _texts(types) or not types or not _texts(urls):
        raise InvalidInput(f"{path}: an [[issuer]] has a name, a list of types, and where needed a list of urls")
    scope = frozenset(vct_of(type_) for type_ in types)
    contact = _contact(path, name, one.get("contact")) if "contact" in one or "certificate" in one else operators
    if "certificate" not in one:
        if urls:
            raise InvalidInput(f"{path}: {name} has no certificate, so it is this installation, whose url is IDVERIFY_ISSUER")
        return own_entity(vault, scope, name, contact)
    if not urls:
        raise InvalidInput(f"{path}: {name} needs urls, the names that it may issue in, as its credentials spell them (iss)")
    return Entity(Anchor(name, _certificate(path.parent / str(one["certificate"])), scope, tuple(urls)), contact)


_ASKED = ("street", "country", "electronic", "information")
_OPTIONAL = ("locality", "region", "postal_code")


def _contact(path: Path, whose: str, value: object) -> Contact:
    """Where that entity is reached; none is made up for it."""
    wanted = f"{path}: the contact of {whose} has {', '.join(_ASKED)}, and where they apply {', '.join(_OPTIONAL)}"
    if not isinstance(value, dict) or value.keys() - {*_ASKED, *_OPTIONAL} or not value.keys() >= {*_ASKED}:
        raise InvalidInput(wanted)
    if not all(
        isinstance(value[name], str) and value[name].strip() for name in value.keys() & {"street", "country", *_OPTIONAL}
    ):
        raise InvalidInput(f"{wanted}; each part of the postal address is a text")
    if not re.fullmatch("[A-Z]{2}", value["country"]):
        raise InvalidInput(f'{wanted}; the country is two capital letters (ISO 3166-1): "CN"')
    for name, schemes in (("electronic", ("mailto:", "https://")), ("information", ("https://",))):
        if not _texts(value[name]) or not value[name] or not all(one.startswith(schemes) for one in value[name]):
            raise InvalidInput(f"{wanted}; {name} is a list of URIs that begin with {' or '.join(schemes)}")
    return Contact(**value | {name: tuple(value[name]) for name in ("electronic", "information")})


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)


def _certificate(path: Path) -> bytes:
    content = read_file(path, limit=64 * 1024)
    try:
        return x509.load_pem_x509_certificate(content).public_bytes(Encoding.DER)
    except Exception:  # the parser names half a dozen of its own
        raise InvalidInput(f"{path} is not a certificate in PEM") from None
