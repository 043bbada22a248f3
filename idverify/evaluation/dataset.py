"""A folder of face images, person/person_0001.jpg, and what identifies it."""

import hashlib
import os
from collections.abc import Collection, Iterable, Mapping
from importlib.resources import files
from pathlib import Path

from idverify.errors import InvalidInput
from idverify.evaluation.pairs import ImageName, PairsList, check_name, parse_pairs

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


def read_pairs(path: Path) -> PairsList:
    """The list of pairs in a file. Raises InvalidInput naming the file, and the line where one is wrong."""
    try:
        return parse_pairs(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"cannot read {path}: {getattr(error, 'strerror', None) or 'not UTF-8 text'}") from error
    except InvalidInput as error:
        raise InvalidInput(f"{path}: {error.message}") from error


def listed_images(folder: Path, pairs: PairsList) -> dict[ImageName, Path]:
    """Each image that the list names, with its file. Raises InvalidInput naming the line whose image is missing."""
    found: dict[ImageName, Path] = {}
    for pair in pairs.pairs:
        for image in (pair.first, pair.second):
            if image not in found:
                found[image] = _file(folder, image, pair.line)
    return dict(sorted(found.items()))


def images_of(folder: Path, people: Collection[str]) -> dict[ImageName, Path]:
    """Every image of these people, with its file. Raises InvalidInput when someone has none, or a file is misnamed."""
    found: dict[ImageName, Path] = {}
    for person in sorted(people):
        check_name(person, str(folder))
        theirs = [path for path in sorted((folder / person).glob("*")) if path.suffix.lower() in SUFFIXES]
        if not theirs:
            raise InvalidInput(f"{folder}: no images of one of the people in the list (folder {person!r})")
        for path in theirs:
            name, _, number = path.stem.rpartition("_")
            if name != person or not (number.isascii() and number.isdigit()):
                raise InvalidInput(f"{path}: expected {person}_0001{path.suffix} or another number")
            if found.setdefault(ImageName(person, int(number)), path) != path:
                raise InvalidInput(f"{path}: two files claim to be {ImageName(person, int(number))}")
    return found


def photos_in(folder: Path) -> dict[str, Path]:
    """Every image file below a folder by its relative name, sorted; a link that leads nowhere too, for whoever reads it to say.

    Raises InvalidInput when there is none, or a name is not UTF-8 and could not be written into a report.
    """
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and not path.is_dir())
    if not found:
        raise InvalidInput(f"{folder}: no {', '.join(SUFFIXES)} files")
    names = {path.relative_to(folder).as_posix(): path for path in found}
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise InvalidInput(f"the name of a file in {folder} is not UTF-8: rename {os.fsencode(name)!r}") from error
    return names


def sample_photos() -> list[Path]:
    """The photographs that travel with the package."""
    return sorted(Path(str(one)) for one in files("idverify.samples").iterdir() if one.name.endswith(".jpg"))


def dataset_digest(digests: Mapping[str, str], extra: Iterable[str] = ()) -> str:
    """SHA-256, hex, over sorted lines `name sha256-of-the-file`, then `extra` lines (a list's own digest, exclusions)."""
    lines = [f"{name} {digest}" for name, digest in sorted(digests.items())]
    return hashlib.sha256("\n".join([*lines, *extra]).encode()).hexdigest()


def _file(folder: Path, image: ImageName, line: int) -> Path:
    for suffix in SUFFIXES:
        path = folder / image.person / f"{image}{suffix}"
        if path.is_file():
            return path
    raise InvalidInput(f"line {line}: no image {image.person}/{image}.jpg in {folder}")
