"""When a day or a period is over, as claims spell them."""

from datetime import UTC, datetime

import pytest

from idverify.credentials.periods import end_of, half_year


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2027", "2028-01-01"),
        ("2027-H1", "2027-07-01"),
        ("2027-H2", "2028-01-01"),
        ("2028-Q1", "2028-04-01"),
        ("2028-02", "2028-03-01"),
        ("2028-02-29", "2028-03-01"),
        ("2027-12-31", "2028-01-01"),
    ],
)
def test_a_day_and_a_period_end_at_the_midnight_after(text, end):
    """Leap years and turns of the year too."""
    assert end_of(text) == datetime.fromisoformat(f"{end}T00:00:00+00:00").timestamp()


def test_what_never_ends_by_a_registrys_word_ends_in_the_year_ten_thousand():
    """Which no datetime can say."""
    assert end_of("9999-12-31") == end_of("9999") == datetime(9999, 12, 31, tzinfo=UTC).timestamp() + 86_400


@pytest.mark.parametrize(
    "text", ["", "27", "2027-H3", "2027-Q0", "2027-13", "2027-00", "2027-02-29", "2027-2", "2027-H1-01", "２０２７"]
)
def test_anything_else_is_refused(text):
    """What cannot be read must not pass for endless."""
    with pytest.raises(ValueError, match=r"period|year|day|range"):
        end_of(text)


def test_the_half_year_turns_at_midnight():
    """UTC, as every day in a credential."""
    turn = datetime(2027, 7, 1, tzinfo=UTC).timestamp()
    assert (half_year(turn - 1), half_year(turn)) == ("2027-H1", "2027-H2")
