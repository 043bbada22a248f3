"""Status lists over HTTP: public, cheap to ask again, and a revocation out within fifteen seconds."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from roots import root_of
from sqlalchemy import text

from idverify.api import status_lists
from idverify.ceremonies import Parts
from idverify.ceremonies.statuses import allocate, set_status
from idverify.cli.main import build, run
from idverify.credentials import status_list, status_list_cwt
from idverify.credentials.anchors import Anchor
from idverify.credentials.findings import Status
from idverify.credentials.status_reference import StatusReference

from .support import Running, code_of, serving


def placed(parts: Parts, credential_id: str, bits: int = 1) -> StatusReference:
    """The place of a credential of one copy."""
    facts: dict[str, Any] = {"subject_id": "sub_x", "type_name": "identity_card", "expires_at": parts.now() + 1000}
    with parts.store.transaction() as tx:
        return allocate(parts, tx, credential_id=credential_id, bits=bits, count=1, **facts)[0]


def path_of(place: StatusReference) -> str:
    """Under which the service that runs here serves it."""
    return place.uri.removeprefix("https://verify.example")


def read(parts: Parts, answer: Any, place: StatusReference) -> Status:
    """What a relying party learns."""
    root = root_of(parts.issuer, parts.now())
    held = status_list.read(
        answer.raise_for_status().text,
        [Anchor("city", root.certificate, frozenset(), (parts.issuer,))],
        time.time(),
        uri=place.uri,
    )
    return held.status(place.index)


def test_a_list_is_public_says_how_long_to_keep_it_and_costs_nothing_to_ask_again(service: Running) -> None:
    """Media type, cache, entity tag, and an answer to a page of another origin; all lists have their address in one place."""
    place = placed(service.parts, "cacheable")
    with service.stranger() as client:
        answer = client.get(path_of(place))
        assert read(service.parts, answer, place) is Status.VALID
        assert answer.headers["Content-Type"] == "application/statuslist+jwt"
        assert answer.headers["Cache-Control"] == "public, max-age=10"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        again = client.get(path_of(place), headers={"If-None-Match": f'"other", {answer.headers["ETag"]}'})
        assert (again.status_code, again.content) == (304, b"")
        assert client.get(path_of(place), headers={"If-None-Match": '"other"'}).status_code == 200
        assert client.get("/v1/status-lists").json() == {"status_lists": [place.uri]}


@pytest.mark.parametrize(
    ("accept", "format_"),
    [
        ("application/statuslist+cwt", "cwt"),
        ("application/statuslist+cwt, */*;q=0.5", "cwt"),
        ("Application/StatusList+CWT; q=0.9, application/statuslist+jwt;q=0.8", "cwt"),
        ("application/statuslist+jwt, application/statuslist+cwt", "jwt"),
        ("application/statuslist+cwt;q=0", "jwt"),
        ("application/statuslist+cwt;q=nan", "jwt"),
        ("application/json", "jwt"),
        ("*/*", "jwt"),
        (";q=,,;", "jwt"),
    ],
)
def test_a_list_comes_in_the_format_that_was_asked_for(service: Running, accept: str, format_: str) -> None:
    """Both say the same, each with an entity tag of its own, so that no cache gives one for the other."""
    place = placed(service.parts, f"in {format_} for {accept}")
    anchors = [
        Anchor("city", root_of(service.parts.issuer, service.parts.now()).certificate, frozenset(), (service.parts.issuer,))
    ]
    with service.stranger() as client:
        answer = client.get(path_of(place), headers={"Accept": accept}).raise_for_status()
        plain = client.get(path_of(place), headers={"Accept": "application/json"})
        assert (answer.headers["Content-Type"], answer.headers["Vary"]) == (f"application/statuslist+{format_}", "Accept")
        assert status_list_cwt.is_cwt(answer.content) == (format_ == "cwt")
        assert (answer.headers["ETag"] == plain.headers["ETag"]) == (format_ == "jwt")
        one, other = (status_list_cwt.read_any(each.content, anchors, time.time(), uri=place.uri) for each in (answer, plain))
        assert one == other
        again = client.get(path_of(place), headers={"Accept": accept, "If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("number", ["0", "1", "01", "-1", "x", "2147483648", "99999999999", "1.0", "%D9%A1", "1%2F..", "1 "])
def test_there_is_no_list_of_any_other_name(service: Running, number: str) -> None:
    """A list under a wrong name would call everything valid."""
    with service.stranger() as client:
        assert code_of(client.get(f"/v1/status-lists/{number}")) == (404, "not_found")


def test_a_revocation_at_the_command_line_is_published_within_fifteen_seconds(
    make_parts: Callable[..., Parts], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a server that runs meanwhile and was just asked; caches may keep its answer for ten seconds, it must take less than five."""
    parts = make_parts()
    place = placed(parts, "to-revoke")
    monkeypatch.setattr("idverify.api.app.open_vault", lambda _settings, create: parts)
    monkeypatch.setattr(type(parts.store), "close", lambda _self: None)  # the command would close what the server uses
    with serving(parts, tmp_path) as service, service.stranger() as client:
        before = client.get(path_of(place))
        assert read(parts, before, place) is Status.VALID
        begun = time.monotonic()
        assert run(build("credentials"), ("credentials", "revoke", "--credential", "to-revoke", "--json")) == 0
        while read(parts, client.get(path_of(place)), place) is not Status.REVOKED:
            assert time.monotonic() - begun < 5
            time.sleep(0.05)
        kept = int(before.headers["Cache-Control"].partition("max-age=")[2])
        assert time.monotonic() - begun + kept < 15
        assert client.get(path_of(place), headers={"If-None-Match": before.headers["ETag"]}).status_code == 200


def test_however_many_ask_at_one_time_one_looks(
    make_parts: Callable[..., Parts], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And for a second nobody looks again: a crowd at a stadium's gates costs one signature."""
    parts = make_parts()
    place = placed(parts, "asked-for")
    looked: list[int] = []
    real = status_lists.published

    def slowly(*arguments: Any) -> Any:
        looked.append(1)
        time.sleep(0.2)
        return real(*arguments)

    monkeypatch.setattr(status_lists, "published", slowly)
    with serving(parts, tmp_path) as service, service.stranger() as client, ThreadPoolExecutor(12) as pool:
        answers = [pool.submit(client.get, path_of(place)) for _ in range(12)]
        assert {read(parts, answer.result(), place) for answer in answers} == {Status.VALID}
        assert len({answer.result().text for answer in answers}) == 1
        assert len(looked) == 1


def test_when_the_database_is_gone_there_is_no_list_and_afterwards_there_is(
    make_parts: Callable[..., Parts], tmp_path: Path
) -> None:
    """An older list is not passed off as the newest: a reader keeps its own, and knows its age."""
    parts = make_parts()
    place = placed(parts, "kept")
    with serving(parts, tmp_path) as service, service.stranger() as client:
        client.get(path_of(place)).raise_for_status()
        time.sleep(status_lists.LOOKED_UP_EVERY_SECONDS)
        with parts.store.transaction() as tx:
            tx.execute(text("ALTER TABLE status_lists RENAME TO elsewhere"))
        assert code_of(client.get(path_of(place))) == (503, "store_unavailable")
        with parts.store.transaction() as tx:
            tx.execute(text("ALTER TABLE elsewhere RENAME TO status_lists"))
        assert read(parts, client.get(path_of(place)), place) is Status.VALID


def test_lists_kept_at_hand_are_bounded(
    make_parts: Callable[..., Parts], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ones asked for longest ago go first."""
    monkeypatch.setattr(status_lists, "KEPT", 1)
    parts = make_parts()
    places = [placed(parts, "one"), placed(parts, "two", bits=2)]
    with serving(parts, tmp_path) as service, service.stranger() as client:
        for place in (*places, *places):
            assert read(parts, client.get(path_of(place)), place) is Status.VALID
        assert len(service.app.state.service.status_lists._kept) == 1


def test_a_sandbox_has_lists_of_its_own_behind_the_same_address(service: Running) -> None:
    """What is issued for trying out can be revoked there, and does not stand among the real ones."""
    sandbox = service.app.state.service.sandbox.parts()
    place = placed(sandbox, "trial")
    set_status(sandbox, actor="tester", status=Status.REVOKED, credential_id="trial")
    with service.stranger() as client:
        assert read(service.parts, client.get(path_of(place)), place) is Status.REVOKED
        assert place.uri not in client.get("/v1/status-lists").json()["status_lists"]
