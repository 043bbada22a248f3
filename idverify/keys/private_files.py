"""Files that hold secrets: read only when private, written so that a crash leaves the old content or the new, never a part.

POSIX only: modes and `flock` are what keeps a secret from other accounts and from a second process.
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from idverify.errors import KeyUnavailable

LARGEST = 1024 * 1024
_TEMPORARY = ".new"


def read_private(path: Path, largest: int = LARGEST) -> bytes:
    """The content of a regular file that neither group nor others may touch, of less than `largest` bytes.

    Modes are read from the open file, so that it cannot be exchanged in between. Raises KeyUnavailable.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            _require_private(path, os.fstat(descriptor), largest)
            return os.read(descriptor, largest)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise KeyUnavailable(f"cannot read {path}: {error.strerror}") from None


def _require_private(path: Path, status: os.stat_result, largest: int) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if not stat.S_ISREG(status.st_mode):
        raise KeyUnavailable(f"{path} is not a regular file")
    if mode & 0o077:
        raise KeyUnavailable(f"{path} can be used by other accounts (mode {mode:04o}): chmod 600 it")
    if status.st_size >= largest:
        raise KeyUnavailable(f"{path} is too large to be what should be there")


def create_private(path: Path, data: bytes) -> None:
    """A new file of mode 0600, durable on return; never over an existing one. Raises KeyUnavailable."""
    try:
        _write(path, data)
        _sync_folder(path.parent)
    except FileExistsError:
        raise KeyUnavailable(f"{path} exists already and is left as it is") from None
    except OSError as error:
        raise KeyUnavailable(f"cannot write {path}: {error.strerror}") from None


def replace_private(path: Path, data: bytes) -> None:
    """The new content in place of the old, at once and durably, mode 0600.

    Raises KeyUnavailable, and then the old content stands. Callers hold `locked` on the folder: one temporary name suffices,
    and what a crash left behind is cleared here.
    """
    temporary = path.with_name(path.name + _TEMPORARY)
    try:
        temporary.unlink(missing_ok=True)
        _write(temporary, data)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise KeyUnavailable(f"cannot write {path}: {error.strerror}") from None


def make_private_folder(folder: Path) -> None:
    """Make the folder (0700) if it is missing. Raises KeyUnavailable."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise KeyUnavailable(f"cannot make the folder {folder}: {error.strerror}") from None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Alone among all processes and threads while the block runs; not to be nested. Raises KeyUnavailable."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise KeyUnavailable(f"cannot use the folder {folder}: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def fingerprint(path: Path) -> tuple[int, int, int]:
    """What changes when the file is replaced: inode, time of modification in nanoseconds, size. Raises KeyUnavailable."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise KeyUnavailable(f"cannot read {path}: {error.strerror}") from None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
