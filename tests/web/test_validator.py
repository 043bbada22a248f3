"""The JavaScript validator, run by Node: the shared vectors, and the data that both languages have to share."""

import pytest

from tests.web.javascript import node
from tests.web.write_types import MODULE, module

pytestmark = pytest.mark.checkout


def test_the_javascript_tests_pass():
    """Vectors, and each check taken out in turn: vectors.test.mjs and its neighbours say what."""
    assert "\n# fail 0\n" in node("--test", "--test-reporter=tap", ".")


def test_the_types_of_credential_are_those_of_python():
    """A type that is added or changed is written again: `python tests/web/write_types.py`."""
    assert MODULE.read_text("utf-8") == module()
