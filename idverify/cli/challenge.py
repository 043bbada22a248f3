"""The challenge that a gate shows and a wallet answers, as a person types it."""

import typer

from idverify.credentials.slip import CHALLENGE_BYTES


def parse_challenge(spelled: str) -> bytes:
    """The 8 bytes in these hex digits. Raises typer.BadParameter."""
    try:
        found = bytes.fromhex(spelled)
    except ValueError:
        found = b""
    if len(found) != CHALLENGE_BYTES:
        raise typer.BadParameter(f"a challenge has {2 * CHALLENGE_BYTES} hex digits")
    return found
