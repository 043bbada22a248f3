"""What `idverify bench tokens` times of credentials: issued in two formats, shown in either and as a QR code, listed."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from idverify.credentials import (
    key_binding,
    mdoc,
    mdoc_presentation,
    mdoc_response,
    presentation,
    sd_jwt,
    slip,
    status_list,
    status_list_cwt,
)
from idverify.credentials.anchors import Anchor
from idverify.credentials.assurance import ACTIVE
from idverify.credentials.believed import Believed
from idverify.credentials.certificates import leaf_under
from idverify.credentials.credential import CredentialFacts, issue_batch
from idverify.credentials.credential_types import credential_types
from idverify.credentials.findings import Status
from idverify.credentials.mdoc_session import Session
from idverify.credentials.purposes import Purpose
from idverify.credentials.status_bits import ENTRIES, pack
from idverify.credentials.status_reference import StatusReference, list_uri, lists_uri
from idverify.evaluation.token_work import AUDIENCE, ISSUER, RandomBytes
from idverify.evaluation.tokens import WARM, Work
from idverify.keys import authority
from idverify.keys.file import FileSigner

BATCH: Final = 30
LIST_URI: Final = list_uri(ISSUER, 1)
CARD: Final = credential_types()["identity_card"]
CLAIMS: Final = {
    "name": "Anna Example",
    "date_of_birth": "1990-01-31",
    "sex": "female",
    "nationality": "CHN",
    "document_number": "110101199001310000",
    "address": "1 Example Road, Example District",
    "issuing_authority": "Example City",
    "age_over_18": True,
}
SHOWN: Final = ("name", "age_over_18")


class Office:
    """An issuer of identity cards: its root, its keys, and a status list of 2^20 entries with one in a hundred revoked."""

    def __init__(self, folder: Path, *, now: float, random_bytes: RandomBytes) -> None:
        """folder: an empty one, for the root's key."""
        self.now, self.random_bytes = now, random_bytes
        self.revoked = frozenset(np.random.default_rng(1).choice(ENTRIES, ENTRIES // 100, replace=False).tolist())
        self.places = [index for index in range(ENTRIES // 10) if index not in self.revoked]
        root = authority.create(folder / "root", name="Example City", country="XX", now=now)
        self.anchor = Anchor("Example City", root.certificate, frozenset({CARD.vct}), (ISSUER,))
        self.signer, self.status_signer = FileSigner.new(), FileSigner.new()
        self.chain = (root.issue(self.signer.public_jwk(), usage=Purpose.CREDENTIAL, issuer=ISSUER, now=now),)
        self.status_chain = (root.issue(self.status_signer.public_jwk(), usage=Purpose.STATUS, issuer=ISSUER, now=now),)
        self.list_token, self.list_cwt = self._sign_list()
        leaf = leaf_under(self.chain, (self.anchor,), purpose=Purpose.CREDENTIAL, now=now)
        held = status_list.read(self.list_token, (self.anchor,), now)
        self.believed = Believed((self.anchor,), {LIST_URI: held}, {leaf.fingerprint8: leaf})

    def batch(self, holders: Sequence[FileSigner], make: Callable[..., list[str]] = issue_batch) -> list[str]:
        """Copies of one card that is not revoked, one a holder's key. make: in that format."""
        facts = CredentialFacts(ISSUER, ACTIVE, ("face",), self.now - 60, "production", "a-pairwise-name")
        copies = [(one.public_jwk(), StatusReference(LIST_URI, at)) for at, one in zip(self.places, holders, strict=False)]
        return make(
            CARD,
            CLAIMS,
            facts,
            copies=copies,
            signer=self.signer,
            chain=self.chain,
            now=self.now,
            random_bytes=self.random_bytes,
        )

    def slip(self, purpose: str, device: FileSigner) -> slip.Slip:
        """A QR slip of that purpose for a slip key, valid for a day."""
        return slip.issue(
            CARD,
            purpose,
            CLAIMS,
            issuer=ISSUER,
            device_jwk=device.public_jwk(),
            status=StatusReference(LIST_URI, self.places[0]),
            signer=self.signer,
            chain=self.chain,
            now=self.now,
            expires_at=self.now + 86_400,
            environment="production",
            random_bytes=self.random_bytes,
        )

    def _sign_list(self) -> tuple[str, bytes]:
        content = pack(1, ((index, 1) for index in self.revoked))
        where: dict[str, Any] = {"uri": LIST_URI, "issuer": ISSUER, "aggregation_uri": lists_uri(ISSUER)}
        token = status_list.sign(content, 1, **where, signer=self.status_signer, chain=self.status_chain, now=self.now)
        said = status_list.statement(content, 1, **where, now=self.now)
        return token, status_list_cwt.sign(said, self.status_signer, self.status_chain)


def credential_work(office: Office, n: int) -> list[Work]:
    """SD-JWT VC in batches of 30 copies, and their presentations with two of nine claims shown."""
    holders = [FileSigner.new() for _ in range(n + WARM)]
    shown = []
    for number, (card, holder) in enumerate(zip(office.batch(holders), holders, strict=True)):
        nonce = f"nonce-{number}"
        text = key_binding.sign(sd_jwt.select(card, SHOWN), holder, audience=AUDIENCE, nonce=nonce, now=office.now)
        shown.append((text, nonce))

    def validate(text: str, nonce: str) -> None:
        finding = presentation.validate(text, office.believed, audience=AUDIENCE, nonce=nonce, now=office.now)
        assert finding.accepted, finding.code

    return [
        Work(
            f"SD-JWT VC issued, batches of {BATCH}",
            [partial(office.batch, holders[:BATCH])] * (max(10, n // BATCH) + WARM),
            things=BATCH,
            budget_ms=0.5,
        ),
        Work("presentation validated", [partial(validate, *one) for one in shown], budget_ms=1.5),
    ]


def mdoc_work(office: Office, n: int) -> list[Work]:
    """The same card as an mdoc, in as many copies, with the same two claims shown."""
    holders = [FileSigner.new() for _ in range(n + WARM)]
    issue = partial(office.batch, make=mdoc.issue_batch)
    shown = []
    for number, (card, holder) in enumerate(zip(issue(holders), holders, strict=True)):
        session = Session.plain(AUDIENCE, f"nonce-{number}")
        shown.append((mdoc_response.present(card, SHOWN, holder, session), session))

    def validate(text: str, session: Session) -> None:
        finding = mdoc_presentation.validate(text, office.believed, session=session, now=office.now)
        assert finding.accepted, finding.code

    return [
        Work(
            f"mdoc issued, batches of {BATCH}",
            [partial(issue, holders[:BATCH])] * (max(10, n // BATCH) + WARM),
            things=BATCH,
            budget_ms=0.5,
        ),
        Work("mdoc validated", [partial(validate, *one) for one in shown], budget_ms=1.5),
    ]


def slip_work(office: Office, n: int) -> list[Work]:
    """QR codes as read at a door, from the text to the finding: for a gate, and for the police with two claims shown."""

    def validate(text: str) -> None:
        finding = slip.validate(text, office.believed, now=office.now)
        assert finding.accepted, finding.code

    work = []
    for purpose, shown in (("gate", ()), ("police", ("name", "document_number"))):
        devices = [FileSigner.new() for _ in range(n + WARM)]
        issued = [(office.slip(purpose, device), device) for device in devices]
        texts = [slip.present(one.slip, one.showing(shown), device, now=office.now, counter=1) for one, device in issued]
        work.append(Work(f"QR slip validated, {purpose}", [partial(validate, text) for text in texts], budget_ms=1.0))
    return work


def status_work(office: Office, n: int) -> list[Work]:
    """The list of 2^20 entries: read from its token, once in 15 minutes, and asked once it is held."""
    held = office.believed.statuses[LIST_URI]
    reads = min(n, 50) + WARM

    def ask(index: int) -> None:
        assert (held.status(index) is Status.REVOKED) == (index in office.revoked)

    read: Callable[[], object] = partial(status_list.read, office.list_token, (office.anchor,), office.now)
    return [
        Work("status list of 2^20 read", [read] * reads),
        Work(
            "status list of 2^20 read, CWT",
            [partial(status_list_cwt.read, office.list_cwt, (office.anchor,), office.now)] * reads,
        ),
        Work(
            "status list of 2^20 asked, held",
            [partial(ask, 997 * number % ENTRIES) for number in range(n + WARM)],
            budget_ms=5.0,
        ),
    ]
