"""Times of status lists of 2^20 entries: reading a token, asking one status, signing, publishing, handing out indexes.

python benchmarks/status_lists.py
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
from idverify.keys import authority, signing
from idverify.keys.certified import CertifiedKeys
from idverify.store import Store, statuses
from idverify.store.statuses import Entry

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


def milliseconds(work: Callable[[], object], n: int, clock: Callable[[], float] = time.process_time) -> float:
    """Median of n runs, by default of processor time, which other work on the machine disturbs less."""
    taken = []
    for _ in range(n):
        begun = clock()
        work()
        taken.append(1000 * (clock() - begun))
    return statistics.median(taken)


def reading(keys: CertifiedKeys, anchor: Anchor) -> None:
    """Tokens of 1 and 2 bits, with more and more that is not valid."""
    print("| bits | not valid | token, kB | pack, ms | compress, ms | read, ms |\n|-|-|-|-|-|-|")
    chosen = random.Random(1)
    for bits in (1, 2):
        for share in (0.0, 0.01, 0.1, 0.5):
            indexes = chosen.sample(range(ENTRIES), int(share * ENTRIES))
            content = pack(bits, exceptions := [(index, chosen.randrange(1, bits + 1)) for index in indexes])
            where: dict[str, Any] = {"uri": URI, "issuer": ISSUER, "aggregation_uri": URI, "now": NOW}
            signer = {"signer": keys.current.signer, "chain": keys.current.chain}
            token = status_list.sign(content, bits, **where, **signer)
            packing = milliseconds(lambda bits=bits, found=exceptions: pack(bits, found), 5)
            compressing = milliseconds(lambda content=content: encode(content), 5)
            held = milliseconds(lambda token=token: status_list.read(token, (anchor,), NOW), 51)
            print(f"| {bits} | {share:.0%} | {len(token) / 1000:.0f} | {packing:.1f} | {compressing:.0f} | {held:.2f} |")
    found = status_list.read(token, (anchor,), NOW)
    asked = chosen.choices(range(ENTRIES), k=10_000)
    each = milliseconds(lambda: [found.status(index) for index in asked], 51) / len(asked)
    print(f"\none status of a list that was read: {1000 * each:.2f} microseconds")


def writing(installation: Installation) -> None:
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

    print(f"places for 30 copies, SQLite, committed: {milliseconds(batch, 51, time.perf_counter):.1f} ms")
    first = published(installation, number)  # type: ignore[arg-type]
    assert first is not None
    print(f"published after a change: {milliseconds(lambda: published(installation, number), 15):.0f} ms")  # type: ignore[arg-type]
    unchanged = milliseconds(lambda: published(installation, number, first), 101)  # type: ignore[arg-type]
    print(f"published without one: {unchanged:.2f} ms ({len(first.token) / 1000:.0f} kB)")


def main() -> None:
    """Print the tables of docs/reference/status.md."""
    with tempfile.TemporaryDirectory() as folder:
        root = authority.create(Path(folder) / "root", name="bench", country="XX", now=NOW)
        keys_folder = Path(folder) / "status"
        keys = CertifiedKeys(signing.load_or_create(keys_folder, lambda: NOW), keys_folder, issuer=ISSUER)
        keys.certify(root, usage=Purpose.STATUS, issuer=ISSUER)
        reading(keys, Anchor("bench", root.certificate, frozenset(), (ISSUER,)))
        store = Store.open(f"sqlite:///{folder}/bench.db")
        writing(Installation(store, keys))
        store.close()


if __name__ == "__main__":
    main()
