"""An issuer as idverify makes one, and what its people present: for the verifiers that others wrote."""

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from secrets import token_bytes
from typing import Any

from idverify.credentials import key_binding, mdoc, mdoc_response, sd_jwt, slip, status_list, trust_list
from idverify.credentials.anchors import Anchor
from idverify.credentials.assurance import ACTIVE
from idverify.credentials.credential import CredentialFacts, issue_batch
from idverify.credentials.credential_types import CredentialType
from idverify.credentials.mdoc_session import Session
from idverify.credentials.purposes import Purpose
from idverify.credentials.status_bits import pack
from idverify.credentials.status_reference import StatusReference
from idverify.credentials.trust_list_document import Contact, Document, Entity
from idverify.keys import authority
from idverify.keys.certified import Certified
from idverify.keys.file import FileSigner

NOW = 1_800_000_000.0
ISSUER = "https://id.example/city"
NEXT = "https://id.example/next"
CARD, LICENCE = "urn:idverify:vct:identity-card:1", "urn:idverify:vct:driving-licence:1"
REACHED = Contact("1 Example Road", "CN", ("mailto:id@city.example",), ("https://city.example",))
AUDIENCE = "https://hotel.example"
NONCE = "n-0S6_WzA2Mj"
HELD, WITHDRAWN, PAUSED = 700_001, 700_002, 700_003

CLAIMS: Mapping[str, Mapping[str, Any]] = {
    "identity_card": {
        "name": "张伟 O’Neill 😀",
        "date_of_birth": "1990-01-31",
        "sex": "male",
        "nationality": "CHN",
        "document_number": "110101199001310000",
        "address": '1 Example Road, "B" <block>\\n',
        "age_over_18": True,
        "portrait": b64encode(bytes(range(256)) * 2).decode(),
    },
    "driving_licence": {
        "name": "Anna Example",
        "licence_number": "4403-1",
        "vehicle_classes": ["B", "C1"],
        "valid_until": "2030-01-01",
    },
    "vehicle_licence": {"plate_number": "粤B12345", "vehicle_identification_number": "LSVAU2180N2182345", "owner": "Anna"},
    "insurance_status": {"plate_number": "粤B1", "policy_number": "P/1", "insurer": "Mutual", "valid_until": "2027-06-30"},
    "proof_of_life": {"name": "Anna Example", "period": "2027-H1"},
}


class Issuer:
    """A root, a key for credentials and one for status lists, and a list of each size in which three indexes differ."""

    def __init__(self, folder: Path) -> None:
        self.root = authority.create(folder / "root", name="Example City", country="CN", now=NOW)
        self.neighbour = authority.create(folder / "neighbour", name="Next City", country="XX", now=NOW)
        self.signer, self.status_signer = FileSigner.new(), FileSigner.new()
        self.chain, self.status_chain = (
            (self.root.issue(one.public_jwk(), usage=purpose, issuer=ISSUER, now=NOW),)
            for one, purpose in ((self.signer, Purpose.CREDENTIAL), (self.status_signer, Purpose.STATUS))
        )
        self.anchor = b64encode(self.root.certificate).decode()
        self.lists = {self.uri(bits): self._list(bits) for bits in (1, 2)}

    def uri(self, bits: int) -> str:
        """Where the list with statuses of so many bits is published."""
        return f"{ISSUER}/v1/status-lists/{bits}"

    def _list(self, bits: int) -> str:
        content = pack(bits, [(HELD, 0), (WITHDRAWN, 1), *([(PAUSED, 2)] if bits == 2 else [])])
        where = {"uri": self.uri(bits), "issuer": ISSUER, "aggregation_uri": f"{ISSUER}/v1/status-lists"}
        return status_list.sign(content, bits, **where, signer=self.status_signer, chain=self.status_chain, now=NOW - 600)

    def vouched(self) -> dict:
        """A case: a trust list under the same root, with this city and a neighbour on it."""
        key = FileSigner.new()
        leaf = self.root.issue(key.public_jwk(), usage=Purpose.TRUST_LIST, issuer=ISSUER, now=NOW)
        anchors = [Anchor("Example City", self.root.certificate, frozenset({CARD}), (ISSUER,))]
        anchors.append(Anchor("Next City", self.neighbour.certificate, frozenset({LICENCE}), (NEXT,)))
        operator = {"en": "Example City", "zh-CN": "示例市"}
        entities = tuple(Entity(one, REACHED) for one in anchors)
        document = Document(7, operator, "CN", NOW, NOW + 86_400, entities, REACHED)
        text = trust_list.sign(document, Certified(key, (leaf,), self.root.certificate, NOW + 86_400))
        roots = [b64encode(one.certificate).decode() for one in anchors]
        return {"kind": "trust_list", "text": text, "now": NOW + 7, "pin": self.root.fingerprint, "expected": roots}

    def presented(self, type_: CredentialType, index: int, *, shown: int, environment: Any = "production") -> dict:
        """A case: a credential of that type, with so many of its claims shown."""
        holder = FileSigner.new()
        facts = CredentialFacts(ISSUER, ACTIVE, ("face",), NOW - 5000, environment, "a-pairwise-name")
        (issued,) = issue_batch(
            type_,
            CLAIMS[type_.name],
            facts,
            copies=[(holder.public_jwk(), StatusReference(self.uri(type_.status_bits), index))],
            signer=self.signer,
            chain=self.chain,
            now=NOW,
            random_bytes=token_bytes,
        )
        names = [name for name in CLAIMS[type_.name] if name not in type_.disclosed][:shown]
        text = key_binding.sign(sd_jwt.select(issued, names), holder, audience=AUDIENCE, nonce=NONCE, now=NOW)
        return {
            "kind": "presentation",
            "text": text,
            "now": NOW + 7,
            "audience": AUDIENCE,
            "nonce": NONCE,
            "anchors": [self.anchor],
            "lists": self.lists,
            "expected": {name: CLAIMS[type_.name][name] for name in names},
        }

    def presented_as_mdoc(self, type_: CredentialType, index: int, *, shown: int) -> dict:
        """A case: the same as an mdoc."""
        holder = FileSigner.new()
        facts = CredentialFacts(ISSUER, ACTIVE, ("face",), NOW - 5000, "production", "a-pairwise-name")
        (issued,) = mdoc.issue_batch(
            type_,
            CLAIMS[type_.name],
            facts,
            copies=[(holder.public_jwk(), StatusReference(self.uri(type_.status_bits), index))],
            signer=self.signer,
            chain=self.chain,
            now=NOW,
            random_bytes=token_bytes,
        )
        names = [name for name in CLAIMS[type_.name] if name not in type_.disclosed][:shown]
        asked = {"client_id": AUDIENCE, "nonce": NONCE, "response_uri": f"{AUDIENCE}/answer", "thumbprint": None}
        text = mdoc_response.present(issued, names, holder, Session(*list(asked.values())))
        expected = {type_.mdoc.place(name)[1]: CLAIMS[type_.name][name] for name in names}
        case = {"kind": "mdoc", "text": text, "now": NOW + 7, "session": asked}
        return case | {"anchors": [self.anchor], "lists": self.lists, "expected": expected}

    def scanned(self, type_: CredentialType, purpose: str, index: int) -> dict:
        """A case: the text of a QR code for that purpose, with every claim of its slip."""
        device = FileSigner.new()
        made = slip.issue(
            type_,
            purpose,
            CLAIMS[type_.name],
            issuer=ISSUER,
            device_jwk=device.public_jwk(),
            status=StatusReference(self.uri(type_.status_bits), index),
            signer=self.signer,
            chain=self.chain,
            now=NOW,
            expires_at=NOW + 86_400,
            environment="production",
            random_bytes=token_bytes,
        )
        text = slip.present(made.slip, made.disclosures, device, now=NOW, counter=1, challenge=token_bytes(8))
        leaves = [b64encode(self.chain[0]).decode()]
        return {
            "kind": "slip",
            "text": text,
            "now": NOW + 7,
            "anchors": [self.anchor],
            "leaves": leaves,
            "lists": self.lists,
        }
