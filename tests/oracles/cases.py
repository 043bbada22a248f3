"""The shared vectors as cases for the oracles. What a relying party holds becomes what an oracle is given, and nothing more."""

import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from pathlib import Path

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "credentials"
KINDS = ("presentation", "mdoc", "status_list", "slip", "trust_list")


@dataclass(frozen=True)
class Vector:
    """One vector. key: its own. code: our refusal, or `accepted`. status: what its list says. case: for an oracle."""

    kind: str
    key: tuple[str, str]
    differs: str
    code: str
    status: str
    case: dict


def vectors() -> list[Vector]:
    """Every vector that an oracle can be asked about, in the order of the files."""
    found = []
    for path in sorted(VECTORS.glob("*.json")):
        content = json.loads(path.read_text("utf-8"))
        common = content.get("common", {})
        for one in (common | own for own in content["vectors"]):
            if one["kind"] not in KINDS:
                continue
            made = _vouching(one) if one["kind"] == "trust_list" else _case(one)
            case = made | (_listed(one, common["uri"]) if one["kind"] == "status_list" else {})
            expected = one["expect"]
            status = expected.get("status", "")
            found.append(Vector(one["kind"], (path.stem, one["name"]), one["differs"], expected["code"], status, case))
    return found


def _case(vector: dict) -> dict:
    return {
        "kind": vector["kind"],
        "text": vector["text"],
        "now": vector["now"],
        "audience": vector.get("audience"),
        "nonce": vector.get("nonce") or _nonce(vector["text"]),
        "session": vector.get("session"),
        "anchors": [one["certificate"] for one in vector["trust"]["anchors"]],
        "leaves": vector.get("issuer_keys", []),
        "lists": {_subject(token): token for token in vector.get("status_lists", [])},
    }


def _vouching(vector: dict) -> dict:
    return {name: vector[name] for name in ("kind", "now", "pin")} | {"text": vector["text"] + vector["pad"] * "A"}


def _listed(vector: dict, usual: str) -> dict:
    """A list is fetched from the address in a credential, whose issuer publishes it under its own."""
    uri = vector["uri"] or usual
    return {"uri": uri, "issuer": uri.partition("/v1/")[0], "indexes": [vector["index"]], "lists": {uri: vector["text"]}}


def _subject(token: str) -> str:
    """The address that a list says it is published at; an unreadable list is found nowhere."""
    return _claim(token, "sub")


def _nonce(text: str) -> str:
    """Where our reader takes any nonce: no strict verifier does, so each is told to expect the one that comes."""
    return _claim(text.rpartition("~")[2], "nonce")


def _claim(token: str, name: str) -> str:
    try:
        part = token.split(".")[1]
        return str(json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))[name])
    except (ValueError, KeyError, IndexError, TypeError):
        return ""
