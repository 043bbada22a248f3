"""Why what a wallet provider said of a wallet or its keys was refused: leaves of TokenInvalid, each with a stable code."""

from idverify.credentials.errors import _Refused


class AttestationMissing(_Refused):
    """The credential is for attested keys alone: send key_attestation in the proof, or a proof of type attestation."""

    code = "attestation_missing"


class AttestationNotAlone(_Refused):
    """An attestation names every key that is to get a copy: it comes with one proof and no other."""

    code = "attestation_not_alone"


class AttestedKeys(_Refused):
    """The attestation does not name 1 to 30 keys on P-256, no two alike, each by its public half."""

    code = "attested_keys"


class KeyNotAttested(_Refused):
    """The proof was made with a key that its attestation does not name."""

    code = "key_not_attested"


class AttestationLevel(_Refused):
    """The storage of the keys, or what guards their use, is attested at none of the levels that are taken."""

    code = "attestation_level"


class ClientAttestationMissing(_Refused):
    """Tokens are given to attested wallets alone: send OAuth-Client-Attestation, and OAuth-Client-Attestation-PoP or DPoP."""

    code = "client_attestation_missing"


class ClientUnknown(_Refused):
    """The attestation is for a wallet that its provider does not speak for here, or for another client_id."""

    code = "client_unknown"


class ClientKey(_Refused):
    """The attestation does not bind the wallet to exactly one public key on P-256, as cnf.jwk."""

    code = "client_key"


class ClientNotBound(_Refused):
    """The attestation is for another wallet's key than the proof, or than the grant is bound to."""

    code = "client_not_bound"


REFUSALS = (
    AttestationMissing,
    AttestationNotAlone,
    AttestedKeys,
    KeyNotAttested,
    AttestationLevel,
    ClientAttestationMissing,
    ClientUnknown,
    ClientKey,
    ClientNotBound,
)
