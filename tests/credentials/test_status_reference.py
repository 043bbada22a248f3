"""The addresses of an issuer's status lists follow from its own and a number."""

import pytest

from idverify.credentials.status_reference import LARGEST_NUMBER, list_number, list_uri, lists_uri

LISTS = "https://id.example/v1/status-lists"


@pytest.mark.parametrize("issuer", ["https://id.example", "https://id.example/"])
def test_an_address_has_one_spelling_and_gives_its_number_back(issuer):
    """With or without a slash at the end of the issuer's own."""
    assert lists_uri(issuer) == LISTS
    for number in (1, 7, LARGEST_NUMBER):
        assert list_uri(issuer, number) == f"{LISTS}/{number}"
        assert list_number(issuer, f"{LISTS}/{number}") == number


@pytest.mark.parametrize(
    "last", ["0", "07", "-7", "+7", "7/", "7 ", "7\n", "٧", "1e3", "", str(LARGEST_NUMBER + 1), "9" * 5000]
)
def test_no_other_text_is_a_number(last):
    """Zeros in front, signs, other digits, numbers that no list has."""
    assert list_number("https://id.example", f"{LISTS}/{last}") is None


def test_a_list_of_another_issuer_has_no_number_here():
    """Nor one beside the lists."""
    for uri in ("https://id.other.example/v1/status-lists/7", "https://id.example/v1/lists/7", "https://id.example/7", "7"):
        assert list_number("https://id.example", uri) is None
