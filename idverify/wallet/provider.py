"""A wallet provider for testing, in a folder: it attests whatever a wallet asks of it, at the levels that it was told to claim.

A real provider looks at the telephone first. This one looks at nothing, and its root says so in its name: an installation that
believes it has hardware in every folder. The folder (0700) holds its root (`root-key.pem`, `root.pem`) and `provider.json`.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idverify.credentials import certified_jws, client_attestation, key_attestation
from idverify.credentials.purposes import WALLET_PROVIDER
from idverify.errors import KeyUnavailable
from idverify.keys import Signer, authority
from idverify.keys.certificate_request import names_of
from idverify.keys.private_files import create_private, read_private
from idverify.wallet.device import HeldKey, bare_jwk

FILE = "provider.json"
NAME = "Test wallet provider (looks at nothing)"
SECONDS = 3600
"""How long an attestation lives."""


@dataclass(frozen=True, slots=True)
class WalletProvider:
    """An opened one. url: what it calls itself, and the client_id of the wallets that it attests. leaf: DER.

    key_storage, user_authentication: the levels that it claims; none where empty.
    """

    url: str
    key_storage: tuple[str, ...]
    user_authentication: tuple[str, ...]
    leaf: bytes
    key: HeldKey

    @classmethod
    def create(
        cls, folder: Path, *, url: str, key_storage: Sequence[str], user_authentication: Sequence[str], now: float
    ) -> "WalletProvider":
        """A new one, with a root of its own; never over an existing one. now: seconds since the epoch.

        Raises KeyUnavailable, also for a URL without a host.
        """
        _ = names_of(url)  # before anything is made
        root = authority.create(folder, name=NAME, country="XX", now=now)
        key = HeldKey.new()
        leaf = root.issue(key.signer.public_jwk(), usage=WALLET_PROVIDER, issuer=url, now=now)
        made = cls(url, tuple(key_storage), tuple(user_authentication), leaf, key)
        create_private(folder / FILE, (json.dumps(made._spelled(), indent=1) + "\n").encode("ascii"))
        return made

    @classmethod
    def open(cls, folder: Path) -> "WalletProvider":
        """The one in the folder. Raises KeyUnavailable."""
        try:
            raw = json.loads(read_private(folder / FILE))
            levels = [tuple(map(str, raw[name])) for name in ("key_storage", "user_authentication")]
            return cls(raw["url"], levels[0], levels[1], b64decode(raw["certificate"]), HeldKey(raw["secret"]))
        except (ValueError, KeyError, TypeError):
            raise KeyUnavailable(f"{folder / FILE} is damaged: `idverify wallet provider` makes another") from None

    def attest_keys(self, keys: Sequence[Signer], *, nonce: str, now: float) -> str:
        """A key attestation (OpenID4VCI 1.0 appendix D) of all of them, over the issuer's nonce."""
        levels = {"key_storage": self.key_storage, "user_authentication": self.user_authentication}
        claims = {
            "attested_keys": [bare_jwk(one) for one in keys],
            "nonce": nonce,
            **{name: [*some] for name, some in levels.items() if some},
        }
        return self._signed(claims, key_attestation.TYPE, now)

    def attest_wallet(self, device: Signer, *, now: float) -> str:
        """A client attestation for the holder of the device key."""
        claims = {"sub": self.url, "cnf": {"jwk": bare_jwk(device)}, "wallet_name": "idverify test wallet"}
        return self._signed(claims, client_attestation.TYPE, now)

    def _signed(self, claims: Mapping[str, Any], typ: str, now: float) -> str:
        whole = {"iss": self.url, "iat": int(now), "exp": int(now) + SECONDS, **claims}
        return certified_jws.sign(whole, self.key.signer, (self.leaf,), typ)

    def _spelled(self) -> dict[str, Any]:
        return {
            "url": self.url,
            "key_storage": [*self.key_storage],
            "user_authentication": [*self.user_authentication],
            "certificate": b64encode(self.leaf).decode("ascii"),
            "secret": self.key.secret,
        }
