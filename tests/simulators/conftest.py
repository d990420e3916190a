"""The real product, served in the process, for whom the simulated people work."""

from collections.abc import Iterator

import pytest

from tests.web.conftest import Visitor, serve


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    """A freshly served plant."""
    found = serve()
    with found.client:
        yield found
