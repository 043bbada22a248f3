"""`idverify pki` and `idverify trust` as an operator and a hotel type them, on a real installation in a folder."""

import json
import time

import pytest

from idverify.cli import fetching, keys, main, pki, trust
from idverify.credentials.credential_types import credential_types
from idverify.keys import authority

IDENTITY = credential_types()["identity_card"].vct
SCHEME = """
operator = {en = "City A", zh-CN = "甲市"}

[contact]
street = "1 Example Road"
locality = "City A"
country = "CN"
electronic = ["mailto:id@city-a.example"]
information = ["https://city-a.example/id"]

[[issuer]]
name = "City A"
types = ["identity_card", "driving_licence"]

[[issuer]]
name = "City B"
certificate = "city-b.pem"
urls = ["https://id.city-b.example"]
types = ["identity_card", "urn:city-b:vct:library-card"]

[issuer.contact]
street = "2 Example Road"
region = "Province B"
postal_code = "000000"
country = "CN"
electronic = ["mailto:id@city-b.example", "https://city-b.example/contact"]
information = ["https://city-b.example/id"]
"""
CITY_A = SCHEME.split('[[issuer]]\nname = "City B"', maxsplit=1)[0]
REACHED = '{street = "1 Road", country = "CN", electronic = ["mailto:a@b.example"], information = ["https://b.example"]}'
HEAD = f'operator = {{en = "City A"}}\ncontact = {REACHED}\n'
OTHER = HEAD + '[[issuer]]\nname = "B"\ntypes = ["identity_card"]\n'
ROOT = ("--name", "City A", "--country", "CN")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A production installation that does not exist yet, and its settings."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "DATA_DIR": "data",
        "KEK_FILE": "kek",
        "ISSUER": "https://id.city-a.example",
        "ENV": "production",
    }.items():
        monkeypatch.setenv(f"IDVERIFY_{name}", value if name in {"ISSUER", "ENV"} else str(tmp_path / value))
    assert main.run(keys.app, ["create-kek", str(tmp_path / "kek"), "--json"]) == 0
    return tmp_path


@pytest.fixture
def call(here, capsys):
    """Runs a command and reads the one object that it prints."""

    def run(app, *arguments):
        capsys.readouterr()
        code = main.run(app, [*arguments, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run


def test_from_a_root_to_a_hotel_that_believes(call, here, capsys):
    """Init, issue, publish, add, list, rotate, publish again, refresh what has no source, remove."""
    code, made = call(pki.app, "init", "--root", "root", *ROOT, "--no-passphrase")
    assert code == 0
    code, issued = call(pki.app, "issue", "--root", "root")
    assert (code, len(issued["issued"])) == (0, 10)
    assert call(pki.app, "issue", "--root", "root")[1]["issued"] == []
    authority.create(here / "b", name="City B", country="XX", now=time.time())
    (here / "city-b.pem").write_bytes((here / "b" / authority.CERTIFICATE_FILE).read_bytes())
    (here / "trust.toml").write_text(SCHEME)
    code, published = call(trust.app, "publish", "trust.toml", "--out", "list.jws")
    assert (code, published["pin"]) == (0, made["pin"])
    assert [one["name"] for one in published["issuers"]] == ["City A", "City B"]
    code, added = call(trust.app, "add", "list.jws", "--pin", made["pin"], "--type", "identity_card", "--trust", "hotel")
    assert code == 0
    assert {tuple(one["types"]) for one in added["lists"][0]["issuers"]} == {(IDENTITY,)}
    assert call(trust.app, "list", "--trust", "hotel") == (0, added)
    code, rotated = call(pki.app, "rotate", "--root", "root")
    assert code == 0
    code, listed = call(pki.app, "list")
    states = {(one["purpose"], one["state"]) for one in listed["certificates"]}
    assert len(states) == 15
    assert {one["root"] for one in listed["certificates"]} == {made["pin"]}
    assert rotated["credential"]["current"] in {one["kid"] for one in listed["certificates"]}
    code, again = call(trust.app, "publish", "--out", "newer.jws")
    assert (code, again["issuers"]) == (0, published["issuers"])
    assert call(trust.app, "add", "newer.jws", "--pin", made["pin"], "--trust", "hotel")[0] == 0
    code, refused = call(trust.app, "add", "list.jws", "--pin", made["pin"], "--trust", "hotel")
    assert (code, refused["error"]["code"]) == (1, "trust_list_rolled_back")
    assert call(trust.app, "remove", made["pin"], "--trust", "hotel")[0] == 0
    assert call(trust.app, "list", "--trust", "hotel")[1] == {"lists": []}
    for app, arguments in ((pki.app, ["list"]), (trust.app, ["publish"]), (trust.app, ["list", "--trust", "hotel"])):
        capsys.readouterr()
        assert main.run(app, arguments) == 0
        assert capsys.readouterr().out


def test_a_list_from_a_url_is_refreshed_and_a_failure_is_exit_5(call, here, monkeypatch):
    """The pin is asked for once."""
    _, made = call(pki.app, "init", "--root", "root", *ROOT, "--no-passphrase")
    call(pki.app, "issue", "--root", "root")
    (here / "trust.toml").write_text(CITY_A, encoding="utf-8")
    call(trust.app, "publish", "trust.toml", "--out", "list.jws")
    url = "https://id.city-a.example/v1/trust-list"
    served = {url: (here / "list.jws").read_bytes()}
    monkeypatch.setattr(fetching, "fetch", lambda asked, limit: served.get(asked, b"{}"))
    assert call(trust.app, "add", url, "--pin", made["pin"])[0] == 0
    code, said = call(trust.app, "refresh")
    assert code == 5
    assert [(one["what"], one["code"]) for one in said["refreshed"]] == [
        ("trust_list", None),
        ("issuer_keys", "invalid_input"),
        ("status_lists", "invalid_input"),
    ]


def test_nothing_on_a_list_or_of_an_issuer_on_it_moves_the_terminals_cursor(call, here, monkeypatch, capsys):
    """Names, and the addresses that an issuer gives its status lists, are shown and not obeyed."""
    hostile = "\x1b[2J[red]x"
    _, made = call(pki.app, "init", "--root", "root", *ROOT, "--no-passphrase")
    call(pki.app, "issue", "--root", "root")
    operators, entry = CITY_A.split("[[issuer]]")
    entry = entry.replace('"City A"', '"City \\u001b[2J[red]x"').replace('"driving_licence"', '"urn:\\u001b[2J[red]x"')
    (here / "trust.toml").write_text(f"{operators}[[issuer]]{entry}", encoding="utf-8")
    assert main.run(trust.app, ["publish", "trust.toml", "--out", "list.jws"]) == 0
    url = "https://id.city-a.example"
    lists = json.dumps({"status_lists": [f"{url}/{hostile}"]}).encode()
    served = {f"{url}/v1/trust-list": (here / "list.jws").read_bytes(), f"{url}/v1/status-lists": lists}
    monkeypatch.setattr(fetching, "fetch", lambda asked, limit: served.get(asked, b"{}"))
    assert main.run(trust.app, ["add", f"{url}/v1/trust-list", "--pin", made["pin"]]) == 0
    assert main.run(trust.app, ["refresh"]) == 5
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err
    assert shown.out.count("[red]x") == 5


def test_what_a_tired_operator_types(call, here, tmp_path):
    """Each is refused with what to do, and nothing is left half done."""
    assert call(pki.app, "init", "--root", "data/root", *ROOT, "--no-passphrase")[0] == 4
    assert not (here / "data" / "root").exists()
    code, said = call(pki.app, "init", "--root", "root", *ROOT)
    assert (code, said["error"]["code"]) == (3, "invalid_input")
    assert "--no-passphrase" in said["error"]["message"]
    assert not (here / "root").exists()
    assert call(pki.app, "issue", "--root", "typo")[0] == 4
    assert not (here / "data").exists()
    call(pki.app, "init", "--root", "root", *ROOT, "--no-passphrase")
    call(pki.app, "issue", "--root", "root")
    assert call(trust.app, "refresh", "--trust", "typo")[0] == 3
    assert call(trust.app, "remove", "0" * 64, "--trust", "typo")[0] == 3
    assert not (here / "typo").exists()
    code, said = call(trust.app, "publish")
    assert (code, said["error"]["code"]) == (3, "trust_list_unpublished")
    assert "name a file" in said["error"]["message"]
    assert call(trust.app, "add", "missing", "--pin", "0" * 64)[0] == 3
    (here / "list").write_text("no list")
    assert call(trust.app, "add", "list", "--pin", "0" * 64)[1]["error"]["code"] == "token_malformed"
    assert call(trust.app, "add", "list", "--pin", "0" * 63)[0] == 3
    (here / "trust.toml").write_text(CITY_A, encoding="utf-8")
    assert call(trust.app, "publish", "trust.toml", "--out", "list.jws")[0] == 0
    code, said = call(trust.app, "add", "list.jws", "--pin", "0" * 64)
    assert (code, said["error"]["code"]) == (1, "trust_list_pin")
    assert not (here / "trust").exists()
    assert call(trust.app, "add", "list", "--pin", "0" * 64, "--type", "identity")[0] == 3


def test_a_root_with_a_passphrase_opens_from_a_file_that_is_private(call, here):
    """A file that others may read is refused, a wrong passphrase too."""
    secret = here / "passphrase"
    secret.write_text("correct horse\n")
    secret.chmod(0o644)
    arguments = ("--root", "root", "--passphrase-file", "passphrase")
    assert call(pki.app, "init", *arguments, *ROOT)[0] == 4
    secret.chmod(0o600)
    assert call(pki.app, "init", *arguments, *ROOT)[0] == 0
    assert call(pki.app, "issue", "--root", "root")[1]["error"]["code"] == "key_unavailable"
    secret.write_text("battery staple\n")
    assert call(pki.app, "issue", *arguments)[0] == 4
    secret.write_text("correct horse\r\n")
    assert len(call(pki.app, "issue", *arguments)[1]["issued"]) == 10


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("operator = 1", "operator is its name"),
        ("x = [", "not TOML"),
        (HEAD + 'territory = "CN"', "expected operator"),
        ('operator = {en = "City A"}', "the contact of the operator has street, country"),
        (HEAD.replace("street", "road"), "the contact of the operator has street, country"),
        (HEAD.replace('"1 Road"', '" "'), "is a text"),
        (HEAD.replace('"CN"', '"China"'), "two capital letters"),
        (HEAD.replace("mailto:a", "a"), "begin with mailto: or https://"),
        (HEAD.replace('"https://b.example"', ""), "begin with https://"),
        (HEAD + '[[issuer]]\nname = "A"', "list of types"),
        (HEAD + '[[issuer]]\nname = "A"\ntypes = []', "list of types"),
        (HEAD + '[[issuer]]\nname = "A"\ntypes = ["identity"]', "no type of credential"),
        (HEAD + '[[issuer]]\nname = "A"\ntypes = ["identity_card"]\npin = "x"', "for another's root"),
        (HEAD + '[[issuer]]\nname = "A"\ntypes = ["identity_card"]\nurls = ["https://a.example"]', "IDVERIFY_ISSUER"),
        (OTHER + 'certificate = "city-b.pem"', "the contact of B has street, country"),
        (OTHER + f'contact = {REACHED}\ncertificate = "city-b.pem"', "B needs urls"),
        (OTHER + f'contact = {REACHED}\nurls = ["https://b.example"]\ncertificate = "scheme.toml"', "in PEM"),
        (OTHER + f'contact = {REACHED}\nurls = ["https://b.example"]\ncertificate = "missing"', "cannot read"),
    ],
)
def test_a_scheme_that_cannot_be_used_is_refused_with_what_is_wrong(call, here, text, match):
    """And nothing is published."""
    call(pki.app, "init", "--root", "root", *ROOT, "--no-passphrase")
    call(pki.app, "issue", "--root", "root")
    (here / "scheme.toml").write_text(text)
    code, said = call(trust.app, "publish", "scheme.toml")
    assert code == 3
    assert match in said["error"]["message"]


def test_a_list_is_signed_only_in_the_name_that_the_root_has(call, here):
    """ETSI TS 119 602 clause 6.8: else readers of other makers refuse it. The country stands in the root, and is asked for once."""
    for wrong, match in (
        (("--name", "City A", "--country", "China"), "two capital letters"),
        (("--name", "市" * 22, "--country", "CN"), "64 bytes"),
    ):
        code, said = call(pki.app, "init", "--root", "root", *wrong, "--no-passphrase")
        assert (code, said["error"]["code"], match in said["error"]["message"]) == (2, "usage", True)
        assert not (here / "root").exists()
    call(pki.app, "init", "--root", "root", *ROOT, "--no-passphrase")
    call(pki.app, "issue", "--root", "root")
    (here / "trust.toml").write_text(CITY_A.replace('en = "City A"', 'en = "City"'), encoding="utf-8")
    code, said = call(trust.app, "publish", "trust.toml")
    assert (code, said["error"]["code"]) == (3, "invalid_input")
    assert "the root of this installation is of City A: give operator that name" in said["error"]["message"]
    (here / "trust.toml").write_text(CITY_A.replace("甲市", "City A").replace('en = "City A"', 'en = "City"'), encoding="utf-8")
    assert call(trust.app, "publish", "trust.toml")[0] == 0


def test_keys_are_certified_for_the_url_that_the_world_knows_and_never_for_a_default(call, here, monkeypatch):
    """Certificates that name the loopback would be refused everywhere, the more so once credentials are out."""
    call(pki.app, "init", "--root", "root", *ROOT, "--no-passphrase")
    monkeypatch.delenv("IDVERIFY_ISSUER")
    for command in ("issue", "rotate"):
        code, said = call(pki.app, command, "--root", "root")
        assert (code, said["error"]["code"]) == (4, "configuration_invalid")
        assert "IDVERIFY_ISSUER" in said["error"]["message"]
    for odd in ("https://id.city-a.example/?x=1", "https://id.city-a.example#id", "https://id.city-a.example@evil.example"):
        monkeypatch.setenv("IDVERIFY_ISSUER", odd)  # no address of ours could stand below it
        code, said = call(pki.app, "issue", "--root", "root")
        assert (code, said["error"]["code"]) == (4, "configuration_invalid")
    assert not (here / "data").exists()
    monkeypatch.setenv("IDVERIFY_ISSUER", "https://id.city-a.example")
    assert call(pki.app, "issue", "--root", "root")[1]["issuer"] == "https://id.city-a.example"


def test_a_list_that_could_not_be_written_out_was_not_published_either(call, here):
    """A command that fails has done nothing: the number of the list stands where it stood."""
    call(pki.app, "init", "--root", "root", *ROOT, "--no-passphrase")
    call(pki.app, "issue", "--root", "root")
    (here / "trust.toml").write_text(CITY_A, encoding="utf-8")
    for out in ("trust.toml", "nowhere/list.jws"):
        code, said = call(trust.app, "publish", "trust.toml", "--out", out)
        assert (code, said["error"]["code"]) == (3, "invalid_input")
    assert call(trust.app, "publish")[1]["error"]["code"] == "trust_list_unpublished"


def test_who_holds_no_list_is_told_that_nobody_is_believed(here, capsys):
    """An empty table says nothing to who mistyped the folder."""
    assert main.run(trust.app, ["list", "--trust", "typo"]) == 0
    assert "nobody is believed" in capsys.readouterr().out
