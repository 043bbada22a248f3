"""Why a wallet's proof or answer was refused: leaves of TokenInvalid beside those of errors.py, each with a stable code."""

from idverify.credentials.errors import _Refused


class ProofHeader(_Refused):
    """The header of the proof is not exactly alg, typ and jwk."""

    code = "proof_header"


class ProofKey(_Refused):
    """The proof does not bring exactly the public half of a P-256 key: kty, crv, x and y, and nothing else."""

    code = "proof_key"


class ProofIdentifier(_Refused):
    """The proof has no jti of 16 to 128 characters."""

    code = "proof_identifier"


class ProofMethod(_Refused):
    """The proof was made for another HTTP method."""

    code = "proof_method"


class ProofTarget(_Refused):
    """The proof was made for another address."""

    code = "proof_target"


class ProofStale(_Refused):
    """The proof was not made now: its iat is too far from this clock."""

    code = "proof_stale"


class ProofTokenHash(_Refused):
    """The proof was made for another access token, or for none."""

    code = "proof_token_hash"


class ProofReplayed(_Refused):
    """The proof was used before."""

    code = "proof_replayed"


class ProofNotBound(_Refused):
    """The proof was made with another key than the token is bound to."""

    code = "proof_not_bound"


class AnswerUnreadable(_Refused):
    """The answer is not what was asked for, encrypted to the key of this request."""

    code = "answer_unreadable"


REFUSALS = (
    ProofHeader,
    ProofKey,
    ProofIdentifier,
    ProofMethod,
    ProofTarget,
    ProofStale,
    ProofTokenHash,
    ProofReplayed,
    ProofNotBound,
    AnswerUnreadable,
)
