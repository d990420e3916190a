"""The showcase plant, told once for all who only ask."""

import asyncio

import pytest

from tests.fakes import JumpClock
from tests.showcase_story import BEGIN, Showcase, told


@pytest.fixture(scope="session")
def showcase() -> Showcase:
    """The showcase plant at five past two; nobody changes it."""
    return asyncio.run(told(Showcase(JumpClock(BEGIN))))
