"""The states of a live session, and what takes it from one to the next (DESIGN section 5).

::

    created -> started -> submitted -> processing -> approved | declined | review | resubmission_requested
    review -> approved | declined | resubmission_requested           resubmission_requested -> started, at most twice

    approved, declined, expired, abandoned, cancelled and failed are final.

The link lives ten minutes, extendable once, and a day from a reviewer's wish for another attempt. An attempt is spent when its
first step is revealed, whoever breaks off; from then on it has 180 seconds. Time never runs backwards: a clock that was set
back counts as standing still.
"""

from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from idverify.errors import RecordTampered, SessionExpired, SessionFinished

LINK_SECONDS = 600.0
ATTEMPT_SECONDS = 180.0
REVIEW_SECONDS = 72 * 3600.0
ASKED_AGAIN_SECONDS = 24 * 3600.0
"""For the person to come back once a reviewer asked for another attempt: nobody waits before a page for that."""

DECISION_SECONDS = 60.0
"""From the last frame to the decision, at most; one that takes longer was lost by a fault of ours."""

MAX_ATTEMPTS = 3
LONGEST_SECONDS = (
    2 * LINK_SECONDS
    + MAX_ATTEMPTS * (ATTEMPT_SECONDS + DECISION_SECONDS + REVIEW_SECONDS)
    + (MAX_ATTEMPTS - 1) * ASKED_AGAIN_SECONDS
)
"""From the beginning to the end of a session, at most: one that is extended, and goes to a reviewer after each attempt."""


class State(StrEnum):
    """Where a session is."""

    CREATED = "created"
    STARTED = "started"
    SUBMITTED = "submitted"
    PROCESSING = "processing"
    REVIEW = "review"
    RESUBMISSION_REQUESTED = "resubmission_requested"
    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"
    ABANDONED = "abandoned"
    CANCELLED = "cancelled"
    FAILED = "failed"


TERMINAL = frozenset({State.APPROVED, State.DECLINED, State.EXPIRED, State.ABANDONED, State.CANCELLED, State.FAILED})
DECIDED = frozenset({State.APPROVED, State.DECLINED, State.REVIEW, State.RESUBMISSION_REQUESTED})


@dataclass(frozen=True, slots=True)
class Session:
    """One session's life. Times are seconds since the epoch.

    attempt: attempts spent, 0 to 3. revealed_at: when the attempt under way was spent; None before its first step. resumed:
    whether that attempt was taken up again after a lost connection. entered_at: when it came into its state. seen_at: the
    latest moment it knows of.
    """

    state: State
    attempt: int
    created_at: float
    link_expires_at: float
    entered_at: float
    seen_at: float
    extended: bool = False
    revealed_at: float | None = None
    resumed: bool = False

    @property
    def due(self) -> float:
        """When the clock alone will end this state; infinite for a final one."""
        match self.state:
            case State.STARTED if self.revealed_at is not None:
                return self.revealed_at + ATTEMPT_SECONDS
            case State.CREATED | State.STARTED | State.RESUBMISSION_REQUESTED:
                return self.link_expires_at
            case State.SUBMITTED | State.PROCESSING:
                return self.entered_at + DECISION_SECONDS
            case State.REVIEW:
                return self.entered_at + REVIEW_SECONDS
            case _:
                return float("inf")


def begin(now: float) -> Session:
    """A new session."""
    return Session(State.CREATED, 0, now, now + LINK_SECONDS, now, now)


def expire(session: Session, now: float) -> Session:
    """The session as the clock has it. Every other function here looks at the clock first.

    A link that nobody opened, or that nobody came back to, has expired; one whose person began and left was abandoned. An
    attempt whose time ran out asks for another, if there is one. A decision that never came is a fault of ours.
    """
    current = replace(session, seen_at=max(session.seen_at, now))
    if current.seen_at < current.due:
        return current
    match current.state:
        case State.STARTED if current.revealed_at is not None:
            return expire(_missed(current), now)
        case State.CREATED | State.REVIEW:
            return _to(current, State.EXPIRED)
        case State.STARTED | State.RESUBMISSION_REQUESTED:
            return _to(current, State.ABANDONED)
        case _:
            return _to(current, State.FAILED)


def start(session: Session, now: float) -> Session:
    """The person began, or begins the next attempt. Raises SessionFinished, SessionExpired."""
    current = _in(session, now, State.CREATED, State.RESUBMISSION_REQUESTED)
    return replace(_to(current, State.STARTED), revealed_at=None, resumed=False)


def reveal(session: Session, now: float) -> Session:
    """The first step of an attempt is revealed: the attempt is spent. Raises SessionFinished, SessionExpired."""
    current = _in(session, now, State.STARTED)
    if current.revealed_at is not None or current.attempt >= MAX_ATTEMPTS:
        raise SessionFinished("this attempt was begun before")
    return replace(current, attempt=current.attempt + 1, revealed_at=current.seen_at)


def lose(session: Session, now: float) -> Session:
    """The connection is lost. Before the first step nothing is; after it the attempt may be taken up once, then it is over."""
    current = expire(session, now)
    if current.state is not State.STARTED or current.revealed_at is None or not current.resumed:
        return current
    return _missed(current)


def resume(session: Session, now: float) -> Session:
    """The attempt goes on over a new connection. Raises SessionFinished where it went on before, SessionExpired."""
    current = _in(session, now, State.STARTED)
    if current.revealed_at is None or current.resumed:
        raise SessionFinished("this attempt cannot be taken up again")
    return replace(current, resumed=True)


def spoil(session: Session, now: float) -> Session:
    """The client sent what no honest client sends: a spent attempt is over. Raises SessionFinished, SessionExpired."""
    current = _in(session, now, State.STARTED)
    return current if current.revealed_at is None else _missed(current)


def submit(session: Session, now: float) -> Session:
    """The last frame is in. Raises SessionFinished, SessionExpired."""
    current = _in(session, now, State.STARTED)
    if current.revealed_at is None:
        raise SessionFinished("nothing was asked of the person yet")
    return _to(current, State.SUBMITTED)


def processing(session: Session, now: float) -> Session:
    """The evidence is being judged. Raises SessionFinished."""
    return _to(_in(session, now, State.SUBMITTED), State.PROCESSING)


def decide(session: Session, outcome: State, now: float) -> Session:
    """What was decided. Raises SessionFinished; ValueError for no outcome, or a fourth attempt."""
    current = _in(session, now, State.PROCESSING, State.REVIEW)
    if outcome not in DECIDED or outcome is current.state:
        raise ValueError("not an outcome")
    if outcome is State.RESUBMISSION_REQUESTED:
        if current.attempt >= MAX_ATTEMPTS:
            raise ValueError("no attempt is left")
        again = _again(current)
        if current.state is State.REVIEW:
            again = replace(again, link_expires_at=max(again.link_expires_at, again.seen_at + ASKED_AGAIN_SECONDS))
        return again
    return _to(current, outcome)


def credit(session: Session, now: float) -> Session:
    """A fault of ours ended the attempt: it is given back. Raises SessionFinished."""
    current = _in(session, now, State.STARTED, State.SUBMITTED, State.PROCESSING)
    if current.revealed_at is None:
        return current
    return _again(replace(current, attempt=current.attempt - 1))


def cancel(session: Session, now: float) -> Session:
    """The relying party, or too many wrong codes, ended it. Raises SessionFinished, SessionExpired."""
    return _to(_in(session, now, *set(State) - TERMINAL), State.CANCELLED)


def extend(session: Session, now: float) -> Session:
    """Ten more minutes for the link, once. Raises SessionFinished, SessionExpired."""
    current = _in(session, now, State.CREATED, State.STARTED, State.RESUBMISSION_REQUESTED)
    if current.extended:
        raise SessionFinished("this session was extended before")
    return replace(current, extended=True, link_expires_at=current.link_expires_at + LINK_SECONDS)


def to_json(session: Session) -> dict[str, Any]:
    """As JSON members."""
    return {**asdict(session), "state": session.state.value}


def from_json(members: Any) -> Session:
    """The inverse of `to_json`. Raises RecordTampered: what was written by us always reads."""
    try:
        if set(members) != {field.name for field in fields(Session)}:
            raise ValueError("other members")  # noqa: TRY301
        return Session(**{**members, "state": State(members["state"])})
    except (TypeError, ValueError, KeyError):
        raise RecordTampered("a session's state is malformed") from None


def _to(session: Session, state: State) -> Session:
    return replace(session, state=state, entered_at=session.seen_at)


def _again(session: Session) -> Session:
    return replace(_to(session, State.RESUBMISSION_REQUESTED), revealed_at=None, resumed=False)


def _missed(session: Session) -> Session:
    """An attempt that ended without a decision: another one, or none is left."""
    return _again(session) if session.attempt < MAX_ATTEMPTS else _to(session, State.DECLINED)


def _in(session: Session, now: float, *states: State) -> Session:
    current = expire(session, now)
    if current.state in states:
        return current
    if current.state is State.EXPIRED:
        raise SessionExpired("this session has expired")
    raise SessionFinished(f"this session is {current.state.value}")
