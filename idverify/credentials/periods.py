"""Days and periods as claims spell them, and when they end."""

import re
from calendar import monthrange
from datetime import UTC, datetime

_SPELLED = re.compile(r"(\d{4})(?:-(?:H([12])|Q([1-4])|(0[1-9]|1[0-2])(?:-(0[1-9]|[12][0-9]|3[01]))?))?", re.ASCII)
_MONTHS = 12
_DAY = 86_400


def half_year(moment: float) -> str:
    """The half of the UTC year that a moment (seconds since the epoch) lies in, as `2027-H1`."""
    day = datetime.fromtimestamp(moment, UTC)
    return f"{day.year}-H{1 if day.month <= _MONTHS // 2 else 2}"


def end_of(text: str) -> float:
    """The midnight (UTC, seconds since the epoch) at which a year, half, quarter, month or day is over.

    text: `2027`, `2027-H1`, `2027-Q3`, `2027-04` or `2027-04-30`, up to the year 9999, with which registries write that
    something never ends. Raises ValueError for anything else.
    """
    found = _SPELLED.fullmatch(text)
    if found is None:
        raise ValueError("neither a day nor a period")
    year, half, quarter, month, day = (0 if part is None else int(part) for part in found.groups())
    last = 6 * half or 3 * quarter or month or _MONTHS
    last_day = datetime(year, last, day or monthrange(year, last)[1], tzinfo=UTC)
    return last_day.timestamp() + _DAY
