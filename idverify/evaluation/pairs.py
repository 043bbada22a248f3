"""Lists of pairs in the format of Labeled Faces in the Wild.

::

    10 300                      folds, and pairs of each kind in each of them; or pairs of each kind alone; or no such line
    Abel_Pacheco 1 4            mated: two images of one person
    Abdel_Madi   2 Bela_Karo 1  non-mated: images of two people

An image is person/person_0001.jpg below a folder that the caller names. A list is a file from elsewhere: names are checked, so
that none can reach outside that folder.
"""

from dataclasses import dataclass

from idverify.errors import InvalidInput


@dataclass(frozen=True, slots=True, order=True)
class ImageName:
    """One image of one person. number: as in person_0001."""

    person: str
    number: int

    def __str__(self) -> str:
        return f"{self.person}_{self.number:04d}"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two images to compare. fold: 0-based, 0 where the list has none; line: 1-based, in the list."""

    first: ImageName
    second: ImageName
    fold: int
    line: int

    @property
    def mated(self) -> bool:
        """Whether both images show one person."""
        return self.first.person == self.second.person


@dataclass(frozen=True, slots=True)
class PairsList:
    """A parsed list. folds: how many the list declares; 0: none."""

    pairs: tuple[Pair, ...]
    folds: int

    @property
    def people(self) -> frozenset[str]:
        """Everyone named."""
        return frozenset(image.person for pair in self.pairs for image in (pair.first, pair.second))


def parse_pairs(text: str) -> PairsList:
    """The list in `text`. Raises InvalidInput with the number of the line that is wrong, or when the counts do not add up."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        raise InvalidInput("the list of pairs is empty")
    folds, each = _counts(_fields(lines[0][1]))
    if each is not None:
        lines = lines[1:]
        if len(lines) != max(folds, 1) * 2 * each:
            raise InvalidInput(f"the first line promises {max(folds, 1) * 2 * each} pairs, but {len(lines)} follow")
    per_fold = 2 * each if folds and each else len(lines)
    pairs = tuple(_pair(_fields(line), index // per_fold, number) for index, (number, line) in enumerate(lines))
    if each is not None:
        _check_balance(pairs, each)
    return PairsList(pairs, folds)


def _fields(line: str) -> list[str]:
    return [field.strip() for field in line.strip().split("\t")] if "\t" in line.strip() else line.split()


def _counts(fields: list[str]) -> tuple[int, int | None]:
    """(folds, pairs of each kind) of a first line, or (0, None) where it is a pair already."""
    if len(fields) > 2 or not all(field.isascii() and field.isdigit() for field in fields):
        return 0, None
    numbers = [_number(field, 1) for field in fields]
    if len(numbers) == 1:
        return 0, numbers[0]
    if numbers[0] < 2:
        raise InvalidInput("line 1: a list with folds has at least two of them")
    return numbers[0], numbers[1]


def _pair(fields: list[str], fold: int, line: int) -> Pair:
    match fields:
        case [name, first, second]:
            pair = Pair(_image(name, first, line), _image(name, second, line), fold, line)
        case [name, first, other, second]:
            pair = Pair(_image(name, first, line), _image(other, second, line), fold, line)
            if pair.mated:
                raise InvalidInput(f"line {line}: a non-mated pair names one person twice")
        case _:
            raise InvalidInput(f"line {line}: expected `name i j` or `name i name j`, found {len(fields)} fields")
    if pair.first == pair.second:
        raise InvalidInput(f"line {line}: an image would be compared with itself")
    return pair


def _image(name: str, number: str, line: int) -> ImageName:
    check_name(name, f"line {line}")
    return ImageName(name, _number(number, line))


def check_name(name: str, where: str) -> None:
    """Raise InvalidInput unless `name` can be the name of one folder: no separator, nothing hidden, nothing unprintable."""
    if not name or name.startswith(".") or not name.isprintable() or any(mark in name for mark in "/\\:"):
        raise InvalidInput(f"{where}: a person's name must be the plain name of a folder")


def _number(text: str, line: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6) or int(text) == 0:
        raise InvalidInput(f"line {line}: expected a number from 1 to 999999")
    return int(text)


def _check_balance(pairs: tuple[Pair, ...], each: int) -> None:
    for fold in range(pairs[-1].fold + 1):
        mated = sum(pair.mated for pair in pairs if pair.fold == fold)
        if mated != each:
            raise InvalidInput(f"fold {fold + 1} has {mated} mated pairs where the first line promises {each}")
