"""Issuers for tests: a root of their own, and keys that it certified."""

import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from idverify.ceremonies.certification import FOLDERS
from idverify.credentials.purposes import Purpose
from idverify.keys import authority, signing
from idverify.keys.authority import Authority
from idverify.keys.certified import CertifiedKeys

FIELDS = {
    Purpose.CREDENTIAL: "credential_keys",
    Purpose.STATUS: "status_keys",
    Purpose.TRUST_LIST: "trust_list_keys",
    Purpose.READER: "reader_keys",
    Purpose.SEAL: "seal_keys",
}


def certified_parts(
    keys_folder: Path, root: Authority, issuer: str, now: Callable[[], float], holder: signing.Holder | None = None
) -> dict[str, CertifiedKeys]:
    """The five fields of a Vault: keys in their folders, certified by the root."""
    made: dict[str, CertifiedKeys] = {}
    for purpose, name in FOLDERS.items():
        folder = keys_folder / name
        keys = CertifiedKeys(signing.load_or_create(folder, now, holder), folder, issuer=issuer)
        keys.certify(root, usage=purpose, issuer=issuer)
        made[FIELDS[purpose]] = keys
    return made


def copied_parts(keys_folder: Path, issuer: str, now: Callable[[], float]) -> dict[str, CertifiedKeys]:
    """The same in a few milliseconds: keys that were made and certified once a run, for all tests with this issuer.

    `root_of` opens their root. Two installations that must not share a key are made with `certified_parts`.
    """
    template = _template(issuer, now() // 86_400)
    made: dict[str, CertifiedKeys] = {}
    for purpose, name in FOLDERS.items():
        folder = keys_folder / name
        if not folder.exists():
            shutil.copytree(template / name, folder)
        made[FIELDS[purpose]] = CertifiedKeys(signing.load(folder, now), folder, issuer=issuer)
    return made


def root_of(issuer: str, now: float) -> Authority:
    """The root of `copied_parts`."""
    return authority.load(_template(issuer, now // 86_400) / "root")


@cache
def _template(issuer: str, day: float) -> Path:
    held = tempfile.TemporaryDirectory(prefix="idverify-test-keys-")
    _HELD.append(held)
    folder = Path(held.name)
    root = authority.create(folder / "root", name="City of Test", country="XX", now=day * 86_400)
    certified_parts(folder, root, issuer, lambda: day * 86_400)
    return folder


_HELD: list[tempfile.TemporaryDirectory[str]] = []
"""Deleted at the end of the run."""
