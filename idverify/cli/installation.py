"""Opening the installation that a command works on, and letting go of it afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from idverify.ceremonies import Parts, Vault
    from idverify.config import Settings

Dev = Annotated[bool, typer.Option("--dev", help="development installation: makes its own keys, and its tokens say env=dev")]

OPERATOR = "operator"
"""Whom the audit names for what is done at the command line."""


def settings_for(*, dev: bool) -> "Settings":
    """The settings; --dev wins over IDVERIFY_ENV. Raises ConfigurationInvalid."""
    from idverify.config import load_settings

    return load_settings(env="dev" if dev else None)


def require_issuer(*, dev: bool) -> None:
    """Before anything is asked or made that would name it. Raises ConfigurationInvalid where nobody said who issues."""
    from idverify.api import app

    app.require_issuer(settings_for(dev=dev))


@contextmanager
def whole_installation(*, dev: bool, create: bool = False) -> "Iterator[Parts]":
    """With models. create: make it if this is its first start; a mistyped folder is refused otherwise. Raises Fault."""
    from idverify.api.app import compose

    parts = compose(settings_for(dev=dev), create=create)
    try:
        yield parts
        _keep_index(parts)
    finally:
        parts.store.close()


def _keep_index(parts: "Parts") -> None:
    """What the command did is done and told; without the file the next start takes longer, and that is all."""
    from idverify.cli.output import console
    from idverify.errors import Fault

    try:
        if parts.duplicates is not None:
            parts.duplicates.save(parts)
    except Fault as error:
        console.print(f"the index of references was not kept: {error.message}", markup=False)


@contextmanager
def vault_only(*, dev: bool, create: bool = False) -> "Iterator[Vault]":
    """Without models: keys, records and the audit can be looked after even where a model does not load. Raises Fault."""
    from idverify.api.app import open_vault

    vault = open_vault(settings_for(dev=dev), create=create)
    try:
        yield vault
    finally:
        vault.store.close()
