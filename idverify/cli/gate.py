"""`idverify gate`: the checker at the door. It reads QR codes from a camera, from pictures or from a hand-held scanner."""

import os
import sys
import time
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from idverify import qr
from idverify.cli import findings
from idverify.cli.challenge import parse_challenge
from idverify.cli.files import STANDARD_INPUT, read_file
from idverify.cli.output import CANNOT_TELL, OK, REJECTED, console, stdout, write_json
from idverify.credentials.findings import Finding
from idverify.credentials.slip import CHALLENGE_BYTES
from idverify.credentials.slip_text import LARGEST
from idverify.errors import ImageRejected, InvalidInput, TooLarge
from idverify.face.image import decode
from idverify.relying.counters import FileCounters
from idverify.relying.folder import Holdings
from idverify.relying.gate import Gate

app = typer.Typer()

NEW = "new"
HERE = Path("trust")  # as for `idverify trust`
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp"})
# A camera sees one code many times: what left its sight for less than this is the same showing.
SAME_SHOWING_SECONDS = 3.0


@app.command()
def gate(
    source: Annotated[
        str | None,
        typer.Argument(
            help="a picture, a folder of pictures, or - for texts on standard input, one a line", show_default=False
        ),
    ] = None,
    camera: Annotated[int | None, typer.Option(help="number of a camera, the first is 0", show_default=False)] = None,
    trust: Annotated[Path, typer.Option(envvar="IDVERIFY_TRUST", help="the folder that `idverify trust add` fills")] = HERE,
    purpose: Annotated[str | None, typer.Option(help="take codes for this purpose alone, such as gate or police")] = None,
    challenge: Annotated[
        str | None, typer.Option(help="16 hex digits that each code must answer; `new` makes and shows a new one for each")
    ] = None,
    portrait: Annotated[Path | None, typer.Option(help="write the issuer's portrait of who passes to this file (WebP)")] = None,
    once: Annotated[bool, typer.Option("--once", help="stop after the first code")] = False,
    allow_dev: Annotated[bool, typer.Option("--allow-dev", help="accept slips of development and sandbox")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object a code, each on a line of its own")] = False,
) -> None:
    """Say of each QR code VALID, REVOKED, SUSPENDED, UNKNOWN or REFUSED, with no network.

    What it believes lies in the trust folder, read anew for each code: let `idverify trust refresh` run beside it. A code
    passes once; what was seen is kept there. Without a challenge another gate would take the same code in its minute.

    Example: idverify gate --camera 0 --trust ./trust --purpose gate

    Exit codes: 0 every code is valid, 1 one was refused, revoked or suspended, 2 usage, 3 no code was found, or a file is
    missing, 5 the status of one is unknown.
    """
    if (source is None) == (camera is None):
        raise typer.BadParameter("name either a source or --camera")
    door = _Door(trust, purpose, allow_dev, challenge, portrait, as_json)
    worst: int | None = None
    for text, where in _texts(source, camera):
        worst = max(worst or 0, door.examine(text, where), key=_SEVERITY.index)
        if once:
            break
    if worst is None:
        raise InvalidInput("no QR code was found: hold it flat, whole and with its white margin in the picture")
    raise typer.Exit(worst)


_SEVERITY = (OK, CANNOT_TELL, REJECTED)


class _Door:
    """One run of the command."""

    def __init__(
        self, trust: Path, purpose: str | None, allow_dev: bool, challenge: str | None, portrait: Path | None, as_json: bool
    ) -> None:
        if not trust.is_dir():
            raise InvalidInput(f"{trust} is not there: `idverify trust add` makes it")
        if portrait is not None and not portrait.parent.is_dir():  # said now, not when the first person passes
            raise InvalidInput(f"cannot write {portrait}: {portrait.parent} is no folder")
        self._gate = Gate(Holdings(trust), FileCounters(trust), purpose=purpose, allow_dev=allow_dev)
        self._renewed = challenge == NEW
        self._portrait, self._as_json = portrait, as_json
        if challenge is not None:
            self._gate.ask(self._new() if self._renewed else parse_challenge(challenge))

    def examine(self, text: str | bytes, where: str) -> int:
        """Say what the code is worth; the exit code that it earns."""
        found = self._gate.examine(text, time.time())
        if self._as_json:
            write_json({"source": where, **findings.spelled(found)})
        else:
            stdout.print(f"[dim]{time.strftime('%H:%M:%S')}[/dim]")
            findings.show(found)
        if self._portrait is not None:
            _keep_portrait(self._portrait, found)
        if self._renewed and found.holder_bound:
            self._gate.ask(self._new())
        return findings.exit_code(found)

    def _new(self) -> bytes:
        made = os.urandom(CHALLENGE_BYTES)
        console.print(f"challenge [bold]{made.hex()}[/bold]")
        return made


def _keep_portrait(path: Path, found: Finding) -> None:
    """The picture of who passed, or none: never the picture of somebody before."""
    picture = found.claims.get("portrait") if found.accepted else None
    try:
        if picture is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(b64decode(picture))
    except OSError as error:
        raise InvalidInput(f"cannot write {path}: {error.strerror}") from None


def _texts(source: str | None, camera: int | None) -> Iterator[tuple[str | bytes, str]]:
    """Texts of codes, and where each is from."""
    if camera is not None:
        return _seen_by(camera)
    return _lines() if source == STANDARD_INPUT else _pictures(Path(source or ""))


def _lines() -> Iterator[tuple[bytes, str]]:
    """A hand-held scanner types a line a code. A blank may be the last character of base45: only line ends are cut off."""
    number = 0
    while line := sys.stdin.buffer.readline(2 * LARGEST):
        number += 1
        if text := line.rstrip(b"\r\n"):
            yield text, f"line {number}"


def _pictures(path: Path) -> Iterator[tuple[str, str]]:
    whole = path.is_dir()
    for one in _within(path) if whole else [path]:
        try:
            texts = qr.read(decode(read_file(one)).pixels)
        except (ImageRejected, TooLarge) as error:
            if not whole:
                raise
            console.print(f"{one.name}: {error.message}", markup=False)
            continue
        if not texts:
            console.print(f"{one.name}: no QR code", markup=False)
        for text in texts:
            yield text, one.name


def _within(folder: Path) -> list[Path]:
    try:
        found = sorted(one for one in folder.iterdir() if one.suffix.lower() in PICTURES)
    except OSError as error:
        raise InvalidInput(f"cannot read {folder}: {error.strerror}") from None
    if not found:
        raise InvalidInput(f"{folder} holds no picture: {', '.join(sorted(PICTURES))}")
    return found


def _seen_by(number: int) -> Iterator[tuple[str, str]]:
    import cv2
    import numpy as np

    video = cv2.VideoCapture(number)
    if not video.isOpened():
        raise InvalidInput(
            f"camera {number} cannot be opened: is it there, and does no other program hold it? The first is 0; a scanner "
            "needs none: idverify gate -"
        )
    last_seen: dict[str, float] = {}
    try:
        while True:
            there, frame = video.read()
            if not there:
                raise InvalidInput(f"camera {number} gives no pictures any more")
            now = time.monotonic()
            last_seen = {text: at for text, at in last_seen.items() if now - at < SAME_SHOWING_SECONDS}
            for text in qr.read(np.asarray(frame, np.uint8)):
                new = text not in last_seen
                last_seen[text] = now
                if new:
                    yield text, f"camera {number}"
    finally:
        video.release()
