"""Client keys and scopes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from idverify.api.security import bearer_key
from idverify.ceremonies.clients import SCOPES, add_client, key_hash, new_key, revoke_client
from idverify.errors import InvalidInput, Unauthenticated

from .support import ALL_SCOPES, AUDIENCE, PURPOSE, Running, asked, code_of

CALLS = [
    ("POST", "/v1/subjects", "subjects:write"),
    ("POST", "/v1/subjects/x/portraits", "subjects:write"),
    ("GET", "/v1/subjects/x/portraits", "subjects:read"),
    ("DELETE", "/v1/subjects/x/portraits/y", "subjects:delete"),
    ("GET", "/v1/subjects/sub_x", "subjects:read"),
    ("DELETE", "/v1/subjects/sub_x", "subjects:delete"),
    ("POST", "/v1/verifications", "verifications:create"),
    ("POST", "/v1/tokens/introspect", "tokens:introspect"),
    ("GET", "/metrics", "metrics:read"),
]


@pytest.mark.parametrize(("method", "path", "scope"), CALLS)
def test_each_call_needs_a_key_and_its_own_scope(service: Running, method: str, path: str, scope: str) -> None:
    """No key: 401 and how to send one. A key with every scope but this: 403. With this alone: past both."""
    others = [name for name in ALL_SCOPES if name != scope]
    with service.stranger() as stranger, service.client(*others) as other, service.client(scope) as right:
        refused = stranger.request(method, path)
        assert code_of(refused) == (401, "unauthenticated")
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
        assert code_of(other.request(method, path)) == (403, "scope_missing")
        assert right.request(method, path).status_code not in (401, 403)


def test_a_revoked_key_is_refused_from_then_on(service: Running, samples: Path) -> None:
    """Revoking works at once, on a connection that was open before too."""
    client_id, key = service.new_key("metrics:read")
    with service.stranger(headers={"Authorization": f"Bearer {key}"}) as client:
        assert client.get("/metrics").status_code == 200
        revoke_client(service.parts, client_id, actor="tester")
        assert code_of(client.get("/metrics")) == (401, "unauthenticated")
    with pytest.raises(InvalidInput):
        revoke_client(service.parts, client_id, actor="tester")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Basic dXNlcjpwYXNz",
        "Bearer idvk_short",
        "Bearer idvk_" + "A" * 43,
        "Bearer  idvk_" + "A" * 43,
        "Bearer idvk_" + "A" * 44,
        "Bearer ' OR 1=1 --",
        "Bearer " + "x" * 4000,
    ],
)
def test_anything_but_a_known_key_is_refused(service: Running, header: str) -> None:
    """Missing, malformed, guessed and hostile headers are all 401."""
    with service.stranger(headers={"Authorization": header}) as client:
        assert code_of(client.get("/metrics")) == (401, "unauthenticated")


@given(st.text(max_size=60))
def test_no_text_but_a_key_is_taken_for_one(header: str) -> None:
    """Whatever arrives, it is a well-formed key or Unauthenticated."""
    try:
        key = bearer_key(header)
    except Unauthenticated:
        return
    assert header.lower().startswith("bearer ")
    assert key.startswith("idvk_")
    assert len(key) == 48


def test_keys_are_random_and_only_their_hash_is_stored(service: Running) -> None:
    """Two keys differ, their hashes depend on the installation's secret, and the database holds no key."""
    _, key = service.new_key()
    _, second = service.new_key()
    assert key != second
    assert new_key(lambda count: b"\0" * count) == "idvk_" + "A" * 43
    assert key_hash(b"a" * 32, key) != key_hash(b"b" * 32, key)
    with service.parts.store.reading() as tx:
        rows = str(tx.execute(text("SELECT * FROM clients")).all())
    assert key not in rows
    assert key.removeprefix("idvk_") not in rows


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": ["everything"]},
        {"scopes": []},
        {"name": ""},
        {"name": "line\nfeed"},
        {"audiences": []},
        {"purposes": []},
        {"audiences": [""]},
    ],
)
def test_a_client_that_makes_no_sense_is_not_added(service: Running, wrong: dict[str, object]) -> None:
    """Unknown scopes, no scopes, no name, and a verifying client that may name nobody."""
    right = {"name": "n", "scopes": list(SCOPES), "audiences": [AUDIENCE], "purposes": [PURPOSE]}
    with pytest.raises(InvalidInput):
        add_client(service.parts, actor="tester", **{**right, **wrong})  # type: ignore[arg-type]


def test_a_store_that_is_down_lets_nobody_in(
    service: Running, subject: str, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When keys cannot be looked up, a good key is refused too, and the answer says to come back."""
    from idverify.store import clients

    def down(*_: object) -> None:
        from idverify.errors import StoreUnavailable

        raise StoreUnavailable("secret detail")

    with service.client() as client:
        monkeypatch.setattr(clients, "by_key_hash", down)
        answer = client.post("/v1/verifications", json=asked((samples / "obama2.jpg").read_bytes(), subject_id=subject))
    assert code_of(answer) == (503, "store_unavailable")
    assert "secret" not in answer.text


def test_a_request_runs_in_the_services_own_pools_only(
    service: Running, subject: str, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FastAPI's pool of forty threads for plain functions would cost every request a hop, and the process their memory."""

    def unwanted(*_: object, **__: object) -> None:
        raise AssertionError("a dependency or an operation is a plain function")

    with service.client() as client:
        monkeypatch.setattr("anyio.to_thread.run_sync", unwanted)
        body = asked((samples / "obama2.jpg").read_bytes(), subject_id=subject)
        answers = [client.post("/v1/verifications", json=body)]
        answers += [client.get(path) for path in (f"/v1/subjects/{subject}", "/.well-known/jwks.json", "/metrics", "/readyz")]
    assert [answer.status_code for answer in answers] == [200] * 5
