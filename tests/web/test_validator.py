"""The JavaScript validator, run by Node: the shared vectors, and the data that both languages have to share."""

import pytest

from tests.web import write_assurances, write_types
from tests.web.javascript import node

pytestmark = pytest.mark.checkout


def test_the_javascript_tests_pass():
    """Vectors, and each check taken out in turn: vectors.test.mjs and its neighbours say what."""
    assert "\n# fail 0\n" in node("--test", "--test-reporter=tap", ".")


@pytest.mark.parametrize("written", [write_types, write_assurances], ids=lambda one: one.__name__.rpartition(".")[2])
def test_what_both_languages_share_is_that_of_python(written):
    """Types of credential and assurances: what is added or changed is written again, `python tests/web/write_types.py`."""
    assert written.MODULE.read_text("utf-8") == written.module()
