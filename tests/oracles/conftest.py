"""Oracles as parameters of tests."""

import pytest

from oracles.asking import ORACLES


def answering(kind):
    """The oracles that answer this kind."""
    return [pytest.param(one, id=one.name) for one in ORACLES if kind in one.kinds]


@pytest.fixture
def require():
    """Skips where one of these oracles is missing."""

    def required(*oracles):
        for one in oracles:
            if one.missing:
                pytest.skip(one.missing)

    return required


@pytest.fixture
def oracle(request):
    """The oracle, or a skip that says what is missing."""
    if request.param.missing:
        pytest.skip(request.param.missing)
    return request.param
