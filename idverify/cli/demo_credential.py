"""The second half of `idverify demo`: an electronic ID is issued, shown, believed offline, and revoked.

A service on loopback, a wallet, a hotel and two gates, each with a folder of its own. What crosses between issuer and others
crosses a socket; what a reader says, it says from its folder.
"""

import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from idverify.cli import findings
from idverify.cli.fetching import fetch, send
from idverify.cli.story import Clock, Story

if TYPE_CHECKING:
    from idverify.ceremonies import Parts
    from idverify.credentials.findings import Finding
    from idverify.store.clients import Client
    from idverify.wallet.folder import Folder

CARD, SLIP = "identity_card", "identity_card.gate"
NONCE = "demo-nonce-2"
A_DAY_LATER = 25 * 3600.0
PUBLISHED_SECONDS = 15.0


def tell(
    story: Story, parts: "Parts", client: "Client", subject_id: str, folder: Path, sock: socket.socket, clock: Clock
) -> None:
    """Tell it, with the person who is enrolled. sock: bound to the port that the issuer's URL names."""
    from idverify.api.http import build_app
    from idverify.api.server import Listening, in_background, server_for
    from idverify.api.service import Options

    app = build_app(parts, Options(head_file=folder / "head.jws"))
    with in_background(server_for(app, Listening("127.0.0.1", 0)), sock):
        wallet = _issued(story, parts, client, subject_id, folder, clock)
        hotel, gate, other = _trusting(story, parts, folder, clock)
        _shown(story, wallet, hotel, gate, client, clock)
        clock.forward(A_DAY_LATER)
        _renewed(story, wallet, clock)
        _revoked(story, parts, subject_id, wallet, gate, clock)
    _offline(story, wallet, other, clock)


class _Reader:
    """A relying party: a folder of what it holds, and a gate over it."""

    def __init__(self, folder: Path) -> None:
        from idverify.relying.counters import FileCounters
        from idverify.relying.folder import Holdings
        from idverify.relying.gate import Gate

        self.holdings: Holdings = Holdings(folder)
        self.gate = Gate(self.holdings, FileCounters(folder), purpose="gate", allow_dev=True)

    def refresh(self, clock: Clock) -> int:
        """Be online for a moment; how many things came."""
        from idverify.relying.refresh import refresh

        return sum(one.error is None for one in refresh(self.holdings, fetch, clock))


def _issued(story: Story, parts: "Parts", client: "Client", subject_id: str, folder: Path, clock: Clock) -> "Folder":
    from idverify.ceremonies.offering import offer_in_person
    from idverify.wallet.client import Client as WalletClient
    from idverify.wallet.folder import Folder
    from idverify.wallet.offers import read_offer

    with story.step("Offer: a registrar has checked him in person; an identity card is offered", "offered") as say:
        registry = replace(client, id="demo-registry", name="Demo registry", scopes=frozenset({"credentials:supervise"}))
        made = offer_in_person(parts, registry, subject_id, (CARD,), registrar="desk-4.r17", method="document_inspected")
        say("offered; the link one way, a six-digit number another")
    with story.step("Accept: his wallet takes it over HTTP, with a fresh key for each copy", "taken") as say:
        wallet = Folder.create(folder / "wallet")
        client_ = WalletClient(wallet, send, now=clock, random_bytes=os.urandom)
        held = list(client_.accept(read_offer(made.uri, send), tx_code=made.tx_code))
        slips = sum(one.is_slip for one in held)
        say(f"taken: {sum(len(one.copies) for one in held) - slips} single-use copies, {slips} slips for QR codes")
    return wallet


def _trusting(story: Story, parts: "Parts", folder: Path, clock: Clock) -> tuple[_Reader, _Reader, _Reader]:
    from idverify.credentials.trust_list import LARGEST
    from idverify.keys.authority import fingerprint

    readers = tuple(_Reader(folder / name) for name in ("hotel", "gate", "other-gate"))
    with story.step("Trust: a hotel and two gates pin the issuer's root, and fetch keys and lists", "fetched") as say:
        pin, source = fingerprint(parts.trust_list_keys.current.root), f"{parts.issuer}/v1/trust-list"
        for one in readers:
            one.holdings.accept_list(fetch(source, LARGEST).strip(), pin, source=source, now=clock())
        say(f"fetched: {sum(one.refresh(clock) for one in readers)} documents, each signed under that root")
    return readers[0], readers[1], readers[2]


def _shown(story: Story, wallet: "Folder", hotel: _Reader, gate: _Reader, client: "Client", clock: Clock) -> None:
    from idverify.credentials import presentation
    from idverify.credentials.mdoc_session import Session
    from idverify.face.image import decode
    from idverify.qr import Drawn, read
    from idverify.wallet.codes import code
    from idverify.wallet.presenting import present

    [audience] = client.audiences
    with story.step("Present: the hotel validates a copy offline; he shows his name and nothing else", "VALID") as say:
        text = present(wallet, CARD, show=("name",), session=Session.plain(audience, NONCE), now=clock())
        believed = hotel.holdings.believed(clock())
        found = presentation.validate(text, believed, audience=audience, nonce=NONCE, now=clock(), allow_dev=True)
        say(_said(found))
    with story.step("QR: a gate reads the code from a picture, offline", "VALID") as say:
        drawn = Drawn(code(wallet, SLIP, now=clock()))
        [seen] = read(decode(drawn.png()).pixels)
        say(f"{_said(gate.gate.examine(seen, clock()))}, QR version {drawn.version}")
    with story.step("Replay: the same picture is shown once more", "REFUSED: slip_replayed") as say:
        say(_said(gate.gate.examine(seen, clock())))


def _renewed(story: Story, wallet: "Folder", clock: Clock) -> None:
    from idverify.wallet.client import Client

    with story.step("Renew: a day later the same device gets today's slips, without a new check", "renewed") as say:
        [grant] = wallet.grants()
        renewed = list(Client(wallet, send, now=clock, random_bytes=os.urandom).renew(grant))
        say(f"renewed: {len(renewed)} kinds")


def _revoked(story: Story, parts: "Parts", subject_id: str, wallet: "Folder", gate: _Reader, clock: Clock) -> None:
    from idverify.ceremonies.statuses import set_status
    from idverify.credentials.findings import Status
    from idverify.wallet.codes import code

    with story.step("Revoke: the operator revokes what was issued to him", "revoked") as say:
        say(f"revoked: {set_status(parts, actor='demo', status=Status.REVOKED, subject_id=subject_id)} copies and slips")
    with story.step("The gate fetches the list, which is out within 15 s, and refuses", "REVOKED") as say:
        due = clock() + PUBLISHED_SECONDS
        found = None
        while found is None or (found.status is not Status.REVOKED and clock() < due):
            gate.refresh(clock)
            found = gate.gate.examine(code(wallet, SLIP, now=clock()), clock())
        say(f"{_said(found)} (exit {findings.exit_code(found)})")


def _offline(story: Story, wallet: "Folder", other: _Reader, clock: Clock) -> None:
    from idverify.wallet.codes import code

    with story.step("The other gate, offline since yesterday, holds a list past its end", "UNKNOWN") as say:
        found = other.gate.examine(code(wallet, SLIP, now=clock()), clock())
        say(f"{_said(found)} (exit {findings.exit_code(found)})")


def _said(found: "Finding") -> str:
    name = found.claims.get("name")
    return f"{findings.word(found)}: {found.code}" + (f", {name}" if name and found.accepted else "")
