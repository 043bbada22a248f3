"""A live session's stream, frame by frame: from a connection to the end of an attempt.

A frozen value holds what one connection knows; every message of the client gives the next value and what to say. What must
survive the connection is in the store: the claim to the challenge, the attempt, the outcome. No frame is kept here beyond the
few that are analysed, and none after the decision, but for a reviewer (idverify.ceremonies.review).
"""

from contextlib import suppress
from dataclasses import asdict, replace

from idverify.audit.events import Event
from idverify.ceremonies import Parts, live_end
from idverify.ceremonies.attempts import credit_live_attempt, require_live_attempt, spend_live_attempt
from idverify.ceremonies.challenge_record import disclosed, steps_of
from idverify.ceremonies.live_connection import Live, Said
from idverify.ceremonies.live_decision import ours
from idverify.ceremonies.live_start import no_longer_allowed, reference_for
from idverify.ceremonies.person import Bearer, by_camera
from idverify.ceremonies.session_end import write
from idverify.ceremonies.session_record import Held, load, note, require_open, save
from idverify.ceremonies.stream_signature import Answer
from idverify.decision.profile import find_profile
from idverify.errors import ChallengeReplayed, FailureToAcquire, SessionFinished, SessionNotFound
from idverify.keys.jwk import base64url
from idverify.liveness import conductor as conducting
from idverify.liveness.challenge import SEED_BYTES, Options, commitment
from idverify.liveness.conductor import Action, Conductor, Finish, Guide, Reveal, tick, wants_look
from idverify.liveness.observation import Analysis
from idverify.sessions import state
from idverify.sessions.envelope import Chain, open_frame, stream_key
from idverify.sessions.state import State
from idverify.store import Connection
from idverify.tracking import Tracked

LEASE_SECONDS = 30.0
"""How long a connection is taken to hold its challenge without a word to the store. A crash gives it back after that."""

RENEW_SECONDS = 8.0
SALT_BYTES = 16


def connect(parts: Parts, session_id: str, bearer: Bearer, *, at: float) -> tuple[Live, list[Said]]:
    """Claim the session's challenge for a new connection. at: seconds on the clock that stamps frames.

    The claim is atomic: of two connections at one moment the second is refused. Raises SessionNotFound, SessionTaken,
    SessionExpired, SessionFinished, ChallengeReplayed, AttemptsExhausted, NoReference, PolicyUnknown where the profile has
    gone out of service since, and any Fault.
    """
    now = parts.now()
    connection = parts.random_bytes(16).hex()
    seed = parts.random_bytes(SEED_BYTES)
    committed_to = commitment(seed).hex()
    with parts.store.transaction() as tx:
        held = by_camera(parts, tx, session_id, bearer)
        if held.connection is not None and held.lease > now:
            note(parts, tx, Event.SESSION_CONNECTION_REFUSED, held, code=ChallengeReplayed.code)
            refused = True
        else:
            refused = False
            held = disclosed(parts, tx, held)  # whoever had that challenge has it no more
            if held.connection is not None:  # its process died, or its lease ran out unseen
                held = replace(held, connection=None, session=state.lose(held.session, now))
            if held.session.revealed_at is not None and no_longer_allowed(held):
                held = replace(held, session=state.spoil(held.session, now))  # the next attempt asks for what is allowed
            require_open(held)
            if held.session.state is State.CREATED:
                raise SessionFinished("begin the session first")
            resumed = held.session.revealed_at is not None
            if not resumed:  # else it was counted when its first step was revealed
                require_live_attempt(parts, tx, held.order.subject_id)
            reference = reference_for(parts, tx, held)
            session = state.resume(held.session, now) if resumed else held.session
            if session.state is State.RESUBMISSION_REQUESTED:
                session = state.start(session, now)
            profile = find_profile(parts.profiles, held.order.profile)
            options = Options(held.movement, held.flashing, profile.steps)
            earlier = (held.kinds or []) if resumed else []
            steps = steps_of(seed, options, earlier)
            if resumed:
                about = held.session.attempt
                note(parts, tx, Event.SESSION_RESUMED, held, attempt=about, commitment=committed_to, kinds=[*earlier])
            held = replace(
                held,
                session=session,
                connection=connection,
                lease=now + LEASE_SECONDS,
                seed=seed.hex(),
                committed=resumed,
                kinds=[step.kind.value for step in steps],
                allowed_when_drawn=asdict(options),
            )
            save(parts, tx, held)
    if refused:
        raise ChallengeReplayed("another connection holds this session's challenge")
    number = held.session.attempt + (not resumed)
    salt = parts.random_bytes(SALT_BYTES)
    nonce = bytes.fromhex(held.order.nonce)
    live = Live(
        session_id=session_id,
        connection=connection,
        seed=seed,
        reference=reference,
        chain=Chain.start(session_id, number, nonce, commitment(seed), stream_key(nonce, salt, session_id, number)),
        conductor=Conductor(steps),
        spent=resumed,
        renewed_at=at,
    )
    hello: Said = {
        "type": "hello",
        "attempt": number,
        "salt": base64url(salt),
        "commitment": committed_to,
        "steps": len(steps),
    }
    return live, [hello]


def receive(parts: Parts, live: Live, message: bytes, *, at: float) -> tuple[Live, list[Said]]:
    """Take one message of the client in, which arrived `at`. Raises FrameRefused, ImageRejected, TooLarge, and any Fault.

    Whatever is raised ends the connection: call `dropped` with the error.
    """
    if live.over:
        return live, []
    frame, chain = open_frame(live.chain, message)
    pace = live.pace.took(len(message), at)
    if live.signature_due is not None:
        after = _renewed(parts, replace(live, chain=chain, pace=pace), at)
        return live_end.signed(parts, after, Answer(live.chain.next_link, frame.jpeg), at=at)
    look = wants_look(live.conductor, at, frame.reveals, _chance(parts))
    tracked = parts.tracker.track(live.previous, frame.jpeg, sequence=frame.sequence, at=at, reveals=frame.reveals, look=look)
    analyses, kept = live.analyses, live.kept
    analysis = _analysed(parts, tracked) if look else None
    if analysis is not None:
        analyses = {**analyses, frame.sequence: analysis}
        if live.conductor.phase is conducting.Phase.AHEAD:
            kept = {**kept, frame.sequence: frame.jpeg}
    conductor, actions = conducting.observe(live.conductor, tracked.observation, analysed=analysis is not None)
    live = replace(
        live, chain=chain, pace=pace, previous=tracked.observation, conductor=conductor, analyses=analyses, kept=kept
    )
    return _acted(parts, _renewed(parts, live, at), actions, at)


def _analysed(parts: Parts, tracked: Tracked) -> Analysis | None:
    """None where this frame shows no face to analyse: another one will be chosen."""
    try:
        return parts.tracker.analyse(tracked)
    except FailureToAcquire:
        return None


def passed_time(parts: Parts, live: Live, *, at: float) -> tuple[Live, list[Said]]:
    """What the clock alone brings while no frame comes; call it a few times a second. Raises any Fault."""
    if live.over:
        return live, []
    if live.signature_due is not None:
        return live_end.unsigned(parts, _renewed(parts, live, at), at=at)
    conductor, actions = tick(live.conductor, at)
    live, said = _acted(parts, _renewed(parts, replace(live, conductor=conductor), at), actions, at)
    if not said and live.said and not live.over:
        said = [{"type": "guidance", "code": live.said}]
    return live, said


def dropped(parts: Parts, live: Live, *, code: str, ours: bool = False) -> None:
    """The connection ended before its attempt did. Raises StoreUnavailable.

    code: `connection_lost`, or of the error that ended it. Who breaks off a connection may come back once with the same
    attempt; who sent what no client of ours sends has used it up; where the fault is ours, the attempt is given back.
    """
    if live.over:
        return
    with parts.store.transaction() as tx, suppress(SessionNotFound):  # erased with its subject
        held = load(parts, tx, live.session_id)
        if held.connection != live.connection or held.session.state is State.FAILED:  # the sweep gives that attempt back
            return
        note(parts, tx, Event.SESSION_CONNECTION_LOST, held, code=code)
        if held.session.state in state.TERMINAL:  # its time ran out: the sweep ends it
            return
        held = replace(disclosed(parts, tx, held), connection=None)
        if ours:
            held = _credited(parts, tx, held, code)
        elif code == LOST:
            held = replace(held, session=state.lose(held.session, parts.now()))
        elif held.session.state is State.STARTED:
            held = replace(held, session=state.spoil(held.session, parts.now()))
        write(parts, tx, held, actor=held.order.client_id)


def _credited(parts: Parts, tx: Connection, held: Held, code: str) -> Held:
    if held.session.revealed_at is None or held.attempt_id is None:
        return held
    credit_live_attempt(parts, tx, held, code)
    return replace(held, session=state.credit(held.session, parts.now()), attempt_id=None)


LOST = "connection_lost"


def _acted(parts: Parts, live: Live, actions: tuple[Action, ...], at: float) -> tuple[Live, list[Said]]:
    said: list[Said] = []
    for action in actions:
        match action:
            case Guide(code):
                live = replace(live, said=code)
                said.append({"type": "guidance", "code": code})
            case Reveal():
                live, told = _revealed(parts, live, action)
                said.append(told)
            case Finish():
                live, last = live_end.finished(parts, live, action, at)
                said += last
    return live, said


def _revealed(parts: Parts, live: Live, action: Reveal) -> tuple[Live, Said]:
    """What was hidden, told. The first time, the attempt is spent before the client can know anything."""
    if not live.spent:
        _spend(parts, live)
        live = replace(
            live, pace=replace(live.pace, frames=0, size=0)
        )  # an attempt does not pay for a long search for the face
    reveal = parts.random_bytes(live_end.REVEAL_BYTES)
    live = replace(live, chain=live.chain.revealed(reveal), spent=True)
    told: Said = {"reveal": base64url(reveal), "deadline_ms": round(1000 * action.deadline_seconds)}
    if action.step is not None:
        number = live.conductor.index + 1
        return live, {"type": "step", "n": number, "kind": action.step.kind.value, "amount": action.step.amount, **told}
    if action.colour is not None:
        return live, {"type": "colour", "rgb": action.colour, **told}
    return live, {"type": "ahead", **told}


def _spend(parts: Parts, live: Live) -> None:
    attempt_id = parts.random_bytes(16).hex()
    with parts.store.transaction() as tx:
        held = _ours(parts, tx, live)
        spend_live_attempt(parts, tx, held, attempt_id)
        held = save(
            parts, tx, replace(held, session=state.reveal(held.session, parts.now()), attempt_id=attempt_id, committed=True)
        )
        note(parts, tx, Event.SESSION_CHALLENGED, held, attempt=held.session.attempt, commitment=commitment(live.seed).hex())


def _renewed(parts: Parts, live: Live, at: float) -> Live:
    """Keep the claim to the challenge, now and then; a session that was cancelled or ran out meanwhile ends here."""
    if at - live.renewed_at < RENEW_SECONDS:
        return live
    with parts.store.transaction() as tx:
        held = _ours(parts, tx, live)
        save(parts, tx, replace(held, lease=parts.now() + LEASE_SECONDS))
    return replace(live, renewed_at=at)


def _ours(parts: Parts, tx: Connection, live: Live) -> Held:
    held = ours(parts, tx, live.session_id, live.connection)
    if held.session.state is not State.STARTED:
        raise SessionFinished("this session has ended")
    return held


def _chance(parts: Parts) -> float:
    """Uniform in [0, 1), which no client can foresee."""
    return int.from_bytes(parts.random_bytes(4), "big") / 2**32
