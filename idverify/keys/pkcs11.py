"""Keys in a PKCS#11 token (v2.40): sensitive, never extractable; this process sees neither KEK nor signing key.

python-pkcs11 comes with the extra `idverify[pkcs11]` and is imported when a token is opened. A token serves one installation.
One operation at a time in the whole process: python-pkcs11 initialises the library without locks of its own.
"""

import hashlib
import importlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from idverify.errors import ConfigurationInvalid, IdverifyError, KeyUnavailable, RecordTampered, SigningUnavailable
from idverify.keys.file import KEY_BYTES, NONCE_BYTES, bound_to
from idverify.keys.jwk import public_jwk

T = TypeVar("T")
_ALONE = threading.RLock()
_TAG_BITS = 128
_KEK = "idverify-kek "
_SIGNING = "idverify-signing "
_P256 = bytes.fromhex("06082a8648ce3d030107")  # the curve's object identifier in DER, 1.2.840.10045.3.1.7
_LOCKED_AWAY = {"SENSITIVE": True, "EXTRACTABLE": False, "PRIVATE": True}


class Pkcs11Token:
    """A logged-in session on one token, opened anew after a failure of the device."""

    def __init__(self, module: Path, label: str, pin: str) -> None:
        """module: the library of the token's maker. label, pin: of the token and its user.

        Raises ConfigurationInvalid for a missing extra, library or token, KeyUnavailable for a refused PIN.
        """
        try:
            self.api: Any = importlib.import_module("pkcs11")
        except ImportError:
            raise ConfigurationInvalid("PKCS#11 needs the extra: pip install 'idverify[pkcs11]'") from None
        try:
            self._token: Any = self.api.lib(str(module)).get_token(token_label=label)
        except (self.api.PKCS11Error, RuntimeError, OSError) as error:
            raise ConfigurationInvalid(f"no PKCS#11 token {label!r} through {module}: {type(error).__name__}") from None
        self._pin: str | None = pin
        self._session: Any = None
        self._objects: dict[tuple[Any, str], Any] = {}
        self.run(lambda session: None)

    def __repr__(self) -> str:
        return "Pkcs11Token(...)"

    def run(self, operation: Callable[[Any], T]) -> T:
        """What `operation` makes of the session, alone. Raises KeyUnavailable, and idverify's own errors of `operation`."""
        with _ALONE:
            try:
                if self._session is None:
                    self._session = self._open()
                return operation(self._session)
            except IdverifyError:
                raise
            except Exception as error:
                self._session = None
                self._objects.clear()
                raise KeyUnavailable(f"the PKCS#11 token failed: {type(error).__name__}") from None

    def find(self, session: Any, kind: str, label: str) -> Any:
        """The object of that class (PRIVATE_KEY, PUBLIC_KEY, SECRET_KEY) and label, or None; found ones are remembered."""
        place = (kind, label)
        if place not in self._objects:
            wanted = {self.api.Attribute.CLASS: self.api.ObjectClass[kind], self.api.Attribute.LABEL: label}
            found = list(session.get_objects(wanted))
            if len(found) != 1:
                return None
            self._objects[place] = found[0]
        return self._objects[place]

    def destroy(self, session: Any, kind: str, label: str) -> None:
        """Destroy the objects of that class and label."""
        self._objects.pop((kind, label), None)
        wanted = {self.api.Attribute.CLASS: self.api.ObjectClass[kind], self.api.Attribute.LABEL: label}
        for one in list(session.get_objects(wanted)):
            one.destroy()

    def attributes(self, **values: Any) -> dict[Any, Any]:
        """The values by PKCS#11 attribute."""
        return {self.api.Attribute[name]: value for name, value in values.items()}

    def _open(self) -> Any:
        if self._pin is None:
            raise KeyUnavailable("the PKCS#11 token refused its PIN")
        try:
            return self._token.open(rw=True, user_pin=self._pin)
        except self.api.UserAlreadyLoggedIn:
            return self._token.open(rw=True)
        except (self.api.PinIncorrect, self.api.PinLocked, self.api.PinLenRange):
            self._pin = None  # asking again with the same PIN would lock the token
            raise KeyUnavailable("the PKCS#11 token refused its PIN") from None


class Pkcs11Wrapper:
    """Wrapper over AES-256 keys of a token (CKM_AES_GCM), one a version, labelled `idverify-kek VERSION`."""

    def __init__(self, token: Pkcs11Token) -> None:
        """A token without a version yet is refused at first use: `add_version` makes the first."""
        self._token = token

    @classmethod
    def load_or_create(cls, token: Pkcs11Token) -> "Pkcs11Wrapper":
        """The wrapper of the token, with a first version if there is none. Raises KeyUnavailable."""
        wrapper = cls(token)
        if not token.run(wrapper._listed):
            wrapper.add_version()
        return wrapper

    def __repr__(self) -> str:
        return "Pkcs11Wrapper(...)"

    @property
    def versions(self) -> tuple[str, ...]:
        """See keys.Wrapper."""
        found = self._token.run(self._listed)
        if not found:
            raise KeyUnavailable("the PKCS#11 token holds no KEK")
        return found

    @property
    def version(self) -> str:
        """See keys.Wrapper."""
        return self.versions[-1]

    def wrap(self, key: bytes, associated_data: bytes, version: str | None = None) -> bytes:
        """See keys.Wrapper. 60 bytes: nonce (12), sealed key (32), tag (16)."""
        if len(key) != KEY_BYTES:
            raise ValueError("only keys of 32 bytes are wrapped")
        chosen, nonce = version or self.version, os.urandom(NONCE_BYTES)

        def encrypt(session: Any) -> bytes:
            return bytes(self._kek(session, chosen).encrypt(key, **self._gcm(nonce, chosen, associated_data)))

        return nonce + self._token.run(encrypt)

    def unwrap(self, wrapped: bytes, associated_data: bytes, version: str) -> bytes:
        """See keys.Wrapper."""
        api, nonce, sealed = self._token.api, wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        refused = RecordTampered("a wrapped key does not open: it was altered, moved, or sealed for something else")

        def decrypt(session: Any) -> bytes:
            kek = self._kek(session, version)
            if len(sealed) != KEY_BYTES + _TAG_BITS // 8:
                raise refused
            try:
                return bytes(kek.decrypt(sealed, **self._gcm(nonce, version, associated_data)))
            except api.PKCS11Error:
                # Tokens disagree on the error of a wrong tag (SoftHSM: CKR_GENERAL_ERROR). If the key opens what it seals, the
                # token is well and the data is not; otherwise this raises what the token says.
                sample = self._gcm(os.urandom(NONCE_BYTES), version, b"self-test")
                kek.decrypt(kek.encrypt(bytes(KEY_BYTES), **sample), **sample)
                raise refused from None

        return self._token.run(decrypt)

    def add_version(self) -> str:
        """See keys.Wrapper."""

        def generate(session: Any) -> str:
            number = 1 + max((_number(one) for one in self._listed(session)), default=0)
            version = f"{number}.{os.urandom(4).hex()}"
            api, flags = self._token.api, self._token.api.MechanismFlag
            template = self._token.attributes(**_LOCKED_AWAY)
            capabilities = flags.ENCRYPT | flags.DECRYPT
            session.generate_key(
                api.KeyType.AES, 256, label=_KEK + version, store=True, capabilities=capabilities, template=template
            )
            return version

        return self._token.run(generate)

    def drop_old_versions(self) -> tuple[str, ...]:
        """See keys.Wrapper."""

        def destroy(session: Any) -> tuple[str, ...]:
            old = self._listed(session)[:-1]
            for version in old:
                self._token.destroy(session, "SECRET_KEY", _KEK + version)
            return old

        return self._token.run(destroy)

    def _listed(self, session: Any) -> tuple[str, ...]:
        secret = self._token.attributes(CLASS=self._token.api.ObjectClass.SECRET_KEY)
        labels = [str(one.label) for one in session.get_objects(secret)]
        return tuple(sorted((label.removeprefix(_KEK) for label in labels if label.startswith(_KEK)), key=_order))

    def _kek(self, session: Any, version: str) -> Any:
        found = self._token.find(session, "SECRET_KEY", _KEK + version)
        if found is None:
            raise KeyUnavailable(f"the KEK version {version} is not in the PKCS#11 token")
        return found

    def _gcm(self, nonce: bytes, version: str, associated_data: bytes) -> dict[str, Any]:
        api = self._token.api
        return {
            "mechanism": api.Mechanism.AES_GCM,
            "mechanism_param": api.GCMParams(nonce, bound_to(version, associated_data), _TAG_BITS),
        }


class Pkcs11Signer:
    """ES256 with a private key of a token (CKM_ECDSA over a SHA-256 made here), labelled `idverify-signing KID`."""

    def __init__(self, token: Pkcs11Token, kid: str) -> None:
        """Raises KeyUnavailable when the token has no such key."""
        self._token, self._label = token, _SIGNING + kid

        def read(session: Any) -> dict[str, str]:
            public = token.find(session, "PUBLIC_KEY", self._label)
            if public is None or token.find(session, "PRIVATE_KEY", self._label) is None:
                raise KeyUnavailable(f"the signing key {kid} is not in the PKCS#11 token")
            return _jwk(token, public)

        self._jwk = token.run(read)
        if self._jwk["kid"] != kid:
            raise KeyUnavailable(f"the PKCS#11 token names another key {kid}")

    def __repr__(self) -> str:
        return f"Pkcs11Signer(kid={self.kid!r})"

    @property
    def kid(self) -> str:
        """See keys.Signer."""
        return self._jwk["kid"]

    def sign(self, data: bytes) -> bytes:
        """See keys.Signer."""
        digest = hashlib.sha256(data).digest()

        def sign(session: Any) -> bytes:
            private = self._token.find(session, "PRIVATE_KEY", self._label)
            if private is None:
                raise KeyUnavailable("the signing key is no longer in the PKCS#11 token")
            return bytes(private.sign(digest, mechanism=self._token.api.Mechanism.ECDSA))

        try:
            return self._token.run(sign)
        except KeyUnavailable as error:
            raise SigningUnavailable(error.message) from None

    def public_jwk(self) -> dict[str, str]:
        """See keys.Signer."""
        return dict(self._jwk)


class Pkcs11Holder:
    """Holder of signing.py over a token."""

    def __init__(self, token: Pkcs11Token) -> None:
        self._token = token

    def create(self) -> Pkcs11Signer:
        """See signing.Holder."""
        token = self._token

        def generate(session: Any) -> str:
            api = token.api
            curve = token.attributes(EC_PARAMS=_P256)
            public, private = session.create_domain_parameters(api.KeyType.EC, curve, local=True).generate_keypair(
                store=True,
                label=_SIGNING + "new",
                id=os.urandom(16),
                capabilities=api.MechanismFlag.SIGN | api.MechanismFlag.VERIFY,
                private_template=token.attributes(**_LOCKED_AWAY),
            )
            kid = _jwk(token, public)["kid"]
            for half in (public, private):
                half[api.Attribute.LABEL] = _SIGNING + kid
            return kid

        return Pkcs11Signer(token, token.run(generate))

    def load(self, kid: str) -> Pkcs11Signer:
        """See signing.Holder."""
        return Pkcs11Signer(self._token, kid)

    def destroy(self, kid: str) -> None:
        """See signing.Holder."""

        def destroy(session: Any) -> None:
            for kind in ("PRIVATE_KEY", "PUBLIC_KEY"):
                self._token.destroy(session, kind, _SIGNING + kid)

        self._token.run(destroy)


def _jwk(token: Pkcs11Token, public: Any) -> dict[str, str]:
    """CKA_EC_POINT is the point within a DER OCTET STRING (PKCS#11 v2.40 section 2.3.3): two bytes, then the point."""
    return public_jwk(bytes(public[token.api.Attribute.EC_POINT])[2:])


def _number(version: str) -> int:
    return int(version.partition(".")[0])


def _order(version: str) -> tuple[int, str]:
    return _number(version), version
