"""Writes idverify/web/validator/assurances.mjs: what each acr promises, and which check earns which method.

python tests/web/write_assurances.py
"""

import json
from pathlib import Path

import idverify
from idverify.credentials.assurance import ASSURANCES, METHODS

MODULE = Path(idverify.__file__).parent / "web" / "validator" / "assurances.mjs"

_TEMPLATE = """\
// Written by tests/web/write_assurances.py from idverify/credentials/assurance.py: change that, then run it.

/** The liveness level that an acr stands for. */
export const LIVENESS = new Map({levels});

/** The method (RFC 8176) that a check earns. */
export const METHODS = new Map({methods});
"""


def module() -> str:
    """The text of the module."""
    levels = [[acr, one.liveness_level] for acr, one in ASSURANCES.items()]
    return _TEMPLATE.format(levels=json.dumps(levels, indent=2), methods=json.dumps([list(one) for one in METHODS.items()]))


if __name__ == "__main__":
    MODULE.write_text(module(), encoding="utf-8")
