"""Reading which devices and apps an installation trusts: one TOML file, and the files that it names."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from idverify.api.toml_file import read_toml
from idverify.attestation import App, Revocations, Trust, read_revocations, read_roots
from idverify.errors import ConfigurationInvalid

T = TypeVar("T")
_TABLES = {
    "android": {"roots", "revocations", "revocations_max_age", "oldest_patch", "app"},
    "webauthn": {"roots", "authenticators", "rp_id", "origins"},
}


def load_trust(file: Path) -> Trust:
    """The trust that the file states (docs/reference/attestation.md). Paths in it are relative to it.

    Raises ConfigurationInvalid for anything that is missing, unknown or malformed: a misspelled name must not trust less, or
    more, in silence.
    """
    document = read_toml("IDVERIFY_ATTESTATION_FILE", file)
    try:
        _refuse_unknown(document)
        android, webauthn = document.get("android", {}), document.get("webauthn", {})
        return Trust(
            android_roots=_read(file, android.get("roots"), read_roots, ()),
            apps=frozenset(App(str(app["package"]), bytes.fromhex(app["signer"])) for app in android.get("app", [])),
            revocations=_revocations(file, android.get("revocations")),
            revocations_max_age=int(android.get("revocations_max_age", Trust().revocations_max_age)),
            oldest_patch=int(android.get("oldest_patch", 0)),
            authenticator_roots=_read(file, webauthn.get("roots"), read_roots, ()),
            authenticators=frozenset(bytes.fromhex(name.replace("-", "")) for name in webauthn.get("authenticators", [])),
            rp_id=str(webauthn.get("rp_id", "")),
            origins=frozenset(map(str, webauthn.get("origins", []))),
        )
    except (TypeError, ValueError, KeyError, AttributeError):
        raise ConfigurationInvalid(f"IDVERIFY_ATTESTATION_FILE: {file} holds a value of another kind") from None


def _refuse_unknown(document: dict[str, Any]) -> None:
    unknown = set(document) - set(_TABLES)
    for name, allowed in _TABLES.items():
        unknown |= {f"{name}.{key}" for key in document.get(name, {}).keys() - allowed}
    for app in document.get("android", {}).get("app", []):
        unknown |= {f"android.app.{key}" for key in app.keys() - {"package", "signer"}}
    if unknown:
        raise ConfigurationInvalid(f"IDVERIFY_ATTESTATION_FILE: unknown: {', '.join(sorted(unknown))}")


def _read(file: Path, name: str | None, parse: Callable[[bytes], T], absent: T) -> T:
    if name is None:
        return absent
    try:
        return parse((file.parent / name).read_bytes())
    except OSError as error:
        raise ConfigurationInvalid(f"IDVERIFY_ATTESTATION_FILE names {name}, which cannot be read") from error


def _revocations(file: Path, name: str | None) -> Revocations | None:
    """The list counts as fetched when its file was last written."""
    if name is None:
        return None
    try:
        fetched_at = os.stat(file.parent / name).st_mtime
    except OSError as error:
        raise ConfigurationInvalid(f"IDVERIFY_ATTESTATION_FILE names {name}, which cannot be read") from error
    return _read(file, name, lambda content: read_revocations(content, fetched_at), None)
