"""Claims of a credential as elements of an mdoc, and back: days are tagged 1004, what a type has in base64 are bytes."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from idverify.credentials import cose
from idverify.credentials.credential_types import CredentialType

_TIME = "%Y-%m-%dT%H:%M:%SZ"


def element_of(type_: CredentialType, claim: str, value: Any) -> Any:
    """The value of an element, from that of a claim that fits the type's schema."""
    match _rule(type_, claim):
        case {"format": "date"}:
            return cose.Tag(cose.FULL_DATE, value)
        case {"contentEncoding": "base64"}:
            return b64decode(value)
    return value


def claim_of(type_: CredentialType, claim: str, element: Any) -> Any:
    """The value of a claim, as every other format of credential has it. Raises ValueError for one of another kind."""
    match _rule(type_, claim):
        case {"format": "date"} if type(element) is cose.Tag and element.tag == cose.FULL_DATE and type(element.value) is str:
            return element.value
        case {"contentEncoding": "base64"} if type(element) is bytes:
            return b64encode(element).decode("ascii")
        case {"format": "date"} | {"contentEncoding": "base64"}:
            raise ValueError("not a day, or not bytes")
    texts = type(element) is list and all(type(one) is str for one in element)
    if type(element) not in (str, int, bool) and not texts:
        raise ValueError("not what a claim can be")
    return element


def time_of(seconds: float) -> Any:
    """`tdate` (section 7.2.1): a time in UTC, to the second."""
    return cose.Tag(cose.DATE_TIME, datetime.fromtimestamp(seconds, UTC).strftime(_TIME))


def seconds_of(time: Any) -> int | None:
    """Seconds since the epoch of such a time; None for anything else, other spellings of a time among it."""
    if type(time) is not cose.Tag or time.tag != cose.DATE_TIME or type(time.value) is not str:
        return None
    try:
        found = datetime.strptime(time.value, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(found.timestamp()) if found.strftime(_TIME) == time.value else None


def _rule(type_: CredentialType, claim: str) -> Mapping[str, Any]:
    rule: Mapping[str, Any] = type_.schema["properties"].get(claim, {})
    return rule
