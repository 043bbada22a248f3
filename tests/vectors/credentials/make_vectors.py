"""Write the vectors of presentations beside this file: `python -m tests.vectors.credentials.make_vectors`, from the root."""

import json
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

from tests.credentials.city import AUDIENCE, CITY, NONCE, NOW, Draft
from tests.credentials.presentation_cases import (
    BASES,
    BINDING,
    CERTIFICATES,
    CONTENT,
    DISCLOSURES,
    FORM,
    LISTS,
    STATUS,
    Case,
    trust,
)

HERE = Path(__file__).parent
GROUPS: dict[str, list[Case]] = {
    "form": FORM,
    "certificates": CERTIFICATES,
    "content": CONTENT,
    "disclosures": DISCLOSURES,
    "binding": BINDING,
    "status": STATUS,
}
STATUSES = {"credential_revoked": "REVOKED", "credential_suspended": "SUSPENDED"}
COMMON: dict[str, Any] = {
    "kind": "presentation",
    "trust": trust(CITY.root),
    "status_lists": LISTS,
    "issuer_keys": [b64encode(CITY.leaf).decode()],
    "now": NOW,
    "audience": AUDIENCE,
    "nonce": NONCE,
    "challenge": None,
    "allow_dev": False,
}


def files() -> dict[str, dict[str, Any]]:
    """What each file holds, by name."""
    accepted = [_vector(name, None, None, base(), _expected("accepted")) for name, base in BASES.items()]
    made = {"presentation-accepted.json": {"common": COMMON, "vectors": accepted}}
    for name, cases in GROUPS.items():
        made[f"presentation-{name}.json"] = {"common": COMMON, "vectors": [_refused(case) for case in cases]}
    return made


def spelled(content: dict[str, Any]) -> str:
    """As it stands in a file: one vector a paragraph."""
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


def _refused(case: Case) -> dict[str, Any]:
    draft = BASES[case.base]()
    case.edit(draft)
    name = f"{case.code}: {case.differs}, {case.note}"
    status = "VALID" if case.code.startswith("binding_") or _in_binding(case) else "UNKNOWN"
    return _vector(name, case.base, case.differs, draft, _expected(case.code, _in_binding(case), status))


def _in_binding(case: Case) -> bool:
    """Whether the holder's proof is at fault and the credential is not."""
    return case.code.startswith("binding_") or (case.differs.startswith("binding") and case.code.startswith("token_"))


def _vector(name: str, base: str | None, differs: str | None, draft: Draft, expect: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "base": base, "differs": differs, **draft.context, "text": draft.text(), "expect": expect}


def _expected(code: str, in_binding: bool = False, status: str = "UNKNOWN") -> dict[str, Any]:
    whole = code in ("accepted", *STATUSES) or code.startswith("status_")
    found = "VALID" if code == "accepted" else STATUSES.get(code, status)
    return {"authentic": whole or in_binding, "holder_bound": whole, "status": found, "code": code}


if __name__ == "__main__":
    for file_name, file_content in files().items():
        (HERE / file_name).write_text(spelled(file_content), encoding="ascii")
        sys.stdout.write(f"{file_name}: {len(file_content['vectors'])}\n")
