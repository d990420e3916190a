"""The showcase plant, told once for all who only ask."""

import pytest

from tests.showcase_story import Showcase
from tests.showcase_told import told_before


@pytest.fixture(scope="session")
def showcase() -> Showcase:
    """The showcase plant at five past two; nobody changes it."""
    return told_before()[0]
