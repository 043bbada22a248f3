"""Keeping what a relying party holds fresh: trust lists from where they were added, then the issuers' keys and status lists.

Each thing that cannot be had is reported, and what was held before stays. Only addresses that a trusted list names are asked,
and those below them that an issuer names.
"""

from collections.abc import Callable
from dataclasses import dataclass

from idverify.credentials import status_list, trust_list
from idverify.credentials.reading import strict_object
from idverify.credentials.status_list_cwt import is_cwt
from idverify.credentials.status_reference import lists_uri
from idverify.errors import Fault, IdverifyError, InputError, InvalidInput, TokenInvalid
from idverify.relying.folder import Holdings

Fetch = Callable[[str, int], bytes]
"""An address and the most bytes that it may hold -> its content. Raises InputError."""

Clock = Callable[[], float]
"""Seconds since the epoch."""

MOST_STATUS_LISTS = 1024
_DOCUMENT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing that was asked for, and why it did not come. what: trust_list, issuer_keys, status_lists, status_list."""

    what: str
    url: str
    error: IdverifyError | None = None


def refresh(holdings: Holdings, fetch: Fetch, now: Clock) -> tuple[Attempt, ...]:
    """Fetch everything anew and say how each fared. now: the clock; what comes after a slow answer is younger.

    Raises KeyUnavailable where the folder cannot be used, and a leaf of TokenInvalid where a list in it was altered.
    """
    sources = [(one.pin, one.source) for one in holdings.lists() if one.source is not None]
    attempts = [_list(holdings, fetch, pin, source, now) for pin, source in sources]
    try:
        issuers = {issuer: None for one in holdings.anchors(now()) for issuer in one.issuers}
    except TokenInvalid:
        return tuple(attempts)  # no list is in force: there is nobody to ask
    for issuer in issuers:
        attempts += _issuer(holdings, fetch, issuer, now)
    holdings.prune(now())
    return tuple(attempts)


def _list(holdings: Holdings, fetch: Fetch, pin: str, source: str, now: Clock) -> Attempt:
    def accept() -> None:
        holdings.accept_list(fetch(source, trust_list.LARGEST).strip(), pin, now=now())

    return _attempt("trust_list", source, accept)


def _issuer(holdings: Holdings, fetch: Fetch, issuer: str, now: Clock) -> list[Attempt]:
    base = issuer.rstrip("/")
    keys, aggregation = f"{base}/.well-known/jwt-vc-issuer", lists_uri(issuer)
    attempts = [_attempt("issuer_keys", keys, lambda: holdings.store_issuer_keys(fetch(keys, _DOCUMENT), issuer, now=now()))]
    uris: list[str] = []
    attempts.append(_attempt("status_lists", aggregation, lambda: uris.extend(_named(fetch(aggregation, _DOCUMENT), base))))
    return attempts + [_status(holdings, fetch, uri, now) for uri in uris]


def _status(holdings: Holdings, fetch: Fetch, uri: str, now: Clock) -> Attempt:
    def store() -> None:
        token = fetch(uri, status_list.LARGEST)
        holdings.store_status(token if is_cwt(token) else token.strip(), now=now(), uri=uri)

    return _attempt("status_list", uri, store)


def _attempt(what: str, url: str, work: Callable[[], object]) -> Attempt:
    try:
        work()
    except (InputError, TokenInvalid, Fault) as error:
        return Attempt(what, url, error)
    return Attempt(what, url)


def _named(raw: bytes, issuer: str) -> list[str]:
    """The addresses of an issuer's status lists, all below its own. Raises InvalidInput."""
    try:
        document = strict_object(raw)
    except TokenInvalid:
        document = {}
    uris = document.get("status_lists")
    if not isinstance(uris, list) or len(uris) > MOST_STATUS_LISTS:
        raise InvalidInput(f"{issuer} does not publish its status lists: expected a JSON object with status_lists")
    if not all(isinstance(one, str) and one.startswith(issuer + "/") for one in uris):
        raise InvalidInput(f"{issuer} names a status list that is not below its own address")
    return uris
