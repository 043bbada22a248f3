"""Why a token was refused: one leaf a check, each with a stable code. The docstring is what a person is told.

::

    TokenInvalid
    |-- TokenTooLarge         token_too_large         |-- TokenTime             token_time
    |-- TokenMalformed        token_malformed         |-- TokenExpired          token_expired
    |-- TokenEncoding         token_encoding          |-- TokenNotYetValid      token_not_yet_valid
    |-- TokenDuplicateMember  token_duplicate_member  |-- TokenFromTheFuture    token_from_the_future
    |-- TokenNumber           token_number            |-- TokenLifetime         token_lifetime
    |-- TokenNesting          token_nesting           |-- TokenAudience         token_audience
    |-- TokenText             token_text              |-- TokenIssuer           token_issuer
    |-- TokenHeaderForbidden  token_header_forbidden  |-- TokenNonce            token_nonce
    |-- TokenCritical         token_critical          |-- TokenEnvironment      token_environment
    |-- TokenAlgorithm        token_algorithm         |-- TokenClaim            token_claim
    |-- TokenType             token_type              |-- TokenAssurance        token_assurance
    |-- TokenKeyUnknown       token_key_unknown       |-- TokenMethods          token_methods
    |-- TokenKeyAmbiguous     token_key_ambiguous     `-- TokenReference        token_reference
    |-- TokenKeyUnsuitable    token_key_unsuitable
    `-- TokenSignature        token_signature
"""

from idverify.errors import TokenInvalid


class _Refused(TokenInvalid):
    """A leaf speaks through its docstring: the message never repeats what the token says."""

    def __init__(self) -> None:
        super().__init__(" ".join((self.__doc__ or "").split()))


class TokenTooLarge(_Refused):
    """The token is longer than any token of this kind."""

    code = "token_too_large"


class TokenMalformed(_Refused):
    """The text is not a compact JWS: three parts, the first two of which are JSON objects in UTF-8."""

    code = "token_malformed"


class TokenEncoding(_Refused):
    """A part is not canonical base64url: padding, white space, foreign characters or left-over bits."""

    code = "token_encoding"


class TokenDuplicateMember(_Refused):
    """A JSON object names a member twice, so that two readers could read two different tokens."""

    code = "token_duplicate_member"


class TokenNumber(_Refused):
    """A number is not JSON (NaN or Infinity), or more than a double holds."""

    code = "token_number"


class TokenNesting(_Refused):
    """The JSON is nested deeper than any token of this kind."""

    code = "token_nesting"


class TokenText(_Refused):
    """A string is not Unicode text: it holds half of a surrogate pair."""

    code = "token_text"


class TokenHeaderForbidden(_Refused):
    """The header carries a member that no token of this kind has, such as a key or the address of one (jwk, jku, x5u)."""

    code = "token_header_forbidden"


class TokenCritical(_Refused):
    """The header names critical extensions (crit); none is understood, so none may be ignored."""

    code = "token_critical"


class TokenAlgorithm(_Refused):
    """The algorithm is not ES256, the only one allowed."""

    code = "token_algorithm"


class TokenType(_Refused):
    """The token is of another kind: its typ differs."""

    code = "token_type"


class TokenKeyUnknown(_Refused):
    """No trusted key has the token's kid. If the issuer rotated its keys, fetch its key set again."""

    code = "token_key_unknown"


class TokenKeyAmbiguous(_Refused):
    """Several trusted keys have the token's kid."""

    code = "token_key_ambiguous"


class TokenKeyUnsuitable(_Refused):
    """The trusted key is not meant for this: not P-256, or its use, key_ops or alg say otherwise."""

    code = "token_key_unsuitable"


class TokenSignature(_Refused):
    """The signature does not hold: the token was altered, or the key is another one."""

    code = "token_signature"


class TokenTime(_Refused):
    """iat, exp or nbf is missing or not a number of seconds."""

    code = "token_time"


class TokenExpired(_Refused):
    """The token's time is over."""

    code = "token_expired"


class TokenNotYetValid(_Refused):
    """The token's time has not begun (nbf)."""

    code = "token_not_yet_valid"


class TokenFromTheFuture(_Refused):
    """The token says that it was issued later than now: one of the two clocks is wrong."""

    code = "token_from_the_future"


class TokenLifetime(_Refused):
    """The token would live longer than ten minutes, or ends before it begins."""

    code = "token_lifetime"


class TokenAudience(_Refused):
    """The token was made for someone else, or for several."""

    code = "token_audience"


class TokenIssuer(_Refused):
    """The token was made by another issuer than the expected one."""

    code = "token_issuer"


class TokenNonce(_Refused):
    """The token does not answer the nonce that was asked for: it may be a replay."""

    code = "token_nonce"


class TokenEnvironment(_Refused):
    """The token comes from a development installation or a sandbox and proves nothing about a person."""

    code = "token_environment"


class TokenClaim(_Refused):
    """A required claim is missing, or a claim has the wrong type."""

    code = "token_claim"


class TokenAssurance(_Refused):
    """The acr is unknown, or the liveness level is not the one that the acr stands for."""

    code = "token_assurance"


class TokenMethods(_Refused):
    """amr names a method whose check did not run."""

    code = "token_methods"


class TokenReference(_Refused):
    """The source of the reference is unknown, or does not agree with the subject and the digest."""

    code = "token_reference"


REFUSALS: tuple[type[TokenInvalid], ...] = tuple(_Refused.__subclasses__())
