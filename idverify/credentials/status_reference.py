"""Where a credential's status stands: which list, and at which index."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StatusReference:
    """uri: address of the status list, and its `sub`. index: 0 or more."""

    uri: str
    index: int
