"""The index of all references that a process holds, kept level with the database by the audit chain.

Every enrolment, renewal and erasure writes an event in its own transaction, and events are numbered without a gap. The index
remembers the last one it applied, by number and hash, and before each search it applies those since, under the writer's lock:
it then holds whatever any process has committed. Nothing is put into it before it is committed, so a transaction that is rolled
back leaves no trace. A chain that does not hold the remembered event is another one (a backup was restored): the index is built
anew, which is the same walk from the first event.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from idverify.ceremonies import Vault
from idverify.ceremonies.gallery_file import Position, Snapshot, read_snapshot, write_snapshot
from idverify.ceremonies.records import TEMPLATE, current_versions, open_record
from idverify.errors import AuditBroken, InvalidInput, KeyUnavailable, RecordTampered, StoreUnavailable
from idverify.face.comparison import Quantised, compare, compare_quantised, quantise
from idverify.registry import templates
from idverify.registry.gallery import Gallery
from idverify.store import Connection, audit, subjects
from idverify.values import Floats, Template

Mode = Literal["warn", "block"]
Progress = Callable[[int, int], None]

BATCH: Final = 500
"""Events applied in one reading transaction."""

INT8_ERROR: Final = 0.005
"""No score of a quantised reference was ever found this far from the exact one (face.comparison.Quantised)."""

_REWRITE_AFTER: Final = 1000
_REWRITE_SHARE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did. file: `kept` when the index was loaded before, `used`, `missing`, or why it was not used."""

    references: int
    file: str
    applied: int


class DuplicateIndex:
    """References of one embedder, for `warn` or `block`. Safe from many threads."""

    def __init__(self, mode: Mode, model_digest: str, dimension: int) -> None:
        """model_digest, dimension: of the loaded embedder. Nothing is loaded before the first `refresh`."""
        self.mode: Final = mode
        self._model_digest = model_digest
        self._dimension = dimension
        self._lock = threading.RLock()
        self._loaded = False
        self._gallery = Gallery(dimension)
        self._position = Position()
        self._unsearchable: set[str] = set()
        self._since_saved = 0
        self._must_save = False

    @property
    def references(self) -> int:
        """How many references a search compares with."""
        return len(self._gallery)

    @property
    def unsearchable(self) -> int:
        """How many subjects no search finds: their template belongs to another model, or does not open."""
        return len(self._unsearchable)

    def refresh(self, vault: Vault, *, whole: bool = False, progress: Progress = lambda _done, _total: None) -> Refreshed:
        """Load the index if it is not loaded, and apply what was committed since, a batch a transaction.

        whole: build it anew from the first event, whatever is loaded or on disk. progress: (references, subjects) so far.
        Raises AuditBroken when the registry holds subjects that the audit does not name, KeyUnavailable, StoreUnavailable.
        """
        with self._lock:
            file = "kept"
            if whole or not self._loaded:
                self._loaded = False
                self._reset()
                file = "not used" if whole else self._load(vault)
            applied, complete = self._catch_up(vault, progress)
            if not complete:
                self._loaded = False
                self._reset()
                file = "not used"
                applied, complete = self._catch_up(vault, progress)
                if not complete:
                    raise AuditBroken("the audit does not name every subject that is enrolled: run `idverify audit verify`")
            self._loaded = True
            return Refreshed(self.references, file, applied)

    def level(self, vault: Vault) -> None:
        """Apply what was committed since, so that who was erased is forgotten; an index that is not loaded has nobody in it."""
        with self._lock:
            if self._loaded:
                self.refresh(vault)

    def ready(self, vault: Vault) -> None:
        """Load the index if it is not loaded: outside any transaction, since the first time may take long."""
        if not self._loaded:
            self.refresh(vault)

    def apply(self, vault: Vault, tx: Connection) -> None:
        """Bring the index level with what is committed. tx: a write transaction, so that nobody commits meanwhile."""
        with self._lock:
            while self._apply(vault, tx):
                pass

    def search(self, vault: Vault, tx: Connection, probe: Template, least: float, most: int) -> list[str]:
        """Subjects whose reference scores `least` or more against the probe, best first, `most` of them at most.

        tx: the transaction in which `apply` was called. The index only nominates: the exact score of the sealed record, opened
        now, decides. Raises KeyUnavailable, StoreUnavailable, RecordTampered.
        """
        with self._lock:
            nominated = self._gallery.candidates(probe.vector)
        scores = compare_quantised(probe.vector, Quantised(nominated.codes, nominated.scales))
        found: list[tuple[float, str]] = []
        for at in (-scores).argsort(kind="stable"):
            if scores[at] < least - INT8_ERROR or len(found) == most:
                break
            subject_id = nominated.subject_ids[at]
            _, vector = self._reference(vault, tx, subject_id)
            if vector is not None and (score := compare(vector, probe.vector)) >= least:
                found.append((score, subject_id))
        return [subject_id for _, subject_id in sorted(found, reverse=True)]

    def save(self, vault: Vault) -> bool:
        """Write the sealed file if it is due: missing, far behind, or still holding somebody erased. Whether it was written.

        An index with gaps is not kept, so that the next start tries again. Enrolments wait while it is written. Raises
        KeyUnavailable, StoreUnavailable.
        """
        with self._lock:
            path = vault.gallery_file
            if path is None or not self._loaded or self._unsearchable or not len(self._gallery):
                return False
            behind = self._since_saved > max(_REWRITE_AFTER, _REWRITE_SHARE * len(self._gallery))
            if not (self._must_save or behind or not path.exists()):
                return False
            snapshot = Snapshot(self._gallery, self._position)
            written = write_snapshot(vault, path, snapshot, model_digest=self._model_digest, dimension=self._dimension)
            if written:
                self._since_saved, self._must_save = 0, False
            return written

    def _reset(self) -> None:
        self._gallery, self._position, self._unsearchable = Gallery(self._dimension), Position(), set()
        self._since_saved, self._must_save = 0, True

    def _load(self, vault: Vault) -> str:
        if vault.gallery_file is None:
            return "missing"
        try:
            found = read_snapshot(vault, vault.gallery_file, model_digest=self._model_digest, dimension=self._dimension)
        except FileNotFoundError:
            return "missing"
        except (InvalidInput, RecordTampered, KeyUnavailable) as error:
            return error.code
        except OSError as error:
            raise StoreUnavailable(f"the gallery file cannot be read: {error.strerror}") from error
        self._gallery, self._position, self._must_save = found.gallery, found.position, False
        return "used"

    def _catch_up(self, vault: Vault, progress: Progress) -> tuple[int, bool]:
        """How many events were applied, and whether every subject is then accounted for."""
        applied = enrolled = 0
        while True:
            with vault.store.reading() as tx:
                some = self._apply(vault, tx)
                if not (applied and some):  # at the beginning for the progress, at the end for the account
                    enrolled = subjects.count(tx)
            applied += some
            accounted = len(self._gallery) + len(self._unsearchable)
            progress(accounted, max(enrolled, accounted))
            if not some:
                return applied, accounted == enrolled

    def _apply(self, vault: Vault, tx: Connection) -> int:
        """Apply up to a batch of events, and return how many there were."""
        if self._position.seq:
            remembered = audit.entry(tx, self._position.seq)
            if remembered is None or remembered.hash != self._position.hash:
                self._reset()
        changes = audit.changes(tx, self._position.seq, BATCH)
        for subject_id in dict.fromkeys(change.subject_id for change in changes):
            self._take(vault, tx, subject_id)
        if changes:
            self._position = Position(changes[-1].seq, changes[-1].hash)
            self._since_saved += len(changes)
        return len(changes)

    def _take(self, vault: Vault, tx: Connection, subject_id: str) -> None:
        """Put the subject's reference, as it is now, into the gallery, or take it out."""
        try:
            enrolled, vector = self._reference(vault, tx, subject_id)
        except RecordTampered:
            enrolled, vector = True, None
        if enrolled and vector is None:
            self._unsearchable.add(subject_id)
        else:
            self._unsearchable.discard(subject_id)
        if vector is not None:
            one = quantise(vector[None])
            self._gallery.put(subject_id, one.codes[0], float(one.scales[0]))
        elif subject_id in self._gallery:
            self._gallery.remove(subject_id)
            self._must_save = True

    def _reference(self, vault: Vault, tx: Connection, subject_id: str) -> tuple[bool, Floats | None]:
        """Whether the subject is enrolled, and its vector, unless that belongs to another model. Raises RecordTampered."""
        version = current_versions(vault, tx, subject_id).get(TEMPLATE)
        if version is None:
            return False, None
        record = subjects.records_of(tx, subject_id, TEMPLATE).get(TEMPLATE)
        if record is None or record.row_version != version:
            raise RecordTampered("a template record is missing, or is not the one the audit names")
        if record.model_digest != self._model_digest:
            return True, None
        return True, templates.from_bytes(open_record(vault, record), record.model_digest).vector
