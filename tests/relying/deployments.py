"""Whole issuers without models: their own root, keys, database and trust list; and a network that is a dictionary of answers."""

import json
import os
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from credentials.city import CLAIMS
from roots import certified_parts

from idverify.ceremonies import Limits, Vault
from idverify.ceremonies.status_publishing import list_uris
from idverify.ceremonies.status_publishing import published as published_status
from idverify.ceremonies.statuses import allocate
from idverify.ceremonies.trust_publication import NOWHERE, Scheme, own_entity, publish
from idverify.credentials import credential, key_binding, presentation, sd_jwt
from idverify.credentials.anchors import Anchor
from idverify.credentials.assurance import ACTIVE
from idverify.credentials.credential_types import credential_types
from idverify.credentials.findings import Finding
from idverify.credentials.status_reference import StatusReference
from idverify.credentials.trust_list_document import Entity
from idverify.errors import InvalidInput
from idverify.keys import authority, secrets, signing
from idverify.keys.file import FileSigner, create_kek_file, load_kek_file
from idverify.relying.folder import Holdings
from idverify.store import Store
from idverify.store.installation import deployment

AUDIENCE, NONCE = "https://hotel.example", "n-0S6_WzA2Mj"
IDENTITY, INSURANCE = (credential_types()[name].vct for name in ("identity_card", "insurance_status"))
HOLDER = FileSigner.new()


class Deployment:
    """An issuer. Its hotel believes whom its trust list names."""

    def __init__(self, name: str, folder: Path, now: Callable[[], float], *, holder: signing.Holder | None = None) -> None:
        self.name, self.issuer, self.now = name, f"https://{name}.example", now
        self.root_folder = folder / name / "root"
        self.root = authority.create(self.root_folder, name=name, country="XX", now=now())
        data = folder / name / "data"
        create_kek_file(folder / name / "kek")
        wrapper = load_kek_file(folder / name / "kek", data)
        store = Store.open(f"sqlite:///{data / 'idverify.db'}")
        self.vault = Vault(
            **certified_parts(data / "keys", self.root, self.issuer, now, holder),
            deployment=deployment(store, os.urandom),
            environment="production",
            issuer=self.issuer,
            limits=Limits(),
            store=store,
            wrapper=wrapper,
            secrets=secrets.load_or_create(data / "keys", wrapper),
            signing=signing.load_or_create(data / "keys" / "signing", now, holder),
            now=now,
            random_bytes=os.urandom,
        )
        self.hotel = Holdings(folder / name / "hotel")

    @property
    def pin(self) -> str:
        """What its operator tells by another way."""
        return self.root.fingerprint

    def entity(self, *types: str) -> Entity:
        """As it stands on a list."""
        return Entity(Anchor(self.name, self.root.certificate, frozenset(types), (self.issuer,)), NOWHERE)

    def publish(self, *others: Entity, types: tuple[str, ...] = (IDENTITY,)) -> str:
        """Its list: itself and others."""
        own = own_entity(self.vault, frozenset(types), self.name, NOWHERE)
        return publish(self.vault, Scheme({"en": self.name}, NOWHERE, (own, *others)), actor="operator").text

    def place(self, type_name: str = "identity_card", credential_id: str = "crd_1") -> StatusReference:
        """A place in a status list."""
        type_ = credential_types()[type_name]
        with self.vault.store.transaction() as tx:
            return allocate(
                self.vault,
                tx,
                credential_id=credential_id,
                subject_id="sub_" + "0" * 32,
                type_name=type_name,
                bits=type_.status_bits,
                expires_at=self.now() + 14 * 86_400,
                count=1,
            )[0]

    def credential(self, type_name: str = "identity_card", credential_id: str = "crd_1") -> str:
        """Issued now, to HOLDER."""
        certified = self.vault.credential_keys.current
        facts = credential.CredentialFacts(self.issuer, ACTIVE, ("face",), self.now(), "production")
        return credential.issue(
            credential_types()[type_name],
            CLAIMS[type_name],
            facts,
            holder_jwk=HOLDER.public_jwk(),
            status=self.place(type_name, credential_id),
            signer=certified.signer,
            chain=certified.chain,
            now=self.now(),
            random_bytes=os.urandom,
        )

    def status_list(self) -> tuple[str, str]:
        """The address of its first status list, and the list as it stands."""
        uri = list_uris(self.vault)[0]
        signed = published_status(self.vault, int(uri.rpartition("/")[2]))
        assert signed is not None
        return uri, signed.token

    def answers(self) -> dict[str, bytes]:
        """What it serves, by address, in the same words as its routes."""
        keys = [
            {**jwk, "x5c": [b64encode(one).decode() for one in chain]} for jwk, chain in self.vault.credential_keys.published()
        ]
        uris = list_uris(self.vault)
        served = {uri: published_status(self.vault, int(uri.rpartition("/")[2])) for uri in uris}
        return {
            f"{self.issuer}/.well-known/jwt-vc-issuer": json.dumps({"issuer": self.issuer, "jwks": {"keys": keys}}).encode(),
            f"{self.issuer}/v1/status-lists": json.dumps({"status_lists": uris}).encode(),
            **{uri: signed.token.encode() for uri, signed in served.items() if signed is not None},
        }


def network(*answers: Mapping[str, bytes]) -> Callable[[str, int], bytes]:
    """A fetch over these answers, and nothing else."""
    known = {url: content for one in answers for url, content in one.items()}

    def fetch(url: str, limit: int) -> bytes:
        if url not in known:
            raise InvalidInput(f"cannot fetch {url}")
        assert len(known[url]) <= limit
        return known[url]

    return fetch


def shown(holdings: Holdings, text: str, now: float, **changes: Any) -> Finding:
    """HOLDER presents a credential at a desk that has this folder, and no network."""
    bound = key_binding.sign(sd_jwt.select(text, ()), HOLDER, audience=AUDIENCE, nonce=NONCE, now=now)
    facts = {"audience": AUDIENCE, "nonce": NONCE, "now": now} | changes
    return presentation.validate(bound, holdings.believed(now), **facts)
