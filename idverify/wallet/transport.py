"""How the wallet reaches an issuer: a callable that the caller hands in, so that this room opens no socket."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. headers: names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Send = Callable[[str, str, Mapping[str, str], bytes | None], Answer]
"""method, URL, headers, body -> the answer, whatever its status; redirects are not followed. Raises InvalidInput where no
answer came, TooLarge for an answer beyond reason."""
