"""The capture page as it is served: who may do what with it, in which language, and from where."""

import re
from functools import partial
from pathlib import Path

import pytest

from idverify.ceremonies.clients import allow_return

from .support import Running, code_of, in_base64
from .test_stream import body

SESSION = "ses_" + "0" * 32


def test_the_page_allows_itself_nothing_but_its_own_files_and_the_camera(service: Running) -> None:
    """No inline script or style, no frame around it, no other origin; text can become no script."""
    with service.stranger() as client:
        page = client.get(f"/capture/{SESSION}")
        assert page.status_code == 200
        policy = dict(part.strip().partition(" ")[::2] for part in page.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["connect-src"] == f"'self' wss://{service.url.removeprefix('http://')}"
        assert policy["require-trusted-types-for"] == "'script'"
        assert page.headers["permissions-policy"].startswith("camera=(self)")
        assert "microphone=()" in page.headers["permissions-policy"]
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["cache-control"] == "no-store"
        assert not re.search(r"<script(?![^>]*src=)| style=| on\w+=|https?:", page.text)
        for address in re.findall(r'(?:href|src)="([^"]+)"', page.text):
            found = client.get(address)
            assert found.status_code == 200, address
            assert "immutable" in found.headers["cache-control"]
            assert found.headers["content-type"].startswith(("text/javascript", "text/css", "image/svg+xml"))


def test_a_host_that_is_none_enters_no_policy(service: Running) -> None:
    """What a caller writes into the Host header could otherwise add a directive to its own page."""
    with service.stranger() as client:
        page = client.get(f"/capture/{SESSION}", headers={"Host": "a; script-src *"})
        assert "connect-src 'self';" in page.headers["content-security-policy"]
        assert "*" not in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("query", "cookie", "accepted", "spoken"),
    [
        ("", None, None, "en"),
        ("", None, "zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("", None, "fr, zh;q=0.2, en;q=0.7", "en"),
        ("", None, "fr;q=x, zh;q=0", "en"),
        ("", "zh-Hans", "en", "zh-Hans"),
        ("?lang=en", "zh-Hans", "zh", "en"),
        ("?lang=ZH-tw", None, "en", "zh-Hans"),
        ("?lang=%22%3E%3Cscript%3E", "<script>", "en", "en"),
    ],
)
def test_the_language_is_the_links_then_the_cookies_then_the_browsers(
    service: Running, query: str, cookie: str | None, accepted: str | None, spoken: str
) -> None:
    """What cannot be met, or is nonsense, is passed over."""
    headers = {
        **({"Accept-Language": accepted} if accepted else {}),
        **({"Cookie": f"idverify_lang={cookie}"} if cookie else {}),
    }
    with service.stranger() as client:
        page = client.get(f"/capture/{SESSION}{query}", headers=headers)
    assert page.headers["content-language"] == spoken
    assert f'<html lang="{spoken}" ' in page.text
    assert ("身份核验" in page.text) == (spoken == "zh-Hans")


@pytest.mark.parametrize(
    "path",
    ["ses_1", "..%2f..%2fpyproject.toml", "x/index.html", "x/../../validator/index.mjs", "x/%2e%2e/validator/index.mjs", "x/"],
)
def test_nothing_but_the_page_and_its_files_is_served(service: Running, path: str) -> None:
    """Neither an address of another form nor any way out of the folder."""
    with service.stranger() as client:
        assert code_of(client.get(f"/capture/{path}"))[0] == 404


def test_a_file_that_another_version_of_the_page_asks_for_is_not_kept(service: Running) -> None:
    """While a fleet is updated, old pages meet new services: what they get is right today alone."""
    with service.stranger() as client:
        found = client.get("/capture/0123456789abcdef/main.mjs")
        assert (found.status_code, found.headers["cache-control"]) == (200, "no-store")


def test_a_return_url_is_refused_unless_it_is_registered_and_comes_back_in_the_link(service: Running, samples: Path) -> None:
    """Over HTTP as in the ceremony: an address of somebody else's makes no session; the right one is told at the end alone."""
    url = "https://hotel.example/checked?desk=3"
    asked = partial(body, reference=in_base64((samples / "obama2.jpg").read_bytes()))
    client_id, key = service.new_key("sessions:create")
    with service.stranger(headers={"Authorization": f"Bearer {key}"}) as backend:
        assert code_of(backend.post("/v1/sessions", json=asked(return_url=url))) == (403, "return_url_not_allowed")
        allow_return(service.parts, client_id, url, actor="tester")
        for wrong in (url + "&next=//evil.example", url.replace("hotel", "evil")):
            assert code_of(backend.post("/v1/sessions", json=asked(return_url=wrong))) == (403, "return_url_not_allowed")
        for rest in ({"state": "s"}, {"return_url": url, "state": "a\nb"}, {"return_url": url, "state": 513 * "s"}):
            assert code_of(backend.post("/v1/sessions", json=asked(**rest))) == (400, "invalid_input")
        made = backend.post("/v1/sessions", json=asked(return_url=url, state="s&t")).raise_for_status().json()
        where, bearer = f"/v1/sessions/{made['session_id']}", {"Authorization": f"Bearer {made['client_token']}"}
        with service.stranger(headers=bearer) as person:
            assert person.get(f"{where}/link").json()["return_to"] is None
            backend.delete(where).raise_for_status()
            assert person.get(f"{where}/link").json()["return_to"] == url + "&state=s%26t&outcome=cancelled"
