"""What docs/security/oracles.md says, made of the oracles' answers. `python tests/oracles/table.py` writes it."""

import sys
from functools import cache
from pathlib import Path

if __name__ == "__main__":  # run as a script, the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from oracles.asking import ORACLES, Oracle, ask
from oracles.cases import Vector, vectors
from oracles.clauses import CLAUSES
from oracles.requesting import requests

PAGE = Path(__file__).resolve().parents[2] / "docs" / "security" / "oracles.md"
HEADINGS = {
    "presentation": "Presented credentials",
    "mdoc": "Presented mdocs",
    "status_list": "Status lists",
    "slip": "QR slips",
    "trust_list": "Trust lists",
    "request": "Requests to wallets",
}

Answers = dict[tuple[str, str], dict[str, dict]]
"""By vector's key, then by oracle's name: its answer."""


@cache
def judged() -> tuple[Vector, ...]:
    """The shared vectors, and the requests, which are made anew since their certificates are."""
    return (*vectors(), *requests())


def asked(kind: str) -> list[Oracle]:
    """The oracles that know this kind of vector."""
    return [one for one in ORACLES if kind in one.kinds]


def answers() -> Answers:
    """What every oracle says of every vector that it knows."""
    found: Answers = {}
    for oracle in ORACLES:
        known = [one for one in judged() if one.kind in oracle.kinds]
        for vector, answer in zip(known, ask(oracle, [one.case for one in known]), strict=True):
            found.setdefault(vector.key, {})[oracle.name] = answer
    return found


def page(found: Answers) -> str:
    """The document."""
    return "\n".join([*_opening(), *(line for kind in HEADINGS for line in _section(kind, found))])


def said(answer: dict) -> str:
    """Of a refusal the code or the class of its reason, or that it is one; an empty text where it accepts."""
    if answer["accepted"]:
        return ""
    head = answer["reason"].partition(":")[0].strip()
    return head if head.isidentifier() else "refused"


def _differs(vector: Vector) -> str:
    """In the words of the vector's name, where it has any beside its code and a number."""
    words = vector.key[1].removeprefix(f"{vector.code}: ")
    return (vector.differs if words.startswith(vector.code) else words).replace("|", "\\|")


def by_none(answered: dict[str, dict]) -> bool:
    """Whether every oracle accepts."""
    return all(one["accepted"] for one in answered.values())


def _opening() -> list[str]:
    rows = [f"| {one.name} {one.version} | {one.authors} | {one.licence} | {', '.join(sorted(one.kinds))} |" for one in ORACLES]
    return [
        "# Verifiers that others wrote",
        "",
        "What is issued here is believed by strangers, so strangers judge it: each verifier below runs in a process of its own",
        "(`tests/oracles`; for tests only, none of it is shipped), over all that we issue and over the vectors of",
        "`tests/vectors/credentials`. What our validators accept, they accept. Of what ours refuse, the tables say what each verifier",
        "says; a dash means that it accepts. Where all of them accept, the last column has the clause that our refusal rests on.",
        "",
        "`python tests/oracles/table.py` writes this page; a test holds that it is current.",
        "",
        "| verifier | authors | licence | asked about |",
        "|---|---|---|---|",
        *rows,
        "",
        "What they leave to their caller, and what the caller here does:",
        "",
        "- polaris-oid4vp leaves the signature of a status list to a function of its caller's. That function asks it to chain the",
        "  list's certificate, whose extended key usage is ours alone, so for lists the set of usages that it believes is replaced.",
        "- openvc-core reads the clock itself; its process is given the vector's time. Of a QR slip it checks CBOR, COSE, certificate",
        "  and status. It knows no slips: what one promises beyond its two signatures is ours alone to check, and what it cannot even be",
        "  asked is unreadable. It reads our trust lists (ETSI TS 119 602) as they are published, and who asks it for the roots of one",
        "  type of credential gets those alone. It knows no held list, so that one that went back is as good as any to it.",
        "- The two of @sd-jwt leave signatures to a function of the caller's, which takes the key of a certificate under an anchor and",
        "  looks at nothing else. They check neither the audience nor the age of a key binding, and unpack a list without bound.",
        "- @openid4vc leaves signatures, certificates and encryption to functions of its caller's: jose does them, under an anchor that",
        "  it is given. Beside what the tables have, a wallet made of it takes an offer of the running service and answers a request,",
        "  and a verifier made of it, and one of polaris-oid4vp over the network, ask the product's wallet; `dcql` holds answers against",
        "  queries and openvc-core verifies them (`tests/oracles/test_wallets.py`, `test_verifiers.py`).",
        "- Of an mdoc openvc-core checks certificate, time and both signatures, and leaves its status to its caller, who reads where it",
        "  stands and asks it about that list.",
        "- Presentations are of all types, and of copies that a wallet fetched over OpenID4VCI from the running service: on a registrar's",
        "  word, after a live session, on an attested device; with keys in files and in SoftHSM (`test_issued.py`, `test_fetched.py`).",
        "- None keeps a memory of what was presented, knows which types an anchor may issue, or reads our development mark.",
        "",
    ]


def _section(kind: str, found: Answers) -> list[str]:
    refused = [one for one in judged() if one.kind == kind and one.code != "accepted"]
    if not refused:
        return []
    oracles = asked(kind)
    columns = ["what differs", "our refusal", *(one.name for one in oracles), "if none refuses"]
    accepted = sum(one.kind == kind and one.code == "accepted" for one in judged())
    counts = ", ".join(f"{one.name} {sum(not found[by.key][one.name]['accepted'] for by in refused)}" for one in oracles)
    alone = sum(by_none(found[one.key]) for one in refused)
    return [
        f"## {HEADINGS[kind]}",
        "",
        f"Of the {accepted} vectors that hold, all say what we say. Of {len(refused)} that we refuse, each refuses: {counts};",
        f"none refuses {alone}.",
        "",
        "| " + " | ".join(columns) + " |",
        "|" + "---|" * len(columns),
        *(_row(one, found[one.key], oracles) for one in refused),
        "",
    ]


def _row(vector: Vector, answered: dict[str, dict], oracles: list[Oracle]) -> str:
    cells = [said(answered[one.name]) or "-" for one in oracles]
    clause = CLAUSES.get(vector.code, "?") if by_none(answered) else ""
    return "| " + " | ".join([_differs(vector), f"`{vector.code}`", *cells, clause]) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(answers()), encoding="utf-8")
