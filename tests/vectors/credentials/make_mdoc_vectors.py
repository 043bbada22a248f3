"""Write the vectors of mdocs beside this file: `python -m tests.vectors.credentials.make_mdoc_vectors`, from the root."""

import sys
from pathlib import Path
from typing import Any

from tests.credentials.city import CITY, NOW
from tests.credentials.mdoc_cases import BASES, CERTIFICATES, ELEMENTS, FORM, HOLDER, SIGNED, STATUS, Case
from tests.credentials.mdocs import SESSION, Draft
from tests.credentials.presentation_cases import LISTS, trust
from tests.vectors.credentials.make_vectors import STATUSES, spelled

HERE = Path(__file__).parent
GROUPS = {
    "form": FORM,
    "certificates": CERTIFICATES,
    "signed": SIGNED,
    "elements": ELEMENTS,
    "holder": HOLDER,
    "status": STATUS,
}
COMMON: dict[str, Any] = {
    "kind": "mdoc",
    "trust": trust(CITY.root),
    "status_lists": LISTS,
    "now": NOW,
    "session": SESSION,
    "allow_dev": False,
    "seen": [],
}


def files() -> dict[str, dict[str, Any]]:
    """What each file holds, by name."""
    accepted = [_vector(name, None, None, base(), _expected("accepted", False)) for name, base in BASES.items()]
    made = {"mdoc-accepted.json": {"common": COMMON, "vectors": accepted}}
    return made | {
        f"mdoc-{name}.json": {"common": COMMON, "vectors": [_refused(case) for case in cases]} for name, cases in GROUPS.items()
    }


def _refused(case: Case) -> dict[str, Any]:
    draft = BASES[case.base]()
    case.edit(draft)
    holder = case in HOLDER or case.differs.startswith("device.header")
    name = f"{case.code}: {case.differs}, {case.note}"
    return _vector(name, case.base, case.differs, draft, _expected(case.code, holder))


def _vector(name: str, base: str | None, differs: str | None, draft: Draft, expect: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "base": base, "differs": differs, **draft.context, "text": draft.text(), "expect": expect}


def _expected(code: str, holder: bool) -> dict[str, Any]:
    """holder: whether the holder's proof is at fault and the document is not."""
    whole = code in ("accepted", *STATUSES) or code.startswith("status_")
    status = "VALID" if code == "accepted" or holder else STATUSES.get(code, "UNKNOWN")
    return {"authentic": whole or holder, "holder_bound": whole, "status": status, "code": code}


if __name__ == "__main__":
    for file_name, content in files().items():
        (HERE / file_name).write_text(spelled(content), encoding="ascii")
        sys.stdout.write(f"{file_name}: {len(content['vectors'])}\n")
