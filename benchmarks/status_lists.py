"""Times of status lists of 2^20 entries: reading a token, asking one status, signing, publishing, handing out indexes.

python benchmarks/status_lists.py: some ten seconds. Writes benchmarks/results/status_lists.json, and prints the table of
docs/reference/status.md.
"""

import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idverify.ceremonies.status_publishing import published
from idverify.ceremonies.statuses import allocate
from idverify.credentials import status_list
from idverify.credentials.anchors import Anchor
from idverify.credentials.purposes import Purpose
from idverify.credentials.status_bits import ENTRIES, encode, pack
from idverify.evaluation.report import origin, write_report
from idverify.keys import authority, signing
from idverify.keys.certified import CertifiedKeys
from idverify.store import Store, statuses
from idverify.store.statuses import Entry

RESULTS = Path(__file__).resolve().parent / "results"
NOW = 1_800_000_000.0
ISSUER = "https://id.example"
URI = f"{ISSUER}/v1/status-lists/1"
DAYS = 14


@dataclass(frozen=True)
class Installation:
    """As much of one as status lists need."""

    store: Store
    status_keys: CertifiedKeys
    issuer: str = ISSUER
    random_bytes: Callable[[int], bytes] = os.urandom

    def now(self) -> float:
        """Always the same moment."""
        return NOW


def milliseconds(work: Callable[[], object], n: int, clock: Callable[[], float] = time.process_time) -> dict[str, float]:
    """Of n runs, by default of processor time, which other work on the machine disturbs less."""
    taken = []
    for _ in range(n):
        begun = clock()
        work()
        taken.append(1000 * (clock() - begun))
    quartiles = statistics.quantiles(taken, n=4, method="inclusive")
    return {"n": n, "p50_ms": statistics.median(taken), "p25_ms": quartiles[0], "p75_ms": quartiles[2]}


def reading(keys: CertifiedKeys, anchor: Anchor) -> dict[str, Any]:
    """Tokens of 1 and 2 bits, with more and more that is not valid; and one status of the last."""
    chosen, rows = random.Random(1), []
    for bits in (1, 2):
        for share in (0.0, 0.01, 0.1, 0.5):
            indexes = chosen.sample(range(ENTRIES), int(share * ENTRIES))
            content = pack(bits, exceptions := [(index, chosen.randrange(1, bits + 1)) for index in indexes])
            where: dict[str, Any] = {"uri": URI, "issuer": ISSUER, "aggregation_uri": URI, "now": NOW}
            signer = {"signer": keys.current.signer, "chain": keys.current.chain}
            token = status_list.sign(content, bits, **where, **signer)
            row = {"bits": bits, "not_valid": share, "token_bytes": len(token)}
            row["pack"] = milliseconds(lambda bits=bits, found=exceptions: pack(bits, found), 5)
            row["compress"] = milliseconds(lambda content=content: encode(content), 5)
            row["read"] = milliseconds(lambda token=token: status_list.read(token, (anchor,), NOW), 51)
            rows.append(row)
    found = status_list.read(token, (anchor,), NOW)
    asked = chosen.choices(range(ENTRIES), k=10_000)
    one = milliseconds(lambda: [found.status(index) for index in asked], 51)
    return {"lists": rows, "one_status": {"asked_at_once": len(asked), **one}}


def writing(installation: Installation) -> dict[str, Any]:
    """A list that has handed out nearly half of its indexes, one in a hundred of them revoked."""
    facts: dict[str, Any] = {"type_name": "identity_card", "bits": 1, "expires_at": NOW + DAYS * 86_400}
    with installation.store.transaction() as tx:
        place = allocate(installation, tx, credential_id="first", subject_id="first", count=1, **facts)[0]  # type: ignore[arg-type]
        number = int(place.uri.rsplit("/", 1)[1])
        free = [index for index in range(ENTRIES) if index != place.index]
        random.Random(1).shuffle(free)
        for at in range(0, 500_000, 1000):
            some = free[at : at + 1000]
            entries = [
                Entry(number, i, int(i % 100 == 0), f"c{i // 30}", f"s{i // 60}", "identity_card", NOW, NOW + 1) for i in some
            ]
            statuses.add(tx, entries, full_at=ENTRIES)

    def batch() -> None:
        names = {"credential_id": os.urandom(8).hex(), "subject_id": os.urandom(8).hex()}
        with installation.store.transaction() as tx:
            allocate(installation, tx, **names, count=30, **facts)  # type: ignore[arg-type]

    places = milliseconds(batch, 51, time.perf_counter)
    first = published(installation, number)  # type: ignore[arg-type]
    assert first is not None
    return {
        "places_for_30_wall_clock": places,
        "published_after_a_change": milliseconds(lambda: published(installation, number), 15),  # type: ignore[arg-type]
        "published_without_one": milliseconds(lambda: published(installation, number, first), 101),  # type: ignore[arg-type]
        "token_bytes": len(first.token),
    }


def table(rows: list[dict[str, Any]]) -> str:
    """In Markdown, as docs/reference/status.md has it."""
    lines = ["| bits | not valid | token, kB | pack, ms | compress, ms | read, ms |", "|-|-|-|-|-|-|"]
    for row in rows:
        took = [f"{row[what]['p50_ms']:.{digits}f}" for what, digits in (("pack", 1), ("compress", 0), ("read", 2))]
        size = f"{row['token_bytes'] / 1000:.0f}"
        lines.append("| " + " | ".join((str(row["bits"]), f"{row['not_valid']:.0%}", size, *took)) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure all of it."""
    made = origin(arguments=[], now=time.time()) | {"command": "python benchmarks/status_lists.py"}
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    with tempfile.TemporaryDirectory() as folder:
        root = authority.create(Path(folder) / "root", name="bench", country="XX", now=NOW)
        keys_folder = Path(folder) / "status"
        keys = CertifiedKeys(signing.load_or_create(keys_folder, lambda: NOW), keys_folder, issuer=ISSUER)
        keys.certify(root, usage=Purpose.STATUS, issuer=ISSUER)
        read = reading(keys, Anchor("bench", root.certificate, frozenset(), (ISSUER,)))
        store = Store.open(f"sqlite:///{folder}/bench.db")
        report = {"entries": ENTRIES, **read, "writing": writing(Installation(store, keys)), "load_average": busy, **made}
        store.close()
    print(table(report["lists"]), write_report(RESULTS, report, "status_lists.json").name, sep="\n\n")


if __name__ == "__main__":
    main()
