"""The checker at the door: a code's text in, a finding out, with no network. It believes what its folder holds at that moment,
so that a status list refreshed by another command counts at the next code.
"""

from idverify.credentials import slip
from idverify.credentials.findings import Finding, Status
from idverify.credentials.slip_code import Counters
from idverify.errors import TokenInvalid
from idverify.relying.folder import Holdings


class Gate:
    """One door. purpose: of the slips that it takes, or None for any. challenge: see `ask`. Safe from many threads."""

    def __init__(self, holdings: Holdings, counters: Counters, *, purpose: str | None = None, allow_dev: bool = False) -> None:
        self._holdings, self._counters = holdings, counters
        self._purpose, self._allow_dev = purpose, allow_dev
        self._challenge: bytes | None = None

    def ask(self, challenge: bytes | None) -> None:
        """From now on a code must answer this challenge (8 bytes); with None it must answer none."""
        self._challenge = challenge

    def examine(self, text: str | bytes, now: float) -> Finding:
        """What a code is worth at `now` (seconds since the epoch). Never raises for a text.

        Where no trust list is in force, or one was altered, nothing is authentic. Raises KeyUnavailable, StoreUnavailable.
        """
        try:
            believed = self._holdings.believed(now)
        except TokenInvalid as error:
            return Finding(False, False, Status.UNKNOWN, None, None, error.code)
        return slip.validate(
            text,
            believed,
            now=now,
            purpose=self._purpose,
            challenge=self._challenge,
            allow_dev=self._allow_dev,
            counters=self._counters,
        )
