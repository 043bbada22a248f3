"""Ending the live sessions whose time has run out, so that they do so also when nobody asks."""

from idverify.api.sandbox import Sandbox
from idverify.ceremonies import Parts
from idverify.ceremonies.session_end import sweep


class Sweeper:
    """One sweeper of one worker; several may sweep at once."""

    def __init__(self, parts: Parts, sandbox: Sandbox) -> None:
        self._parts = parts
        self._sandbox = sandbox

    def sweep(self) -> int:
        """Sweep the installation, and the sandbox where there is one: cameras film people there too. Raises any Fault."""
        tried = self._sandbox.made
        return (0 if tried is None else sweep(tried)) + sweep(self._parts)
