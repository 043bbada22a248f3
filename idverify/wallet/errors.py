"""What a wallet raises beside the exceptions of the house; no answer of the service carries these.

::

    InputError
    `-- CredentialUnavailable      credential_unavailable
    AccessDenied
    `-- IssuerRefused              issuer_refused
"""

from idverify.errors import AccessDenied, InputError


class CredentialUnavailable(InputError):
    """The wallet holds no such credential, or no unused copy of it."""

    code = "credential_unavailable"


class IssuerRefused(AccessDenied):
    """An issuer of credentials refused, or answered what no issuer may. `reason`: its own word, or `answer`."""

    code = "issuer_refused"

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
