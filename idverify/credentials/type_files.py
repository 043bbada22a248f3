"""Types of credential that an operator adds: files in a folder, each like those in types/, refused where one is wrong.

The form of a file is the JSON Schema in type_file.schema.json; here is what a schema cannot say.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from idverify.credentials.credential import RESERVED, SUBJECT
from idverify.credentials.credential_types import CredentialType, adopt, shipped_types, type_from
from idverify.credentials.mdoc import CONFIGURATION
from idverify.credentials.reading import strict_object, walk
from idverify.credentials.type_schema import first_misfit, unusable_schema
from idverify.errors import ConfigurationInvalid, TokenInvalid

LARGEST_FILE = 65_536
PERIOD = "period"
"""The one claim that is a period: issuing works it out, and no document says it."""
_NOT_NAMES = frozenset({"seal"})  # in a trust scheme it stands beside types and is none
_REFERENCES = frozenset({"$ref", "$dynamicRef", "$id", "$schema"})


def adopt_types(folder: Path) -> None:
    """Know the types in the folder too, in this process. Raises ConfigurationInvalid, naming the file and what is wrong."""
    adopt(read_types(folder))


def read_types(folder: Path) -> Mapping[str, CredentialType]:
    """The types of the folder's `NAME.json`, by name. Other files are passed over.

    Raises ConfigurationInvalid: no folder, none in it, a file that is no type, or one that takes what another type has.
    """
    try:
        found = sorted(one for one in folder.iterdir() if one.suffix == ".json")
    except OSError as error:
        raise ConfigurationInvalid(f"credential types: cannot read the folder {folder}: {error.strerror}") from None
    if not found:
        raise ConfigurationInvalid(f"credential types: {folder} holds no NAME.json")
    known = dict(shipped_types())
    for path in found:
        wrong = _wrong_name(path.stem, known)
        raw = {} if wrong else _parsed(path)
        wrong = wrong or wrong_with(raw) or _taken(type_from(path.stem, raw), known)
        if wrong:
            raise ConfigurationInvalid(f"credential types: {path.name}: {wrong}")
        known[path.stem] = type_from(path.stem, raw)
    return {name: type_ for name, type_ in known.items() if name not in shipped_types()}


def wrong_with(raw: Mapping[str, Any]) -> str | None:
    """Why a parsed file is no type; None where it is one."""
    wrong = first_misfit(_form(), raw)
    return wrong or next((one for check in _CHECKS for one in check(raw)), None)


def _schema_can_be_used(raw: Mapping[str, Any]) -> Iterator[str]:
    wrong = unusable_schema(raw["schema"])
    if wrong:
        yield f"schema: {wrong}"
    inside = [one for part in ("properties", "required") for _, one in walk(raw["schema"][part])]
    if any(isinstance(one, str) and one in _REFERENCES for one in inside):
        yield "schema: it must hold all its rules itself"


def _claims_have_names_of_their_own(raw: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted((RESERVED | {SUBJECT}) & raw["schema"]["properties"].keys()):
        yield f"schema: the claim {name} belongs to the format"


def _everything_named_is_a_claim(raw: Mapping[str, Any]) -> Iterator[str]:
    claims = raw["schema"]["properties"].keys()
    named: dict[str, list[str]] = {
        "schema/required": raw["schema"]["required"],
        "disclosed": raw["disclosed"],
        "registry": list(raw["registry"]),
        "labels": list(raw["labels"]),
        "ends_with": [raw["ends_with"]] if "ends_with" in raw else [],
        **{f"slips/{purpose}": kind["claims"] for purpose, kind in raw["slips"].items()},
    }
    for where, names in named.items():
        for name in names:
            if name not in claims:
                yield f"{where}: {name} is not among the properties of the schema"


def _the_end_is_a_day(raw: Mapping[str, Any]) -> Iterator[str]:
    rule = raw["schema"]["properties"].get(raw.get("ends_with"), {"format": "date"})
    if rule.get("format") != "date" and raw["ends_with"] != PERIOD:
        yield f"ends_with: a claim of `format` date, or {PERIOD}"


def _nothing_is_left_out(raw: Mapping[str, Any]) -> Iterator[str]:
    claims = raw["schema"]["properties"].keys()
    for name in claims - raw["labels"].keys():
        yield f"labels: {name} has none"
    if "ends_with" in raw and raw["ends_with"] not in raw["schema"]["required"]:
        yield "ends_with: the schema does not require that claim, and a credential without it would not end with it"
    said = [claim for elements in raw["mdoc"]["namespaces"].values() for claim in elements.values()]
    if sorted(said) != sorted([*claims, SUBJECT]):
        yield f"mdoc: its elements must say each claim and {SUBJECT}, and each once"
    if CONFIGURATION in raw["slips"]:
        yield f"slips: {CONFIGURATION} is the name of a format"


_CHECKS: tuple[Callable[[Mapping[str, Any]], Iterator[str]], ...] = (
    _schema_can_be_used,
    _claims_have_names_of_their_own,
    _everything_named_is_a_claim,
    _the_end_is_a_day,
    _nothing_is_left_out,
)


def _wrong_name(name: str, known: Mapping[str, CredentialType]) -> str | None:
    if name in known or name in _NOT_NAMES:
        return "a type of that name is shipped, and no file redefines it"
    if not (name.isascii() and name.isidentifier() and name == name.lower() and len(name) <= 40):
        return "name it in small letters, digits and _"
    return None


def _taken(type_: CredentialType, known: Mapping[str, CredentialType]) -> str | None:
    for other in known.values():
        if other.vct == type_.vct:
            return f"vct: {other.name} has it"
        if other.mdoc.doctype == type_.mdoc.doctype:
            return f"mdoc: {other.name} has that doctype"
    return None


def _parsed(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigurationInvalid(f"credential types: {path.name}: cannot be read: {error.strerror}") from None
    if len(data) > LARGEST_FILE:
        raise ConfigurationInvalid(f"credential types: {path.name}: larger than {LARGEST_FILE} bytes")
    try:
        return strict_object(data)
    except TokenInvalid as error:
        raise ConfigurationInvalid(f"credential types: {path.name}: {error.code}: it is no strict JSON object") from None


@cache
def _form() -> Mapping[str, Any]:
    return strict_object((files("idverify.credentials") / "type_file.schema.json").read_bytes())
