"""Attested keys for tests, in software, under roots of the tests' own: of our app on a telephone, and of a browser's authenticator."""

import hashlib
from dataclasses import dataclass, field

from attestation import forge

from idverify.attestation import Revocations, Trust


def trust(now: float) -> Trust:
    """What an installation trusts that believes these keys."""
    return forge.trust(revocations=Revocations(frozenset(), now))


@dataclass
class AppKey:
    """A key that our app had a telephone's hardware make."""

    kind = "android_key"
    key: object = field(default_factory=forge.new_key)

    def attestation(self, nonce: bytes) -> bytes:
        """Over the session's nonce."""
        return forge.android(key=self.key, described={"challenge": nonce})

    def sign(self, statement: bytes) -> bytes:
        """As Signature("SHA256withECDSA") does."""
        return forge.signed(self.key, statement)


@dataclass
class Passkey:
    """A credential of an authenticator. said: what the browser says otherwise; data: what the authenticator does."""

    kind = "webauthn_create"
    key: object = field(default_factory=forge.new_key)
    said: dict = field(default_factory=dict)
    data: dict = field(default_factory=dict)
    identifier: bytes = forge.CREDENTIAL
    counter: int = 1

    def attestation(self, nonce: bytes) -> bytes:
        """A registration over the session's nonce."""
        client = forge.client_data("create", challenge=forge.b64(nonce))
        return forge.registration(client=client, key=self.key)

    def sign(self, statement: bytes) -> bytes:
        """An assertion."""
        self.counter += 1
        challenge = forge.b64(hashlib.sha256(statement).digest())
        data = forge.authenticator_data(**({"flags": 0x05, "counter": self.counter} | self.data))
        return forge.assertion(
            client=forge.client_data("get", **({"challenge": challenge} | self.said)),
            data=data,
            signer=self.key,
            identifier=self.identifier,
        )
