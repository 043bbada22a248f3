"""After the last frame that an attempt needs: the attested key signs the stream, where there is one; then the decision."""

from dataclasses import replace

from idverify.ceremonies import Parts
from idverify.ceremonies.live_connection import Live, Said
from idverify.ceremonies.live_decision import Captured, conclude, ours
from idverify.ceremonies.stream_signature import SIGN_SECONDS, Answer
from idverify.keys.jwk import base64url
from idverify.liveness.conductor import Finish

REVEAL_BYTES = 8
_UNSIGNED = Finish(passed=True, cause="unsigned")


def finished(parts: Parts, live: Live, finish: Finish, at: float) -> tuple[Live, list[Said]]:
    """Decide, or ask the attested key to sign what is to be decided. at: of the last frame. Raises as `conclude` does."""
    if not finish.passed or not _attested(parts, live):
        return _concluded(parts, live, finish, None)
    reveal = parts.random_bytes(REVEAL_BYTES)
    live = replace(live, chain=live.chain.revealed(reveal), signature_due=at + SIGN_SECONDS)
    return live, [{"type": "sign", "reveal": base64url(reveal), "deadline_ms": round(1000 * SIGN_SECONDS)}]


def signed(parts: Parts, live: Live, answer: Answer, *, at: float) -> tuple[Live, list[Said]]:
    """Take in what came after the asking: the signature, or a frame that was on its way. Raises as `conclude` does.

    live: with the chain after that message; only one that acknowledges the asking brings the signature.
    """
    if _overdue(live, at):
        return _concluded(parts, live, _UNSIGNED, Answer())
    if live.chain.outstanding is not None:
        return live, []
    return _concluded(parts, live, Finish(passed=True), answer)


def unsigned(parts: Parts, live: Live, *, at: float) -> tuple[Live, list[Said]]:
    """What the clock alone brings: the end, when no signature came in time. Raises as `conclude` does."""
    return _concluded(parts, live, _UNSIGNED, Answer()) if _overdue(live, at) else (live, [])


def _overdue(live: Live, at: float) -> bool:
    return live.signature_due is not None and at > live.signature_due


def _attested(parts: Parts, live: Live) -> bool:
    with parts.store.reading() as tx:
        return ours(parts, tx, live.session_id, live.connection).attested_key is not None


def _concluded(parts: Parts, live: Live, finish: Finish, answer: Answer | None) -> tuple[Live, list[Said]]:
    captured = Captured(live.conductor, live.analyses, live.kept, passed=finish.passed, cause=finish.cause, answer=answer)
    result = conclude(parts, live.session_id, live.connection, captured)
    return replace(live, over=True, analyses={}, kept={}), [{"type": "checking"}, result]
