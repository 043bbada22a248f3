"""Reading what a person named on the command line."""

from pathlib import Path

from idverify.errors import InvalidInput, TooLarge


def read_file(path: Path, *, limit: int = 64 * 1024 * 1024) -> bytes:
    """The bytes of a file. Raises InvalidInput when it is missing or unreadable, TooLarge beyond `limit` bytes."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}") from error
    if len(data) > limit:
        raise TooLarge(f"{path} is larger than {limit} bytes")
    return data
