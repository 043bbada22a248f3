"""Whether credentials may be issued again: what revoking and suspending mean for the copies that do not exist yet.

A status list speaks of copies that were issued, and forgets them when they expire. A wallet may ask for fresh ones for ninety
days, and a person may go through another live session. So: what is suspended is not issued at all until it is reinstated, and
what was revoked only on a check of the person that is younger than the revocation.
"""

from dataclasses import replace

from idverify.ceremonies import Vault
from idverify.ceremonies.grant_record import Grant
from idverify.credentials.credential_types import credential_types
from idverify.credentials.findings import Status
from idverify.errors import IssuanceRefused
from idverify.store import Connection, grants, standings, statuses
from idverify.store.standings import Standing

DENIED = "credential_request_denied"


def require_standing(tx: Connection, grant: Grant, type_name: str) -> None:
    """Return when copies of the type may be issued on the grant. Raises IssuanceRefused."""
    for about in (grant.credential_id(type_name), _of(grant.foundation.subject_id, type_name)):
        found = standings.get(tx, about)
        if found is not None and found.suspended:
            raise IssuanceRefused(DENIED, f"{type_name}: suspended")
        if found is not None and found.revoked_at is not None and grant.foundation.auth_time <= found.revoked_at:
            raise IssuanceRefused(DENIED, f"{type_name}: revoked; it takes a new live session")


def is_out(tx: Connection, grant: Grant) -> bool:
    """Whether all that this very wallet was given is revoked, or suspended: it was lost, or is in wrong hands.

    What is taken from the person, whatever wallet it is in, says nothing of the wallet.
    """
    found = [standings.get(tx, grant.credential_id(name)) for name in grant.types]
    return all(one is not None and (one.suspended or one.revoked_at is not None) for one in found)


def concerns_grants(tx: Connection, *, credential_id: str | None, subject_id: str | None, type_name: str | None = None) -> bool:
    """Whether there is a grant on which more could be issued, though nothing that was may live."""
    if credential_id is not None:
        grant_id, _, name = credential_id.partition(".")
        owner = grants.subject_of(tx, grant_id)
        fits = subject_id in (None, owner) and type_name in (None, name)
        return owner is not None and name in credential_types() and fits
    return subject_id is not None and grants.any_of(tx, subject_id)


def note_standing(
    vault: Vault,
    tx: Connection,
    status: Status,
    *,
    credential_id: str | None,
    subject_id: str | None,
    type_name: str | None,
) -> str | None:
    """Remember a change of status for what is not issued yet, in the transaction that makes it; whose it is.

    Named by credential: that wallet's. By subject: every wallet's, of the type or of all; reinstating then also lifts what was
    suspended credential by credential.
    """
    owner = subject_id if credential_id is None else grants.subject_of(tx, _grant_id(credential_id))
    if owner is None:
        return None
    # What was issued counts, also where a command was started without the folder of the operator's own types.
    names = {type_name} if type_name is not None else {*credential_types(), *statuses.type_names(tx, owner)}
    abouts = {credential_id} if credential_id is not None else {_of(owner, name) for name in names}
    known = {one.about: one for one in standings.of_subject(tx, owner)}
    if status is Status.VALID and credential_id is None:
        abouts |= {about for about in known if about.partition(".")[2] in names}
    for about in abouts:
        before = known.get(about, Standing(about, owner))
        standings.put(tx, _after(before, status, vault.now()))
    return owner


def _after(before: Standing, status: Status, now: float) -> Standing:
    match status:
        case Status.REVOKED:
            return replace(before, revoked_at=now)
        case Status.SUSPENDED:
            return replace(before, suspended=_can_be_suspended(before.about))
        case _:
            return replace(before, suspended=False)


def _can_be_suspended(about: str) -> bool:
    name = about.replace("/", ".").rpartition(".")[2]
    known = credential_types().get(name)
    return known is None or known.status_bits == 2


def _of(subject_id: str, type_name: str) -> str:
    return f"{subject_id}/{type_name}"


def _grant_id(credential_id: str) -> str:
    return credential_id.partition(".")[0]
