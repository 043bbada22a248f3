"""Writes idverify/web/validator/types.mjs: of each type of credential what a validator asks, in the shape of its file.

python tests/web/write_types.py
"""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import idverify
from idverify.credentials.assurance import ASSURANCES

MODULE = Path(idverify.__file__).parent / "web" / "validator" / "types.mjs"

_TEMPLATE = """\
// Written by tests/web/write_types.py from idverify/credentials/types and assurance.py: change those, then run it.

/** What an acr must be for a credential to rest on it. */
export const FOUNDING = Object.freeze({founding});

/** The types of credential, each in the shape of its file, without what no validator asks. */
export const TYPES = Object.freeze({types});
"""


def module() -> str:
    """The text of the module."""
    folder = files("idverify.credentials") / "types"
    found = sorted((one for one in folder.iterdir() if one.name.endswith(".json")), key=lambda one: one.name)
    types = [_asked(json.loads(one.read_text("utf-8"))) for one in found]
    founding = [acr for acr, one in ASSURANCES.items() if one.founds_credential]
    return _TEMPLATE.format(founding=json.dumps(founding, indent=2), types=json.dumps(types, indent=2))


def _asked(type_: dict[str, Any]) -> dict[str, Any]:
    properties = {
        name: {key: value for key, value in one.items() if key == "contentEncoding"}
        for name, one in type_["schema"]["properties"].items()
    }
    return {
        "vct": type_["vct"],
        "schema": {"properties": properties, "required": type_["schema"]["required"]},
        "disclosed": type_["disclosed"],
        "validity_days": type_["validity_days"],
        "slips": type_["slips"],
    }


if __name__ == "__main__":
    MODULE.write_text(module(), encoding="utf-8")
