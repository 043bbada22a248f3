"""Fetching what a person named: https only, bounded in size and time, never redirected to another host or scheme."""

import ipaddress
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from idverify.errors import InvalidInput, TooLarge
from idverify.wallet.transport import Answer

TIMEOUT_SECONDS = 10.0
LARGEST_ANSWER = 1024 * 1024


def fetch(url: str, limit: int) -> bytes:
    """The content at an https URL, or at an http URL of this very machine. limit: bytes. Raises InvalidInput, TooLarge."""
    _require_safe(url)
    try:
        with _opener(url).open(Request(url, headers={"Accept": "application/json"}), timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
            content: bytes = response.read(limit + 1)
    except (URLError, HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise InvalidInput(f"cannot fetch {url}: {reason}") from None
    if len(content) > limit:
        raise TooLarge(f"{url} holds more than {limit} bytes")
    return content


def send(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    """A wallet's request (wallet/transport.py) to an address that `fetch` would take. Raises InvalidInput, TooLarge.

    Redirects are answers, not followed: a request that carries a secret goes where it was meant to go.
    """
    _require_safe(url)
    proxies = [] if url.startswith("https:") else [ProxyHandler({})]
    request = Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310
    try:
        try:
            response = build_opener(_NoRedirect(), *proxies).open(request, timeout=TIMEOUT_SECONDS)
        except HTTPError as refused:
            response = refused
        with response:
            content: bytes = response.read(LARGEST_ANSWER + 1)
            received = {name.lower(): value for name, value in response.headers.items()}
    except (URLError, HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise InvalidInput(f"cannot reach {url}: {reason}") from None
    if len(content) > LARGEST_ANSWER:
        raise TooLarge(f"{url} answers with more than {LARGEST_ANSWER} bytes")
    return Answer(int(response.status or 0), received, content)


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
            raise InvalidInput("the key set is redirected to another place: name that place itself if you trust it")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(url: str) -> OpenerDirector:
    """Proxies of the environment are for https: plain http stays on this machine."""
    return build_opener(_SamePlace()) if url.startswith("https:") else build_opener(_SamePlace(), ProxyHandler({}))


def _require_safe(url: str) -> None:
    try:
        parts = urlsplit(url)
        allowed = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts))
    except ValueError:
        allowed = False
    if not allowed or not parts.hostname or parts.username is not None:
        raise InvalidInput("only https URLs, and http URLs of this machine (127.0.0.1), are asked; a file is named by its path")


def _is_loopback(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
