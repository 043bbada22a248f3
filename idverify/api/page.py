"""/openapi.json, and /docs: the same document as a page that needs no script and no network."""

import html
import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request, Response
from jinja2 import Environment, select_autoescape
from markupsafe import Markup

from idverify.api.encoding import dumps
from idverify.api.openapi import document, examples
from idverify.api.problems import NotFound

router = APIRouter(include_in_schema=False)
_CACHE = {"Cache-Control": "public, max-age=300"}


@router.get("/openapi.json")
async def openapi_json(request: Request) -> Response:
    """The OpenAPI document."""
    return Response(_rendered(request.app)[0], headers=_CACHE, media_type="application/json")


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The OpenAPI document for a person."""
    return Response(_rendered(request.app)[1], headers=_CACHE, media_type="text/html; charset=utf-8")


@router.get("/docs/examples/{operation}/{name}.json")
async def example(operation: str, name: str) -> Response:
    """The body of one example, to be piped into the call."""
    found = examples().get(operation, {}).get(name)
    if found is None:
        raise NotFound("no such example")
    return Response(dumps(found["value"]), headers=_CACHE, media_type="application/json")


def _as_html(text: str) -> str:
    """The little Markdown of our descriptions: paragraphs, tables, bold, code."""
    blocks = []
    for block in html.escape(text.strip()).split("\n\n"):
        lines = block.splitlines()
        if lines[0].startswith("|"):
            rows = [line.strip("|").split("|") for line in lines if not line.startswith("|-")]
            cells = ("".join(f"<td>{cell.strip()}</td>" for cell in row) for row in rows)
            blocks.append("<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>")
        else:
            blocks.append(f"<p>{block}</p>")
    marked = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", "\n".join(blocks))
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", marked)


@cache
def _template() -> Any:
    environment = Environment(autoescape=select_autoescape(default=True), trim_blocks=True, lstrip_blocks=True)
    environment.filters["markdown"] = lambda text: Markup(_as_html(text))  # noqa: S704 -- escaped there
    environment.filters["pretty"] = lambda value: json.dumps(value, indent=2, ensure_ascii=False)
    return environment.from_string((files("idverify.api") / "docs.html").read_text(encoding="utf-8"))


def _rendered(app: Any) -> tuple[bytes, bytes]:
    """Document and page, made once per app."""
    made: tuple[bytes, bytes] | None = getattr(app.state, "openapi", None)
    if made is None:
        built = document(app)
        made = app.state.openapi = (dumps(built), _template().render(api=built).encode())
    return made
