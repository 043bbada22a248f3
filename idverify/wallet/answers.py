"""Reading what an issuer answers: JSON with the members that the wallet needs, or a refusal in the issuer's words."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from idverify.wallet.errors import IssuerRefused
from idverify.wallet.transport import Answer

MALFORMED = "answer"
LONGEST_WORD = 60
_MEANINGS = {
    "invalid_grant": " (a wrong code, or the offer was taken or has ended: ask the issuer, or for a new offer)",
    "invalid_dpop_proof": " (most often a clock that is wrong)",
    "credential_request_denied": " (revoked, suspended or not on file any more, or it takes a new live verification)",
    "signing_unavailable": " (the issuer cannot sign now; once it can, `idverify wallet renew` fetches it)",
    "offer_not_found": " (it has ended, or was taken: ask the issuer for a new one)",
}
_Kind = TypeVar("_Kind")


def parse(content: bytes | str, what: str) -> dict[str, Any]:
    """The JSON object. Raises IssuerRefused."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise IssuerRefused(f"{what} is not a JSON object", MALFORMED)
    return found


def granted(answer: Answer, what: str) -> dict[str, Any]:
    """The JSON object of a good answer. Raises IssuerRefused with the issuer's own word for a bad one."""
    if 200 <= answer.status < 300:
        return parse(answer.body, what)
    word = refusal(answer) or f"HTTP {answer.status}"
    raise IssuerRefused(f"{what} was refused: {word}{_MEANINGS.get(word, '')}", word)


def refusal(answer: Answer) -> str | None:
    """The issuer's word for a refusal (RFC 6749 section 5.2, or the code of a problem document); None where it has none."""
    if 200 <= answer.status < 300:
        return None
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    word = (said.get("error") or said.get("code")) if isinstance(said, dict) else None
    printable = isinstance(word, str) and word.isascii() and word.isprintable() and len(word) <= LONGEST_WORD
    return word if printable else None


def member(found: Mapping[str, Any], name: str, kind: type[_Kind], what: str) -> _Kind:
    """A member of that kind. Raises IssuerRefused where it is missing or of another."""
    value = found.get(name)
    if not isinstance(value, kind):
        raise IssuerRefused(f"{what} lacks {name}, or it is of the wrong kind", MALFORMED)
    return value
