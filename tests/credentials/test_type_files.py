"""Files of an operator's own types: read at the start, and refused there with what is wrong, not later with a person waiting."""

import json
import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from idverify.cli import main
from idverify.config import Settings
from idverify.credentials import credential_types
from idverify.credentials.type_files import LARGEST_FILE, adopt_types, read_types, wrong_with
from idverify.errors import ConfigurationInvalid

FILE = Path(__file__).parents[1] / "vectors" / "types" / "fishing_licence.json"
TYPE = json.loads(FILE.read_text("utf-8"))


def changed(*path, to=...):
    """The type with one thing otherwise; without it where `to` is left out."""
    made = json.loads(json.dumps(TYPE))
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    if to is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return made


def test_what_is_shipped_passes_the_same_examination():
    """Else the examination would be of something else."""
    for one in (files("idverify.credentials") / "types").iterdir():
        assert wrong_with(json.loads(one.read_text("utf-8"))) is None, one.name


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (changed("vct"), "'vct' is a required property"),
        (changed("vct", to="https://elsewhere.example/fishing"), "vct"),
        (changed("vct", to="urn:idverify:vct:identity-card:1"), "identity_card has it"),
        (changed("mdoc", "doctype", to="org.iso.18013.5.1.mDL"), "driving_licence has that doctype"),
        (changed("priority", to=1), "priority"),
        (changed("display", "zh-CN"), "zh-CN"),
        (changed("display", "en", "background_color", to="url(//x)"), "background_color"),
        (changed("labels", "rods"), "labels: rods has none"),
        (changed("labels", "bait", to={"en": "Bait", "zh-CN": "饵"}), "labels: bait is not among"),
        (changed("disclosed", to=["bait"]), "disclosed: bait"),
        (changed("registry", to={"name": "face"}), "registry"),
        (changed("registry", to={"bait": "name"}), "registry: bait"),
        (changed("validity_days", to=185), "185 is greater"),
        (changed("validity_days", to=0), "0 is less"),
        (changed("status_bits", to=4), "status_bits"),
        (changed("live_renewal", to="no"), "live_renewal"),
        (changed("ends_with", to="bait"), "ends_with: bait"),
        (changed("ends_with", to="rods"), "`format` date"),
        (changed("schema", "required", to=["name", "waters"]), "ends_with: the schema does not require"),
        (changed("schema", "additionalProperties", to=True), "schema/additionalProperties"),
        (changed("schema", "properties", "rods", to={"type": "number"}), "schema/properties/rods"),
        (changed("schema", "properties", "rods", to={"type": "integer", "minimum": "one"}), "schema: "),
        (
            changed("schema", "properties", "rods", to={"type": "integer", "$ref": "http://x.example"}),
            "hold all its rules itself",
        ),
        (changed("schema", "properties", "exp", to={"type": "integer"}), "exp belongs to the format"),
        (changed("schema", "properties", "sub", to={"type": "string"}), "sub belongs to the format"),
        (changed("slips", "warden", "claims", to=["bait"]), "slips/warden: bait"),
        (changed("slips", "warden", "claims", to=[]), "slips/warden/claims"),
        (changed("slips", "mdoc", to={"claims": ["name"]}), "the name of a format"),
        (changed("mdoc", "namespaces", "urn:idverify:namespace:fishing-licence:1", "rods"), "each once"),
        (changed("mdoc", "namespaces", "urn:idverify:namespace:fishing-licence:1", "twice", to="name"), "each once"),
        (changed("mdoc"), "'mdoc' is a required property"),
    ],
)
def test_a_file_that_is_no_type_is_refused_with_what_is_wrong(tmp_path, raw, says):
    """Each by itself, and by the name of the file."""
    (tmp_path / "fishing_licence.json").write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(ConfigurationInvalid) as caught:
        read_types(tmp_path)
    assert "fishing_licence.json" in caught.value.message
    assert says in caught.value.message


@pytest.mark.parametrize("name", ["identity_card", "seal", "Fishing", "fishing-licence", "fishing.licence", "钓鱼证", "x" * 41])
def test_a_file_takes_no_name_that_is_taken_or_cannot_be_spelled(tmp_path, name):
    """A shipped type is not redefined from outside: every reader would understand it otherwise than this one."""
    shutil.copy(FILE, tmp_path / f"{name}.json")
    with pytest.raises(ConfigurationInvalid, match=r"shipped|small letters"):
        read_types(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b'{"vct": 1, "vct": 2}', b'{"validity_days": NaN}', b"\xff", b" " * LARGEST_FILE + b"{}"]
)
def test_what_is_no_strict_json_is_refused(tmp_path, content):
    """A member that stands twice too: of the two, one reader would take the first and another the last."""
    (tmp_path / "fishing_licence.json").write_bytes(content)
    with pytest.raises(ConfigurationInvalid, match=r"fishing_licence\.json"):
        read_types(tmp_path)


def test_two_files_do_not_share_a_type_and_an_empty_or_missing_folder_is_a_mistake(tmp_path):
    """A mistyped path must not start a service without the types it was given."""
    with pytest.raises(ConfigurationInvalid, match=r"no NAME\.json"):
        read_types(tmp_path)
    with pytest.raises(ConfigurationInvalid, match="cannot read the folder"):
        read_types(tmp_path / "none")
    for name in ("fishing_licence", "angling_licence"):
        shutil.copy(FILE, tmp_path / f"{name}.json")
    with pytest.raises(ConfigurationInvalid, match="angling_licence has it"):
        read_types(tmp_path)


def test_what_was_adopted_stays_for_the_process(tmp_path, monkeypatch):
    """The same again changes nothing; others are refused, since something may have been read by now."""
    monkeypatch.setattr(credential_types, "_added", credential_types._added)
    shutil.copy(FILE, tmp_path)
    for _ in range(2):
        adopt_types(tmp_path)
    assert credential_types.type_of_vct(TYPE["vct"]).name == "fishing_licence"
    (tmp_path / "fishing_licence.json").write_text(json.dumps(changed("validity_days", to=7)), encoding="utf-8")
    with pytest.raises(ConfigurationInvalid, match="already"):
        adopt_types(tmp_path)


def test_the_setting_and_the_command_line_name_the_folder(tmp_path, monkeypatch, capsys):
    """One variable for the service, for gates and for wallets; a bad folder stops the command before it does anything."""
    monkeypatch.setattr(credential_types, "_added", credential_types._added)
    monkeypatch.setenv("IDVERIFY_TYPES_DIR", str(tmp_path))
    assert Settings().types_dir == tmp_path
    arguments = ["gate", str(tmp_path), "--trust", str(tmp_path), "--json"]
    assert main.run(main.build("gate"), arguments) == 4
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "configuration_invalid"
    shutil.copy(FILE, tmp_path)
    assert main.run(main.build("gate"), arguments) == 3  # no picture there: the command itself has begun
    assert "fishing_licence" in credential_types.credential_types()
