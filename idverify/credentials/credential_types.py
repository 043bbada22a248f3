"""The kinds of credential, each a file: those in types/ and those that an operator adds (type_files.py).

A file holds: `vct`; `display` by language (name, description, background and text colour of the card); `schema`, a JSON Schema
(draft 2020-12) of the claims; `labels` of the claims by language; `disclosed`, the claims every reader sees (all others are
disclosed one by one); `registry`, which claim comes from which claim of enrolment (the rest comes from the document on file);
`validity_days`; `ends_with`, a claim (a day or a period) that ends the credential sooner; `status_bits`, 1 (valid, revoked) or
2 (also suspended); `live_renewal`, whether each new one asks for a new live session; `slips`, by purpose the claims of a QR
code and whether the person chooses among them; `mdoc`, the doctype and by namespace which element says which claim, `sub`
among them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from idverify.errors import ConfigurationInvalid


@dataclass(frozen=True, slots=True)
class SlipKind:
    """What a QR code for one purpose says. selective: the person chooses what to show; portrait: with a small picture."""

    claims: tuple[str, ...]
    selective: bool
    portrait: bool


@dataclass(frozen=True, slots=True)
class MdocKind:
    """The type as an mdoc (ISO/IEC 18013-5). namespaces: by name, the elements in it and the claim that each of them says."""

    doctype: str
    namespaces: Mapping[str, Mapping[str, str]]

    def place(self, claim: str) -> tuple[str, str]:
        """Namespace and element of a claim. Raises KeyError where the type has no such claim."""
        for namespace, elements in self.namespaces.items():
            for element, name in elements.items():
                if name == claim:
                    return namespace, element
        raise KeyError(claim)


@dataclass(frozen=True, slots=True)
class CredentialType:
    """One kind of credential. name: of its file. See the module's docstring for the rest."""

    name: str
    vct: str
    display: Mapping[str, Mapping[str, str]]
    schema: Mapping[str, Any]
    labels: Mapping[str, Mapping[str, str]]
    disclosed: frozenset[str]
    registry: Mapping[str, str]
    validity_days: int
    ends_with: str | None
    status_bits: int
    live_renewal: bool
    slips: Mapping[str, SlipKind]
    mdoc: MdocKind

    @property
    def claims(self) -> frozenset[str]:
        """The names of all claims that the type declares."""
        return frozenset(self.schema["properties"])


# What this process adds to the types that are shipped: vocabulary, like the formats that it knows. Set once, before anything
# is read (adopt); whoever validates asks for a type by its vct alone, deep within a text.
_added: Mapping[str, CredentialType] = MappingProxyType({})


def credential_types() -> Mapping[str, CredentialType]:
    """Every type that this process knows, by the name of its file."""
    return MappingProxyType({**shipped_types(), **_added}) if _added else shipped_types()


def adopt(added: Mapping[str, CredentialType]) -> None:
    """Know these types too, from now on, in this process. The composition root and the command line call it as they start.

    Safe to repeat with the same. Raises ConfigurationInvalid for others than before.
    """
    global _added  # noqa: PLW0603  the one place that sets it
    if _added and dict(_added) != dict(added):
        raise ConfigurationInvalid("this process knows other credential types already: start another one for these")
    _added = MappingProxyType(dict(added))


@cache
def shipped_types() -> Mapping[str, CredentialType]:
    """Every type that comes with the package, by the name of its file."""
    folder = files("idverify.credentials") / "types"
    found = {one.name.removesuffix(".json"): one for one in folder.iterdir() if one.name.endswith(".json")}
    return MappingProxyType({name: type_from(name, json.loads(found[name].read_text("utf-8"))) for name in sorted(found)})


def type_of_vct(vct: str) -> CredentialType | None:
    """The type of that vct."""
    return next((one for one in credential_types().values() if one.vct == vct), None)


def type_of_doctype(doctype: str) -> CredentialType | None:
    """The type of that doctype."""
    return next((one for one in credential_types().values() if one.mdoc.doctype == doctype), None)


def type_from(name: str, raw: Mapping[str, Any]) -> CredentialType:
    """The type that a file of that name says, as parsed."""
    return CredentialType(
        name=name,
        vct=raw["vct"],
        display=raw["display"],
        schema=raw["schema"],
        labels=raw["labels"],
        disclosed=frozenset(raw["disclosed"]),
        registry=raw["registry"],
        validity_days=raw["validity_days"],
        ends_with=raw.get("ends_with"),
        status_bits=raw["status_bits"],
        live_renewal=raw["live_renewal"],
        slips={
            purpose: SlipKind(tuple(one["claims"]), one.get("selective", False), one.get("portrait", False))
            for purpose, one in raw["slips"].items()
        },
        mdoc=MdocKind(raw["mdoc"]["doctype"], raw["mdoc"]["namespaces"]),
    )
