"""Which wallet providers are believed: those that the operator names, as long as their roots issue nothing."""

from collections.abc import Iterable

from idverify.ceremonies import Vault
from idverify.ceremonies.believing import issuing_roots
from idverify.credentials.certificates import subject_key_of
from idverify.credentials.providers import Provider
from idverify.errors import ConfigurationInvalid


def attesters(vault: Vault) -> tuple[Provider, ...]:
    """The providers without any whose root has come to issue: what a root that issues says of wallets counts for nothing.

    Raises as `issuing_roots` does.
    """
    if not vault.wallets.providers:
        return ()
    issuing = {subject_key_of(one) for one in issuing_roots(vault)}
    return tuple(one for one in vault.wallets.providers if not issuing & {subject_key_of(root) for root in one.roots})


def require_no_provider(vault: Vault, roots: Iterable[bytes]) -> None:
    """Before a list says that these roots (DER) issue. Raises ConfigurationInvalid where one is a provider's."""
    listed = {subject_key_of(one) for one in roots}
    mixed = [one.name for one in vault.wallets.providers if listed & {subject_key_of(root) for root in one.roots}]
    if mixed:
        raise ConfigurationInvalid(
            f"IDVERIFY_WALLETS_FILE: {', '.join(mixed)} speaks of wallets, and its root may not stand on a list of who issues"
        )


def require_apart(vault: Vault) -> None:
    """At the start, in words. Raises ConfigurationInvalid where a provider's root issues, here or on a trust list in force."""
    believed = {one.name for one in attesters(vault)}
    mixed = [one.name for one in vault.wallets.providers if one.name not in believed]
    if mixed:
        raise ConfigurationInvalid(
            f"IDVERIFY_WALLETS_FILE: the root of {', '.join(mixed)} also issues: a provider of wallets needs a root of its own"
        )
