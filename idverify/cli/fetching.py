"""Fetching what a person named: https only, bounded in size and time, never redirected to another host or scheme."""

import ipaddress
import threading
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException, HTTPMessage
from typing import IO, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from idverify.errors import InvalidInput, TooLarge
from idverify.wallet.transport import Answer

TIMEOUT_SECONDS = 10.0
"""For any one thing that the other side is to do next."""

WHOLE_SECONDS = 60.0
"""For the whole of an answer: who sends a byte every nine seconds is not waited for."""

HOST_SECONDS = 300.0
"""For all that is asked of one host in one go."""

LARGEST_ANSWER = 1024 * 1024
_T = TypeVar("_T")


class ManyFetches:
    """`fetch` for a refresh that asks many: a host that took HOST_SECONDS of it is passed over, so that others have a turn."""

    def __init__(self, host_seconds: float = HOST_SECONDS) -> None:
        self._host_seconds = host_seconds
        self._taken: dict[str, float] = {}

    def __call__(self, url: str, limit: int) -> bytes:
        """As `fetch`."""
        host, began = _required_safe(url).netloc, time.monotonic()
        if self._taken.get(host, 0.0) > self._host_seconds:
            raise InvalidInput(f"{url} is not asked: its host took {self._host_seconds:g} seconds already")
        try:
            return fetch(url, limit)
        finally:
            self._taken[host] = self._taken.get(host, 0.0) + time.monotonic() - began


def fetch(url: str, limit: int) -> bytes:
    """The content at an https URL, or at an http URL of this very machine. limit: bytes. Raises InvalidInput, TooLarge."""
    answer = _asked("GET", url, {"Accept": "application/json"}, None, _SamePlace(), limit)
    if answer.status >= 300:
        raise InvalidInput(f"cannot reach {url}: HTTP {answer.status}")
    return answer.body


def send(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    """A wallet's request (wallet/transport.py) to an address that `fetch` would take. Raises InvalidInput, TooLarge.

    Redirects are answers, not followed: a request that carries a secret goes where it was meant to go.
    """
    return _asked(method, url, headers, body, _NoRedirect(), LARGEST_ANSWER)


def ask_time_stamp(url: str, request: bytes, limit: int) -> bytes:
    """What a time-stamping authority answers to a request (RFC 3161 section 3.4). Raises InvalidInput, TooLarge.

    url: http or https, as the operator named it; redirects are not followed. Plain http is as good here: what is sent is a
    digest and a random number, and the answer is signed over both.
    """
    try:
        parts = urlsplit(url)
        allowed = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        allowed = False
    if not allowed:
        raise InvalidInput("a time-stamping authority is asked at an http or https URL, without a user's name in it")
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    found = _within(WHOLE_SECONDS, url, lambda: _answered("POST", url, headers, request, _NoRedirect(), limit))
    if found.status != 200:
        raise InvalidInput(f"{url} gives no time stamp: HTTP {found.status}")
    return found.body


class _NoRedirect(HTTPRedirectHandler):
    """Follows none: the redirect itself is the answer."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        return None


class _SamePlace(HTTPRedirectHandler):
    """Follows a redirect within the scheme and host that the person named, and no other."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        before, after = urlsplit(req.full_url), urlsplit(newurl)
        if (before.scheme, before.netloc) != (after.scheme, after.netloc):
            raise InvalidInput("it is redirected to another place: name that place itself if you trust it")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _asked(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, redirects: HTTPRedirectHandler, limit: int
) -> Answer:
    """Whatever is answered within WHOLE_SECONDS. Proxies of the environment are for https: plain http stays on this machine."""
    _required_safe(url)
    return _within(WHOLE_SECONDS, url, lambda: _answered(method, url, headers, body, redirects, limit))


def _answered(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, redirects: HTTPRedirectHandler, limit: int
) -> Answer:
    proxies = [] if url.startswith("https:") else [ProxyHandler({})]
    request = Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310
    try:
        try:
            response = build_opener(redirects, *proxies).open(request, timeout=TIMEOUT_SECONDS)
        except HTTPError as refused:
            response = refused
        with response:
            content: bytes = response.read(limit + 1)
            received = {name.lower(): value for name, value in response.headers.items()}
    except (URLError, HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise InvalidInput(f"cannot reach {url}: {reason}") from None
    if len(content) > limit:
        raise TooLarge(f"{url} answers with more than {limit} bytes")
    return Answer(int(response.status or 0), received, content)


def _within(seconds: float, url: str, work: Callable[[], _T]) -> _T:
    """What the work gives, or raises. What is not done in time is left to itself, and ends with the program."""
    done: list[_T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not done:
        raise InvalidInput(f"cannot fetch {url}: no whole answer within {seconds:g} seconds")
    return done[0]


def _required_safe(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        allowed = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts))
    except ValueError:
        allowed = False
    if not allowed or not parts.hostname or parts.username is not None:
        raise InvalidInput("only https URLs, and http URLs of this machine (127.0.0.1), are asked; a file is named by its path")
    return parts


def _is_loopback(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
