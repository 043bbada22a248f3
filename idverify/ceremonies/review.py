"""Borderline live sessions, which a person decides: a blind answer first, then the decision, each view audited.

Only for such a session frames are kept: at most four, sealed, until it is decided and at most 72 hours; undecided, the session
expires and they are destroyed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from idverify.audit.events import Event
from idverify.ceremonies import Parts, Vault
from idverify.ceremonies.kept_portraits import oldest_portrait
from idverify.ceremonies.row_sealing import SESSION_ROW, seal, unseal
from idverify.ceremonies.session_record import Held, load, note, save
from idverify.errors import InvalidInput, SessionFinished
from idverify.sessions.state import State
from idverify.store import Connection, sessions
from idverify.store.clients import Client
from idverify.values import Inconclusive

FRAMES = 4


@dataclass(frozen=True, slots=True)
class Case:
    """A case to decide, without scores: an answer that saw one is not a second opinion. portrait: the oldest of the
    subject; None where the relying party sent the reference, of which no picture is kept.
    """

    session_id: str
    purpose: str
    profile: str
    portrait: bytes | None
    frames: tuple[bytes, ...]


def keep(vault: Vault, tx: Connection, session_id: str, frames: Mapping[int, bytes]) -> None:
    """Seal up to four frames for a reviewer."""
    for number, jpeg in enumerate(list(frames.values())[:FRAMES], start=1):
        sessions.keep_frame(tx, session_id, number, seal(vault, SESSION_ROW, jpeg, "frame", session_id, str(number)))


def waiting(vault: Vault) -> list[str]:
    """Ids of the sessions that wait for a reviewer, oldest first."""
    with vault.store.reading() as tx:
        return sessions.in_state(tx, State.REVIEW)


def view(parts: Parts, reviewer: Client, session_id: str) -> Case:
    """Portrait and frames side by side. Raises SessionNotFound, SessionFinished, RecordTampered, KeyUnavailable."""
    with parts.store.transaction() as tx:
        held = in_review(parts, tx, session_id)
        portrait = None if held.order.subject_id is None else oldest_portrait(parts, tx, held.order.subject_id)
        frames = tuple(
            unseal(parts, SESSION_ROW, content, "frame", session_id, str(number))
            for number, content in sessions.frames_of(tx, session_id)
        )
        review = held.review or {}
        save(parts, tx, replace(held, review={**review, "viewed": sorted({*review.get("viewed", ()), reviewer.id})}))
        note(parts, tx, Event.REVIEW_VIEWED, held, actor=reviewer.id)
    return Case(session_id, held.order.purpose, held.order.profile, portrait, frames)


def answer(parts: Parts, reviewer: Client, session_id: str, *, same_person: bool) -> tuple[str, ...]:
    """Record whether both show one person; only then is it told what made the case borderline. One answer a case.

    Raises SessionNotFound, SessionFinished, InvalidInput where another reviewer was first, or this one has not viewed the case.
    """
    with parts.store.transaction() as tx:
        held = in_review(parts, tx, session_id)
        review = held.review or {}
        if "reviewer" in review:
            raise InvalidInput("this case was answered already")
        if reviewer.id not in review.get("viewed", ()):
            raise InvalidInput("view the case first")
        answered = {**review, "reviewer": reviewer.id, "same_person": same_person, "case": held.decision}
        save(parts, tx, replace(held, review=answered))
        note(parts, tx, Event.REVIEW_ANSWERED, held, actor=reviewer.id, same_person=same_person)
    return tuple((held.decision or {}).get("reasons", ()))


def blind_answer(held: Held, reviewer: Client) -> bool:
    """What this reviewer answered. Raises InvalidInput where there is no answer, or it is another's."""
    review = held.review or {}
    if review.get("reviewer") != reviewer.id:
        raise InvalidInput("answer first whether both show one person")
    return bool(review["same_person"])


def borderline(held: Held) -> Inconclusive:
    """The decision that awaits, or awaited, a person: as it was when they answered."""
    decision = (held.review or {})["case"]
    return Inconclusive(decision["policy"], tuple(decision["checks"]), tuple(decision["reasons"]))


def in_review(parts: Parts, tx: Connection, session_id: str) -> Held:
    """The session, while it waits for a reviewer. Raises SessionNotFound, SessionFinished, RecordTampered."""
    held = load(parts, tx, session_id)
    if held.session.state is not State.REVIEW:
        raise SessionFinished("this session does not await a reviewer")
    return held
