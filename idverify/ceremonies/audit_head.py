"""Signing the audit's head, and holding the chain against one."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idverify.audit import heads
from idverify.audit.chain import GENESIS, Report
from idverify.audit.heads import Head
from idverify.ceremonies import Vault
from idverify.credentials import jws
from idverify.credentials.trust import trusted_keys
from idverify.errors import AuditBroken, InvalidInput, TokenInvalid
from idverify.keys.private_files import locked, replace_private
from idverify.store import Store, audit


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head and its compact JWS (`typ` audit-head+jwt)."""

    head: Head
    jws: str


def sign_head(vault: Vault) -> SignedHead:
    """The chain's head as it is now, signed. Raises StoreUnavailable, SigningUnavailable."""
    with vault.store.reading() as tx:
        last = audit.head(tx)
    count, digest = (0, GENESIS) if last is None else (last.seq, last.hash)
    head = Head(vault.issuer, count, digest, int(vault.now()))
    return SignedHead(head, jws.sign(heads.to_claims(head), vault.signing.current, heads.TYPE))


def write_head(vault: Vault, path: Path) -> SignedHead:
    """Sign the head and put it in the file, in place of the one before, which must still hold.

    Raises AuditBroken when the event that the earlier head names is gone or another, and leaves that head as the evidence;
    KeyUnavailable when the file cannot be written; StoreUnavailable, SigningUnavailable.
    """
    with locked(path.parent):
        with suppress(FileNotFoundError):
            _require_continued(vault, path)
        signed = sign_head(vault)
        replace_private(path, f"{signed.jws}\n".encode("ascii"))
    return signed


def read_head(content: bytes, trust: Mapping[str, Any]) -> Head:
    """The head in a file's content: the compact JWS, or the JSON object of /v1/audit/head that holds it as `head`.

    trust: JWK Set of the installation's signing keys, past ones included. Raises InvalidInput when it is no head, or is not
    signed by one of these keys.
    """
    try:
        text = content.decode("ascii").strip()
        if text.startswith("{"):
            text = json.loads(text)["head"]
        return heads.from_claims(jws.validate(text, trusted_keys(trust), heads.TYPE))
    except TokenInvalid as error:
        raise InvalidInput(f"the audit head is not one that this installation signed ({error.code})") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidInput("this is not an audit head") from None


def verify_chain(store: Store, key: bytes, head: Head | None = None) -> Report:
    """Walk the whole chain, and hold it against the head if there is one. key: secrets.audit. Raises StoreUnavailable."""
    with store.reading() as tx:
        return heads.check(key, audit.events(tx), head)


def _require_continued(vault: Vault, path: Path) -> None:
    try:
        earlier = read_head(path.read_bytes(), vault.signing.history())
    except InvalidInput as error:
        raise AuditBroken(f"the head in {path} was not signed by this installation") from error
    if earlier.count == 0:
        return
    with vault.store.reading() as tx:
        event = audit.entry(tx, earlier.count)
    if event is None or event.hash != earlier.hash:
        raise AuditBroken(f"the audit does not continue from the head in {path}: run `idverify audit verify --head {path}`")
