"""/capture/{session id}: the page on which a person goes through a live session, and its modules (idverify/web/capture).

The page is the same for everybody and knows nothing of any session: the token of the link stands behind the #, which no browser
sends. Language: ?lang, then the cookie that the page's own switch sets, then Accept-Language.
"""

import hashlib
import html
import json
import re
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request, Response

from idverify.api.problems import NotFound
from idverify.ceremonies.session_record import is_session_id

router = APIRouter(include_in_schema=False)
LANGUAGES = {"en": "English", "zh-Hans": "中文"}
"""What the page speaks, by tag (RFC 5646), each as its readers call it; the first where nothing else fits. The page is told."""

LANGUAGE_COOKIE = "idverify_lang"
_KINDS = {
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
_CAMERA_ALONE = "camera=(self), screen-wake-lock=(self), microphone=(), geolocation=(), display-capture=(), payment=(), usb=()"
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?|\[[0-9a-f:.]+\](:\d+)?")


def capture_url(issuer: str, session_id: str, token: str) -> str:
    """The link of a session, or of a hand-over. The token stands behind the #: it reaches no log and no Referer."""
    return f"{issuer.rstrip('/')}/capture/{session_id}#{token}"


@router.get("/capture/{session_id}")
async def capture(request: Request, session_id: str) -> Response:
    """The page, in the language that the person's browser asks for."""
    if not is_session_id(session_id):
        raise NotFound("no such page")
    language = _language(
        request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language")
    )
    headers = {
        "Content-Security-Policy": _policy(request.headers.get("host", "")),
        "Permissions-Policy": _CAMERA_ALONE,
        "Content-Language": language,
        "Vary": "Accept-Language, Cookie",
    }
    return Response(_page(language), headers=headers, media_type="text/html; charset=utf-8")


@router.get("/capture/{build}/{name:path}")
async def asset(build: str, name: str) -> Response:
    """One file of the page. Its address holds the digest of all of them, so it may be kept for ever."""
    ours, known = _assets()
    if name not in known:
        raise NotFound("no such file")
    kept = "public, max-age=31536000, immutable" if build == ours else "no-store"  # another version of ours asked for it
    return Response(known[name], headers={"Cache-Control": kept}, media_type=_KINDS["." + name.rpartition(".")[2]])


def _policy(host: str) -> str:
    """Nothing but this origin's own files; text that is not ours can become no script (Trusted Types, with no policy)."""
    # Older Safari does not take 'self' for the WebSocket of the same host.
    sockets = f" wss://{host}" if _HOST.fullmatch(host) else ""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'{sockets}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _language(*wishes: str | None) -> str:
    """The first of the wishes that can be met; each a list in the form of Accept-Language (RFC 9110 section 12.5.4)."""
    spoken = {_primary(tag): tag for tag in LANGUAGES}
    for wish in wishes:
        for tag in _by_weight(wish or ""):
            if (found := spoken.get(_primary(tag))) is not None:
                return found
    return next(iter(LANGUAGES))


def _primary(tag: str) -> str:
    return tag.partition("-")[0].lower()


def _by_weight(wish: str) -> list[str]:
    weighed = []
    for entry in wish[:200].split(","):
        tag, _, weight = entry.partition(";q=")
        try:
            weighed.append((float(weight or 1), tag.strip()))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(weighed, key=lambda one: -one[0]) if weight > 0]


@cache
def _page(language: str) -> bytes:
    build, known = _assets()
    words = json.loads(known[f"i18n/{language}.json"])
    preloaded = "\n".join(
        f'<link rel="modulepreload" href="/capture/{build}/{name}">' for name in sorted(known) if name.endswith(".mjs")
    )
    facts = {
        "language": language,
        "languages": json.dumps(LANGUAGES),
        "build": build,
        "title": words["cap.title"],
        "noscript": words["cap.noscript"],
        "starting": words["cap.starting"],
    }
    text = (_folder() / "index.html").read_text(encoding="utf-8")
    for name, value in facts.items():
        text = text.replace(f"{{{{{name}}}}}", html.escape(value))
    return text.replace("{{preloaded}}", preloaded).encode()


@cache
def _assets() -> tuple[str, dict[str, bytes]]:
    """A digest of all of them, and each by its path below the folder."""
    known = dict(sorted(_below(_folder(), "")))
    digest = hashlib.sha256()
    for name, content in known.items():
        digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()[:16], known


def _below(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _below(entry, f"{prefix}{entry.name}/")
        elif "." + entry.name.rpartition(".")[2] in _KINDS:
            found.append((prefix + entry.name, entry.read_bytes()))
    return found


def _folder() -> Traversable:
    return files("idverify") / "web" / "capture"
