"""Further portraits of a subject that is enrolled: added, listed, removed, the reference made anew each time.

Whoever can add a photograph of their own to another's record is that person from then on. So a portrait is added only if it
matches the present reference, and the oldest portrait too: else a chain of look-alikes would lead from anybody to anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from idverify.audit.events import Event
from idverify.ceremonies import Parts, Vault
from idverify.ceremonies.attempts import spend_attempt
from idverify.ceremonies.auditing import record_event
from idverify.ceremonies.duplicates import Check, find_duplicates
from idverify.ceremonies.enrolment import require_assessed
from idverify.ceremonies.gallery_file import drop_snapshot
from idverify.ceremonies.kept_portraits import Kept, is_current, kept_portraits, reference_template, renew_reference
from idverify.ceremonies.reference import reference_of, require_subject
from idverify.decision.policy import find_policy
from idverify.errors import FailureToAcquire, ImageRejected, InvalidInput, PossibleDuplicate, TemplateOutdated
from idverify.face.comparison import compare
from idverify.registry.portrait_errors import PortraitExists, PortraitLimit, PortraitMismatch, PortraitNotFound
from idverify.registry.portraits import MOST, SOURCES, Portrait, portrait_id
from idverify.values import Template


@dataclass(frozen=True, slots=True)
class Listed:
    """A portrait without its picture. added_at: seconds since the epoch."""

    portrait_id: str
    added_at: float
    source: str


@dataclass(frozen=True, slots=True)
class Added:
    """A portrait that was added. retake, duplicate_check: as of an enrolment."""

    listed: Listed
    retake: tuple[str, ...]
    duplicate_check: Check


def add_portrait(parts: Parts, subject_id: str, *, picture: bytes, source: str, actor: str) -> Added:
    """Add a portrait. Its record, the new reference and the audit event are committed together, or nothing is.

    The installation's default policy has the threshold. It costs an attempt on the subject, as a verification does: the answer
    tells whether the picture matches. Raises InvalidInput, PolicyUnknown, AttemptsExhausted, SubjectNotFound, NoReference,
    ImageRejected, TooLarge, FailureToAcquire, PortraitLimit, PortraitExists, PortraitMismatch, PossibleDuplicate,
    TemplateOutdated, GalleryTooLarge, and any Fault.
    """
    # 1. What was said, and the attempt that it costs, in a transaction of its own.
    if source not in SOURCES:
        raise InvalidInput("source is one of " + ", ".join(SOURCES))
    policy = find_policy(parts.policies, parts.default_policy)
    spend_attempt(parts, client_id=actor, subject_id=subject_id, transaction_id=parts.random_bytes(16).hex())

    # 2. What was sent: the same gates as at enrolment.
    probe = parts.acquirer.acquire(picture)
    require_assessed(probe)
    if parts.duplicates is not None:
        parts.duplicates.ready(parts)

    while True:
        # 3. Against what is kept now, outside the writer's lock.
        with parts.store.reading() as tx:
            reference = reference_of(parts, tx, subject_id).template
            kept = kept_portraits(parts, tx, subject_id)
        _require_place(kept, picture)
        present = _templates(parts, kept.portraits)
        scores = [compare(probe.template.vector, one.vector) for one in (reference, present[0])]
        if not all(score >= policy.threshold for score in scores):
            with parts.store.transaction() as tx:
                record_event(
                    parts, tx, Event.PORTRAIT_REFUSED, actor=actor, subject_id=subject_id, policy=policy.name, source=source
                )
            raise PortraitMismatch("the portrait does not match those of the subject")
        renewed = reference_template([*present, probe.template])

        # 4. Written, if what was read is still so. Of two who add at once, the second is compared with what the first left.
        added = Portrait(portrait_id(parts.random_bytes(16)), parts.now(), source, picture)
        with parts.store.transaction() as tx:
            require_subject(tx, subject_id)
            if not is_current(parts, tx, subject_id, kept):
                continue
            found = find_duplicates(parts, tx, probe.template, of=subject_id)
            refuse = found is not None and found.refuse
            if not refuse:
                renew_reference(
                    parts, tx, subject_id, renewed, Event.PORTRAIT_ADDED, actor=actor, added=added, policy=policy.name
                )
            if found is not None and found.others:
                event = Event.DUPLICATE_REFUSED if refuse else Event.POSSIBLE_DUPLICATE
                record_event(parts, tx, event, actor=actor, subject_id=subject_id, others=[*found.others], policy=found.policy)
        break
    if refuse:
        raise PossibleDuplicate("this person is probably enrolled already, under another identifier")
    return Added(_listed(added), probe.quality.retake, "off" if found is None else found.check)


def list_portraits(vault: Vault, subject_id: str, *, actor: str) -> tuple[Listed, ...]:
    """The subject's portraits, oldest first, without the pictures; the reading is audited.

    Raises SubjectNotFound, RecordTampered, KeyUnavailable, StoreUnavailable.
    """
    with vault.store.reading() as tx:
        kept = kept_portraits(vault, tx, subject_id)
    with vault.store.transaction() as tx:
        require_subject(tx, subject_id)
        record_event(vault, tx, Event.SUBJECT_READ, actor=actor, subject_id=subject_id)
    return tuple(_listed(portrait) for portrait in kept.portraits)


def remove_portrait(parts: Parts, subject_id: str, removed: str, *, actor: str) -> None:
    """Destroy one portrait, by its id, and make the reference of those that are left. The last one stays: erase the subject.

    The index of references goes from the disk, as after an erasure. Raises SubjectNotFound, PortraitNotFound, PortraitLimit,
    TemplateOutdated, RecordTampered, KeyUnavailable, StoreUnavailable.
    """
    while True:
        with parts.store.reading() as tx:
            kept = kept_portraits(parts, tx, subject_id)
        left = [portrait for portrait in kept.portraits if portrait.portrait_id != removed]
        if len(left) == len(kept.portraits):
            raise PortraitNotFound("no such portrait of this subject")
        if not left:
            raise PortraitLimit("the last portrait stays: erase the subject, or add another portrait first")
        renewed = reference_template(_templates(parts, left))
        with parts.store.transaction() as tx:
            require_subject(tx, subject_id)
            if not is_current(parts, tx, subject_id, kept):
                continue
            renew_reference(parts, tx, subject_id, renewed, Event.PORTRAIT_REMOVED, actor=actor, removed=removed)
        break
    parts.store.tidy()
    drop_snapshot(parts.gallery_file)
    if parts.duplicates is not None:
        parts.duplicates.level(parts)


def _require_place(kept: Kept, picture: bytes) -> None:
    """The same file twice would only weigh double."""
    if any(one.picture == picture for one in kept.portraits):
        raise PortraitExists("this very file is a portrait of the subject already")
    if len(kept.portraits) >= MOST:
        raise PortraitLimit(f"a subject has {MOST} portraits at most: remove one first")


def _templates(parts: Parts, portraits: Sequence[Portrait]) -> list[Template]:
    try:
        return [parts.acquirer.acquire(portrait.picture).template for portrait in portraits]
    except (FailureToAcquire, ImageRejected) as error:
        raise TemplateOutdated("the loaded models cannot use a portrait that is kept: `idverify registry reembed`") from error


def _listed(portrait: Portrait) -> Listed:
    return Listed(portrait.portrait_id, portrait.added_at, portrait.source)
