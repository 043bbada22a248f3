"""Where a person is sent at the end: to a URL that was registered letter by letter, with what a relying party needs, and no more."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from idverify.ceremonies import person, sessions
from idverify.ceremonies.clients import SESSIONS_CREATE, add_client, allow_return, forbid_return, revoke_client
from idverify.ceremonies.return_url import LONGEST_STATE, LONGEST_URL, require_registrable, returning
from idverify.errors import InvalidInput, ReturnUrlNotAllowed
from idverify.store import audit, clients

from .live import AUDIENCE, PURPOSE, Capture, with_models

URL = "https://hotel.example/checked?desk=3"


@pytest.mark.parametrize(
    "url",
    [
        "https://hotel.example/",
        "https://a.b-c.hotel.example:8443/x/y;z=1/@me/caf%C3%A9?q=a/b?c&d=%20",
        "https://xn--fiqs8s.example/",
        "https://desk/",
        "https://hotel.example/.well-known/...",
    ],
)
def test_a_url_that_every_browser_reads_alike_can_be_registered(url):
    """Development or not."""
    require_registrable(url, dev=False)
    require_registrable(url, dev=True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://hotel.example/",
        "HTTPS://hotel.example/",
        "javascript:alert(1)//",
        "data:text/html,x",
        "//hotel.example/",
        "/checked",
        "https:/hotel.example/",
        "https:///hotel.example/",
        "https:\\\\hotel.example/",
        "https://hotel.example",  # a browser adds the slash: not letter by letter
        "https://hotel.example?x",
        "https://hotel.example\\@evil.example/",
        "https://hotel.example/\\evil.example",
        "https://hotel.example@evil.example/",
        "https://hotel:secret@evil.example/",
        "https://@hotel.example/",
        "https://Hotel.example/",
        "https://hötel.example/",
        "https://hotel\u3002example/",
        "https://hotel.example\uff0fevil/",
        "https://hotel%2eexample/",
        "https://hotel.example./",
        "https://-hotel.example/",
        "https://hotel..example/",
        "https://hotel_desk.example/",
        "https://*.hotel.example/",
        "https://hotel.example:/",
        "https://hotel.example:0/",
        "https://hotel.example:0443/",
        "https://hotel.example:65536/",
        "https://hotel.example:443@evil.example/",
        "https://hotel.example:4\uff14/",
        "https://192.0.2.1/",
        "https://3221225985/",
        "https://0x7f.1/",
        "https://hotel.0x7f/",
        "https://[2001:db8::1]/",
        "https://hotel.example/#",
        "https://hotel.example/#there",
        "https://hotel.example/a/../b",
        "https://hotel.example/a/%2E%2e/b",
        "https://hotel.example/.",
        "https://hotel.example/%",
        "https://hotel.example/%0",
        "https://hotel.example/\r\nSet-Cookie: a=b",
        "https://hotel.example/\n",
        "https://hotel.example/\t",
        " https://hotel.example/",
        "https://hotel.example/ ",
        "https://hotel.example/<script>",
        'https://hotel.example/"',
        "https://hotel.example/?code=1",
        "https://hotel.example/?a=1&%73tate=2",
        "https://hotel.example/?outcome",
        "https://hotel.example/" + LONGEST_URL * "a",
        "http://localhost.evil.example/",
        "http://localhost@evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://127.1/",
        "http://[::1]/",
    ],
)
def test_a_url_that_could_lead_elsewhere_cannot(url):
    """Not in development either: other schemes, user names, tricks of names, numbers, ports, folders and control characters."""
    with pytest.raises(InvalidInput):
        require_registrable(url, dev=True)


@pytest.mark.parametrize("url", ["http://localhost/", "http://localhost:3000/checked?x=1", "http://127.0.0.1:3000/checked"])
def test_this_machine_may_be_meant_while_developing_and_nowhere_else(url):
    """In the clear, the code would be anybody's who listens."""
    require_registrable(url, dev=True)
    with pytest.raises(InvalidInput):
        require_registrable(url, dev=False)


@pytest.mark.parametrize(
    "url", ["https://a.example/", "https://a.example/?", "https://a.example/?x=%2F", "https://a.example/?x&"]
)
def test_what_is_in_the_query_stays_and_what_is_added_is_read_back_as_it_was(url):
    """Whatever the relying party's state holds: it can neither end the parameter nor begin another part of the URL."""
    state = "".join(map(chr, range(0x21, 0x7F)))
    went = returning(url, state, "approved", "c-_1")
    before, after = urlsplit(url), urlsplit(went)
    assert went.startswith(url)
    assert (after.scheme, after.netloc, after.path, after.fragment) == (before.scheme, before.netloc, before.path, "")
    added = {"code": "c-_1", "state": state, "outcome": "approved"}
    assert dict(parse_qsl(after.query, keep_blank_values=True)) == {
        **dict(parse_qsl(before.query, keep_blank_values=True)),
        **added,
    }
    assert parse_qsl(urlsplit(returning(url, None, "declined", None)).query)[-1:] == [("outcome", "declined")]
    assert returning(None, None, "approved", "c") is None


@pytest.fixture
def parts(parts, acquirer):
    """With real models: a session has a reference."""
    return with_models(parts, acquirer)


def hotel(parts, *urls):
    """A relying party that registered these."""
    named = {"scopes": [SESSIONS_CREATE], "audiences": [AUDIENCE], "purposes": [PURPOSE], "return_urls": urls}
    return add_client(parts, actor="tester", name="Hotel Specimen", **named)[0]


@pytest.mark.parametrize(
    ("url", "state", "refused"),
    [
        (URL + "&x=1", "s", ReturnUrlNotAllowed),
        (URL[:-1], "s", ReturnUrlNotAllowed),
        (URL.replace("hotel", "HOTEL"), "s", ReturnUrlNotAllowed),
        (URL + "#", "s", ReturnUrlNotAllowed),
        (URL + "\n", "s", ReturnUrlNotAllowed),
        (URL.replace("https://hotel.example", "https://hotel.example@evil.example"), "s", ReturnUrlNotAllowed),
        (URL.replace("hotel.example", "hotel.example:443"), "s", ReturnUrlNotAllowed),
        ("https://evil.example/", None, ReturnUrlNotAllowed),
        ("", None, ReturnUrlNotAllowed),
        (None, "s", InvalidInput),
        (URL, "", InvalidInput),
        (URL, "a b", InvalidInput),
        (URL, "a\r\nLocation: https://evil.example", InvalidInput),
        (URL, "é", InvalidInput),
        (URL, "s" * (LONGEST_STATE + 1), InvalidInput),
    ],
)
def test_a_session_names_a_registered_url_letter_by_letter_or_there_is_none(parts, url, state, refused):
    """Nothing is kept, and no link exists, of a session that would lead elsewhere."""
    asked = sessions.Asked(AUDIENCE, PURPOSE, "passive", "1", parts.now(), "c" * 43, "sub_x", return_url=url, state=state)
    with pytest.raises(refused):
        sessions.create(parts, hotel(parts, URL), asked)


def test_the_code_travels_with_an_approval_and_to_the_device_that_began(parts):
    """Until there is an end, and to a stranger with the link, no address is told; the client token is never part of it."""
    made = Capture(parts, client=hotel(parts, URL), returning=(URL, "9&=#"))
    made.begin()
    assert person.link(parts, made.session_id, made.bearer).return_to is None
    made.connect().until("result")
    result = person.outcome(parts, made.session_id, made.bearer)
    assert result.return_to == f"{URL}&code={result.code}&state=9%26%3D%23&outcome=approved"
    assert made.bearer.token not in result.return_to
    assert person.link(parts, made.session_id, made.bearer).return_to is None, "without a code it would be of no use"


def test_any_other_end_returns_without_a_code(parts):
    """Also of a session that nobody began."""
    made = Capture(parts, client=hotel(parts, URL), returning=(URL, None))
    sessions.cancel(parts, made.client, made.session_id)
    assert person.link(parts, made.session_id, made.bearer).return_to == URL + "&outcome=cancelled"
    without = Capture(parts, client=made.client, subject_id=made.subject_id)
    sessions.cancel(parts, made.client, without.session_id)
    assert person.link(parts, without.session_id, without.bearer).return_to is None


def test_urls_are_registered_and_removed_with_their_events(parts):
    """One at a time, of a client that lives; what is registered holds for the next session, not for one that was asked for."""
    client = hotel(parts, URL)
    other = "https://hotel.example/other"
    assert allow_return(parts, client.id, other, actor="operator").return_urls == {URL, other}
    client = forbid_return(parts, client.id, URL, actor="operator")
    with parts.store.reading() as tx:
        assert clients.by_id(tx, client.id) == client
        event = audit.head(tx)
    assert (event.event, event.actor) == ("client.return_urls_set", "operator")
    assert event.details == {"client_id": client.id, "return_urls": [other]}
    for refused in (
        lambda: allow_return(parts, client.id, other, actor="operator"),
        lambda: forbid_return(parts, client.id, URL, actor="operator"),
        lambda: allow_return(replace(parts, environment="production"), client.id, "http://localhost/", actor="operator"),
        lambda: allow_return(parts, "cli_0", URL, actor="operator"),
        lambda: hotel(parts, "https://evil.example@hotel.example/"),
    ):
        with pytest.raises(InvalidInput):
            refused()
    revoke_client(parts, client.id, actor="operator")
    with pytest.raises(InvalidInput):
        allow_return(parts, client.id, URL, actor="operator")
