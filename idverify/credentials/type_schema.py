"""Holding the claims of a credential, or the part of them that a document on file holds, against the schema of their type."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, SchemaError, ValidationError

from idverify.credentials.credential_types import CredentialType, credential_types
from idverify.errors import InvalidInput


def fitting(type_: CredentialType, claims: Mapping[str, Any]) -> None:
    """Raise InvalidInput, naming the claim and never its value, unless the claims are what the type's schema asks for."""
    try:
        json.dumps(claims, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, TypeError):
        raise InvalidInput(f"{type_.name}: a claim is not JSON in Unicode") from None
    wrong = misfit(type_, type_.claims, claims)
    if wrong is not None:
        raise InvalidInput(f"{type_.name}: {wrong}")


def misfit(type_: CredentialType, names: frozenset[str], claims: Mapping[str, Any]) -> str | None:
    """Why these claims do not fit, by place and rule and never by value; None where they do.

    names: of the claims that the part may hold. Those of them that the type requires must be there; others of the type not.
    """
    error = _first(_validator(type_.name, names), claims)
    if error is None:
        return None
    if error.validator == "required":
        return "missing: " + ", ".join(name for name in error.validator_value if name not in claims)
    if error.validator == "additionalProperties":
        return f"a claim that is not of this type, or does not come from here; known: {', '.join(sorted(names))}"
    return f"{'/'.join(str(step) for step in error.absolute_path)}: does not fit `{error.validator}` of the type"


def first_misfit(schema: Mapping[str, Any], found: Mapping[str, Any]) -> str | None:
    """Where something that is nobody's secret does not fit a schema, and why; None where it fits."""
    error = _first(Draft202012Validator(schema), found)
    return None if error is None else f"{'/'.join(str(step) for step in error.absolute_path) or 'at the top'}: {error.message}"


def unusable_schema(schema: Mapping[str, Any]) -> str | None:
    """Why this is no JSON Schema of draft 2020-12; None where it is one."""
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return str(error.message)
    return None


def _first(validator: Draft202012Validator, found: Mapping[str, Any]) -> ValidationError | None:
    errors = validator.iter_errors(dict(found))
    return min(errors, key=lambda one: [str(step) for step in one.absolute_path], default=None)


@lru_cache(maxsize=64)
def _validator(name: str, names: frozenset[str]) -> Draft202012Validator:
    schema = credential_types()[name].schema
    part = {
        **schema,
        "properties": {claim: rule for claim, rule in schema["properties"].items() if claim in names},
        "required": [claim for claim in schema["required"] if claim in names],
    }
    return Draft202012Validator(part, format_checker=Draft202012Validator.FORMAT_CHECKER)
